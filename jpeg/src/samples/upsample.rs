//! Planes of less than the output's resolution: linear interpolation between the centres of samples.
//!
//! At twice the resolution this is libjpeg's triangle filter ("fancy upsampling"), rounding included: three quarters
//! of the nearer sample and one of the other, along each axis.

/// Output samples for input samples, along one axis, in lowest terms.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Ratio {
    output: u32,
    input: u32,
}

impl Ratio {
    /// Sampling factors are 1 to 4, and planes are decoded at twice the size while the output has room for them
    /// (`Frame::block_size`), so in lowest terms neither number is above 4.
    pub(super) fn new(output: u32, input: u32) -> Self {
        let (mut a, mut b) = (output, input);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        let divisor = a.max(1);
        let ratio = Self { output: output / divisor, input: input / divisor };
        debug_assert!(ratio.output <= 4 && ratio.input <= ratio.output, "{ratio:?}");
        ratio
    }

    pub(super) fn is_one(self) -> bool {
        self.output == self.input
    }

    /// Sum of the weights of two neighbours: at most 8, so that a sum of weighted samples fits in 16 bits, and so
    /// does four times that.
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

/// Interpolates between two rows; the results are `total` ([`Ratio::total`]) times as large as samples.
pub(super) fn blend_rows(before: &[u8], after: &[u8], weight: u16, total: u16, blended: &mut [u16]) {
    let rest = total - weight;
    for (place, (before, after)) in blended.iter_mut().zip(before.iter().zip(after)) {
        *place = u16::from(*before) * rest + u16::from(*after) * weight;
    }
}

/// Interpolates along a row whose samples are `scale` times too large. `is_upper` tells which of two output rows it
/// is of, where that decides the rounding.
///
/// At twice the resolution libjpeg rounds halves up and down by turns, so that the mean stays: the left and the right
/// sample of a pair, or the upper and the lower one, add different amounts before bits are dropped.
pub(super) fn upsample_row(row: &[u16], ratio: Ratio, scale: u16, is_upper: bool, upsampled: &mut [u8]) {
    match (ratio.output, ratio.input, scale) {
        (1, 1, 1) => copy(row, 0, 0, upsampled),
        (1, 1, 4) => copy(row, if is_upper { 1 } else { 2 }, 2, upsampled),
        (2, 1, 1) => double(row, (1, 2), 2, upsampled),
        (2, 1, 4) => double(row, (8, 7), 4, upsampled),
        _ => interpolate(row, ratio, scale, upsampled),
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

/// Any other ratio, rounded to the nearest.
fn interpolate(row: &[u16], ratio: Ratio, scale: u16, target: &mut [u8]) {
    let sample = |at: i64| {
        let last = row.len().saturating_sub(1);
        let at = usize::try_from(at.max(0)).unwrap_or(usize::MAX).min(last);
        row.get(at).map_or(0, |sample| u32::from(*sample))
    };
    let total = u32::from(ratio.total());
    let whole = total * u32::from(scale);
    for (x, place) in (0_u32..).zip(target) {
        let (at, weight) = ratio.position(x);
        let weight = u32::from(weight);
        let sum = sample(at) * (total - weight) + sample(at + 1) * weight;
        *place = u8::try_from((sum + whole / 2) / whole).unwrap_or(u8::MAX);
    }
}

fn byte(value: u16) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubling_is_the_triangle_filter() {
        let mut wide = [0; 6];
        upsample_row(&[10, 20, 40], Ratio::new(2, 1), 1, true, &mut wide);
        assert_eq!(wide, [10, 13, 17, 25, 35, 40]);
        let mut odd = [0; 5];
        upsample_row(&[10, 20, 40], Ratio::new(2, 1), 1, true, &mut odd);
        assert_eq!(odd, [10, 13, 17, 25, 35]);
        let mut single = [0; 2];
        upsample_row(&[9], Ratio::new(2, 1), 1, true, &mut single);
        assert_eq!(single, [9, 9]);
    }

    #[test]
    fn any_ratio_keeps_a_ramp() {
        for (output, input) in [(3, 1), (4, 1), (3, 2), (4, 3), (2, 1)] {
            let ratio = Ratio::new(output, input);
            let row: Vec<u16> = (0..12).map(|x| x * 12).collect();
            let length = 12 * output / input;
            let mut wide = vec![0; length as usize];
            interpolate(&row, ratio, 1, &mut wide);
            for (x, sample) in (0_u32..).zip(&wide).skip(3).take(length as usize - 6) {
                let centre = (f64::from(x) + 0.5) * f64::from(input) / f64::from(output) - 0.5;
                assert!((f64::from(*sample) - centre * 12.0).abs() <= 0.6, "{output}/{input} at {x}");
            }
        }
    }
}
