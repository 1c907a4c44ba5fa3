//! Outcomes of invocations, and what was observed of them.

use std::time::Duration;

/// Outcome of an invocation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// No process was free, and too many had been started within a minute (429).
    BurstExceeded,
    /// The invocations that run use up the concurrency quota, which is counted in MB of memory (432).
    ConcurrencyExceeded,
    /// The function posted this text to `/runtime/invocation/error` (430).
    Error(String),
    /// The process ended during the invocation (439).
    Exited {
        /// Exit code; `None` when a signal ended the process.
        code: Option<i32>,
    },
    /// The process ended before it was ready, or exceeded the initialisation timeout (450).
    InitFailed {
        /// Exit code; `None` after a signal or the timeout.
        code: Option<i32>,
    },
    /// The process exceeded its memory limit and was killed (434).
    OutOfMemory,
    /// The function posted this text to `/runtime/invocation/response` (200).
    Response(String),
    /// The response was larger than 6 MB (407).
    ResponseTooLarge,
    /// The program could not be started (405), for this reason.
    StartFailed(String),
    /// The process exceeded the time limit and was killed (433).
    TimedOut,
}

impl Outcome {
    /// Returns the status that the platform logs (583/42611). The status after a post to `/error` is not documented; 430 is
    /// an assumption.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::BurstExceeded => 429,
            Self::ConcurrencyExceeded => 432,
            Self::Error(_) => 430,
            Self::Exited { .. } => 439,
            Self::InitFailed { .. } => 450,
            Self::OutOfMemory => 434,
            Self::Response(_) => 200,
            Self::ResponseTooLarge => 407,
            Self::StartFailed(_) => 405,
            Self::TimedOut => 433,
        }
    }

    /// Returns whether the process has ended, or must be killed, after this outcome.
    pub(super) fn ends_process(&self) -> bool {
        match self {
            Self::Exited { .. } | Self::InitFailed { .. } | Self::OutOfMemory | Self::TimedOut => true,
            Self::BurstExceeded
            | Self::ConcurrencyExceeded
            | Self::Error(_)
            | Self::Response(_)
            | Self::ResponseTooLarge
            | Self::StartFailed(_) => false,
        }
    }

    /// Returns whether the platform refused the invocation, so that the function did not run.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        matches!(self, Self::BurstExceeded | Self::ConcurrencyExceeded)
    }

    /// Returns whether it is a [`Self::Response`].
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Response(_))
    }
}

/// Outcome and observations of one invocation.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Outcome.
    pub outcome: Outcome,
    /// Request id that the function received.
    pub request_id: String,
    /// Time from the delivery of the event to the outcome, without a cold start.
    pub elapsed: Duration,
    /// Time from the start of the process to `ready`, if this invocation started one.
    pub init: Option<Duration>,
    /// Lines of standard output and standard error, including those of the initialisation.
    pub log: Vec<String>,
    /// Peak resident memory during the invocation, in bytes; `None` when the process had ended.
    pub peak_rss: Option<u64>,
}

impl Invocation {
    /// Creates the record of an invocation that has not begun.
    pub(crate) fn new(request_id: String) -> Self {
        Self {
            outcome: Outcome::TimedOut,
            request_id,
            elapsed: Duration::ZERO,
            init: None,
            log: Vec::new(),
            peak_rss: None,
        }
    }
}
