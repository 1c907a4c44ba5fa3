//! Conversion of stored BMP rows to RGB or RGBA of 8 bits.
//!
//! Every conversion writes one output pixel per stored pixel, and allocates nothing.

use crate::imaging::picture::Layout;

/// Storage of the pixels.
pub(super) enum PixelCoding {
    /// Three bytes per pixel, blue first.
    Bgr,
    /// Palette indices of 1, 2, 4 or 8 bits, the first in the highest bits of a byte.
    Indexed { bits: u16, palette: Palette },
    /// Two bytes per pixel, with a mask for each channel.
    Masked16(Masks),
    /// Four bytes per pixel, with a mask for each channel.
    Masked32(Masks),
    /// Run-length coded indices or colours.
    RunLengths { unit: RunUnit, palette: Palette },
}

impl PixelCoding {
    /// Layout of converted rows.
    pub(super) fn layout(&self) -> Layout {
        match self {
            Self::Masked16(masks) | Self::Masked32(masks) if masks.has_alpha => Layout::RgbAlpha,
            Self::Bgr
            | Self::Indexed { .. }
            | Self::Masked16(_)
            | Self::Masked32(_)
            | Self::RunLengths { .. } => Layout::Rgb,
        }
    }

    /// Bits per stored pixel; 0 for run-length coding.
    pub(super) fn bits(&self) -> u64 {
        match self {
            Self::Bgr => 24,
            Self::Indexed { bits, .. } => u64::from(*bits),
            Self::Masked16(_) => 16,
            Self::Masked32(_) => 32,
            Self::RunLengths { .. } => 0,
        }
    }

    /// Returns `true` if rows are pushed as they are stored. The colours of scaled pictures are reversed then.
    pub(super) fn is_reversed(&self) -> bool {
        matches!(self, Self::Bgr)
    }

    /// Converts a stored row that is neither [reversed](Self::is_reversed) nor run-length coded.
    pub(super) fn convert(&self, stored: &[u8], row: &mut [u8]) {
        match self {
            Self::Indexed { bits: 8, palette } => {
                for (pixel, index) in row.as_chunks_mut().0.iter_mut().zip(stored) {
                    *pixel = palette.color(*index);
                }
            }
            Self::Indexed { bits, palette } => {
                let bits = u32::from(*bits);
                let indices = stored.iter().flat_map(|byte| {
                    (1..=8 / bits).map(move |number| *byte >> (8 - number * bits) & ((1 << bits) - 1))
                });
                for (pixel, index) in row.as_chunks_mut().0.iter_mut().zip(indices) {
                    *pixel = palette.color(index);
                }
            }
            Self::Masked16(masks) => {
                let values = stored.as_chunks().0.iter().map(|bytes| u16::from_le_bytes(*bytes).into());
                masks.convert(values, row);
            }
            Self::Masked32(masks) => {
                masks.convert(stored.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes)), row);
            }
            Self::Bgr | Self::RunLengths { .. } => (),
        }
    }
}

/// The value that a run repeats.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum RunUnit {
    /// A colour of three bytes, blue first.
    Bgr,
    /// A palette index of 8 bits.
    Byte,
    /// Two palette indices of 4 bits, used alternately.
    Nibble,
}

impl RunUnit {
    /// Bytes in which a number of literal pixels is stored.
    pub(super) fn bytes(self, pixels: usize) -> usize {
        match self {
            Self::Bgr => pixels * 3,
            Self::Byte => pixels,
            Self::Nibble => pixels.div_ceil(2),
        }
    }

    /// The colour of a pixel of those stored in `bytes`; black past their end.
    pub(super) fn color(self, bytes: &[u8], pixel: usize, palette: &Palette) -> [u8; 3] {
        let index = |byte: usize| bytes.get(byte).copied().unwrap_or(0);
        match self {
            Self::Bgr => bytes.as_chunks().0.get(pixel).map_or([0; 3], |[b, g, r]| [*r, *g, *b]),
            Self::Byte => palette.color(index(pixel)),
            Self::Nibble if pixel.is_multiple_of(2) => palette.color(index(pixel / 2) >> 4),
            Self::Nibble => palette.color(index(pixel / 2) & 0xf),
        }
    }
}

/// RGB colour of every index; black past the end of the file's palette.
pub(super) struct Palette(pub(super) [[u8; 3]; 256]);

impl Default for Palette {
    fn default() -> Self {
        Self([[0; 3]; 256])
    }
}

