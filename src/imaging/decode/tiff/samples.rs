//! Conversion of stored rows to rows of pixels, in two steps.
//!
//! [`PixelFormat::normalize`] works in place: it converts samples to the machine's byte order, and undoes the
//! predictor. [`PixelFormat::convert`] then converts samples of any size, palettes, other colours and premultiplied
//! alpha. Rows that need no conversion skip the second step ([`PixelFormat::is_direct`]). Nothing is allocated.

use crate::imaging::color::srgb::SrgbTable;
use crate::imaging::color::to_eight_bits;
use crate::imaging::decode::tiff::lab::LabCoding;
use crate::imaging::decode::tiff::numbers::{NumberKind, Scale, ValueRange, float_at};
use crate::imaging::decode::tiff::ycbcr::YCbCr;
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
    /// `true` if each sample has a plane of its own.
    pub(super) is_planar: bool,
    /// Bits per sample, 1 to 32, or 64.
    pub(super) bits: u32,
    pub(super) kind: NumberKind,
    /// Black and white of samples that have no [fixed range](Self::has_fixed_range).
    pub(super) scale: Scale,
    /// The conversion of colours that are proportional to light, and not on sRGB's curve.
    pub(super) light: Option<SrgbTable>,
    /// Index of alpha among the samples, and its kind.
    pub(super) alpha: Option<(usize, Alpha)>,
    pub(super) order: ByteOrder,
    pub(super) predictor: Predictor,
}

/// Coding of samples before compression.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Predictor {
    /// Differences from the pixel before (TIFF 6.0, section 14).
    Difference,
    /// Differences of bytes, the bytes of a sample apart (TIFF Technical Note 3).
    FloatingPoint,
    None,
}

