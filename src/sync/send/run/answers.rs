//! Answers of invocations: which tasks have ended, and which are sent again.

use std::collections::BTreeMap;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use tokio::time::Instant;

use super::{Ended, Open, Retry, Run};
use crate::sync::outcome::{RecordKind, RecordOutcome};
use crate::sync::record::checkpoint::Checkpoints;
use crate::sync::send::driver::End;
use crate::sync::send::invoker::{Answer, Failure, Invoker};
use crate::sync::{Store, Usage};

/// Attempts of a source whose failure may pass.
const ATTEMPTS: u32 = 4;

/// Longest time in which the platform refuses every invocation for lack of room.
const LONGEST_THROTTLING: Duration = Duration::from_secs(20 * 60);

impl<S: Store, I: Invoker, C: Checkpoints> Run<'_, S, I, C> {
    /// Takes the end of an invocation.
    pub(super) fn take_answer(&mut self, ended: Ended) {
        let Ended { tasks, answer: Answer { outcomes, billed }, took } = ended;
        let ran = match &outcomes {
            Err(Failure::Throttled(_)) => false,
            // The answer of a run may be the reason.
            Err(Failure::Refused(_)) => billed.is_some(),
            Ok(_) | Err(_) => true,
        };
        if ran {
            let billed_ms = billed.map(|billed| u64::try_from(billed.as_millis()).unwrap_or(u64::MAX));
            let worst = self.ledger.worst();
            let requests = match &outcomes {
                Ok(outcomes) if billed.is_some() => {
                    outcomes.iter().map(|outcome| outcome.requests).fold(0, u64::saturating_add)
                }
                // Nobody counted them: as many as the records can have caused.
                Ok(_) | Err(_) => {
                    let [records, most] = [tasks.len(), self.sizer.most()]
                        .map(|count| u64::try_from(count).unwrap_or(u64::MAX));
                    (worst.requests / most.max(1)).saturating_mul(records).min(worst.requests)
                }
            };
            let billed_ms = billed_ms.unwrap_or(worst.billed_ms);
            self.ledger.end(Some(Usage { invocations: 1, billed_ms, requests }));
            self.refused_since = None;
        } else {
            self.ledger.end(None);
        }
        match outcomes {
            Ok(outcomes) => {
                self.pace.succeeded();
                self.sizer.took(tasks.len(), billed.unwrap_or(took));
                self.take_outcomes(tasks, outcomes);
            }
            Err(failure) => self.take_failure(tasks, failure),
        }
        // At the end only repetitions of failures are left, which are no burst, and nothing is left to be saved.
        let are_new_left = !self.surveyed_all || !self.ready.is_empty();
        if let Some(reason) =
            self.failures.burst().filter(|_| are_new_left && !self.driver.limits.keeps_going)
        {
            self.end.get_or_insert(End::Burst(reason));
        }
    }

    /// Ends the tasks with a final outcome, and repeats the others.
    fn take_outcomes(&mut self, tasks: Vec<Open>, outcomes: Vec<RecordOutcome>) {
        let by_key: BTreeMap<String, RecordOutcome> =
            outcomes.into_iter().map(|outcome| (outcome.key.clone(), outcome)).collect();
        let is_progress = by_key.values().any(|outcome| outcome.kind == RecordKind::Done);
        let mut again = Vec::new();
        for mut open in tasks {
            // Two thumbnails of one source that is gone may be two tasks of a batch.
            let outcome = by_key.get(open.task.source.key.as_str()).cloned().unwrap_or_else(|| {
                let reason = "the answer of the function does not name it";
                RecordOutcome::new("", "sync.not_told", reason, RecordKind::Transient)
            });
            if let Some(reason) = self.driver.job.contradiction(&open.task.source.key, &outcome) {
                self.end.get_or_insert(End::Refused(reason));
            }
            if outcome.kind != RecordKind::Transient {
                self.close(&open, &outcome);
                continue;
            }
            let is_late = outcome.code == "deadline" && is_progress;
            open.failed = open.failed.saturating_add(u32::from(!is_late));
            if open.failed >= ATTEMPTS {
                self.close(&open, &outcome);
            } else {
                again.push(open);
            }
        }
        if again.is_empty() {
            return;
        }
        if is_progress && again.iter().all(|open| open.failed == 0) {
            self.sizer.was_too_large();
        }
        self.repeat(again);
    }

    /// Repeats a batch that failed as a whole, in parts if one of its records may be the reason.
    fn take_failure(&mut self, mut tasks: Vec<Open>, failure: Failure) {
        let now = Instant::now();
        let (code, reason, is_certain) = match failure {
            Failure::Refused(reason) => {
                self.end.get_or_insert(End::Refused(reason));
                return;
            }
            Failure::Throttled(reason) => {
                self.pace.refused(now);
                let since = *self.refused_since.get_or_insert(now);
                if now.saturating_duration_since(since) > LONGEST_THROTTLING {
                    self.end.get_or_insert(End::Throttled(reason));
                }
                tasks.iter_mut().for_each(|open| open.throttled = open.throttled.saturating_add(1));
                return self.repeat(tasks);
            }
            Failure::Lost(reason) => ("sync.answer_lost".to_owned(), reason, false),
            Failure::Failed(code, reason) => (code, reason, false),
            // For its time or memory it is killed again; a process that just ended may have been unlucky.
            Failure::Killed(code, reason) => {
                let is_certain = code != "scf.439" || tasks.iter().any(|open| open.failed > 0);
                (code, reason, is_certain)
            }
        };
        tasks.iter_mut().for_each(|open| open.failed = open.failed.saturating_add(1));
        let is_last = tasks.iter().any(|open| open.failed >= ATTEMPTS);
        match tasks.as_slice() {
            [open] if is_last => {
                let outcome = RecordOutcome::new("", &code, &reason, RecordKind::Transient);
                self.close(open, &outcome);
            }
            [_, _, ..] if is_last || is_certain => self.halve(tasks),
            _ => self.repeat(tasks),
        }
    }

    /// Repeats the halves of a batch that fails as a whole, so that the one record is found that is the reason.
    fn halve(&mut self, mut tasks: Vec<Open>) {
        self.sizer.was_too_large();
        tasks.iter_mut().for_each(|open| open.failed = open.failed.min(ATTEMPTS.saturating_sub(1)));
        let second = tasks.split_off(tasks.len() / 2);
        self.repeat(tasks);
        self.repeat(second);
    }

    /// Sends tasks again after a pause that grows with every attempt.
    fn repeat(&mut self, tasks: Vec<Open>) {
        let attempts = tasks.iter().map(|open| open.failed.saturating_add(open.throttled)).max().unwrap_or(0);
        let mut pauses = ExponentialBuilder::new()
            .with_min_delay(Duration::from_secs(1))
            .with_max_delay(Duration::from_secs(30))
            .without_max_times()
            .with_jitter()
            .build();
        let pause = pauses.nth(usize::try_from(attempts).unwrap_or(0)).unwrap_or_default();
        self.retries.push(Retry { due: Instant::now() + pause, tasks });
    }

    /// Ends a task.
    fn close(&mut self, open: &Open, outcome: &RecordOutcome) {
        let key = open.task.source.key.as_str();
        let is_failure = outcome.kind != RecordKind::Done && !self.driver.job.is_accepted(key, &outcome.code);
        self.window.close(open.number, open.task.weight(), &outcome.code, is_failure);
        self.failures.note_successes(open.current);
        self.failures.note(is_failure.then_some((outcome.code.as_str(), outcome.reason.as_str())));
        let written = self.report.outcome(key, Some(open.task.need), &outcome.code, &outcome.reason);
        self.note_report(written);
    }
}
