//! Reactions to broken connections, short bodies and the deadline.

use std::error::Error as _;
use std::io::Read;
use std::net::TcpListener;
use std::time::Duration;

use cos_thumbnailer::object::Endpoint;
use tokio::time::Instant;

use super::server::{Reply, Server, answer, document};
use super::{ETAG, assert_signed, client, credential, get, key, place, read, refusal, session, upload};

/// An answer that announces 10 bytes and has 4.
fn cut() -> Vec<u8> {
    answer(200, &[ETAG, ("Content-Length", "10")], b"0123")
}

/// The answer with the other 6 bytes.
fn rest(etag: (&str, &str)) -> Vec<u8> {
    answer(206, &[etag, ("Content-Range", "bytes 4-9/10")], b"456789")
}

#[tokio::test]
async fn connections_closed_while_frozen_cause_no_failure() {
    let stored = || answer(200, &[ETAG], b"");
    let closing = || Reply::AnswerAndCloseIdle(stored());
    let server = Server::start([closing(), closing(), Reply::Answer(stored())]);
    let session = session(&server);
    let (place, first, second) = (place(), key("a.jpg"), key("b.jpg"));
    let (one, two) = tokio::join!(
        session.put(&place, &first, upload(b"one")),
        session.put(&place, &second, upload(b"two"))
    );
    assert!(one.is_ok() && two.is_ok());
    // Both connections go back to the pool. Then the runtime thread blocks, as in a frozen instance, while the server
    // closes them.
    tokio::time::sleep(Duration::from_millis(5)).await;
    std::thread::sleep(Duration::from_millis(150));
    session.put(&place, &key("c.jpg"), upload(b"three")).await.unwrap();
    let seen = server.take_requests();
    let last = seen.last().unwrap();
    assert_eq!((last.body.as_slice(), last.connection), (&b"three"[..], 2));
}

#[tokio::test]
async fn connection_closed_on_its_second_request_costs_a_reconnect() {
    let stored = || Reply::Answer(answer(200, &[ETAG], b""));
    let server = Server::start([stored(), Reply::Close, stored()]);
    let session = session(&server);
    session.put(&place(), &key("a.jpg"), upload(b"first")).await.unwrap();
    session.put(&place(), &key("b.jpg"), upload(b"second")).await.unwrap();
    let connections: Vec<_> = server.take_requests().iter().map(|seen| seen.connection).collect();
    assert_eq!((connections, session.counters().retries), (vec![0, 0, 1], 1));
}

#[tokio::test]
async fn request_is_retried_after_resets() {
    let server = Server::start([Reply::Reset, Reply::Reset, Reply::Answer(answer(200, &[ETAG], b""))]);
    let session = session(&server);
    session.put(&place(), &key("a.jpg"), upload(b"hello")).await.unwrap();
    assert_eq!(session.counters().retries, 2);
}

#[tokio::test]
async fn refused_connection_is_a_network_error() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let endpoint = Endpoint::parse(&format!("http://{free}")).unwrap();
    let session = client(&endpoint).session(credential(), Instant::now() + Duration::from_secs(20));
    let error = get(&session, "a.jpg").await.unwrap_err();
    assert_eq!((error.code(), error.is_transient()), ("cos.network", true));
    assert_eq!(session.counters().requests, 4);
}

#[tokio::test]
async fn server_without_tls_is_a_network_error() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = Endpoint::parse(&format!("https://{}", listener.local_addr().unwrap())).unwrap();
    let server = std::thread::spawn(move || {
        let greeting = |_| {
            let mut record = [0; 2];
            listener.accept().unwrap().0.read_exact(&mut record).unwrap();
            record
        };
        [(); 4].map(greeting)
    });
    let session = client(&endpoint).session(credential(), Instant::now() + Duration::from_secs(20));
    assert_eq!(get(&session, "a.jpg").await.unwrap_err().code(), "cos.network");
    // The client sent handshake records of TLS (RFC 8446, 5.1).
    assert_eq!(server.join().unwrap(), [[0x16, 0x03]; 4]);
}

#[tokio::test]
async fn short_body_is_resumed_if_the_object_is_the_same() {
    let server =
        Server::start([Reply::AnswerAndClose(cut()), refusal(503, "SlowDown"), Reply::Answer(rest(ETAG))]);
    let session = session(&server);
    assert_eq!(get(&session, "a.jpg").await.unwrap(), b"0123456789");
    let seen = server.take_requests();
    assert_eq!(seen[0].header("range"), None);
    for seen in &seen[1..] {
        assert_eq!(seen.header("range"), Some("bytes=4-"));
        assert_eq!(seen.header("if-match"), Some(ETAG.1));
        assert_signed(seen);
    }
    let counters = session.counters();
    assert_eq!((counters.requests, counters.retries, counters.bytes_in), (3, 2, 10));
}

