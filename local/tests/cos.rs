//! The local COS over HTTP.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod support;

use std::time::{Duration, Instant};

use scf_local::{Cos, CosOptions, Fault, FaultKind};
use support::{BUCKET, ID, KEY, Request, Response, connect};

async fn start(change: impl FnOnce(&mut CosOptions)) -> (tempfile::TempDir, Cos) {
    let folder = tempfile::tempdir().unwrap();
    let mut options = CosOptions {
        root: folder.path().to_owned(),
        secret_id: ID.to_owned(),
        secret_key: KEY.to_owned(),
        strict: true,
        buckets: vec![BUCKET.to_owned()],
        ..CosOptions::default()
    };
    change(&mut options);
    let cos = Cos::start(options).await.unwrap();
    (folder, cos)
}

fn get(cos: &Cos, target: &str) -> Response {
    Request::new("GET", target).sign().send(cos).unwrap()
}

fn put(cos: &Cos, target: &str, body: &[u8]) -> Response {
    Request::new("PUT", target).body(body).sign().send(cos).unwrap()
}

#[tokio::test]
async fn keys_are_byte_exact_in_both_styles() {
    let (_folder, cos) = start(|_| {}).await;
    let cases = [
        ("/photos/cat.jpg", "photos/cat.jpg"),
        ("/a//b.jpg", "a//b.jpg"),
        ("/a%2F%2Fc.jpg", "a//c.jpg"),
        ("/a/.%2Fb", "a/./b"),
        ("/..%2Fx", "../x"),
        ("/a/../y", "a/../y"),
        ("/a+b%20c%2Bd", "a+b c+d"),
        ("/100%2525", "100%25"),
        ("/%E7%8C%AB.jpg", "猫.jpg"),
        ("/folder/", "folder/"),
        ("/q%3Fx=1%26y", "q?x=1&y"),
    ];
    for (target, key) in cases {
        assert_eq!(put(&cos, target, key.as_bytes()).status, 200, "{target}");
        assert_eq!(cos.object(BUCKET, key).unwrap().bytes, key, "{target}");
        assert_eq!(get(&cos, target).text(), key, "{target}");
        let path_style = format!("/{BUCKET}{target}");
        let response =
            Request::new("GET", &path_style).header("Host", "127.0.0.1:80").sign().send(&cos).unwrap();
        assert_eq!(response.text(), key, "{path_style}");
    }
    let mut expected: Vec<&str> = cases.iter().map(|(_, key)| *key).collect();
    expected.sort_unstable();
    assert_eq!(cos.keys(BUCKET), expected);
    assert_eq!(put(&cos, "//leading", b"").code(), "InvalidObjectName");
    assert_eq!(put(&cos, &format!("/{}", "k".repeat(851)), b"").code(), "KeyTooLong");
}

#[tokio::test]
async fn an_object_is_returned_with_its_headers() {
    let (_folder, cos) = start(|_| {}).await;
    let request = Request::new("PUT", "/a.jpg")
        .header("Content-Type", "image/jpeg")
        .header("Cache-Control", "max-age=60")
        .header("x-cos-meta-stamp", "abc")
        .header("x-cos-storage-class", "STANDARD_IA")
        .header("x-cos-acl", "default")
        .header("Content-MD5", "JfnnlDI7RTiF9RgfG2JNCw==")
        .body(b"123456789");
    let response = request.sign().send(&cos).unwrap();
    assert_eq!((response.status, response.header("etag")), (200, "\"25f9e794323b453885f5181f1b624d0b\""));
    assert_eq!(response.header("x-cos-hash-crc64ecma"), "11051210869376104954");
    let response = get(&cos, "/a.jpg");
    let expected = [
        ("content-type", "image/jpeg"),
        ("cache-control", "max-age=60"),
        ("x-cos-meta-stamp", "abc"),
        ("x-cos-storage-class", "STANDARD_IA"),
        ("etag", "\"25f9e794323b453885f5181f1b624d0b\""),
        ("x-cos-hash-crc64ecma", "11051210869376104954"),
        ("content-length", "9"),
        ("server", "tencent-cos"),
        ("x-cos-acl", ""),
    ];
    for (name, value) in expected {
        assert_eq!(response.header(name), value, "{name}");
    }
    let head = Request::new("HEAD", "/a.jpg").sign().send(&cos).unwrap();
    assert_eq!((head.status, head.header("content-length"), head.body.len()), (200, "9", 0));
    let named = get(&cos, "/a.jpg?response-content-type=text%2Fplain");
    assert_eq!(named.header("content-type"), "text/plain");
}

