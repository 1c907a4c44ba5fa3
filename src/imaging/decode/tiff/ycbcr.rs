//! Uncompressed YCbCr as RGB (TIFF 6.0, sections 20 and 21).
//!
//! Chroma may be stored once for several pixels. Those are stored as a block: the luma of all its pixels row by row, Cb
//! and Cr. Chroma is repeated, as in libtiff; averaging pixels to a thumbnail makes up for it.

use std::array;

use crate::imaging::error::Error;
use crate::imaging::exif::directory::{Directory, DirectoryError, tag};
use crate::imaging::source_format::SourceFormat;

/// The conversion of a page's YCbCr.
#[derive(Debug, PartialEq)]
pub(super) struct YCbCr {
    /// Columns of a block: 1, 2 or 4.
    across: usize,
    /// Rows of a block: 1, 2 or 4.
    down: usize,
    /// What each sample of luma adds to all colours, from 0 to 255 for black to white.
    luma: [f32; 256],
    /// What each sample of Cb adds to green and blue.
    cb: [[f32; 2]; 256],
    /// What each sample of Cr adds to red and green.
    cr: [[f32; 2]; 256],
}

/// Weights of red, green and blue in luma without the tag YCbCrCoefficients (ITU-R BT.601).
const WEIGHTS: [f64; 3] = [0.299, 0.587, 0.114];

/// Samples of black and white, first of luma, without the tag ReferenceBlackWhite.
const REFERENCES: [f64; 6] = [0.0, 255.0, 128.0, 255.0, 128.0, 255.0];

impl YCbCr {
    /// Parses the tags of samples as they are stored.
    pub(super) fn read(directory: &Directory<'_>) -> Result<Self, DirectoryError> {
        let sides = directory.numbers(tag::SUBSAMPLING, 2)?.unwrap_or_else(|| vec![2, 2]);
        match sides.as_slice() {
            [across @ (1 | 2 | 4), down @ (1 | 2 | 4)] => {
                let side = |side: &u64| usize::try_from(*side).unwrap_or(1);
                Ok(Self { across: side(across), down: side(down), ..Self::read_upsampled(directory)? })
            }
            other => {
                let feature = format!("YCbCr subsampled by {other:?}");
                Err(Error::unsupported(SourceFormat::Tiff, &feature).into())
            }
        }
    }

    /// Parses the tags of samples that another decoder has given to every pixel. Weights and references that make no
    /// sense count as missing.
    pub(super) fn read_upsampled(directory: &Directory<'_>) -> Result<Self, DirectoryError> {
        let weights = directory.reals(tag::YCBCR_WEIGHTS, 3)?.and_then(|weights| weights.try_into().ok());
        let weights =
            weights.filter(|weights: &[f64; 3]| weights.iter().all(|weight| *weight > 0.0 && *weight < 1.0));
        let references = directory.reals(tag::REFERENCES, 6)?.and_then(|numbers| numbers.try_into().ok());
        let references = references.filter(|references: &[f64; 6]| {
            references.as_chunks::<2>().0.iter().all(|[black, white]| white - black >= 1.0)
        });
        Ok(Self::new(weights.unwrap_or(WEIGHTS), references.unwrap_or(REFERENCES)))
    }

    /// The conversion of every pixel, by weights and by references for black and white (section 20), where chroma has 127 levels above
    /// its zero.
    #[expect(clippy::cast_possible_truncation, reason = "colours are small numbers")]
    fn new(weights: [f64; 3], references: [f64; 6]) -> Self {
        let [red, green, blue] = weights;
        let [y_black, y_white, cb_zero, cb_most, cr_zero, cr_most] = references;
        let level = |sample: usize, zero: f64, most: f64, levels: f64| {
            (f64::from(u32::try_from(sample).unwrap_or(0)) - zero) * levels / (most - zero)
        };
        Self {
            across: 1,
            down: 1,
            luma: array::from_fn(|sample| level(sample, y_black, y_white, 255.0) as f32),
            cb: array::from_fn(|sample| {
                let to_blue = level(sample, cb_zero, cb_most, 127.0) * 2.0 * (1.0 - blue);
                [-to_blue * blue / green, to_blue].map(|part| part as f32)
            }),
            cr: array::from_fn(|sample| {
                let to_red = level(sample, cr_zero, cr_most, 127.0) * 2.0 * (1.0 - red);
                [to_red, -to_red * red / green].map(|part| part as f32)
            }),
        }
    }

    /// `true` if chroma is stored once for several pixels.
    pub(super) fn is_subsampled(&self) -> bool {
        self.across * self.down > 1
    }

    /// Columns and rows of a block.
    pub(super) fn block(&self) -> (usize, usize) {
        (self.across, self.down)
    }

    /// Indices of the luma, Cb and Cr of a pixel in a row of blocks; `line` is the row in it.
    pub(super) fn indices(&self, x: usize, line: usize) -> [usize; 3] {
        let pixels = self.across * self.down;
        let block = x / self.across * (pixels + 2);
        [block + line * self.across + x % self.across, block + pixels, block + pixels + 1]
    }

    /// RGB of a pixel.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
    pub(super) fn to_rgb(&self, samples: [u8; 3]) -> [u8; 3] {
        let [y, cb, cr] = samples.map(usize::from);
        let luma = self.luma.get(y).copied().unwrap_or(0.0);
        let [cb_green, blue] = self.cb.get(cb).copied().unwrap_or_default();
        let [red, cr_green] = self.cr.get(cr).copied().unwrap_or_default();
        [luma + red, luma + cb_green + cr_green, luma + blue]
            .map(|level| level.round().clamp(0.0, 255.0) as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_references_are_those_of_jpeg() {
        let colors = YCbCr::new(WEIGHTS, REFERENCES);
        for (samples, rgb) in [
            ([0, 128, 128], [0; 3]),
            ([255, 128, 128], [255; 3]),
            ([76, 85, 255], [254, 0, 0]),
            ([150, 44, 21], [0, 255, 1]),
        ] {
            let have = colors.to_rgb(samples);
            assert!(
                have.iter().zip(rgb).all(|(have, want)| have.abs_diff(want) <= 1),
                "{samples:?}: {have:?}"
            );
        }
    }

    #[test]
    fn video_references_are_stretched() {
        let colors = YCbCr::new(WEIGHTS, [16.0, 235.0, 128.0, 240.0, 128.0, 240.0]);
        assert_eq!(
            [[16, 128, 128], [235, 128, 128]].map(|samples| colors.to_rgb(samples)),
            [[0; 3], [255; 3]]
        );
    }

    #[test]
    fn blocks_hold_luma_before_chroma() {
        let colors = YCbCr { across: 2, down: 2, ..YCbCr::new(WEIGHTS, REFERENCES) };
        assert_eq!(colors.indices(0, 0), [0, 4, 5]);
        assert_eq!(colors.indices(3, 1), [9, 10, 11]);
    }
}
