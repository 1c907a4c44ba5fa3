//! Inverse transforms of blocks that become few samples, several blocks at a time: one of them alone would leave most
//! of a vector empty.
//!
//! For one and two points all factors are 1 ([`transform`](crate::samples::transform)), so a sample is an eighth of a
//! sum of coefficients, and both passes are one. Sums of four stay within 16 bits.

use crate::samples::block_row::BlockRow;
use crate::samples::passes::{COLUMN_BIAS, COLUMN_SHIFT, MOST_MAGNITUDE, ROW_BIAS, ROW_SHIFT, pass};
use crate::samples::transform::Transform;
use crate::vector::{I16x8, U8x16};

/// Added to sums of coefficients, which are eight times a sample: half of eight to round to the nearest, and eight
/// times 128, the middle of the range.
const EIGHTHS_BIAS: i16 = 4 + 128 * 8;

const _: () = assert!(4 * MOST_MAGNITUDE as i32 + EIGHTHS_BIAS as i32 <= i16::MAX as i32);

impl Transform {
    /// Blocks that become one sample, eight at a time.
    pub(super) fn blocks_of_1x1(&self, mut blocks: BlockRow<'_>, samples: &mut [u8], _stride: usize) {
        let mut rest = samples;
        while let Some((several, count)) = blocks.take_blocks::<8, 1>() {
            let numbers = I16x8::new(several.map(|[dc]| dc));
            let levels = self.dequantised_row(numbers, 0).add(I16x8::splat(EIGHTHS_BIAS)).eighth();
            let [bytes, _] = I16x8::saturate(levels, levels).halves();
            put(bytes, count, rest);
            rest = rest.get_mut(count..).unwrap_or_default();
        }
    }

    /// Blocks that become 2 x 2 samples, eight at a time: the mean of the block, plus or minus the slopes across and
    /// down and that of both.
    pub(super) fn blocks_of_2x2(&self, mut blocks: BlockRow<'_>, samples: &mut [u8], stride: usize) {
        let mut rest = samples;
        while let Some((several, count)) = blocks.take_blocks::<8, 4>() {
            let pairs = several.as_chunks::<2>().0.first_chunk::<4>().copied().unwrap_or_default();
            let scaled = pairs.map(|[[a, b, c, d], [e, f, g, h]]| {
                self.dequantised_row(I16x8::new([a, b, c, d, e, f, g, h]), 0)
            });
            // Each vector has the four coefficients of two blocks. Interleaving twice and joining halves gathers the
            // same coefficient of all eight blocks in one vector, blocks in order.
            let [a, b, c, d] = scaled;
            let [a, b, c, d] = [a.zip_low(b), a.zip_high(b), c.zip_low(d), c.zip_high(d)];
            let [a, b, c, d] = [a.zip_low(b), a.zip_high(b), c.zip_low(d), c.zip_high(d)];
            let [mean, across] = [a.join_low(c), a.join_high(c)];
            let [down, both] = [b.join_low(d), b.join_high(d)];
            let (left, right) = (mean.add(across), mean.sub(across));
            let (left_slope, right_slope) = (down.add(both), down.sub(both));
            let row = |left: I16x8, right: I16x8| {
                let [left, right] = [left, right].map(|sum| sum.add(I16x8::splat(EIGHTHS_BIAS)).eighth());
                I16x8::saturate(left.zip_low(right), left.zip_high(right)).halves()
            };
            let upper = row(left.add(left_slope), right.add(right_slope));
            let lower = row(left.sub(left_slope), right.sub(right_slope));
            for (number, row) in [upper, lower].into_iter().enumerate() {
                let line = rest.get_mut(number * stride..).unwrap_or_default();
                put_two(row, 2 * count, line);
            }
            rest = rest.get_mut(2 * count..).unwrap_or_default();
        }
    }

    /// Blocks that become 3 x 3 samples, two at a time.
    pub(super) fn blocks_of_3x3(&self, mut blocks: BlockRow<'_>, samples: &mut [u8], stride: usize) {
        // Rows are read with the number behind them, which no pass reads.
        const LENGTH: usize = 10;
        let block = |block: &[i16]| {
            block.first_chunk::<LENGTH>().copied().unwrap_or_else(|| {
                let mut copy = [0; LENGTH];
                copy.iter_mut().zip(block).for_each(|(place, coefficient)| *place = *coefficient);
                copy
            })
        };
        let mut rest = samples;
        while let Some(left) = blocks.next_of(LENGTH) {
            let right = blocks.next_of(LENGTH);
            let count = 1 + usize::from(right.is_some());
            let [a, b, c, d, e, f, g, h, i, j] = block(left);
            let [k, l, m, n, o, p, q, r, s, t] = right.map_or([0; LENGTH], block);
            let mut rows = [I16x8::splat(0); 8];
            let numbers = [[a, b, c, d, k, l, m, n], [d, e, f, g, n, o, p, q], [g, h, i, j, q, r, s, t]];
            for (number, (row, numbers)) in rows.iter_mut().zip(numbers).enumerate() {
                *row = self.dequantised_row(I16x8::new(numbers), number);
            }
            for (number, row) in samples_of_pair::<3>(rows).as_flattened().iter().take(3).enumerate() {
                let [a, b, c, _, d, e, f, _] = row.to_le_bytes();
                let line = rest.get_mut(number * stride..).unwrap_or_default();
                match line.first_chunk_mut() {
                    Some(line) if count == 2 => *line = [a, b, c, d, e, f],
                    _ => put(u64::from_le_bytes([a, b, c, d, e, f, 0, 0]), 3 * count, line),
                }
            }
            rest = rest.get_mut(3 * count..).unwrap_or_default();
        }
    }

