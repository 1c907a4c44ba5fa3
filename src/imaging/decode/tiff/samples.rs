//! Conversion of stored rows to rows of pixels, in two steps.
//!
//! [`PixelFormat::normalize`] works in place: it converts samples to the machine's byte order, and undoes the
//! predictor. [`PixelFormat::convert`] then converts samples of any size, palettes and premultiplied alpha. Rows that
//! need no conversion skip the second step ([`PixelFormat::is_direct`]). Nothing is allocated.

use crate::imaging::exif::directory::ByteOrder;
use crate::imaging::picture::{Depth, Layout};

/// Most samples per pixel.
pub(super) const MOST_SAMPLES: usize = 16;

/// Format of a pixel's samples.
#[derive(Debug)]
pub(super) struct PixelFormat {
    pub(super) colors: Colors,
    /// Samples per pixel, including those that are ignored.
    pub(super) count: usize,
    /// Bits per sample, 1 to 32.
    pub(super) bits: u32,
    /// Index of alpha among the samples, and its kind.
    pub(super) alpha: Option<(usize, Alpha)>,
    pub(super) order: ByteOrder,
    /// `true` if samples are stored as differences from the pixel before (TIFF 6.0, section 14).
    pub(super) is_predicted: bool,
}

/// Colour space of a page.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Colors {
    Cmyk,
    Grey(GreyScale),
    /// RGB colour of each value.
    Palette(Vec<[u8; 3]>),
    Rgb,
    /// YCbCr in JPEG, which arrives here as RGB.
    YCbCr,
}

/// Direction of a grey scale (PhotometricInterpretation 1 or 0).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum GreyScale {
    BlackIsZero,
    WhiteIsZero,
}

/// Kind of alpha: colours multiplied by it, or not (ExtraSamples 1 or 2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Alpha {
    Premultiplied,
    Straight,
}

impl Colors {
    /// Samples of a colour.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Grey(_) | Self::Palette(_) => 1,
            Self::Rgb | Self::YCbCr => 3,
            Self::Cmyk => 4,
        }
    }
}

impl PixelFormat {
    /// Layout of converted rows.
    pub(super) fn layout(&self) -> Layout {
        match (&self.colors, self.alpha) {
            (Colors::Cmyk, _) => Layout::Cmyk,
            (Colors::Grey(_), None) => Layout::Grey,
            (Colors::Grey(_), Some(_)) => Layout::GreyAlpha,
            (Colors::Palette(_) | Colors::Rgb | Colors::YCbCr, None) => Layout::Rgb,
            (Colors::Palette(_) | Colors::Rgb | Colors::YCbCr, Some(_)) => Layout::RgbAlpha,
        }
    }

    /// Depth of converted rows: 16 bits for samples of more than 8, 8 for palettes.
    pub(super) fn depth(&self) -> Depth {
        match self.colors {
            Colors::Palette(_) => Depth::Eight,
            _ if self.bits > 8 => Depth::Sixteen,
            _ => Depth::Eight,
        }
    }

    /// Converts a stored row in place to the machine's byte order, and from differences to samples.
    ///
    /// `step` is the number of interleaved samples. The predictor stores each sample less the same sample of the
    /// pixel before, modulo 2^bits, so a running wrapping sum per sample restores it.
    pub(super) fn normalize(&self, row: &mut [u8], step: usize) {
        debug_assert!((1..=MOST_SAMPLES).contains(&step));
        match (self.bits, step) {
            (8, 3) if self.is_predicted => undo_differences::<3>(row),
            (8, 4) if self.is_predicted => undo_differences::<4>(row),
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
            // Samples of other sizes are bit strings, highest bit first, except for 24 bits in little-endian files.
            (24, _) if self.order == ByteOrder::Little => {
                row.as_chunks_mut::<3>().0.iter_mut().for_each(|bytes| bytes.reverse());
            }
            _ => (),
        }
    }

    /// Returns `true` if normalized rows need no conversion.
    pub(super) fn is_direct(&self) -> bool {
        let is_plain = match self.colors {
            Colors::Cmyk | Colors::Grey(GreyScale::BlackIsZero) | Colors::Rgb | Colors::YCbCr => true,
            Colors::Grey(GreyScale::WhiteIsZero) | Colors::Palette(_) => false,
        };
        let is_straight = !matches!(self.alpha, Some((_, Alpha::Premultiplied)));
        is_plain && is_straight && matches!(self.bits, 8 | 16) && self.count == self.layout().channels()
    }

