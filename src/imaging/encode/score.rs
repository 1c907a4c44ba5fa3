//! SSIMULACRA2: how alike a file and the pixels that it was made of look to people.
//!
//! The score is 100 for equal pixels; 90 cannot be told apart side by side, 70 is good, 50 is poor (J. Sneyers,
//! Cloudinary, 2022). It is the same on every processor.

use fast_ssim2::{PixelDescriptor, PixelSlice, Ssimulacra2Reference};

use crate::imaging::picture::{Picture, side};

/// Most pixels of a thumbnail that is scored: 0.3 s for each comparison, and memory of 330 MB.
pub(super) const MOST_PIXELS: u64 = 2_560_000;

/// Bytes of memory per pixel that a [`Reference`] holds.
pub(super) const REFERENCE_BYTES_PER_PIXEL: u64 = 48;

/// Bytes of memory per pixel that a comparison takes: 73, and 8 of decoded files.
pub(super) const COMPARISON_BYTES_PER_PIXEL: u64 = 81;

/// The pixels before encoding, prepared for comparisons.
pub(super) struct Reference {
    inner: Ssimulacra2Reference,
    has_alpha: bool,
}

impl Reference {
    /// Prepares a picture of eight bits.
    ///
    /// # Errors
    /// The metric's description.
    pub(super) fn new(picture: &Picture) -> Result<Self, String> {
        let picture = picture.clone().colored();
        let inner = Ssimulacra2Reference::new(&slice(&picture)?).map_err(|error| error.to_string())?;
        Ok(Self { inner, has_alpha: picture.layout.has_alpha() })
    }

    /// The score of the pixels of a file. With alpha they are compared over a dark and over a bright ground, and the
    /// lower score counts.
    ///
    /// # Errors
    /// The metric's description, such as of another size.
    pub(super) fn score(&self, decoded: Picture) -> Result<f64, String> {
        let decoded = decoded.colored();
        let decoded = if self.has_alpha { decoded.with_alpha() } else { decoded };
        self.inner.compare(&slice(&decoded)?).map_err(|error| error.to_string())
    }
}

/// Samples in RGB or RGBA as the metric takes them.
fn slice(picture: &Picture) -> Result<PixelSlice<'_>, String> {
    let descriptor =
        if picture.layout.has_alpha() { PixelDescriptor::RGBA8_SRGB } else { PixelDescriptor::RGB8_SRGB };
    let stride = picture.layout.channels().saturating_mul(side(picture.size.width));
    PixelSlice::new(&picture.samples, picture.size.width, picture.size.height, stride, descriptor)
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::picture::geometry::Size;
    use crate::imaging::picture::{Depth, Layout};

    /// A slope with a pattern on it.
    fn picture(layout: Layout) -> Picture {
        let mut picture = Picture::blank(Size { width: 61, height: 47 }, layout, Depth::Eight);
        for (number, sample) in picture.samples.iter_mut().enumerate() {
            *sample = u8::try_from((number / 40 + number * 13 % 29) % 256).unwrap();
        }
        picture
    }

    #[test]
    fn equal_pixels_score_100_in_every_layout() {
        for layout in [Layout::Grey, Layout::GreyAlpha, Layout::Rgb, Layout::RgbAlpha] {
            let reference = Reference::new(&picture(layout)).unwrap();
            assert_eq!(reference.score(picture(layout)), Ok(100.0), "{layout:?}");
        }
    }

    #[test]
    fn coarser_pixels_score_less() {
        let reference = Reference::new(&picture(Layout::Rgb)).unwrap();
        let scores = [0xfe, 0xf8, 0xe0, 0x80].map(|mask| {
            let mut coarse = picture(Layout::Rgb);
            coarse.samples.iter_mut().for_each(|sample| *sample &= mask);
            reference.score(coarse).unwrap()
        });
        assert!(scores.is_sorted_by(|finer, coarser| finer > coarser), "{scores:?}");
    }

    #[test]
    fn other_sizes_are_refused() {
        let reference = Reference::new(&picture(Layout::Grey)).unwrap();
        let smaller = Picture::blank(Size { width: 60, height: 47 }, Layout::Grey, Depth::Eight);
        assert!(reference.score(smaller).is_err());
    }
}
