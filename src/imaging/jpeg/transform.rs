//! Coefficients to samples: the inverse cosine transform, at the size that is wanted
//! (ITU-T T.81, section A.3.3).
//!
//! The transform of size n takes the lowest n coefficients of eight and gives n samples in the place of
//! eight: a low-pass filter sharper than the mean of the samples it stands for. Eight is libjpeg's accurate
//! integer transform (`jidctint`), bit by bit.
//!
//! Sums wrap: what a legal file holds is far from it, and what an illegal one holds is no picture.

use std::num::Wrapping;

/// Fraction bits of constants.
const FRACTION: usize = 13;

/// Fraction bits kept between the passes.
const BETWEEN: usize = 2;

type Number = Wrapping<i32>;

/// The transform of one component.
#[derive(Clone, Debug)]
pub(super) struct Transform {
    /// Steps of quantisation of the coefficients that are kept, row by row.
    steps: [i32; 64],
    across: u32,
    down: u32,
}

impl Transform {
    /// For blocks that become `across` x `down` samples, 1, 2, 4 or 8 each; `steps` in natural order.
    pub(super) fn new((across, down): (u32, u32), steps: &[u16; 64]) -> Self {
        let mut kept = [0; 64];
        let wanted = (0..down).flat_map(|row| (0..across).map(move |column| row * 8 + column));
        for (place, natural) in kept.iter_mut().zip(wanted) {
            let step = usize::try_from(natural).ok().and_then(|natural| steps.get(natural));
            *place = step.copied().map_or(0, i32::from);
        }
        Self { steps: kept, across, down }
    }

    /// Writes the samples of a block, given its coefficients row by row, to the head of rows of `stride`.
    pub(super) fn block(&self, coefficients: &[i16], samples: &mut [u8], stride: usize) {
        match (self.across, self.down) {
            (1, 1) => self.single(coefficients, samples),
            (1, 2) => self.shaped::<1, 2>(coefficients, samples, stride),
            (1, 4) => self.shaped::<1, 4>(coefficients, samples, stride),
            (1, _) => self.shaped::<1, 8>(coefficients, samples, stride),
            (2, 1) => self.shaped::<2, 1>(coefficients, samples, stride),
            (2, 2) => self.shaped::<2, 2>(coefficients, samples, stride),
            (2, 4) => self.shaped::<2, 4>(coefficients, samples, stride),
            (2, _) => self.shaped::<2, 8>(coefficients, samples, stride),
            (4, 1) => self.shaped::<4, 1>(coefficients, samples, stride),
            (4, 2) => self.shaped::<4, 2>(coefficients, samples, stride),
            (4, 4) => self.shaped::<4, 4>(coefficients, samples, stride),
            (4, _) => self.shaped::<4, 8>(coefficients, samples, stride),
            (_, 1) => self.shaped::<8, 1>(coefficients, samples, stride),
            (_, 2) => self.shaped::<8, 2>(coefficients, samples, stride),
            (_, 4) => self.shaped::<8, 4>(coefficients, samples, stride),
            _ => self.full(coefficients, samples, stride),
        }
    }

    fn single(&self, coefficients: &[i16], samples: &mut [u8]) {
        if let (Some(sample), Some(dc)) = (samples.first_mut(), coefficients.first()) {
            *sample = self.flat(*dc);
        }
    }

    /// The sample of a block that has nothing but DC.
    fn flat(&self, dc: i16) -> u8 {
        let [step, ..] = self.steps;
        level((Wrapping(i32::from(dc)) * Wrapping(step) + Wrapping(4)) >> 3)
    }

    fn full(&self, coefficients: &[i16], samples: &mut [u8], stride: usize) {
        let Some((dc, rest)) = coefficients.split_first() else { return };
        if rest.iter().take(63).fold(0, |any, coefficient| any | coefficient) != 0 {
            return self.shaped::<8, 8>(coefficients, samples, stride);
        }
        let sample = self.flat(*dc);
        for row in samples.chunks_mut(stride).take(8) {
            row.iter_mut().take(8).for_each(|place| *place = sample);
        }
    }

    #[inline(always)]
    fn shaped<const W: usize, const H: usize>(
        &self,
        coefficients: &[i16],
        samples: &mut [u8],
        stride: usize,
    ) {
        let mut rows = [[Wrapping(0); W]; H];
        let kept = coefficients.chunks_exact(W).zip(self.steps.chunks_exact(W));
        for (row, (coefficients, steps)) in rows.iter_mut().zip(kept) {
            for (place, (coefficient, step)) in row.iter_mut().zip(coefficients.iter().zip(steps)) {
                *place = Wrapping(i32::from(*coefficient)) * Wrapping(*step);
            }
        }
        let shift = |size: usize| if size > 2 { FRACTION } else { 0 };
        let columns = pass(rows);
        let columns = match shift(H) {
            0 => columns.map(|row| row.map(|value| value << BETWEEN)),
            shift => columns.map(|row| row.map(|value| descaled(value, shift - BETWEEN))),
        };
        let done = transposed(pass(transposed(columns)));
        for (row, target) in done.iter().zip(samples.chunks_mut(stride)) {
            for (value, sample) in row.iter().zip(target) {
                *sample = level(descaled(*value, shift(W) + BETWEEN + 3));
            }
        }
    }
}