    /// Converts a normalized row. `planes` holds one plane with interleaved samples, or a plane for each sample.
    pub(super) fn convert(&self, planes: &[Vec<u8>], row: &mut [u8]) {
        let depth = self.depth();
        let max = match depth {
            Depth::Eight => u32::from(u8::MAX),
            Depth::Sixteen => u32::from(u16::MAX),
        };
        let channels = self.layout().channels();
        for (x, target) in row.chunks_exact_mut(channels * depth.bytes()).enumerate() {
            let stored = |sample: usize| match planes {
                [only] => sample_at(only, x * self.count + sample, self.bits),
                planes => planes.get(sample).map_or(0, |plane| sample_at(plane, x, self.bits)),
            };
            let scaled = |sample: usize| scaled(stored(sample), self.bits, max);
            let mut pixel = match &self.colors {
                Colors::Grey(GreyScale::BlackIsZero) => [scaled(0), 0, 0, 0],
                Colors::Grey(GreyScale::WhiteIsZero) => [max - scaled(0), 0, 0, 0],
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
                    // color / (opacity / max), rounded to nearest. The numerator is at most max² + max / 2, below 2^32.
                    let straight = |color: u32| (color * max + opacity / 2).checked_div(opacity).unwrap_or(0);
                    pixel = pixel.map(|color| straight(color).min(max));
                }
                pixel.iter_mut().skip(channels - 1).take(1).for_each(|last| *last = opacity);
            }
            write_pixel(target, &pixel, depth);
        }
    }
}

/// Undoes the predictor for `C` interleaved samples of 8 bits.
fn undo_differences<const C: usize>(row: &mut [u8]) {
    let mut last = [0_u8; C];
    for pixel in row.as_chunks_mut::<C>().0 {
        for (sample, last) in pixel.iter_mut().zip(&mut last) {
            *last = last.wrapping_add(*sample);
            *sample = *last;
        }
    }
}

/// The sample at `index` of a normalized row; 0 past its end.
fn sample_at(row: &[u8], index: usize, bits: u32) -> u32 {
    match bits {
        8 => row.get(index).map_or(0, |byte| u32::from(*byte)),
        16 => row.as_chunks().0.get(index).map_or(0, |bytes| u16::from_ne_bytes(*bytes).into()),
        32 => row.as_chunks().0.get(index).map_or(0, |bytes| u32::from_ne_bytes(*bytes)),
        // Other sizes: the big-endian word of the bytes that the sample touches, at most 5, without the bits after
        // the sample and those before it.
        _ => {
            let width = usize::try_from(bits).unwrap_or(0);
            let (start, shift) = (index * width / 8, index * width % 8);
            let bytes = (shift + width).div_ceil(8);
            debug_assert!(bytes <= 5);
            let word =
                row.iter().skip(start).take(bytes).fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
            let word = word >> (bytes * 8 - shift - width) & ((1 << bits) - 1);
            u32::try_from(word).unwrap_or(0)
        }
    }
}

/// Scales a sample of `bits` bits to the range up to `max`, which is 255 or 65,535.
///
/// Narrower samples become the nearest integer to value · max / (2^`bits` − 1); of wider samples the highest bits are
/// kept.
fn scaled(value: u32, bits: u32, max: u32) -> u32 {
    let max_bits = max.count_ones();
    if bits == max_bits {
        value
    } else if bits < max_bits {
        // `own_max` is below 2^15 and `max` below 2^16, so that the numerator fits in 32 bits.
        let own_max = (1 << bits) - 1;
        debug_assert!(value <= own_max);
        (value * max + own_max / 2) / own_max
    } else {
        value >> (bits - max_bits)
    }
}

fn write_pixel(target: &mut [u8], pixel: &[u32; 4], depth: Depth) {
    match depth {
        Depth::Eight => {
            for (target, sample) in target.iter_mut().zip(pixel) {
                *target = u8::try_from(*sample).unwrap_or(u8::MAX);
            }
        }
        Depth::Sixteen => {
            for (target, sample) in target.as_chunks_mut::<2>().0.iter_mut().zip(pixel) {
                *target = u16::try_from(*sample).unwrap_or(u16::MAX).to_ne_bytes();
            }
        }
    }
}
