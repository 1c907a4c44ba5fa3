//! SSIMULACRA2 of thumbnails against the exact reduction of their source: 100 is the same picture, 90 looks the same side
//! by side, 70 is good, 50 is fair (github.com/cloudinary/ssimulacra2).

use fast_ssim2::{PixelDescriptor, PixelSlice, Ssimulacra2Reference};

use crate::playground::rendering::pixels::Pixels;

/// A picture to which others of its size are compared.
pub(super) struct Reference(Ssimulacra2Reference);

impl Reference {
    /// Prepares the comparison.
    pub(super) fn new(exact: &Pixels) -> Result<Self, String> {
        let reference = Ssimulacra2Reference::new(&slice(exact)?).map_err(|error| error.to_string())?;
        Ok(Self(reference))
    }

    /// Computes the score of a picture.
    pub(super) fn score(&self, pixels: &Pixels) -> Result<f64, String> {
        self.0.compare(&slice(pixels)?).map_err(|error| error.to_string())
    }
}

fn slice(pixels: &Pixels) -> Result<PixelSlice<'_>, String> {
    let Pixels { width, height, ref rgb, .. } = *pixels;
    let row = usize::try_from(width).map_or(usize::MAX, |width| width.saturating_mul(3));
    let slice = PixelSlice::new(rgb, width, height, row, PixelDescriptor::RGB8_SRGB);
    slice.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(value: impl Fn(u32, u32) -> u8) -> Pixels {
        let positions = (0..64).flat_map(|y| (0..64).map(move |x| (x, y)));
        let rgb = positions.flat_map(|(x, y)| [value(x, y), value(y, x), 90]).collect();
        Pixels { width: 64, height: 64, rgb, is_transparent: false }
    }

    #[test]
    fn the_same_picture_has_100_and_a_coarser_one_less() {
        let value = |x: u32, y: u32| u8::try_from((x * 3 + y * y / 20 + x * y / 16) % 256).unwrap();
        let exact = picture(value);
        let reference = Reference::new(&exact).unwrap();
        let steps = |step: u8| reference.score(&picture(|x, y| value(x, y) / step * step)).unwrap();
        assert!((reference.score(&exact).unwrap() - 100.0).abs() < 1e-6);
        let (fine, coarse) = (steps(4), steps(32));
        assert!(coarse < fine && fine < 100.0, "{coarse} {fine}");
    }

    #[test]
    fn pictures_of_other_sizes_have_no_score() {
        let reference = Reference::new(&picture(|_, _| 0)).unwrap();
        let other = Pixels { width: 64, height: 32, rgb: vec![0; 64 * 32 * 3], is_transparent: false };
        assert!(reference.score(&other).is_err());
    }
}
