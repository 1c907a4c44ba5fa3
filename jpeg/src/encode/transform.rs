//! The forward cosine transform of blocks: samples to coefficients (ITU-T T.81, section A.3.3), in integers.
//!
//! # Scale
//!
//! A pass computes `√8` times the transform of T.81 along one axis, as
//! `samples::passes` does, with constants of [`CONSTANT_BITS`] bits of fraction. Samples have four
//! bits of fraction. The pass down keeps [`BETWEEN_BITS`] of them, the pass across leaves four again and divides by the 8
//! that both passes are too much.
//!
//! # Ranges
//!
//! Samples are within -2048 to 2047, so a result of the first pass is within 8 * 2048 / 2 = 8192, and no sum of four of
//! them leaves -2^15 to 4 * 8188 = 32 752: the sums of two pairs fit in 16 bits in both passes. Sums of products are
//! below 2^15 * 8 * 11 363 / 4 and fit in 32 bits. A coefficient is at most 1024, and only those whose frequencies are 0
//! or 4 reach it: `√2 Σ |cos|` over the eight points is 8 for these and at most 7.4 for others. They are held within
//! [`MOST_MAGNITUDE`].

use crate::vector::{I16x8, I32x4, transposed};

/// Most that a coefficient is, with its fraction: 1023.4. Four times that and the offset of rounding fit in 16 bits.
pub(super) const MOST_MAGNITUDE: i16 = 16_375;

const CONSTANT_BITS: i32 = 13;

const BETWEEN_BITS: i32 = 3;

/// Bits that the pass down drops.
const DOWN_SHIFT: i32 = CONSTANT_BITS + 4 - BETWEEN_BITS;

/// Bits that the pass across drops.
const ACROSS_SHIFT: i32 = CONSTANT_BITS + BETWEEN_BITS + 3 - 4;

/// The coefficients of a block, column by column: the frequency down rises by one from each to the next.
pub(super) type Block = [i16; 64];

/// Transforms the blocks of eight lines of `stride` samples.
pub(super) fn transform_row(lines: &[i16], stride: usize, blocks: &mut [Block]) {
    let mut lines = lines.chunks_exact(stride.max(1)).map(|line| line.as_chunks::<8>().0);
    let lines: [&[[i16; 8]]; 8] = std::array::from_fn(|_| lines.next().unwrap_or_default());
    for (column, block) in blocks.iter_mut().enumerate() {
        let rows = lines.map(|line| I16x8::new(line.get(column).copied().unwrap_or_default()));
        let [a, b, c, d, e, f, g, h] = pass::<ACROSS_SHIFT>(transposed(pass::<DOWN_SHIFT>(rows)));
        let [a, e] = [a, e].map(|column| column.clamp(I16x8::splat(MOST_MAGNITUDE)));
        let columns = [a, b, c, d, e, f, g, h];
        for (place, column) in block.as_chunks_mut().0.iter_mut().zip(columns) {
            *place = column.numbers();
        }
    }
}

