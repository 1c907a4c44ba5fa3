//! Limits of one rendering, the memory budget, and cancellation.
//!
//! Invariant: every allocation whose size is read from the file is reserved from the [`Budget`] first. A
//! decompression bomb is therefore refused by its header.
//!
//! Not counted: fixed tables and buffers of decoders and encoders, together below 3 MB, and 1 MB for each thread
//! after the first. Nor are pages that the decoder of JPEG XL allocates for a hidden frame and has not touched.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::imaging::damage::Tolerance;
use crate::imaging::error::Error;
use crate::imaging::picture::geometry::Size;

/// Limits of one call of [`render`](crate::imaging::render).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Most pixels of a source, by the size that its header declares.
    pub max_pixels: u64,
    /// Most bytes of pixels, decoder state and buffered source together.
    pub memory: u64,
    /// Damaged images that are rendered.
    pub damage: Tolerance,
    /// Most threads at work, including the caller's. The output does not depend on it.
    pub threads: NonZeroUsize,
}

/// A handle on a [`render`](crate::imaging::render) for another thread: a flag that ends it at its next read, row or
/// stage, and the memory that it has reserved.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    is_cancelled: AtomicBool,
    reserved: AtomicU64,
}

impl Cancel {
    /// Sets the flag.
    pub fn cancel(&self) {
        self.0.is_cancelled.store(true, Ordering::Relaxed);
    }

    /// Returns `true` if the flag is set.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled.load(Ordering::Relaxed)
    }

    /// Bytes that the rendering has reserved. After [`Self::cancel`] it reserves no more.
    #[must_use]
    pub fn reserved(&self) -> u64 {
        self.0.reserved.load(Ordering::Relaxed)
    }

    /// Shows what is reserved outside of a [`Budget`].
    pub(super) fn set_reserved(&self, bytes: u64) {
        self.0.reserved.store(bytes, Ordering::Relaxed);
    }

    /// Checks the flag.
    ///
    /// # Errors
    /// [`Error::Cancelled`] if it is set.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }
}

/// Memory accounting of one rendering: bytes reserved against [`Limits::memory`].
#[derive(Debug)]
pub(super) struct Budget {
    limits: Limits,
    /// Bytes reserved now; never above `limits.memory` by [`Self::reserve`].
    used: u64,
    /// Largest value of `used` so far.
    peak: u64,
    /// The handle that shows what is reserved, and whose flag ends the rendering.
    cancel: Cancel,
}

impl Budget {
    /// A budget with nothing reserved, for a rendering that nobody watches.
    pub(super) fn new(limits: Limits) -> Self {
        Self::watched(limits, &Cancel::default())
    }

    /// A budget with nothing reserved, whose state `cancel` shows.
    pub(super) fn watched(limits: Limits, cancel: &Cancel) -> Self {
        Self { limits, used: 0, peak: 0, cancel: cancel.clone() }
    }

    /// Checks a declared size against [`Limits::max_pixels`].
    ///
    /// # Errors
    /// [`Error::TooManyPixels`].
    pub(super) fn admit(&self, size: Size) -> Result<(), Error> {
        let (have, allowed) = (size.pixels(), self.limits.max_pixels);
        if have > allowed {
            return Err(Error::TooManyPixels { width: size.width, height: size.height, have, allowed });
        }
        Ok(())
    }

    /// Most threads at work, including the caller's.
    pub(super) fn threads(&self) -> NonZeroUsize {
        self.limits.threads
    }

    /// Bytes that can still be reserved.
    pub(super) fn left(&self) -> u64 {
        self.limits.memory.saturating_sub(self.used)
    }

    /// Bytes reserved now.
    pub(super) fn used(&self) -> u64 {
        self.used
    }

    /// Most bytes that were reserved at any time.
    pub(super) fn peak(&self) -> u64 {
        self.peak
    }

    /// Reserves `bytes`.
    ///
    /// # Errors
    /// [`Error::TooMuchMemory`] with the bytes needed in all, or [`Error::Cancelled`]; the reservation is unchanged then.
    pub(super) fn reserve(&mut self, bytes: u64) -> Result<(), Error> {
        self.cancel.check()?;
        let needed = self.used.saturating_add(bytes);
        if needed > self.limits.memory {
            return Err(Error::TooMuchMemory { needed, allowed: self.limits.memory });
        }
        self.reset_to(needed);
        Ok(())
    }

    /// Sets the reservation to `bytes`, whatever was reserved before.
    pub(super) fn reset_to(&mut self, bytes: u64) {
        self.used = bytes;
        self.peak = self.peak.max(bytes);
        self.cancel.0.reserved.store(bytes, Ordering::Relaxed);
    }

    /// Releases `bytes` of the reservation.
    pub(super) fn release(&mut self, bytes: u64) {
        self.reset_to(self.used.saturating_sub(bytes));
    }
}

/// Bytes of the pixels of a picture of this size, at `pixel` bytes per pixel.
pub(crate) fn bytes_of(size: Size, pixel: u64) -> u64 {
    size.pixels().saturating_mul(pixel)
}

/// A length in memory as `u64`, which never loses bits on supported machines.
pub(crate) fn to_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn released_bytes_can_be_reserved_again() {
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
