//! Coefficients to samples: the inverse cosine transform, at the size that is wanted
//! (ITU-T T.81, section A.3.3).
//!
//! The transform of size n takes the lowest n coefficients of eight and gives n samples in the place of
//! eight: a low-pass filter sharper than the mean of the samples it stands for. Eight is libjpeg's accurate
//! integer transform (`jidctint`), bit by bit.
//!
//! Sums wrap: what a legal file holds is far from it, and what an illegal one holds is no picture.

/// Fraction bits of constants.
const FRACTION: u32 = 13;

/// Fraction bits kept between the passes.
const BETWEEN: u32 = 2;

/// The transform of one component.
#[derive(Clone, Debug)]
pub(super) struct Transform {
    /// Steps of quantisation of the coefficients that are kept, row by row.
    steps: [u16; 64],
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
            *place = step.copied().unwrap_or(0);
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
            (2, 2) => self.square(coefficients, samples, stride),
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
        level(descaled(i32::from(dc).wrapping_mul(step.into()), 3))
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

    /// Two by two without passes: all constants are one.
    fn square(&self, coefficients: &[i16], samples: &mut [u8], stride: usize) {
        let ([a, b, c, d, ..], Some([w, x, y, z])) = (self.steps, coefficients.first_chunk().copied()) else {
            return;
        };
        let [a, b, c, d] =
            [(a, w), (b, x), (c, y), (d, z)].map(|(step, value)| i32::from(step).wrapping_mul(value.into()));
        let (left, right) = (a.wrapping_add(c), b.wrapping_add(d));
        let (left_below, right_below) = (a.wrapping_sub(c), b.wrapping_sub(d));
        let pairs = [(left, right), (left_below, right_below)];
        for ((left, right), row) in pairs.into_iter().zip(samples.chunks_mut(stride)) {
            if let Some(row) = row.first_chunk_mut() {
                *row =
                    [left.wrapping_add(right), left.wrapping_sub(right)].map(|sum| level(descaled(sum, 3)));
            }
        }
    }

    #[inline(always)]
    fn shaped<const W: usize, const H: usize>(
        &self,
        coefficients: &[i16],
        samples: &mut [u8],
        stride: usize,
    ) {
        let mut rows = [[0; W]; H];
        let (steps, coefficients) = (self.steps.as_chunks().0, coefficients.as_chunks().0);
        for (row, (coefficients, steps)) in rows.iter_mut().zip(coefficients.iter().zip(steps)) {
            dequantise(coefficients, steps, row);
        }
        let shift = |size: usize| if size > 2 { FRACTION } else { 0 };
        let columns = pass(&rows, |value| match shift(H) {
            0 => narrow(value << BETWEEN),
            shift => narrow(descaled(value, shift - BETWEEN)),
        });
        let bits = shift(W) + BETWEEN + 3;
        let done = transposed(&pass(&transposed(&columns), |value| level(descaled(value, bits))));
        for (row, target) in done.iter().zip(samples.chunks_mut(stride)) {
            if let Some(target) = target.first_chunk_mut::<W>() {
                *target = *row;
            }
        }
    }
}

#[inline(always)]
fn dequantise<const W: usize>(coefficients: &[i16; W], steps: &[u16; W], row: &mut [i16; W]) {
    for (place, (coefficient, step)) in row.iter_mut().zip(coefficients.iter().zip(steps)) {
        *place = coefficient.wrapping_mul(step.cast_signed());
    }
}

#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "below the constant lengths W and H")]
fn transposed<T: Copy + Default, const W: usize, const H: usize>(rows: &[[T; W]; H]) -> [[T; H]; W] {
    let mut columns = [[T::default(); H]; W];
    for y in 0..H {
        for x in 0..W {
            columns[x][y] = rows[y][x];
        }
    }
    columns
}

#[inline(always)]
fn descaled(value: i32, bits: u32) -> i32 {
    value.wrapping_add(1 << bits >> 1) >> bits
}

/// Sixteen bits hold all that legal files have, and multiply in vectors of every processor.
#[inline(always)]
fn narrow(value: i32) -> i16 {
    i16::try_from(value.clamp(i16::MIN.into(), i16::MAX.into())).unwrap_or(0)
}