#[tokio::test]
async fn damaged_uploads_are_refused() {
    let (_folder, cos) = start(|_| {}).await;
    let long = "x".repeat(2048);
    let cases = [
        ("Content-MD5", "JfnnlDI7RTiF9RgfG2JNCw==", "BadDigest"),
        ("Content-MD5", "nonsense", "InvalidDigest"),
        ("x-cos-meta-a", &long, "MetadataTooLarge"),
        ("x-cos-storage-class", "COLD", "InvalidArgument"),
        ("x-cos-traffic-limit", "1", "InvalidArgument"),
    ];
    for (name, value, code) in cases {
        let response =
            Request::new("PUT", "/a").header(name, value).body(b"other").sign().send(&cos).unwrap();
        assert_eq!((response.status, response.code()), (400, code));
    }
    let response = Request::new("PUT", "/a").sign().send(&cos).unwrap();
    assert_eq!((response.status, response.code()), (411, "MissingContentLength"));
    assert!(cos.keys(BUCKET).is_empty());
}

#[tokio::test]
async fn ranges_and_conditions_are_obeyed() {
    let (_folder, cos) = start(|_| {}).await;
    let etag = cos.put(BUCKET, "a", "0123456789", &[]).await.etag;
    let long_ago = "Mon, 06 May 2024 07:08:09 GMT";
    let cases = [
        ("Range", "bytes=2-4", 206, "234"),
        ("Range", "bytes=-3", 206, "789"),
        ("Range", "bytes=8-100", 206, "89"),
        ("If-Match", &etag, 200, "0123456789"),
        ("If-None-Match", "\"other\"", 200, "0123456789"),
        ("If-Modified-Since", long_ago, 200, "0123456789"),
        ("If-None-Match", &etag, 304, ""),
    ];
    for (name, value, status, body) in cases {
        let response = Request::new("GET", "/a").header(name, value).sign().send(&cos).unwrap();
        assert_eq!((response.status, response.text()), (status, body), "{name}: {value}");
    }
    let refused = [
        ("Range", "bytes=10-", 416, "InvalidRange"),
        ("If-Match", "\"other\"", 412, "PreconditionFailed"),
        ("If-Unmodified-Since", long_ago, 412, "PreconditionFailed"),
    ];
    for (name, value, status, code) in refused {
        let response = Request::new("GET", "/a").header(name, value).sign().send(&cos).unwrap();
        assert_eq!((response.status, response.code()), (status, code), "{name}: {value}");
    }
    let part = Request::new("GET", "/a").header("Range", "bytes=2-4").sign().send(&cos).unwrap();
    assert_eq!(part.header("content-range"), "bytes 2-4/10");
}

#[tokio::test]
async fn error_documents_equal_those_of_the_service() {
    let (_folder, cos) = start(|_| {}).await;
    let response = get(&cos, "/none");
    assert_eq!((response.status, response.header("content-type")), (404, "application/xml"));
    let id = response.header("x-cos-request-id");
    assert_eq!(
        response.text(),
        format!(
            "<?xml version='1.0' encoding='utf-8' ?>\n<Error>\n\t<Code>NoSuchKey</Code>\n\
             \t<Message>The specified key does not exist.</Message>\n\
             \t<Resource>photos-1250000000.cos.ap-guangzhou.myqcloud.com/none</Resource>\n\
             \t<RequestId>{id}</RequestId>\n\t<TraceId>{id}</TraceId>\n</Error>\n"
        )
    );
    let head = Request::new("HEAD", "/none").sign().send(&cos).unwrap();
    assert_eq!((head.status, head.header("content-length")), (404, "0"));
    let other = Request::new("GET", "/a").header("Host", "other-1.cos.ap-guangzhou.myqcloud.com");
    assert_eq!(other.sign().send(&cos).unwrap().code(), "NoSuchBucket");
}

#[tokio::test]
async fn a_wrong_or_missing_signature_allows_reading_public_objects_only() {
    let (_folder, cos) = start(|_| {}).await;
    cos.put(BUCKET, "private", "x", &[]).await;
    cos.put(BUCKET, "public", "x", &[("x-cos-acl", "public-read")]).await;
    let send = |request: Request| request.send(&cos).unwrap();
    assert_eq!(send(Request::new("GET", "/private")).code(), "AccessDenied");
    assert_eq!(send(Request::new("GET", "/public")).status, 200);
    assert_eq!(send(Request::new("PUT", "/public").body(b"y")).code(), "AccessDenied");
    assert_eq!(send(Request::new("GET", "/private").sign_as(ID, "wrong")).code(), "SignatureDoesNotMatch");
    assert_eq!(send(Request::new("GET", "/private").sign_as("AKIDwrong", KEY)).code(), "InvalidAccessKeyId");
    let unsigned = Request::new("GET", "/private").sign().header("Range", "bytes=0-0");
    assert!(send(unsigned).text().contains("Strict signature missing"));
}

