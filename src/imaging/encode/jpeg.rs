//! JPEG, baseline or progressive, from a picture in grey or RGB, by the crate `thumbnail-jpeg`.
//!
//! A quality looks as that of libjpeg of the same number. A picture is transformed once, and written as often as a limit
//! of bytes asks for.

use thumbnail_jpeg::{Channels, Effort, Order, Pixels, Sampling, Transformed, WriteOptions};

use crate::imaging::encode::{KeptMetadata, side_u16};
use crate::imaging::picture::{Layout, Picture};
use crate::recipe::{self, Recipe, Scans, Subsampling};

/// A picture without alpha, ready to be written.
pub(super) struct Jpeg<'a> {
    transformed: Transformed,
    sampling: Sampling,
    order: Order,
    effort: Effort,
    metadata: &'a KeptMetadata<'a>,
}

impl<'a> Jpeg<'a> {
    /// Transforms a picture. The quality is that of the first file, for which the resolution of chroma is chosen if
    /// `subsampling` leaves it open.
    ///
    /// # Errors
    /// The encoder's description.
    pub(super) fn new(
        picture: &Picture,
        quality: u8,
        subsampling: Subsampling,
        recipe: &Recipe,
        metadata: &'a KeptMetadata<'a>,
    ) -> Result<Self, String> {
        let pixels = Pixels {
            width: side_u16(picture.size.width),
            height: side_u16(picture.size.height),
            samples: &picture.samples,
            channels: match picture.layout {
                Layout::Grey => Channels::Grey,
                Layout::Cmyk | Layout::GreyAlpha | Layout::Rgb | Layout::RgbAlpha => Channels::Rgb,
            },
        };
        let sampling = match subsampling {
            Subsampling::Auto => Sampling::suited(&pixels, quality).map_err(|error| error.to_string())?,
            Subsampling::Full => Sampling::Full,
            Subsampling::Quarter => Sampling::Quarter,
        };
        let transformed = Transformed::new(&pixels, sampling).map_err(|error| error.to_string())?;
        let order = match recipe.scans {
            Scans::Smallest => Order::Smallest,
            Scans::Baseline => Order::Baseline,
            Scans::Progressive => Order::Progressive,
        };
        let effort = match recipe.effort {
            recipe::Effort::Fast => Effort::Fast,
            recipe::Effort::Usual => Effort::Usual,
            recipe::Effort::Light => Effort::Most,
        };
        Ok(Self { transformed, sampling, order, effort, metadata })
    }

    /// `true` if chroma has the full resolution.
    pub(super) fn is_full(&self) -> bool {
        self.sampling == Sampling::Full
    }

    /// The file of a quality.
    ///
    /// # Errors
    /// The encoder's description.
    pub(super) fn write(&self, quality: u8) -> Result<Vec<u8>, String> {
        self.transformed.write(&self.options(quality)).map_err(|error| error.to_string())
    }

    /// The only file, in less memory.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub(super) fn into_file(self, quality: u8) -> Result<Vec<u8>, String> {
        let options = self.options(quality);
        self.transformed.into_file(&options).map_err(|error| error.to_string())
    }

    fn options(&self, quality: u8) -> WriteOptions<'a> {
        WriteOptions {
            order: self.order,
            effort: self.effort,
            exif: self.metadata.exif.as_deref(),
            xmp: self.metadata.xmp.as_deref(),
            icc: self.metadata.profile,
            ..WriteOptions::of_quality(quality)
        }
    }
}
