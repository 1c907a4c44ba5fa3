//! Weights of Lanczos-3 along one axis, in 14 bits of fraction.
//!
//! The kernel is `L(x) = sinc(x) sinc(x/3)` for `|x| < 3`, in pixels of the target, or of the source where it is enlarged.
//! Pixels of the source past its edges do not count: the weights of the others are raised, so that they always add up to
//! one, also once they are rounded, and flat areas keep their value exactly.

use std::f64::consts::PI;

/// 1 in weights.
pub(crate) const ONE: i16 = 1 << 14;

/// Half-width of the kernel.
const SUPPORT: f64 = 3.0;

/// One axis of a resampling: the part of the source that becomes the target, in pixels of the source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    /// Pixels of the source.
    pub source: u32,
    /// First pixel of the part, or a place within it.
    pub start: f64,
    /// Length of the part; above 0.
    pub length: f64,
    /// Pixels of the target.
    pub target: u32,
    /// Share of the second difference of the source's samples that is subtracted from them: 0 for none. It restores
    /// contrast of samples that are means over the area of their pixels.
    pub sharpening: f64,
}

/// The weights of all pixels of a target, each for the same number of pairs of pixels of the source.
#[derive(Debug)]
pub(crate) struct Weights {
    /// First pixel of the source that counts for any pixel of the target.
    pub(crate) first: u32,
    /// Pixels of the source from there on that count.
    pub(crate) count: u32,
    /// Pairs that count for a pixel of the target; at least 1.
    pub(crate) pairs: usize,
    /// For each pixel of the target its first pair, counted from `first`.
    starts: Vec<u32>,
    /// For each pixel of the target the weights of its pairs.
    weights: Vec<[i16; 2]>,
}

impl Axis {
    /// Pixels of the source per pixel of the target, or 1 where it is enlarged.
    fn scale(&self) -> f64 {
        (self.length / f64::from(self.target.max(1))).max(1.0)
    }

    /// Half of the width of the kernel, pixels of the source.
    fn reach(&self) -> f64 {
        SUPPORT * self.scale() + if self.sharpening > 0.0 { 1.0 } else { 0.0 }
    }

    /// Most pairs of pixels of the source that count for a pixel of the target.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
    pub(crate) fn most_pairs(&self) -> u64 {
        // The pixels within twice the reach, one more at either end, and one for pairs that begin at even places.
        let pixels = ((self.reach() * 2.0).ceil() as u64).saturating_add(3).min(u64::from(self.source) + 1);
        pixels.div_ceil(2)
    }

    /// Bytes of [`Weights`].
    pub(crate) fn weight_bytes(&self) -> u64 {
        u64::from(self.target).saturating_mul(self.most_pairs().saturating_mul(4).saturating_add(4))
    }

    /// First pixel of the source that counts for a pixel of the target, and the one behind the last.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
    fn range(&self, target: u32) -> (u32, u32) {
        let center = self.center(target);
        let last = self.source.saturating_sub(1);
        let start = ((center - self.reach()).floor().max(0.0) as u32).min(last);
        let end = ((center + self.reach()).ceil().max(0.0) as u32).clamp(start + 1, last + 1);
        (start, end)
    }

    /// Center of a pixel of the target, in pixels of the source from its edge.
    fn center(&self, target: u32) -> f64 {
        self.start + (f64::from(target) + 0.5) * self.length / f64::from(self.target.max(1))
    }
}

impl Weights {
    pub(crate) fn new(axis: &Axis) -> Self {
        let last = axis.target.saturating_sub(1);
        let first = axis.range(0).0;
        let end = axis.range(last).1;
        let count = end.saturating_sub(first).max(1);
        let length = |target| {
            let (start, end) = axis.range(target);
            let offset = (start - first) % 2;
            (end - start + offset).div_ceil(2)
        };
        let all_pairs = count.div_ceil(2);
        let pairs = (0..axis.target).map(length).max().unwrap_or(1).min(all_pairs);
        let mut all = Self {
            first,
            count,
            pairs: usize::try_from(pairs).unwrap_or(usize::MAX),
            starts: Vec::new(),
            weights: Vec::new(),
        };
        let mut exact = Vec::new();
        for target in 0..axis.target {
            let (start, end) = axis.range(target);
            lanczos(axis, target, start, end, &mut exact);
            // Pairs do not reach behind the last pair.
            let pair = ((start - first) / 2).min(all_pairs - pairs);
            let lead = start - first - pair * 2;
            all.starts.push(pair);
            all.push(&exact, usize::try_from(lead).unwrap_or(usize::MAX));
        }
        all
    }

    /// Rounds weights, and appends them behind `lead` zeros. Each is the difference of two rounded partial sums, so that
    /// all of them add up to one.
    fn push(&mut self, exact: &[f64], lead: usize) {
        let at = self.weights.len();
        self.weights.resize(at + self.pairs, [0; 2]);
        let places = self.weights.get_mut(at..).unwrap_or_default().as_flattened_mut();
        let whole: f64 = exact.iter().sum();
        let (mut sum, mut before) = (0.0, 0);
        for (place, weight) in places.iter_mut().skip(lead).zip(exact) {
            sum += weight;
            let rounded = rounded(sum / whole);
            (*place, before) = (rounded - before, rounded);
        }
    }

