//! The function, as the driver sees it.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use crate::sync::{Batch, RecordOutcome};

/// A function that visits sources: the deployed one, this machine, or a model.
pub trait Invoker {
    /// Sends a batch, and waits for its end.
    fn invoke(&self, batch: &Batch) -> impl Future<Output = Answer>;
}

/// End of an invocation.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The outcome of each record, or the failure of all.
    pub outcomes: Result<Vec<RecordOutcome>, Failure>,
    /// Time that is billed; `None` when it is not known.
    pub billed: Option<Duration>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(reason) | Self::Refused(reason) | Self::Throttled(reason) => f.write_str(reason),
            Self::Failed(code, reason) | Self::Killed(code, reason) => write!(f, "{code} {reason}"),
        }
    }
}

/// Failure of a whole invocation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Failure {
    /// The answer was lost: the invocation may have run.
    Lost(String),
    /// The invocation failed, and a repetition may succeed. Code and reason.
    Failed(String, String),
    /// The platform ended the process: for its time, its memory, or because it exited. One of the records may be the
    /// reason. Code and reason.
    Killed(String, String),
    /// The call is refused, and every other would be.
    Refused(String),
    /// The platform has no room at the moment. Nothing ran.
    Throttled(String),
}
