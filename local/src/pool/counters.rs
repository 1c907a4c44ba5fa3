//! Counters of a pool.

use serde::Serialize;

/// State and history of a pool, at one moment.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct PoolCounters {
    /// Invocations that an instance began, including retries.
    pub invocations: u64,
    /// Largest number of invocations that ran at once.
    pub peak_concurrency: usize,
    /// Invocations refused with status 429.
    pub burst_exceeded: u64,
    /// Invocations refused with status 432.
    pub concurrency_exceeded: u64,
    /// Asynchronous events that were accepted or dropped.
    pub events: u64,
    /// Asynchronous events that wait, including those that wait for a retry.
    pub waiting: usize,
    /// Repetitions of asynchronous events after an execution error. Repetitions after 429 and 432 are not among them.
    pub retries: u64,
    /// Asynchronous events that were given up.
    pub dropped: DroppedEvents,
    /// Instances in the order of their first start.
    pub instances: Vec<InstanceCounters>,
}

/// Asynchronous events that were given up, by reason.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct DroppedEvents {
    /// Events whose last retry failed.
    pub failed: u64,
    /// Events that came when the queue was full.
    pub queue_full: u64,
    /// Events that were refused or failed until their maximum age.
    pub too_old: u64,
}

impl DroppedEvents {
    /// Returns the number of dropped events.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.failed.saturating_add(self.queue_full).saturating_add(self.too_old)
    }
}

/// Counters of one instance.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct InstanceCounters {
    /// Processes that were started, one after the other.
    pub starts: u64,
    /// Invocations that were begun.
    pub invocations: u64,
    /// True during an invocation.
    pub busy: bool,
    /// Id of the latest process, which may have ended.
    pub process_id: Option<u32>,
}
