//! The runtime API as it may behave.

use std::time::Duration;

use cos_thumbnailer::runtime::{Api, InvocationResult, serve, signal_ready};
use scf_local::{HeaderCase, Outcome, RuntimeFault};
use serde_json::json;

use crate::world::{Wishes, World, size_of, small_jpeg};

#[tokio::test]
async fn headers_are_understood_in_either_case() {
    for header_case in [HeaderCase::Lower, HeaderCase::Mixed] {
        let world = World::with(Wishes { header_case, memory_mb: 128, ..Wishes::default() }).await;
        let told = world.thumbnail_of("a.jpg", small_jpeg()).await;
        told.stored();
        assert_eq!(told.log()[0]["request_id"], told.0.request_id.as_str());
    }
}

#[tokio::test]
async fn a_runtime_api_that_goes_away_is_waited_for() {
    let world = World::new().await;
    world.thumbnail_of("a.jpg", small_jpeg()).await.stored();
    world.scf.refuse_connections(Duration::from_millis(700)).await;
    world.thumbnail_of("b.jpg", small_jpeg()).await.stored();
    let faults =
        [("c", RuntimeFault::Reset { times: 2 }), ("d", RuntimeFault::Status { status: 500, times: 2 })];
    for (key, fault) in faults {
        world.scf.fail(fault);
        // An event whose answer did not arrive is given out again.
        let outcome = world.thumbnail_of(key, small_jpeg()).await.outcome()["outcome"].clone();
        assert!(outcome == "stored" || outcome == "unchanged", "{outcome}");
        assert_eq!(size_of(&world.stored(key).bytes), (64, 48));
    }
    assert_eq!(world.scf.starts(), 1);
}

#[tokio::test]
async fn what_is_no_cos_event_is_answered_in_a_sentence() {
    let world = World::new().await;
    for (message, word) in [("hello", "not JSON"), ("{}", "Records"), (r#"{"Records":7}"#, "Records")] {
        let answer = world.scf.invoke(message).await;
        let Outcome::Response(text) = answer.outcome else { panic!("{message}: {:?}", answer.outcome) };
        assert!(text.contains(word) && text.contains("event.not_cos"), "{text}");
    }
    let told = world.invoke(&json!({"Records": []})).await;
    assert!(told.outcomes().is_empty());
}

#[tokio::test]
async fn a_frozen_instance_goes_on_where_it_was() {
    let world = World::new().await;
    world.thumbnail_of("a.jpg", small_jpeg()).await.stored();
    let process = world.scf.process_id().unwrap().to_string();
    let signal = |name: &str| {
        let status = std::process::Command::new("kill").args([name, &process]).status().unwrap();
        assert!(status.success());
    };
    signal("-STOP");
    tokio::time::sleep(Duration::from_millis(300)).await;
    signal("-CONT");
    world.thumbnail_of("b.jpg", small_jpeg()).await.stored();
    assert_eq!(world.scf.starts(), 1);
}

/// The loop itself, with a handler that panics: no input is known that makes the real one do so.
#[tokio::test]
async fn a_panic_is_answered_and_the_next_event_is_served() {
    let world = World::new().await;
    let endpoint = world.scf.endpoint();
    let (host, port) = endpoint.trim_start_matches("http://").rsplit_once(':').unwrap();
    // The instance's own process takes no events while it is stopped.
    let process = world.scf.process_id().unwrap().to_string();
    std::process::Command::new("kill").args(["-STOP", &process]).status().unwrap();
    let api = Api::new(host, port).unwrap();
    let handler = |_, message: bytes::Bytes| async move {
        if message.as_ref() == b"1" {
            panic!("row {} is missing", 7);
        }
        InvocationResult::Response("fine".to_owned())
    };
    let events = async {
        let first = world.scf.invoke("1").await.outcome;
        let Outcome::Error(sentence) = first else { panic!("{first:?}") };
        assert!(sentence.contains("panicked: row 7 is missing"), "{sentence}");
        assert_eq!(world.scf.invoke("2").await.outcome, Outcome::Response("fine".to_owned()));
    };
    let served = async {
        // The process may have been stopped before it did.
        signal_ready(&api).await;
        serve(&api, handler).await;
    };
    tokio::select! {
        () = served => panic!("the loop ended"),
        () = events => {}
    }
}

#[tokio::test]
async fn outside_the_platform_it_says_what_to_do_instead() {
    let output =
        std::process::Command::new(env!("CARGO_BIN_EXE_cos-thumbnailer")).env_clear().output().unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("SCF_RUNTIME_API") && text.contains("scripts/invoke"), "{text}");
}
