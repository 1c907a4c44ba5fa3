//! Ways into the local COS: which buckets exist, what names them, and what is refused.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod support;

use scf_local::{Cos, CosOptions, PathStyle};
use support::{BUCKET, ID, KEY, Request, Response};

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

#[tokio::test]
async fn buckets_exist_only_if_they_were_created() {
    let (folder, cos) = start(|_| {}).await;
    let send = |method: &str, host: &str, target: &str| {
        Request::new(method, target).header("Host", host).body(b"").sign().send(&cos).unwrap()
    };
    let cases = [
        ("photo-1250000000.cos.ap-guangzhou.myqcloud.com", "NoSuchBucket"),
        ("photos-1250000000.cos.ap-beijing.myqcloud.com", "NoSuchBucket"),
        ("photos.cos.ap-guangzhou.myqcloud.com", "InvalidBucketName"),
    ];
    for (host, code) in cases {
        assert_eq!(send("PUT", host, "/a").code(), code, "{host}");
        assert_eq!(Request::new("GET", "/a").header("Host", host).send(&cos).unwrap().code(), code, "{host}");
    }
    let beijing = "new-1250000000.cos.ap-beijing.myqcloud.com";
    assert_eq!(send("PUT", beijing, "/").status, 200);
    assert_eq!(send("PUT", beijing, "/a").status, 200);
    assert_eq!(send("PUT", beijing, "/").code(), "BucketAlreadyOwnedByYou");
    assert_eq!(send("PUT", "new-1250000000.cos.ap-guangzhou.myqcloud.com", "/a").code(), "NoSuchBucket");
    assert_eq!(send("DELETE", beijing, "/").code(), "BucketNotEmpty");
    drop(cos);
    let options = CosOptions { root: folder.path().to_owned(), ..CosOptions::default() };
    let cos = Cos::start(options).await.unwrap();
    let send = |method: &str, host: &str, target: &str| {
        let request = Request::new(method, target).header("Host", host).body(b"");
        let CosOptions { secret_id, secret_key, .. } = CosOptions::default();
        request.sign_as(&secret_id, &secret_key).send(&cos).unwrap().status
    };
    assert_eq!(send("HEAD", beijing, "/"), 200);
    assert_eq!(send("DELETE", beijing, "/a"), 204);
    assert_eq!(send("DELETE", beijing, "/"), 204);
    assert_eq!(send("HEAD", beijing, "/"), 404);
    let options = CosOptions { buckets: vec!["photos".to_owned()], ..CosOptions::default() };
    assert!(Cos::start(options).await.unwrap_err().to_string().contains("<name>-<appid>"));
}

#[tokio::test]
async fn every_way_in_reaches_the_bucket() {
    let suffix = vec!["twin".to_owned()];
    let (_folder, cos) = start(|options| options.host_suffixes = suffix).await;
    cos.put(BUCKET, "a//b", "x", &[]).await;
    let read = |host: &str, target: &str| {
        Request::new("GET", target).header("Host", host).sign().send(&cos).unwrap()
    };
    let cases = [
        ("photos-1250000000.localhost:8090", "/a//b"),
        ("photos-1250000000.twin", "/a//b"),
        ("twin:8090", "/photos-1250000000/a//b"),
        ("localhost:8090", "/photos-1250000000/a//b"),
    ];
    for (host, target) in cases {
        assert_eq!(read(host, target).text(), "x", "{host}{target}");
    }
    let host = "photos-1250000000.cos.ap-guangzhou.myqcloud.com";
    // As a proxy.
    let proxied = Request::new("GET", "/a//b").sign().target(&format!("http://{host}/a//b"));
    assert_eq!(proxied.send(&cos).unwrap().text(), "x");
    let tunnel = Request::new("CONNECT", &format!("{host}:443")).send(&cos).unwrap();
    assert!(tunnel.status == 501 && tunnel.text().contains("use http instead"), "{tunnel:?}");
    let by_path = read("cos.ap-guangzhou.myqcloud.com", "/photos-1250000000/a//b");
    assert_eq!((by_path.status, by_path.code()), (403, "PathStyleDomainForbidden"));
}

