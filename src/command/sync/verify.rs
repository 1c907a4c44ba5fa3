//! Verdict of `verify`: which of the sources without thumbnail could have one.
//!
//! An object that is not an image has no thumbnail and is right all the same. Only an attempt tells, so the function makes
//! it on this machine, without changing anything.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use cos_thumbnailer::function::Function;
use cos_thumbnailer::sync::{Batch, FunctionSize, Invoker as _, Plan, RecordKind};

use super::Sync;
use super::terminal::say;

/// Most sources that are attempted.
pub(super) const MOST: usize = 10_000;

/// Sources of an attempt.
const AT_ONCE: usize = 20;

/// Sources that are certainly wrong, after which the others are not attempted.
const ENOUGH: u64 = 20;

/// Shortest time limit of an attempt.
const TIME: Duration = Duration::from_secs(120);

/// Code of what would have been changed.
const WOULD_CHANGE: &str = "cos.read_only";

impl Sync {
    /// Success if no source of the plan could have other thumbnails than it has. `kept_away` is the number of those whose
    /// thumbnails something keeps away.
    pub(super) async fn judge(&self, plan: Plan, kept_away: u64) -> Result<ExitCode> {
        let orphans = plan.tally.orphans;
        let (mut wrong, mut attempted) = (0_u64, 0_u64);
        let to_visit = plan.tally.to_visit().saturating_sub(orphans);
        let mut impossible: BTreeMap<String, u64> = BTreeMap::new();
        // The time limit of the function is made for a shorter way to COS, and for fewer sources.
        let size = FunctionSize { time_limit: self.size.time_limit.max(TIME), ..self.size };
        let function = self.on_this_machine(size, Function::read_only);
        for tasks in plan.first.chunks(AT_ONCE) {
            if wrong >= ENOUGH {
                break;
            }
            let outcomes = match function.invoke(&Batch { tasks: tasks.to_vec() }).await.outcomes {
                Ok(outcomes) => outcomes,
                Err(failure) => bail!("the sources cannot be tried: {failure}"),
            };
            for outcome in outcomes {
                attempted = attempted.saturating_add(1);
                match outcome.kind {
                    RecordKind::Permanent if outcome.code != WOULD_CHANGE => {
                        let count = impossible.entry(outcome.code).or_default();
                        *count = count.saturating_add(1);
                    }
                    RecordKind::Permanent | RecordKind::Transient => wrong = wrong.saturating_add(1),
                    RecordKind::Done => {}
                }
            }
        }
        for (code, count) in &impossible {
            crate::print(&format!("no image      {count} ({code})\n"))?;
        }
        let unknown = to_visit.saturating_sub(attempted);
        if orphans > 0 {
            say(&format!(
                "{orphans} thumbnails have lost their source; cos-thumbnailer sync --orphans remove --run removes them"
            ));
        }
        if wrong > 0 || unknown > 0 {
            let unknown = if unknown > 0 { format!(", and {unknown} were not tried") } else { String::new() };
            say(&format!(
                "{wrong} sources have not the thumbnails that they should have{unknown}; \
                 cos-thumbnailer sync --verify stamps --run makes them"
            ));
        }
        if kept_away > 0 {
            say(&format!(
                "{kept_away} sources cannot have their thumbnails, because another object or source has their keys, or they \
                 are no possible keys; --report FILE names them"
            ));
        }
        let is_right = wrong == 0 && unknown == 0 && orphans == 0 && kept_away == 0;
        Ok(if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