impl Palette {
    /// Colour of an index.
    pub(super) fn color(&self, index: u8) -> [u8; 3] {
        self.0.get(usize::from(index)).copied().unwrap_or_default()
    }
}

/// The channels of a masked pixel: red, green, blue and alpha.
pub(super) struct Masks {
    channels: [Channel; 4],
    has_alpha: bool,
}

impl Masks {
    /// A mask of 0 makes a colour 0 everywhere; for alpha it means that there is none.
    pub(super) fn new(masks: [u32; 4]) -> Self {
        let [.., alpha] = masks;
        Self { channels: masks.map(Channel::new), has_alpha: alpha != 0 }
    }

    fn convert(&self, values: impl Iterator<Item = u32>, row: &mut [u8]) {
        let [red, green, blue, alpha] = &self.channels;
        if self.has_alpha {
            for (pixel, value) in row.as_chunks_mut().0.iter_mut().zip(values) {
                *pixel = [red.sample(value), green.sample(value), blue.sample(value), alpha.sample(value)];
            }
        } else {
            for (pixel, value) in row.as_chunks_mut().0.iter_mut().zip(values) {
                *pixel = [red.sample(value), green.sample(value), blue.sample(value)];
            }
        }
    }
}

/// Extraction of one sample from a masked pixel.
struct Channel {
    /// Right shift that brings the lowest used bit to bit 0.
    shift: u32,
    /// 8-bit sample for the lowest byte after the shift.
    scale: [u8; 256],
}

impl Channel {
    /// The channel of a mask, which is taken as contiguous from its lowest to its highest bit.
    ///
    /// Only the highest 8 bits of a wider mask are used. With `width` used bits, the sample is the nearest integer to
    /// value · 255 / max for max = 2^`width` − 1. Bits above the mask are cleared by `& max`.
    fn new(mask: u32) -> Self {
        let end = u32::BITS - mask.leading_zeros();
        let width = end.saturating_sub(mask.trailing_zeros()).min(8);
        debug_assert!(width <= end);
        let max = (1_u16 << width) - 1;
        // The numerator is at most 255² + 127, below 2^16.
        let scaled = |value: u8| {
            let value = u16::from(value) & max;
            (value * 255 + max / 2).checked_div(max).and_then(|sample| u8::try_from(sample).ok())
        };
        let mut scale = [0; 256];
        for (value, sample) in (0..=u8::MAX).zip(&mut scale) {
            *sample = scaled(value).unwrap_or(0);
        }
        Self { shift: end - width, scale }
    }

    fn sample(&self, value: u32) -> u8 {
        let [lowest, ..] = value.checked_shr(self.shift).unwrap_or(0).to_le_bytes();
        self.scale.get(usize::from(lowest)).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_fill_the_range_of_eight_bits_for_any_mask() {
        for (mask, values) in [
            (0x7c00, [(0, 0), (0x4000, 132), (0x7fff, 255)]),
            (0xff00_0000, [(0x00ff_ffff, 0), (0x8000_0000, 128), (u32::MAX, 255)]),
            (0x8000, [(0x7fff, 0), (0x8000, 255), (u32::MAX, 255)]),
            // Eleven bits: the lowest three are dropped.
            (0x7ff, [(7, 0), (0x400, 128), (0x7ff, 255)]),
            (u32::MAX, [(0, 0), (0x7f00_0000, 127), (u32::MAX, 255)]),
            (0, [(0, 0), (1, 0), (u32::MAX, 0)]),
        ] {
            let channel = Channel::new(mask);
            for (value, sample) in values {
                assert_eq!(channel.sample(value), sample, "{value:#x} under {mask:#x}");
            }
        }
    }

    #[test]
    fn first_index_is_in_the_highest_bits() {
        let mut palette = Palette::default();
        for (index, color) in (0..=u8::MAX).zip(&mut palette.0) {
            *color = [index; 3];
        }
        let mut coding = PixelCoding::Indexed { bits: 4, palette };
        for (bits, indices) in
            [(4, [0xd, 2, 0xf, 0, 0]), (2, [3, 1, 0, 2, 3]), (1, [1, 1, 0, 1, 0]), (8, [0xd2, 0xf0, 0, 0, 0])]
        {
            if let PixelCoding::Indexed { bits: coded_bits, .. } = &mut coding {
                *coded_bits = bits;
            }
            let mut row = [0; 15];
            coding.convert(&[0xd2, 0xf0], &mut row);
            assert_eq!(
                row.as_chunks::<3>().0.iter().map(|[r, ..]| *r).collect::<Vec<_>>(),
                indices,
                "{bits} bits"
            );
        }
    }
}