#[tokio::test]
async fn path_style_can_be_allowed_or_refused() {
    for (style, local, remote) in [(PathStyle::Allowed, 200, 200), (PathStyle::Refused, 403, 403)] {
        let (_folder, cos) = start(|options| options.path_style = style).await;
        for (host, status) in [("127.0.0.1:80", local), ("cos.ap-guangzhou.myqcloud.com", remote)] {
            let request = Request::new("GET", "/photos-1250000000/").header("Host", host).sign();
            assert_eq!(request.send(&cos).unwrap().status, status, "{style:?} {host}");
        }
    }
}

#[tokio::test]
async fn what_is_absent_is_refused_by_name_and_changes_nothing() {
    let (_folder, cos) = start(|_| {}).await;
    cos.put(BUCKET, "a.jpg", "pixels", &[]).await;
    let cases = [
        ("GET", "/?website", "?website"),
        ("GET", "/?referer", "?referer"),
        ("GET", "/?encryption", "?encryption"),
        ("GET", "/?logging", "?logging"),
        ("GET", "/?never-heard-of", "?never-heard-of"),
        ("PUT", "/?lifecycle", "?lifecycle"),
        ("PUT", "/a.jpg?symlink", "?symlink"),
        ("GET", "/a.jpg?imageInfo", "?imageInfo"),
        ("GET", "/a.jpg?ci-process=detect-label", "?ci-process"),
        ("GET", "/a.jpg?imageView2/2/w/100", "?imageView2/2/w/100"),
        ("PATCH", "/a.jpg", "an object"),
    ];
    for (method, target, name) in cases {
        let response = Request::new(method, target).body(b"").sign().send(&cos).unwrap();
        assert_eq!((response.status, response.code()), (501, "NotImplemented"), "{method} {target}");
        assert!(response.text().contains(&format!("<Message>{name}")), "{}", response.text());
    }
    let processed = Request::new("PUT", "/a.jpg").header("Pic-Operations", "{}").body(b"x").sign();
    assert!(processed.send(&cos).unwrap().text().contains("Pic-Operations"));
    assert_eq!(cos.object(BUCKET, "a.jpg").unwrap().bytes, "pixels");
    assert_eq!(get(&cos, "/a.jpg?v=2").text(), "pixels", "a parameter against caches");
}

#[tokio::test]
async fn a_plus_in_a_query_is_what_the_signature_says() {
    let (_folder, cos) = start(|options| options.strict = false).await;
    for key in ["a b", "a+b"] {
        cos.put(BUCKET, key, "x", &[]).await;
    }
    // The helper signs a plus as a plus.
    let plus = get(&cos, "/?prefix=a+");
    assert!(plus.text().contains("<Key>a+b</Key>") && !plus.text().contains("<Key>a b</Key>"), "{plus:?}");
    // The signature is that of a space.
    let space = Request::new("GET", "/?prefix=a%20").sign().target("/?prefix=a+").send(&cos).unwrap();
    assert!(space.text().contains("<Key>a b</Key>") && !space.text().contains("<Key>a+b</Key>"), "{space:?}");
    let wrong = Request::new("GET", "/?prefix=a%2D").sign().target("/?prefix=a+").send(&cos).unwrap();
    assert_eq!(wrong.code(), "SignatureDoesNotMatch");
}

#[tokio::test]
async fn refusals_are_sent_to_those_who_listen() {
    let (_folder, cos) = start(|_| {}).await;
    let mut refusals = cos.refusals();
    get(&cos, "/none");
    Request::new("GET", "/a").sign_as(ID, "wrong").send(&cos).unwrap();
    let refusal = refusals.recv().await.unwrap();
    assert_eq!((refusal.code.as_str(), refusal.status), ("SignatureDoesNotMatch", 403));
    let text = refusal.to_string();
    assert!(text.contains("GET photos-1250000000.cos.ap-guangzhou.myqcloud.com/a"), "{text}");
    assert!(text.contains("FormatString:\n    get\n    /a\n"), "{text}");
}
