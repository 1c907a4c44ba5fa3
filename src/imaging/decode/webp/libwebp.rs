//! WebP decoding by libwebp, which scales rows while it decodes them.
//!
//! Memory, bytes per pixel: 4 for lossless pixels, 2 for an alpha plane, 12 for a frame composed on its canvas. A
//! scaled picture exists twice, in libwebp's buffer and in ours. An animation takes the file once more, two canvases,
//! and the memory of one frame; of a first frame that covers the canvas, only what a still picture takes.

use std::marker::PhantomData;
use std::time::Duration;

use webpx::{AnimationDecoder, At, BitstreamFormat, ColorMode, DecoderConfig, StreamingDecoder};

use crate::imaging::decode::webp::chunks::chunk;
use crate::imaging::decode::webp::decoded_picture::DecodedPicture;
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
        let frame = if header.coding == WebpCoding::Animated { self.first_frame() } else { None };
        match frame.unwrap_or(self).decode_whole(cell, budget) {
            Ok(picture) => Ok(picture),
            Err(error @ Error::Damaged { .. }) if header.coding != WebpCoding::Animated => {
                budget.reset_to(used);
                decode_start(file, header, error, budget)
            }
            Err(error) => Err(error),
        }
    }

    /// The first frame of an animation as a still picture; `None` if it must be composed on the canvas, because it does
    /// not cover all of it, or has an alpha channel that the file does not announce. `None` also for a file that is cut,
    /// which has no frames for the decoder of animations.
    fn first_frame(&self) -> Option<Self> {
        let length = u32::from_le_bytes(*self.file.get(4..)?.first_chunk()?);
        if to_u64(self.file.len()) < u64::from(length).saturating_add(8) {
            return None;
        }
        // RFC 9649, section 2.7.1.1: place on the canvas, 10 bytes that are not needed, and the chunks of the picture,
        // which libwebp decodes without a file around them.
        let (place, rest) = chunk(self.file, *b"ANMF")?.split_first_chunk::<6>()?;
        let file = rest.get(10..)?;
        let inner = webpx::Decoder::new(file).ok()?;
        let info = inner.info();
        let size = Size { width: info.width, height: info.height };
        let is_as_announced = !info.has_animation && (!info.has_alpha || self.header.layout.has_alpha());
        if *place != [0; 6] || size != self.header.size || !is_as_announced {
            return None;
        }
        let layout = if info.has_alpha { Layout::RgbAlpha } else { Layout::Rgb };
        let is_lossless = info.format == BitstreamFormat::Lossless;
        let coding = if is_lossless { WebpCoding::Lossless } else { WebpCoding::Lossy };
        Some(Self { file, inner, header: WebpHeader { size, layout, coding } })
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

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use webpx::AnimationEncoder;

    use super::*;
    use crate::imaging::damage::Tolerance;
    use crate::imaging::limits::Limits;

    const SIZE: Size = Size { width: 40, height: 30 };

    fn budget(memory: u64) -> Budget {
        let (damage, threads) = (Tolerance::default(), NonZeroUsize::MIN);
        Budget::new(Limits { max_pixels: 1_000_000, memory, damage, threads })
    }

    /// An animation of two frames, of gradients with this alpha.
    fn animation(alpha: u8, is_lossless: bool) -> Vec<u8> {
        let byte = |number: u32| number.to_le_bytes()[0];
        let frame = |number: u8| -> Vec<u8> {
            let pixels = (0..SIZE.height).flat_map(|y| (0..SIZE.width).map(move |x| (x, y)));
            pixels.flat_map(|(x, y)| [byte(5 * x), byte(7 * y), 90 * number, alpha]).collect()
        };
        let mut encoder = AnimationEncoder::new(SIZE.width, SIZE.height).unwrap();
        encoder.set_lossless(is_lossless);
        encoder.add_frame_rgba(&frame(0), 0).unwrap();
        encoder.add_frame_rgba(&frame(1), 100).unwrap();
        encoder.finish(200).unwrap()
    }

    fn rgba(picture: &Picture) -> Vec<u8> {
        let opaque = |pixel: &[u8; 3]| [pixel[0], pixel[1], pixel[2], 255];
        match picture.layout {
            Layout::RgbAlpha => picture.samples.clone(),
            _ => picture.samples.as_chunks::<3>().0.iter().flat_map(opaque).collect(),
        }
    }

    #[test]
    fn first_frame_alone_is_that_of_the_animation_and_takes_less_memory() {
        for (alpha, is_lossless) in [(255, false), (255, true), (130, false), (130, true)] {
            let file = animation(alpha, is_lossless);
            let mut frames = WebpFrames::new(&file, SIZE, &mut budget(u64::MAX)).unwrap();
            let (composed, _) = frames.next(&mut budget(u64::MAX)).unwrap().unwrap();
            // A still picture takes 8 bytes per pixel at most, a canvas 12 and its frame.
            let decode = |cell, memory| Decoder::new(&file).unwrap().decode(cell, &mut budget(memory));
            let alone = decode(Cell::PIXEL, SIZE.pixels() * 8).unwrap();
            assert_eq!(rgba(&alone.picture), rgba(&composed), "alpha {alpha}, lossless {is_lossless}");
            let reduced = decode(Cell { across: 2, down: 2 }, u64::MAX).unwrap();
            assert_eq!(reduced.came, if alpha < 255 && !is_lossless { 30 } else { 15 });
        }
    }

    #[test]
    fn frame_beside_the_corner_is_composed_and_a_cut_file_has_none() {
        let whole = animation(255, true);
        let has_first_frame = |file: &[u8]| Decoder::new(file).unwrap().first_frame().is_some();
        assert!(has_first_frame(&whole));
        let mut moved = whole.clone();
        let at = moved.windows(4).position(|tag| tag == b"ANMF").unwrap() + 8;
        moved[at] = 1;
        assert!(!has_first_frame(&moved));
        let cut = &whole[..whole.len() - 1];
        assert!(!has_first_frame(cut));
        assert!(Decoder::new(cut).unwrap().decode(Cell::PIXEL, &mut budget(u64::MAX)).is_err());
    }
}
