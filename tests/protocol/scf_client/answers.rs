//! Calls on the wire, and what the client makes of their answers.

use std::time::Duration;

use cos_thumbnailer::scf::{FunctionName, RunFailure};
use serde_json::json;

use super::{parameters, refusal, response, result, signed, start, thumbnails};
use crate::cos_client::server::{Reply, answer};

#[tokio::test]
async fn an_invocation_returns_what_the_function_answered() {
    let done = json!({
        "InvokeResult": 0, "RetMsg": "{\"ok\":1}", "ErrMsg": "", "FunctionRequestId": "run-id",
        "MemUsage": 3_207_168, "Duration": 0.826, "BillDuration": 1
    });
    let (server, client) = start([result(&done)]);
    let name = FunctionName::parse("images/thumbnails:3").unwrap();
    let run = client.invoke(&name, "{\"key\":\"图片/猫.jpg\"}").await.unwrap();
    assert_eq!((run.failure(), run.response.as_str()), (None, "{\"ok\":1}"));
    assert_eq!((run.request_id.as_str(), run.function_request_id.as_str()), ("api-id", "run-id"));
    assert_eq!((run.memory_bytes, run.duration_ms, run.billed_ms), (3_207_168, 0.826, 1));
    let requests = server.take_requests();
    assert_eq!(signed(&requests[0]).0, "InvokeFunction");
    let expected = json!({
        "FunctionName": "thumbnails", "Namespace": "images", "Qualifier": "3",
        "Event": "{\"key\":\"图片/猫.jpg\"}"
    });
    assert_eq!(parameters(&requests[0]), expected);
}

#[tokio::test]
async fn a_failed_run_is_no_error_of_the_call() {
    let failed = json!({"InvokeResult": 433, "ErrMsg": "Invoking task timed out after 3 seconds"});
    let (_server, client) = start([result(&failed)]);
    let run = client.invoke(&thumbnails(), "{}").await.unwrap();
    assert_eq!(run.failure(), Some(RunFailure::Killed { code: 433 }));
    assert_eq!(run.error, "Invoking task timed out after 3 seconds");
}

#[tokio::test]
async fn an_event_is_queued_without_its_result() {
    let queued = json!({"InvokeResult": 0, "FunctionRequestId": "run-id", "RetMsg": ""});
    let (server, client) = start([result(&queued), result(&json!({}))]);
    assert_eq!(client.enqueue(&thumbnails(), "{}").await.unwrap(), "run-id");
    assert_eq!(client.enqueue(&thumbnails(), "{}").await.unwrap(), "api-id");
    let requests = server.take_requests();
    assert_eq!(signed(&requests[0]).0, "Invoke");
    assert_eq!(parameters(&requests[0])["InvocationType"], "Event");
    assert_eq!(parameters(&requests[0])["ClientContext"], "{}");
}

#[tokio::test]
async fn limits_of_a_function_are_read() {
    let configuration = json!({"MemorySize": 512, "Timeout": 60, "Status": "Active", "RequestId": "api-id"});
    let (server, client) = start([response(&configuration), response(&json!({"RequestId": "api-id"}))]);
    let info = client.function(&thumbnails()).await.unwrap();
    assert_eq!((info.memory_mb, info.time_limit), (512, Duration::from_secs(60)));
    assert_eq!(signed(&server.take_requests()[0]).0, "GetFunction");
    let error = client.function(&thumbnails()).await.unwrap_err();
    assert_eq!(error.code(), "scf.protocol");
}

#[tokio::test]
async fn an_account_without_invoke_function_gets_invoke_from_then_on() {
    for code in ["InvalidAction", "UnsupportedOperation", "UnsupportedOperation.InvokeFunction"] {
        let done = || result(&json!({"InvokeResult": 0, "RetMsg": "done"}));
        let (server, client) = start([refusal(code), done(), done()]);
        for _ in 0..2 {
            assert_eq!(client.invoke(&thumbnails(), "{}").await.unwrap().response, "done");
        }
        let requests = server.take_requests();
        let actions: Vec<_> = requests.iter().map(|request| signed(request).0).collect();
        assert_eq!(actions, ["InvokeFunction", "Invoke", "Invoke"], "{code}");
        let parameters = parameters(&requests[1]);
        assert_eq!(
            (&parameters["InvocationType"], &parameters["Qualifier"]),
            (&json!("RequestResponse"), &json!("$DEFAULT"))
        );
    }
}

#[tokio::test]
async fn an_action_is_given_up_only_if_the_other_one_works() {
    let done = result(&json!({"RetMsg": "done"}));
    let (server, client) = start([refusal("UnsupportedOperation"), refusal("UnsupportedOperation"), done]);
    let error = client.invoke(&thumbnails(), "{}").await.unwrap_err();
    assert_eq!((error.code(), error.is_permanent()), ("scf.refused", true));
    client.invoke(&thumbnails(), "{}").await.unwrap();
    let actions: Vec<_> = server.take_requests().iter().map(|request| signed(request).0.to_owned()).collect();
    assert_eq!(actions, ["InvokeFunction", "Invoke", "InvokeFunction"]);
}

#[tokio::test]
async fn limits_are_recognized_wherever_they_are_told() {
    let throttled = [
        refusal("RequestLimitExceeded"),
        refusal("RequestLimitExceeded.UinLimitExceeded"),
        refusal("LimitExceeded.Concurrency"),
        refusal("ResourceLimit"),
        refusal("ResourceLimitReached"),
        Reply::Answer(answer(429, &[], b"too many")),
        Reply::Answer(answer(432, &[], b"{}")),
    ];
    let (_server, client) = start(throttled);
    for at in 0..7 {
        let error = client.invoke(&thumbnails(), "{}").await.unwrap_err();
        assert!(error.is_throttled() && !error.is_permanent() && !error.may_have_run(), "{at}: {error}");
    }
    let (_server, client) = start([429, 432, 449].map(|code| result(&json!({"InvokeResult": code}))));
    for _ in 0..3 {
        let run = client.invoke(&thumbnails(), "{}").await.unwrap();
        assert_eq!(run.failure(), Some(RunFailure::Throttled));
    }
}

#[tokio::test]
async fn refusals_are_permanent_by_their_code() {
    let table = [
        ("AuthFailure.SecretIdNotFound", "scf.credentials", true),
        ("UnauthorizedOperation.CAM", "scf.denied", true),
        ("ResourceNotFound.FunctionName", "scf.not_found", true),
        ("InvalidParameterValue.Event", "scf.refused", true),
        ("FailedOperation.FunctionStatusError", "scf.unavailable", false),
        ("InternalError", "scf.unavailable", false),
    ];
    let (_server, client) = start(table.map(|(code, ..)| refusal(code)));
    for (code, expected, is_permanent) in table {
        let error = client.invoke(&thumbnails(), "{}").await.unwrap_err();
        assert_eq!((error.code(), error.is_permanent()), (expected, is_permanent), "{error}");
        let refusal = error.refusal().unwrap();
        assert_eq!((refusal.code.as_deref(), refusal.request_id.as_deref()), (Some(code), Some("api-id")));
    }
}
