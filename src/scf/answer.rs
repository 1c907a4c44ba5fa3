//! Answers of the cloud API: results, and what is understood of their members.
//!
//! Members may be missing, and numbers may come as texts: documents and examples of the API differ in both.

use std::time::Duration;

use serde_json::Value;

use crate::credential::Credential;
use crate::text::Printable;

/// Longest line that is kept of a message, characters.
const MAX_LINE: usize = 300;

/// Result of a run that the API carried out, successful or not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Invocation {
    /// Id of the API call.
    pub request_id: String,
    /// Id of the run, which the log of the function shows.
    pub function_request_id: String,
    /// `InvokeResult`: 0 after success, otherwise a [status code](Self::status_code) or -1.
    pub status: i64,
    /// `RetMsg`: what the function answered.
    pub response: String,
    /// `ErrMsg`: what SCF says of a failure, without secrets.
    pub error: String,
    /// Largest memory of the run, bytes.
    pub memory_bytes: u64,
    /// Time of the run, ms.
    pub duration_ms: f64,
    /// Time that is billed, ms.
    pub billed_ms: u64,
}

/// Configuration of a function that limits its runs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FunctionInfo {
    /// Memory, MB.
    pub memory_mb: u64,
    /// Longest run.
    pub time_limit: Duration,
    /// State, such as `Active`; empty if the API does not tell.
    pub status: String,
}

impl FunctionInfo {
    /// Reads the answer of `GetFunction`. The error is what is missing.
    pub(super) fn read(response: &Value) -> Result<Self, &'static str> {
        let number = |name| whole(response.get(name)).filter(|number| *number > 0);
        Ok(Self {
            memory_mb: number("MemorySize").ok_or("without MemorySize")?,
            time_limit: Duration::from_secs(number("Timeout").ok_or("without Timeout")?),
            status: text(response.get("Status")),
        })
    }
}

impl Invocation {
    /// Reads the answer of an action that invokes. The error is what is missing.
    pub(super) fn read(response: &Value, credential: &Credential) -> Result<Self, &'static str> {
        let result = response.get("Result").filter(|result| result.is_object()).ok_or("without Result")?;
        let error = credential.redact(&text(result.get("ErrMsg")));
        let status = match result.get("InvokeResult") {
            // A failure without a number is still a failure.
            None | Some(Value::Null) => {
                if error.is_empty() {
                    0
                } else {
                    -1
                }
            }
            number => integer(number).unwrap_or(-1),
        };
        Ok(Self {
            request_id: text(response.get("RequestId")),
            function_request_id: text(result.get("FunctionRequestId")),
            status,
            response: text(result.get("RetMsg")),
            error,
            memory_bytes: whole(result.get("MemUsage")).unwrap_or(0),
            duration_ms: real(result.get("Duration")).unwrap_or(0.0),
            billed_ms: whole(result.get("BillDuration")).unwrap_or(0),
        })
    }
}

/// Error of the API, as its document tells it (API 3.0, result format).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct ErrorDocument {
    pub(super) code: String,
    pub(super) message: Option<String>,
    pub(super) request_id: Option<String>,
}

impl ErrorDocument {
    /// Reads `Response.Error`; `None` in an answer that reports success.
    pub(super) fn read(response: &Value, credential: &Credential) -> Option<Self> {
        let error = response.get("Error").filter(|error| !error.is_null())?;
        let line =
            |value: Option<&Value>| Some(safe_line(&text(value), credential)).filter(|line| !line.is_empty());
        Some(Self {
            code: line(error.get("Code")).unwrap_or_default(),
            message: line(error.get("Message")),
            request_id: line(response.get("RequestId")),
        })
    }
}

/// Makes one short printable line without secrets.
fn safe_line(text: &str, credential: &Credential) -> String {
    let text = credential.redact(text);
    Printable(&crate::text::first(text.trim(), MAX_LINE)).to_string()
}

/// Returns the characters of a text, and the JSON of anything else.
fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn integer(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(number) => number.as_i64().or_else(|| rounded(number.as_f64()?).try_into().ok()),
        _ => None,
    }
}

fn whole(value: Option<&Value>) -> Option<u64> {
    real(value).and_then(|number| rounded(number).try_into().ok())
}

