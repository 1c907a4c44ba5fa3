//! What answers other than the one asked for lead to.

use std::time::{Duration, SystemTime};

use cos_thumbnailer::cos::{Error, MissingResource};

use super::server::{Reply, Seen, Server, answer, document, foreign_answer};
use super::{ETAG, HOST, assert_signed, get, key, ok, place, refusal, session, upload};

#[tokio::test]
async fn busy_answers_are_tried_again_and_marked() {
    let server = Server::start([
        Reply::Answer(answer(503, &[], b"not xml")),
        refusal(503, "SlowDown"),
        refusal(400, "RequestTimeout"),
        Reply::Answer(answer(200, &[ETAG], b"")),
    ]);
    let session = session(&server);
    session.put(&place(), &key("a.jpg"), upload(b"hello")).await.unwrap();
    let seen = server.take_seen();
    let marks: Vec<_> = seen.iter().map(|seen| seen.header("x-cos-sdk-retry")).collect();
    assert_eq!(marks, [None, Some("true"), Some("true"), Some("true")]);
    assert!(seen.iter().all(|seen| seen.body == b"hello" && seen.header("host") == Some(HOST)));
    seen.iter().for_each(assert_signed);
    let counters = session.counters();
    assert_eq!((counters.requests, counters.retries, counters.bytes_out), (4, 3, 20));
}

#[tokio::test]
async fn a_service_that_stays_busy_is_named_with_its_last_answer() {
    let server = Server::start((0..4).map(|_| refusal(503, "SlowDown")));
    let error = get(&session(&server), "a.jpg").await.unwrap_err();
    assert_eq!((error.code(), error.is_transient()), ("cos.unavailable", true));
    let answer = &error.refusal().unwrap().response;
    assert_eq!((answer.status, answer.code.as_deref()), (503, Some("SlowDown")));
    assert_eq!(answer.request_id.as_deref(), Some("NjYx"));
    assert_eq!(server.take_seen().len(), 4);
}

#[tokio::test]
async fn refusals_are_typed_and_sent_once() {
    let table = [
        (403, "AccessDenied", "cos.denied"),
        (403, "InvalidObjectState", "cos.archived"),
        (404, "NoSuchKey", "cos.not_found"),
        (400, "ExpiredToken", "cos.credentials"),
        (403, "InvalidAccessKeyId", "cos.credentials"),
        (400, "InvalidArgument", "cos.refused"),
        (451, "DomainAuditFailed", "cos.refused"),
    ];
    let server = Server::start(table.map(|(status, code, _)| refusal(status, code)));
    let session = session(&server);
    for (status, code, expected) in table {
        let error = session.put(&place(), &key("a.jpg"), upload(b"x")).await.unwrap_err();
        assert_eq!(error.code(), expected, "{status} {code}: {error}");
        assert!(error.to_string().contains(code), "{error}");
        assert_eq!(server.take_seen().len(), 1, "{code}");
    }
}

#[tokio::test]
async fn missing_things_are_told_apart() {
    let server = Server::start([
        refusal(404, "NoSuchBucket"),
        refusal(404, "NoSuchVersion"),
        Reply::Answer(answer(404, &[("x-cos-delete-marker", "true")], &document("NoSuchKey", ""))),
        Reply::Answer(answer(404, &[], b"")),
        Reply::Answer(foreign_answer(404, &[])),
    ]);
    let session = session(&server);
    for expected in
        [MissingResource::Bucket, MissingResource::Version, MissingResource::Deleted, MissingResource::Object]
    {
        match get(&session, "a.jpg").await.unwrap_err() {
            Error::NotFound { missing, .. } => assert_eq!(missing, expected),
            other => panic!("{other}"),
        }
    }
    assert_eq!(get(&session, "a.jpg").await.unwrap_err().code(), "cos.protocol", "not an answer of COS");
}

#[tokio::test]
async fn head_is_judged_by_its_status() {
    let statuses = [(404, "cos.not_found"), (403, "cos.denied"), (400, "cos.credentials")];
    let length = ("Content-Length", "300");
    let mut script: Vec<_> =
        statuses.iter().map(|(status, _)| Reply::Answer(answer(*status, &[length], b""))).collect();
    script.push(Reply::Answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec()));
    let server = Server::start(script);
    let session = session(&server);
    for (status, code) in statuses {
        let error = session.head(&place(), &key("a.jpg"), None).await.unwrap_err();
        assert_eq!(error.code(), code, "{status}: {error}");
    }
    let endless = session.head(&place(), &key("a.jpg"), None).await.unwrap_err();
    assert_eq!(endless.code(), "cos.protocol", "{endless}");
}