    /// Blocks that become 4 x 4 samples, two at a time.
    pub(super) fn blocks_of_4x4<'b>(&self, mut blocks: BlockRow<'b>, samples: &mut [u8], stride: usize) {
        let mut rest = samples;
        while let Some(left) = blocks.next() {
            let right = blocks.next();
            let count = 1 + usize::from(right.is_some());
            let block = |block: &'b [i16]| block.as_chunks::<4>().0.first_chunk::<4>();
            let (left, right) = (block(left), right.and_then(block));
            let (left, right) = (left.unwrap_or(&[[0; 4]; 4]), right.unwrap_or(&[[0; 4]; 4]));
            let mut rows = [I16x8::splat(0); 8];
            for (number, (row, (left, right))) in rows.iter_mut().zip(left.iter().zip(right)).enumerate() {
                let ([a, b, c, d], [e, f, g, h]) = (*left, *right);
                *row = self.dequantised_row(I16x8::new([a, b, c, d, e, f, g, h]), number);
            }
            for (number, row) in samples_of_pair::<4>(rows).as_flattened().iter().enumerate() {
                put(*row, 4 * count, rest.get_mut(number * stride..).unwrap_or_default());
            }
            rest = rest.get_mut(4 * count..).unwrap_or_default();
        }
    }
}

/// The samples of two blocks of `N` x `N`, 3 or 4, which fill the eight columns of a pass. A row has four bytes of
/// each block.
#[inline(always)]
fn samples_of_pair<const N: usize>(rows: [I16x8; 8]) -> [[u64; 2]; 2] {
    let columns = transposed(pass::<N, false, COLUMN_SHIFT>(rows, COLUMN_BIAS, true));
    let [a, b, c, d, ..] = pass::<N, false, ROW_SHIFT>(columns, ROW_BIAS, true);
    // Back from columns to rows, as samples: the same shuffles on bytes.
    let (ab, cd) = (I16x8::saturate(a, b), I16x8::saturate(c, d));
    let (ac, bd) = (ab.zip_low(cd), ab.zip_high(cd));
    let (left, right) = (ac.zip_low(bd), ac.zip_high(bd));
    [left.zip4_low(right), left.zip4_high(right)].map(U8x16::halves)
}

/// Transposes two blocks of 4 x 4 side by side, each by itself: vector `i` has column `i` of the left block, then
/// that of the right one.
#[inline(always)]
fn transposed([a, b, c, d, ..]: [I16x8; 8]) -> [I16x8; 8] {
    let (ac_left, bd_left) = (a.zip_low(c), b.zip_low(d));
    let (ac_right, bd_right) = (a.zip_high(c), b.zip_high(d));
    let (left, left_end) = (ac_left.zip_low(bd_left), ac_left.zip_high(bd_left));
    let (right, right_end) = (ac_right.zip_low(bd_right), ac_right.zip_high(bd_right));
    let zero = I16x8::splat(0);
    let (first, second) = (left.join_low(right), left.join_high(right));
    let (third, fourth) = (left_end.join_low(right_end), left_end.join_high(right_end));
    [first, second, third, fourth, zero, zero, zero, zero]
}

/// Writes the first `count` of eight samples.
#[inline(always)]
fn put(samples: u64, count: usize, line: &mut [u8]) {
    match line.first_chunk_mut::<8>() {
        Some(line) if count == 8 => *line = samples.to_le_bytes(),
        _ => {
            line.iter_mut().zip(samples.to_le_bytes()).take(count).for_each(|(place, sample)| *place = sample)
        }
    }
}

/// Writes the first `count` of sixteen samples.
#[inline(always)]
fn put_two([first, second]: [u64; 2], count: usize, line: &mut [u8]) {
    put(first, count.min(8), line);
    put(second, count.saturating_sub(8), line.get_mut(8..).unwrap_or_default());
}
