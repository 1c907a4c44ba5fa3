//! Run: the driver with what the options name, and its end.

use std::cell::Cell;
use std::future::pending;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail};
use cos_thumbnailer::sync::{
    Checkpoint, CosStore, Driver, End, Listing, Phase, QueuedFunction, Report, Snapshot, count_sources,
};

use super::either::{AnyCheckpoints, AnyInvoker, AnySources};
use super::options::{Mode, Options};
use super::terminal::{Terminal, say};
use super::{Sync, either, options, terminal};

impl Sync {
    /// Makes the thumbnails.
    pub(super) async fn run(&mut self) -> Result<ExitCode> {
        let place =
            self.options.checkpoint.clone().unwrap_or_else(|| either::default_place(&self.options.source));
        if let options::Place::Object(bucket, key) = &place
            && self.job.is_source(bucket, key)
        {
            bail!(
                "the checkpoint {} would be a source, and start the function whenever it is written; name another with \
                 --checkpoint",
                either::name(&place)
            );
        }
        let Options { verify, orphans, .. } = &self.options;
        let fingerprint = format!("{} {verify:?} {orphans:?}", self.job.fingerprint());
        let (checkpoints, mut checkpoint) = either::open(&place, &self.store, &fingerprint).await?;
        if checkpoint != Checkpoint::start(fingerprint) {
            say(&format!(
                "resuming after {} sources, by the checkpoint {}",
                checkpoint.tally.sources,
                either::name(&place)
            ));
        }
        self.begin(&mut checkpoint);
        let function = self.function();
        let queued = match &function {
            AnyInvoker::Deployed(deployed) if self.options.mode == Mode::InvokeAsync => {
                Some(AnyInvoker::Queued(QueuedFunction::new(
                    &self.job,
                    deployed,
                    &self.store,
                    self.size.time_limit,
                )))
            }
            _ => None,
        };
        let driver = Driver {
            job: &self.job,
            store: &self.store,
            invoker: queued.as_ref().unwrap_or(&function),
            checkpoints: &checkpoints,
            limits: self.limits.clone(),
            size: self.size,
            prices: self.prices.clone(),
            verify: self.options.verify,
            orphans: self.options.orphans,
        };
        let sources = match checkpoint.phase {
            Phase::Sources => self.sources(&checkpoint.end).await?,
            // No source is left, so no report of them is read.
            Phase::Orphans | Phase::Done => {
                AnySources::Listing(Listing::new(&self.job, &self.store, &checkpoint.end))
            }
        };
        let mut report = self.report()?;
        let (end, snapshot) = self.drive(&driver, checkpoint, sources, &mut report).await;
        checkpoints.release().await;
        crate::print(&terminal::summary(&snapshot, &self.prices, self.options.mode != Mode::InvokeAsync))?;
        self.tell_end(&end, snapshot.tally.failed, &place);
        let is_right = end == End::Done && snapshot.tally.failed == 0;
        Ok(if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Runs the driver to its end, and shows how far it is.
    async fn drive(
        &self,
        driver: &Driver<'_, CosStore, AnyInvoker<'_>, AnyCheckpoints>,
        checkpoint: Checkpoint,
        sources: AnySources<'_>,
        report: &mut Report,
    ) -> (End, Snapshot) {
        let mut terminal = Terminal::new(Some(self.prices.clone()));
        let total = Cell::new(sources.total());
        let counted = async {
            if total.get().is_none() {
                total.set(count_sources(&self.job, &self.store).await.ok());
            }
            pending().await
        };
        let mut watch = |snapshot: &Snapshot| terminal.progress(snapshot, total.get());
        let run = driver.run(checkpoint, sources, report, stopped(), &mut watch);
        let ended = tokio::select! {
            ended = run => ended,
            never = counted => never,
        };
        terminal.end_line();
        ended
    }

    /// Notes when a job begins. One that is resumed selects its sources as it did at its beginning.
    fn begin(&mut self, checkpoint: &mut Checkpoint) {
        if checkpoint.began == 0 {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            checkpoint.began = now.as_secs();
        }
        let began = UNIX_EPOCH.checked_add(Duration::from_secs(checkpoint.began));
        self.job.begin_at(began.unwrap_or(UNIX_EPOCH));
    }

    fn tell_end(&self, end: &End, failed: u64, place: &options::Place) {
        let reason = match end {
            End::Done if failed == 0 => return,
            End::Done => {
                let remedy = match &self.options.report {
                    Some(path) => format!("{} names them, with the reason of each", path.display()),
                    None => "--report FILE names them at the next run, with the reason of each".to_owned(),
                };
                return say(&format!("cos-thumbnailer: {failed} sources failed; {remedy}"));
            }
            End::Budget => {
                "the budget is spent, or less is left of it than one invocation may cost; raise --budget"
                    .to_owned()
            }
            End::Burst(reason) => format!("{reason}; --keep-going goes on all the same"),
            End::Checkpoint(error) => error.to_string(),
            End::Interrupted => "stopped".to_owned(),
            End::Invocations => "the most invocations are made; raise --max-invocations".to_owned(),
            End::Refused(reason) => reason.clone(),
            End::Report(reason) => format!("the report cannot be written: {reason}"),
            End::Store(error) => error.to_string(),
            End::Throttled(reason) => format!("the platform has had no room for 20 minutes: {reason}"),
        };
        say(&format!(
            "cos-thumbnailer: {reason}\nthe same command resumes the run, by the checkpoint {}",
            either::name(place)
        ));
    }
}

/// Returns after Ctrl-C. A task of its own hears it, and the second one, whatever the run waits for.
fn stopped() -> impl Future<Output = ()> {
    let heard = tokio::spawn(terminal::stopped());
    async {
        let _ = heard.await;
    }
}
