//! What a picture may cost, and the flag that ends its making early.
//!
//! Every room that allocates by a number read from the file reserves from the [`Budget`] first, so that a
//! decompression bomb is refused by its header. Not counted: fixed tables and buffers of decoders and
//! encoders, together below 2 MB, and 1 MB more for each thread beside the first.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::imaging::damage::Tolerance;
use crate::imaging::error::Error;
use crate::imaging::picture::geometry::Size;

/// What one call of [`render`](crate::imaging::render) may take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Most pixels of a source, as its header declares them.
    pub max_pixels: u64,
    /// Bytes that pixels, decoder state and buffered source may take together.
    pub memory: u64,
    /// How much of a source may be damaged.
    pub damage: Tolerance,
    /// Most threads at work, that of the caller among them. They change nothing about what is made.
    pub threads: NonZeroUsize,
}

/// Ends a [`render`](crate::imaging::render) from another thread, at its next read, row or stage.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks for the end.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the end was asked for.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// [`Error::Cancelled`] when the end was asked for.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }
}

/// What is left of [`Limits`] while one source is rendered.
#[derive(Debug)]
pub(super) struct Budget {
    limits: Limits,
    used: u64,
    /// The most there ever was.
    peak: u64,
}

impl Budget {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, used: 0, peak: 0 }
    }

    /// Checks the size that a header declares.
    pub(super) fn admit(&self, size: Size) -> Result<(), Error> {
        let (have, allowed) = (size.pixels(), self.limits.max_pixels);
        if have > allowed {
            return Err(Error::TooManyPixels { width: size.width, height: size.height, have, allowed });
        }
        Ok(())
    }

    /// Most threads at work.
    pub(super) fn threads(&self) -> NonZeroUsize {
        self.limits.threads
    }

    /// Bytes that can still be reserved.
    pub(super) fn left(&self) -> u64 {
        self.limits.memory.saturating_sub(self.used)
    }

    /// Bytes that are reserved.
    pub(super) fn used(&self) -> u64 {
        self.used
    }

    /// Bytes that were reserved at most.
    pub(super) fn peak(&self) -> u64 {
        self.peak
    }

    /// Takes `bytes`, or tells how many would have been needed in all.
    pub(super) fn reserve(&mut self, bytes: u64) -> Result<(), Error> {
        let needed = self.used.saturating_add(bytes);
        if needed > self.limits.memory {
            return Err(Error::TooMuchMemory { needed, allowed: self.limits.memory });
        }
        self.used = needed;
        self.peak = self.peak.max(needed);
        Ok(())
    }

    /// Forgets what was taken but for `bytes` of it.
    pub(super) fn settle(&mut self, bytes: u64) {
        self.used = bytes;
    }

    /// Gives back `bytes` of what was reserved.
    pub(super) fn release(&mut self, bytes: u64) {
        self.used = self.used.saturating_sub(bytes);
    }
}

/// Bytes of so many pixels.
pub(crate) fn bytes_of(size: Size, pixel: u64) -> u64 {
    size.pixels().saturating_mul(pixel)
}

/// A length in memory as a number of bytes to reserve.
pub(crate) fn reserved(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budget_counts_what_is_taken_and_given_back() {
        let mut budget = Budget::new(Limits {
            max_pixels: 100,
            memory: 100,
            damage: Tolerance::default(),
            threads: NonZeroUsize::MIN,
        });
        budget.reserve(60).unwrap();
        let refusal = budget.reserve(41).unwrap_err();
        assert!(matches!(refusal, Error::TooMuchMemory { needed: 101, allowed: 100 }), "{refusal:?}");
        budget.release(1);
        budget.reserve(41).unwrap();
        assert_eq!(budget.left(), 0);
        assert!(matches!(budget.reserve(u64::MAX), Err(Error::TooMuchMemory { .. })));
    }

    #[test]
    fn declared_pixels_do_not_overflow() {
        let budget = Budget::new(Limits {
            max_pixels: 100,
            memory: 100,
            damage: Tolerance::default(),
            threads: NonZeroUsize::MIN,
        });
        let size = Size { width: u32::MAX, height: u32::MAX };
        assert!(matches!(budget.admit(size), Err(Error::TooManyPixels { have, .. }) if have > 1 << 63));
        budget.admit(Size { width: 10, height: 10 }).unwrap();
    }
}
