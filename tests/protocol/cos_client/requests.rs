//! What goes over the wire, and what comes back when all is well.

use std::time::{Duration, SystemTime};

use cos_thumbnailer::cos::{Client, ClientSettings, Credential, Upload};
use cos_thumbnailer::object::{Acl, StorageClass};
use cos_thumbnailer::object::{VersionId, percent_encode};
use percent_encoding::percent_decode_str;
use tokio::time::Instant;

use super::server::{Reply, Server, answer, document};
use super::{
    ETAG, HOST, ID, SECRET, TOKEN, assert_signed, client, credential, get, key, ok, place, read, session,
    upload,
};

#[tokio::test]
async fn put_sends_and_signs_every_header() {
    let server = Server::start([Reply::Answer(answer(200, &[ETAG], b""))]);
    let upload = Upload {
        cache_control: Some(" max-age=60, public ".to_owned()),
        storage_class: StorageClass::parse("STANDARD_IA"),
        acl: Acl::parse("default"),
        meta: vec![("thumb-stamp", "a%20b \"c\"".to_owned())],
        ..upload(b"hello")
    };
    let stored = session(&server).put(&place(), &key("out/w200/cat.jpg"), upload).await.unwrap();
    assert_eq!(stored.etag.unwrap().as_str(), "9b2cf535f27731c974343645a3985328");
    assert_eq!(stored.request_id.as_deref(), Some("NjYx"));

    let seen = &server.take_seen()[0];
    assert_signed(seen);
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("PUT", "/out/w200/cat.jpg"));
    assert_eq!(seen.body, b"hello");
    for (name, value) in [
        ("host", HOST),
        ("content-length", "5"),
        ("content-type", "image/jpeg"),
        ("content-md5", "XUFAKrxLKna5cZ2REBfFkg=="),
        ("cache-control", "max-age=60, public"),
        ("x-cos-storage-class", "STANDARD_IA"),
        ("x-cos-acl", "default"),
        ("x-cos-meta-thumb-stamp", "a%20b \"c\""),
        ("x-cos-security-token", TOKEN),
        ("user-agent", concat!("cos-thumbnailer/", env!("CARGO_PKG_VERSION"))),
    ] {
        assert_eq!(seen.header(name), Some(value), "{name}");
    }
    assert_eq!(seen.header("x-cos-sdk-retry"), None);
}

#[tokio::test]
async fn odd_keys_arrive_as_they_are() {
    let odd = [
        "图片/猫 1+2.jpg",
        "100%25 sure/%E4%BD%A0.jpg",
        "a//b",
        "a/./b",
        "../x",
        "a/..",
        "emoji/😀/é é.png",
        "a b+c%d~e'f(g)h!i*j,k;l=m&n@o$p:q?r#s[t]\\u\"v.jpg",
    ];
    let server = Server::start(odd.map(|_| ok(b"x")));
    let session = session(&server);
    for name in odd {
        assert_eq!(get(&session, name).await.unwrap(), b"x", "{name}");
        let seen = &server.take_seen()[0];
        assert_signed(seen);
        assert_eq!(percent_decode_str(&seen.target[1..]).decode_utf8().unwrap(), name);
        assert!(
            seen.target.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~/%".contains(&b)),
            "{}",
            seen.target
        );
    }
}

#[tokio::test]
async fn get_head_and_delete_of_a_version_sign_the_parameter() {
    let headers = [
        ETAG,
        ("Content-Length", "7"),
        ("Content-Type", "image/png"),
        ("x-cos-version-id", "MTg0"),
        ("x-cos-storage-class", "STANDARD_IA"),
        ("X-Cos-Meta-Thumb-Stamp", "v1"),
        ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ];
    let server = Server::start([
        Reply::Answer(answer(200, &headers, b"")),
        Reply::Answer(answer(200, &headers, b"content")),
        Reply::Answer(answer(204, &[], b"")),
    ]);
    let (session, place, key) = (session(&server), place(), key("a.png"));
    let version = VersionId::parse("MTg0/+=").unwrap();
    let head = session.head(&place, &key, Some(&version)).await.unwrap();
    let mut download = session.get(&place, &key, Some(&version)).await.unwrap();
    assert_eq!(download.head, head);
    assert_eq!(download.remaining(), 7);
    assert_eq!(read(&mut download).await.unwrap(), b"content");
    session.delete(&place, &key, Some(&version)).await.unwrap();

    assert_eq!(head.length, 7);
    assert_eq!(head.version.unwrap().as_str(), "MTg0");
    assert_eq!(head.content_type.as_deref(), Some("image/png"));
    assert_eq!(head.storage_class.as_deref(), Some("STANDARD_IA"));
    assert_eq!(head.meta.get("thumb-stamp").map(String::as_str), Some("v1"));
    let stored = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    assert_eq!(head.last_modified, Some(stored));

    let seen = server.take_seen();
    for (seen, method) in seen.iter().zip(["HEAD", "GET", "DELETE"]) {
        assert_eq!((seen.method.as_str(), seen.target.as_str()), (method, "/a.png?versionId=MTg0%2F%2B%3D"));
        assert_signed(seen);
    }
    assert!(seen.iter().all(|seen| seen.connection == 0), "one connection serves all");
    let counters = session.counters();
    assert_eq!((counters.requests, counters.retries, counters.bytes_in), (3, 0, 7));
}

