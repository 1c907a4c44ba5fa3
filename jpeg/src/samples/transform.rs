//! The inverse cosine transform of blocks, at the size that is wanted: coefficients to samples (ITU-T T.81,
//! section A.3.3).
//!
//! The transform of size `n` takes the lowest `n` coefficients of eight and gives `n` samples in the place of eight:
//! a low-pass filter that is sharper than the mean of the samples it stands for. Each coefficient is a cosine over
//! the length of the block; a size only chooses at how many points it is sampled. So DC counts the same at all sizes,
//! and no size needs a scale of its own.
//!
//! Size eight is libjpeg's accurate integer transform (`jidctint`), bit by bit. The arithmetic is that of
//! [`passes`](crate::samples::passes).

use crate::samples::block_row::BlockRow;
use crate::samples::passes::{MOST_MAGNITUDE, samples_of};
use crate::vector::I16x8;

/// Writes a row of blocks of one shape: see [`Transform::write_row`].
type WriteRow = fn(&Transform, BlockRow<'_>, &mut [u8], usize);

/// The transform of one component.
#[derive(Clone, Debug)]
pub(crate) struct Transform {
    /// Steps of quantisation, row by row. Blocks of 1 x 1 have their step eight times; blocks of 3 x 3 and 4 x 4 each
    /// row twice, for two blocks side by side; blocks of 2 x 2 both rows twice in one, for two blocks one after the
    /// other.
    steps: [[i16; 8]; 8],
    /// Largest magnitudes of coefficients, in the same order: with them no product is above [`MOST_MAGNITUDE`].
    limits: [[i16; 8]; 8],
    write_row: WriteRow,
}

impl Transform {
    /// For blocks that become `across` x `down` samples, 1 to 8 each; `steps` in natural order.
    pub(crate) fn new((across, down): (u32, u32), steps: &[u16; 64]) -> Self {
        let (mut held, mut limits) = ([[0; 8]; 8], [[0; 8]; 8]);
        let places = held.as_flattened_mut().iter_mut().zip(limits.as_flattened_mut());
        for (number, (place, limit)) in places.enumerate() {
            let natural = match (across, down) {
                (1, 1) => 0,
                (2, 2) => number / 2 % 2 * 8 + number % 2,
                (3, 3) | (4, 4) => number / 8 * 8 + number % 4,
                _ => number,
            };
            let step = steps.get(natural).copied().unwrap_or(1).clamp(1, MOST_MAGNITUDE);
            (*place, *limit) = (step.cast_signed(), (MOST_MAGNITUDE / step).cast_signed());
        }
        Self { steps: held, limits, write_row: writer_of(across, down) }
    }

    /// Writes the samples of blocks side by side, given their coefficients row by row, to rows of `stride` samples.
    /// `samples` begins at the first sample of the first block.
    pub(crate) fn write_row(&self, blocks: BlockRow<'_>, samples: &mut [u8], stride: usize) {
        (self.write_row)(self, blocks, samples, stride);
    }

    /// Coefficients times their steps, for one row of steps.
    #[inline(always)]
    pub(super) fn dequantised_row(&self, coefficients: I16x8, row: usize) -> I16x8 {
        let (steps, limits) = (self.steps.get(row), self.limits.get(row));
        let (steps, limits) = (steps.copied().unwrap_or_default(), limits.copied().unwrap_or_default());
        coefficients.clamp(I16x8::new(limits)).mul(I16x8::new(steps))
    }

    /// The sample of a block that has nothing but DC: an eighth of it, rounded. Both passes give just that, for the
    /// column pass multiplies by 2^13 and drops 11 bits, all of them zero, and the row pass by 2^13 and drops 18.
    #[inline(always)]
    fn flat_sample(&self, dc: i16) -> u8 {
        let ([[step, ..], ..], [[limit, ..], ..]) = (&self.steps, &self.limits);
        let level = ((dc.min(*limit).max(-limit) * step + 4) >> 3) + 128;
        u8::try_from(level.clamp(0, 255)).unwrap_or(0)
    }

    /// Blocks of any shape, one by one.
    fn one_by_one<const W: usize, const H: usize>(
        &self,
        mut blocks: BlockRow<'_>,
        samples: &mut [u8],
        stride: usize,
    ) {
        let mut lines = samples.chunks_mut(stride.max(1));
        let mut lines: [&mut [[u8; W]]; H] =
            std::array::from_fn(|_| lines.next().map(|line| line.as_chunks_mut().0).unwrap_or_default());
        let mut number = 0;
        while let Some(block) = blocks.next_of(loaded_length(W, H)) {
            let Some(samples) = self.samples_of_block::<W, H>(block) else { return };
            for (line, row) in lines.iter_mut().zip(samples) {
                if let (Some(place), Some(row)) = (line.get_mut(number), row.to_le_bytes().first_chunk()) {
                    *place = *row;
                }
            }
            number += 1;
        }
    }

    /// The samples of a block, a row in each number, its first sample lowest. Most blocks have only low frequencies,
    /// many of them only DC.
    #[inline(always)]
    fn samples_of_block<const W: usize, const H: usize>(&self, block: &[i16]) -> Option<[u64; 8]> {
        let rows = loaded::<W, H>(block)?;
        let [a, b, c, d, e, f, g, h] = rows;
        let below_first = b.or(c).or(d);
        // All but the lowest 4 x 4: the right halves of the upper four rows, and the lower four rows.
        let beyond = below_first.or(a).and(lanes(4, W)).or(e.or(f).or(g.or(h)).and(lanes(0, W)));
        if !beyond.is_zero() {
            return Some(samples_of::<W, H, false>(self.dequantised(rows)));
        }
        if below_first.and(lanes(0, W)).or(a.and(lanes(1, W))).is_zero() {
            let dc = block.first().copied().unwrap_or(0);
            return Some([u64::from_ne_bytes([self.flat_sample(dc); 8]); 8]);
        }
        Some(samples_of::<W, H, true>(self.dequantised(rows)))
    }

    /// Coefficients times their steps, each row of the block in a vector of its own.
    #[inline(always)]
    fn dequantised(&self, mut rows: [I16x8; 8]) -> [I16x8; 8] {
        let tables = self.steps.iter().zip(&self.limits);
        for (row, (steps, limits)) in rows.iter_mut().zip(tables) {
            *row = row.clamp(I16x8::new(*limits)).mul(I16x8::new(*steps));
        }
        rows
    }
}

/// Numbers that [`loaded`] reads: whole vectors, the last of which may reach past the end of the block.
const fn loaded_length(across: usize, down: usize) -> usize {
    (down - 1) * across + 8
}

/// The coefficients of a block, each row in a vector of its own. What stands behind the first `W` numbers of a vector
/// is of the next row, or of the next block; no pass reads it.
#[inline(always)]
fn loaded<const W: usize, const H: usize>(block: &[i16]) -> Option<[I16x8; 8]> {
    let mut rows = [I16x8::splat(0); 8];
    let copy;
    let block = match block.get(..loaded_length(W, H)) {
        Some(block) => block,
        None => {
            copy = padded(block);
            copy.get(..loaded_length(W, H))?
        }
    };
    for (number, row) in rows.iter_mut().take(H).enumerate() {
        *row = I16x8::new(*block.get(number * W..)?.first_chunk()?);
    }
    Some(rows)
}

/// A block with zeros behind it.
#[cold]
fn padded(block: &[i16]) -> [i16; 64] {
    let mut copy = [0; 64];
    copy.iter_mut().zip(block).for_each(|(place, coefficient)| *place = *coefficient);
    copy
}

/// All bits of the numbers from one to another in a vector, the latter not included.
#[inline(always)]
fn lanes(from: usize, to: usize) -> I16x8 {
    I16x8::new(std::array::from_fn(|lane| if (from..to).contains(&lane) { -1 } else { 0 }))
}

/// The code for a shape, chosen once for all blocks. Of shapes that are not square there are those of components with
/// a half or a quarter of the resolution along one axis ([`Frame::block_size`](crate::syntax::frame::Frame)).
fn writer_of(across: u32, down: u32) -> WriteRow {
    match (across, down) {
        (1, 1) => Transform::blocks_of_1x1,
        (1, 2) => Transform::one_by_one::<1, 2>,
        (1, 4) => Transform::one_by_one::<1, 4>,
        (2, 1) => Transform::one_by_one::<2, 1>,
        (2, 2) => Transform::blocks_of_2x2,
        (2, 4) => Transform::one_by_one::<2, 4>,
        (2, 8) => Transform::one_by_one::<2, 8>,
        (3, 3) => Transform::blocks_of_3x3,
        (3, 6) => Transform::one_by_one::<3, 6>,
        (3, 8) => Transform::one_by_one::<3, 8>,
        (4, 1) => Transform::one_by_one::<4, 1>,
        (4, 2) => Transform::one_by_one::<4, 2>,
        (4, 4) => Transform::blocks_of_4x4,
        (4, 8) => Transform::one_by_one::<4, 8>,
        (5, 5) => Transform::one_by_one::<5, 5>,
        (5, 8) => Transform::one_by_one::<5, 8>,
        (6, 3) => Transform::one_by_one::<6, 3>,
        (6, 6) => Transform::one_by_one::<6, 6>,
        (6, 8) => Transform::one_by_one::<6, 8>,
        (7, 7) => Transform::one_by_one::<7, 7>,
        (7, 8) => Transform::one_by_one::<7, 8>,
        (8, 2) => Transform::one_by_one::<8, 2>,
        (8, 3) => Transform::one_by_one::<8, 3>,
        (8, 4) => Transform::one_by_one::<8, 4>,
        (8, 5) => Transform::one_by_one::<8, 5>,
        (8, 6) => Transform::one_by_one::<8, 6>,
        (8, 7) => Transform::one_by_one::<8, 7>,
        _ => Transform::one_by_one::<8, 8>,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::scale::Scale;
    use crate::syntax::frame::{Coding, Component, Frame, Process};

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

    /// The shapes that blocks of some component have at some scale.
    fn shapes() -> BTreeSet<(u32, u32)> {
        let mut shapes = BTreeSet::new();
        let factors = || (1..=4).flat_map(|across| (1..=4).map(move |down| (across, down)));
        for (scale, other, this) in Scale::ALL
            .into_iter()
            .flat_map(|scale| factors().flat_map(move |a| factors().map(move |b| (scale, a, b))))
        {
            let component = |(across, down)| Component { name: 0, across, down, table: 0 };
            let components = vec![component(other), component(this)];
            let (process, coding) = (Process::Sequential, Coding::Huffman);
            let frame = Frame { width: 8, height: 8, process, coding, components };
            shapes.extend(frame.components.iter().map(|component| frame.block_size(component, scale)));
        }
        shapes
    }

    #[test]
    fn every_size_is_within_a_level_of_the_definition() {
        let mut seed = 1_u32;
        let mut noise = |most: i32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            i16::try_from((seed >> 16) as i32 % (2 * most + 1) - most).unwrap()
        };
        for (across, down) in shapes() {
            let transform = Transform::new((across, down), &[3; 64]);
            let (across, down) = (across as usize, down as usize);
            let mut worst = 0.0_f64;
            for round in 0..300 {
                // All coefficients, the lowest ones, and DC alone.
                let kept = [8, 4, 1][round % 3];
                let is_there = |at: &usize| at % across < kept && at / across < kept;
                let mut coefficients: Vec<i16> =
                    (0..across * down).map(|at| if is_there(&at) { noise(12) } else { 0 }).collect();
                coefficients[0] = noise(300);
                // The second of three blocks: the first coefficients of the third stand behind it.
                let three = [&coefficients[..]; 3].concat();
                let mut samples = vec![0; 8 * 30];
                transform.write_row(BlockRow::packed(&three, coefficients.len()), &mut samples, 30);
                for block in 0..3 {
                    let other = |at: usize| samples[at / across * 30 + at % across + block * across];
                    assert!(
                        (0..across * down).all(|at| other(at) == samples[at / across * 30 + at % across])
                    );
                }
                for (place, exact) in exact(&coefficients, across, down).into_iter().enumerate() {
                    let sample = f64::from(samples[place / across * 30 + place % across]);
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
            transform.write_row(BlockRow::packed(&coefficients, coefficients.len()), &mut samples, 8);
            assert_eq!(samples.as_slice(), islow(&coefficients, 5), "{coefficients:?}");
        }
    }

    #[test]
    fn coefficients_out_of_range_are_held_at_its_ends() {
        for (coefficient, sample) in [(i16::MIN, 0), (i16::MAX, 255)] {
            for size in shapes() {
                let mut coefficients = [0; 64];
                coefficients[0] = coefficient;
                let mut samples = [99; 64];
                Transform::new(size, &[u16::MAX; 64]).write_row(
                    BlockRow::packed(&coefficients, 64),
                    &mut samples,
                    8,
                );
                assert_eq!(samples[0], sample, "{size:?}");
            }
        }
    }

    #[test]
    fn nothing_is_written_beside_the_block() {
        for (across, down) in shapes() {
            for coefficients in [[3; 64], std::array::from_fn(|n| if n == 0 { 50 } else { 0 })] {
                let mut samples = [77; 12 * 9];
                let transform = Transform::new((across, down), &[8; 64]);
                transform.write_row(BlockRow::packed(&coefficients, 64), &mut samples, 12);
                let (across, down) = (across as usize, down as usize);
                let beside =
                    samples.iter().enumerate().filter(|(at, _)| at % 12 >= across || at / 12 >= down);
                assert!(beside.into_iter().all(|(_, sample)| *sample == 77), "{across} x {down}");
            }
        }
    }

    #[test]
    fn any_coefficients_and_steps_are_survived() {
        for (across, down) in shapes() {
            for step in [0, 1, u16::MAX] {
                for coefficient in [i16::MIN, -1, 0, i16::MAX] {
                    let transform = Transform::new((across, down), &[step; 64]);
                    transform.write_row(BlockRow::packed(&[coefficient; 64], 64), &mut [0; 64], 8);
                }
            }
        }
    }
}
