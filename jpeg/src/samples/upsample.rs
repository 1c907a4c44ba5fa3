//! Planes of less than the output's resolution: linear interpolation between the centres of samples.
//!
//! At twice the resolution this is libjpeg's triangle filter ("fancy upsampling"), rounding included: three quarters
//! of the nearer sample and one of the other, along each axis.

use crate::samples::interpolate::{BEFORE, BEHIND, interpolate};
use crate::vector::I16x8;

/// Output samples for input samples, along one axis, in lowest terms.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Ratio {
    output: u32,
    input: u32,
}

impl Ratio {
    /// Sampling factors are 1 to 4, and planes are decoded at twice the size while the output has room for them and
    /// blocks have coefficients for it (`Frame::block_size`). So in lowest terms the ratios are 1 to 4, 3/2, 4/3, and,
    /// of blocks of five and seven samples beside those of eight, 5/4, 5/2, 7/4 and 7/2.
    pub(super) fn new(output: u32, input: u32) -> Self {
        let (mut a, mut b) = (output, input);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        let divisor = a.max(1);
        let ratio = Self { output: output / divisor, input: input / divisor };
        debug_assert!(ratio.output <= 7 && ratio.input <= ratio.output, "{ratio:?}");
        ratio
    }

    pub(super) fn is_one(self) -> bool {
        self.output == self.input
    }

    /// Sum of the weights of two neighbours: at most 14, so that a sum of weighted samples fits in 16 bits, and so
    /// does one of weighted sums.
    pub(super) fn total(self) -> u16 {
        if self.is_one() { 1 } else { u16::try_from(2 * self.output).unwrap_or(u16::MAX) }
    }

    /// Position of an output sample: the input sample before it, which may be the one before the first, and the
    /// weight of the one after that.
    ///
    /// The centre of output sample `x` is at `(x + 1/2) input/output - 1/2`, in input samples from the centre of the
    /// first: `((2x + 1) input - output) / (2 output)`.
    pub(super) fn position(self, output: u32) -> (i64, u16) {
        if self.is_one() {
            return (i64::from(output), 0);
        }
        let (parts, total) = (i64::from(self.input), i64::from(2 * self.output));
        let at = (2 * i64::from(output) + 1) * parts - i64::from(self.output);
        (at.div_euclid(total), u16::try_from(at.rem_euclid(total)).unwrap_or(0))
    }
}

/// A row of samples that was interpolated vertically.
#[derive(Debug)]
pub(super) struct BlendedRow {
    /// The samples, with [`BEFORE`] and [`BEHIND`] more at the ends, which are the same as those at the edges.
    numbers: Vec<u16>,
    /// Samples without those.
    width: usize,
}

impl BlendedRow {
    /// Room for rows of up to `width` samples.
    pub(super) fn new(width: usize) -> Self {
        Self { numbers: vec![0; width.saturating_add(BEFORE + BEHIND)], width }
    }

    /// Interpolates between two rows of the same width; the results are `total` ([`Ratio::total`]) times as large as
    /// samples.
    pub(super) fn blend(&mut self, before: &[u8], after: &[u8], weight: u16, total: u16) {
        self.width = before.len();
        let rest = total - weight;
        let Some((first, numbers)) = self.numbers.split_first_mut() else { return };
        let Some((numbers, behind)) = numbers.split_at_mut_checked(before.len()) else { return };
        for (place, (before, after)) in numbers.iter_mut().zip(before.iter().zip(after)) {
            *place = u16::from(*before) * rest + u16::from(*after) * weight;
        }
        *first = numbers.first().copied().unwrap_or(0);
        let last = numbers.last().copied().unwrap_or(0);
        behind.iter_mut().take(BEHIND).for_each(|place| *place = last);
    }

    fn padded(&self) -> &[u16] {
        self.numbers.get(..BEFORE + self.width + BEHIND).unwrap_or_default()
    }

    fn samples(&self) -> &[u16] {
        self.numbers.get(BEFORE..BEFORE + self.width).unwrap_or_default()
    }
}

/// Interpolates along a row whose samples are `scale` times too large. `is_upper` tells which of two output rows it
/// is of, where that decides the rounding. `upsampled` has [`ROOM`](crate::samples::interpolate::ROOM) behind the row.
///
/// At twice the resolution libjpeg rounds halves up and down by turns, so that the mean stays: the left and the right
/// sample of a pair, or the upper and the lower one, add different amounts before bits are dropped.
pub(super) fn upsample_row(row: &BlendedRow, ratio: Ratio, scale: u16, is_upper: bool, upsampled: &mut [u8]) {
    match (ratio.output, ratio.input, scale) {
        (1, 1, 4) => copy(row.samples(), if is_upper { 1 } else { 2 }, 2, upsampled),
        (2, 1, 1) => double(row.padded(), (1, 2), 2, upsampled),
        (2, 1, 4) => double(row.padded(), (8, 7), 4, upsampled),
        (output, input, _) => interpolate(row.padded(), (output, input), scale, upsampled),
    }
}

/// Drops `shift` bits of each sample.
fn copy(row: &[u16], round: u16, shift: u32, target: &mut [u8]) {
    for (place, sample) in target.iter_mut().zip(row) {
        *place = byte((sample + round) >> shift);
    }
}