#[tokio::test]
async fn get_range_reads_a_part_and_resumes_inside_it() {
    let part = |range: &'static str| [ETAG, ("Content-Range", range), ("Content-Length", "4")];
    let server = Server::start([
        Reply::AnswerAndClose(answer(206, &part("bytes 2-5/10"), b"2")),
        Reply::Answer(answer(206, &[ETAG, ("Content-Range", "bytes 3-5/10")], b"345")),
        Reply::Answer(answer(206, &[ETAG, ("Content-Range", "bytes 8-9/10")], b"89")),
        Reply::Answer(answer(206, &part("bytes 0-3/10"), b"0123")),
    ]);
    let (session, place, key) = (session(&server), place(), key("a.jpg"));
    let mut download = session.get_range(&place, &key, None, 2..6).await.unwrap();
    assert_eq!((download.head.length, download.remaining()), (10, 4));
    assert_eq!(read(&mut download).await.unwrap(), b"2345");
    let mut tail = session.get_range(&place, &key, None, 8..100).await.unwrap();
    assert_eq!(read(&mut tail).await.unwrap(), b"89");
    let other = session.get_range(&place, &key, None, 4..8).await.unwrap_err();
    assert_eq!(other.code(), "cos.protocol", "{other}");
    assert_eq!(session.get_range(&place, &key, None, 4..4).await.unwrap_err().code(), "cos.unsendable");

    let seen = server.take_seen();
    let ranges: Vec<_> = seen.iter().map(|seen| seen.header("range").unwrap()).collect();
    assert_eq!(ranges, ["bytes=2-5", "bytes=3-5", "bytes=8-99", "bytes=4-7"]);
    seen.iter().for_each(assert_signed);
}

#[tokio::test]
async fn what_cannot_stand_in_a_header_is_refused_before_anything_is_sent() {
    let server = Server::start([]);
    let session = session(&server);
    let upload = Upload { meta: vec![("source-key", "猫".to_owned())], ..upload(b"x") };
    let error = session.put(&place(), &key("a.jpg"), upload).await.unwrap_err();
    assert_eq!((error.code(), error.is_transient()), ("cos.unsendable", false));
    assert!(error.to_string().contains("x-cos-meta-source-key"), "{error}");
    assert_eq!(session.counters().requests, 0);
}

#[tokio::test]
async fn no_secret_is_ever_printed() {
    let echo = format!("{ID} {SECRET} {TOKEN} {}", percent_encode(TOKEN));
    let server = Server::start([
        Reply::Answer(answer(403, &[("Location", &echo)], &document("SignatureDoesNotMatch", &echo))),
        ok(b"x"),
    ]);
    let session = session(&server);
    let error = get(&session, "a.jpg").await.unwrap_err();
    let download = session.get(&place(), &key("a.jpg"), None).await.unwrap();
    let token = "tokenVisible\n".to_owned();
    let unsendable = client(&server.endpoint)
        .session(Credential::new(ID, SECRET, Some(token)), Instant::now() + Duration::from_secs(9))
        .head(&place(), &key("a"), None)
        .await
        .unwrap_err();
    assert_eq!(unsendable.code(), "cos.unsendable");
    let printed =
        format!("{error} {error:?} {session:?} {download:?} {unsendable} {unsendable:?} {:?}", credential());
    assert!(printed.contains("SignatureDoesNotMatch"));
    assert!(!printed.contains("Visible"), "{printed}");
}

/// It is built before the function is ready, where nothing runs yet.
#[test]
fn a_client_needs_no_runtime() {
    drop(Client::new(ClientSettings::default()).unwrap());
}

#[tokio::test]
async fn a_short_rest_is_read_for_its_connection_and_a_long_one_is_not() {
    let long = vec![7; 4 << 20];
    let server = Server::start([ok(&long[..200 << 10]), ok(b"next"), ok(&long), ok(b"next")]);
    let session = session(&server);
    for (size, is_read) in [(200 << 10, true), (4 << 20, false)] {
        let mut download = session.get(&place(), &key("a"), None).await.unwrap();
        let first = download.chunk().await.unwrap().unwrap().len() as u64;
        download.drain().await;
        assert_eq!(download.remaining(), if is_read { 0 } else { size - first });
        assert_eq!(get(&session, "b").await.unwrap(), b"next");
        let seen = server.take_seen();
        assert_eq!(seen[0].connection == seen[1].connection, is_read, "{size}");
    }
}

#[tokio::test]
async fn a_rest_that_breaks_off_is_not_asked_for_again() {
    let mut cut = answer(200, &[ETAG], &[7; 100_000]);
    cut.truncate(cut.len() - 10);
    let server = Server::start([Reply::AnswerAndClose(cut), ok(b"next")]);
    let session = session(&server);
    let mut download = session.get(&place(), &key("a"), None).await.unwrap();
    download.chunk().await.unwrap();
    download.drain().await;
    assert_eq!(download.remaining(), 10);
    assert_eq!(get(&session, "b").await.unwrap(), b"next");
    let seen = server.take_seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1].header("range"), None);
}
