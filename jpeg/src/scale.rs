//! The options and the result of decoding.

use std::num::NonZeroUsize;

/// Scale at which a picture is decoded, along each axis: a number of eighths.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scale {
    /// All pixels of the file.
    Full,
    /// 7/8: 7 x 7 pixels a block.
    SevenEighths,
    /// 6/8: 6 x 6 pixels a block.
    ThreeQuarters,
    /// 5/8: 5 x 5 pixels a block.
    FiveEighths,
    /// 4/8: 4 x 4 pixels a block.
    Half,
    /// 3/8: 3 x 3 pixels a block.
    ThreeEighths,
    /// 2/8: 2 x 2 pixels a block.
    Quarter,
    /// 1/8: one pixel a block, its mean.
    Eighth,
}

impl Scale {
    /// All scales, the smallest first.
    pub const ALL: [Self; 8] = [
        Self::Eighth,
        Self::Quarter,
        Self::ThreeEighths,
        Self::Half,
        Self::FiveEighths,
        Self::ThreeQuarters,
        Self::SevenEighths,
        Self::Full,
    ];

    /// Pixels for each block of the file, along one axis: 1 to 8.
    #[must_use]
    pub fn samples(self) -> u32 {
        match self {
            Self::Full => 8,
            Self::SevenEighths => 7,
            Self::ThreeQuarters => 6,
            Self::FiveEighths => 5,
            Self::Half => 4,
            Self::ThreeEighths => 3,
            Self::Quarter => 2,
            Self::Eighth => 1,
        }
    }

    /// Pixels of the file for each pixel, along one axis: 1 to 8.
    #[must_use]
    pub fn reduction(self) -> f64 {
        8.0 / f64::from(self.samples())
    }

    /// Pixels for so many pixels of the file, along one axis: fractions count as one.
    #[must_use]
    pub fn reduced(self, length: u32) -> u32 {
        let eighths = (u64::from(length) * u64::from(self.samples())).div_ceil(8);
        u32::try_from(eighths).unwrap_or(u32::MAX)
    }
}

/// Options of decoding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wanted {
    /// Scale of the rows that come out.
    pub scale: Scale,
    /// Factor by which the picture will be made smaller afterwards, along each axis. Progressive files are read only
    /// until what is missing does not show at that size, and to their end when it is 0.
    pub reduction: f64,
    /// Most threads that decode a sequential scan, this one included; more than four are never used. The result is
    /// the same for any number.
    pub threads: NonZeroUsize,
    /// Order of the samples of a row: all of the first component, then all of the next, instead of pixel by pixel.
    pub is_planar: bool,
}

impl Wanted {
    /// All that a scale has, on one thread.
    #[must_use]
    pub fn all(scale: Scale) -> Self {
        Self { scale, reduction: 0.0, threads: NonZeroUsize::MIN, is_planar: false }
    }
}

/// Account of a file that was decoded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Pixels of a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Bytes of the file that were read, those of the head included.
    pub bytes_read: u64,
    /// Share of the picture that was lost to damage, 0 to 1.
    ///
    /// It counts MCUs that did not come; in a file of several scans, blocks of which something never came that the
    /// scale keeps. Where only precision was lost, it is that of one MCU.
    pub lost: f64,
}

/// A part of a whole, 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "a share for people")]
pub(crate) fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}
