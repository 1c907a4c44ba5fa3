//! Sub-resources of buckets and objects in the local COS.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod support;

use scf_local::{Cos, CosOptions};
use support::{BUCKET, ID, KEY, Request, Response};

async fn start() -> (tempfile::TempDir, Cos) {
    let folder = tempfile::tempdir().unwrap();
    let options = CosOptions {
        root: folder.path().to_owned(),
        secret_id: ID.to_owned(),
        secret_key: KEY.to_owned(),
        strict: true,
        buckets: vec![BUCKET.to_owned(), "other-1250000000".to_owned()],
        ..CosOptions::default()
    };
    let cos = Cos::start(options).await.unwrap();
    (folder, cos)
}

fn send(cos: &Cos, method: &str, target: &str, body: &[u8]) -> Response {
    Request::new(method, target).body(body).sign().send(cos).unwrap()
}

fn get(cos: &Cos, target: &str) -> Response {
    Request::new("GET", target).sign().send(cos).unwrap()
}

/// Returns the texts of all elements of a name.
fn texts(response: &Response, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let after = response.text().split(&open).skip(1);
    after.map(|rest| rest.split(&close).next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_acl_decides_what_everybody_may_do() {
    let (_folder, cos) = start().await;
    cos.put(BUCKET, "a", "x", &[]).await;
    let anonymous =
        |method: &str, target: &str| Request::new(method, target).body(b"").send(&cos).unwrap().status;
    let set = |target: &str, acl: &str| {
        let request = Request::new("PUT", target).header("x-cos-acl", acl).body(b"");
        assert_eq!(request.sign().send(&cos).unwrap().status, 200, "{target} {acl}");
    };
    let answers = || {
        [anonymous("GET", "/"), anonymous("GET", "/a"), anonymous("PUT", "/b"), anonymous("GET", "/a?acl")]
    };
    assert_eq!(answers(), [403, 403, 403, 403]);
    set("/a?acl", "public-read");
    assert_eq!(answers(), [403, 200, 403, 403]);
    set("/a?acl", "default");
    set("/?acl", "public-read");
    assert_eq!(answers(), [200, 200, 403, 403]);
    set("/a?acl", "private");
    assert_eq!(answers(), [200, 403, 403, 403]);
    set("/?acl", "public-read-write");
    assert_eq!(answers(), [200, 403, 200, 403]);
    let read = get(&cos, "/?acl");
    assert_eq!(texts(&read, "Permission"), ["FULL_CONTROL", "READ", "WRITE"]);
    // The document that was read sets the same ACL again.
    set("/?acl", "private");
    assert_eq!(send(&cos, "PUT", "/?acl", &read.body).status, 200);
    assert_eq!(get(&cos, "/?acl").header("x-cos-acl"), "public-read-write");
    let granted = Request::new("PUT", "/c").header("x-cos-grant-read", "id=\"1\"").body(b"").sign();
    assert_eq!(granted.send(&cos).unwrap().code(), "NotImplemented");
}

#[tokio::test]
async fn tags_are_stored_read_and_deleted() {
    let (_folder, cos) = start().await;
    cos.put(BUCKET, "a", "x", &[("x-cos-tagging", "old=1")]).await;
    assert_eq!(texts(&get(&cos, "/a?tagging"), "Key"), ["old"]);
    let tags = "<Tagging><TagSet><Tag><Key>a</Key><Value>b c</Value></Tag></TagSet></Tagging>";
    assert_eq!(get(&cos, "/?tagging").code(), "NoSuchTagSet");
    for target in ["/?tagging", "/a?tagging"] {
        assert!(send(&cos, "PUT", target, tags.as_bytes()).status < 300);
        assert!(get(&cos, target).text().ends_with(tags), "{target}");
    }
    assert_eq!(get(&cos, "/a").header("x-cos-tagging-count"), "1");
    assert_eq!(send(&cos, "DELETE", "/?tagging", b"").status, 204);
    assert_eq!(send(&cos, "DELETE", "/a?tagging", b"").status, 204);
    assert_eq!(get(&cos, "/?tagging").code(), "NoSuchTagSet");
    assert!(get(&cos, "/a?tagging").text().contains("<TagSet/>"));
}

#[tokio::test]
async fn an_object_grows_at_its_end_only() {
    let (_folder, cos) = start().await;
    let mut notifications = cos.notifications();
    let first = send(&cos, "POST", "/log?append&position=0", b"one");
    assert_eq!((first.status, first.header("x-cos-next-append-position")), (200, "3"));
    assert_eq!(
        send(&cos, "POST", "/log?append&position=3", b"two").header("x-cos-next-append-position"),
        "6"
    );
    let wrong = send(&cos, "POST", "/log?append&position=3", b"x");
    assert_eq!((wrong.code(), wrong.header("x-cos-next-append-position")), ("AppendPositionErr", "6"));
    let read = get(&cos, "/log");
    assert_eq!((read.text(), read.header("x-cos-object-type")), ("onetwo", "appendable"));
    cos.put(BUCKET, "a", "x", &[]).await;
    assert_eq!(send(&cos, "POST", "/a?append&position=1", b"x").code(), "ObjectNotAppendable");
    assert_eq!(notifications.recv().await.unwrap().name, "cos:ObjectCreated:Append");
}

#[tokio::test]
async fn versions_are_listed_newest_first_on_every_page() {
    let (_folder, cos) = start().await;
    cos.put(BUCKET, "a", "old", &[]).await;
    cos.versioning(BUCKET, true).unwrap();
    for (method, key) in [("PUT", "/a"), ("DELETE", "/a"), ("PUT", "/b"), ("PUT", "/in/c"), ("PUT", "/in/d")]
    {
        assert!(send(&cos, method, key, b"").status < 300);
    }
    let whole = get(&cos, "/?versions");
    assert_eq!(texts(&whole, "Key"), ["a", "a", "a", "b", "in/c", "in/d"]);
    assert_eq!(texts(&whole, "IsLatest"), ["true", "false", "false", "true", "true", "true"]);
    assert_eq!(texts(&whole, "DeleteMarker").len(), 1);
    let (mut target, mut ids) = ("/?versions&max-keys=2".to_owned(), Vec::new());
    loop {
        let page = get(&cos, &target);
        ids.extend(texts(&page, "VersionId"));
        let (key, id) = (texts(&page, "NextKeyMarker"), texts(&page, "NextVersionIdMarker"));
        let (Some(key), Some(id)) = (key.first(), id.first()) else { break };
        target =
            format!("/?versions&max-keys=2&key-marker={}&version-id-marker={id}", key.replace('/', "%2F"));
    }
    assert_eq!(ids, texts(&whole, "VersionId"));
    assert_eq!(ids[2], "null");
    let grouped = get(&cos, "/?versions&delimiter=%2F");
    assert_eq!(texts(&grouped, "CommonPrefixes"), ["<Prefix>in/</Prefix>"]);
    assert_eq!(texts(&grouped, "Key"), ["a", "a", "a", "b"]);
}

#[tokio::test]
async fn buckets_and_their_region_are_listed() {
    let (_folder, cos) = start().await;
    let create =
        Request::new("PUT", "/").header("Host", "new-1250000000.cos.ap-beijing.myqcloud.com").body(b"");
    assert_eq!(create.sign().send(&cos).unwrap().status, 200);
    let list = |host: &str| {
        let response = Request::new("GET", "/").header("Host", host).sign().send(&cos).unwrap();
        texts(&response, "Name")
    };
    let all = ["new-1250000000", "other-1250000000", BUCKET];
    assert_eq!(list("service.cos.myqcloud.com"), all);
    assert_eq!(list("127.0.0.1:8090"), all);
    assert_eq!(list("cos.ap-beijing.myqcloud.com"), ["new-1250000000"]);
    assert_eq!(
        Request::new("GET", "/").header("Host", "cos.ap-beijing.myqcloud.com").send(&cos).unwrap().status,
        403
    );
    assert_eq!(texts(&get(&cos, "/?location"), "LocationConstraint"), ["ap-guangzhou"]);
}

#[tokio::test]
async fn parts_are_copied_and_listed_in_pages() {
    let (_folder, cos) = start().await;
    let source: Vec<u8> = (0..3_u32 << 20).map(|n| n.to_le_bytes()[1]).collect();
    cos.put("other-1250000000", "源", source.clone(), &[]).await;
    let upload = send(&cos, "POST", "/whole?uploads", b"");
    let id = texts(&upload, "UploadId").swap_remove(0);
    let copy = |number: u32, range: &str| {
        let from = "other-1250000000.cos.ap-guangzhou.myqcloud.com/%E6%BA%90";
        let request = Request::new("PUT", &format!("/whole?partNumber={number}&uploadId={id}"))
            .header("x-cos-copy-source", from)
            .header("x-cos-copy-source-range", range)
            .body(b"");
        request.sign().send(&cos).unwrap()
    };
    let etags = [copy(1, "bytes=0-2097151"), copy(2, "bytes=2097152-3145727")]
        .map(|r| texts(&r, "ETag").swap_remove(0));
    assert_eq!(copy(3, "bytes=9999999-").code(), "InvalidRange");
    let first = get(&cos, &format!("/whole?uploadId={id}&max-parts=1"));
    assert_eq!(
        (texts(&first, "PartNumber"), texts(&first, "NextPartNumberMarker")),
        (vec!["1".into()], vec!["1".into()])
    );
    let second = get(&cos, &format!("/whole?uploadId={id}&max-parts=1&part-number-marker=1"));
    assert_eq!(
        (texts(&second, "PartNumber"), texts(&second, "IsTruncated")),
        (vec!["2".into()], vec!["false".into()])
    );
    let parts: String = etags
        .iter()
        .zip(1..)
        .map(|(etag, number)| format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"))
        .collect();
    let body = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
    assert_eq!(send(&cos, "POST", &format!("/whole?uploadId={id}"), body.as_bytes()).status, 200);
    assert_eq!(cos.object(BUCKET, "whole").unwrap().bytes, source);
}

#[tokio::test]
async fn the_second_version_of_a_listing_has_tokens() {
    let (_folder, cos) = start().await;
    for key in ["a", "b", "in/c", "猫"] {
        cos.put(BUCKET, key, "x", &[]).await;
    }
    let (mut target, mut entries) = ("/?list-type=2&max-keys=2&delimiter=%2F".to_owned(), Vec::new());
    loop {
        let page = get(&cos, &target);
        assert_eq!(texts(&page, "KeyCount"), ["2"]);
        entries.extend(texts(&page, "Key"));
        entries.extend(texts(&page, "CommonPrefixes"));
        let Some(token) = texts(&page, "NextContinuationToken").pop() else { break };
        target = format!("/?list-type=2&max-keys=2&delimiter=%2F&continuation-token={token}");
    }
    assert_eq!(entries, ["a", "b", "猫", "<Prefix>in/</Prefix>"]);
}
