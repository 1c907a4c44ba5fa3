//! WebP decoding in Rust, for builds without C: whole pictures by the crate `image-webp`.
//!
//! Memory, bytes per pixel: 8 for samples, planes and alpha; 12 for a frame composed on its canvas.

use std::io::Cursor;
use std::time::Duration;

use image_webp::{DecodingError, WebPDecoder};

use crate::imaging::decode::webp::decoded_picture::DecodedPicture;
use crate::imaging::decode::webp::header::{WebpCoding, WebpHeader};
use crate::imaging::error::Error;
use crate::imaging::input::source::TRUNCATED;
use crate::imaging::limits::{Budget, bytes_of};
use crate::imaging::picture::geometry::{Cell, Size};
use crate::imaging::picture::{Depth, Layout, Picture};
use crate::imaging::pixels::source_rows::SourceRows;
use crate::imaging::source_format::SourceFormat;

/// A decoder that has read the header.
pub(super) struct Decoder<'a> {
    inner: WebPDecoder<Cursor<&'a [u8]>>,
    header: WebpHeader,
}

impl<'a> Decoder<'a> {
    /// Reads the header of a file.
    ///
    /// # Errors
    /// [`Error::Damaged`].
    pub(super) fn new(file: &'a [u8]) -> Result<Self, Error> {
        let mut inner = WebPDecoder::new(Cursor::new(file)).map_err(decode_error)?;
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

    /// Facts of the header.
    pub(super) fn header(&self) -> WebpHeader {
        self.header
    }

    /// Decodes the picture, or the first frame.
    ///
    /// # Errors
    /// [`Error::Damaged`] or [`Error::TooMuchMemory`].
    pub(super) fn decode(mut self, _: Cell, budget: &mut Budget) -> Result<DecodedPicture, Error> {
        let WebpHeader { size, layout, coding } = self.header;
        budget.reserve(bytes_of(size, if coding == WebpCoding::Animated { 12 } else { 8 }))?;
        let mut picture = Picture::blank(size, layout, Depth::Eight);
        self.inner.read_image(&mut picture.samples).map_err(decode_error)?;
        Ok(DecodedPicture::whole(SourceRows::all(size, layout, Depth::Eight), picture))
    }
}

/// The frames of an animation, each composed on the canvas.
pub(super) struct WebpFrames<'a> {
    inner: WebPDecoder<Cursor<&'a [u8]>>,
    size: Size,
}

impl<'a> WebpFrames<'a> {
    /// Opens an animation with a canvas of `size`, and reserves the decoder's memory.
    ///
    /// # Errors
    /// [`Error::Damaged`] or [`Error::TooMuchMemory`].
    pub(super) fn new(file: &'a [u8], size: Size, budget: &mut Budget) -> Result<Self, Error> {
        budget.reserve(bytes_of(size, 12))?;
        let mut inner = WebPDecoder::new(Cursor::new(file)).map_err(decode_error)?;
        inner.set_background_color([0; 4]).map_err(decode_error)?;
        Ok(Self { inner, size })
    }

    /// Number of frames.
    pub(super) fn count(&self) -> u32 {
        self.inner.num_frames()
    }

    /// The next frame, whose bytes are reserved, and its duration.
    ///
    /// # Errors
    /// [`Error::Damaged`] or [`Error::TooMuchMemory`].
    pub(super) fn next(&mut self, budget: &mut Budget) -> Result<Option<(Picture, Duration)>, Error> {
        budget.reserve(bytes_of(self.size, 4))?;
        let layout = if self.inner.has_alpha() { Layout::RgbAlpha } else { Layout::Rgb };
        let mut picture = Picture::blank(self.size, layout, Depth::Eight);
        match self.inner.read_frame(&mut picture.samples) {
            Ok(milliseconds) => Ok(Some((picture, Duration::from_millis(milliseconds.into())))),
            Err(DecodingError::NoMoreFrames) => Ok(None),
            Err(error) => Err(decode_error(error)),
        }
    }
}

fn decode_error(error: DecodingError) -> Error {
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
