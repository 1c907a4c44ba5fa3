//! Inverse transforms of blocks that become few samples, several blocks at a time: one of them alone would
//! leave most of a vector empty.

use crate::samples::block_row::Line;
use crate::samples::transform::{COLUMNS, ROWS, Transform, pass};
use crate::samples::vector::{I16x8, U8x16};

/// Sums of four coefficients are eight times a sample; rounding and the middle of the range are added first.
const EIGHTHS: i16 = 4 + 128 * 8;

impl Transform {
    /// Blocks that become one sample, eight at a time.
    pub(crate) fn singles(&self, mut line: Line<'_>, samples: &mut [u8], _stride: usize) {
        let mut rest = samples;
        while let Some((blocks, count)) = line.take_blocks::<8, 1>() {
            let numbers = I16x8::new(blocks.map(|[dc]| dc));
            let levels = self.times_step(numbers, 0).add(I16x8::splat(EIGHTHS)).eighth();
            let [bytes, _] = I16x8::saturate(levels, levels).halves();
            put(bytes, count, rest);
            rest = rest.get_mut(count..).unwrap_or_default();
        }
    }

    /// Blocks that become 2 x 2 samples, eight at a time.
    pub(crate) fn doubles(&self, mut line: Line<'_>, samples: &mut [u8], stride: usize) {
        let mut rest = samples;
        while let Some((blocks, count)) = line.take_blocks::<8, 4>() {
            let pairs = blocks.as_chunks::<2>().0.first_chunk::<4>().copied().unwrap_or_default();
            let scaled = pairs
                .map(|[[a, b, c, d], [e, f, g, h]]| self.times_step(I16x8::new([a, b, c, d, e, f, g, h]), 0));
            // Every second of eight numbers, three times: the same coefficient of all blocks together.
            let [a, b, c, d] = scaled;
            let [a, b, c, d] = [a.zip_low(b), a.zip_high(b), c.zip_low(d), c.zip_high(d)];
            let [a, b, c, d] = [a.zip_low(b), a.zip_high(b), c.zip_low(d), c.zip_high(d)];
            let [mean, across] = [a.join_low(c), a.join_high(c)];
            let [down, both] = [b.join_low(d), b.join_high(d)];
            let (left, right) = (mean.add(across), mean.sub(across));
            let (lower_left, lower_right) = (down.add(both), down.sub(both));
            let row = |left: I16x8, right: I16x8| {
                let [left, right] = [left, right].map(|sum| sum.add(I16x8::splat(EIGHTHS)).eighth());
                I16x8::saturate(left.zip_low(right), left.zip_high(right)).halves()
            };
            let upper = row(left.add(lower_left), right.add(lower_right));
            let lower = row(left.sub(lower_left), right.sub(lower_right));
            for (number, row) in [upper, lower].into_iter().enumerate() {
                let line = rest.get_mut(number * stride..).unwrap_or_default();
                put_two(row, 2 * count, line);
            }
            rest = rest.get_mut(2 * count..).unwrap_or_default();
        }
    }

    /// Blocks that become 4 x 4 samples, two at a time.
    pub(crate) fn fours<'b>(&self, mut line: Line<'b>, samples: &mut [u8], stride: usize) {
        let mut rest = samples;
        while let Some(left) = line.next() {
            let right = line.next();
            let count = 1 + usize::from(right.is_some());
            let block = |block: &'b [i16]| block.as_chunks::<4>().0.first_chunk::<4>();
            let (left, right) = (block(left), right.and_then(block));
            let (left, right) = (left.unwrap_or(&[[0; 4]; 4]), right.unwrap_or(&[[0; 4]; 4]));
            let mut rows = [I16x8::splat(0); 8];
            for (number, (row, (left, right))) in rows.iter_mut().zip(left.iter().zip(right)).enumerate() {
                let ([a, b, c, d], [e, f, g, h]) = (*left, *right);
                *row = self.times_step(I16x8::new([a, b, c, d, e, f, g, h]), number);
            }
            let columns = transposed(pass::<4, false, COLUMNS>(rows, 1 << (COLUMNS - 1), true));
            let half_and_middle = (1 << (ROWS - 1)) + (128 << ROWS);
            let [a, b, c, d, ..] = pass::<4, false, ROWS>(columns, half_and_middle, true);
            let (ab, cd) = (I16x8::saturate(a, b), I16x8::saturate(c, d));
            let (ac, bd) = (ab.zip_low(cd), ab.zip_high(cd));
            let (left, right) = (ac.zip_low(bd), ac.zip_high(bd));
            let rows = [left.zip4_low(right), left.zip4_high(right)].map(U8x16::halves);
            for (number, row) in rows.as_flattened().iter().enumerate() {
                put(*row, 4 * count, rest.get_mut(number * stride..).unwrap_or_default());
            }
            rest = rest.get_mut(4 * count..).unwrap_or_default();
        }
    }
}

/// Of two blocks beside each other, from their rows to their columns.
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
