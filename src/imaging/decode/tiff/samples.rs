//! Rows as they are stored to rows of pixels: byte order, predictor, samples of any size, palettes, alpha.

use crate::imaging::exif::directory::ByteOrder;
use crate::imaging::picture::{Depth, Layout};

/// Most samples a pixel.
pub(super) const MOST_SAMPLES: usize = 16;

/// What the samples of a pixel are and how they are stored.
#[derive(Debug)]
pub(super) struct PixelFormat {
    pub(super) colors: Colors,
    /// Samples a pixel, those included that mean nothing here.
    pub(super) count: usize,
    /// Bits a sample, 1 to 32.
    pub(super) bits: u32,
    /// Where alpha is among the samples, and how colours were stored under it.
    pub(super) alpha: Option<(usize, Alpha)>,
    pub(super) order: ByteOrder,
    /// Whether samples are differences from the pixel before.
    pub(super) is_predicted: bool,
}

#[derive(Debug, Eq, PartialEq)]
pub(super) enum Colors {
    Cmyk,
    Grey(Zero),
    /// The colour of each value.
    Palette(Vec<[u8; 3]>),
    Rgb,
    /// RGB by the time it is converted.
    YCbCr,
}

/// What 0 is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Zero {
    Black,
    White,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Alpha {
    Premultiplied,
    Straight,
}

impl Colors {
    /// Samples that make up a colour.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Grey(_) | Self::Palette(_) => 1,
            Self::Rgb | Self::YCbCr => 3,
            Self::Cmyk => 4,
        }
    }
}

impl PixelFormat {
    pub(super) fn layout(&self) -> Layout {
        match (&self.colors, self.alpha) {
            (Colors::Cmyk, _) => Layout::Cmyk,
            (Colors::Grey(_), None) => Layout::Grey,
            (Colors::Grey(_), Some(_)) => Layout::GreyAlpha,
            (Colors::Palette(_) | Colors::Rgb | Colors::YCbCr, None) => Layout::Rgb,
            (Colors::Palette(_) | Colors::Rgb | Colors::YCbCr, Some(_)) => Layout::RgbAlpha,
        }
    }

    pub(super) fn depth(&self) -> Depth {
        match self.colors {
            Colors::Palette(_) => Depth::Eight,
            _ if self.bits > 8 => Depth::Sixteen,
            _ => Depth::Eight,
        }
    }

    /// Brings a stored row, in which so many samples are side by side, to the machine's byte order, and to samples
    /// instead of differences.
    pub(super) fn unfold(&self, row: &mut [u8], step: usize) {
        match (self.bits, step) {
            (8, 3) if self.is_predicted => add_up::<3>(row),
            (8, 4) if self.is_predicted => add_up::<4>(row),
            (8, _) if self.is_predicted => {
                let mut last = [0_u8; MOST_SAMPLES];
                for pixel in row.chunks_mut(step) {
                    for (sample, last) in pixel.iter_mut().zip(&mut last) {
                        *last = last.wrapping_add(*sample);
                        *sample = *last;
                    }
                }
            }
            (16, _) => {
                let mut last = [0_u16; MOST_SAMPLES];
                for pixel in row.as_chunks_mut::<2>().0.chunks_mut(step) {
                    for (bytes, last) in pixel.iter_mut().zip(&mut last) {
                        let sample = match self.order {
                            ByteOrder::Big => u16::from_be_bytes(*bytes),
                            ByteOrder::Little => u16::from_le_bytes(*bytes),
                        };
                        *last = if self.is_predicted { last.wrapping_add(sample) } else { sample };
                        *bytes = last.to_ne_bytes();
                    }
                }
            }
            (32, _) => {
                let mut last = [0_u32; MOST_SAMPLES];
                for pixel in row.as_chunks_mut::<4>().0.chunks_mut(step) {
                    for (bytes, last) in pixel.iter_mut().zip(&mut last) {
                        let sample = match self.order {
                            ByteOrder::Big => u32::from_be_bytes(*bytes),
                            ByteOrder::Little => u32::from_le_bytes(*bytes),
                        };
                        *last = if self.is_predicted { last.wrapping_add(sample) } else { sample };
                        *bytes = last.to_ne_bytes();
                    }
                }
            }
            // Other sizes are strings of bits from the highest, but for this one.
            (24, _) if self.order == ByteOrder::Little => {
                row.as_chunks_mut::<3>().0.iter_mut().for_each(|bytes| bytes.reverse());
            }
            _ => (),
        }
    }

