//! Coefficients to samples: the inverse cosine transform, at the size that is wanted
//! (ITU-T T.81, section A.3.3).
//!
//! The transform of size n takes the lowest n coefficients of eight and gives n samples in the place of
//! eight: a low-pass filter sharper than the mean of the samples it stands for. Eight is libjpeg's accurate
//! integer transform (`jidctint`), bit by bit.

use crate::samples::block_row::Line;
use crate::samples::vector::{I16x8, I32x4};

/// Largest magnitude of a coefficient times its step; larger ones are held to it. Legal ones stay below 2048,
/// the range of samples and half a step; with this no sum leaves 32 bits and no sum of four leaves 16, whatever
/// a file holds.
const LARGEST: u16 = 7900;

/// Fraction bits of constants.
const FRACTION: i32 = 13;

/// Fraction bits kept between the passes.
const BETWEEN: i32 = 2;

/// What the pass along columns drops.
pub(crate) const COLUMNS: i32 = FRACTION - BETWEEN;

/// What the pass along rows drops. Three bits are the square root of eight that each pass is too large by.
pub(crate) const ROWS: i32 = FRACTION + BETWEEN + 3;

/// One, as constants are held.
const ONE: i16 = 1 << FRACTION;

type Shape = fn(&Transform, Line<'_>, &mut [u8], usize);

/// The transform of one component.
#[derive(Clone, Debug)]
pub(crate) struct Transform {
    /// Steps of quantisation, row by row; each as often as blocks fit beside each other, and blocks of 2 x 2 with
    /// both rows in one.
    steps: [[i16; 8]; 8],
    /// Largest magnitudes of coefficients, in the same order.
    limits: [[i16; 8]; 8],
    shape: Shape,
}

impl Transform {
    /// For blocks that become `across` x `down` samples, 1, 2, 4 or 8 each; `steps` in natural order.
    pub(crate) fn new((across, down): (u32, u32), steps: &[u16; 64]) -> Self {
        let (mut held, mut limits) = ([[0; 8]; 8], [[0; 8]; 8]);
        let places = held.as_flattened_mut().iter_mut().zip(limits.as_flattened_mut());
        for (number, (place, limit)) in places.enumerate() {
            let natural = match (across, down) {
                (1, 1) => 0,
                (2, 2) => number / 2 % 2 * 8 + number % 2,
                (4, 4) => number / 8 * 8 + number % 4,
                _ => number,
            };
            let step = steps.get(natural).copied().unwrap_or(1).clamp(1, LARGEST);
            (*place, *limit) = (step.cast_signed(), (LARGEST / step).cast_signed());
        }
        Self { steps: held, limits, shape: shape(across, down) }
    }

    /// Writes the samples of blocks beside each other, given their coefficients row by row, to rows of `stride`
    /// samples that begin at the first block's.
    pub(crate) fn line(&self, blocks: Line<'_>, samples: &mut [u8], stride: usize) {
        (self.shape)(self, blocks, samples, stride);
    }

    /// Coefficients times their steps, for a row of steps.
    #[inline(always)]
    pub(crate) fn times_step(&self, coefficients: I16x8, row: usize) -> I16x8 {
        let (steps, limits) = (self.steps.get(row), self.limits.get(row));
        let (steps, limits) = (steps.copied().unwrap_or_default(), limits.copied().unwrap_or_default());
        coefficients.clamp(I16x8::new(limits)).mul(I16x8::new(steps))
    }

    /// The sample of a block that has nothing but DC.
    #[inline(always)]
    fn flat(&self, dc: i16) -> u8 {
        let ([[step, ..], ..], [[limit, ..], ..]) = (&self.steps, &self.limits);
        let level = ((dc.min(*limit).max(-limit) * step + 4) >> 3) + 128;
        u8::try_from(level.clamp(0, 255)).unwrap_or(0)
    }

    /// Blocks one by one.
    fn each<const W: usize, const H: usize>(&self, blocks: Line<'_>, samples: &mut [u8], stride: usize) {
        let mut rest = samples;
        for block in blocks {
            self.shaped::<W, H>(block, rest, stride);
            rest = rest.get_mut(W..).unwrap_or_default();
        }
    }

    #[inline(always)]
    fn shaped<const W: usize, const H: usize>(
        &self,
        coefficients: &[i16],
        samples: &mut [u8],
        stride: usize,
    ) {
        let Some(block) = coefficients.as_chunks::<W>().0.first_chunk::<H>() else { return };
        let rows = self.dequantised(block);
        put::<W, H>(samples_of::<W, H, false>(rows), samples, stride);
    }

    /// Blocks of full size.
    fn eights(&self, blocks: Line<'_>, samples: &mut [u8], stride: usize) {
        let mut rest = samples;
        for block in blocks {
            self.full(block, rest, stride);
            rest = rest.get_mut(8..).unwrap_or_default();
        }
    }

    /// Most blocks have only low frequencies, many of them only DC.
    #[inline(always)]
    fn full(&self, coefficients: &[i16], samples: &mut [u8], stride: usize) {
        let Some(block) = coefficients.as_chunks::<8>().0.first_chunk::<8>() else { return };
        let [a, b, c, d, e, f, g, h] = block.map(I16x8::new);
        let upper = b.or(c).or(d);
        let beyond = upper.or(a).zip_high(upper.or(a)).or(e.or(f)).or(g.or(h));
        if !beyond.is_zero() {
            return put::<8, 8>(samples_of::<8, 8, false>(self.dequantised(block)), samples, stride);
        }
        let [[dc, first @ ..], ..] = block;
        let done = if upper.is_zero() && *first == [0; 7] {
            [u64::from_ne_bytes([self.flat(*dc); 8]); 8]
        } else {
            samples_of::<8, 8, true>(self.dequantised(block))
        };
        put::<8, 8>(done, samples, stride);
    }

    #[inline(always)]
    fn dequantised<const W: usize, const H: usize>(&self, block: &[[i16; W]; H]) -> [I16x8; 8] {
        let mut rows = [I16x8::splat(0); 8];
        let tables = self.steps.iter().zip(&self.limits);
        for ((row, coefficients), (steps, limits)) in rows.iter_mut().zip(block).zip(tables) {
            let mut wide = [0; 8];
            wide.iter_mut().zip(coefficients).for_each(|(place, coefficient)| *place = *coefficient);
            *row = I16x8::new(wide).clamp(I16x8::new(*limits)).mul(I16x8::new(*steps));
        }
        rows
    }
}

/// The code for a shape, chosen once for all blocks.
fn shape(across: u32, down: u32) -> Shape {
    match (across, down) {
        (1, 1) => Transform::singles,
        (1, 2) => Transform::each::<1, 2>,
        (1, 4) => Transform::each::<1, 4>,
        (1, _) => Transform::each::<1, 8>,
        (2, 1) => Transform::each::<2, 1>,
        (2, 2) => Transform::doubles,
        (2, 4) => Transform::each::<2, 4>,
        (2, _) => Transform::each::<2, 8>,
        (4, 1) => Transform::each::<4, 1>,
        (4, 2) => Transform::each::<4, 2>,
        (4, 4) => Transform::fours,
        (4, _) => Transform::each::<4, 8>,
        (_, 1) => Transform::each::<8, 1>,
        (_, 2) => Transform::each::<8, 2>,
        (_, 4) => Transform::each::<8, 4>,
        _ => Transform::eights,
    }
}

#[inline(always)]
fn put<const W: usize, const H: usize>(block: [u64; 8], samples: &mut [u8], stride: usize) {
    let mut rest = samples;
    for row in block.into_iter().take(H) {
        if let (Some(line), Some(row)) = (rest.first_chunk_mut::<W>(), row.to_le_bytes().first_chunk()) {
            *line = *row;
        }
        rest = rest.get_mut(stride..).unwrap_or_default();
    }
}

/// Both passes. `LOW` when all but the lowest 4 x 4 coefficients are zero.
#[inline(always)]
fn samples_of<const W: usize, const H: usize, const LOW: bool>(rows: [I16x8; 8]) -> [u64; 8] {
    let columns = transposed(pass::<H, LOW, COLUMNS>(rows, 1 << (COLUMNS - 1), W > 4 && !LOW));
    let half_and_middle = (1 << (ROWS - 1)) + (128 << ROWS);
    let [a, b, c, d, e, f, g, h] = transposed(pass::<W, LOW, ROWS>(columns, half_and_middle, H > 4));
    let pairs = [(a, b), (c, d), (e, f), (g, h)].map(|(a, b)| I16x8::saturate(a, b).halves());
    let [[a, b], [c, d], [e, f], [g, h]] = pairs;
    [a, b, c, d, e, f, g, h]
}

/// Transposes eight rows: each of three perfect shuffles turns the bits of row and lane numbers by one.
#[inline(always)]
fn transposed(rows: [I16x8; 8]) -> [I16x8; 8] {
    let shuffled = |[a, b, c, d, e, f, g, h]: [I16x8; 8]| {
        let [i, j, k, l] = [(a, e), (b, f), (c, g), (d, h)].map(|(x, y)| [x.zip_low(y), x.zip_high(y)]);
        let ([i, j], [k, l], [m, n], [o, p]) = (i, j, k, l);
        [i, j, k, l, m, n, o, p]
    };
    shuffled(shuffled(shuffled(rows)))
}

/// The `N`-point transform along columns, of all eight or the first four, with `bias` added before the lowest
/// `SHIFT` bits are dropped.
#[inline(always)]
pub(crate) fn pass<const N: usize, const LOW: bool, const SHIFT: i32>(
    rows: [I16x8; 8],
    bias: i32,
    is_wide: bool,
) -> [I16x8; 8] {
    let bias = I32x4::splat(bias);
    let left = points::<N, LOW>(rows, I16x8::zip_low, bias).map(I32x4::shift::<SHIFT>);
    let right = if is_wide {
        points::<N, LOW>(rows, I16x8::zip_high, bias).map(I32x4::shift::<SHIFT>)
    } else {
        [I32x4::splat(0); 8]
    };
    let ([a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p]) = (left, right);
    [(a, i), (b, j), (c, k), (d, l), (e, m), (f, n), (g, o), (h, p)].map(|(a, b)| I32x4::saturate(a, b))
}

/// The sums of [`pass`] for the four columns that `zip` pairs up.
#[inline(always)]
fn points<const N: usize, const LOW: bool>(
    rows: [I16x8; 8],
    zip: impl Fn(I16x8, I16x8) -> I16x8,
    bias: I32x4,
) -> [I32x4; 8] {
    let zero = I32x4::splat(0);
    let [a, b, c, d, e, f, g, h] = rows;
    match N {
        1 => {
            let mean = zip(a, I16x8::splat(0)).dot(ONE, 0).add(bias);
            [mean, zero, zero, zero, zero, zero, zero, zero]
        }
        2 => {
            let ab = zip(a, b);
            [ab.dot(ONE, ONE).add(bias), ab.dot(ONE, -ONE).add(bias), zero, zero, zero, zero, zero, zero]
        }
        4 => {
            let (ac, bd) = (zip(a, c), zip(b, d));
            let (even, odd) = (ac.dot(ONE, ONE).add(bias), ac.dot(ONE, -ONE).add(bias));
            let (outer, inner) = (bd.dot(10703, 4433), bd.dot(4433, -10703));
            [even.add(outer), odd.add(inner), odd.sub(inner), even.sub(outer), zero, zero, zero, zero]
        }
        _ if LOW => eight(low_even(zip(a, c), bias), low_odd(zip(b, d))),
        _ => eight(even(zip(a, e), zip(c, g), bias), odd(zip(b, d), zip(f, h))),
    }
}

/// Eight points of their even and odd parts. The factors of the parts are those of `jpeg_idct_islow`
/// multiplied out: rounding comes after all sums, so that the order of sums is free.
#[inline(always)]
fn eight([a, b, c, d]: [I32x4; 4], [e, f, g, h]: [I32x4; 4]) -> [I32x4; 8] {
    [a.add(e), b.add(f), c.add(g), d.add(h), d.sub(h), c.sub(g), b.sub(f), a.sub(e)]
}

#[inline(always)]
fn even(ae: I16x8, cg: I16x8, bias: I32x4) -> [I32x4; 4] {
    let (sum, difference) = (ae.dot(ONE, ONE).add(bias), ae.dot(ONE, -ONE).add(bias));
    let (outer, inner) = (cg.dot(10703, 4433), cg.dot(4433, -10704));
    [sum.add(outer), difference.add(inner), difference.sub(inner), sum.sub(outer)]
}

#[inline(always)]
fn odd(bd: I16x8, fh: I16x8) -> [I32x4; 4] {
    [
        bd.dot(11363, 9633).add(fh.dot(6437, 2260)),
        bd.dot(9633, -2259).add(fh.dot(-11362, -6436)),
        bd.dot(6437, -11362).add(fh.dot(2261, 9633)),
        bd.dot(2260, -6436).add(fh.dot(9633, -11363)),
    ]
}

#[inline(always)]
fn low_even(ac: I16x8, bias: I32x4) -> [I32x4; 4] {
    [ac.dot(ONE, 10703), ac.dot(ONE, 4433), ac.dot(ONE, -4433), ac.dot(ONE, -10703)].map(|sum| sum.add(bias))
}

#[inline(always)]
fn low_odd(bd: I16x8) -> [I32x4; 4] {
    [bd.dot(11363, 9633), bd.dot(9633, -2259), bd.dot(6437, -11362), bd.dot(2260, -6436)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, in floating point.
    fn exact(coefficients: &[i16], across: usize, down: usize) -> Vec<f64> {
        let weight = |n: usize| if n == 0 { std::f64::consts::FRAC_1_SQRT_2 } else { 1.0 };
        let cosine = |x: usize, u: usize, n: usize| {
            ((2 * x + 1) as f64 * u as f64 * std::f64::consts::PI / (2 * n) as f64).cos()
        };
        let mut samples = Vec::new();
        for (y, x) in (0..down).flat_map(|y| (0..across).map(move |x| (y, x))) {
            let mut sum = 0.0;
            for (v, u) in (0..down).flat_map(|v| (0..across).map(move |u| (v, u))) {
                let coefficient = f64::from(coefficients[v * across + u]) * 3.0;
                sum += weight(u) * weight(v) * coefficient * cosine(x, u, across) * cosine(y, v, down) / 4.0;
            }
            samples.push((sum + 128.0).clamp(0.0, 255.0));
        }
        samples
    }

    #[test]
    fn every_size_is_within_a_level_of_the_definition() {
        let mut seed = 1_u32;
        let mut noise = |most: i32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            i16::try_from((seed >> 16) as i32 % (2 * most + 1) - most).unwrap()
        };
        for (across, down) in [1, 2, 4, 8].into_iter().flat_map(|w| [1, 2, 4, 8].map(|h| (w, h))) {
            let transform = Transform::new((across, down), &[3; 64]);
            let (across, down) = (across as usize, down as usize);
            let mut worst = 0.0_f64;
            for _ in 0..200 {
                let mut coefficients: Vec<i16> = (0..across * down).map(|_| noise(12)).collect();
                coefficients[0] = noise(300);
                let mut samples = vec![0; 8 * 10];
                transform.line(Line::packed(&coefficients, coefficients.len()), &mut samples, 10);
                for (place, exact) in exact(&coefficients, across, down).into_iter().enumerate() {
                    let sample = f64::from(samples[place / across * 10 + place % across]);
                    worst = worst.max((sample - exact).abs());
                }
            }
            assert!(worst < 1.0, "{across} x {down}: {worst}");
        }
    }

    /// `jpeg_idct_islow`, step by step.
    fn eight_points([a, b, c, d, e, f, g, h]: [i32; 8]) -> [i32; 8] {
        let even = (c + g) * 4433;
        let (low, high) = (even - g * 15137, even + c * 6270);
        let (sum, difference) = ((a + e) << 13, (a - e) << 13);
        let turn = (h + d + f + b) * 9633;
        let (hb, fd) = ((h + b) * -7373, (f + d) * -20995);
        let (hd, fb) = ((h + d) * -16069 + turn, (f + b) * -3196 + turn);
        let odd = [b * 12299 + hb + fb, d * 25172 + fd + hd, f * 16819 + fd + fb, h * 2446 + hb + hd];
        let even = [sum + high, difference + low, difference - low, sum - high];
        std::array::from_fn(|n| if n < 4 { even[n] + odd[n] } else { even[7 - n] - odd[7 - n] })
    }

    fn islow(coefficients: &[i16; 64], step: i32) -> Vec<u8> {
        let mut between = [[0; 8]; 8];
        for x in 0..8 {
            let column = std::array::from_fn(|y| i32::from(coefficients[y * 8 + x]) * step);
            for (y, value) in eight_points(column).into_iter().enumerate() {
                between[y][x] = (value + (1 << 10)) >> 11;
            }
        }
        let sample = |value: i32| (((value + (1 << 17)) >> 18) + 128).clamp(0, 255) as u8;
        between.into_iter().flat_map(eight_points).map(sample).collect()
    }

    #[test]
    fn full_size_is_libjpegs_whichever_coefficients_are_zero() {
        let mut seed = 7_u32;
        let mut noise = |most: i32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            i16::try_from((seed >> 16) as i32 % (2 * most + 1) - most).unwrap()
        };
        let transform = Transform::new((8, 8), &[5; 64]);
        for kept in (0..64).cycle().take(6400) {
            let mut coefficients = [0; 64];
            coefficients[0] = noise(200);
            for place in [kept, kept & 0o33, kept & 0o07, kept & 0o70] {
                coefficients[place] = noise(40);
            }
            if kept % 3 == 0 {
                coefficients.iter_mut().for_each(|coefficient| *coefficient += noise(3));
            }
            let mut samples = [0; 64];
            transform.line(Line::packed(&coefficients, coefficients.len()), &mut samples, 8);
            assert_eq!(samples.as_slice(), islow(&coefficients, 5), "{coefficients:?}");
        }
    }

    #[test]
    fn coefficients_out_of_range_are_held_at_its_ends() {
        for (coefficient, sample) in [(i16::MIN, 0), (i16::MAX, 255)] {
            for size in [(1, 1), (2, 2), (4, 4), (8, 8)] {
                let mut coefficients = [0; 64];
                coefficients[0] = coefficient;
                let mut samples = [99; 64];
                Transform::new(size, &[u16::MAX; 64]).line(Line::packed(&coefficients, 64), &mut samples, 8);
                assert_eq!(samples[0], sample, "{size:?}");
            }
        }
    }

    #[test]
    fn nothing_is_written_beside_the_block() {
        for (across, down) in [1, 2, 4, 8].into_iter().flat_map(|w| [1, 2, 4, 8].map(|h| (w, h))) {
            for coefficients in [[3; 64], std::array::from_fn(|n| if n == 0 { 50 } else { 0 })] {
                let mut samples = [77; 12 * 9];
                let transform = Transform::new((across, down), &[8; 64]);
                transform.line(Line::packed(&coefficients, 64), &mut samples, 12);
                let (across, down) = (across as usize, down as usize);
                let beside =
                    samples.iter().enumerate().filter(|(at, _)| at % 12 >= across || at / 12 >= down);
                assert!(beside.into_iter().all(|(_, sample)| *sample == 77), "{across} x {down}");
            }
        }
    }

    #[test]
    fn any_coefficients_and_steps_are_survived() {
        for (across, down) in [1, 2, 4, 8].into_iter().flat_map(|w| [1, 2, 4, 8].map(|h| (w, h))) {
            for step in [0, 1, u16::MAX] {
                for coefficient in [i16::MIN, -1, 0, i16::MAX] {
                    let transform = Transform::new((across, down), &[step; 64]);
                    transform.line(Line::packed(&[coefficient; 64], 64), &mut [0; 64], 8);
                }
            }
        }
    }
}
