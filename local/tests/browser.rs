//! The local COS as a browser uses it: preflight requests, CORS headers, and uploads of forms.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use scf_local::{CorsDefault, Cos, CosOptions};
use support::{BUCKET, ID, KEY, Request, Response, hmac};

const ORIGIN: &str = "https://www.example.com";

async fn start(cors: CorsDefault) -> (tempfile::TempDir, Cos) {
    let folder = tempfile::tempdir().unwrap();
    let options = CosOptions {
        root: folder.path().to_owned(),
        secret_id: ID.to_owned(),
        secret_key: KEY.to_owned(),
        buckets: vec![BUCKET.to_owned()],
        cors,
        ..CosOptions::default()
    };
    let cos = Cos::start(options).await.unwrap();
    (folder, cos)
}

fn preflight(cos: &Cos, method: &str) -> Response {
    let request = Request::new("OPTIONS", "/a.jpg")
        .header("Origin", ORIGIN)
        .header("Access-Control-Request-Method", method)
        .header("Access-Control-Request-Headers", "authorization,x-cos-meta-a");
    request.send(cos).unwrap()
}

#[tokio::test]
async fn every_origin_is_allowed_unless_the_bucket_has_rules() {
    let (_folder, cos) = start(CorsDefault::AnyOrigin).await;
    let answer = preflight(&cos, "PUT");
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, "*"));
    assert_eq!(answer.header("access-control-allow-headers"), "authorization,x-cos-meta-a");
    let put = Request::new("PUT", "/a.jpg").body(b"x").sign().header("Origin", ORIGIN).send(&cos).unwrap();
    assert_eq!((put.status, put.header("access-control-allow-origin")), (200, "*"));
    assert!(put.header("access-control-expose-headers").contains("ETag"));
    let refused = Request::new("GET", "/a.jpg").header("Origin", ORIGIN).send(&cos).unwrap();
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (403, "*"));

    let rules = "<CORSConfiguration><CORSRule><AllowedOrigin>https://www.example.com</AllowedOrigin>\
        <AllowedMethod>GET</AllowedMethod><AllowedHeader>*</AllowedHeader><MaxAgeSeconds>5</MaxAgeSeconds></CORSRule>\
        </CORSConfiguration>";
    assert_eq!(Request::new("PUT", "/?cors").body(rules.as_bytes()).sign().send(&cos).unwrap().status, 200);
    let stored = Request::new("GET", "/?cors").sign().send(&cos).unwrap();
    assert!(stored.text().ends_with(rules), "{}", stored.text());
    let answer = preflight(&cos, "GET");
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, ORIGIN));
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
    let answer = preflight(&cos, "PUT");
    assert_eq!((answer.status, answer.code()), (403, "AccessForbidden"));
    assert_eq!(answer.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn without_rules_a_strict_bucket_refuses_other_origins() {
    let (_folder, cos) = start(CorsDefault::None).await;
    assert_eq!(preflight(&cos, "PUT").code(), "AccessForbidden");
    assert_eq!(Request::new("GET", "/?cors").sign().send(&cos).unwrap().code(), "NoSuchCORSConfiguration");
    let put = Request::new("PUT", "/a.jpg").body(b"x").sign().header("Origin", ORIGIN).send(&cos).unwrap();
    assert_eq!(
        (put.status, put.header("access-control-allow-origin")),
        (200, ""),
        "only the browser hides it"
    );
}

/// Returns a form upload with a policy for keys that begin with `in/`.
fn form(fields: &[(&str, &str)], file: &str) -> Request {
    let time = "1700000000;4102444800";
    let policy = format!(
        r#"{{"expiration":"2099-01-01T00:00:00.000Z","conditions":[{{"bucket":"{BUCKET}"}},["starts-with","$key","in/"],
        {{"q-sign-algorithm":"sha1"}},{{"q-ak":"{ID}"}},{{"q-sign-time":"{time}"}}]}}"#
    );
    let digest = hex::encode(<sha1::Sha1 as sha1::Digest>::digest(policy.as_bytes()));
    let signature = hmac(&hmac(KEY, time), &digest);
    let policy = STANDARD.encode(policy);
    let signed = [
        ("policy", policy.as_str()),
        ("q-sign-algorithm", "sha1"),
        ("q-ak", ID),
        ("q-key-time", time),
        ("q-signature", &signature),
    ];
    let mut body = String::new();
    for (name, value) in fields.iter().chain(&signed) {
        body += &format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    body += &format!(
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"猫.jpg\"\r\nContent-Type: text/plain\r\n\r\n\
         {file}\r\n--b--\r\n"
    );
    Request::new("POST", "/").header("Content-Type", "multipart/form-data; boundary=b").body(body.as_bytes())
}

