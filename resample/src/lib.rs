//! Resampling by `fast_image_resize`, compiled once for the six types of pixels that cos-thumbnailer has.
//!
//! `fast_image_resize` is generic over the type of a pixel, so its kernels are compiled in the crate that calls it: one
//! for each type of pixel, instruction set, direction and precision of coefficients. They take longer to compile than
//! the rest of the function. [`resample`] is not generic. The kernels are therefore compiled here, and not again when
//! the caller changes or is built for its unit tests.
//!
//! ```
//! use thumbnail_resample::{PixelType, Pixels, PixelsMut, ResizeOptions, resample};
//!
//! let source = Pixels { width: 4, height: 1, samples: &[200; 4] };
//! let mut samples = [0; 2];
//! let target = PixelsMut { width: 2, height: 1, samples: &mut samples };
//! resample(PixelType::U8, &source, target, &ResizeOptions::new()).unwrap();
//! assert_eq!(samples, [200; 2]);
//! ```

use fast_image_resize::images::{TypedImage, TypedImageRef};
pub use fast_image_resize::{Filter, FilterType, ResizeAlg, ResizeOptions};
use fast_image_resize::{ImageBufferError, PixelTrait, ResizeError, Resizer, pixels};

/// Type of the samples of a pixel, and their number.
///
/// With [`ResizeOptions::use_alpha`], the last sample of `U8x2` and `U8x4` is alpha.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PixelType {
    /// One sample of eight bits.
    U8,
    /// Two samples of eight bits.
    U8x2,
    /// Three samples of eight bits.
    U8x3,
    /// Four samples of eight bits.
    U8x4,
    /// One sample of sixteen bits, in native byte order.
    U16,
    /// Three samples of sixteen bits, in native byte order.
    U16x3,
}

/// Pixels to read, row by row without gaps.
#[derive(Clone, Copy, Debug)]
pub struct Pixels<'a> {
    /// Pixels of a row.
    pub width: u32,
    /// Number of rows.
    pub height: u32,
    /// Bytes of all rows. Samples of sixteen bits must be aligned.
    pub samples: &'a [u8],
}

/// Pixels to write, row by row without gaps.
#[derive(Debug)]
pub struct PixelsMut<'a> {
    /// Pixels of a row.
    pub width: u32,
    /// Number of rows.
    pub height: u32,
    /// Bytes of all rows. Samples of sixteen bits must be aligned.
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

/// Resamples pixels to the size of the target.
///
/// # Errors
/// When samples do not fit a size, or the crop of the options is outside of the source.
pub fn resample(
    pixel: PixelType,
    source: &Pixels<'_>,
    target: PixelsMut<'_>,
    options: &ResizeOptions,
) -> Result<(), Error> {
    match pixel {
        PixelType::U8 => resample_as::<pixels::U8>(source, target, options),
        PixelType::U8x2 => resample_as::<pixels::U8x2>(source, target, options),
        PixelType::U8x3 => resample_as::<pixels::U8x3>(source, target, options),
        PixelType::U8x4 => resample_as::<pixels::U8x4>(source, target, options),
        PixelType::U16 => resample_as::<pixels::U16>(source, target, options),
        PixelType::U16x3 => resample_as::<pixels::U16x3>(source, target, options),
    }
}

/// Resamples pixels of type `P`. The typed call keeps the pixel types that nobody needs out of the program: of 2 MB, a
/// third.
fn resample_as<P: PixelTrait>(
    source: &Pixels<'_>,
    target: PixelsMut<'_>,
    options: &ResizeOptions,
) -> Result<(), Error> {
    let PixelsMut { width, height, samples } = target;
    let source = TypedImageRef::<P>::from_buffer(source.width, source.height, source.samples)?;
    let mut target = TypedImage::<P>::from_buffer(width, height, samples)?;
    Ok(Resizer::new().resize_typed(&source, &mut target, options)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_that_do_not_fit_the_size_are_refused() {
        let mut samples = [0; 4];
        let mut run = |width, length: usize| {
            let source = Pixels { width, height: 1, samples: &[7; 16][..length] };
            let target = PixelsMut { width: 1, height: 1, samples: &mut samples };
            resample(PixelType::U8x4, &source, target, &ResizeOptions::new())
        };
        assert!(run(4, 16).is_ok());
        assert!(matches!(run(4, 15), Err(Error::Buffer(_))));
        let outside = ResizeOptions::new().crop(0.0, 0.0, 9.0, 1.0);
        let source = Pixels { width: 4, height: 1, samples: &[7; 16] };
        let target = PixelsMut { width: 1, height: 1, samples: &mut samples };
        assert!(matches!(resample(PixelType::U8x4, &source, target, &outside), Err(Error::Resize(_))));
    }

    #[test]
    fn every_type_keeps_a_flat_picture() {
        use PixelType::{U8, U8x2, U8x3, U8x4, U16, U16x3};
        for (pixel, bytes) in [(U8, 1), (U8x2, 2), (U8x3, 3), (U8x4, 4), (U16, 2), (U16x3, 6)] {
            let samples = vec![200; 40 * 30 * bytes];
            let mut scaled = vec![0; 7 * 5 * bytes];
            let source = Pixels { width: 40, height: 30, samples: &samples };
            let target = PixelsMut { width: 7, height: 5, samples: &mut scaled };
            resample(pixel, &source, target, &ResizeOptions::new().use_alpha(false)).unwrap();
            assert!(scaled.iter().all(|sample| sample.abs_diff(200) <= 1), "{pixel:?}");
        }
    }
}
