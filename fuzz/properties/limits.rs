//! Limits of the renderings of all properties.

use std::num::NonZeroUsize;

use cos_thumbnailer::imaging::{Limits, Tolerance};

/// Memory of a rendering, bytes.
pub(crate) const MEMORY: usize = 32_000_000;

/// Larger images only cost time.
pub(crate) const LIMITS: Limits = Limits {
    max_pixels: 1 << 18,
    memory: MEMORY as u64,
    damage: Tolerance::MostlyGood,
    threads: NonZeroUsize::MIN,
};
