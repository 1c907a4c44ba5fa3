//! How a file is decoded, and what was read.

use std::num::NonZeroUsize;

/// How small a picture is decoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Scale {
    Full,
    Half,
    Quarter,
    Eighth,
}

impl Scale {
    /// Pixels of the file for each pixel, along one axis.
    #[must_use]
    pub fn reduction(self) -> u32 {
        8 / self.samples()
    }

    /// Pixels for each block of the file, along one axis.
    pub(crate) fn samples(self) -> u32 {
        match self {
            Self::Full => 8,
            Self::Half => 4,
            Self::Quarter => 2,
            Self::Eighth => 1,
        }
    }
}

/// How a file is decoded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wanted {
    /// How small.
    pub scale: Scale,
    /// How many times smaller the picture will be made afterwards: progressive files are read only as far as that
    /// shows, and to their end when it is 0.
    pub reduction: f64,
    /// Most threads that decode a sequential scan; what comes out is the same.
    pub threads: NonZeroUsize,
}

impl Wanted {
    /// All that a scale has, on one thread.
    #[must_use]
    pub fn all(scale: Scale) -> Self {
        Self { scale, reduction: 0.0, threads: NonZeroUsize::MIN }
    }
}

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Pixels of a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Bytes of the file that were read.
    pub bytes_read: u64,
    /// Share of the picture that was lost to damage, 0 to 1: MCUs that did not come, or, in a file of several scans,
    /// blocks of which something never came that the scale keeps. Where only precision was lost, that of one MCU.
    pub lost: f64,
}

#[expect(clippy::cast_precision_loss, reason = "a share for people")]
pub(crate) fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// A number of pixels or blocks as an index.
pub(crate) fn index(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}
