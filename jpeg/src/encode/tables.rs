//! Tables of quantisation, and the scale that a quality stands for.

use crate::encode::picture::Sampling;

/// Steps of luma at a scale of 10, natural order. Both tables were fitted by `examples/fit_tables.rs` to 22 pictures of free
/// licence (18 of 300 px and 4 of 768 px; Kodak, CID22), for the fewest bytes at equal SSIMULACRA2; on others they need as
/// few. Steps above 255 count at small scales only.
const LUMA: [u16; 64] = [
    94, 140, 351, 293, 473, 359, 612, 527, //
    140, 170, 350, 329, 494, 426, 527, 479, //
    351, 366, 329, 390, 490, 527, 551, 500, //
    293, 290, 390, 387, 527, 527, 523, 633, //
    412, 425, 463, 580, 521, 529, 695, 633, //
    429, 426, 458, 479, 575, 556, 695, 800, //
    426, 606, 479, 575, 506, 633, 870, 909, //
    527, 479, 719, 695, 575, 695, 695, 766,
];

/// Steps of chroma of 4:2:0 at a scale of 10, natural order.
const CHROMA: [u16; 64] = [
    94, 152, 217, 195, 362, 355, 488, 586, //
    175, 173, 244, 289, 355, 343, 375, 586, //
    217, 244, 289, 284, 390, 468, 468, 440, //
    244, 231, 284, 312, 468, 468, 791, 725, //
    362, 443, 390, 468, 586, 633, 527, 633, //
    355, 390, 468, 468, 633, 527, 550, 375, //
    390, 468, 539, 633, 606, 633, 539, 468, //
    586, 586, 791, 527, 661, 370, 515, 412,
];

/// libjpeg's scale of its own tables in percent, and the scale of ours that gives a picture of the same look.
///
/// Between two of them the scale is interpolated. Most were measured as equal SSIMULACRA2 of photographs, in the mean
/// over them, and then made smaller until no photograph looked worse than with libjpeg.
const SCALES: [(u16, f32); 12] = [
    (0, 0.0),
    (10, 0.113),
    (20, 0.186),
    (30, 0.276),
    (40, 0.339),
    (50, 0.403),
    (70, 0.565),
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
                [scaled(&LUMA, scale / 10.0), scaled(&CHROMA, scale * factor / 10.0)]
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