#[tokio::test]
async fn an_endless_error_document_is_cut_and_its_status_kept() {
    let huge = document("AccessDenied", &"x".repeat(200_000));
    let server = Server::start([
        Reply::AnswerAndClose(answer(403, &[], &huge)),
        Reply::Hang(answer(403, &[("Content-Length", "500")], b"<Error><Code>Acc")),
    ]);
    let session = session(&server);
    for _ in 0..2 {
        assert_eq!(get(&session, "a.jpg").await.unwrap_err().code(), "cos.denied");
    }
    assert_eq!(server.take_seen().len(), 2);
}

#[tokio::test]
async fn a_wrong_clock_is_set_by_the_date_of_cos_and_stays_set() {
    let date = httpdate::fmt_http_date(SystemTime::now() - Duration::from_secs(7200));
    let skewed = |code, message| Reply::Answer(answer(403, &[("Date", &date)], &document(code, message)));
    let server = Server::start([skewed("AccessDenied", "Request has expired"), ok(b"x"), ok(b"x")]);
    let session = session(&server);
    get(&session, "a.jpg").await.unwrap();
    get(&session, "a.jpg").await.unwrap();
    let start = |seen: &Seen| -> i64 {
        let authorization = seen.header("authorization").unwrap();
        let (_, time) = authorization.split_once("q-sign-time=").unwrap();
        time.split_once(';').unwrap().0.parse().unwrap()
    };
    let seen = server.take_seen();
    seen.iter().for_each(assert_signed);
    for corrected in &seen[1..] {
        assert!((start(corrected) - start(&seen[0]) + 7200).abs() <= 5);
    }

    let server = Server::start([0, 1, 2].map(|_| skewed("RequestTimeTooSkewed", "")));
    assert_eq!(get(&super::session(&server), "a.jpg").await.unwrap_err().code(), "cos.clock");
    assert_eq!(server.take_seen().len(), 2, "one correction a request");
}

#[tokio::test]
async fn a_denial_with_a_right_clock_is_not_tried_again() {
    let date = httpdate::fmt_http_date(SystemTime::now());
    let server = Server::start([Reply::Answer(answer(403, &[("Date", &date)], b""))]);
    assert_eq!(session(&server).head(&place(), &key("a"), None).await.unwrap_err().code(), "cos.denied");
    assert_eq!(server.take_seen().len(), 1);
}

#[tokio::test]
async fn a_foreign_redirect_switches_to_the_other_domain_once() {
    let elsewhere = [("Location", "http://elsewhere.example/")];
    let server = Server::start([Reply::Answer(foreign_answer(302, &elsewhere)), ok(b"x")]);
    assert_eq!(get(&session(&server), "a.jpg").await.unwrap(), b"x");
    let seen = server.take_seen();
    assert_eq!(seen[1].header("host"), Some("photos-1250000000.cos.ap-guangzhou.tencentcos.cn"));
    assert_signed(&seen[1]);

    let server = Server::start([
        Reply::Answer(foreign_answer(302, &elsewhere)),
        Reply::Answer(answer(301, &elsewhere, &document("PermanentRedirect", "wrong region"))),
    ]);
    let error = get(&session(&server), "a.jpg").await.unwrap_err();
    assert_eq!((error.code(), error.is_transient()), ("cos.redirected", false));
    let text = error.to_string();
    assert!(text.contains("ap-guangzhou") && text.contains("http://elsewhere.example/"), "{text}");
    assert_eq!(server.take_seen().len(), 2);
}

#[tokio::test]
async fn the_last_attempt_after_silence_goes_to_the_other_domain() {
    let server =
        Server::start([Reply::Close, Reply::Close, Reply::Answer(foreign_answer(502, &[])), ok(b"x")]);
    get(&session(&server), "a.jpg").await.unwrap();
    let hosts: Vec<_> =
        server.take_seen().iter().map(|seen| seen.header("host").unwrap().to_owned()).collect();
    assert_eq!(hosts[..3], [HOST, HOST, HOST]);
    assert_eq!(hosts[3], "photos-1250000000.cos.ap-guangzhou.tencentcos.cn");
}