#[tokio::test]
async fn a_form_is_stored_as_its_policy_allows() {
    let (_folder, cos) = start(CorsDefault::AnyOrigin).await;
    let mut notifications = cos.notifications();
    let fields = [
        ("key", "in/${filename}"),
        ("Content-Type", "image/jpeg"),
        ("x-cos-meta-a", "b"),
        ("acl", "public-read"),
    ];
    let response = form(&fields, "pixels").header("Origin", ORIGIN).send(&cos).unwrap();
    assert_eq!(response.status, 204, "{response:?}");
    let location = "http://photos-1250000000.cos.ap-guangzhou.myqcloud.com/in/%E7%8C%AB.jpg";
    assert_eq!(
        (response.header("location"), response.header("access-control-allow-origin")),
        (location, "*")
    );
    let object = cos.object(BUCKET, "in/猫.jpg").unwrap();
    assert_eq!(
        (object.etag.as_str(), object.bytes.as_ref()),
        (response.header("etag"), b"pixels".as_slice())
    );
    assert_eq!(
        (object.headers["content-type"].as_str(), object.headers["x-cos-meta-a"].as_str()),
        ("image/jpeg", "b")
    );
    let read = Request::new("GET", "/in/%E7%8C%AB.jpg").send(&cos).unwrap();
    assert_eq!(read.text(), "pixels", "the ACL is that of the form");
    let notification = notifications.recv().await.unwrap();
    assert_eq!((notification.name, notification.key.as_str()), ("cos:ObjectCreated:Post", "in/猫.jpg"));

    let redirect = [("key", "in/a"), ("success_action_redirect", "https://www.example.com/done?x=1")];
    let response = form(&redirect, "x").send(&cos).unwrap();
    assert_eq!(response.status, 303);
    let target = format!("https://www.example.com/done?x=1&bucket={BUCKET}&key=in%2Fa&etag=%22");
    assert!(response.header("location").starts_with(&target), "{}", response.header("location"));
    let response = form(&[("key", "in/a"), ("success_action_status", "200")], "x").send(&cos).unwrap();
    assert_eq!(response.status, 200);
}

#[tokio::test]
async fn other_forms_are_refused() {
    let (_folder, cos) = start(CorsDefault::AnyOrigin).await;
    let outside = form(&[("key", "out/a")], "x").send(&cos).unwrap();
    assert!(outside.status == 403 && outside.text().contains("starts-with"), "{outside:?}");
    assert_eq!(form(&[], "x").send(&cos).unwrap().code(), "InvalidArgument");
    let wrong =
        form(&[("key", "in/a"), ("Content-MD5", "JfnnlDI7RTiF9RgfG2JNCw==")], "x").send(&cos).unwrap();
    assert_eq!(wrong.code(), "BadDigest");
    let unsigned = "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nin/a\r\n\
        --b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--b--\r\n";
    let post = || {
        let request = Request::new("POST", "/").header("Content-Type", "multipart/form-data; boundary=b");
        request.body(unsigned.as_bytes()).send(&cos).unwrap()
    };
    assert_eq!(post().code(), "AccessDenied");
    assert!(cos.keys(BUCKET).is_empty());
    let public = Request::new("PUT", "/?acl").header("x-cos-acl", "public-read-write").body(b"").sign();
    assert_eq!(public.send(&cos).unwrap().status, 200);
    assert_eq!(post().status, 204);
}
