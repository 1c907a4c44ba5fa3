//! The stop rule of progressive files: when a picture is known well enough (ITU-T T.81, section G.1.1).
//!
//! Every scan adds coefficients or bits of them. What scans to come could still change is estimated as a root mean
//! square, in levels of the final picture, and reading stops when that is at most [`TOLERANCE`] in each component. It
//! is an estimate by variances, not a bound of the worst case, which is several times as large and never met.
//!
//! # Derivation
//!
//! *One coefficient.* With lowest bit `l` so far, `s = 2^l - 1` steps are missing at most. The point transform drops
//! bits of AC towards zero (section A.4): a coefficient that is zero so far may be anything from `-s` to `s`, and any
//! other from 0 to `s` further from zero. Taken as evenly spread, both have a mean square of `s²/3`. DC is shifted
//! down arithmetically, so what is missing lies from 0 to `s`: an offset of `s/2`, which all
//! blocks have, and a variance of `s²/12` around it.
//!
//! *Samples.* Basis functions of the transform are orthonormal, so a coefficient of one step spreads a square of
//! `step²` over 64 samples: the root mean square is `step/8` a sample. Transforms of reduced sizes have the same
//! scale ([`transform`](crate::samples::transform)). Squares of different coefficients add up.
//!
//! *Averaging.* Making the picture `r` times smaller afterwards averages `r²` samples to a pixel. Errors of AC are
//! taken as independent over these, so their square is divided by `r²`. The error of DC is the same in all samples of
//! a block and independent from block to block: with `n` samples of a block, its variance is divided by `r²/n`, the
//! number of blocks in a pixel, or by 1. The offset of DC is the same everywhere, and no averaging removes it.

/// Levels that may be missing, root mean square: half of what rounding to whole levels could show.
const TOLERANCE: f64 = 0.5;

/// True when an [`error`] does not show.
pub(super) fn is_invisible(error: f64) -> bool {
    error <= TOLERANCE
}

/// Levels, root mean square, that a component whose blocks have `size` samples may still change by, if the picture is
/// made `reduction` times smaller afterwards; `None` while one of its coefficients has not come at all.
///
/// `known` has each coefficient that is kept: its zigzag index, its lowest bit so far, and its step of quantisation.
pub(super) fn error(
    known: &mut dyn Iterator<Item = Option<(usize, u8, u16)>>,
    size: (u32, u32),
    reduction: f64,
) -> Option<f64> {
    let averaged = (reduction * reduction).max(1.0);
    let samples = f64::from(size.0 * size.1);
    let mut square = 0.0;
    for coefficient in known {
        let (at, low, step) = coefficient?;
        debug_assert!(low <= 13, "scans with bit {low} are refused");
        let missing = f64::from((1_u32 << low.min(15)) - 1);
        let levels = missing * (f64::from(step) / 8.0);
        if at == 0 {
            let offset = levels / 2.0;
            square += offset * offset + levels * levels / 12.0 / (averaged / samples).max(1.0);
        } else {
            square += levels * levels / 3.0 / averaged;
        }
    }
    Some(square.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rule held to what it estimates: the mean square of evenly spread missing bits, by simulation.
    #[test]
    fn estimate_is_the_mean_square_of_missing_bits() {
        let mut seed = 3_u32;
        let mut below = |most: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) % most
        };
        for low in 1..=3_u8 {
            let missing = f64::from((1_u32 << low) - 1);
            let (mut ac, mut dc, count) = (0.0, 0.0, 200_000);
            for _ in 0..count {
                let fraction = f64::from(below(1 << 20)) / f64::from(1 << 20);
                ac += (missing * (2.0 * fraction - 1.0)).powi(2);
                dc += (missing * fraction).powi(2);
            }
            let mean = |sum: f64| (sum / f64::from(count)).sqrt();
            // A step of 8 is one level.
            let of = |at| error(&mut [Some((at, low, 8))].into_iter(), (1, 1), 1.0).unwrap();
            assert!((of(1) - mean(ac)).abs() < 0.01 * mean(ac), "AC, {low}: {} for {}", of(1), mean(ac));
            assert!((of(0) - mean(dc)).abs() < 0.01 * mean(dc), "DC, {low}: {} for {}", of(0), mean(dc));
        }
    }

    #[test]
    fn averaging_leaves_the_offset_of_dc_and_nothing_else() {
        let all = |reduction| {
            let mut known = [Some((0, 1, 16)), Some((1, 2, 16)), Some((2, 0, 16))].into_iter();
            error(&mut known, (8, 8), reduction).unwrap()
        };
        assert!(all(1.0) > all(2.0) && all(2.0) > all(50.0));
        // One step of 16 is two levels; the mean of what is missing is half of that.
        assert!((all(1e6) - 1.0).abs() < 1e-6, "{}", all(1e6));
    }

    #[test]
    fn coefficients_that_never_came_leave_it_open() {
        assert_eq!(error(&mut [Some((0, 0, 1)), None].into_iter(), (8, 8), 4.0), None);
    }
}
