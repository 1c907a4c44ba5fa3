//! Samples that are not unsigned integers of a fixed range: signed integers, and floating point.
//!
//! TIFF does not say which of their values are black and white. The rules are:
//! - Floating-point RGB and CMYK, and all samples with a colour profile: 0 to 1. RGB without a profile is linear light,
//!   as in libvips.
//! - Everything else by its values, which takes a pass over them: 0 to 1 if no floating-point sample is outside of it,
//!   0 to 255 if none is outside of that, and else from the least to the greatest.

use std::fmt;

/// Kind of numbers that samples are (SampleFormat).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum NumberKind {
    /// IEEE 754 binary16, binary32 or binary64, or 24 bits with seven of exponent (TIFF Technical Note 3).
    Float,
    Signed,
    Unsigned,
}

impl fmt::Display for NumberKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Float => "floating-point",
            Self::Signed => "signed",
            Self::Unsigned => "unsigned",
        })
    }
}

/// The values that are black and white.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    black: f64,
    white: f64,
}

impl Scale {
    /// From 0 to 1.
    pub(super) const UNIT: Self = Self { black: 0.0, white: 1.0 };

    /// The value between 0 for black and 1 for white. Without a difference between the two everything is black, and so
    /// is what is not a number.
    pub(super) fn apply(self, value: f64) -> f64 {
        let scaled = (value - self.black) / (self.white - self.black);
        if scaled.is_nan() { 0.0 } else { scaled.clamp(0.0, 1.0) }
    }
}

/// The least and the greatest of some values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ValueRange {
    least: f64,
    greatest: f64,
}

impl ValueRange {
    /// The range of no values.
    pub(super) const EMPTY: Self = Self { least: f64::INFINITY, greatest: f64::NEG_INFINITY };

    /// Extends the range to a value, if it is finite.
    pub(super) fn add(&mut self, value: f64) {
        if value.is_finite() {
            self.least = self.least.min(value);
            self.greatest = self.greatest.max(value);
        }
    }

    /// The scale for samples in this range.
    pub(super) fn scale(self, kind: NumberKind) -> Scale {
        let Self { least, greatest } = self;
        if least >= 0.0 && greatest <= 1.0 && kind == NumberKind::Float {
            Scale::UNIT
        } else if least >= 0.0 && greatest <= 255.0 {
            Scale { black: 0.0, white: 255.0 }
        } else {
            Scale { black: least, white: greatest }
        }
    }
}

/// The number at `index` of a normalized row; 0 past its end. Floating point has 16, 24, 32 or 64 bits.
pub(super) fn float_at(row: &[u8], index: usize, bits: u32) -> f64 {
    match bits {
        16 => row
            .as_chunks()
            .0
            .get(index)
            .map_or(0.0, |bytes| small_float(u16::from_ne_bytes(*bytes).into(), 5, 10)),
        24 => row
            .as_chunks()
            .0
            .get(index)
            .map_or(0.0, |[a, b, c]| small_float(u32::from_be_bytes([0, *a, *b, *c]), 7, 16)),
        32 => row.as_chunks().0.get(index).map_or(0.0, |bytes| f32::from_ne_bytes(*bytes).into()),
        _ => row.as_chunks().0.get(index).map_or(0.0, |bytes| f64::from_ne_bytes(*bytes)),
    }
}

/// A floating-point number by its bits: a sign, `exponent` bits and `fraction` bits.
fn small_float(bits: u32, exponent: u32, fraction: u32) -> f64 {
    let (most, bias) = ((1 << exponent) - 1, (1 << (exponent - 1)) - 1);
    let sign = if bits >> (exponent + fraction) & 1 == 1 { -1.0 } else { 1.0 };
    let power = i32::try_from(bits >> fraction & most).unwrap_or(0);
    let part = f64::from(bits & ((1 << fraction) - 1)) / f64::from(1_u32 << fraction);
    let size = if power == 0 {
        part * f64::powi(2.0, 1 - bias)
    } else if u32::try_from(power) == Ok(most) {
        if part == 0.0 { f64::INFINITY } else { f64::NAN }
    } else {
        (1.0 + part) * f64::powi(2.0, power - bias)
    };
    sign * size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_floats_have_their_values() {
        for (bits, value) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_953_125),
            (0x7bff, 65_504.0),
            (1, 2_f64.powi(-24)),
        ] {
            assert_eq!(small_float(bits, 5, 10), value, "{bits:x}");
        }
        assert!(small_float(0x7c01, 5, 10).is_nan());
        assert_eq!(small_float(0xfc00, 5, 10), f64::NEG_INFINITY);
        assert_eq!(small_float(0x3f_0000, 7, 16), 1.0);
        assert_eq!(small_float(0x3e_8000, 7, 16), 0.75);
    }

    #[test]
    fn scale_follows_the_values() {
        let scale = |values: &[f64], kind| {
            let mut range = ValueRange::EMPTY;
            values.iter().for_each(|value| range.add(*value));
            range.scale(kind)
        };
        assert_eq!(scale(&[0.2, 0.9, f64::NAN], NumberKind::Float), Scale::UNIT);
        assert_eq!(scale(&[0.0, 1.0], NumberKind::Signed), Scale { black: 0.0, white: 255.0 });
        assert_eq!(
            scale(&[3.0, 250.0, f64::INFINITY], NumberKind::Float),
            Scale { black: 0.0, white: 255.0 }
        );
        let heights = scale(&[-12.0, 8848.0], NumberKind::Signed);
        assert_eq!([-12.0, 8848.0, 4418.0].map(|height| heights.apply(height)), [0.0, 1.0, 0.5]);
    }

    #[test]
    fn equal_values_are_black() {
        let mut range = ValueRange::EMPTY;
        range.add(-7.0);
        assert_eq!(range.scale(NumberKind::Float).apply(-7.0), 0.0);
    }
}
