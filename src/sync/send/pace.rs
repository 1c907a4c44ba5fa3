//! Pace: how many invocations may run at once, and when the next may begin.
//!
//! The number of invocations grows until the platform refuses one, then it is halved and grows slowly: additive increase and
//! multiplicative decrease, by which TCP shares a line whose width nobody knows (RFC 5681).

use std::time::Duration;

use tokio::time::Instant;

use crate::sync::Limits;

/// Invocations at once at the beginning.
const FIRST: f64 = 4.0;

/// Growth by each success after the first refusal. A full window of successes adds a twentieth.
const GROWTH: f64 = 0.05;

/// Time in which refusals count as one: those of the calls that were sent before the first came back.
const ONE_REFUSAL: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Pace {
    ceiling: f64,
    window: f64,
    was_refused: bool,
    last_cut: Option<Instant>,
    /// Seconds between two sources.
    per_source: f64,
    /// Seconds between two calls.
    per_call: f64,
    /// Time before which nothing is sent.
    next: Instant,
}

impl Pace {
    pub(super) fn new(limits: &Limits, now: Instant) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "numbers of invocations are small")]
        let ceiling = limits.concurrency.max(1) as f64;
        Self {
            ceiling,
            window: FIRST.min(ceiling),
            was_refused: false,
            last_cut: None,
            per_source: limits.rate.map_or(0.0, |rate| 1.0 / rate.max(1e-3)),
            per_call: 1.0 / limits.calls.max(1e-3),
            next: now,
        }
    }

    /// Invocations that may run at once.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and the ceiling")]
    pub(super) fn limit(&self) -> usize {
        self.window as usize
    }

    /// Time at which the next invocation may begin.
    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// Notes that an invocation with this many records begins.
    pub(super) fn sent(&mut self, records: usize, now: Instant) {
        #[expect(clippy::cast_precision_loss, reason = "batches have some hundred records")]
        let pause = (records as f64 * self.per_source).max(self.per_call);
        self.next = now + Duration::from_secs_f64(pause.min(86_400.0));
    }

    /// Notes that an invocation has run.
    pub(super) fn succeeded(&mut self) {
        let growth = if self.was_refused { GROWTH } else { 1.0 };
        self.window = (self.window + growth).min(self.ceiling);
    }

    /// Notes that the platform refused an invocation for lack of room.
    pub(super) fn refused(&mut self, now: Instant) {
        let is_new = self.last_cut.is_none_or(|last| now.saturating_duration_since(last) >= ONE_REFUSAL);
        if is_new {
            self.window = (self.window / 2.0).max(1.0);
            self.last_cut = Some(now);
        }
        self.was_refused = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(concurrency: usize, rate: Option<f64>) -> Limits {
        Limits { rate, concurrency, ..Limits::for_function("ap-guangzhou", 512, Duration::from_secs(60)) }
    }

    #[test]
    fn the_window_grows_to_its_ceiling_and_halves_once_for_a_burst_of_refusals() {
        let now = Instant::now();
        let mut pace = Pace::new(&limits(100, None), now);
        assert_eq!(pace.limit(), 4);
        (0..200).for_each(|_| pace.succeeded());
        assert_eq!(pace.limit(), 100);
        (0..30).for_each(|_| pace.refused(now));
        assert_eq!(pace.limit(), 50);
        (0..50).for_each(|_| pace.succeeded());
        assert_eq!(pace.limit(), 52);
        for seconds in 1..20 {
            pace.refused(now + ONE_REFUSAL * seconds);
        }
        assert_eq!(pace.limit(), 1);
    }

    #[test]
    fn sources_are_sent_at_the_rate_on_average() {
        let now = Instant::now();
        let mut pace = Pace::new(&limits(100, Some(50.0)), now);
        pace.sent(100, now);
        assert_eq!(pace.next(), now + Duration::from_secs(2));
        let mut unlimited = Pace::new(&limits(100, None), now);
        unlimited.sent(100, now);
        assert_eq!(unlimited.next(), now + Duration::from_millis(5));
    }
}