fn transposed<const W: usize, const H: usize>(rows: [[Number; W]; H]) -> [[Number; H]; W] {
    let mut columns = [[Wrapping(0); H]; W];
    for (y, row) in rows.iter().enumerate() {
        for (column, value) in columns.iter_mut().zip(row) {
            if let Some(place) = column.get_mut(y) {
                *place = *value;
            }
        }
    }
    columns
}

fn descaled(value: Number, bits: usize) -> Number {
    (value + Wrapping(1 << bits >> 1)) >> bits
}

fn level(value: Number) -> u8 {
    let Wrapping(value) = value + Wrapping(128);
    u8::try_from(value.clamp(0, 255)).unwrap_or(0)
}

/// The N-point transform along columns, times the square root of two; from four points on also times
/// 2^[`FRACTION`].
#[inline(always)]
fn pass<const L: usize, const N: usize>(rows: [[Number; L]; N]) -> [[Number; L]; N] {
    let mut done = rows;
    for lane in 0..L {
        let value = |n: usize| rows.get(n).and_then(|row| row.get(lane)).copied().unwrap_or_default();
        let mut put = |n: usize, value: Number| {
            if let Some(place) = done.get_mut(n).and_then(|row| row.get_mut(lane)) {
                *place = value;
            }
        };
        match N {
            1 => put(0, value(0)),
            2 => {
                put(0, value(0) + value(1));
                put(1, value(0) - value(1));
            }
            4 => four([value(0), value(1), value(2), value(3)])
                .into_iter()
                .enumerate()
                .for_each(|(n, v)| put(n, v)),
            _ => {
                let eight =
                    eight([value(0), value(1), value(2), value(3), value(4), value(5), value(6), value(7)]);
                eight.into_iter().enumerate().for_each(|(n, v)| put(n, v));
            }
        }
    }
    done
}

/// Four points; the odd part turns by an eighth of a circle.
#[inline(always)]
fn four([a, b, c, d]: [Number; 4]) -> [Number; 4] {
    // Square root of two times the cosine of pi/8, and of 3 pi/8.
    const COS_1: Number = Wrapping(10703);
    const COS_3: Number = Wrapping(4433);
    let (even, odd) = ((a + c) << FRACTION, (a - c) << FRACTION);
    let (outer, inner) = (b * COS_1 + d * COS_3, b * COS_3 - d * COS_1);
    [even + outer, odd + inner, odd - inner, even - outer]
}

/// Eight points after Loeffler, Ligtenberg and Moschytz, with libjpeg's constants (`jpeg_idct_islow`).
#[inline(always)]
fn eight([a, b, c, d, e, f, g, h]: [Number; 8]) -> [Number; 8] {
    let even = (c + g) * Wrapping(4433);
    let (low, high) = (even - g * Wrapping(15137), even + c * Wrapping(6270));
    let (sum, difference) = ((a + e) << FRACTION, (a - e) << FRACTION);
    let (t0, t3) = (sum + high, sum - high);
    let (t1, t2) = (difference + low, difference - low);

    let turn = (h + d + f + b) * Wrapping(9633);
    let hb = (h + b) * Wrapping(-7373);
    let fd = (f + d) * Wrapping(-20995);
    let hd = (h + d) * Wrapping(-16069) + turn;
    let fb = (f + b) * Wrapping(-3196) + turn;
    let o0 = h * Wrapping(2446) + hb + hd;
    let o1 = f * Wrapping(16819) + fd + fb;
    let o2 = d * Wrapping(25172) + fd + hd;
    let o3 = b * Wrapping(12299) + hb + fb;
    [t0 + o3, t1 + o2, t2 + o1, t3 + o0, t3 - o0, t2 - o1, t1 - o2, t0 - o3]
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
                transform.block(&coefficients, &mut samples, 10);
                for (place, exact) in exact(&coefficients, across, down).into_iter().enumerate() {
                    let sample = f64::from(samples[place / across * 10 + place % across]);
                    worst = worst.max((sample - exact).abs());
                }
            }
            assert!(worst < 1.0, "{across} x {down}: {worst}");
        }
    }

    #[test]
    fn any_coefficients_and_steps_are_survived() {
        for (across, down) in [1, 2, 4, 8].into_iter().flat_map(|w| [1, 2, 4, 8].map(|h| (w, h))) {
            for step in [0, 1, u16::MAX] {
                for coefficient in [i16::MIN, -1, 0, i16::MAX] {
                    let transform = Transform::new((across, down), &[step; 64]);
                    transform.block(&[coefficient; 64], &mut [0; 64], 8);
                }
            }
        }
    }
}