#[inline(always)]
fn level(value: i32) -> u8 {
    u8::try_from(value.wrapping_add(128).clamp(0, 255)).unwrap_or(0)
}

/// The N-point transform along columns, times the square root of two; from four points on also times
/// 2^[`FRACTION`].
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "below the constant lengths L and N, with a branch for each N")]
fn pass<T: Copy + Default, const L: usize, const N: usize>(
    rows: &[[i16; L]; N],
    finish: impl Fn(i32) -> T,
) -> [[T; L]; N] {
    let mut done = [[T::default(); L]; N];
    for i in 0..L {
        match N {
            1 => done[0][i] = finish(rows[0][i].into()),
            2 => {
                let (a, b) = (i32::from(rows[0][i]), i32::from(rows[1][i]));
                done[0][i] = finish(a + b);
                done[1][i] = finish(a - b);
            }
            4 => {
                let four = four([rows[0][i], rows[1][i], rows[2][i], rows[3][i]]);
                for n in 0..4 {
                    done[n][i] = finish(four[n]);
                }
            }
            _ => {
                let eight = eight([
                    rows[0][i], rows[1][i], rows[2][i], rows[3][i], rows[4][i], rows[5][i], rows[6][i],
                    rows[7][i],
                ]);
                for n in 0..8 {
                    done[n][i] = finish(eight[n]);
                }
            }
        }
    }
    done
}

/// A product of sixteen bits by sixteen.
#[inline(always)]
fn times(value: i16, constant: i16) -> i32 {
    i32::from(value) * i32::from(constant)
}

/// Four points; the odd part turns by an eighth of a circle.
#[inline(always)]
fn four([a, b, c, d]: [i16; 4]) -> [i32; 4] {
    // Square root of two times the cosine of pi/8, and of 3 pi/8.
    const COS_1: i16 = 10703;
    const COS_3: i16 = 4433;
    let even = i32::from(a.wrapping_add(c)) << FRACTION;
    let odd = i32::from(a.wrapping_sub(c)) << FRACTION;
    let (outer, inner) = (times(b, COS_1) + times(d, COS_3), times(b, COS_3) - times(d, COS_1));
    let (sum, less) = (i32::wrapping_add, i32::wrapping_sub);
    [sum(even, outer), sum(odd, inner), less(odd, inner), less(even, outer)]
}

/// Eight points after Loeffler, Ligtenberg and Moschytz, with libjpeg's constants (`jpeg_idct_islow`), those
/// of a turn and what follows it multiplied out.
#[inline(always)]
fn eight([a, b, c, d, e, f, g, h]: [i16; 8]) -> [i32; 8] {
    let sum = |a: i32, b: i32| a.wrapping_add(b);
    let low = times(c, 4433) + times(g, 4433 - 15137);
    let high = times(c, 4433 + 6270) + times(g, 4433);
    let whole = i32::from(a.wrapping_add(e)) << FRACTION;
    let half = i32::from(a.wrapping_sub(e)) << FRACTION;
    let (t0, t3) = (sum(whole, high), sum(whole, -high));
    let (t1, t2) = (sum(half, low), sum(half, -low));

    let (hd, fb) = (h.wrapping_add(d), f.wrapping_add(b));
    let turned_hd = times(hd, 9633 - 16069) + times(fb, 9633);
    let turned_fb = times(fb, 9633 - 3196) + times(hd, 9633);
    let o0 = sum(times(h, 2446 - 7373) - times(b, 7373), turned_hd);
    let o1 = sum(times(f, 16819 - 20995) - times(d, 20995), turned_fb);
    let o2 = sum(times(d, 25172 - 20995) - times(f, 20995), turned_hd);
    let o3 = sum(times(b, 12299 - 7373) - times(h, 7373), turned_fb);
    let less = |a: i32, b: i32| a.wrapping_sub(b);
    [
        sum(t0, o3),
        sum(t1, o2),
        sum(t2, o1),
        sum(t3, o0),
        less(t3, o0),
        less(t2, o1),
        less(t1, o2),
        less(t0, o3),
    ]
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