#[tokio::test]
async fn temporary_credentials_need_their_token_and_expire() {
    let (_folder, cos) = start(|options| options.session_token = Some("token".to_owned())).await;
    cos.put(BUCKET, "a", "x", &[]).await;
    let with =
        |token| Request::new("GET", "/a").header("x-cos-security-token", token).sign().send(&cos).unwrap();
    assert_eq!(with("token").status, 200);
    assert_eq!(with("other").code(), "InvalidAccessKeyId");
    cos.expire_token(true);
    let response = with("token");
    assert_eq!((response.status, response.code()), (400, "ExpiredToken"));
    cos.set_credentials(ID, KEY, Some("fresh"));
    assert_eq!(with("fresh").status, 200);
}

#[tokio::test]
async fn a_wrong_clock_and_an_expired_signature_have_different_codes() {
    for (offset, code) in [(-3600, "RequestTimeTooSkewed"), (3600, "AccessDenied")] {
        let (_folder, cos) = start(|options| options.clock_offset = offset).await;
        let response = get(&cos, "/a");
        assert_eq!((response.status, response.code()), (403, code), "{offset}");
    }
}

#[tokio::test]
async fn versions_and_delete_markers_work_over_http() {
    let (_folder, cos) = start(|_| {}).await;
    cos.versioning(BUCKET, true).unwrap();
    let one = put(&cos, "/a", b"one").header("x-cos-version-id").to_owned();
    put(&cos, "/a", b"two");
    let deleted = Request::new("DELETE", "/a").sign().send(&cos).unwrap();
    assert_eq!((deleted.status, deleted.header("x-cos-delete-marker")), (204, "true"));
    let gone = get(&cos, "/a");
    assert_eq!((gone.status, gone.header("x-cos-delete-marker")), (404, "true"));
    assert_eq!(get(&cos, &format!("/a?versionId={one}")).text(), "one");
    assert!(cos.keys(BUCKET).is_empty());
}

#[tokio::test]
async fn archived_objects_must_be_restored_first() {
    let (_folder, cos) = start(|_| {}).await;
    cos.put(BUCKET, "a", "x", &[("x-cos-storage-class", "ARCHIVE")]).await;
    let response = get(&cos, "/a");
    assert_eq!((response.status, response.code()), (403, "InvalidObjectState"));
    let mut notifications = cos.notifications();
    let body = b"<RestoreRequest><Days>1</Days></RestoreRequest>";
    let restored = Request::new("POST", "/a?restore").body(body).sign().send(&cos).unwrap();
    assert_eq!(restored.status, 202);
    assert!(get(&cos, "/a").header("x-cos-restore").contains("ongoing-request=\"false\""));
    assert_eq!(notifications.recv().await.unwrap().name, "cos:ObjectRestore:Post");
    assert_eq!(notifications.recv().await.unwrap().name, "cos:ObjectRestore:Completed");
}

#[tokio::test]
async fn every_change_sends_a_notification() {
    let (_folder, cos) = start(|_| {}).await;
    let mut notifications = cos.notifications();
    put(&cos, "/a", b"x");
    let source = format!("{BUCKET}.cos.ap-guangzhou.myqcloud.com/a");
    let copy = Request::new("PUT", "/b").header("x-cos-copy-source", &source).body(b"");
    assert!(copy.sign().send(&cos).unwrap().text().contains("<CopyObjectResult>"));
    Request::new("DELETE", "/a").sign().send(&cos).unwrap();
    Request::new("DELETE", "/never").sign().send(&cos).unwrap();
    put(&cos, "/c", b"x");
    let expected = [
        ("cos:ObjectCreated:Put", "a"),
        ("cos:ObjectCreated:Copy", "b"),
        ("cos:ObjectRemove:Delete", "a"),
        ("cos:ObjectCreated:Put", "c"),
    ];
    for (name, key) in expected {
        let notification = notifications.recv().await.unwrap();
        assert_eq!(
            (notification.name, notification.key.as_str(), notification.region.as_str()),
            (name, key, "ap-guangzhou")
        );
    }
}

