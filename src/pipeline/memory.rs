//! Memory of one invocation, shared by the records that are processed at once.
//!
//! It counts permissions of one MiB and allocates nothing. It has two parts: buffers for bodies that wait for
//! the decoder thread, the same for each record, and pixels. As only one record is rendered at a time, it takes
//! all memory for pixels that is free. Free is what other records do not hold for thumbnails that wait for
//! their upload.
//!
//! A record that needs more gives back what it holds and waits for all of the memory. Nobody waits while
//! holding some, so records cannot deadlock.

use tokio::sync::{Semaphore, SemaphorePermit};

const MIB: u64 = 1024 * 1024;

/// Memory that is not counted here, MiB: the program, its connections, and what freed memory its allocator
/// keeps.
const RESERVED_FOR_PROGRAM: u64 = 24;

/// Least memory for pixels and bodies, MiB, in a function of any size.
const LEAST: u64 = 16;

/// Part of the memory that the body of one record may take while it waits, as a divisor.
const BODY_DIVISOR: u32 = 64;

/// Most memory for the body of one record, MiB: holds most photographs whole.
const MOST_FOR_BODY: u32 = 16;

/// Bytes that are buffered where nothing is set aside for bodies, because no other record is rendered
/// meanwhile. They are among what the program takes.
const STREAMED_BODY: usize = 128 * 1024;

/// Memory of one invocation.
#[derive(Debug)]
pub(crate) struct MemoryPool {
    bodies: Semaphore,
    pixels: Semaphore,
    /// Memory for the body of one record, MiB; 0 if there is only one record.
    body: u32,
    /// Memory for all bodies, MiB.
    all_bodies: u32,
    /// Memory for pixels, MiB.
    all_pixels: u32,
}

/// Reserved part of the memory, returned on drop.
#[derive(Debug)]
pub(super) struct MemoryReservation<'a> {
    pool: &'a MemoryPool,
    bodies: Option<SemaphorePermit<'a>>,
    pixels: Option<SemaphorePermit<'a>>,
    is_all: bool,
}

impl MemoryPool {
    /// Bytes for pixels and bodies in a function of this many MB.
    #[must_use]
    pub(crate) fn for_pixels(function_mb: u64) -> u64 {
        function_mb.saturating_sub(RESERVED_FOR_PROGRAM).max(LEAST).saturating_mul(MIB)
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
        let records = u32::try_from(records).unwrap_or(u32::MAX);
        let body = if records > 1 { (all / BODY_DIVISOR).clamp(1, MOST_FOR_BODY) } else { 0 };
        let all_bodies = body.saturating_mul(records).min(all / 2);
        let all_pixels = all - all_bodies;
        let semaphore = |mib| Semaphore::new(usize::try_from(mib).unwrap_or(Semaphore::MAX_PERMITS));
        let (bodies, pixels) = (semaphore(all_bodies), semaphore(all_pixels));
        Self { bodies, pixels, body, all_bodies, all_pixels }
    }

    /// Waits for the memory of a body, or for all of the memory if there is only one record.
    pub(super) async fn for_body(&self) -> Option<MemoryReservation<'_>> {
        if self.body == 0 {
            return self.all().await;
        }
        let bodies = self.bodies.acquire_many(self.body.min(self.all_bodies)).await.ok()?;
        Some(MemoryReservation { pool: self, bodies: Some(bodies), pixels: None, is_all: false })
    }

    /// Waits for all of the memory. `None` only if a semaphore were closed, which never happens.
    pub(super) async fn all(&self) -> Option<MemoryReservation<'_>> {
        let bodies = self.bodies.acquire_many(self.all_bodies).await.ok()?;
        let pixels = self.pixels.acquire_many(self.all_pixels).await.ok()?;
        Some(MemoryReservation { pool: self, bodies: Some(bodies), pixels: Some(pixels), is_all: true })
    }
}

impl MemoryReservation<'_> {
    /// Returns `true` if the reservation is all of the memory.
    pub(super) fn is_all(&self) -> bool {
        self.is_all
    }

    /// Bytes of a body that may wait for the decoder.
    pub(super) fn body_bytes(&self) -> usize {
        match &self.bodies {
            Some(permit) if !self.is_all => {
                permit.num_permits().saturating_mul(usize::try_from(MIB).unwrap_or(usize::MAX))
            }
            _ => STREAMED_BODY,
        }
    }

    /// Takes all memory for pixels that is free. Returns the bytes that this record may use for them.
    pub(super) fn take_pixels(&mut self) -> u64 {
        let free = u32::try_from(self.pool.pixels.available_permits()).unwrap_or(u32::MAX);
        if let Ok(more) = self.pool.pixels.try_acquire_many(free) {
            match &mut self.pixels {
                Some(pixels) => pixels.merge(more),
                None => self.pixels = Some(more),
            }
        }
        let bodies = if self.is_all { self.bodies.as_ref() } else { None };
        let permits = [self.pixels.as_ref(), bodies].into_iter().flatten().map(SemaphorePermit::num_permits);
        u64::try_from(permits.sum::<usize>()).unwrap_or(u64::MAX).saturating_mul(MIB)
    }

    /// Returns all but this many bytes to the pool, for the files of thumbnails.
    pub(super) fn shrink_to(&mut self, bytes: u64) {
        let kept = usize::try_from(bytes.div_ceil(MIB)).unwrap_or(usize::MAX);
        if let Some(pixels) = &mut self.pixels {
            drop(pixels.split(pixels.num_permits().saturating_sub(kept)));
        }
        self.bodies = None;
        self.is_all = false;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn all_of_the_memory_waits_for_every_record() {
        let memory = MemoryPool::new(104 * MIB + 5, 4);
        let mut records = Vec::new();
        for _ in 0..4 {
            records.push(memory.for_body().await.unwrap());
        }
        assert_eq!((records[0].body_bytes(), records[0].is_all()), (1 << 20, false));
        assert_eq!(records[0].take_pixels(), 100 * MIB, "four bodies of 1 MiB are set aside");
        assert_eq!(records[1].take_pixels(), 0);
        records[0].shrink_to(MIB + 1);
        assert_eq!(records[1].take_pixels(), 98 * MIB, "two are held for thumbnails");
        let all = memory.all();
        tokio::pin!(all);
        assert!(tokio::time::timeout(Duration::ZERO, &mut all).await.is_err(), "others hold some of it");
        drop(records);
        let mut all = all.await.unwrap();
        assert_eq!((all.take_pixels(), all.is_all()), (104 * MIB, true));
    }

    #[tokio::test]
    async fn one_record_gets_all_and_small_functions_keep_most_for_pixels() {
        let one = MemoryPool::new(104 * MIB, 1);
        let mut only = one.for_body().await.unwrap();
        assert!(only.is_all());
        assert_eq!((only.take_pixels(), only.body_bytes()), (104 * MIB, STREAMED_BODY));
        let small = MemoryPool::new(40 * MIB, 4);
        assert_eq!(small.for_body().await.unwrap().take_pixels(), 36 * MIB);
        let tiny = MemoryPool::new(3, 9);
        assert_eq!(tiny.for_body().await.unwrap().take_pixels(), MIB);
    }
}
