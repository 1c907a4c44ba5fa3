//! Injected faults of the cloud API.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// Rule that selects calls and makes them fail.
///
/// As JSON, for the admin port: `{"action": "Invoke", "times": 2, "kind": {"error": {"code": "InternalError"}}}`. A kind
/// without members is a plain string: `"kind": "reset"`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ApiFault {
    /// Action; `None` for any.
    #[serde(default)]
    pub action: Option<String>,
    /// Number of matching calls that succeed first.
    #[serde(default)]
    pub after: u32,
    /// Number of matching calls that fail after those.
    #[serde(default = "once")]
    pub times: u32,
    /// Effect on these calls.
    pub kind: ApiFaultKind,
}

/// Effect of a fault on a call.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiFaultKind {
    /// An error is returned; the call is not carried out.
    Error {
        /// Error code, such as `RequestLimitExceeded`.
        code: String,
    },
    /// The response is not JSON, as that of a proxy; the call is not carried out.
    HttpStatus(u16),
    /// The call is carried out, but the connection closes without a response.
    LostAnswer,
    /// The connection closes without a response; the call is not carried out.
    Reset,
    /// A synchronous invocation returns this status of a run without running, such as 449. Other calls are not affected.
    RunStatus(u16),
    /// The response is delayed; the call is carried out before the pause.
    Slow {
        /// Pause, in milliseconds.
        before_ms: u64,
    },
    /// No response is sent and the connection stays open; the call is not carried out.
    Stall,
}

impl ApiFault {
    /// Creates a fault of the next call, whatever it is.
    #[must_use]
    pub fn new(kind: ApiFaultKind) -> Self {
        Self { action: None, after: 0, times: 1, kind }
    }

    /// Limits the fault to calls of this action.
    #[must_use]
    pub fn action(mut self, action: &str) -> Self {
        self.action = Some(action.to_owned());
        self
    }

    /// Lets this many matching calls succeed first.
    #[must_use]
    pub fn after(mut self, count: u32) -> Self {
        self.after = count;
        self
    }

    /// Applies the fault to this many calls.
    #[must_use]
    pub fn times(mut self, count: u32) -> Self {
        self.times = count;
        self
    }
}

/// Default of [`ApiFault::times`].
fn once() -> u32 {
    1
}

/// Faults that remain, oldest first.
#[derive(Debug, Default)]
pub(super) struct ApiFaults(Mutex<Vec<ApiFault>>);

impl ApiFaults {
    /// Adds a fault.
    pub(super) fn add(&self, fault: ApiFault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    /// Removes all faults.
    pub(super) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Returns the effect on a call of this action, and counts the call. The oldest matching fault decides.
    pub(super) fn take(&self, action: &str) -> Option<ApiFaultKind> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let matches = |fault: &&mut ApiFault| {
            fault.times > 0 && fault.action.as_ref().is_none_or(|selected| selected == action)
        };
        let fault = faults.iter_mut().find(matches)?;
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
    fn a_fault_applies_to_calls_of_its_action() {
        let faults = ApiFaults::default();
        faults.add(ApiFault::new(ApiFaultKind::Reset).action("Invoke").after(1).times(2));
        let failing: Vec<bool> = ["Invoke", "GetFunction", "Invoke", "Invoke", "Invoke"]
            .map(|action| faults.take(action).is_some())
            .into();
        assert_eq!(failing, [false, false, true, true, false]);
        let text = r#"{"kind":{"error":{"code":"InternalError"}}}"#;
        let fault: ApiFault = serde_json::from_str(text).unwrap();
        assert_eq!(fault, ApiFault::new(ApiFaultKind::Error { code: "InternalError".to_owned() }));
    }
}
