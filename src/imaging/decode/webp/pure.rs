//! WebP in Rust, for programs without C: whole pictures, averaged when they are decoded.
//!
//! Memory, bytes a pixel: 8 for samples, planes and alpha, 12 for a frame laid on its canvas.

use std::io::Cursor;
use std::time::Duration;

use image_webp::{DecodingError, WebPDecoder};

use crate::imaging::decode::webp::averaging::averaged;
use crate::imaging::decode::webp::header::{WebpCoding, WebpHeader};
use crate::imaging::decoded::Reduction;
use crate::imaging::error::Error;
use crate::imaging::input::source::TRUNCATED;
use crate::imaging::limits::{Budget, bytes_of};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::{Depth, Layout, Picture};
use crate::imaging::source_format::SourceFormat;

/// A file whose header has been read.
pub(super) struct Decoder<'a> {
    inner: WebPDecoder<Cursor<&'a [u8]>>,
    header: WebpHeader,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(file: &'a [u8]) -> Result<Self, Error> {
        let mut inner = WebPDecoder::new(Cursor::new(file)).map_err(refusal)?;
        let (width, height) = inner.dimensions();
        let header = WebpHeader {
            size: Size { width, height },
            layout: if inner.has_alpha() { Layout::RgbAlpha } else { Layout::Rgb },
            coding: match inner.is_lossy() {
                _ if inner.is_animated() => WebpCoding::Animated,
                true => WebpCoding::Lossy,
                false => WebpCoding::Lossless,
            },
        };
        Ok(Self { inner, header })
    }

    pub(super) fn header(&self) -> WebpHeader {
        self.header
    }

    /// The picture, or one of cells of so many pixels' sides.
    pub(super) fn decode(mut self, cell: u32, budget: &mut Budget) -> Result<(Picture, Reduction), Error> {
        let WebpHeader { size, layout, coding } = self.header;
        budget.reserve(bytes_of(size, if coding == WebpCoding::Animated { 12 } else { 8 }))?;
        let mut picture = Picture::blank(size, layout, Depth::Eight);
        self.inner.read_image(&mut picture.samples).map_err(refusal)?;
        averaged(picture, cell, budget)
    }
}

/// The frames of an animation, each on its canvas.
pub(super) struct WebpFrames<'a> {
    inner: WebPDecoder<Cursor<&'a [u8]>>,
    size: Size,
}

impl<'a> WebpFrames<'a> {
    pub(super) fn new(file: &'a [u8], size: Size, budget: &mut Budget) -> Result<Self, Error> {
        budget.reserve(bytes_of(size, 12))?;
        let mut inner = WebPDecoder::new(Cursor::new(file)).map_err(refusal)?;
        inner.set_background_color([0; 4]).map_err(refusal)?;
        Ok(Self { inner, size })
    }

    pub(super) fn count(&self) -> u32 {
        self.inner.num_frames()
    }

    /// 4 bytes a pixel have been reserved.
    pub(super) fn next(&mut self) -> Result<Option<(Picture, Duration)>, Error> {
        let layout = if self.inner.has_alpha() { Layout::RgbAlpha } else { Layout::Rgb };
        let mut picture = Picture::blank(self.size, layout, Depth::Eight);
        match self.inner.read_frame(&mut picture.samples) {
            Ok(milliseconds) => Ok(Some((picture, Duration::from_millis(milliseconds.into())))),
            Err(DecodingError::NoMoreFrames) => Ok(None),
            Err(error) => Err(refusal(error)),
        }
    }
}

fn refusal(error: DecodingError) -> Error {
    Error::damaged(
        SourceFormat::WebP,
        match error {
            DecodingError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                TRUNCATED.to_owned()
            }
            other => other.to_string(),
        },
    )
}
