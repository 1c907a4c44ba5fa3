//! Scaling for the types of pixels that cos-thumbnailer has, compiled once.
//!
//! - [`RowScaler`] scales rows of eight or sixteen bits as they come, with Lanczos-3. It needs no more of them than lie under
//!   the kernel, keeps sixteen bits between its passes, and rounds once.
//! - [`resample`] scales whole pictures of eight bits by `fast_image_resize`. That crate is generic over the type of a pixel,
//!   so its kernels are compiled in the crate that calls it: one for each type of pixel, instruction set, direction and
//!   precision of coefficients. They take longer to compile than the rest of the function. [`resample`] is not generic. The
//!   kernels are therefore compiled here, and not again when the caller changes or is built for its unit tests.
//!
//! ```
//! use thumbnail_resample::{Axis, RowScaler};
//!
//! let axis = |source: u32, target| Axis { source, start: 0.0, length: source.into(), target, sharpening: 0.0 };
//! let mut scaler = RowScaler::<u8>::new(&axis(300, 3), &axis(200, 2), 1);
//! for _ in 0..200 {
//!     scaler.push(&[77; 300]);
//! }
//! assert_eq!(scaler.finish(), [77; 6]);
//! ```
//!
//! ```
//! use thumbnail_resample::{Crop, FilterType, PixelType, Pixels, PixelsMut, resample};
//!
//! let source = Pixels { width: 4, height: 1, samples: &[200; 4] };
//! let mut samples = [0; 2];
//! let target = PixelsMut { width: 2, height: 1, samples: &mut samples };
//! let crop = Crop { left: 0.0, top: 0.0, width: 4.0, height: 1.0 };
//! resample(PixelType::U8, &source, crop, target, FilterType::Lanczos3).unwrap();
//! assert_eq!(samples, [200; 2]);
//! ```

mod lanes;
mod row_scaler;
mod weights;

pub use crate::row_scaler::{RowSample, RowScaler};
pub use crate::weights::Axis;
pub use fast_image_resize::FilterType;
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::{
    ImageBufferError, PixelTrait, ResizeAlg, ResizeError, ResizeOptions, Resizer, pixels,
};

/// Type of the samples of a pixel, and their number.
///
/// Pixels with alpha are multiplied by it before they are convolved, and divided by it afterwards.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PixelType {
    /// One sample of eight bits.
    U8,
    /// One sample of eight bits, and alpha.
    U8Alpha,
    /// Three samples of eight bits.
    U8x3,
    /// Three samples of eight bits, and alpha.
    U8x3Alpha,
    /// Four samples of eight bits.
    U8x4,
}

/// Pixels to read, row by row without gaps.
#[derive(Clone, Copy, Debug)]
pub struct Pixels<'a> {
    /// Pixels of a row.
    pub width: u32,
    /// Number of rows.
    pub height: u32,
    /// Bytes of all rows.
    pub samples: &'a [u8],
}

/// Pixels to write, row by row without gaps.
#[derive(Debug)]
pub struct PixelsMut<'a> {
    /// Pixels of a row.
    pub width: u32,
    /// Number of rows.
    pub height: u32,
    /// Bytes of all rows.
    pub samples: &'a mut [u8],
}

