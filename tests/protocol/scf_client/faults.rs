//! Lost and foreign answers, a wrong clock, and keys that must not be printed.

use std::net::TcpListener;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cos_thumbnailer::object::Endpoint;
use serde_json::json;

use super::{ID, SECRET, TOKEN, client, response, result, signed, start, thumbnails};
use crate::cos_client::server::{Reply, answer};

#[tokio::test]
async fn a_lost_answer_may_hide_a_run() {
    let cut = || answer(200, &[("Content-Length", "100")], b"{\"Resp");
    let script = [
        (Reply::Close, "scf.network"),
        (Reply::AnswerAndClose(cut()), "scf.network"),
        (Reply::Answer(answer(502, &[], b"<html>bad gateway</html>")), "scf.unavailable"),
        (Reply::Answer(answer(200, &[], b"<html>a portal</html>")), "scf.protocol"),
        (response(&json!({"RequestId": "api-id"})), "scf.protocol"),
    ];
    let (replies, codes): (Vec<_>, Vec<_>) = script.into_iter().unzip();
    let (server, client) = start(replies);
    for code in codes {
        let error = client.invoke(&thumbnails(), "{}").await.unwrap_err();
        assert_eq!(
            (error.code(), error.may_have_run(), error.is_permanent()),
            (code, true, false),
            "{error}"
        );
    }
    assert_eq!(server.take_requests().len(), 5, "nothing is sent twice");
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_may_hide_a_run() {
    let script = || [Reply::Hang(Vec::new()), Reply::Hang(answer(200, &[("Content-Length", "9")], b"{"))];
    let (_server, client) = start(script());
    let client = client.with_timeout(Duration::from_millis(200));
    for _ in script() {
        let error = client.invoke(&thumbnails(), "{}").await.unwrap_err();
        assert_eq!((error.code(), error.may_have_run()), ("scf.timeout", true), "{error}");
    }
}

#[tokio::test]
async fn a_refused_connection_hides_no_run() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let endpoint = Endpoint::parse(&format!("http://{free}")).unwrap();
    let error = client(&endpoint).invoke(&thumbnails(), "{}").await.unwrap_err();
    assert_eq!((error.code(), error.may_have_run(), error.is_permanent()), ("scf.network", false, false));
    assert!(error.to_string().starts_with("InvokeFunction of thumbnails in ap-guangzhou got no answer"));
}

/// A refusal because of the clock, with the time of the server.
fn expired(ahead: i64) -> Reply {
    let body = json!({"Response": {
        "Error": {"Code": "AuthFailure.SignatureExpire", "Message": "The signature is expired."},
        "RequestId": "api-id"
    }});
    Reply::Answer(answer(200, &[("Date", &date(ahead))], body.to_string().as_bytes()))
}

fn date(ahead: i64) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(now().checked_add_signed(ahead).unwrap()))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[tokio::test]
async fn a_wrong_clock_is_corrected_once_and_remembered() {
    for ahead in [7200, -7200] {
        let done = || result(&json!({"RetMsg": "done"}));
        let (server, client) = start([expired(ahead), done(), done()]);
        for _ in 0..2 {
            assert_eq!(client.invoke(&thumbnails(), "{}").await.unwrap().response, "done");
        }
        let requests = server.take_requests();
        let ahead_of_us =
            |at: usize| i64::try_from(signed(&requests[at]).1).unwrap() - i64::try_from(now()).unwrap();
        assert_eq!(requests.len(), 3);
        assert!(ahead_of_us(0).abs() < 10);
        for at in [1, 2] {
            assert!((ahead_of_us(at) - ahead).abs() < 10, "{}", ahead_of_us(at));
        }
    }
}

#[tokio::test]
async fn a_clock_that_cannot_be_corrected_is_an_error() {
    // Nothing to correct: the time of the server is ours. Then a server that is not content with its own time.
    let (server, client) = start([expired(0), expired(7200), expired(7200)]);
    for requests in [1, 2] {
        let error = client.invoke(&thumbnails(), "{}").await.unwrap_err();
        assert_eq!((error.code(), error.is_permanent()), ("scf.clock", true), "{error}");
        assert_eq!(server.take_requests().len(), requests);
    }
}

#[tokio::test]
async fn keys_are_never_printed() {
    let told = format!("id {ID} key {SECRET} token {TOKEN} signature");
    let refused =
        json!({"Error": {"Code": "AuthFailure.SignatureFailure", "Message": told}, "RequestId": told});
    let failed = json!({"InvokeResult": 400, "ErrMsg": told});
    let (_server, client) = start([response(&refused), Reply::Close, result(&failed)]);
    let mut printed = vec![format!("{client:?}")];
    for _ in 0..2 {
        let error = client.invoke(&thumbnails(), "{}").await.unwrap_err();
        printed.push(format!("{error} {error:?}"));
    }
    printed.push(client.invoke(&thumbnails(), "{}").await.unwrap().error);
    assert!(printed[1].contains("id ****** key ****** token ****** signature"), "{}", printed[1]);
    for text in printed {
        assert!(![ID, SECRET, TOKEN].iter().any(|secret| text.contains(secret)), "{text}");
    }
}

#[tokio::test]
async fn hundreds_of_calls_are_on_their_way_at_once() {
    const CALLS: usize = 300;
    let done = || result(&json!({"RetMsg": "done"}));
    let (server, client) = start((0..CALLS).map(|_| done()));
    let name = thumbnails();
    let runs = futures_util::future::join_all((0..CALLS).map(|_| client.invoke(&name, "{}"))).await;
    assert!(runs.into_iter().all(|run| run.is_ok_and(|run| run.response == "done")));
    assert_eq!(server.take_requests().len(), CALLS);
}
