//! Behaviour of the platform: the runtime API, frozen instances, panics.

mod slow_formats;

use std::time::Duration;

use cos_thumbnailer::runtime::{Api, InvocationResult, serve, signal_ready};
use scf_local::{HeaderCase, Outcome};

use crate::setup::{Options, Response, SOURCE, Setup, small_jpeg};

#[tokio::test]
async fn runtime_headers_are_read_in_either_case() {
    for header_case in [HeaderCase::Lower, HeaderCase::Mixed] {
        let setup = Setup::with(Options { header_case, memory_mb: 128, ..Options::default() }).await;
        let response = setup.thumbnail_of("a.jpg", small_jpeg()).await;
        response.stored();
        assert_eq!(response.log()[0]["request_id"], response.0.request_id.as_str());
    }
}

#[tokio::test]
async fn message_that_is_no_cos_event_is_answered_with_the_reason() {
    let setup = Setup::new().await;
    for (message, word) in [
        ("hello", "not JSON"),
        ("{}", "Records"),
        (r#"{"Records":7}"#, "Records"),
        (r#"{"Records":[]}"#, "empty"),
    ] {
        let answer = setup.scf.invoke(message).await;
        let Outcome::Response(text) = answer.outcome else { panic!("{message}: {:?}", answer.outcome) };
        assert!(text.contains(word) && text.contains("event.not_cos"), "{text}");
    }
}

#[tokio::test]
async fn frozen_instance_goes_on_in_the_same_process() {
    let setup = Setup::new().await;
    setup.thumbnail_of("a.jpg", small_jpeg()).await.stored();
    let process = setup.scf.process_id().unwrap().to_string();
    let signal = |name: &str| {
        let status = std::process::Command::new("kill").args([name, &process]).status().unwrap();
        assert!(status.success());
    };
    signal("-STOP");
    tokio::time::sleep(Duration::from_millis(300)).await;
    signal("-CONT");
    setup.thumbnail_of("b.jpg", small_jpeg()).await.stored();
    assert_eq!(setup.scf.starts(), 1);
}

/// Runs the loop with a handler that panics. No input is known on which the real handler does.
#[tokio::test]
async fn panic_is_reported_and_the_next_event_is_served() {
    let setup = Setup::new().await;
    let endpoint = setup.scf.endpoint();
    let (host, port) = endpoint.trim_start_matches("http://").rsplit_once(':').unwrap();
    // The process of the instance is stopped, so that this loop gets the events.
    let process = setup.scf.process_id().unwrap().to_string();
    std::process::Command::new("kill").args(["-STOP", &process]).status().unwrap();
    let api = Api::new(host, port).unwrap();
    let handler = |_, message: bytes::Bytes| async move {
        if message.as_ref() == b"1" {
            panic!("row {} is missing", 7);
        }
        InvocationResult::Response("fine".to_owned())
    };
    let events = async {
        let first = setup.scf.invoke("1").await.outcome;
        let Outcome::Error(sentence) = first else { panic!("{first:?}") };
        assert!(sentence.contains("panicked: row 7 is missing"), "{sentence}");
        assert_eq!(setup.scf.invoke("2").await.outcome, Outcome::Response("fine".to_owned()));
    };
    let served = async {
        // The stopped process may not have signalled that it is ready.
        signal_ready(&api).await;
        serve(&api, handler).await;
    };
    tokio::select! {
        () = served => panic!("the loop ended"),
        () = events => {}
    }
}

#[tokio::test]
async fn start_outside_the_platform_tells_what_to_run_instead() {
    let output =
        std::process::Command::new(env!("CARGO_BIN_EXE_cos-thumbnailer")).env_clear().output().unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("SCF_RUNTIME_API") && text.contains("scripts/invoke"), "{text}");
}

/// The first event enlarges a small image to 81 megapixels. The resampler does not hear of its cancellation.
#[tokio::test]
async fn image_past_its_time_limit_does_not_delay_the_next_event() {
    let rules = r#"{"rules": [
        {"source": {"prefix": "huge/"},
         "thumbnails": "a=9000x9000/enlarge/always;b=8500x8500/enlarge/always;c=8000x8000/enlarge/always"},
        {"source": {"prefix": "small/"}, "thumbnails": "32x32"}
    ]}"#;
    let options = Options {
        memory_mb: 2048,
        time_limit: Duration::from_secs(1),
        rules: Some(rules),
        ..Options::default()
    };
    let setup = Setup::with(options).await;
    let late = setup.thumbnail_of("huge/a.jpg", small_jpeg()).await;
    assert!(late.error().contains("deadline"), "{}", late.error());
    setup.thumbnail_of("small/b.jpg", small_jpeg()).await.stored();
}

#[tokio::test]
async fn events_sent_by_mistake_are_answered_with_what_they_are() {
    let setup = Setup::new().await;
    setup.cos.put(SOURCE, "photos/lake.jpg", small_jpeg(), &[]).await;
    let table = [
        ("bare-key", "stored", "was taken as it is"),
        ("bom", "unchanged", "byte order mark"),
        ("bucket-upper", "event.record", "upper-case letters"),
        ("empty-records", "event.not_cos", "Records list of the event is empty"),
        ("half-appid", "event.record", "contradicts itself"),
        ("no-records", "event.not_cos", "one record of COS without its list"),
        ("other-appid", "cos.not_found", "app id 1259999999 and the function to 1250000000"),
        ("region", "unchanged", "ap-nowhere, which COS does not have"),
        ("s3-event", "event.not_cos", "a record of Amazon S3"),
        ("trailing-comma", "event.not_cos", "trailing comma at line 1 column 16"),
    ];
    for (file, expected, words) in table {
        let message = std::fs::read_to_string(format!("tests/data/faults/use/{file}.json")).unwrap();
        let response = Response(setup.scf.invoke(&message).await);
        let outcome = response.outcome();
        let code = outcome.get("code").unwrap_or_else(|| &outcome["outcome"]);
        assert_eq!(code, expected, "{file}: {outcome:#}");
        let told =
            [&outcome["reason"], &outcome["note"]].map(|text| text.as_str().unwrap_or_default()).join(" ");
        assert!(told.contains(words), "{file}: {outcome:#}");
        assert_eq!(response.log().len(), 1, "{file}");
    }
}

#[tokio::test]
async fn process_runs_with_the_settings_of_a_small_heap() {
    let setup = Setup::new().await;
    setup.thumbnail_of("a.jpg", small_jpeg()).await.stored();
    let process = setup.scf.process_id().unwrap();
    let environment = std::fs::read_to_string(format!("/proc/{process}/environ")).unwrap();
    for setting in ["MALLOC_ARENA_MAX=1", "GLIBC_TUNABLES=glibc.malloc.tcache_count=0"] {
        assert!(environment.split('\0').any(|variable| variable == setting), "{setting}: {environment}");
    }
}