/// The reason why pixels cannot be resampled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The samples do not fit the size, or are not aligned.
    #[error(transparent)]
    Buffer(#[from] ImageBufferError),
    /// The crop is outside of the source.
    #[error(transparent)]
    Resize(#[from] ResizeError),
}

/// The part of the source that becomes the target, in pixels from its top left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crop {
    /// Distance from the left edge.
    pub left: f64,
    /// Distance from the top edge.
    pub top: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// Resamples a part of the source to the size of the target.
///
/// # Errors
/// When samples do not fit a size, or the crop is outside of the source.
pub fn resample(
    pixel: PixelType,
    source: &Pixels<'_>,
    crop: Crop,
    target: PixelsMut<'_>,
    filter: FilterType,
) -> Result<(), Error> {
    match pixel {
        PixelType::U8 => convolve::<pixels::U8>(source, crop, target, filter, false),
        PixelType::U8Alpha => convolve::<pixels::U8x2>(source, crop, target, filter, true),
        PixelType::U8x3 => convolve::<pixels::U8x3>(source, crop, target, filter, false),
        PixelType::U8x3Alpha => convolve::<pixels::U8x4>(source, crop, target, filter, true),
        PixelType::U8x4 => convolve::<pixels::U8x4>(source, crop, target, filter, false),
    }
}

/// Convolves pixels of type `P`. The type and the algorithm are fixed here, so that the program has no code for the
/// others: of 2 MB, more than a third.
fn convolve<P: PixelTrait>(
    source: &Pixels<'_>,
    crop: Crop,
    target: PixelsMut<'_>,
    filter: FilterType,
    has_alpha: bool,
) -> Result<(), Error> {
    let PixelsMut { width, height, samples } = target;
    let source = TypedImageRef::<P>::from_buffer(source.width, source.height, source.samples)?;
    let mut target = TypedImage::<P>::from_buffer(width, height, samples)?;
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter)).use_alpha(has_alpha).crop(
        crop.left,
        crop.top,
        crop.width,
        crop.height,
    );
    Ok(Resizer::new().resize_typed(&source, &mut target, &options)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(source: &Pixels<'_>) -> Crop {
        Crop { left: 0.0, top: 0.0, width: source.width.into(), height: source.height.into() }
    }

    #[test]
    #[cfg_attr(miri, ignore = "fast_image_resize 6.1 has undefined behaviour: docs/trust.md")]
    fn samples_that_do_not_fit_the_size_are_refused() {
        let mut samples = [0; 4];
        let mut run = |width, length: usize| {
            let source = Pixels { width, height: 1, samples: &[7; 16][..length] };
            let target = PixelsMut { width: 1, height: 1, samples: &mut samples };
            resample(PixelType::U8x4, &source, whole(&source), target, FilterType::Box)
        };
        assert!(run(4, 16).is_ok());
        assert!(matches!(run(4, 15), Err(Error::Buffer(_))));
        let source = Pixels { width: 4, height: 1, samples: &[7; 16] };
        let target = PixelsMut { width: 1, height: 1, samples: &mut samples };
        let outside = Crop { width: 9.0, ..whole(&source) };
        let refusal = resample(PixelType::U8x4, &source, outside, target, FilterType::Box);
        assert!(matches!(refusal, Err(Error::Resize(_))));
    }

    #[test]
    #[cfg_attr(miri, ignore = "fast_image_resize 6.1 has undefined behaviour: docs/trust.md")]
    fn every_type_keeps_a_flat_picture() {
        use PixelType::{U8, U8Alpha, U8x3, U8x3Alpha, U8x4};
        let types = [(U8, 1), (U8Alpha, 2), (U8x3, 3), (U8x3Alpha, 4), (U8x4, 4)];
        for (pixel, bytes) in types {
            let samples = vec![200; 40 * 30 * bytes];
            let mut scaled = vec![0; 7 * 5 * bytes];
            let source = Pixels { width: 40, height: 30, samples: &samples };
            let target = PixelsMut { width: 7, height: 5, samples: &mut scaled };
            resample(pixel, &source, whole(&source), target, FilterType::Lanczos3).unwrap();
            assert!(scaled.iter().all(|sample| sample.abs_diff(200) <= 1), "{pixel:?}");
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "fast_image_resize 6.1 has undefined behaviour: docs/trust.md")]
    fn transparent_pixels_do_not_colour_their_neighbours() {
        let source = Pixels { width: 2, height: 1, samples: &[200, 255, 0, 0] };
        let mut samples = [0; 2];
        let target = PixelsMut { width: 1, height: 1, samples: &mut samples };
        resample(PixelType::U8Alpha, &source, whole(&source), target, FilterType::Box).unwrap();
        // Without alpha the mean of the two would be 100.
        assert!(samples[0].abs_diff(200) <= 1 && samples[1].abs_diff(128) <= 1, "{samples:?}");
    }
}
