//! Memory for pixels, shared by the records that are processed at once.
//!
//! It counts permissions of one MiB and allocates nothing. A record never asks for more while it holds some,
//! so records cannot deadlock.

use tokio::sync::{Semaphore, SemaphorePermit};

const MIB: u64 = 1024 * 1024;

/// Memory that is not for pixels, MiB: the program, its connections, and thumbnails waiting for their upload.
const RESERVED_FOR_PROGRAM: u64 = 24;

/// Least memory for pixels, MiB, in a function of any size.
const MIN_FOR_PIXELS: u64 = 16;

/// Least memory that is worth starting with, MiB: the need of most photographs.
const MIN_SHARE: u32 = 16;

/// Memory for the pixels of one invocation.
#[derive(Debug)]
pub(crate) struct MemoryPool {
    free: Semaphore,
    /// All of the memory, MiB.
    all: u32,
    /// Fair share of one record, MiB.
    share: u32,
}

/// Reserved part of the memory, returned on drop.
#[derive(Debug)]
pub(super) struct MemoryReservation<'a> {
    permit: SemaphorePermit<'a>,
    is_all: bool,
}

impl MemoryPool {
    /// Bytes for pixels in a function of this many MB.
    #[must_use]
    pub(crate) fn for_pixels(function_mb: u64) -> u64 {
        function_mb.saturating_sub(RESERVED_FOR_PROGRAM).max(MIN_FOR_PIXELS).saturating_mul(MIB)
    }

    /// MB of the smallest function with this many bytes for pixels, not rounded up to an existing size.
    #[must_use]
    pub(crate) fn function_mb_for(for_pixels: u64) -> u64 {
        for_pixels.div_ceil(MIB).saturating_add(RESERVED_FOR_PROGRAM)
    }

    /// Creates a pool of `bytes`, at least 1 MiB, for this many records at once.
    #[must_use]
    pub(crate) fn new(bytes: u64, records: usize) -> Self {
        let most = u32::try_from(Semaphore::MAX_PERMITS).unwrap_or(u32::MAX);
        let all = u32::try_from(bytes / MIB).unwrap_or(most).clamp(1, most);
        let records = u32::try_from(records).unwrap_or(u32::MAX).max(1);
        let share = (all / records).max(MIN_SHARE).min(all);
        Self { free: Semaphore::new(usize::try_from(all).unwrap_or(Semaphore::MAX_PERMITS)), all, share }
    }

    /// Waits for a fair share.
    pub(super) async fn share(&self) -> Option<MemoryReservation<'_>> {
        self.reserve(self.share).await
    }

    /// Waits for all of the memory.
    pub(super) async fn all(&self) -> Option<MemoryReservation<'_>> {
        self.reserve(self.all).await
    }

    /// Reserves memory; `None` only if the semaphore were closed, which never happens.
    async fn reserve(&self, mib: u32) -> Option<MemoryReservation<'_>> {
        let permit = self.free.acquire_many(mib).await.ok()?;
        Some(MemoryReservation { permit, is_all: mib == self.all })
    }
}

impl MemoryReservation<'_> {
    /// Size of the reservation, bytes.
    pub(super) fn bytes(&self) -> u64 {
        u64::try_from(self.permit.num_permits()).unwrap_or(u64::MAX).saturating_mul(MIB)
    }

    /// Returns `true` if the reservation is all of the memory.
    pub(super) fn is_all(&self) -> bool {
        self.is_all
    }

    /// Returns all but this many bytes to the pool.
    pub(super) fn shrink_to(&mut self, bytes: u64) {
        let kept = usize::try_from(bytes.div_ceil(MIB)).unwrap_or(usize::MAX);
        drop(self.permit.split(self.permit.num_permits().saturating_sub(kept)));
        self.is_all = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_of_the_memory_waits_for_every_share() {
        let memory = MemoryPool::new(104 * MIB + 5, 4);
        let mut shares = Vec::new();
        for _ in 0..4 {
            shares.push(memory.share().await.unwrap());
        }
        assert_eq!((shares[0].bytes(), shares[0].is_all()), (26 * MIB, false));
        shares[0].shrink_to(MIB + 1);
        assert_eq!((shares[0].bytes(), memory.free.available_permits()), (2 * MIB, 24));
        let all = memory.all();
        tokio::pin!(all);
        let early = tokio::time::timeout(std::time::Duration::ZERO, &mut all).await;
        assert!(early.is_err(), "others hold some of it");
        drop(shares);
        let all = all.await.unwrap();
        assert_eq!((all.bytes(), all.is_all()), (104 * MIB, true));
    }

    #[tokio::test]
    async fn one_record_gets_all_and_small_functions_have_few_shares() {
        assert!(MemoryPool::new(104 * MIB, 1).share().await.unwrap().is_all());
        let small = MemoryPool::new(40 * MIB, 4);
        assert_eq!(small.share().await.unwrap().bytes(), 16 * MIB);
        assert!(MemoryPool::new(3, 9).share().await.unwrap().is_all());
    }
}