#[tokio::test]
async fn files_of_a_watched_folder_are_uploads_and_removals() {
    let (folder, cos) = start(|options| options.watch_folder = true).await;
    let mut notifications = cos.notifications();
    let bucket = folder.path().join(BUCKET);
    std::fs::create_dir(bucket.join("in")).unwrap();
    let file = bucket.join("in/100%.jpg");
    std::fs::write(&file, "pixels").unwrap();
    std::fs::write(bucket.join(".hidden"), "x").unwrap();
    let uploaded = notifications.recv().await.unwrap();
    assert_eq!((uploaded.name, uploaded.key.as_str()), ("cos:ObjectCreated:Put", "in/100%.jpg"));
    let object = cos.object(BUCKET, "in/100%.jpg").unwrap();
    assert_eq!(
        (object.bytes.as_ref(), object.headers["content-type"].as_str()),
        (b"pixels".as_slice(), "image/jpeg")
    );
    // An upload through the API is not one of the folder.
    put(&cos, "/a.jpg", b"old");
    assert_eq!(notifications.recv().await.unwrap().key, "a.jpg");
    std::fs::write(bucket.join("a.jpg"), "newer").unwrap();
    assert_eq!(notifications.recv().await.unwrap().key, "a.jpg");
    assert_eq!(cos.object(BUCKET, "a.jpg").unwrap().bytes, "newer");
    std::fs::remove_file(bucket.join("a.jpg")).unwrap();
    let removed = notifications.recv().await.unwrap();
    assert_eq!((removed.name, removed.key.as_str()), ("cos:ObjectRemove:Delete", "a.jpg"));
    assert_eq!(cos.keys(BUCKET), ["in/100%.jpg"]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(notifications.try_recv().is_err(), "nothing is reported twice");
}

#[tokio::test]
async fn faults_apply_in_order_and_are_in_the_journal() {
    let (_folder, cos) = start(|_| {}).await;
    cos.put(BUCKET, "a", "0123456789", &[]).await;
    let fetch = || Request::new("GET", "/a").sign().send(&cos);
    cos.fail(Fault::new(FaultKind::Status { status: 503, code: "SlowDown".to_owned() }).times(2));
    cos.fail(Fault::new(FaultKind::Reset).method("GET"));
    cos.fail(Fault::new(FaultKind::Truncate(4)).key("a"));
    cos.fail(Fault::new(FaultKind::Corrupt));
    cos.fail(Fault::new(FaultKind::ExpiredToken));
    cos.fail(Fault::new(FaultKind::Slow { before_ms: 60, chunk: 3, pause_ms: 20 }));
    assert_eq!(fetch().unwrap().code(), "SlowDown");
    assert_eq!(fetch().unwrap().status, 503);
    assert!(fetch().is_err());
    let truncated = fetch().unwrap();
    assert_eq!((truncated.text(), truncated.header("content-length"), truncated.cut), ("0123", "10", true));
    assert_eq!(fetch().unwrap().text(), "0123446789");
    assert_eq!(fetch().unwrap().code(), "ExpiredToken");
    let begin = Instant::now();
    assert_eq!(fetch().unwrap().text(), "0123456789");
    assert!(begin.elapsed() >= Duration::from_millis(140), "{:?}", begin.elapsed());
    assert_eq!(fetch().unwrap().status, 200);
    let statuses: Vec<u16> = cos.journal().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [503, 503, 0, 200, 200, 400, 200, 200]);
    cos.clear_journal();
    assert!(cos.journal().is_empty());
}

#[tokio::test]
async fn a_request_without_an_answer_is_carried_out() {
    let (_folder, cos) = start(|_| {}).await;
    cos.fail(Fault::new(FaultKind::LostAnswer).method("PUT"));
    assert!(Request::new("PUT", "/a").body(b"x").sign().send(&cos).is_err());
    assert_eq!(cos.object(BUCKET, "a").unwrap().bytes, "x");
    cos.fail(Fault::new(FaultKind::Unanswered).method("PUT"));
    let mut connection = connect(&cos).unwrap();
    connection.set_read_timeout(Some(Duration::from_millis(150))).unwrap();
    let error = Request::new("PUT", "/b").body(b"y").sign().send_on(&mut connection).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    assert_eq!(cos.object(BUCKET, "b").unwrap().bytes, "y");
}

