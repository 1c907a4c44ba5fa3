//! The runtime API and the supervision of the process, with a function whose events name its behaviour.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use scf_local::{HeaderCase, Outcome, RuntimeFault, Scf, ScfOptions};

fn options() -> ScfOptions {
    ScfOptions {
        program: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/bootstrap.py"),
        time_limit: Duration::from_secs(10),
        ..ScfOptions::default()
    }
}

async fn start(change: impl FnOnce(&mut ScfOptions)) -> Scf {
    let mut options = options();
    change(&mut options);
    Scf::start(options).await.unwrap()
}

fn action(name: &str) -> String {
    serde_json::json!({ "do": name }).to_string()
}

#[tokio::test]
async fn an_invocation_has_log_and_measurements() {
    let scf = start(|_| {}).await;
    let first = scf.invoke(&action("answer")).await;
    assert!(first.outcome.is_success(), "{first:?}");
    assert_eq!(first.log, ["starting", "to standard output", "to standard error"]);
    assert!(first.peak_rss.unwrap() > 1 << 20);
    let second = scf.invoke(&action("answer")).await;
    assert_eq!(second.log, ["to standard output", "to standard error"]);
    assert_ne!(first.request_id, second.request_id);
    assert_eq!(scf.starts(), 1);
    scf.stop().await;
}

#[tokio::test]
async fn the_three_headers_have_either_case() {
    for (case, names) in [
        (HeaderCase::Lower, ["request_id", "memory_limit_in_mb", "time_limit_in_ms"]),
        (HeaderCase::Mixed, ["Request_Id", "Memory_Limit_In_Mb", "Time_Limit_In_Ms"]),
    ] {
        let scf = start(|options| {
            options.header_case = case;
            options.memory_mb = 512;
        })
        .await;
        let invocation = scf.invoke(&action("answer")).await;
        let Outcome::Response(text) = &invocation.outcome else { panic!("{invocation:?}") };
        let headers: serde_json::Value = serde_json::from_str(text).unwrap();
        let values = names.map(|name| headers[name].as_str().unwrap_or("missing").to_owned());
        assert_eq!(values, [invocation.request_id.as_str(), "512", "10000"]);
    }
}

#[tokio::test]
async fn an_event_is_returned_until_its_first_outcome_which_counts() {
    let scf = start(|_| {}).await;
    let invocation = scf.invoke(&action("fetch again")).await;
    let Outcome::Response(text) = &invocation.outcome else { panic!("{invocation:?}") };
    let fetched: Vec<serde_json::Value> = serde_json::from_str(text).unwrap();
    assert_eq!(fetched[0]["request_id"], fetched[1]["request_id"]);
    assert_eq!(scf.invoke(&action("twice")).await.outcome, Outcome::Response("first".to_owned()));
    assert_eq!(scf.invoke(&action("error")).await.outcome, Outcome::Error("it went wrong".to_owned()));
    assert_eq!(scf.invoke(&action("large")).await.outcome, Outcome::ResponseTooLarge);
    assert_eq!(scf.starts(), 1);
}

#[tokio::test]
async fn a_process_that_ends_is_reported_and_replaced() {
    let scf = start(|_| {}).await;
    let invocation = scf.invoke(&action("exit")).await;
    assert_eq!(invocation.outcome, Outcome::Exited { code: Some(7) });
    assert_eq!(
        (invocation.outcome.status(), invocation.log.last().map(String::as_str)),
        (439, Some("leaving"))
    );
    let before = scf.process_id();
    assert!(scf.invoke(&action("answer")).await.outcome.is_success());
    assert_eq!(scf.starts(), 2);
    assert_ne!(scf.process_id(), before);
}

#[tokio::test]
async fn an_event_that_an_exiting_process_did_not_fetch_goes_to_a_new_one() {
    let scf = start(|_| {}).await;
    for _ in 0..3 {
        assert_eq!(scf.invoke(&action("answer and leave")).await.outcome.status(), 430);
        assert!(scf.invoke(&action("answer")).await.outcome.is_success());
    }
    assert_eq!(scf.starts(), 4);
}

#[tokio::test]
async fn the_process_can_be_frozen_between_invocations() {
    let scf = start(|options| options.freeze = true).await;
    for _ in 0..3 {
        assert!(scf.invoke(&action("answer")).await.outcome.is_success());
        let id = scf.process_id().unwrap();
        let stopped = (0..200).any(|_| {
            std::thread::sleep(Duration::from_millis(5));
            std::fs::read_to_string(format!("/proc/{id}/status")).unwrap().contains("State:\tT")
        });
        assert!(stopped);
    }
    assert_eq!(scf.starts(), 1);
}

#[tokio::test]
async fn a_cancelled_invocation_does_not_affect_the_next() {
    let scf = start(|_| {}).await;
    // Waits until the process is ready.
    assert!(scf.invoke(&action("answer")).await.outcome.is_success());
    let given_up = tokio::time::timeout(Duration::from_millis(300), scf.invoke(&action("sleep"))).await;
    assert!(given_up.is_err());
    assert!(scf.invoke(&action("answer")).await.outcome.is_success());
    assert_eq!(scf.starts(), 2);
}

