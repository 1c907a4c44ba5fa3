//! Rows of a BMP as RGB or RGBA.

use crate::imaging::picture::Layout;

/// How the pixels are stored.
pub(super) enum PixelCoding {
    /// Three bytes a pixel, blue first.
    Bgr,
    /// Indices of 1, 2, 4 or 8 bits, the first in the highest bits of a byte.
    Indexed { bits: u16, palette: Palette },
    /// Four bytes a pixel.
    Long(Masks),
    /// Run-length coded indices or colours.
    RunLengths { unit: Unit, palette: Palette },
    /// Two bytes a pixel.
    Short(Masks),
}

impl PixelCoding {
    pub(super) fn layout(&self) -> Layout {
        match self {
            Self::Long(masks) | Self::Short(masks) if masks.has_alpha => Layout::RgbAlpha,
            Self::Bgr | Self::Indexed { .. } | Self::Long(_) | Self::RunLengths { .. } | Self::Short(_) => {
                Layout::Rgb
            }
        }
    }

    /// Bits a pixel, of those that are not run-length coded.
    pub(super) fn bits(&self) -> u64 {
        match self {
            Self::Bgr => 24,
            Self::Indexed { bits, .. } => u64::from(*bits),
            Self::Long(_) => 32,
            Self::RunLengths { .. } => 0,
            Self::Short(_) => 16,
        }
    }

    /// Converts a stored row.
    pub(super) fn convert(&self, stored: &[u8], row: &mut [u8]) {
        match self {
            Self::Bgr => {
                for (place, [b, g, r]) in row.as_chunks_mut().0.iter_mut().zip(stored.as_chunks().0) {
                    *place = [*r, *g, *b];
                }
            }
            Self::Indexed { bits: 8, palette } => {
                for (place, index) in row.as_chunks_mut().0.iter_mut().zip(stored) {
                    *place = palette.color(*index);
                }
            }
            Self::Indexed { bits, palette } => {
                let bits = u32::from(*bits);
                let indices = stored.iter().flat_map(|byte| {
                    (1..=8 / bits).map(move |place| *byte >> (8 - place * bits) & ((1 << bits) - 1))
                });
                for (place, index) in row.as_chunks_mut().0.iter_mut().zip(indices) {
                    *place = palette.color(index);
                }
            }
            Self::Long(masks) => {
                masks.convert(stored.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes)), row);
            }
            Self::Short(masks) => {
                let values = stored.as_chunks().0.iter().map(|bytes| u16::from_le_bytes(*bytes).into());
                masks.convert(values, row);
            }
            Self::RunLengths { .. } => (),
        }
    }
}

/// What is repeated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Unit {
    /// A colour of three bytes, blue first.
    Bgr,
    /// An index of eight bits.
    Byte,
    /// Two indices of four bits, in turns.
    Nibble,
}

impl Unit {
    /// Bytes of so many pixels.
    pub(super) fn bytes(self, pixels: usize) -> usize {
        match self {
            Self::Bgr => pixels * 3,
            Self::Byte => pixels,
            Self::Nibble => pixels.div_ceil(2),
        }
    }

    /// The colour of a pixel among those in `bytes`; black past their end.
    pub(super) fn color(self, bytes: &[u8], pixel: usize, palette: &Palette) -> [u8; 3] {
        let index = |place: usize| bytes.get(place).copied().unwrap_or(0);
        match self {
            Self::Bgr => bytes.as_chunks().0.get(pixel).map_or([0; 3], |[b, g, r]| [*r, *g, *b]),
            Self::Byte => palette.color(index(pixel)),
            Self::Nibble if pixel.is_multiple_of(2) => palette.color(index(pixel / 2) >> 4),
            Self::Nibble => palette.color(index(pixel / 2) & 0xf),
        }
    }
}

/// The colour of every index; black past the end of the file's table.
pub(super) struct Palette(pub(super) [[u8; 3]; 256]);

impl Default for Palette {
    fn default() -> Self {
        Self([[0; 3]; 256])
    }
}

impl Palette {
    pub(super) fn color(&self, index: u8) -> [u8; 3] {
        self.0.get(usize::from(index)).copied().unwrap_or_default()
    }
}

/// Which bits of a pixel make up red, green, blue and alpha.
pub(super) struct Masks {
    channels: [Channel; 4],
    has_alpha: bool,
}

impl Masks {
    /// A mask without bits is a colour that is 0 everywhere, and no alpha.
    pub(super) fn new(masks: [u32; 4]) -> Self {
        let [.., alpha] = masks;
        Self { channels: masks.map(Channel::new), has_alpha: alpha != 0 }
    }

    fn convert(&self, values: impl Iterator<Item = u32>, row: &mut [u8]) {
        let [red, green, blue, alpha] = &self.channels;
        if self.has_alpha {
            for (place, value) in row.as_chunks_mut().0.iter_mut().zip(values) {
                *place = [red.sample(value), green.sample(value), blue.sample(value), alpha.sample(value)];
            }
        } else {
            for (place, value) in row.as_chunks_mut().0.iter_mut().zip(values) {
                *place = [red.sample(value), green.sample(value), blue.sample(value)];
            }
        }
    }
}

/// The bits of one sample.
struct Channel {
    /// To the lowest bit that counts.
    shift: u32,
    /// The sample of eight bits for what is there then.
    scale: [u8; 256],
}

impl Channel {
    /// Of more than eight bits the highest count.
    fn new(mask: u32) -> Self {
        let end = u32::BITS - mask.leading_zeros();
        let width = end.saturating_sub(mask.trailing_zeros()).min(8);
        let most = (1_u16 << width) - 1;
        let scaled = |value: u8| {
            let value = u16::from(value) & most;
            (value * 255 + most / 2).checked_div(most).and_then(|sample| u8::try_from(sample).ok())
        };
        let mut scale = [0; 256];
        for (value, place) in (0..=u8::MAX).zip(&mut scale) {
            *place = scaled(value).unwrap_or(0);
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
    fn samples_fill_their_range_whatever_their_mask() {
        for (mask, values) in [
            (0x7c00, [(0, 0), (0x4000, 132), (0x7fff, 255)]),
            (0xff00_0000, [(0x00ff_ffff, 0), (0x8000_0000, 128), (u32::MAX, 255)]),
            (0x8000, [(0x7fff, 0), (0x8000, 255), (u32::MAX, 255)]),
            // Eleven bits: the lowest three do not show.
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
            if let PixelCoding::Indexed { bits: place, .. } = &mut coding {
                *place = bits;
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
