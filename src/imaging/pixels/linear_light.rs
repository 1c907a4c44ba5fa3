//! Conversion between sRGB samples and linear light of sixteen bits, for recipes that resample in linear light.
//!
//! Samples on sRGB's curve become proportional to light, are averaged and resampled as such, and are converted back.
//! The curve is always sRGB's, whatever the profile of the source: the curves that occur are so near to it that means
//! come out the same within one level. Inks are not light, so CMYK pictures are not converted.
//!
//! Sixteen bits are enough: sRGB's inverse curve is steepest at black, 12.92 code values per unit of light. One step of
//! 1/65,535 of light is there 12.92 * 255 / 65,535 = 0.05 of an eight-bit level, so every level survives the round
//! trip.

use crate::imaging::color::srgb::{linear_to_srgb, srgb_to_linear};
use crate::imaging::error::Error;
use crate::imaging::limits::Budget;
use crate::imaging::picture::geometry::Cell;
use crate::imaging::picture::{Depth, Layout, Picture};
use crate::imaging::pixels::reduce::Reducer;

/// `true` if pictures of this layout can be converted: all but CMYK.
pub(crate) fn applies_to(layout: Layout) -> bool {
    layout != Layout::Cmyk
}

/// The picture in linear light of sixteen bits, averaged over cells.
///
/// Its bytes are reserved and stay so.
///
/// # Errors
/// [`Error::TooMuchMemory`] if the budget does not allow for the result.
pub(crate) fn to_linear(picture: &Picture, cell: Cell, budget: &mut Budget) -> Result<Picture, Error> {
    debug_assert!(applies_to(picture.layout));
    if picture.is_placeholder() {
        return Reducer::placeholder(picture.size, picture.layout, Depth::Sixteen, cell, budget);
    }
    let mut reducer = Reducer::new(picture.size, picture.layout, Depth::Sixteen, cell, budget)?;
    let table = CurveTable::new(picture.depth, srgb_to_linear);
    let mut row = Vec::new();
    for samples in picture.rows() {
        row.clear();
        table.apply(samples, picture, |sample| row.extend(sample.to_ne_bytes()));
        reducer.push(&row);
    }
    Ok(reducer.finish().0)
}

/// A picture in linear light of sixteen bits as one on sRGB's curve, of `depth`.
pub(crate) fn from_linear(picture: &Picture, depth: Depth) -> Picture {
    debug_assert_eq!(picture.depth, Depth::Sixteen);
    let table = CurveTable::new(Depth::Sixteen, linear_to_srgb);
    let mut samples = Vec::new();
    for row in picture.rows() {
        table.apply(row, picture, |sample| match depth {
            Depth::Eight => samples.push(crate::imaging::color::to_eight_bits(sample)),
            Depth::Sixteen => samples.extend(sample.to_ne_bytes()),
        });
    }
    Picture { size: picture.size, layout: picture.layout, depth, samples }
}

/// A transfer curve as a table from every sample of some depth to sixteen bits: 512 bytes or 128 KB.
struct CurveTable(Vec<u16>);

impl CurveTable {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
    fn new(depth: Depth, curve: fn(f64) -> f64) -> Self {
        let last = match depth {
            Depth::Eight => u16::from(u8::MAX),
            Depth::Sixteen => u16::MAX,
        };
        let value = |sample| (curve(f64::from(sample) / f64::from(last)) * 65_535.0).round() as u16;
        Self((0..=last).map(value).collect())
    }

    /// Passes every converted sample of a row to `emit`. Alpha is not on the curve: it is only widened to sixteen bits,
    /// by 65,535 / 255 = 257.
    fn apply(&self, row: &[u8], picture: &Picture, mut emit: impl FnMut(u16)) {
        let channels = picture.layout.channels();
        let alpha = picture.layout.has_alpha().then_some(channels - 1);
        let bytes = picture.depth.bytes();
        for (index, sample) in row.chunks_exact(bytes).enumerate() {
            let (sample, widened) = match sample {
                [byte] => (u16::from(*byte), u16::from(*byte) * 257),
                pair => {
                    let sample = pair.first_chunk().map_or(0, |pair| u16::from_ne_bytes(*pair));
                    (sample, sample)
                }
            };
            let is_alpha = alpha.is_some_and(|alpha| index % channels == alpha);
            emit(if is_alpha {
                widened
            } else {
                self.0.get(usize::from(sample)).copied().unwrap_or_default()
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::damage::Tolerance;
    use crate::imaging::limits::Limits;
    use crate::imaging::picture::geometry::Size;

    #[test]
    fn every_level_comes_back_at_both_depths_and_alpha_stays() {
        let mut budget = Budget::new(Limits {
            max_pixels: 1000,
            memory: 1 << 20,
            damage: Tolerance::Nothing,
            threads: std::num::NonZeroUsize::MIN,
        });
        for depth in [Depth::Eight, Depth::Sixteen] {
            let size = Size { width: 256, height: 1 };
            let mut picture = Picture::blank(size, Layout::GreyAlpha, depth);
            let samples = (0..=255_u16).flat_map(|level| [level, 255 - level]);
            picture.samples = match depth {
                Depth::Eight => samples.map(|level| u8::try_from(level).unwrap()).collect(),
                Depth::Sixteen => samples.flat_map(|level| (level * 257).to_ne_bytes()).collect(),
            };
            let linear = to_linear(&picture, Cell::PIXEL, &mut budget).unwrap();
            assert_eq!(from_linear(&linear, Depth::Eight).samples, {
                let pairs = (0..=255_u8).flat_map(|level| [level, 255 - level]);
                pairs.collect::<Vec<u8>>()
            });
        }
    }

    /// Half of the light of white is 188 on sRGB's curve.
    #[test]
    fn black_and_white_are_averaged_as_light() {
        let mut budget = Budget::new(Limits {
            max_pixels: 1000,
            memory: 1 << 20,
            damage: Tolerance::Nothing,
            threads: std::num::NonZeroUsize::MIN,
        });
        let size = Size { width: 2, height: 2 };
        let picture =
            Picture { size, layout: Layout::Grey, depth: Depth::Eight, samples: vec![0, 255, 255, 0] };
        let mean = to_linear(&picture, Cell { across: 2, down: 2 }, &mut budget).unwrap();
        assert_eq!(from_linear(&mean, Depth::Eight).samples, [188]);
    }
}
