//! Driver: everything that a run works with, and the ways in which it can end.

use tokio::sync::mpsc;

use crate::sync::record::checkpoint::{CheckpointError, Phase};
use crate::sync::{FunctionSize, Job, Limits, Prices, StoreError, Surveyed, Verify};

/// Treatment of thumbnails whose source is gone.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Orphans {
    /// They are not looked for.
    Ignore,
    /// They are named in the report.
    #[default]
    Report,
    /// The function is told that the source is gone, and decides.
    Remove,
}

/// Everything that a run works with.
#[derive(Debug)]
pub struct Driver<'a, S, I, C> {
    /// Sources and configuration.
    pub job: &'a Job,
    /// COS.
    pub store: &'a S,
    /// Function.
    pub invoker: &'a I,
    /// Place of the checkpoint.
    pub checkpoints: &'a C,
    /// Limits.
    pub limits: Limits,
    /// Size of the function.
    pub size: FunctionSize,
    /// Prices.
    pub prices: Prices,
    /// Thoroughness of the survey.
    pub verify: Verify,
    /// Treatment of orphans.
    pub orphans: Orphans,
}

/// End of a run. All but the first can be resumed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum End {
    /// Everything was sent and has an outcome.
    Done,
    /// The budget is spent.
    Budget,
    /// Too many of the latest sources failed; the text has the most frequent reason.
    Burst(String),
    /// The checkpoint cannot be written, or belongs to another driver now.
    Checkpoint(CheckpointError),
    /// The user stopped it.
    Interrupted,
    /// The most invocations have been made.
    Invocations,
    /// The platform refuses every call.
    Refused(String),
    /// The report cannot be written.
    Report(String),
    /// COS could not be read.
    Store(StoreError),
    /// The platform has had no room for a long time.
    Throttled(String),
}

impl End {
    /// Word for it, in the report.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Budget => "budget",
            Self::Burst(_) => "failures",
            Self::Checkpoint(_) => "checkpoint",
            Self::Interrupted => "interrupted",
            Self::Invocations => "invocations",
            Self::Refused(_) => "refused",
            Self::Report(_) => "report",
            Self::Store(_) => "cos",
            Self::Throttled(_) => "throttled",
        }
    }
}

/// Pages of a survey, as they go from the surveyor to the sender.
pub(super) type Pages = mpsc::Receiver<Result<(Phase, Surveyed), StoreError>>;
