//! Tables of quantisation, and the scale that a quality stands for.

use crate::encode::picture::Sampling;

/// Steps of luma at a scale of 1, natural order. Both tables were fitted to photographs, for the fewest bytes at equal
/// SSIMULACRA2; steps above 255 count at small scales only.
const LUMA: [u16; 64] = [
    10, 15, 25, 32, 37, 43, 51, 68, //
    17, 17, 30, 41, 40, 36, 40, 51, //
    27, 30, 30, 36, 37, 42, 55, 82, //
    32, 40, 36, 39, 41, 44, 58, 93, //
    37, 40, 39, 42, 54, 60, 78, 123, //
    42, 37, 44, 47, 62, 90, 118, 176, //
    50, 40, 57, 61, 79, 117, 182, 260, //
    67, 51, 82, 93, 122, 174, 259, 380,
];

/// Steps of chroma of 4:2:0 at a scale of 1, natural order.
const CHROMA: [u16; 64] = [
    11, 13, 21, 26, 32, 43, 66, 104, //
    12, 15, 25, 25, 36, 46, 63, 95, //
    19, 24, 28, 29, 42, 69, 110, 175, //
    24, 24, 28, 39, 50, 82, 133, 209, //
    30, 33, 39, 46, 70, 111, 172, 264, //
    39, 41, 58, 65, 104, 159, 232, 345, //
    57, 54, 94, 114, 160, 227, 323, 399, //
    88, 79, 150, 186, 244, 332, 399, 400,
];

/// libjpeg's scale of its own tables in percent, and the scale of ours that gives a picture of the same look.
///
/// Between two of them the scale is interpolated. Most were measured as equal SSIMULACRA2 of photographs, in the mean
/// over them, and then made smaller until no photograph looked worse than with libjpeg.
const SCALES: [(u16, f32); 12] = [
    (0, 0.0),
    (10, 0.124),
    (20, 0.202),
    (30, 0.296),
    (40, 0.368),
    (50, 0.438),
    (70, 0.6),
    (100, 0.797),
    (167, 1.257),
    (500, 2.84),
    (2500, 10.1),
    (5000, 17.5),
];

/// The quantisation tables of a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tables(Source);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Source {
    Scaled(f32),
    Given { luma: [u8; 64], chroma: [u8; 64] },
}

impl Tables {
    /// Tables of a quality from 1 to 100 that looks as libjpeg's of the same number; smaller numbers count as 1,
    /// larger ones as 100.
    #[must_use]
    pub fn of_quality(quality: u8) -> Self {
        Self::scaled(scale_of_quality(quality))
    }

    /// Tables of this scale: 0 for steps of 1, and twice the scale for twice the steps.
    #[must_use]
    pub fn scaled(scale: f32) -> Self {
        Self(Source::Scaled(scale))
    }

    /// Tables of these steps, natural order, for luma and chroma. A step of 0 counts as 1.
    #[must_use]
    pub fn new(luma: [u8; 64], chroma: [u8; 64]) -> Self {
        Self(Source::Given { luma, chroma })
    }

    /// The steps of luma and of chroma, natural order, each 1 or more.
    ///
    /// Chroma of the full resolution has steps twice as large as that of a quarter: it shows half as much.
    #[must_use]
    pub fn steps(&self, sampling: Sampling) -> [[u8; 64]; 2] {
        match self.0 {
            Source::Given { luma, chroma } => [luma, chroma].map(|steps| steps.map(|step| step.max(1))),
            Source::Scaled(scale) => {
                let factor = match sampling {
                    Sampling::Quarter => 1.0,
                    Sampling::Half => 1.5,
                    Sampling::Full => 2.0,
                };
                [scaled(&LUMA, scale), scaled(&CHROMA, scale * factor)]
            }
        }
    }
}

/// The scale of the tables for a quality from 1 to 100.
///
/// libjpeg scales its tables by `50 / N` below 50 and by `2 - N / 50` above (`jpeg_quality_scaling`).
#[must_use]
pub fn scale_of_quality(quality: u8) -> f32 {
    let quality = u16::from(quality.clamp(1, 100));
    let percent = if quality < 50 { 5000 / quality } else { 200 - 2 * quality };
    let (mut below, mut scale) = (0, 0.0);
    for (above, next) in SCALES {
        if percent <= above {
            let part = f32::from(percent - below) / f32::from((above - below).max(1));
            return scale + (next - scale) * part;
        }
        (below, scale) = (above, next);
    }
    scale
}

/// Products and sums of single precision are the same on every processor, and so are these steps.
/// A scale that is no number gives steps of 1.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held within 1 to 255")]
fn scaled(steps: &[u16; 64], scale: f32) -> [u8; 64] {
    steps.map(|step| (f32::from(step) * scale).round().clamp(1.0, 255.0).max(1.0) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn higher_qualities_have_smaller_steps() {
        for sampling in [Sampling::Full, Sampling::Half, Sampling::Quarter] {
            let steps = (1..=100).map(|quality| Tables::of_quality(quality).steps(sampling));
            for (low, high) in steps.clone().zip(steps.skip(1)) {
                assert!(low.as_flattened().iter().zip(high.as_flattened()).all(|(low, high)| low >= high));
                assert_ne!(low, high);
            }
        }
        assert_eq!(Tables::of_quality(100).steps(Sampling::Quarter), [[1; 64]; 2]);
        assert_eq!(Tables::of_quality(0), Tables::of_quality(1));
        assert_eq!(Tables::of_quality(255), Tables::of_quality(100));
    }

    #[test]
    fn tables_of_any_scale_are_valid() {
        for scale in [f32::NEG_INFINITY, -1.0, 0.0, f32::MIN_POSITIVE, 1e30, f32::INFINITY, f32::NAN] {
            let steps = Tables::scaled(scale).steps(Sampling::Full);
            assert!(steps.as_flattened().iter().all(|step| *step >= 1), "{scale}");
        }
        assert_eq!(Tables::new([0; 64], [7; 64]).steps(Sampling::Full), [[1; 64], [7; 64]]);
    }
}
