//! The runtime API and the supervision of a process, with a function that does what its event says.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed as it should")]

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
async fn a_response_carries_its_log_and_its_measures() {
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
async fn the_three_headers_come_in_either_case() {
    for (case, names) in [
        (HeaderCase::Lower, ["request_id", "memory_limit_in_mb", "time_limit_in_ms"]),
        (HeaderCase::Mixed, ["Request_Id", "Memory_Limit_In_Mb", "Time_Limit_In_Ms"]),
    ] {
        let scf = start(|options| {
            options.header_case = case;
            options.memory_mb = 512;
        })
        .await;
        let answer = scf.invoke(&action("answer")).await;
        let Outcome::Response(text) = &answer.outcome else { panic!("{answer:?}") };
        let headers: serde_json::Value = serde_json::from_str(text).unwrap();
        let values = names.map(|name| headers[name].as_str().unwrap_or("missing").to_owned());
        assert_eq!(values, [answer.request_id.as_str(), "512", "10000"]);
    }
}

#[tokio::test]
async fn an_event_comes_again_until_it_is_answered_and_the_first_answer_counts() {
    let scf = start(|_| {}).await;
    let answer = scf.invoke(&action("fetch again")).await;
    let Outcome::Response(text) = &answer.outcome else { panic!("{answer:?}") };
    let fetched: Vec<serde_json::Value> = serde_json::from_str(text).unwrap();
    assert_eq!(fetched[0]["request_id"], fetched[1]["request_id"]);
    assert_eq!(scf.invoke(&action("twice")).await.outcome, Outcome::Response("first".to_owned()));
    assert_eq!(scf.invoke(&action("error")).await.outcome, Outcome::Error("it went wrong".to_owned()));
    assert_eq!(scf.invoke(&action("large")).await.outcome, Outcome::AnswerTooLarge);
    assert_eq!(scf.starts(), 1);
}

#[tokio::test]
async fn a_process_that_ends_is_reported_and_replaced() {
    let scf = start(|_| {}).await;
    let answer = scf.invoke(&action("exit")).await;
    assert_eq!(answer.outcome, Outcome::Exited { code: Some(7) });
    assert_eq!((answer.outcome.status(), answer.log.last().map(String::as_str)), (439, Some("leaving")));
    let before = scf.process_id();
    assert!(scf.invoke(&action("answer")).await.outcome.is_success());
    assert_eq!(scf.starts(), 2);
    assert_ne!(scf.process_id(), before);
}

#[tokio::test]
async fn an_event_that_a_leaving_process_never_saw_goes_to_a_new_one() {
    let scf = start(|_| {}).await;
    for _ in 0..3 {
        assert_eq!(scf.invoke(&action("answer and leave")).await.outcome.status(), 430);
        assert!(scf.invoke(&action("answer")).await.outcome.is_success());
    }
    assert_eq!(scf.starts(), 4);
}

#[tokio::test]
async fn between_invocations_the_process_may_be_frozen() {
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
async fn an_invocation_nobody_waits_for_does_not_disturb_the_next() {
    let scf = start(|_| {}).await;
    // Once the process is up, whatever it took.
    assert!(scf.invoke(&action("answer")).await.outcome.is_success());
    let given_up = tokio::time::timeout(Duration::from_millis(300), scf.invoke(&action("sleep"))).await;
    assert!(given_up.is_err());
    assert!(scf.invoke(&action("answer")).await.outcome.is_success());
    assert_eq!(scf.starts(), 2);
}

#[tokio::test]
async fn limits_end_the_process() {
    let scf = start(|options| options.time_limit = Duration::from_millis(300)).await;
    let answer = scf.invoke(&action("sleep")).await;
    assert_eq!(answer.outcome, Outcome::TimedOut);
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
    let answer = scf.invoke(&action("answer")).await;
    assert_eq!(answer.outcome.status(), 405, "{answer:?}");
}

#[tokio::test]
async fn the_environment_is_that_of_the_platform_and_nothing_else() {
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
    assert!(environment.get("CARGO_MANIFEST_DIR").is_none(), "variables of this test must not leak");
}

#[tokio::test]
async fn failed_events_are_delivered_again_under_the_same_id() {
    let folder = tempfile::tempdir().unwrap();
    let count = folder.path().join("count");
    let scf = start(|options| {
        options.environment = vec![("COUNT_FILE".to_owned(), count.display().to_string())];
    })
    .await;
    let answers = scf.deliver(&action("fail twice")).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.outcome.status()).collect();
    assert_eq!(statuses, [430, 430, 200]);
    assert!(answers.windows(2).all(|pair| pair[0].request_id == pair[1].request_id));
    assert_eq!(scf.deliver(&action("error")).await.len(), 3);
    assert_eq!(scf.deliver(&action("answer")).await.len(), 1);
}

#[tokio::test]
async fn a_runtime_api_in_trouble_recovers() {
    let scf = start(|_| {}).await;
    assert!(scf.invoke(&action("answer")).await.outcome.is_success());
    scf.refuse_connections(Duration::from_millis(200)).await;
    assert!(std::net::TcpStream::connect(scf.endpoint().replace("http://", "")).is_err());
    let answer = scf.invoke(&action("answer")).await;
    assert!(answer.outcome.is_success(), "{answer:?}");
    // A lost answer leads to the same event again, so every invocation ends well in the end.
    let faults = [
        RuntimeFault::Garbage { times: 2 },
        RuntimeFault::Reset { times: 2 },
        RuntimeFault::Status { status: 500, times: 2 },
    ];
    for fault in faults {
        scf.fail(fault.clone());
        for _ in 0..2 {
            let answer = scf.invoke(&action("answer")).await;
            assert!(answer.outcome.is_success(), "{fault:?}: {answer:?}");
        }
    }
    assert_eq!(scf.starts(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_it_ends_the_process() {
    let scf = start(|_| {}).await;
    assert!(scf.invoke(&action("answer")).await.outcome.is_success());
    let id = scf.process_id();
    assert!(running(id));
    drop(scf);
    // The signal has been sent; the kernel takes its moment.
    let ended = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(5));
        !running(id)
    });
    assert!(ended);
}

/// Whether a process exists and is not merely waiting to be reaped.
fn running(id: Option<u32>) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", id.unwrap()));
    status.is_ok_and(|status| !status.contains("State:\tZ"))
}