#[tokio::test]
async fn faults_change_headers_and_versions_and_redirect() {
    let (_folder, cos) = start(|_| {}).await;
    cos.versioning(BUCKET, true).unwrap();
    cos.put(BUCKET, "a", "old", &[]).await;
    cos.put(BUCKET, "a", "younger", &[]).await;
    let header =
        |name: &str, value: &str| FaultKind::Header { name: name.to_owned(), value: value.to_owned() };
    cos.fail(Fault::new(FaultKind::PreviousVersion));
    cos.fail(Fault::new(FaultKind::Redirect("http://elsewhere/".to_owned())));
    cos.fail(Fault::new(header("ETag", "\"1\"")));
    cos.fail(Fault::new(header("x-cos-hash-crc64ecma", "")));
    cos.fail(Fault::new(header("Content-Length", "5")));
    cos.fail(Fault::new(header("Content-Length", "9")));
    cos.fail(Fault::new(FaultKind::Status { status: 200, code: "InternalError".to_owned() }));
    let fetch = || get(&cos, "/a");
    assert_eq!(fetch().text(), "old");
    let redirected = fetch();
    assert_eq!((redirected.status, redirected.header("location")), (307, "http://elsewhere/"));
    assert_eq!(fetch().header("etag"), "\"1\"");
    assert_eq!(fetch().header("x-cos-hash-crc64ecma"), "");
    assert_eq!(fetch().text(), "young");
    let longer = fetch();
    assert_eq!((longer.text(), longer.header("content-length"), longer.cut), ("younger", "9", true));
    let refused = fetch();
    assert_eq!((refused.status, refused.code()), (200, "InternalError"));
    assert_eq!(fetch().text(), "younger");
}

#[tokio::test]
async fn connections_stay_open_unless_a_fault_closes_them() {
    let (_folder, cos) = start(|_| {}).await;
    cos.put(BUCKET, "a", "x", &[]).await;
    let mut connection = connect(&cos).unwrap();
    let request = Request::new("GET", "/a").sign();
    for _ in 0..3 {
        assert_eq!(request.send_on(&mut connection).unwrap().text(), "x");
    }
    cos.fail(Fault::new(FaultKind::CloseAfterAnswer));
    let last = request.send_on(&mut connection).unwrap();
    assert_eq!((last.text(), last.header("connection")), ("x", ""));
    std::thread::sleep(Duration::from_millis(100));
    assert!(request.send_on(&mut connection).is_err());
}

#[tokio::test]
async fn a_stalled_response_never_ends() {
    let (_folder, cos) = start(|_| {}).await;
    cos.put(BUCKET, "a", "0123456789", &[]).await;
    for kind in [FaultKind::Stall, FaultKind::StallAfter(4)] {
        cos.fail(Fault::new(kind));
        let mut connection = connect(&cos).unwrap();
        connection.set_read_timeout(Some(Duration::from_millis(150))).unwrap();
        let error = Request::new("GET", "/a").sign().send_on(&mut connection).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    }
}

#[tokio::test]
async fn the_admin_port_injects_faults_and_returns_the_journal() {
    use std::io::{Read, Write};
    let (_folder, cos) = start(|_| {}).await;
    let admin = |method: &str, path: &str, body: &str| {
        let address = cos.admin_endpoint().replace("http://", "");
        let mut connection = std::net::TcpStream::connect(&address).unwrap();
        let length = body.len();
        let text = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        connection.write_all(text.as_bytes()).unwrap();
        let mut response = String::new();
        connection.read_to_string(&mut response).unwrap();
        response
    };
    let fault = r#"{"method":"GET","kind":{"status":{"status":500,"code":"InternalError"}}}"#;
    assert!(admin("POST", "/-/faults", fault).starts_with("HTTP/1.1 204"));
    assert_eq!(get(&cos, "/a").code(), "InternalError");
    assert!(admin("POST", "/-/faults", "[]x").starts_with("HTTP/1.1 400"));
    assert!(admin("GET", "/-/journal", "").contains("\"status\": 500"));
}

#[tokio::test]
async fn objects_survive_a_restart_and_the_port_closes_with_the_cos() {
    let (folder, cos) = start(|_| {}).await;
    put(&cos, "/a//b", b"x");
    let address = cos.address();
    drop(cos);
    assert!(std::net::TcpStream::connect(address).is_err());
    let options = CosOptions { root: folder.path().to_owned(), ..CosOptions::default() };
    let cos = Cos::start(options).await.unwrap();
    assert_eq!(cos.object(BUCKET, "a//b").unwrap().bytes, "x");
}
