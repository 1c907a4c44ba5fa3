//! Resampling in linear light, for the recipes that ask for it: colours on sRGB's curve become light of sixteen bits,
//! are averaged and resampled as such, and go back.
//!
//! The curve is sRGB's whatever the profile: those that occur are so near to it that what is averaged comes out the same
//! within a level. Inks stay as they are, for they are no light.

use crate::imaging::color::rounded;
use crate::imaging::color::srgb::{code, light};
use crate::imaging::error::Error;
use crate::imaging::limits::Budget;
use crate::imaging::picture::{Depth, Layout, Picture};
use crate::imaging::pixels::reduce::Reducer;

/// Whether the picture has colours that are light.
pub(crate) fn has_light(layout: Layout) -> bool {
    layout != Layout::Cmyk
}

/// The picture in light of sixteen bits, averaged in cells of so many pixels' sides; its memory is reserved.
pub(crate) fn averaged(picture: &Picture, cell: u32, budget: &mut Budget) -> Result<Picture, Error> {
    if picture.is_hollow() {
        return Reducer::placeholder(picture.size, picture.layout, Depth::Sixteen, cell, budget);
    }
    let mut reducer = Reducer::new(picture.size, picture.layout, Depth::Sixteen, cell, budget)?;
    let curve = LightTable::new(picture.depth, light);
    let mut row = Vec::new();
    for samples in picture.rows() {
        row.clear();
        curve.apply(samples, picture, |sample| row.extend(sample.to_ne_bytes()));
        reducer.push(&row);
    }
    Ok(reducer.finish().0)
}

/// A picture in light as one of samples on sRGB's curve, of this depth.
pub(crate) fn developed(picture: &Picture, depth: Depth) -> Picture {
    let curve = LightTable::new(Depth::Sixteen, code);
    let mut samples = Vec::new();
    for row in picture.rows() {
        curve.apply(row, picture, |sample| match depth {
            Depth::Eight => samples.push(rounded(sample)),
            Depth::Sixteen => samples.extend(sample.to_ne_bytes()),
        });
    }
    Picture { size: picture.size, layout: picture.layout, depth, samples }
}

/// A curve from samples of some depth to sixteen bits.
struct LightTable(Vec<u16>);

impl LightTable {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
    fn new(depth: Depth, curve: fn(f64) -> f64) -> Self {
        let last = match depth {
            Depth::Eight => u16::from(u8::MAX),
            Depth::Sixteen => u16::MAX,
        };
        let value = |sample| (curve(f64::from(sample) / f64::from(last)) * 65_535.0).round() as u16;
        Self((0..=last).map(value).collect())
    }

    /// Gives every sample of a row, alpha without the curve.
    fn apply(&self, row: &[u8], picture: &Picture, mut give: impl FnMut(u16)) {
        let channels = picture.layout.channels();
        let alpha = picture.layout.has_alpha().then_some(channels - 1);
        let bytes = picture.depth.bytes();
        for (place, sample) in row.chunks_exact(bytes).enumerate() {
            let (sample, straight) = match sample {
                [byte] => (u16::from(*byte), u16::from(*byte) * 257),
                pair => {
                    let sample = pair.first_chunk().map_or(0, |pair| u16::from_ne_bytes(*pair));
                    (sample, sample)
                }
            };
            let is_alpha = alpha.is_some_and(|alpha| place % channels == alpha);
            give(if is_alpha {
                straight
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
            let there = averaged(&picture, 1, &mut budget).unwrap();
            assert_eq!(developed(&there, Depth::Eight).samples, {
                let pairs = (0..=255_u8).flat_map(|level| [level, 255 - level]);
                pairs.collect::<Vec<u8>>()
            });
        }
    }

    /// Half of all light is 188 on sRGB's curve.
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
        let mean = averaged(&picture, 2, &mut budget).unwrap();
        assert_eq!(developed(&mean, Depth::Eight).samples, [188]);
    }
}