#[tokio::test]
async fn limits_end_the_process() {
    let scf = start(|options| options.time_limit = Duration::from_millis(300)).await;
    let invocation = scf.invoke(&action("sleep")).await;
    assert_eq!(invocation.outcome, Outcome::TimedOut);
    assert!(!running(scf.process_id()));
    let scf = start(|options| {
        options.memory_mb = 128;
        options.enforce_memory = true;
    })
    .await;
    assert_eq!(scf.invoke(&action("allocate")).await.outcome, Outcome::OutOfMemory);
    assert!(scf.invoke(&action("answer")).await.outcome.is_success());
}

#[tokio::test]
async fn a_process_that_does_not_become_ready_is_an_initialisation_failure() {
    let variable = |name: &str| vec![(name.to_owned(), "1".to_owned())];
    let scf = start(|options| {
        options.environment = variable("NEVER_READY");
        options.init_limit = Duration::from_millis(300);
    })
    .await;
    assert_eq!(scf.invoke(&action("answer")).await.outcome, Outcome::InitFailed { code: None });
    let scf = start(|options| options.environment = variable("DIE_EARLY")).await;
    assert_eq!(scf.invoke(&action("answer")).await.outcome, Outcome::InitFailed { code: Some(3) });
    let scf = start(|options| options.program = PathBuf::from("/no/such/program")).await;
    let invocation = scf.invoke(&action("answer")).await;
    assert_eq!(invocation.outcome.status(), 405, "{invocation:?}");
}

#[tokio::test]
async fn the_environment_is_that_of_the_platform_only() {
    let scf = start(|options| {
        options.environment = vec![("TENCENTCLOUD_REGION".to_owned(), "ap-shanghai".to_owned())];
        options.code_root = Some(PathBuf::from("/tmp"));
    })
    .await;
    let Outcome::Response(text) = scf.invoke(&action("environment")).await.outcome else { panic!() };
    let environment: serde_json::Value = serde_json::from_str(&text).unwrap();
    let cases =
        [("TENCENTCLOUD_REGION", "ap-shanghai"), ("TENCENTCLOUD_RUNENV", "SCF"), ("USER_CODE_ROOT", "/tmp/")];
    for (name, value) in cases {
        assert_eq!(environment[name], value);
    }
    assert!(
        environment.get("CARGO_MANIFEST_DIR").is_none(),
        "the environment of this test must not be inherited"
    );
}

#[tokio::test]
async fn failed_events_are_delivered_again_under_the_same_id() {
    let folder = tempfile::tempdir().unwrap();
    let count = folder.path().join("count");
    let scf = start(|options| {
        options.environment = vec![("COUNT_FILE".to_owned(), count.display().to_string())];
    })
    .await;
    let invocations = scf.deliver(&action("fail twice")).await;
    let statuses: Vec<u16> = invocations.iter().map(|invocation| invocation.outcome.status()).collect();
    assert_eq!(statuses, [430, 430, 200]);
    assert!(invocations.windows(2).all(|pair| pair[0].request_id == pair[1].request_id));
    assert_eq!(scf.deliver(&action("error")).await.len(), 3);
    assert_eq!(scf.deliver(&action("answer")).await.len(), 1);
}

#[tokio::test]
async fn invocations_succeed_after_faults_of_the_runtime_api() {
    let scf = start(|_| {}).await;
    assert!(scf.invoke(&action("answer")).await.outcome.is_success());
    scf.refuse_connections(Duration::from_millis(200)).await;
    assert!(std::net::TcpStream::connect(scf.endpoint().replace("http://", "")).is_err());
    let invocation = scf.invoke(&action("answer")).await;
    assert!(invocation.outcome.is_success(), "{invocation:?}");
    // After a lost response the function fetches the same event again, so every invocation succeeds.
    let faults = [
        RuntimeFault::Garbage { times: 2 },
        RuntimeFault::Half { times: 2 },
        RuntimeFault::Reset { times: 2 },
        RuntimeFault::Status { status: 500, times: 2 },
    ];
    for fault in faults {
        scf.fail(fault.clone());
        for _ in 0..2 {
            let invocation = scf.invoke(&action("answer")).await;
            assert!(invocation.outcome.is_success(), "{fault:?}: {invocation:?}");
        }
    }
    assert_eq!(scf.starts(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_before_its_answer_gets_the_event_again() {
    let scf = start(|_| {}).await;
    scf.fail(RuntimeFault::Kill { times: 1 });
    let invocations = scf.deliver(&action("answer")).await;
    let statuses: Vec<u16> = invocations.iter().map(|invocation| invocation.outcome.status()).collect();
    assert_eq!((statuses, scf.starts()), (vec![439, 200], 2));
    assert_eq!(invocations.first().unwrap().request_id, invocations.last().unwrap().request_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_instance_ends_the_process() {
    let scf = start(|_| {}).await;
    assert!(scf.invoke(&action("answer")).await.outcome.is_success());
    let id = scf.process_id();
    assert!(running(id));
    drop(scf);
    // The signal has been sent; the process ends shortly after.
    let ended = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(5));
        !running(id)
    });
    assert!(ended);
}

/// Returns whether a process exists and is not a zombie.
fn running(id: Option<u32>) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", id.unwrap()));
    status.is_ok_and(|status| !status.contains("State:\tZ"))
}
