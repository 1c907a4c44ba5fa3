//! Plan: what a run would do and cost, without doing more than the sample.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use cos_thumbnailer::sync::{CosStore, Plan, Planner, SampleFaults};

use super::options::Mode;
use super::terminal::{Terminal, say};
use super::{Sync, verify};

/// Code of a source that has to be restored first, which is no mistake.
const ARCHIVED: &str = "cos.archived";

impl Sync {
    /// Says what a run would do, or, for `verify`, whether there is anything to do.
    pub(super) async fn plan(&self, verifies: bool) -> Result<ExitCode> {
        tokio::select! {
            ended = self.plan_to_end(verifies) => ended,
            _ = tokio::signal::ctrl_c() => {
                if std::io::stderr().is_terminal() {
                    say("");
                }
                bail!("stopped; a plan changes nothing, and begins anew")
            }
        }
    }

    async fn plan_to_end(&self, verifies: bool) -> Result<ExitCode> {
        let planner = Planner {
            job: &self.job,
            store: &self.store,
            limits: self.limits.clone(),
            size: self.size,
            prices: self.prices.clone(),
            verify: self.options.verify,
            orphans: self.options.orphans,
            sample: if verifies { 0 } else { self.options.sample },
            first: if verifies { verify::MOST } else { 0 },
        };
        let mut report = self.report()?;
        let (mut written, mut kept_away, mut shared) = (Ok(()), 0_u64, 0_u64);
        let mut terminal = Terminal::new(None);
        let plan = planner.plan(
            self.sources("").await?,
            |passed| {
                if self.job.is_accepted(&passed.key, passed.code) {
                    shared = shared.saturating_add(1);
                } else if passed.code != ARCHIVED {
                    kept_away = kept_away.saturating_add(1);
                }
                let line = report.outcome(&passed.key, None, passed.code, &passed.reason);
                written = std::mem::replace(&mut written, Ok(())).and(line);
            },
            |tally| terminal.surveyed(tally),
        );
        let plan = plan.await?;
        terminal.end_line();
        written.and_then(|()| report.flush()).context("the report cannot be written")?;
        crate::print(&plan.to_string())?;
        if shared > 0 {
            crate::print(&format!(
                "shared keys   {shared} (another source has the key, by COLLISIONS=first)\n"
            ))?;
        }
        if verifies {
            return self.judge(plan, kept_away).await;
        }
        self.print_estimate(&planner, &plan).await
    }

    async fn print_estimate(&self, planner: &Planner<'_, CosStore>, plan: &Plan) -> Result<ExitCode> {
        if plan.sample.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        say(&format!(
            "making the thumbnails of {} sources to measure them (--sample 0 makes none)",
            plan.sample.len()
        ));
        let (estimate, answers) = planner.estimate(plan, &self.function()).await;
        let SampleFaults { failures, contradiction } = planner.faults(&answers);
        if let Some(reason) = contradiction {
            bail!("{reason}");
        }
        if let Some(failures) = failures {
            say(&failures);
        }
        for reason in answers.into_iter().filter_map(|answer| answer.outcomes.err()).take(1) {
            say(&format!("the sample could not be measured: {reason}"));
        }
        let Some(mut estimate) = estimate else { return Ok(ExitCode::FAILURE) };
        if self.options.mode == Mode::Local {
            estimate.cost = 0.0;
        }
        crate::print(&estimate.to_string())?;
        say("this is a plan; add --run to make the thumbnails");
        Ok(ExitCode::SUCCESS)
    }
}
