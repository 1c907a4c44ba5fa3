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
use crate::imaging::picture::{Depth, Layout, Picture};

/// `true` if pictures of this layout can be converted: all but CMYK.
pub(crate) fn applies_to(layout: Layout) -> bool {
    layout != Layout::Cmyk
}

/// Converts rows to linear light of sixteen bits.
pub(crate) struct LightRows {
    table: CurveTable,
    layout: Layout,
    depth: Depth,
    /// The last row that was converted.
    row: Vec<u8>,
}

impl LightRows {
    /// Most bytes that it takes beside one row.
    pub(crate) const BYTES: u64 = 2 << 16;

    pub(crate) fn new(layout: Layout, depth: Depth) -> Self {
        debug_assert!(applies_to(layout));
        Self { table: CurveTable::new(depth, srgb_to_linear), layout, depth, row: Vec::new() }
    }

    /// A row in linear light.
    pub(crate) fn convert(&mut self, row: &[u8]) -> &[u8] {
        let Self { table, layout, depth, row: converted } = self;
        converted.clear();
        table.apply(row, *layout, *depth, |sample| converted.extend(sample.to_ne_bytes()));
        converted
    }
}

/// A picture in linear light of sixteen bits as one on sRGB's curve, of `depth`.
pub(crate) fn from_linear(picture: &Picture, depth: Depth) -> Picture {
    debug_assert_eq!(picture.depth, Depth::Sixteen);
    let table = CurveTable::new(Depth::Sixteen, linear_to_srgb);
    let mut samples = Vec::new();
    for row in picture.rows() {
        table.apply(row, picture.layout, picture.depth, |sample| match depth {
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
    fn apply(&self, row: &[u8], layout: Layout, depth: Depth, mut emit: impl FnMut(u16)) {
        let channels = layout.channels();
        let alpha = layout.has_alpha().then_some(channels - 1);
        let bytes = depth.bytes();
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
    use crate::imaging::picture::geometry::Size;

    #[test]
    fn every_level_comes_back_at_both_depths_and_alpha_stays() {
        let size = Size { width: 256, height: 1 };
        let levels = (0..=255_u8).flat_map(|level| [level, 255 - level]).collect::<Vec<_>>();
        for depth in [Depth::Eight, Depth::Sixteen] {
            let row = match depth {
                Depth::Eight => levels.clone(),
                Depth::Sixteen => {
                    levels.iter().flat_map(|level| (u16::from(*level) * 257).to_ne_bytes()).collect()
                }
            };
            let samples = LightRows::new(Layout::GreyAlpha, depth).convert(&row).to_vec();
            let linear = Picture { size, layout: Layout::GreyAlpha, depth: Depth::Sixteen, samples };
            assert_eq!(from_linear(&linear, Depth::Eight).samples, levels);
        }
    }
}
