//! Time of one invocation, for what may be left undone: encoding in formats that take long.
//!
//! Thumbnails in other formats come first and ask nobody; the deadline cuts them off if need be. A slow encoder cannot be
//! cut off, so it is not begun unless its estimate fits the time that is left.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// Time that is left for storing a thumbnail, and for the last look at the source.
const STORING: Duration = Duration::from_millis(150);

/// Time of one invocation, shared by its records.
#[derive(Debug)]
pub(crate) struct InvocationTime {
    /// When work has to stop.
    deadline: Instant,
    /// From the start of an invocation until its deadline.
    whole: Duration,
    /// Records that have not ended.
    pending: AtomicUsize,
}

impl InvocationTime {
    /// The time of an invocation of this many records.
    pub(crate) fn new(deadline: Instant, whole: Duration, records: usize) -> Self {
        Self { deadline, whole, pending: AtomicUsize::new(records) }
    }

    /// Notes the end of a record.
    pub(crate) fn end_record(&self) {
        self.pending.fetch_sub(1, Ordering::Relaxed);
    }

    /// Time that one record may still spend on slow encoders, so that as much is left for each of the others.
    pub(super) fn share(&self) -> Duration {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let records = u32::try_from(self.pending.load(Ordering::Relaxed)).unwrap_or(u32::MAX).max(1);
        (left / records).saturating_sub(STORING)
    }

    /// Time for one slow encoder in an invocation of its own, after the source took `spent`.
    pub(super) fn when_fresh(&self, spent: Duration) -> Duration {
        self.whole.saturating_sub(spent).saturating_sub(STORING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn records_share_what_is_left() {
        let second = Duration::from_secs(1);
        let time = InvocationTime::new(Instant::now() + 9 * second, 9 * second, 3);
        assert_eq!(time.share(), 3 * second - STORING);
        time.end_record();
        tokio::time::advance(second).await;
        assert_eq!(time.share(), 4 * second - STORING);
        tokio::time::advance(10 * second).await;
        assert_eq!(time.share(), Duration::ZERO);
        assert_eq!(time.when_fresh(2 * second), 7 * second - STORING);
    }
}
