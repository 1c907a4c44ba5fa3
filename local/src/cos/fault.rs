//! Injected faults.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::cos::wire::request::CosRequest;

/// Rule that selects requests and makes them fail.
///
/// As JSON, for the admin port: `{"method": "GET", "key_contains": "cat", "times": 2, "kind": {"status": {"status":
/// 503, "code": "SlowDown"}}}`. A kind without members is a plain string: `"kind": "reset"`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Upper-case method; `None` for any.
    #[serde(default)]
    pub method: Option<String>,
    /// Full bucket name; `None` for any.
    #[serde(default)]
    pub bucket: Option<String>,
    /// Whole key; `None` for any.
    #[serde(default)]
    pub key: Option<String>,
    /// Part of the key; `None` for any.
    #[serde(default)]
    pub key_contains: Option<String>,
    /// Number of matching requests that succeed first.
    #[serde(default)]
    pub after: u32,
    /// Number of matching requests that fail after those.
    #[serde(default = "once")]
    pub times: u32,
    /// Effect on these requests.
    pub kind: FaultKind,
}

/// Effect of a fault on a request.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The request is carried out and answered, then the connection closes without `Connection: close`.
    CloseAfterAnswer,
    /// One bit of the response body is flipped.
    Corrupt,
    /// Status 400 ExpiredToken, as for expired temporary credentials; the request is not carried out.
    ExpiredToken,
    /// The request is carried out, and a header of its response has another value, or none.
    Header {
        /// Name of the header.
        name: String,
        /// Value instead of the real one; empty to leave the header out.
        value: String,
    },
    /// The request is carried out, but the connection closes without a response.
    LostAnswer,
    /// A GET or HEAD without a version is answered with the version before the current one, as by a replica that has not
    /// heard of the last upload. Without such a version the response is the current one.
    PreviousVersion,
    /// Status 307 TemporaryRedirect to this address; the request is not carried out.
    Redirect(String),
    /// The connection closes without a response; the request is not carried out.
    Reset,
    /// The response is slow.
    Slow {
        /// Pause before the head of the response, in milliseconds.
        #[serde(default)]
        before_ms: u64,
        /// Size of the pieces of the body, in bytes; 0 for one piece.
        #[serde(default)]
        chunk: usize,
        /// Pause before each piece, in milliseconds.
        #[serde(default)]
        pause_ms: u64,
    },
    /// No response is sent and the connection stays open; the request is not carried out.
    Stall,
    /// The head and this many bytes of the body are sent, and the connection stays open.
    StallAfter(usize),
    /// An error document is sent; the request is not carried out.
    Status {
        /// HTTP status, also one of success.
        status: u16,
        /// Code of the error document.
        code: String,
    },
    /// The head with its full `Content-Length` and this many bytes of the body are sent, then the connection closes.
    Truncate(usize),
    /// The request is carried out, no response is sent, and the connection stays open.
    Unanswered,
}

impl FaultKind {
    /// Returns the pause before the response.
    pub(crate) fn delay(&self) -> Duration {
        match self {
            Self::Slow { before_ms, .. } => Duration::from_millis(*before_ms),
            _ => Duration::ZERO,
        }
    }
}

impl Fault {
    /// Creates a fault of the next request, whatever it is.
    #[must_use]
    pub fn new(kind: FaultKind) -> Self {
        Self { method: None, bucket: None, key: None, key_contains: None, after: 0, times: 1, kind }
    }

    /// Limits the fault to requests with this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Limits the fault to requests to this bucket.
    #[must_use]
    pub fn bucket(mut self, bucket: &str) -> Self {
        self.bucket = Some(bucket.to_owned());
        self
    }

    /// Limits the fault to requests for this key.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    /// Limits the fault to requests for keys that contain this.
    #[must_use]
    pub fn key_contains(mut self, part: &str) -> Self {
        self.key_contains = Some(part.to_owned());
        self
    }

    /// Lets this many matching requests succeed first.
    #[must_use]
    pub fn after(mut self, count: u32) -> Self {
        self.after = count;
        self
    }

    /// Applies the fault to this many requests.
    #[must_use]
    pub fn times(mut self, count: u32) -> Self {
        self.times = count;
        self
    }

    fn matches(&self, request: &CosRequest) -> bool {
        self.method.as_ref().is_none_or(|method| *method == request.method)
            && self.bucket.as_ref().is_none_or(|bucket| *bucket == request.bucket)
            && self.key.as_ref().is_none_or(|key| *key == request.key)
            && self.key_contains.as_ref().is_none_or(|part| request.key.contains(part))
    }
}

/// Default of [`Fault::times`].
fn once() -> u32 {
    1
}

/// Faults that remain, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    /// Adds a fault.
    pub(crate) fn add(&self, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    /// Removes all faults.
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Replaces the faults and returns those that there were.
    pub(crate) fn replace(&self, next: Vec<Fault>) -> Vec<Fault> {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), next)
    }

    /// Returns the effect on this request, and counts the request. The oldest matching fault decides.
    pub(crate) fn take(&self, request: &CosRequest) -> Option<FaultKind> {
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
    fn a_fault_applies_to_its_requests_as_often_as_it_says() {
        let faults = Faults::default();
        faults.add(Fault::new(FaultKind::Reset).method("GET").after(1).times(2));
        let get = CosRequest::for_tests("GET", "/a", &[]);
        let put = CosRequest::for_tests("PUT", "/a", &[]);
        let failing: Vec<bool> =
            [&put, &get, &get, &put, &get, &get].map(|request| faults.take(request).is_some()).into();
        assert_eq!(failing, [false, false, true, false, true, false]);
    }

    #[test]
    fn faults_are_read_from_json() {
        let cases = [
            (r#"{"kind":"reset"}"#, FaultKind::Reset),
            (r#"{"kind":{"truncate":10}}"#, FaultKind::Truncate(10)),
            (
                r#"{"kind":{"header":{"name":"ETag","value":""}}}"#,
                FaultKind::Header { name: "ETag".to_owned(), value: String::new() },
            ),
            (r#"{"kind":"previous_version"}"#, FaultKind::PreviousVersion),
            (r#"{"kind":{"redirect":"http://a/"}}"#, FaultKind::Redirect("http://a/".to_owned())),
            (r#"{"kind":"unanswered"}"#, FaultKind::Unanswered),
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
