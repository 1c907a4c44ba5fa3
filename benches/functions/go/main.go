// A thumbnail function as Go users write it well: the imaging package and the official COS SDK.
//
// Connections are kept, and the source streams into the decoder. SIDES names the longest sides of the thumbnails.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"net/http"
	"net/url"
	"os"
	"sort"
	"strconv"
	"strings"

	"github.com/disintegration/imaging"
	"github.com/tencentyun/cos-go-sdk-v5"
	_ "golang.org/x/image/webp"
)

// Message of a trigger.
type message struct {
	Records []struct {
		Cos struct {
			CosBucket struct{ Name, Appid string }
			CosObject struct{ Key string }
		}
	}
}

var (
	sides     []int
	transport = &cos.AuthorizationTransport{
		SecretID:  os.Getenv("TENCENTCLOUD_SECRETID"),
		SecretKey: os.Getenv("TENCENTCLOUD_SECRETKEY"),
	}
)

// Returns a client of a bucket. All clients share their connections.
func client(bucket string) *cos.Client {
	address, _ := url.Parse(fmt.Sprintf("http://%s.cos.%s.myqcloud.com", bucket, os.Getenv("TENCENTCLOUD_REGION")))
	return cos.NewClient(&cos.BaseURL{BucketURL: address}, &http.Client{Transport: transport})
}

// Makes and stores the thumbnails of one object, each of the next larger one.
func thumbnails(source, target *cos.Client, key string) error {
	response, err := source.Object.Get(context.Background(), key, nil)
	if err != nil {
		return err
	}
	picture, err := imaging.Decode(response.Body, imaging.AutoOrientation(true))
	io.Copy(io.Discard, response.Body)
	response.Body.Close()
	if err != nil {
		return err
	}
	for _, side := range sides {
		scaled := imaging.Fit(picture, side, side, imaging.Lanczos)
		if !scaled.Opaque() {
			canvas := imaging.New(scaled.Bounds().Dx(), scaled.Bounds().Dy(), color.White)
			scaled = imaging.Overlay(canvas, scaled, image.Point{}, 1)
		}
		picture = scaled
		var file bytes.Buffer
		if err := jpeg.Encode(&file, scaled, &jpeg.Options{Quality: 80}); err != nil {
			return err
		}
		options := &cos.ObjectPutOptions{ObjectPutHeaderOptions: &cos.ObjectPutHeaderOptions{ContentType: "image/jpeg"}}
		if _, err := target.Object.Put(context.Background(), fmt.Sprintf("%d/%s", side, key), &file, options); err != nil {
			return err
		}
	}
	return nil
}

// Handles the message of a trigger.
func handle(event []byte) error {
	var parsed message
	if err := json.Unmarshal(event, &parsed); err != nil {
		return err
	}
	for _, record := range parsed.Records {
		key, err := url.PathUnescape(record.Cos.CosObject.Key)
		if err != nil {
			return err
		}
		bucket := record.Cos.CosBucket.Name + "-" + record.Cos.CosBucket.Appid
		key = strings.SplitN(key, "/", 4)[3]
		if err := thumbnails(client(bucket), client(os.Getenv("TARGET_BUCKET")), key); err != nil {
			return err
		}
	}
	return nil
}

// Calls the runtime API and returns its answer.
func call(method, path, body string) []byte {
	address := fmt.Sprintf("http://%s:%s%s", os.Getenv("SCF_RUNTIME_API"), os.Getenv("SCF_RUNTIME_API_PORT"), path)
	request, _ := http.NewRequest(method, address, strings.NewReader(body))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		os.Exit(1)
	}
	defer response.Body.Close()
	answer, _ := io.ReadAll(response.Body)
	return answer
}

// Runs the loop of a custom runtime.
func main() {
	for _, side := range strings.Split(os.Getenv("SIDES"), ",") {
		number, _ := strconv.Atoi(side)
		sides = append(sides, number)
	}
	sort.Sort(sort.Reverse(sort.IntSlice(sides)))
	if proxy, err := url.Parse(os.Getenv("COS_ENDPOINT")); err == nil {
		transport.Transport = &http.Transport{Proxy: http.ProxyURL(proxy), MaxIdleConnsPerHost: 2}
	}
	call("POST", "/runtime/init/ready", " ")
	for {
		if err := handle(call("GET", "/runtime/invocation/next", "")); err != nil {
			call("POST", "/runtime/invocation/error", err.Error())
		} else {
			call("POST", "/runtime/invocation/response", "stored")
		}
	}
}
