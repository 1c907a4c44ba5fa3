//! WebP by libwebp, which scales rows while it decodes them.
//!
//! Memory, bytes a pixel: 4 for lossless pixels, 2 for a plane of alpha, 12 for a frame laid on its canvas. Pictures
//! are there twice, in libwebp's buffer and as ours, when they are scaled. All frames of an animation take the file
//! once more, two canvases, and what one of them takes.

use std::time::Duration;

use webpx::{AnimationDecoder, At, BitstreamFormat, ColorMode, DecoderConfig};

use crate::imaging::decode::webp::averaging::averaged;
use crate::imaging::decode::webp::header::{WebpCoding, WebpHeader};
use crate::imaging::decoded::Reduction;
use crate::imaging::error::Error;
use crate::imaging::input::source::TRUNCATED;
use crate::imaging::limits::{Budget, bytes_of, to_u64};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::{Depth, Layout, Picture, side};
use crate::imaging::source_format::SourceFormat;

/// A file whose header has been read.
pub(super) struct Decoder<'a> {
    inner: webpx::Decoder<'a>,
    header: WebpHeader,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(file: &'a [u8]) -> Result<Self, Error> {
        let inner = webpx::Decoder::new(file).map_err(|error| refusal(&error))?;
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
        Ok(Self { inner, header })
    }

    pub(super) fn header(&self) -> WebpHeader {
        self.header
    }

    /// The picture, or one of cells of so many pixels' sides.
    pub(super) fn decode(self, cell: u32, budget: &mut Budget) -> Result<(Picture, Reduction), Error> {
        let WebpHeader { size, layout, coding } = self.header;
        let alpha = if layout.has_alpha() { 2 } else { 0 };
        budget.reserve(match coding {
            WebpCoding::Animated => bytes_of(size, 12),
            WebpCoding::Lossless => bytes_of(size, 4),
            WebpCoding::Lossy => bytes_of(size, alpha),
        })?;
        // Scaling does not weigh the colours of lossy pictures by their alpha, so that those must be averaged here.
        if coding == WebpCoding::Animated || (coding == WebpCoding::Lossy && layout.has_alpha()) {
            let picture = self.whole(budget)?;
            return averaged(picture, cell, budget);
        }
        if cell == 1 {
            return Ok((self.whole(budget)?, cell.into()));
        }
        self.scaled(cell, budget)
    }

    fn whole(self, budget: &mut Budget) -> Result<Picture, Error> {
        let WebpHeader { size, layout, coding } = self.header;
        budget.reserve(bytes_of(size, bytes_a_pixel(layout)))?;
        let mut picture = Picture::blank(size, layout, Depth::Eight);
        let decoder = self.inner.config(unlimited());
        if coding == WebpCoding::Animated {
            let (samples, width, height) = match layout {
                Layout::RgbAlpha => decoder.decode_rgba_raw(),
                _ => decoder.decode_rgb_raw(),
            }
            .map_err(|error| refusal(&error))?;
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
        .map_err(|error| refusal(&error))?;
        Ok(picture)
    }

    fn scaled(self, cell: u32, budget: &mut Budget) -> Result<(Picture, Reduction), Error> {
        let WebpHeader { size: full, layout, .. } = self.header;
        let size = Size { width: full.width.div_ceil(cell), height: full.height.div_ceil(cell) };
        budget.reserve(bytes_of(size, bytes_a_pixel(layout).saturating_mul(2)))?;
        let decoder = self.inner.config(unlimited().scale(size.width, size.height));
        let (samples, ..) = match layout {
            Layout::RgbAlpha => decoder.decode_rgba_raw(),
            _ => decoder.decode_rgb_raw(),
        }
        .map_err(|error| refusal(&error))?;
        let length = side(size.width).saturating_mul(side(size.height)).saturating_mul(layout.channels());
        if samples.len() != length {
            return Err(Error::damaged(
                SourceFormat::WebP,
                "its pixels have another size than its header says",
            ));
        }
        let picture = Picture { size, layout, depth: Depth::Eight, samples };
        Ok((picture, Reduction::fitted(full, size)))
    }
}

/// The frames of an animation, each on its canvas.
pub(super) struct WebpFrames {
    inner: AnimationDecoder,
    size: Size,
}

impl WebpFrames {
    pub(super) fn new(file: &[u8], size: Size, budget: &mut Budget) -> Result<Self, Error> {
        budget.reserve(to_u64(file.len()).saturating_add(bytes_of(size, 4 + 4 + 6)))?;
        let limits = webpx::Limits::none();
        let inner = AnimationDecoder::with_options_limits(file, ColorMode::Rgba, false, &limits);
        Ok(Self { inner: inner.map_err(|error| refusal(&error))?, size })
    }

    pub(super) fn count(&self) -> u32 {
        self.inner.info().frame_count
    }

    /// In RGBA; 4 bytes a pixel have been reserved.
    pub(super) fn next(&mut self) -> Result<Option<(Picture, Duration)>, Error> {
        let Some(frame) = self.inner.next_frame().map_err(|error| refusal(&error))? else { return Ok(None) };
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

/// Sizes are admitted and memory is reserved before.
fn unlimited() -> DecoderConfig {
    DecoderConfig::new().limits(webpx::Limits::none())
}

fn bytes_a_pixel(layout: Layout) -> u64 {
    u64::try_from(layout.channels()).unwrap_or(u64::MAX)
}

fn refusal(error: &At<webpx::Error>) -> Error {
    Error::damaged(
        SourceFormat::WebP,
        match error.error() {
            webpx::Error::NeedMoreData => TRUNCATED.to_owned(),
            other => other.to_string(),
        },
    )
}
