//! Quality on libjpeg's scale, as a quantiser of AV1.
//!
//! The table gives photographs of 300 px the mean SSIMULACRA2 that libjpeg-turbo gives them at the same quality, 4:2:0
//! (docs/performance.md, "AVIF out"). It holds for all speeds: their scores differ by less than a point.

/// Quantisers for the qualities 0, 10 to 100; the first is the coarsest of AV1.
const QUANTIZERS: [u8; 11] = [255, 225, 189, 170, 158, 148, 141, 128, 111, 73, 17];

/// The quantiser for a quality of 1 to 100, interpolated.
pub(super) fn quantizer(quality: u8) -> u8 {
    let quality = quality.min(100);
    let (tens, ones) = (usize::from(quality / 10), u16::from(quality % 10));
    let at = |tens: usize| u16::from(QUANTIZERS.get(tens).or(QUANTIZERS.last()).copied().unwrap_or(1));
    let sum = at(tens) * (10 - ones) + at(tens + 1) * ones;
    u8::try_from((sum + 5) / 10).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_higher_quality_is_never_coarser() {
        assert_eq!([0, 10, 75, 80, 100, 255].map(quantizer), [255, 225, 120, 111, 17, 17]);
        for quality in 0..100 {
            assert!(quantizer(quality) >= quantizer(quality + 1), "{quality}");
        }
    }
}
