//! Start of a run: survey and sending side by side, with a window between them.

use std::future::{Future, pending};

use tokio::sync::mpsc;

use crate::sync::record::checkpoint::{Checkpoint, Checkpoints, Phase};
use crate::sync::record::progress::Snapshot;
use crate::sync::record::report::Report;
use crate::sync::send::driver::{Driver, End, Orphans};
use crate::sync::send::run::Run;
use crate::sync::{Invoker, OrphanSurvey, Sources, Store, StoreError, Survey, Surveyed};

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
        loop {
            let page = if phase == Phase::Sources { sources.next_page().await } else { Ok(None) };
            let surveyed = match page {
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