fn real(value: Option<&Value>) -> Option<f64> {
    let number = match value? {
        Value::String(text) => text.trim().parse().ok()?,
        Value::Number(number) => number.as_f64()?,
        _ => return None,
    };
    Some(number).filter(|number| number.is_finite())
}

#[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and the API counts no such numbers")]
fn rounded(number: f64) -> i128 {
    number.round() as i128
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn credential() -> Credential {
        Credential::new("AKIDvisible", "keyvisible", Some("tokenvisible".to_owned()))
    }

    /// The example of the API document (583/17243).
    #[test]
    fn documented_answer_is_read() {
        let response = json!({
            "Result": {
                "MemUsage": 3_207_168, "Log": "", "RetMsg": "hello from scf", "BillDuration": 100,
                "FunctionRequestId": "6add56fa-58f1-11e8-89a9-5254005d5fdb", "Duration": 0.826, "ErrMsg": "",
                "InvokeResult": 0
            },
            "RequestId": "c2af8a64-c922-4d55-aee0-bd86a5c2cd12"
        });
        let expected = Invocation {
            request_id: "c2af8a64-c922-4d55-aee0-bd86a5c2cd12".to_owned(),
            function_request_id: "6add56fa-58f1-11e8-89a9-5254005d5fdb".to_owned(),
            status: 0,
            response: "hello from scf".to_owned(),
            error: String::new(),
            memory_bytes: 3_207_168,
            duration_ms: 0.826,
            billed_ms: 100,
        };
        assert_eq!(Invocation::read(&response, &credential()), Ok(expected));
    }

    #[test]
    fn members_may_be_missing_or_of_another_type() {
        let response = json!({"Result": {
            "InvokeResult": "433", "RetMsg": {"a": 1}, "ErrMsg": null, "MemUsage": "12.4", "Duration": "7",
            "BillDuration": -1
        }});
        let read = Invocation::read(&response, &credential()).unwrap();
        assert_eq!((read.status, read.response.as_str(), read.error.as_str()), (433, "{\"a\":1}", ""));
        assert_eq!((read.memory_bytes, read.duration_ms, read.billed_ms), (12, 7.0, 0));
        let read = |result: Value| Invocation::read(&json!({"Result": result}), &credential());
        assert_eq!(read(json!({})), Ok(Invocation::default()));
        assert_eq!(read(json!({"ErrMsg": "it failed"})).unwrap().status, -1);
        for unreadable in [json!(1e300), json!("no"), json!([0])] {
            assert_eq!(read(json!({"InvokeResult": unreadable})).unwrap().status, -1);
        }
        assert_eq!(read(Value::Null), Err("without Result"));
    }

    #[test]
    fn texts_of_failures_hold_no_secrets() {
        let response = json!({"Result": {"ErrMsg": "key keyvisible", "InvokeResult": 400}});
        assert_eq!(Invocation::read(&response, &credential()).unwrap().error, "key ******");
        let response = json!({
            "Error": {"Code": "AuthFailure", "Message": "id AKIDvisible\nhas no tokenvisible"},
            "RequestId": "r"
        });
        let expected = ErrorDocument {
            code: "AuthFailure".to_owned(),
            message: Some("id ******\\u{a}has no ******".to_owned()),
            request_id: Some("r".to_owned()),
        };
        assert_eq!(ErrorDocument::read(&response, &credential()), Some(expected));
        assert_eq!(ErrorDocument::read(&json!({"Error": null}), &credential()), None);
    }

    #[test]
    fn limits_of_a_function_are_read() {
        let response =
            json!({"MemorySize": 512, "Timeout": "60", "Status": "Active", "Runtime": "CustomRuntime"});
        let expected =
            FunctionInfo { memory_mb: 512, time_limit: Duration::from_secs(60), status: "Active".to_owned() };
        assert_eq!(FunctionInfo::read(&response), Ok(expected));
        assert_eq!(FunctionInfo::read(&json!({"Timeout": 60})), Err("without MemorySize"));
        assert_eq!(FunctionInfo::read(&json!({"MemorySize": 64, "Timeout": 0})), Err("without Timeout"));
    }
}
