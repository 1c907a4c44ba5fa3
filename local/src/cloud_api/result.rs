//! `Result` of an invocation in a response.

use serde::Serialize;
use serde_json::json;

use crate::cloud_api::options::InvokeResult;
use crate::scf::{Invocation, Outcome};

/// Bytes of the log that `LogType` `Tail` returns.
const LOG_TAIL: usize = 4096;

/// The member `Result` of a response (583/17243).
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RunResult {
    pub(super) function_request_id: String,
    pub(super) invoke_result: u16,
    pub(super) ret_msg: String,
    pub(super) err_msg: String,
    pub(super) log: String,
    /// In bytes.
    pub(super) mem_usage: u64,
    /// In milliseconds.
    pub(super) duration: f64,
    /// In milliseconds.
    pub(super) bill_duration: u32,
}

impl RunResult {
    /// Describes a queued event, of which only the id is known.
    pub(super) fn queued(request_id: String) -> Self {
        Self { function_request_id: request_id, ..Self::default() }
    }

    /// Describes an invocation that has ended.
    pub(super) fn of(invocation: Invocation, style: InvokeResult, with_log: bool) -> Self {
        // Runs that were refused have no duration and are not billed.
        let microseconds = u32::try_from(invocation.elapsed.as_micros()).unwrap_or(u32::MAX);
        let status = invocation.outcome.status();
        let mut result = Self {
            mem_usage: invocation.peak_rss.unwrap_or_default(),
            duration: f64::from(microseconds) / 1000.0,
            bill_duration: microseconds.div_ceil(1000),
            log: if with_log { tail(&invocation.log) } else { String::new() },
            ..Self::queued(invocation.request_id)
        };
        match invocation.outcome {
            Outcome::Response(text) => result.ret_msg = text,
            failure => result.fail(status, &description(&failure), style),
        }
        result
    }

    /// Describes a run that ended with this status without an outcome.
    pub(super) fn injected(request_id: String, status: u16, style: InvokeResult) -> Self {
        let mut result = Self::queued(request_id);
        if status != 200 {
            result.fail(status, "injected fault", style);
        }
        result
    }

    /// `ErrMsg` has the form of the error document that the console shows.
    fn fail(&mut self, status: u16, message: &str, style: InvokeResult) {
        self.invoke_result = match style {
            InvokeResult::Status => status,
            InvokeResult::Zero => 0,
        };
        let document = json!({
            "errorCode": -1,
            "errorMessage": message,
            "requestId": self.function_request_id,
            "statusCode": status,
        });
        self.err_msg = document.to_string();
    }
}

/// Returns the platform's name of a failure, or the text of the function.
pub(super) fn description(outcome: &Outcome) -> String {
    match outcome {
        Outcome::BurstExceeded => "ResourceLimit: too many instances were started within a minute".to_owned(),
        Outcome::ConcurrencyExceeded => {
            "ResourceLimitReached: the running invocations use up the concurrency quota".to_owned()
        }
        Outcome::Error(text) | Outcome::StartFailed(text) => text.clone(),
        Outcome::Exited { .. } => "The process exited while it handled the event".to_owned(),
        Outcome::InitFailed { .. } => "The process did not become ready".to_owned(),
        Outcome::OutOfMemory => "MemoryLimitReached: the process used more than its memory".to_owned(),
        Outcome::Response(_) => String::new(),
        Outcome::ResponseTooLarge => "The size of response exceeds the upper limit (6MB)".to_owned(),
        Outcome::TimedOut => "TimeLimitReached: the process used more than its time".to_owned(),
    }
}

/// Returns the last lines that fit into the limit; a longer last line is cut at its beginning.
fn tail(lines: &[String]) -> String {
    let text = lines.join("\n");
    let start = text.len().saturating_sub(LOG_TAIL);
    let start = (start..=text.len()).find(|start| text.is_char_boundary(*start)).unwrap_or_default();
    text.get(start..).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn result(outcome: Outcome, style: InvokeResult) -> serde_json::Value {
        let mut invocation = Invocation::new("id".to_owned());
        invocation.outcome = outcome;
        invocation.elapsed = Duration::from_micros(826);
        invocation.peak_rss = Some(3_207_168);
        invocation.log = vec!["x".repeat(5000), "猫".to_owned()];
        serde_json::to_value(RunResult::of(invocation, style, true)).unwrap()
    }

    #[test]
    fn a_result_has_the_members_of_the_document() {
        let mut success = result(Outcome::Response("hello from scf".to_owned()), InvokeResult::Status);
        let log = success["Log"].take();
        let log = log.as_str().unwrap();
        assert!(log.len() == LOG_TAIL && log.ends_with("x\n猫"), "{log}");
        let expected = json!({ "MemUsage": 3_207_168, "Log": null, "RetMsg": "hello from scf", "BillDuration": 1,
            "FunctionRequestId": "id", "Duration": 0.826, "ErrMsg": "", "InvokeResult": 0 });
        assert_eq!(success, expected);
    }

    #[test]
    fn a_failure_has_its_status_in_the_result_or_in_the_message_only() {
        for (style, expected) in [(InvokeResult::Status, 433), (InvokeResult::Zero, 0)] {
            let failure = result(Outcome::TimedOut, style);
            assert_eq!((&failure["InvokeResult"], &failure["RetMsg"]), (&json!(expected), &json!("")));
            let message: serde_json::Value =
                serde_json::from_str(failure["ErrMsg"].as_str().unwrap()).unwrap();
            assert_eq!((&message["statusCode"], &message["requestId"]), (&json!(433), &json!("id")));
        }
    }
}
