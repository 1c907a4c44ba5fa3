//! How an invocation ended, and all that was seen of it.

use std::time::Duration;

/// How an invocation ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The answer was over 6 MB (407).
    AnswerTooLarge,
    /// The function posted to `/runtime/invocation/error` (430).
    Error(String),
    /// The process ended during the invocation (439).
    Exited {
        /// Exit code; none when a signal ended it.
        code: Option<i32>,
    },
    /// The process ended, or its time was over, before it was ready (450).
    InitFailed {
        /// Exit code, when it ended by itself with one.
        code: Option<i32>,
    },
    /// The process was over its memory limit and was killed (434).
    OutOfMemory,
    /// The function posted to `/runtime/invocation/response` (200).
    Response(String),
    /// The program could not be started (405), with the reason.
    StartFailed(String),
    /// The time limit was over and the process was killed (433).
    TimedOut,
}

impl Outcome {
    /// The status the platform would log (583/42611). That of `/error` is not documented; 430 stands for it.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::AnswerTooLarge => 407,
            Self::Error(_) => 430,
            Self::Exited { .. } => 439,
            Self::InitFailed { .. } => 450,
            Self::OutOfMemory => 434,
            Self::Response(_) => 200,
            Self::StartFailed(_) => 405,
            Self::TimedOut => 433,
        }
    }

    /// Whether the process is gone, or must go, after it.
    pub(super) fn ends_process(&self) -> bool {
        match self {
            Self::Exited { .. } | Self::InitFailed { .. } | Self::OutOfMemory | Self::TimedOut => true,
            Self::AnswerTooLarge | Self::Error(_) | Self::Response(_) | Self::StartFailed(_) => false,
        }
    }

    /// Whether it is a [`Self::Response`].
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Response(_))
    }
}

/// All there is to know about one invocation.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// How it ended.
    pub outcome: Outcome,
    /// The id the function saw.
    pub request_id: String,
    /// From the moment the event was issued to the outcome; a cold start is not in it.
    pub elapsed: Duration,
    /// From the start of the process to `ready`, when this invocation caused one.
    pub init: Option<Duration>,
    /// Lines of standard output and standard error, those of the initialisation first.
    pub log: Vec<String>,
    /// Most resident memory during the invocation, in bytes; none when the process did not live to tell.
    pub peak_rss: Option<u64>,
}

impl Invocation {
    /// Of an invocation of which nothing is known yet.
    pub(super) fn new(request_id: String) -> Self {
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
