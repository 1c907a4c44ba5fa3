//! Faults on demand.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::cos::wire::request::Request;

/// What goes wrong with a request, and with which.
///
/// As JSON, for the admin port: `{"method": "GET", "key_contains": "cat", "times": 2, "kind": {"status": {"status":
/// 503, "code": "SlowDown"}}}`. A kind without members is a plain string: `"kind": "reset"`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Upper-case method; any when none.
    #[serde(default)]
    pub method: Option<String>,
    /// Full bucket name; any when none.
    #[serde(default)]
    pub bucket: Option<String>,
    /// The whole key; any when none.
    #[serde(default)]
    pub key: Option<String>,
    /// A part of the key; any when none.
    #[serde(default)]
    pub key_contains: Option<String>,
    /// Matching requests that pass unharmed first.
    #[serde(default)]
    pub after: u32,
    /// Matching requests that are harmed then.
    #[serde(default = "once")]
    pub times: u32,
    /// What happens to them.
    pub kind: FaultKind,
}

/// What happens to a request.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Done and answered; then the connection is closed without a `Connection: close` before.
    CloseAfterAnswer,
    /// Done and answered, with one bit of the body flipped.
    Corrupt,
    /// 400 ExpiredToken, as when temporary credentials have become too old.
    ExpiredToken,
    /// Done, but the connection is closed instead of an answer: the client cannot know.
    LostAnswer,
    /// The connection is closed without an answer; nothing is done.
    Reset,
    /// A slow answer.
    Slow {
        /// Pause before the head of the answer, in milliseconds.
        #[serde(default)]
        before_ms: u64,
        /// Size of the pieces the body comes in, in bytes; 0 for one piece.
        #[serde(default)]
        chunk: usize,
        /// Pause before each piece, in milliseconds.
        #[serde(default)]
        pause_ms: u64,
    },
    /// Nothing is done and no answer ever comes; the connection stays open.
    Stall,
    /// The head and this many bytes of the body come, then nothing more; the connection stays open.
    StallAfter(usize),
    /// An error answer; nothing is done.
    Status {
        /// HTTP status.
        status: u16,
        /// The code of the error document.
        code: String,
    },
    /// The head with its full `Content-Length`, this many bytes of the body, then the connection is closed.
    Truncate(usize),
}

impl FaultKind {
    /// Pause before the answer.
    pub(crate) fn delay(&self) -> Duration {
        match self {
            Self::Slow { before_ms, .. } => Duration::from_millis(*before_ms),
            _ => Duration::ZERO,
        }
    }
}

impl Fault {
    /// A fault that strikes the first request, whatever it is.
    #[must_use]
    pub fn new(kind: FaultKind) -> Self {
        Self { method: None, bucket: None, key: None, key_contains: None, after: 0, times: 1, kind }
    }

    /// Only requests with this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Only requests to this bucket.
    #[must_use]
    pub fn bucket(mut self, bucket: &str) -> Self {
        self.bucket = Some(bucket.to_owned());
        self
    }

    /// Only requests for this key.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    /// Only requests for keys that contain this.
    #[must_use]
    pub fn key_contains(mut self, part: &str) -> Self {
        self.key_contains = Some(part.to_owned());
        self
    }

    /// Lets this many matching requests pass first.
    #[must_use]
    pub fn after(mut self, count: u32) -> Self {
        self.after = count;
        self
    }

    /// Strikes this many times.
    #[must_use]
    pub fn times(mut self, count: u32) -> Self {
        self.times = count;
        self
    }

    fn matches(&self, request: &Request) -> bool {
        self.method.as_ref().is_none_or(|method| *method == request.method)
            && self.bucket.as_ref().is_none_or(|bucket| *bucket == request.bucket)
            && self.key.as_ref().is_none_or(|key| *key == request.key)
            && self.key_contains.as_ref().is_none_or(|part| request.key.contains(part))
    }
}

fn once() -> u32 {
    1
}

/// The faults still to come, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    pub(crate) fn add(&self, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The fault that strikes this request. The first rule that matches decides and is used up by one.
    pub(crate) fn strike(&self, request: &Request) -> Option<FaultKind> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = faults.iter_mut().find(|fault| fault.times > 0 && fault.matches(request))?;
        if fault.after > 0 {
            fault.after = fault.after.saturating_sub(1);
            return None;
        }
        fault.times = fault.times.saturating_sub(1);
        Some(fault.kind.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_strikes_its_requests_as_often_as_it_says() {
        let faults = Faults::default();
        faults.add(Fault::new(FaultKind::Reset).method("GET").after(1).times(2));
        let get = Request::for_tests("GET", "/a", &[]);
        let put = Request::for_tests("PUT", "/a", &[]);
        let struck: Vec<bool> =
            [&put, &get, &get, &put, &get, &get].map(|request| faults.strike(request).is_some()).into();
        assert_eq!(struck, [false, false, true, false, true, false]);
    }

    #[test]
    fn rules_read_from_json() {
        let cases = [
            (r#"{"kind":"reset"}"#, FaultKind::Reset),
            (r#"{"kind":{"truncate":10}}"#, FaultKind::Truncate(10)),
            (r#"{"kind":{"slow":{"before_ms":5}}}"#, FaultKind::Slow { before_ms: 5, chunk: 0, pause_ms: 0 }),
            (
                r#"{"method":"GET","times":1,"kind":{"status":{"status":503,"code":"SlowDown"}}}"#,
                FaultKind::Status { status: 503, code: "SlowDown".to_owned() },
            ),
        ];
        for (text, kind) in cases {
            let fault: Fault = serde_json::from_str(text).unwrap();
            assert_eq!((fault.kind, fault.times), (kind, 1), "{text}");
        }
    }
}