/// Two samples for each: three quarters of it and a quarter of the neighbour on that side. The row has one sample more
/// in front. The largest sum is 4 * 4 * 255 + 8.
fn double(padded: &[u16], round: (u16, u16), shift: u32, target: &mut [u8]) {
    let [left_round, right_round] = [round.0, round.1].map(|round| I16x8::splat(round.cast_signed()));
    let [befores, row, afters] = [0, 1, 2].map(|at| padded.get(at..).unwrap_or_default().as_chunks::<8>().0);
    for (((place, before), here), after) in
        target.as_chunks_mut::<16>().0.iter_mut().zip(befores).zip(row).zip(afters)
    {
        let [before, here, after] = [before, here, after].map(|row| I16x8::new(row.map(u16::cast_signed)));
        let most = here.add(here).add(here);
        let left = most.add(before).add(left_round).shift_unsigned(shift);
        let right = most.add(after).add(right_round).shift_unsigned(shift);
        // Both are samples, so they are the bytes of a number.
        let pairs = left.or(right.mul(I16x8::splat(256))).bytes().halves();
        for (place, eight) in place.as_chunks_mut().0.iter_mut().zip(pairs) {
            *place = eight.to_le_bytes();
        }
    }
}

fn byte(value: u16) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::interpolate::ROOM;

    fn upsampled(row: &[u8], ratio: Ratio, width: usize) -> Vec<u8> {
        let mut blended = BlendedRow::new(row.len());
        blended.blend(row, row, 0, 1);
        let mut wide = vec![0; width + ROOM];
        upsample_row(&blended, ratio, 1, true, &mut wide);
        wide.truncate(width);
        wide
    }

    #[test]
    fn doubling_is_the_triangle_filter() {
        let doubled = |row, width| upsampled(row, Ratio::new(2, 1), width);
        assert_eq!(doubled(&[10, 20, 40], 6), [10, 13, 17, 25, 35, 40]);
        assert_eq!(doubled(&[10, 20, 40], 5), [10, 13, 17, 25, 35]);
        assert_eq!(doubled(&[9], 2), [9, 9]);
    }

    /// The formula of [`Ratio::position`], one sample at a time.
    fn exact(row: &[u16], ratio: Ratio, scale: u16, x: u32) -> u8 {
        let (at, weight) = ratio.position(x);
        let sample = |at: i64| u32::from(row[usize::try_from(at).unwrap_or(0).min(row.len() - 1)]);
        let (total, weight) = (u32::from(ratio.total()), u32::from(weight));
        let (sum, whole) =
            (sample(at) * (total - weight) + sample(at + 1) * weight, total * u32::from(scale));
        u8::try_from((sum + whole / 2) / whole).unwrap()
    }

    /// The ratios that [`Ratio::new`] describes, and the factors of rows that were interpolated vertically.
    #[test]
    fn every_ratio_is_rounded_to_the_nearest_at_any_width() {
        let mut seed = 1_u32;
        let mut level = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            [0, 255, u8::try_from(seed >> 24).unwrap()][(seed >> 16) as usize % 3]
        };
        let ratios = [(1, 1), (3, 1), (4, 1), (3, 2), (4, 3), (5, 4), (5, 2), (7, 4), (7, 2), (2, 1)];
        for (ratio, down) in ratios.into_iter().flat_map(|ratio| ratios.map(|down| (ratio, down))) {
            let (ratio, down) = (Ratio::new(ratio.0, ratio.1), Ratio::new(down.0, down.1));
            let total = down.total();
            if matches!((ratio.output, ratio.input, total), (1, 1, 1 | 4) | (2, 1, 1 | 4)) {
                continue;
            }
            for width in 1..90_u32 {
                let length = (width * ratio.input).div_ceil(ratio.output) as usize;
                let (before, after): (Vec<u8>, Vec<u8>) = (0..length).map(|_| (level(), level())).unzip();
                let mut blended = BlendedRow::new(length);
                blended.blend(&before, &after, total / 2, total);
                let mut wide = vec![0; width as usize + ROOM];
                upsample_row(&blended, ratio, total, true, &mut wide);
                for (x, sample) in (0..width).zip(wide) {
                    let expected = exact(blended.samples(), ratio, total, x);
                    assert_eq!(sample, expected, "{ratio:?}, {down:?}, {x} of {width}");
                }
            }
        }
    }

    #[test]
    fn any_ratio_keeps_a_ramp() {
        for (output, input) in [(3, 1), (4, 1), (3, 2), (4, 3), (2, 1), (5, 4), (5, 2), (7, 4), (7, 2)] {
            let row: Vec<u8> = (0..12).map(|x| x * 12).collect();
            let length = 12 * output / input;
            let wide = upsampled(&row, Ratio::new(output, input), length as usize);
            for (x, sample) in (0_u32..).zip(&wide).skip(4).take(length as usize - 8) {
                let centre = (f64::from(x) + 0.5) * f64::from(input) / f64::from(output) - 0.5;
                assert!((f64::from(*sample) - centre * 12.0).abs() <= 0.6, "{output}/{input} at {x}");
            }
        }
    }
}
