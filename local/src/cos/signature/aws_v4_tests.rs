//! The examples of "Authenticating Requests: Using the Authorization Header" and "Using Query Parameters" of the S3 API
//! reference.

use bytes::Bytes;

use super::*;

const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const HOST: (&str, &str) = ("host", "examplebucket.s3.amazonaws.com");
const DATE: (&str, &str) = ("x-amz-date", "20130524T000000Z");

/// 2013-05-24T00:00:00Z
const NOW: i64 = 1_369_353_600;

fn authenticator() -> Authenticator {
    Authenticator {
        secret_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
        secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
        session_token: None,
        token_expired: false,
        strict: false,
    }
}

fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &'static str) -> CosRequest {
    let headers: Vec<(String, String)> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut request = CosRequest::for_tests(method, target, &headers);
    request.body = Bytes::from_static(body.as_bytes());
    request
}

/// Returns the examples with the header.
fn examples() -> Vec<CosRequest> {
    let signed = |method, target, more: &[(&str, &str)], list: &str, signature: &str, body| {
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
             SignedHeaders={list},Signature={signature}"
        );
        let headers = [&[HOST, DATE, ("authorization", &authorization)], more].concat();
        request(method, target, &headers, body)
    };
    let empty = ("x-amz-content-sha256", EMPTY);
    let usual = "host;x-amz-content-sha256;x-amz-date";
    let put = [
        ("date", "Fri, 24 May 2013 00:00:00 GMT"),
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ("x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"),
    ];
    vec![
        signed(
            "GET",
            "/test.txt",
            &[("range", "bytes=0-9"), empty],
            "host;range;x-amz-content-sha256;x-amz-date",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            "",
        ),
        signed(
            "PUT",
            "/test$file.text",
            &put,
            "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            "Welcome to Amazon S3.",
        ),
        signed(
            "GET",
            "/?lifecycle",
            &[empty],
            usual,
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
            "",
        ),
        signed(
            "GET",
            "/?max-keys=2&prefix=J",
            &[empty],
            usual,
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
            "",
        ),
    ]
}

fn presigned() -> CosRequest {
    let target = "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2F\
        us-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
        &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
    request("GET", target, &[HOST], "")
}

fn verdict(request: &CosRequest, now: i64) -> Result<(), String> {
    verify(&authenticator(), request, now).map_err(|error| error.code().to_owned())
}

#[test]
fn examples_of_the_document_pass() {
    for request in examples().iter().chain([&presigned()]) {
        assert_eq!(verdict(request, NOW), Ok(()), "{} {}", request.method, request.path);
    }
}

#[test]
fn every_change_is_detected() {
    for request in examples().iter().chain([&presigned()]) {
        let wrong = Err("SignatureDoesNotMatch".to_owned());
        let mut other = request.clone();
        other.path.push('x');
        other.raw_path.push('x');
        assert_eq!(verdict(&other, NOW), wrong);
        let mut other = request.clone();
        other.query.push(("a".to_owned(), "b".to_owned()));
        assert_eq!(verdict(&other, NOW), wrong);
        let mut other = request.clone();
        for (name, value) in &mut other.headers {
            if name == "host" {
                value.push('x');
            }
        }
        assert_eq!(verdict(&other, NOW), wrong);
    }
    let mut other = examples().swap_remove(1);
    other.body = Bytes::from_static(b"Welcome");
    assert_eq!(verdict(&other, NOW), Err("XAmzContentSHA256Mismatch".to_owned()));
}

#[test]
fn time_and_id_decide_the_code() {
    let header = examples().swap_remove(0);
    assert_eq!(verdict(&header, NOW + 901), Err("RequestTimeTooSkewed".to_owned()));
    assert_eq!(verdict(&presigned(), NOW + 86_400), Ok(()));
    assert_eq!(verdict(&presigned(), NOW + 86_401), Err("AccessDenied".to_owned()));
    let other = Authenticator { secret_id: "AKIDother".to_owned(), ..authenticator() };
    assert_eq!(verify(&other, &header, NOW).unwrap_err().code(), "InvalidAccessKeyId");
}

#[test]
fn chunks_are_refused_as_cos_refuses_them() {
    let streaming = ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
    let mut request = examples().swap_remove(0);
    request.headers.retain(|(name, _)| name != streaming.0);
    request.headers.push((streaming.0.to_owned(), streaming.1.to_owned()));
    let error = verify(&authenticator(), &request, NOW).unwrap_err();
    assert_eq!((error.status, error.code()), (400, "NotImplemented"));
}