/// Colour space of a page.
#[derive(Debug, PartialEq)]
pub(super) enum Colors {
    Cmyk,
    Grey(GreyScale),
    Lab(LabCoding),
    /// RGB colour of each value.
    Palette(Vec<[u8; 3]>),
    Rgb,
    /// YCbCr whose samples are stored as such.
    StoredYCbCr(Box<YCbCr>),
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
            Self::Lab(_) | Self::Rgb | Self::StoredYCbCr(_) | Self::YCbCr => 3,
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
            (_, None) => Layout::Rgb,
            (_, Some(_)) => Layout::RgbAlpha,
        }
    }

    /// Depth of converted rows: 16 bits for samples of more than 8 or without a fixed range, 8 for palettes.
    pub(super) fn depth(&self) -> Depth {
        match self.colors {
            Colors::Palette(_) => Depth::Eight,
            Colors::Lab(_) if self.bits == 8 => Depth::Eight,
            _ if self.bits > 8 || !self.has_fixed_range() => Depth::Sixteen,
            _ => Depth::Eight,
        }
    }

    /// Returns `true` if normalized rows need no conversion.
    pub(super) fn is_direct(&self) -> bool {
        let is_plain = match self.colors {
            Colors::Cmyk | Colors::Grey(GreyScale::BlackIsZero) | Colors::Rgb | Colors::YCbCr => true,
            Colors::Grey(GreyScale::WhiteIsZero)
            | Colors::Lab(_)
            | Colors::Palette(_)
            | Colors::StoredYCbCr(_) => false,
        };
        let is_straight = !matches!(self.alpha, Some((_, Alpha::Premultiplied)));
        let is_plain = is_plain && is_straight && self.kind == NumberKind::Unsigned && !self.is_planar;
        is_plain && matches!(self.bits, 8 | 16) && self.count == self.layout().channels()
    }

    /// Samples of a pixel that are interleaved in a plane.
    pub(super) fn interleaved(&self) -> usize {
        if self.is_planar { 1 } else { self.count }
    }

    /// Samples of a pixel that are used: its colour and alpha, which come first.
    pub(super) fn used(&self) -> usize {
        self.colors.count() + usize::from(self.alpha.is_some())
    }

    /// Columns and rows of the pixels that a stored row of one block has: more than 1 if chroma is subsampled.
    pub(super) fn block(&self) -> (usize, usize) {
        match &self.colors {
            Colors::StoredYCbCr(colors) => colors.block(),
            Colors::Cmyk
            | Colors::Grey(_)
            | Colors::Lab(_)
            | Colors::Palette(_)
            | Colors::Rgb
            | Colors::YCbCr => (1, 1),
        }
    }

    /// Returns `true` if the kind and size of samples define which value is white.
    pub(super) fn has_fixed_range(&self) -> bool {
        self.kind == NumberKind::Unsigned && self.bits <= 32
    }

    /// Extends a range to the colours of the first `columns` pixels of a normalized row.
    pub(super) fn measure(&self, planes: &[Vec<u8>], columns: usize, range: &mut ValueRange) {
        for sample in 0..self.colors.count() {
            for x in 0..columns {
                let (row, index) = self.place(planes, x, sample);
                range.add(self.number_at(row, index));
            }
        }
    }

    /// Converts a normalized row. `planes` holds one plane with interleaved samples, or a plane for each sample; `line`
    /// is the row in a row of [blocks](Self::block).
    pub(super) fn convert(&self, planes: &[Vec<u8>], line: usize, row: &mut [u8]) {
        let depth = self.depth();
        let max = match depth {
            Depth::Eight => u32::from(u8::MAX),
            Depth::Sixteen => u32::from(u16::MAX),
        };
        let channels = self.layout().channels();
        for (x, target) in row.chunks_exact_mut(channels * depth.bytes()).enumerate() {
            let mut pixel = self.color(planes, x, line, max);
            if let Some((at, alpha)) = self.alpha {
                let opacity = self.opacity(planes, x, at, max);
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

    /// The colour of a pixel, whose samples end at `max`.
    fn color(&self, planes: &[Vec<u8>], x: usize, line: usize, max: u32) -> [u32; 4] {
        let level = |sample: usize| self.level(planes, x, sample, max);
        let stored = |sample: usize| {
            let (row, index) = self.place(planes, x, sample);
            sample_at(row, index, self.bits)
        };
        match &self.colors {
            Colors::Grey(GreyScale::BlackIsZero) => [level(0), 0, 0, 0],
            Colors::Grey(GreyScale::WhiteIsZero) => [max - level(0), 0, 0, 0],
            Colors::Lab(coding) => {
                let [r, g, b] = coding.to_light([stored(0), stored(1), stored(2)], self.bits);
                [self.to_level(r, max), self.to_level(g, max), self.to_level(b, max), 0]
            }
            Colors::Palette(colors) => {
                let color = usize::try_from(stored(0)).ok().and_then(|index| colors.get(index));
                let [r, g, b] = color.copied().unwrap_or_default().map(u32::from);
                [r, g, b, 0]
            }
            Colors::Rgb | Colors::YCbCr => [level(0), level(1), level(2), 0],
            Colors::StoredYCbCr(colors) => {
                let samples = match planes {
                    [row] if colors.is_subsampled() => {
                        colors.indices(x, line).map(|index| row.get(index).copied().unwrap_or(0))
                    }
                    _ => [stored(0), stored(1), stored(2)].map(|sample| u8::try_from(sample).unwrap_or(0)),
                };
                let [r, g, b] = colors.to_rgb(samples).map(u32::from);
                [r, g, b, 0]
            }
            Colors::Cmyk => [level(0), level(1), level(2), level(3)],
        }
    }

    /// The plane that has a sample of a pixel, and the sample's index there.
    fn place<'p>(&self, planes: &'p [Vec<u8>], x: usize, sample: usize) -> (&'p [u8], usize) {
        let (plane, index) = if self.is_planar { (sample, x) } else { (0, x * self.count + sample) };
        (planes.get(plane).map_or(&[], Vec::as_slice), index)
    }

    /// A sample of a pixel's colour, scaled to the range up to `max`.
    fn level(&self, planes: &[Vec<u8>], x: usize, sample: usize, max: u32) -> u32 {
        let (row, index) = self.place(planes, x, sample);
        if self.has_fixed_range() {
            return scaled(sample_at(row, index, self.bits), self.bits, max);
        }
        self.to_level(self.scale.apply(self.number_at(row, index)), max)
    }

    /// The level, up to `max`, of a part of white.
    fn to_level(&self, part: f64, max: u32) -> u32 {
        match &self.light {
            Some(table) if max == u32::from(u8::MAX) => to_eight_bits(table.sample(part)).into(),
            Some(table) => table.sample(part).into(),
            None => to_level(part, max),
        }
    }

    /// Alpha of a pixel. Without a fixed range it is from 0 to 1, or to the greatest signed number.
    fn opacity(&self, planes: &[Vec<u8>], x: usize, sample: usize, max: u32) -> u32 {
        let (row, index) = self.place(planes, x, sample);
        if self.has_fixed_range() {
            return scaled(sample_at(row, index, self.bits), self.bits, max);
        }
        let greatest = match self.kind {
            NumberKind::Float => 1.0,
            NumberKind::Signed => f64::from(self.bits - 1).exp2() - 1.0,
            NumberKind::Unsigned => f64::from(self.bits).exp2() - 1.0,
        };
        to_level((self.number_at(row, index) / greatest).clamp(0.0, 1.0), max)
    }

    /// The number at `index` of a normalized row.
    #[expect(clippy::cast_precision_loss, reason = "one of 65,536 levels comes of it")]
    fn number_at(&self, row: &[u8], index: usize) -> f64 {
        match (self.kind, self.bits) {
            (NumberKind::Float, bits) => float_at(row, index, bits),
            (NumberKind::Signed, 64) => {
                row.as_chunks().0.get(index).map_or(0.0, |bytes| i64::from_ne_bytes(*bytes) as f64)
            }
            (NumberKind::Unsigned, 64) => {
                row.as_chunks().0.get(index).map_or(0.0, |bytes| u64::from_ne_bytes(*bytes) as f64)
            }
            (NumberKind::Signed, bits) => {
                // The sign is moved to the highest bit, and spread from there.
                let unused = 32 - bits;
                f64::from((sample_at(row, index, bits) << unused).cast_signed() >> unused)
            }
            (NumberKind::Unsigned, bits) => sample_at(row, index, bits).into(),
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

/// The nearest level to a part, 0 to 1, of `max`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 65,535")]
fn to_level(part: f64, max: u32) -> u32 {
    (part * f64::from(max) + 0.5) as u32
}

/// Writes a pixel's samples in their depth.
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
