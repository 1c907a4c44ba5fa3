//! Progress of a run, for people and for logs.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::json;

use crate::sync::{Prices, Tally, Usage};

/// State of a run at a moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Time since the run began.
    pub elapsed: Duration,
    /// Numbers of sources, those of earlier runs on the same checkpoint included.
    pub tally: Tally,
    /// Sources that were found and have no outcome yet.
    pub open: usize,
    /// Invocations that run.
    pub running: usize,
    /// Invocations that may run at once.
    pub limit: usize,
    /// Use so far.
    pub usage: Usage,
    /// Cost of it.
    pub cost: f64,
    /// `true` if no more sources will be found.
    pub surveyed_all: bool,
}

/// Progress, measured from the first snapshot.
#[derive(Debug, Default)]
pub struct Progress {
    /// Sources that were covered when the run began.
    began_with: Option<(u64, u64)>,
    /// Sources in all, if known.
    total: Option<u64>,
}

impl Progress {
    /// Sets the number of sources in all, if it is known.
    pub fn set_total(&mut self, total: Option<u64>) {
        self.total = total;
    }

    /// One line for a terminal: a bar with sources done, rate, failures, time left and cost.
    pub fn line(&mut self, snapshot: &Snapshot, prices: &Prices) -> String {
        let Measured { rate, left, share } = self.measure(snapshot);
        let tally = &snapshot.tally;
        let mut line = String::new();
        if let Some(share) = share {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 20")]
            let full = (share * 20.0) as usize;
            let _ = write!(line, "[{:<20}] {:3.0} %  ", "=".repeat(full.min(20)), share * 100.0);
        }
        let _ = write!(line, "{} done, {rate:.1}/s, {} failed", tally.done(), tally.failed);
        let _ = write!(line, ", {} of {} invocations", snapshot.running, snapshot.limit);
        if let Some(left) = left {
            let _ = write!(line, ", {} left", humantime::format_duration(left));
        }
        let _ = write!(line, ", {:.4} {}", snapshot.cost, prices.currency);
        line
    }

    /// One line of JSON for a log.
    pub fn json(&mut self, snapshot: &Snapshot, prices: &Prices) -> String {
        let Measured { rate, left, share } = self.measure(snapshot);
        let tally = &snapshot.tally;
        json!({
            "elapsed_s": snapshot.elapsed.as_secs(),
            "sources": tally.sources,
            "current": tally.current,
            "done": tally.done(),
            "failed": tally.failed,
            "open": snapshot.open,
            "running": snapshot.running,
            "limit": snapshot.limit,
            "rate": (rate * 10.0).round() / 10.0,
            "left_s": left.map(|left| left.as_secs()),
            "share": share.map(|share| (share * 1000.0).round() / 1000.0),
            "invocations": snapshot.usage.invocations,
            "cost": (snapshot.cost * 1e6).round() / 1e6,
            "currency": prices.currency,
        })
        .to_string()
    }

    fn measure(&mut self, snapshot: &Snapshot) -> Measured {
        let tally = &snapshot.tally;
        // A source is covered when it is current or passed, or has an outcome.
        let open = u64::try_from(snapshot.open).unwrap_or(u64::MAX);
        let covered = tally.sources.saturating_sub(open);
        let (first, done) = *self.began_with.get_or_insert_with(|| (covered, tally.done()));
        let seconds = snapshot.elapsed.as_secs_f64().max(1e-3);
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let rate_of = |now: u64, then: u64| now.saturating_sub(then) as f64 / seconds;
        let total = if snapshot.surveyed_all { Some(tally.sources) } else { self.total };
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let share = total.filter(|total| *total > 0).map(|total| (covered as f64 / total as f64).min(1.0));
        let pace = rate_of(covered, first);
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let left = total.filter(|_| pace > 0.0 && snapshot.elapsed >= Duration::from_secs(5)).map(|total| {
            let seconds = total.saturating_sub(covered) as f64 / pace;
            Duration::from_secs(Duration::from_secs_f64(seconds.min(1e9)).as_secs())
        });
        Measured { rate: rate_of(tally.done(), done), left, share }
    }
}

struct Measured {
    /// Outcomes a second.
    rate: f64,
    /// Time left, if the number of sources is known.
    left: Option<Duration>,
    /// Share of the sources that are covered.
    share: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_follows_from_what_this_run_has_covered() {
        let snapshot = |seconds, sources, current, stored: u64, open| Snapshot {
            elapsed: Duration::from_secs(seconds),
            tally: Tally {
                sources,
                current,
                outcomes: [("stored".to_owned(), stored)].into(),
                ..Tally::default()
            },
            open,
            running: 2,
            limit: 4,
            cost: 0.25,
            ..Snapshot::default()
        };
        let mut progress = Progress::default();
        progress.set_total(Some(1000));
        let prices = Prices::default();
        assert!(!progress.line(&snapshot(0, 500, 400, 100, 0), &prices).contains("left"));
        let line = progress.line(&snapshot(100, 800, 400, 300, 100), &prices);
        assert_eq!(
            line,
            "[==============      ]  70 %  300 done, 2.0/s, 0 failed, 2 of 4 invocations, 2m 30s left, 0.2500 USD"
        );
        let json: serde_json::Value =
            serde_json::from_str(&progress.json(&snapshot(100, 800, 400, 300, 100), &prices)).unwrap();
        assert_eq!((&json["left_s"], &json["share"], &json["done"]), (&150.into(), &0.7.into(), &300.into()));
        let unknown = Progress::default().line(&snapshot(9, 800, 400, 300, 100), &prices);
        assert!(unknown.starts_with("300 done, 0.0/s"), "{unknown}");
    }
}
