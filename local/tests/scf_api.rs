//! The cloud API over HTTP, with a function whose events name its behaviour.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a panic fails the test")]

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use scf_local::{ApiFault, ApiFaultKind, ScfApi, ScfApiOptions, ScfOptions, ThrottleReport};
use serde_json::{Value, json};
use support::Request;
use support::cloud_api::Call;

async fn start(change: impl FnOnce(&mut ScfApiOptions)) -> ScfApi {
    let function = ScfOptions {
        program: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/bootstrap.py"),
        memory_mb: 512,
        time_limit: Duration::from_secs(10),
        ..ScfOptions::default()
    };
    let mut options = ScfApiOptions { function, ..ScfApiOptions::default() };
    change(&mut options);
    ScfApi::start(options).await.unwrap()
}

fn action(name: &str) -> String {
    json!({ "do": name }).to_string()
}

/// Sends an invocation and returns its result.
fn result(api: &ScfApi, name: &str) -> Value {
    Call::invocation(&action(name)).send(api)["Result"].take()
}

fn code(response: &Value) -> &str {
    response["Error"]["Code"].as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_synchronous_actions_return_what_the_function_answers() {
    let api = start(|_| {}).await;
    let parameters = json!({ "FunctionName": "cos-thumbnailer", "Namespace": "default", "Qualifier": "$LATEST",
        "ClientContext": action("answer"), "LogType": "Tail" });
    let response = Call::new("Invoke", parameters).send(&api);
    let invoked = &response["Result"];
    assert_eq!((&invoked["InvokeResult"], &invoked["ErrMsg"]), (&json!(0), &json!("")), "{response}");
    let answer: Value = serde_json::from_str(invoked["RetMsg"].as_str().unwrap()).unwrap();
    assert_eq!(answer["request_id"], invoked["FunctionRequestId"]);
    assert_eq!(answer["memory_limit_in_mb"], "512");
    assert_eq!(invoked["Log"], "starting\nto standard output\nto standard error");
    assert!(invoked["MemUsage"].as_u64().unwrap() > 1 << 20, "{invoked}");
    assert!(invoked["BillDuration"].as_f64() >= invoked["Duration"].as_f64(), "{invoked}");
    let second = result(&api, "answer");
    assert_eq!((&second["Log"], &second["InvokeResult"]), (&json!(""), &json!(0)));
    let counters = api.counters();
    assert_eq!((counters.calls["Invoke"], counters.calls["InvokeFunction"]), (1, 1));
    assert_eq!((counters.pool.invocations, counters.pool.instances.len()), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_runs_are_results_with_the_status_of_the_run() {
    let api = start(|options| options.function.time_limit = Duration::from_millis(800)).await;
    for (name, status) in [("error", 430), ("exit", 439), ("sleep", 433), ("large", 407)] {
        let result = result(&api, name);
        assert_eq!((&result["InvokeResult"], &result["RetMsg"]), (&json!(status), &json!("")), "{name}");
        let message: Value = serde_json::from_str(result["ErrMsg"].as_str().unwrap()).unwrap();
        assert_eq!(message["statusCode"], status, "{name}");
    }
    assert_eq!(api.counters().pool.invocations, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_queued_and_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let count = folder.path().join("count").display().to_string();
    let api = start(|options| options.function.environment = vec![("COUNT_FILE".to_owned(), count)]).await;
    let parameters = json!({ "FunctionName": "cos-thumbnailer", "InvocationType": "Event",
        "ClientContext": action("fail twice") });
    let response = Call::new("Invoke", parameters).send(&api);
    let result = &response["Result"];
    assert_eq!((&result["RetMsg"], &result["BillDuration"]), (&json!(""), &json!(0)));
    assert_eq!(result["FunctionRequestId"].as_str().unwrap().len(), 36);
    let begin = Instant::now();
    while api.counters().pool.invocations < 3 {
        assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", api.counters());
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(api.counters().pool.retries, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_with_mistakes_get_the_documented_codes() {
    let api = start(|options| options.session_token = Some("token".to_owned())).await;
    let event = action("answer");
    let with =
        |action: &str, parameters: Value| Call { token: Some("token"), ..Call::new(action, parameters) };
    let name = json!({ "FunctionName": "cos-thumbnailer" });
    let async_event = json!({ "do": "x".repeat(128 << 10) }).to_string();
    let sync_event = json!({ "do": "x".repeat(6 << 20) }).to_string();
    let cases = [
        (with("GetFunction", name.clone()), ""),
        (Call { token: None, ..with("GetFunction", name.clone()) }, "AuthFailure.TokenFailure"),
        (with("GetFunction", name.clone()).sign_as("AKIDother", "x"), "AuthFailure.SecretIdNotFound"),
        (
            with("GetFunction", name.clone()).sign_as(&ScfApiOptions::default().secret_id, "other"),
            "AuthFailure.SignatureFailure",
        ),
        (Call { clock_offset: -400, ..with("GetFunction", name.clone()) }, "AuthFailure.SignatureExpire"),
        (Call { region: "ap-shanghai", ..with("GetFunction", name.clone()) }, "ResourceNotFound.Function"),
        (with("DeleteFunction", name), "InvalidAction"),
        (with("GetFunction", json!({ "FunctionName": "other" })), "ResourceNotFound.Function"),
        (
            with("GetFunction", json!({ "FunctionName": "cos-thumbnailer", "Namespace": "other" })),
            "ResourceNotFound.Function",
        ),
        (
            with("Invoke", json!({ "FunctionName": "cos-thumbnailer", "Qualifier": "7" })),
            "ResourceNotFound.Qualifier",
        ),
        (with("Invoke", json!({})), "MissingParameter"),
        (with("Invoke", json!({ "FunctionName": "cos-thumbnailer", "Event": event })), "UnknownParameter"),
        (
            with("Invoke", json!({ "FunctionName": "cos-thumbnailer", "InvocationType": "Later" })),
            "InvalidParameter",
        ),
        (
            with("Invoke", json!({ "FunctionName": "cos-thumbnailer", "ClientContext": "not json" })),
            "InvalidParameterValue.ClientContext",
        ),
        (
            with(
                "Invoke",
                json!({ "FunctionName": "cos-thumbnailer", "InvocationType": "Event", "ClientContext": async_event }),
            ),
            "InvalidParameter.RequestTooLarge",
        ),
        (
            with("InvokeFunction", json!({ "FunctionName": "cos-thumbnailer", "Event": sync_event })),
            "InvalidParameter.RequestTooLarge",
        ),
    ];
    for (number, (call, expected)) in cases.into_iter().enumerate() {
        let response = call.send(&api);
        assert_eq!(code(&response), expected, "case {number}: {response}");
    }
    assert_eq!(api.counters().pool.invocations, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_function_is_described_without_its_credentials() {
    let api = start(|options| {
        options.function.environment = [("TENCENTCLOUD_SECRETKEY", "hidden"), ("TARGET", "{bucket}")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
    })
    .await;
    let response = Call::new("GetFunction", json!({ "FunctionName": "cos-thumbnailer" })).send(&api);
    let expected = [
        ("FunctionName", json!("cos-thumbnailer")),
        ("MemorySize", json!(512)),
        ("Timeout", json!(10)),
        ("Status", json!("Active")),
        ("Runtime", json!("CustomRuntime")),
        ("Environment", json!({ "Variables": [{ "Key": "TARGET", "Value": "{bucket}" }] })),
    ];
    for (member, value) in expected {
        assert_eq!(response[member], value, "{member}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reserved_quota_limits_the_function() {
    let api = start(|_| {}).await;
    let name = json!({ "FunctionName": "cos-thumbnailer" });
    assert_eq!(
        Call::new("GetReservedConcurrencyConfig", name.clone()).send(&api)["ReservedMem"],
        Value::Null
    );
    let put = |mem: u64| {
        let parameters = json!({ "FunctionName": "cos-thumbnailer", "ReservedConcurrencyMem": mem });
        Call::new("PutReservedConcurrencyConfig", parameters).send(&api)
    };
    assert_eq!(code(&put(128_000)), "LimitExceeded.FunctionReservedConcurrencyMemory");
    assert_eq!(code(&put(0)), "");
    assert_eq!(Call::new("GetReservedConcurrencyConfig", name).send(&api)["ReservedMem"], 0);
    assert_eq!(result(&api, "answer")["InvokeResult"], 432);
    put(512);
    assert_eq!(result(&api, "answer")["InvokeResult"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_a_result_or_an_error() {
    let api = start(|options| options.quota_mb = Some(0)).await;
    let result = result(&api, "answer");
    assert_eq!((&result["InvokeResult"], &result["BillDuration"]), (&json!(432), &json!(0)));
    let api = start(|options| {
        options.quota_mb = Some(0);
        options.throttle_report = ThrottleReport::ErrorCode;
    })
    .await;
    assert_eq!(code(&Call::invocation("{}").send(&api)), "ResourceLimitReached");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_over_the_rate_of_their_action_are_refused() {
    let api = start(|options| options.invoke_per_second = Some(2)).await;
    let parameters = json!({ "FunctionName": "cos-thumbnailer", "InvocationType": "Event" });
    let codes: Vec<String> =
        (0..4).map(|_| code(&Call::new("Invoke", parameters.clone()).send(&api)).to_owned()).collect();
    assert_eq!(codes, ["", "", "RequestLimitExceeded", "RequestLimitExceeded"]);
    assert_eq!(code(&Call::invocation(&action("answer")).send(&api)), "");
    assert_eq!(api.counters().rate_limited, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_replace_or_lose_responses() {
    let api = start(|_| {}).await;
    let call = Call::invocation(&action("answer"));
    let runs = || api.counters().pool.invocations;
    api.fail(ApiFault::new(ApiFaultKind::Error { code: "InternalError".to_owned() }).action("Invoke"));
    assert_eq!(code(&call.send(&api)), "", "the fault is one of another action");
    api.clear_faults();
    assert_eq!(runs(), 1);
    api.fail(ApiFault::new(ApiFaultKind::Error { code: "InternalError".to_owned() }).times(2));
    assert_eq!([code(&call.send(&api)), code(&call.send(&api))], ["InternalError", "InternalError"]);
    api.fail(ApiFault::new(ApiFaultKind::Reset));
    assert!(call.try_send(&api).is_err());
    api.fail(ApiFault::new(ApiFaultKind::HttpStatus(502)));
    assert_eq!(call.try_send(&api).unwrap().status, 502);
    api.fail(ApiFault::new(ApiFaultKind::RunStatus(449)));
    assert_eq!(call.send(&api)["Result"]["InvokeResult"], 449);
    assert_eq!(runs(), 1);
    api.fail(ApiFault::new(ApiFaultKind::LostAnswer));
    assert!(call.try_send(&api).is_err());
    assert_eq!(runs(), 2);
    api.fail(ApiFault::new(ApiFaultKind::Slow { before_ms: 300 }));
    let begin = Instant::now();
    assert_eq!(code(&call.send(&api)), "");
    assert!(begin.elapsed() >= Duration::from_millis(300));
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_counters_and_kills_are_available_without_a_signature() {
    let api = start(|_| {}).await;
    let send = |method: &str, path: &str, body: &str| {
        let request = Request::new(method, path).header("Host", "localhost").body(body.as_bytes());
        let response = request.send_to(api.address()).unwrap();
        (response.status, response.text().to_owned())
    };
    let fault =
        r#"[{"action": "InvokeFunction", "kind": {"error": {"code": "InternalError"}}}, {"kind": "reset"}]"#;
    assert_eq!(send("POST", "/-/faults", fault).0, 204);
    assert_eq!(send("POST", "/-/faults", "{}").0, 400);
    let call = Call::invocation(&action("answer"));
    assert_eq!(code(&call.send(&api)), "InternalError");
    assert_eq!(send("DELETE", "/-/faults", "").0, 204);
    assert_eq!(send("POST", "/-/kill", "").0, 409);
    assert_eq!(code(&call.send(&api)), "");
    let counters: Value = serde_json::from_str(&send("GET", "/-/counters", "").1).unwrap();
    assert_eq!(
        (&counters["calls"]["InvokeFunction"], &counters["pool"]["invocations"]),
        (&json!(2), &json!(1))
    );
    let (status, killed) = send("POST", "/-/kill", "");
    let process = counters["pool"]["instances"][0]["process_id"].to_string();
    assert_eq!((status, killed.trim()), (200, process.as_str()));
    assert_eq!(send("GET", "/-/other", "").0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn triggers_and_calls_share_instances_and_a_kill_ends_a_call() {
    let api = std::sync::Arc::new(start(|options| options.instances = Some(1)).await);
    assert!(api.deliver(&action("answer")).await.last().unwrap().outcome.is_success());
    let caller = std::sync::Arc::clone(&api);
    let call = std::thread::spawn(move || result(&caller, "sleep"));
    let begin = Instant::now();
    while api.counters().pool.invocations < 2 {
        assert!(begin.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(10));
    }
    let killed = api.kill_one().await;
    assert_eq!(call.join().unwrap()["InvokeResult"], 439);
    assert_eq!(killed, api.counters().pool.instances[0].process_id);
    assert!(api.invoke(&action("answer")).await.outcome.is_success());
    assert_eq!(api.counters().pool.instances.len(), 1);
}
