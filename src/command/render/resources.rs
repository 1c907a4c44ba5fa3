//! What a job of `render --serve` may use.

use std::num::NonZeroUsize;

use serde::Deserialize;

/// Memory and threads of a job.
#[derive(Deserialize)]
pub(super) struct Resources {
    /// MB that pixels may take; without it there is no limit.
    memory: Option<u64>,
    /// Most threads; without it, one.
    threads: Option<NonZeroUsize>,
}

impl Resources {
    /// Bytes that pixels may take.
    pub(super) fn memory(&self) -> u64 {
        self.memory.map_or(u64::MAX, |megabytes| megabytes.saturating_mul(1024 * 1024))
    }

    /// Most threads.
    pub(super) fn threads(&self) -> NonZeroUsize {
        self.threads.unwrap_or(NonZeroUsize::MIN)
    }
}