    /// What [`Self::of`] gives for four pixels at a time; the last one stands in for those past the end.
    #[inline(always)]
    pub(crate) fn fours(&self) -> impl Iterator<Item = [(usize, &[[i16; 2]]); 4]> {
        let mut starts = self.starts.iter();
        let mut all = self.weights.chunks_exact(self.pairs);
        let mut last: (usize, &[[i16; 2]]) = (0, &[]);
        let mut next = move || {
            if let (Some(start), Some(weights)) = (starts.next(), all.next()) {
                last = (usize::try_from(*start).unwrap_or(usize::MAX), weights);
            }
            last
        };
        (0..self.starts.len().div_ceil(4)).map(move |_| std::array::from_fn(|_| next()))
    }

    /// First pair of a pixel of the target, and the weights of its pairs.
    #[inline(always)]
    pub(crate) fn of(&self, target: usize) -> (usize, &[[i16; 2]]) {
        let start = self.starts.get(target).copied().unwrap_or_default();
        let weights = self.weights.chunks_exact(self.pairs).nth(target).unwrap_or_default();
        (usize::try_from(start).unwrap_or(usize::MAX), weights)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "partial sums of the kernel are below 2")]
fn rounded(weight: f64) -> i16 {
    (weight * f64::from(ONE)).round() as i16
}

/// The kernel at the pixels from `start` to `end` of the source, for a pixel of the target.
///
/// Both sines advance by a fixed angle from pixel to pixel, so they are rotated instead of computed: `e^(i(a+b))` is
/// `e^(ia) e^(ib)`. Some hundred rotations lose nothing that 14 bits could show.
fn lanczos(axis: &Axis, target: u32, start: u32, end: u32, weights: &mut Vec<f64>) {
    let step = 1.0 / axis.scale();
    let mut x = (f64::from(start) + 0.5 - axis.center(target)) * step;
    let (mut sine, turn) = ((PI * x).sin_cos(), (PI * step).sin_cos());
    let (mut third, third_turn) = ((PI / 3.0 * x).sin_cos(), (PI / 3.0 * step).sin_cos());
    let rotated = |(sin, cos): (f64, f64), by: (f64, f64)| (sin * by.1 + cos * by.0, cos * by.1 - sin * by.0);
    weights.clear();
    for _ in start..end {
        weights.push(if x.abs() >= SUPPORT {
            0.0
        } else if x.abs() < 1e-6 {
            1.0
        } else {
            3.0 * sine.0 * third.0 / (PI * PI * x * x)
        });
        (sine, third) = (rotated(sine, turn), rotated(third, third_turn));
        x += step;
    }
    if axis.sharpening > 0.0 {
        sharpen(weights, axis.sharpening);
    }
}

/// Weights of samples that are sharpened first: less a share of their second difference.
fn sharpen(weights: &mut [f64], share: f64) {
    let mut before = 0.0;
    for number in 0..weights.len() {
        let after = weights.get(number + 1).copied().unwrap_or_default();
        if let Some(weight) = weights.get_mut(number) {
            let own = *weight;
            *weight = own * (1.0 + 2.0 * share) - (before + after) * share;
            before = own;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(source: u32, target: u32) -> Axis {
        Axis { source, start: 0.0, length: source.into(), target, sharpening: 0.0 }
    }

    fn dense(weights: &Weights, target: usize, source: u32) -> Vec<f64> {
        let (start, pairs) = weights.of(target);
        let mut dense = vec![0.0; source as usize + 2];
        for (number, weight) in pairs.as_flattened().iter().enumerate() {
            dense[weights.first as usize + start * 2 + number] += f64::from(*weight) / f64::from(ONE);
        }
        dense
    }

    fn kernel(x: f64) -> f64 {
        let sinc = |x: f64| if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) };
        if x.abs() < 3.0 { sinc(x) * sinc(x / 3.0) } else { 0.0 }
    }

    #[test]
    fn weights_are_the_kernel_and_add_up_to_one() {
        for (source, start, length, target, sharpening) in [
            (4000, 0.0, 4000.0, 300, 0.0),
            (4000, 0.0, 4000.0, 300, 0.03),
            (1000, 100.25, 333.3, 200, 0.0),
            (7, 0.0, 7.0, 3, 0.0),
            (1, 0.0, 1.0, 5, 0.0),
            (10, 2.0, 5.0, 40, 0.03),
            (65_000, 0.0, 65_000.0, 1, 0.0),
        ] {
            let axis = Axis { source, start, length, target, sharpening };
            let weights = Weights::new(&axis);
            assert!(weights.pairs as u64 <= axis.most_pairs(), "{axis:?}");
            for number in 0..target {
                let have = dense(&weights, number as usize, source);
                let sum: f64 = have.iter().sum();
                assert!((sum - 1.0).abs() < 1e-9, "{axis:?} {number}: {sum}");
                let (scale, center) = (axis.scale(), axis.center(number));
                let plain = |j: f64| {
                    if (0.0..f64::from(source)).contains(&j) {
                        kernel((j + 0.5 - center) / scale)
                    } else {
                        0.0
                    }
                };
                let want: Vec<f64> = (0..source)
                    .map(|j| {
                        let j = f64::from(j);
                        plain(j) * (1.0 + 2.0 * sharpening) - (plain(j - 1.0) + plain(j + 1.0)) * sharpening
                    })
                    .collect();
                let whole: f64 = want.iter().sum();
                let off = |(have, want): (&f64, &f64)| (have - want / whole).abs() > 1.01 / f64::from(ONE);
                assert!(!have.iter().zip(&want).any(off), "{axis:?} {number}");
            }
        }
    }

    #[test]
    fn an_unscaled_axis_copies() {
        let weights = Weights::new(&axis(9, 9));
        for number in 0..9 {
            let have = dense(&weights, number, 9);
            assert!(have.iter().enumerate().all(|(at, weight)| *weight == f64::from(u8::from(at == number))));
        }
    }
}