    /// Whether unfolded rows are rows of pixels already.
    pub(super) fn is_direct(&self) -> bool {
        let is_plain = match self.colors {
            Colors::Cmyk | Colors::Grey(Zero::Black) | Colors::Rgb | Colors::YCbCr => true,
            Colors::Grey(Zero::White) | Colors::Palette(_) => false,
        };
        let is_straight = !matches!(self.alpha, Some((_, Alpha::Premultiplied)));
        is_plain && is_straight && matches!(self.bits, 8 | 16) && self.count == self.layout().channels()
    }

    /// Converts an unfolded row: its planes, each of which has all samples of a pixel side by side, or one.
    pub(super) fn convert(&self, planes: &[Vec<u8>], row: &mut [u8]) {
        let depth = self.depth();
        let most = match depth {
            Depth::Eight => u32::from(u8::MAX),
            Depth::Sixteen => u32::from(u16::MAX),
        };
        let channels = self.layout().channels();
        for (x, place) in row.chunks_exact_mut(channels * depth.bytes()).enumerate() {
            let stored = |sample: usize| match planes {
                [only] => value(only, x * self.count + sample, self.bits),
                planes => planes.get(sample).map_or(0, |plane| value(plane, x, self.bits)),
            };
            let scaled = |sample: usize| scaled(stored(sample), self.bits, most);
            let mut pixel = match &self.colors {
                Colors::Grey(Zero::Black) => [scaled(0), 0, 0, 0],
                Colors::Grey(Zero::White) => [most - scaled(0), 0, 0, 0],
                Colors::Palette(colors) => {
                    let color = usize::try_from(stored(0)).ok().and_then(|index| colors.get(index));
                    let [r, g, b] = color.copied().unwrap_or_default().map(u32::from);
                    [r, g, b, 0]
                }
                Colors::Rgb | Colors::YCbCr => [scaled(0), scaled(1), scaled(2), 0],
                Colors::Cmyk => [scaled(0), scaled(1), scaled(2), scaled(3)],
            };
            if let Some((at, alpha)) = self.alpha {
                let opacity = scaled(at);
                if alpha == Alpha::Premultiplied {
                    let straight =
                        |color: u32| (color * most + opacity / 2).checked_div(opacity).unwrap_or(0);
                    pixel = pixel.map(|color| straight(color).min(most));
                }
                pixel.iter_mut().skip(channels - 1).take(1).for_each(|place| *place = opacity);
            }
            write(place, &pixel, depth);
        }
    }
}

/// [`PixelFormat::unfold`] for eight bits.
fn add_up<const C: usize>(row: &mut [u8]) {
    let mut last = [0_u8; C];
    for pixel in row.as_chunks_mut::<C>().0 {
        for (sample, last) in pixel.iter_mut().zip(&mut last) {
            *last = last.wrapping_add(*sample);
            *sample = *last;
        }
    }
}

/// A sample of an unfolded row; 0 past its end.
fn value(row: &[u8], index: usize, bits: u32) -> u32 {
    match bits {
        8 => row.get(index).map_or(0, |byte| u32::from(*byte)),
        16 => row.as_chunks().0.get(index).map_or(0, |bytes| u16::from_ne_bytes(*bytes).into()),
        32 => row.as_chunks().0.get(index).map_or(0, |bytes| u32::from_ne_bytes(*bytes)),
        _ => {
            let width = usize::try_from(bits).unwrap_or(0);
            let (start, shift) = (index * width / 8, index * width % 8);
            let bytes = (shift + width).div_ceil(8);
            let word =
                row.iter().skip(start).take(bytes).fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
            let word = word >> (bytes * 8 - shift - width) & ((1 << bits) - 1);
            u32::try_from(word).unwrap_or(0)
        }
    }
}

/// A sample of so many bits on the scale up to `most`, which is 255 or 65,535.
fn scaled(value: u32, bits: u32, most: u32) -> u32 {
    let bits_wanted = most.count_ones();
    if bits == bits_wanted {
        value
    } else if bits < bits_wanted {
        // Below 2^16 * 2^16.
        let own = (1 << bits) - 1;
        (value * most + own / 2) / own
    } else {
        value >> (bits - bits_wanted)
    }
}

fn write(place: &mut [u8], pixel: &[u32; 4], depth: Depth) {
    match depth {
        Depth::Eight => {
            for (place, sample) in place.iter_mut().zip(pixel) {
                *place = u8::try_from(*sample).unwrap_or(u8::MAX);
            }
        }
        Depth::Sixteen => {
            for (place, sample) in place.as_chunks_mut::<2>().0.iter_mut().zip(pixel) {
                *place = u16::try_from(*sample).unwrap_or(u16::MAX).to_ne_bytes();
            }
        }
    }
}
