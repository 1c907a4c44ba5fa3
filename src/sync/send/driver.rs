//! Driver: survey and sending side by side, with a window between them.

use std::future::{Future, pending};

use tokio::sync::mpsc;

use crate::sync::record::checkpoint::{Checkpoint, CheckpointError, Checkpoints, Phase};
use crate::sync::record::progress::Snapshot;
use crate::sync::record::report::Report;
use crate::sync::send::run::Run;
use crate::sync::{
    FunctionSize, Invoker, Job, Limits, OrphanSurvey, Prices, Sources, Store, StoreError, Survey, Surveyed,
    Verify,
};

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

impl<S: Store, I: Invoker, C: Checkpoints> Driver<'_, S, I, C> {
    /// Runs from `checkpoint` to the end, or until `stop`. `sources` begin after the checkpoint. `watch` is called about
    /// once a second.
    pub async fn run(
        &self,
        checkpoint: Checkpoint,
        sources: impl Sources,
        report: &mut Report,
        stop: impl Future<Output = ()>,
        watch: &mut dyn FnMut(&Snapshot),
    ) -> (End, Snapshot) {
        let (sender, pages) = mpsc::channel(1);
        let survey = self.survey(checkpoint.phase, checkpoint.end.clone(), sources, sender);
        let survey = async {
            survey.await;
            pending().await
        };
        tokio::select! {
            ended = Run::new(self, checkpoint, report, watch).until_end(pages, stop) => ended,
            never = survey => never,
        }
    }

    /// Surveys everything that is left, as long as somebody takes the pages.
    async fn survey(
        &self,
        phase: Phase,
        end: String,
        mut sources: impl Sources,
        pages: mpsc::Sender<Result<(Phase, Surveyed), StoreError>>,
    ) {
        let survey = Survey::new(self.job, self.store, self.verify);
        while phase == Phase::Sources {
            let surveyed = match sources.next_page().await {
                Ok(None) => break,
                Ok(Some(page)) => survey.page(page).await,
                Err(error) => Err(error),
            };
            let failed = surveyed.is_err();
            if pages.send(surveyed.map(|page| (Phase::Sources, page))).await.is_err() || failed {
                return;
            }
        }
        if self.orphans == Orphans::Ignore || phase == Phase::Done {
            return;
        }
        let end = if phase == Phase::Orphans { end } else { String::new() };
        let mut survey = OrphanSurvey::new(self.job, self.store, &end);
        loop {
            let surveyed = match survey.next_page().await {
                Ok(None) => return,
                Ok(Some(page)) => Ok((Phase::Orphans, page)),
                Err(error) => Err(error),
            };
            let failed = surveyed.is_err();
            if pages.send(surveyed).await.is_err() || failed {
                return;
            }
        }
    }
}
