//! Resources that a process holds.

use std::time::Duration;

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
    /// Reads the usage of a process; `None` if it has ended.
    pub fn of(process: u32) -> Option<Self> {
        let count = |folder: &str| Some(std::fs::read_dir(format!("/proc/{process}/{folder}")).ok()?.count());
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let resident_kib = resident.trim().trim_end_matches(" kB").parse().ok()?;
        Some(Self { descriptors: count("fd")?, threads: count("task")?, resident_kib })
    }

    /// Waits until a process holds no more than before.
    pub async fn settle(self, process: u32) -> Result<(), String> {
        let mut now = Self::of(process);
        for _ in 0..60 {
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
