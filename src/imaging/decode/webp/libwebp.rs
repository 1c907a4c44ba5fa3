//! WebP decoding by libwebp, which scales rows while it decodes them.
//!
//! Memory, bytes per pixel: 4 for lossless pixels, 2 for an alpha plane, 12 for a frame composed on its canvas. A
//! scaled picture exists twice, in libwebp's buffer and in ours. An animation takes the file once more, two canvases,
//! and the memory of one frame.

use std::marker::PhantomData;
use std::time::Duration;

use webpx::{AnimationDecoder, At, BitstreamFormat, ColorMode, DecoderConfig, StreamingDecoder};

use crate::imaging::decode::webp::DecodedPicture;
use crate::imaging::decode::webp::header::{WebpCoding, WebpHeader};
use crate::imaging::error::Error;
use crate::imaging::input::source::TRUNCATED;
use crate::imaging::limits::{Budget, bytes_of, to_u64};
use crate::imaging::picture::geometry::{Cell, Reduction, Size};
use crate::imaging::picture::{Depth, Layout, Picture, side};
use crate::imaging::pixels::source_rows::SourceRows;
use crate::imaging::source_format::SourceFormat;

/// A decoder that has read the header.
pub(super) struct Decoder<'a> {
    file: &'a [u8],
    inner: webpx::Decoder<'a>,
    header: WebpHeader,
}

impl<'a> Decoder<'a> {
    /// Reads the header of a file.
    ///
    /// # Errors
    /// [`Error::Damaged`].
    pub(super) fn new(file: &'a [u8]) -> Result<Self, Error> {
        let inner = webpx::Decoder::new(file).map_err(|error| decode_error(&error))?;
        let info = inner.info();
        let header = WebpHeader {
            size: Size { width: info.width, height: info.height },
            layout: if info.has_alpha { Layout::RgbAlpha } else { Layout::Rgb },
            coding: match info.format {
                _ if info.has_animation => WebpCoding::Animated,
                BitstreamFormat::Lossless => WebpCoding::Lossless,
                _ => WebpCoding::Lossy,
            },
        };
        Ok(Self { file, inner, header })
    }

    /// Facts of the header.
    pub(super) fn header(&self) -> WebpHeader {
        self.header
    }

    /// Decodes the picture, or the first frame, reduced by cells if that costs less. A still picture that ends early is decoded again, as
    /// far as it came.
    ///
    /// # Errors
    /// [`Error::Damaged`] or [`Error::TooMuchMemory`].
    pub(super) fn decode(self, cell: Cell, budget: &mut Budget) -> Result<DecodedPicture, Error> {
        let (file, header, used) = (self.file, self.header, budget.used());
        match self.decode_whole(cell, budget) {
            Ok(picture) => Ok(picture),
            Err(error @ Error::Damaged { .. }) if header.coding != WebpCoding::Animated => {
                budget.reset_to(used);
                decode_start(file, header, error, budget)
            }
            Err(error) => Err(error),
        }
    }

    fn decode_whole(self, cell: Cell, budget: &mut Budget) -> Result<DecodedPicture, Error> {
        let WebpHeader { size, layout, coding } = self.header;
        let alpha = if layout.has_alpha() { 2 } else { 0 };
        budget.reserve(match coding {
            WebpCoding::Animated => bytes_of(size, 12),
            WebpCoding::Lossless => bytes_of(size, 4),
            WebpCoding::Lossy => bytes_of(size, alpha),
        })?;
        // libwebp premultiplies lossless pixels before it scales them, but not lossy ones. Colours of lossy pictures
        // with alpha would bleed out of transparent pixels, so those are decoded whole.
        let bleeds = coding == WebpCoding::Lossy && layout.has_alpha();
        if coding == WebpCoding::Animated || bleeds || cell == Cell::PIXEL {
            let rows = SourceRows::all(size, layout, Depth::Eight);
            return Ok(DecodedPicture::whole(rows, self.decode_full(budget)?));
        }
        self.decode_scaled(cell, budget)
    }

    /// Decodes the picture at its full size.
    fn decode_full(self, budget: &mut Budget) -> Result<Picture, Error> {
        let WebpHeader { size, layout, coding } = self.header;
        budget.reserve(bytes_of(size, to_u64(layout.channels())))?;
        let mut picture = Picture::blank(size, layout, Depth::Eight);
        let decoder = self.inner.config(unlimited());
        if coding == WebpCoding::Animated {
            let (samples, width, height) = match layout {
                Layout::RgbAlpha => decoder.decode_rgba_raw(),
                _ => decoder.decode_rgb_raw(),
            }
            .map_err(|error| decode_error(&error))?;
            if (Size { width, height }) != size || samples.len() != picture.samples.len() {
                return Err(Error::damaged(
                    SourceFormat::WebP,
                    "its first frame has another size than its canvas",
                ));
            }
            picture.samples = samples;
            return Ok(picture);
        }
        let stride = u32::try_from(picture.row_bytes()).unwrap_or(u32::MAX);
        match layout {
            Layout::RgbAlpha => decoder.decode_rgba_into(&mut picture.samples, stride),
            _ => decoder.decode_rgb_into(&mut picture.samples, stride),
        }
        .map_err(|error| decode_error(&error))?;
        Ok(picture)
    }

