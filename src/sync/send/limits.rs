//! Limits of a run, which are never exceeded.

use std::time::Duration;

/// Largest asynchronous event, bytes: the platform takes 128 KB (583/11637).
pub(crate) const QUEUED_EVENT: usize = 120 * 1024;

/// Largest synchronous event, bytes: the platform takes 6 MB (583/11637).
pub(crate) const ANSWERED_EVENT: usize = 4 * 1024 * 1024;

/// Most records of a batch. The function names as many outcomes in an answer for certain.
pub(crate) const MOST_RECORDS: usize = 500;

/// Records of an asynchronous event, whose time nobody tells.
const QUEUED_RECORDS: usize = 40;

/// Part of the default concurrency of the region that a run uses, in percent. The rest is for live traffic.
const SHARE: u64 = 80;

/// Limits of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Most sources sent in a second.
    pub rate: Option<f64>,
    /// Most invocations at once.
    pub concurrency: usize,
    /// Most invocations in all, those of earlier runs on the same checkpoint included.
    pub invocations: Option<u64>,
    /// Most money in all, in the currency of the prices.
    pub budget: Option<f64>,
    /// Records of a batch; `None` finds the number by measuring.
    pub batch: Option<usize>,
    /// Largest event, bytes.
    pub event: usize,
    /// Most calls of the API in a second.
    pub calls: f64,
    /// Time that a batch should take.
    pub batch_time: Duration,
    /// `true` goes on whatever the number of failures.
    pub keeps_going: bool,
}

impl Limits {
    /// Limits for a function with this memory (MB) and time limit in a region.
    #[must_use]
    pub fn for_function(region: &str, memory_mb: u64, time_limit: Duration) -> Self {
        Self {
            rate: None,
            concurrency: concurrency(region, memory_mb),
            invocations: None,
            budget: None,
            batch: None,
            event: ANSWERED_EVENT,
            // InvokeFunction takes 10,000 a second (583/58400), of which batches need few.
            calls: 200.0,
            batch_time: (time_limit / 4).min(Duration::from_secs(10)),
            keeps_going: false,
        }
    }

    /// The same limits for asynchronous events: they are smaller, fewer calls are allowed (583/17243), and an event counts
    /// as running until its thumbnails were seen, which takes longer than to make them.
    #[must_use]
    pub fn queued(self) -> Self {
        let concurrency = self.concurrency.saturating_mul(3);
        let batch = Some(self.batch.unwrap_or(QUEUED_RECORDS));
        Self { event: QUEUED_EVENT, calls: 80.0, concurrency, batch, ..self }
    }
}

/// Invocations at once for a function of this memory: the documented default of the region (583/11637), less the room for
/// live traffic.
fn concurrency(region: &str, memory_mb: u64) -> usize {
    const LARGE: [&str; 5] = ["ap-guangzhou", "ap-shanghai", "ap-beijing", "ap-chengdu", "ap-hongkong"];
    let quota_mb: u64 = if LARGE.contains(&region) { 128_000 } else { 64_000 };
    let share = quota_mb / memory_mb.max(64) * SHARE / 100;
    usize::try_from(share).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_leaves_a_fifth_of_the_region_to_live_traffic() {
        for (region, memory_mb, invocations) in [
            ("ap-guangzhou", 512, 200),
            ("ap-singapore", 512, 100),
            ("ap-beijing", 3072, 32),
            ("ap-tokyo", 64_000, 1),
        ] {
            assert_eq!(concurrency(region, memory_mb), invocations, "{region} {memory_mb}");
        }
    }
}
