//! A COS that fails.

use std::time::Duration;

use scf_local::{Fault, FaultKind, Outcome};

use crate::world::{TARGET, Wishes, World, jpeg_of, photo, size_of, small_jpeg};

fn unavailable() -> FaultKind {
    FaultKind::Status { status: 503, code: "ServiceUnavailable".to_owned() }
}

#[tokio::test]
async fn a_cos_that_fails_twice_and_then_works() {
    let world = World::new().await;
    world.cos.fail(Fault::new(unavailable()).method("GET").times(2));
    world.cos.fail(Fault::new(FaultKind::Reset).method("PUT").times(2));
    let outcome = world.thumbnail_of("a.jpg", photo()).await.stored();
    assert_eq!((&outcome["requests"], &outcome["retries"]), (&8.into(), &4.into()));
}

#[tokio::test]
async fn a_download_that_breaks_off_is_resumed_and_not_taken_for_a_damaged_picture() {
    let world = World::new().await;
    let table = [
        FaultKind::Truncate(100_000),
        FaultKind::Truncate(0),
        FaultKind::Truncate(449_747),
        FaultKind::LostAnswer,
    ];
    for (number, kind) in table.into_iter().enumerate() {
        world.cos.fail(Fault::new(kind.clone()).method("GET").times(1));
        let key = format!("{number}.jpg");
        world.thumbnail_of(&key, photo()).await.stored();
        if number == 0 {
            world.thumbnail_of("whole.jpg", photo()).await.stored();
        }
        assert_eq!(world.stored(&key).bytes, world.stored("whole.jpg").bytes, "{kind:?}");
    }
}

#[tokio::test]
async fn a_source_that_changes_while_it_is_read_is_read_anew() {
    let world = World::new().await;
    let message = world.upload("a.jpg", photo()).await;
    // The download breaks off, and is not resumed before the object has changed.
    world.cos.fail(Fault::new(FaultKind::Truncate(100_000)).method("GET").times(1));
    world.cos.fail(Fault::new(unavailable()).method("GET").times(2));
    let change = async {
        while world.requests().len() < 2 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        world.cos.put(crate::world::SOURCE, "a.jpg", jpeg_of(600, 600), &[]).await
    };
    let (told, changed) = tokio::join!(world.invoke(&message), change);
    assert_eq!(told.stored()["source"]["width"], 600);
    assert_eq!(format!("\"{}\"", world.stored("a.jpg").headers["x-cos-meta-thumbnail-etag"]), changed.etag);
    let statuses: Vec<u16> = world.requests().into_iter().map(|(_, status)| status).collect();
    assert_eq!(
        statuses,
        [404, 200, 503, 503, 412, 200, 200, 200],
        "no thumbnail, broken off, busy twice, changed, read anew, stored, still the same"
    );
}

#[tokio::test]
async fn a_cos_that_is_down_is_tried_again_later() {
    let world =
        World::with(Wishes { endpoint: Some("http://127.0.0.1:1".to_owned()), ..Wishes::default() }).await;
    let told = world.thumbnail_of("a.jpg", small_jpeg()).await;
    assert!(told.error().contains("cos.network"), "{}", told.error());
    assert!(told.error().contains("example-1250000000/a.jpg"), "{}", told.error());
}

#[tokio::test]
async fn a_denied_request_names_the_right_that_is_missing() {
    let world = World::new().await;
    let denied = FaultKind::Status { status: 403, code: "AccessDenied".to_owned() };
    world.cos.fail(Fault::new(denied).method("PUT").times(9));
    let outcome = world.thumbnail_of("a.jpg", small_jpeg()).await.outcome();
    assert_eq!((&outcome["code"], &outcome["kind"]), (&"cos.denied".into(), &"permanent".into()));
    assert!(outcome["reason"].as_str().unwrap().contains("name/cos:PutObject"), "{outcome:#}");
}

#[tokio::test]
async fn expired_credentials_end_the_process_so_that_a_fresh_one_tries_again() {
    let world = World::new().await;
    let message = world.upload("a.jpg", small_jpeg()).await;
    world.cos.fail(Fault::new(FaultKind::ExpiredToken).times(1));
    let answers = world.scf.deliver(&message.to_string()).await;
    let Outcome::Error(sentence) = &answers[0].outcome else { panic!("{:?}", answers[0].outcome) };
    assert!(sentence.contains("cos.credentials"), "{sentence}");
    assert!(answers[1].outcome.is_success(), "{:?}", answers[1].outcome);
    assert_eq!(world.scf.starts(), 2);
}

#[tokio::test]
async fn session_tokens_are_sent_and_signed() {
    let token = Some("a-temporary-token".to_owned());
    let world = World::with(Wishes { session_token: token, ..Wishes::default() }).await;
    let told = world.thumbnail_of("a.jpg", small_jpeg()).await;
    told.stored();
    assert!(!told.0.log.concat().contains("temporary-token"));
}

#[tokio::test]
async fn the_time_limit_is_answered_before_the_platform_ends_the_process() {
    let wishes = Wishes { time_limit: Duration::from_secs(2), ..Wishes::default() }
        .setting("THUMBNAILS", "a=100x100;b=80x80;c=60x60");
    let world = World::with(wishes).await;
    let message = world.upload("x.jpg", small_jpeg()).await;
    world.cos.fail(Fault::new(FaultKind::Stall).method("PUT").key_contains("c/").times(9));
    let told = world.invoke(&message).await;
    assert!(told.error().contains("deadline: 2 of 3 thumbnails stored"), "{}", told.error());
    assert_eq!(world.cos.keys(TARGET), ["a/x.jpg", "b/x.jpg"]);
    assert!(told.0.elapsed < Duration::from_secs(2), "{:?}", told.0.elapsed);
    world.cos.clear_faults();
    assert!(world.invoke(&message).await.0.outcome.is_success());
    assert_eq!(world.scf.starts(), 1, "the process lives on");
}

#[tokio::test]
async fn a_source_that_stalls_meets_the_deadline_as_well() {
    let world = World::with(Wishes { time_limit: Duration::from_secs(2), ..Wishes::default() }).await;
    world.cos.fail(Fault::new(FaultKind::StallAfter(50_000)).method("GET").times(9));
    let told = world.thumbnail_of("a.jpg", photo()).await;
    assert!(told.error().contains("deadline: 0 of 1"), "{}", told.error());
    world.cos.clear_faults();
    world.thumbnail_of("b.jpg", photo()).await.stored();
}

#[tokio::test]
async fn connections_that_died_while_the_instance_was_frozen_cost_a_reconnect() {
    let world = World::with(Wishes { freeze: true, ..Wishes::default() }).await;
    // Every connection that the next event finds in the pool is dead.
    world.cos.fail(Fault::new(FaultKind::CloseAfterAnswer).times(99));
    for number in 0..10 {
        world.thumbnail_of(&format!("{number}.jpg"), small_jpeg()).await.stored();
    }
    assert_eq!(size_of(&world.stored("9.jpg").bytes), (64, 48));
    assert_eq!(world.scf.starts(), 1);
}
