//! Resources that a process holds.

use std::time::Duration;

use crate::proc::{descriptors, resident_kib, threads};

/// Most resident memory that a fault may leave behind, KiB. The allocator keeps up to 2 MiB of free blocks.
const GROWTH_KIB: u64 = 8 * 1024;

/// Resources that a process holds between two events.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    descriptors: usize,
    threads: usize,
    resident_kib: u64,
}

impl Usage {
    /// Reads what a process holds; `None` if it has ended.
    pub fn of(process: u32) -> Option<Self> {
        let resident_kib = resident_kib(process)?;
        let descriptors = descriptors(process).values().sum();
        Some(Self { descriptors, threads: threads(process), resident_kib })
    }

    /// Waits until a process holds no more than before. Idle connections, of which there may be more now, are closed after five
    /// seconds.
    pub async fn settle(self, process: u32) -> Result<(), String> {
        let mut now = Self::of(process);
        for _ in 0..240 {
            if now.is_some_and(|now| now.fits(&self)) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            now = Self::of(process);
        }
        Err(format!("the process holds {now:?}, and held {self:?} before"))
    }

    fn fits(&self, before: &Self) -> bool {
        self.descriptors <= before.descriptors
            && self.threads <= before.threads
            && self.resident_kib <= before.resident_kib + GROWTH_KIB
    }
}