#[tokio::test]
async fn answer_shorter_than_its_range_is_resumed() {
    let part = |range: &str, body: &[u8]| Reply::Answer(answer(206, &[ETAG, ("Content-Range", range)], body));
    let server = Server::start([part("bytes 2-5/10", b"23"), part("bytes 4-5/10", b"45")]);
    let mut download = session(&server).get_range(&place(), &key("a.jpg"), None, 2..6).await.unwrap();
    assert_eq!(read(&mut download).await.unwrap(), b"2345");
}

#[tokio::test]
async fn stalled_body_is_resumed() {
    let server = Server::start([Reply::Hang(cut()), Reply::Answer(rest(ETAG))]);
    assert_eq!(get(&session(&server), "a.jpg").await.unwrap(), b"0123456789");
}

#[tokio::test]
async fn parts_of_different_objects_are_not_joined() {
    let changed: [fn() -> Vec<u8>; 6] = [
        || answer(412, &[], &document("PreconditionFailed", "")),
        || answer(416, &[], &document("InvalidRange", "")),
        || answer(200, &[ETAG], b"0123456789"),
        || rest(("ETag", "\"another\"")),
        || answer(206, &[ETAG, ("Content-Range", "bytes 4-9/11")], b"456789"),
        || answer(206, &[ETAG], b"456789"),
    ];
    for resumed in changed {
        let server = Server::start([Reply::AnswerAndClose(cut()), Reply::Answer(resumed())]);
        let error = get(&session(&server), "a.jpg").await.unwrap_err();
        assert_eq!((error.code(), error.is_transient()), ("cos.changed", true), "{error}");
    }
}

#[tokio::test]
async fn parts_of_objects_with_the_same_etag_are_told_apart_by_their_crc64() {
    let crc = |value| ("x-cos-hash-crc64ecma", value);
    let begin = || answer(200, &[ETAG, crc("1"), ("Content-Length", "10")], b"0123");
    let end = |crc: &[(&str, &str)]| {
        let headers = [&[ETAG, ("Content-Range", "bytes 4-9/10")], crc].concat();
        Reply::Answer(answer(206, &headers, b"456789"))
    };
    for (resumed, whole) in [(end(&[crc("1")]), true), (end(&[]), true), (end(&[crc("2")]), false)] {
        let server = Server::start([Reply::AnswerAndClose(begin()), resumed]);
        let got = get(&session(&server), "a.jpg").await;
        assert_eq!(
            got.as_ref().err().map(cos_thumbnailer::cos::Error::code),
            (!whole).then_some("cos.changed")
        );
    }
}

#[tokio::test]
async fn short_body_without_an_etag_is_an_error() {
    let body = answer(200, &[("Content-Length", "10")], b"0123");
    let server = Server::start([Reply::AnswerAndClose(body)]);
    let error = get(&session(&server), "a.jpg").await.unwrap_err();
    assert_eq!((error.code(), error.is_transient()), ("cos.network", true));
}

#[tokio::test]
async fn download_that_keeps_breaking_fails() {
    let none = || answer(200, &[ETAG, ("Content-Length", "10")], b"");
    let part = || answer(206, &[ETAG, ("Content-Range", "bytes 0-9/10"), ("Content-Length", "10")], b"");
    let broken = [none(), part(), part(), part()].map(Reply::AnswerAndClose);
    let server = Server::start(broken);
    assert_eq!(get(&session(&server), "a.jpg").await.unwrap_err().code(), "cos.network");
    assert_eq!(server.take_requests().len(), 4);
}

#[tokio::test]
async fn request_fails_at_the_deadline() {
    let server = Server::start((0..9).map(|_| Reply::Hang(Vec::new())));
    let deadline = Instant::now() + Duration::from_millis(500);
    let session = client(&server.endpoint).session(credential(), deadline);
    let error = get(&session, "a.jpg").await.unwrap_err();
    assert_eq!((error.code(), error.is_transient()), ("deadline", true), "{error}");
    assert!(Instant::now() < deadline + Duration::from_millis(500));
    assert!(error.source().unwrap().to_string().contains("network"), "{:?}", error.source());

    let sent = session.counters().requests;
    let late = session.put(&place(), &key("a.jpg"), upload(b"x")).await.unwrap_err();
    assert_eq!(late.code(), "deadline");
    assert_eq!(session.counters().requests, sent, "nothing is sent after the deadline");
}

#[tokio::test]
async fn body_fails_at_the_deadline() {
    let server = Server::start((0..9).map(|_| Reply::Hang(cut())));
    let deadline = Instant::now() + Duration::from_millis(250);
    let session = client(&server.endpoint).session(credential(), deadline);
    let error = get(&session, "a.jpg").await.unwrap_err();
    assert!(Instant::now() < deadline + Duration::from_millis(500));
    assert_eq!(error.code(), "deadline", "{error}");
}
