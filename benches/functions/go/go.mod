module thumbnails

go 1.19

require (
	github.com/disintegration/imaging v1.6.2
	github.com/tencentyun/cos-go-sdk-v5 v0.7.75
	golang.org/x/image v0.5.0
)
