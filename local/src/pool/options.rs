//! Options of a pool.

use std::time::Duration;

use crate::scf::ScfOptions;

/// Options of [`FunctionPool::start`](crate::FunctionPool::start). The defaults are those of an account in Guangzhou.
#[derive(Clone, Debug)]
pub struct PoolOptions {
    /// Options of each instance. `retries` and `retry_delay` apply to asynchronous events.
    pub function: ScfOptions,
    /// Processes that this machine runs at once; an invocation waits while all of them are busy. `None` starts as many as
    /// the other limits allow.
    pub instances: Option<usize>,
    /// Concurrency quota in MB: the sum of the memory limits of all running invocations. Further ones are refused with
    /// status 432. The default of a region is 128,000 (583/11637); `None` removes the limit.
    pub quota_mb: Option<u64>,
    /// Processes that may be started within a minute. Invocations that need a further one are refused with status 429. The
    /// default of an account is 500 (583/37040); `None` removes the limit.
    pub burst_per_minute: Option<u32>,
    /// Asynchronous events that may wait, including those that wait for a retry. Further ones are dropped (583/39851).
    pub queue_capacity: usize,
    /// Age after which an asynchronous event is dropped instead of retried; 6 hours on the platform (583/39851).
    pub max_event_age: Duration,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            function: ScfOptions::default(),
            instances: None,
            quota_mb: Some(128_000),
            burst_per_minute: Some(500),
            queue_capacity: 100_000,
            max_event_age: Duration::from_secs(6 * 3600),
        }
    }
}