/// The eight-point transform of each lane. With `C(k) = √2 cos(kπ/16)`, of which `C(4)` is 1:
///
/// ```text
/// even   s0 = a + h   s1 = b + g   s2 = c + f   s3 = d + e
/// out 0      (s0 + s3) + (s1 + s2)
/// out 4      (s0 + s3) - (s1 + s2)
/// out 2 C(2) (s0 - s3) + C(6) (s1 - s2)
/// out 6 C(6) (s0 - s3) - C(2) (s1 - s2)
/// odd    d0 = a - h   d1 = b - g   d2 = c - f   d3 = d - e
/// out 1 C(1) d0 + C(3) d1 + C(5) d2 + C(7) d3
/// out 3 C(3) d0 - C(7) d1 - C(1) d2 - C(5) d3
/// out 5 C(5) d0 - C(1) d1 + C(7) d2 + C(3) d3
/// out 7 C(7) d0 - C(5) d1 + C(3) d2 - C(1) d3
/// ```
#[inline(always)]
fn pass<const SHIFT: i32>([a, b, c, d, e, f, g, h]: [I16x8; 8]) -> [I16x8; 8] {
    let (s0, s1, s2, s3) = (a.add(h), b.add(g), c.add(f), d.add(e));
    let (d0, d1, d2, d3) = (a.sub(h), b.sub(g), c.sub(f), d.sub(e));
    let (outer, inner) = ((s0.add(s3), s1.add(s2)), (s0.sub(s3), s1.sub(s2)));
    let half = |zip: fn(I16x8, I16x8) -> I16x8| {
        let bias = I32x4::splat(1 << (SHIFT - 1));
        let (outer, inner) = (zip(outer.0, outer.1), zip(inner.0, inner.1));
        let (low, high) = (zip(d0, d1), zip(d2, d3));
        [
            outer.dot(ONE, ONE),
            low.dot(C1, C3).add(high.dot(C5, C7)),
            inner.dot(C2, C6),
            low.dot(C3, -C7).add(high.dot(-C1, -C5)),
            outer.dot(ONE, -ONE),
            low.dot(C5, -C1).add(high.dot(C7, C3)),
            inner.dot(C6, -C2),
            low.dot(C7, -C5).add(high.dot(C3, -C1)),
        ]
        .map(|sum| sum.add(bias).shift::<SHIFT>())
    };
    let ([a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p]) = (half(I16x8::zip_low), half(I16x8::zip_high));
    [(a, i), (b, j), (c, k), (d, l), (e, m), (f, n), (g, o), (h, p)].map(|(a, b)| I32x4::saturate(a, b))
}

const ONE: i16 = 1 << CONSTANT_BITS;
const C1: i16 = 11_363;
const C2: i16 = 10_703;
const C3: i16 = 9633;
const C5: i16 = 6436;
const C6: i16 = 4433;
const C7: i16 = 2260;

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, in floating point.
    fn exact(samples: &[i16; 64], u: usize, v: usize) -> f64 {
        let weight = |n: usize| if n == 0 { std::f64::consts::FRAC_1_SQRT_2 } else { 1.0 };
        let cosine = |x: usize, u: usize| ((2 * x + 1) as f64 * u as f64 * std::f64::consts::PI / 16.0).cos();
        let terms = (0..64).map(|at| f64::from(samples[at]) * cosine(at % 8, u) * cosine(at / 8, v));
        terms.sum::<f64>() * weight(u) * weight(v) / 4.0
    }

    fn largest_error(samples: &[i16; 64]) -> f64 {
        let mut block = [[0; 64]];
        transform_row(samples, 8, &mut block);
        let error = |at: usize| {
            let exact = exact(samples, at / 8, at % 8).clamp(-16_375.0, 16_375.0);
            (f64::from(block[0][at]) - exact).abs()
        };
        (0..64).map(error).fold(0.0, f64::max)
    }

    #[test]
    fn coefficients_are_those_of_the_definition() {
        let mut seed = 3_u32;
        for round in 0..2000 {
            let most = [2047, 300, 20][round % 3];
            let samples = std::array::from_fn(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                i16::try_from((seed >> 12) as i32 % (2 * most + 1) - most).unwrap()
            });
            // A sixteenth of a coefficient is the unit.
            let error = largest_error(&samples);
            assert!(error < 2.0, "{error}");
        }
    }

    #[test]
    fn saturated_blocks_do_not_overflow() {
        // Signs of each cosine drive its coefficient to the extreme.
        for (u, v) in (0..64).map(|at| (at % 8, at / 8)) {
            for (low, high) in [(-2048, 2047), (2047, -2048)] {
                let cosine =
                    |x: usize, u: usize| ((2 * x + 1) as f64 * u as f64 * std::f64::consts::PI / 16.0).cos();
                let sign = |at: usize| cosine(at % 8, u) * cosine(at / 8, v);
                let samples = std::array::from_fn(|at| if sign(at) < 0.0 { low } else { high });
                let error = largest_error(&samples);
                assert!(error < 3.0, "{u} {v}: {error}");
            }
        }
    }
}