    /// Decodes the picture scaled by libwebp, to the size that averaging over cells would give.
    ///
    /// When it shrinks, libwebp's rescaler gives each sample the mean of the area that its pixel covers. Source pixels
    /// at the borders count by their fraction inside. For cells with a side of c, n pixels become m = ⌈n / c⌉. Each pixel
    /// thus covers n / m ≤ c source pixels, also the last. [`Reduction::fitted`] states this ratio; averaging states c.
    fn decode_scaled(self, cell: Cell, budget: &mut Budget) -> Result<DecodedPicture, Error> {
        let WebpHeader { size: full, layout, .. } = self.header;
        let size = cell.reduced(full);
        budget.reserve(bytes_of(size, to_u64(layout.channels()).saturating_mul(2)))?;
        let decoder = self.inner.config(unlimited().scale(size.width, size.height));
        let (samples, ..) = match layout {
            Layout::RgbAlpha => decoder.decode_rgba_raw(),
            _ => decoder.decode_rgb_raw(),
        }
        .map_err(|error| decode_error(&error))?;
        let length = side(size.width).saturating_mul(side(size.height)).saturating_mul(layout.channels());
        if samples.len() != length {
            return Err(Error::damaged(
                SourceFormat::WebP,
                "its pixels have another size than its header says",
            ));
        }
        let picture = Picture { size, layout, depth: Depth::Eight, samples };
        let reduction = Reduction::fitted(full, size);
        let are_means = cell.across > 1 && cell.down > 1;
        let rows = SourceRows { size, reduction, are_means, ..SourceRows::all(full, layout, Depth::Eight) };
        Ok(DecodedPicture::whole(rows, picture))
    }
}

/// Decodes the rows that came of a picture whose decoding ended with `error`.
///
/// Memory: libwebp's copy of the file, and 4 bytes per pixel beside the picture.
fn decode_start(
    file: &[u8],
    WebpHeader { size, layout, .. }: WebpHeader,
    error: Error,
    budget: &mut Budget,
) -> Result<DecodedPicture, Error> {
    budget.reserve(to_u64(file.len()).saturating_add(bytes_of(size, 4 + to_u64(layout.channels()))))?;
    let mut picture = Picture::blank(size, layout, Depth::Eight);
    let stride = picture.row_bytes();
    let mode = if layout.has_alpha() { ColorMode::Rgba } else { ColorMode::Rgb };
    let decoder = StreamingDecoder::with_buffer(&mut picture.samples, stride, mode);
    let came = decoder.map_or(0, |decoder| {
        let mut decoder = decoder.limits(webpx::Limits::none());
        // The result is known: `error`.
        let _ = decoder.append(file);
        decoder.decoded_rows()
    });
    let rows = SourceRows::all(size, layout, Depth::Eight);
    Ok(DecodedPicture { rows, picture, came, end: Err(error) })
}

/// The frames of an animation, each composed on the canvas.
pub(super) struct WebpFrames<'a> {
    inner: AnimationDecoder,
    size: Size,
    /// The type without C refers to the file.
    file: PhantomData<&'a [u8]>,
}

impl<'a> WebpFrames<'a> {
    /// Opens an animation with a canvas of `size`, and reserves the decoder's memory.
    ///
    /// # Errors
    /// [`Error::Damaged`] or [`Error::TooMuchMemory`].
    pub(super) fn new(file: &'a [u8], size: Size, budget: &mut Budget) -> Result<Self, Error> {
        // A copy of the file, two canvases of RGBA, and 6 bytes per pixel for a frame.
        budget.reserve(to_u64(file.len()).saturating_add(bytes_of(size, 4 + 4 + 6)))?;
        let limits = webpx::Limits::none();
        let inner = AnimationDecoder::with_options_limits(file, ColorMode::Rgba, false, &limits);
        Ok(Self { inner: inner.map_err(|error| decode_error(&error))?, size, file: PhantomData })
    }

    /// Number of frames.
    pub(super) fn count(&self) -> u32 {
        self.inner.info().frame_count
    }

    /// The next frame as RGBA, whose bytes are reserved, and its duration.
    ///
    /// # Errors
    /// [`Error::Damaged`] or [`Error::TooMuchMemory`].
    pub(super) fn next(&mut self, budget: &mut Budget) -> Result<Option<(Picture, Duration)>, Error> {
        budget.reserve(bytes_of(self.size, 4))?;
        let Some(frame) = self.inner.next_frame().map_err(|error| decode_error(&error))? else {
            return Ok(None);
        };
        let picture = Picture {
            size: Size { width: frame.width, height: frame.height },
            layout: Layout::RgbAlpha,
            depth: Depth::Eight,
            samples: frame.data,
        };
        if picture.size != self.size {
            return Err(Error::damaged(SourceFormat::WebP, "its frames have another size than its canvas"));
        }
        Ok(Some((picture, Duration::from_millis(frame.duration_ms.into()))))
    }
}

/// A configuration without libwebp's own limits: size and memory were admitted by the [`Budget`].
fn unlimited() -> DecoderConfig {
    DecoderConfig::new().limits(webpx::Limits::none())
}

fn decode_error(error: &At<webpx::Error>) -> Error {
    Error::damaged(
        SourceFormat::WebP,
        match error.error() {
            webpx::Error::NeedMoreData => TRUNCATED.to_owned(),
            other => other.to_string(),
        },
    )
}
