//! A limit of events per period.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Admits at most `limit` events in any `period`.
#[derive(Debug)]
pub(crate) struct RateWindow {
    /// `None` admits everything.
    limit: Option<u32>,
    period: Duration,
    /// Times of the events admitted within the last period, oldest first.
    admitted: VecDeque<Instant>,
}

impl RateWindow {
    pub(crate) fn new(limit: Option<u32>, period: Duration) -> Self {
        Self { limit, period, admitted: VecDeque::new() }
    }

    /// Returns whether an event at `now` is within the limit, and counts it if so.
    pub(crate) fn admit(&mut self, now: Instant) -> bool {
        let Some(limit) = self.limit else { return true };
        while self.admitted.front().is_some_and(|time| now.saturating_duration_since(*time) >= self.period) {
            self.admitted.pop_front();
        }
        let is_within = u32::try_from(self.admitted.len()).is_ok_and(|count| count < limit);
        if is_within {
            self.admitted.push_back(now);
        }
        is_within
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_period_has_at_most_the_limit() {
        let mut window = RateWindow::new(Some(2), Duration::from_millis(100));
        let start = Instant::now();
        let mut at = |milliseconds| window.admit(start + Duration::from_millis(milliseconds));
        assert_eq!(
            [at(0), at(60), at(90), at(101), at(150), at(161)],
            [true, true, false, true, false, true]
        );
        let mut unlimited = RateWindow::new(None, Duration::from_secs(1));
        assert!((0..1000).all(|_| unlimited.admit(start)));
    }
}
