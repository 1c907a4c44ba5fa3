//! Planes of less than the output's resolution: linear interpolation between the centres of samples.
//!
//! At twice the resolution this is libjpeg's triangle filter ("fancy upsampling"), rounding included: three quarters
//! of the nearer sample and one of the other, along each axis.

use crate::samples::interpolate::{BEFORE, BEHIND, interpolate};

/// Output samples for input samples, along one axis, in lowest terms.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Ratio {
    output: u32,
    input: u32,
}

impl Ratio {
    /// Sampling factors are 1 to 4, and planes are decoded at twice the size while the output has room for them and
    /// blocks have coefficients for it (`Frame::block_size`). So in lowest terms the ratios are 1 to 4, 3/2, 4/3, and of
    /// blocks of five and seven samples beside those of eight 5/4, 5/2, 7/4 and 7/2.
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
        (2, 1, 1) => double(row.samples(), (1, 2), 2, upsampled),
        (2, 1, 4) => double(row.samples(), (8, 7), 4, upsampled),
        (output, input, _) => interpolate(row.padded(), (output, input), scale, upsampled),
    }
}

/// Drops `shift` bits of each sample.
fn copy(row: &[u16], round: u16, shift: u32, target: &mut [u8]) {
    for (place, sample) in target.iter_mut().zip(row) {
        *place = byte((sample + round) >> shift);
    }
}

/// Two samples for each: three quarters of it and a quarter of the neighbour on that side; at the edges, all of it.
/// The largest sum is 4 * 4 * 255 + 8.
fn double(row: &[u16], round: (u16, u16), shift: u32, target: &mut [u8]) {
    let (Some(first), Some(last)) = (row.first(), row.last()) else { return };
    let pair = |before: u16, here: u16, after: u16| {
        [byte((3 * here + before + round.0) >> shift), byte((3 * here + after + round.1) >> shift)]
    };
    let second = row.get(1).unwrap_or(first);
    let (places, rest) = target.as_chunks_mut::<2>();
    if let Some(place) = places.first_mut() {
        *place = pair(*first, *first, *second);
    }
    let befores = row.iter().zip(row.iter().skip(1)).zip(row.iter().skip(2));
    for (place, ((before, here), after)) in places.iter_mut().skip(1).zip(befores) {
        *place = pair(*before, *here, *after);
    }
    let before = row.len().checked_sub(2).and_then(|at| row.get(at)).unwrap_or(last);
    if let Some(place) = row.len().checked_sub(1).filter(|at| *at > 0).and_then(|at| places.get_mut(at)) {
        *place = pair(*before, *last, *last);
    }
    // An odd output ends with the left half of the last pair.
    if let Some(place) = rest.first_mut() {
        let [half, _] = pair(*before, *last, *last);
        *place = half;
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
