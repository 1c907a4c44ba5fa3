//! Faults of COS and of connections: requests, sentences and log. `tests/faults` has the outcome of every fault.

use std::time::Duration;

use scf_local::{Fault, FaultKind};

use crate::setup::{Options, Setup, TARGET, jpeg_of, photo, size_of, small_jpeg};

fn unavailable() -> FaultKind {
    FaultKind::Status { status: 503, code: "ServiceUnavailable".to_owned() }
}

#[tokio::test]
async fn requests_are_retried_until_cos_answers() {
    let setup = Setup::new().await;
    setup.cos.fail(Fault::new(unavailable()).method("GET").times(2));
    setup.cos.fail(Fault::new(FaultKind::Reset).method("PUT").times(2));
    let outcome = setup.thumbnail_of("a.jpg", photo()).await.stored();
    assert_eq!((&outcome["requests"], &outcome["retries"]), (&8.into(), &4.into()));
}

#[tokio::test]
async fn source_that_changes_during_its_download_is_downloaded_again() {
    let setup = Setup::new().await;
    let message = setup.upload("a.jpg", photo()).await;
    // The download breaks off, and COS refuses to resume it until the object has changed.
    setup.cos.fail(Fault::new(FaultKind::Truncate(100_000)).method("GET").times(1));
    setup.cos.fail(Fault::new(unavailable()).method("GET").times(2));
    let change = async {
        while setup.requests().len() < 2 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        setup.cos.put(crate::setup::SOURCE, "a.jpg", jpeg_of(600, 600), &[]).await
    };
    let (response, changed) = tokio::join!(setup.invoke(&message), change);
    assert_eq!(response.stored()["source"]["width"], 600);
    assert_eq!(format!("\"{}\"", setup.stored("a.jpg").headers["x-cos-meta-thumbnail-etag"]), changed.etag);
    let statuses: Vec<u16> = setup.requests().into_iter().map(|(_, status)| status).collect();
    assert_eq!(
        statuses,
        [404, 200, 503, 503, 412, 200, 200, 200],
        "no thumbnail, broken off, busy twice, changed, downloaded again, stored, still the same"
    );
}

#[tokio::test]
async fn unreachable_cos_is_an_error_that_the_platform_retries() {
    let setup =
        Setup::with(Options { endpoint: Some("http://127.0.0.1:1".to_owned()), ..Options::default() }).await;
    let response = setup.thumbnail_of("a.jpg", small_jpeg()).await;
    assert!(response.error().contains("cos.network"), "{}", response.error());
    assert!(response.error().contains("example-1250000000/a.jpg"), "{}", response.error());
}

#[tokio::test]
async fn denied_request_names_the_missing_right() {
    let setup = Setup::new().await;
    let denied = FaultKind::Status { status: 403, code: "AccessDenied".to_owned() };
    setup.cos.fail(Fault::new(denied).method("PUT").times(9));
    let outcome = setup.thumbnail_of("a.jpg", small_jpeg()).await.outcome();
    assert_eq!((&outcome["code"], &outcome["kind"]), (&"cos.denied".into(), &"permanent".into()));
    assert!(outcome["reason"].as_str().unwrap().contains("name/cos:PutObject"), "{outcome:#}");
}

#[tokio::test]
async fn session_tokens_are_sent_and_signed() {
    let token = Some("a-temporary-token".to_owned());
    let setup = Setup::with(Options { session_token: token, ..Options::default() }).await;
    let response = setup.thumbnail_of("a.jpg", small_jpeg()).await;
    response.stored();
    assert!(!response.0.log.concat().contains("temporary-token"));
}

#[tokio::test]
async fn deadline_is_reported_before_the_platform_ends_the_process() {
    let options = Options { time_limit: Duration::from_secs(2), ..Options::default() }
        .setting("THUMBNAILS", "a=100x100;b=80x80;c=60x60");
    let setup = Setup::with(options).await;
    let message = setup.upload("x.jpg", small_jpeg()).await;
    setup.cos.fail(Fault::new(FaultKind::Stall).method("PUT").key_contains("c/").times(9));
    let response = setup.invoke(&message).await;
    assert!(response.error().contains("deadline: 2 of 3 thumbnails stored"), "{}", response.error());
    assert_eq!(setup.cos.keys(TARGET), ["a/x.jpg", "b/x.jpg"]);
    assert!(response.0.elapsed < Duration::from_secs(2), "{:?}", response.0.elapsed);
    setup.cos.clear_faults();
    assert!(setup.invoke(&message).await.0.outcome.is_success());
    assert_eq!(setup.scf.starts(), 1, "the process goes on");
}

#[tokio::test]
async fn connections_closed_while_the_instance_was_frozen_cost_a_reconnect() {
    let setup = Setup::with(Options { freeze: true, ..Options::default() }).await;
    // COS closes every connection while it is idle in the pool.
    setup.cos.fail(Fault::new(FaultKind::CloseAfterAnswer).times(99));
    for number in 0..10 {
        setup.thumbnail_of(&format!("{number}.jpg"), small_jpeg()).await.stored();
    }
    assert_eq!(size_of(&setup.stored("9.jpg").bytes), (64, 48));
    assert_eq!(setup.scf.starts(), 1);
}

#[tokio::test]
async fn denials_with_a_cause_of_their_own_do_not_ask_for_a_right() {
    let setup = Setup::new().await;
    let table = [
        ("GET", 403, "KmsKeyDisabled", "cos.encryption", "enable it in the KMS console"),
        ("GET", 451, "UnavailableForLegalReasons", "cos.blocked", "look at the notices of the account"),
        ("GET", 402, "PaymentRequired", "cos.account", "top it up, and send the events again"),
        ("PUT", 403, "ObjectLocked", "cos.locked", "wait for the end of its retention"),
    ];
    for (number, (method, status, code, expected, remedy)) in table.into_iter().enumerate() {
        let fault = FaultKind::Status { status, code: code.to_owned() };
        setup.cos.fail(Fault::new(fault).method(method).times(1));
        let outcome = setup.thumbnail_of(&format!("{number}.jpg"), small_jpeg()).await.outcome();
        assert_eq!(
            (&outcome["code"], &outcome["kind"]),
            (&expected.into(), &"permanent".into()),
            "{outcome:#}"
        );
        let reason = outcome["reason"].as_str().unwrap();
        assert!(reason.contains(remedy) && !reason.contains("grant name/cos:"), "{reason}");
        setup.cos.clear_faults();
    }
}
