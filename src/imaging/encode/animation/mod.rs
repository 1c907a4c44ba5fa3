//! Animated thumbnails: frames in, a GIF, WebP or PNG file out, written frame by frame.
//!
//! A frame is written when the next one is known. Equal frames in succession become one with the sum of their
//! durations. Of other frames only the rectangle is written that differs from the canvas, which is what a viewer shows
//! at that time. Memory holds the file so far, the canvas and the pending frame.
//!
//! Invariant: all frames are RGBA of eight bits and of one size, with `[0; 4]` as the only transparent pixel.

mod gif;
mod png;
mod webp;

use std::time::Duration;

use crate::imaging::encode::{KeptMetadata, check_sides, first_quality, has_quality};
use crate::imaging::error::Error;
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::{Picture, side};
use crate::imaging::pixels::placeholder::placeholder;
use crate::imaging::rendering::{Motion, Placeholder, Thumbnail};
use crate::imaging::source_format::SourceFormat;
use crate::recipe::{Format, Recipe};

/// The format of a recipe's animated thumbnails of a source; `None` if that format is never animated.
pub(crate) fn animated_format(recipe: &Recipe, source: SourceFormat) -> Option<Format> {
    match (recipe.format, source) {
        (Some(format @ (Format::Gif | Format::Png | Format::WebP)), _) => Some(format),
        (None, SourceFormat::Gif) => Some(Format::Gif),
        (None, SourceFormat::Png) => Some(Format::Png),
        (None, SourceFormat::WebP) => Some(Format::WebP),
        _ => None,
    }
}

/// One animated thumbnail under construction.
pub(crate) struct AnimationEncoder {
    format: Format,
    /// 1 to 100, if the format has one.
    quality: Option<u8>,
    writer: Writer,
    /// Pixels that a viewer shows before the pending frame.
    canvas: Option<Picture>,
    pending: Option<PendingFrame>,
    /// Frames written.
    frames: u32,
    /// Asked for, and then that of the first frame.
    has_placeholder: bool,
    placeholder: Option<Placeholder>,
}

enum Writer {
    Gif(gif::GifWriter),
    Png(png::PngWriter),
    WebP(webp::WebpWriter),
}

/// A frame that is not written yet, with its times since the start of the animation.
struct PendingFrame {
    picture: Picture,
    from: Duration,
    until: Duration,
}

impl AnimationEncoder {
    /// An encoder without frames. `plays` is the number of times the animation is played, 0 for ever.
    pub(crate) fn new(format: Format, recipe: &Recipe, plays: u16) -> Self {
        let (quality, loss) = (first_quality(recipe, None, format), recipe.loss);
        let writer = match format {
            Format::Gif => Writer::Gif(gif::GifWriter::new(recipe.background, plays)),
            Format::Png => Writer::Png(png::PngWriter::new(plays)),
            Format::Avif | Format::Jpeg | Format::WebP => {
                Writer::WebP(webp::WebpWriter::new(quality, loss, plays))
            }
        };
        let quality = has_quality(recipe, format).then_some(quality);
        let has_placeholder = recipe.placeholder;
        let (canvas, pending, placeholder) = (None, None, None);
        Self { format, quality, writer, canvas, pending, frames: 0, has_placeholder, placeholder }
    }

    /// Takes the next frame, of eight bits and of the size of the first.
    ///
    /// # Errors
    /// [`Error::Impossible`] if the format cannot store frames of this size; [`Error::Encode`] if the frame before it
    /// cannot be written.
    pub(crate) fn push(&mut self, picture: Picture, duration: Duration) -> Result<(), Error> {
        check_sides(self.format, picture.size)?;
        let picture = match &self.writer {
            Writer::Gif(writer) => writer.prepared(picture),
            Writer::Png(_) | Writer::WebP(_) => with_clear_transparency(picture),
        };
        if self.has_placeholder && self.placeholder.is_none() {
            self.placeholder = placeholder(&picture);
        }
        let from = match &mut self.pending {
            Some(pending) if pending.picture == picture => {
                pending.until = pending.until.saturating_add(duration);
                return Ok(());
            }
            Some(pending) => pending.until,
            None => Duration::ZERO,
        };
        let next = PendingFrame { picture, from, until: from.saturating_add(duration) };
        if let Some(pending) = self.pending.take() {
            self.write(pending, Some(&next.picture))?;
        }
        self.pending = Some(next);
        Ok(())
    }

    /// Bytes in memory: the file so far, the canvas and the pending frame.
    pub(crate) fn held_bytes(&self) -> u64 {
        let pictures = [self.canvas.as_ref(), self.pending.as_ref().map(|pending| &pending.picture)];
        let pictures: u64 = pictures.into_iter().flatten().map(Picture::bytes).sum();
        pictures.saturating_add(self.written_bytes())
    }

    /// Bytes of the file so far.
    pub(crate) fn written_bytes(&self) -> u64 {
        let written = match &self.writer {
            Writer::Gif(writer) => writer.written_bytes(),
            Writer::Png(writer) => writer.written_bytes(),
            Writer::WebP(writer) => writer.written_bytes(),
        };
        u64::try_from(written).unwrap_or(u64::MAX)
    }

    /// Writes the last frame and gives the file.
    ///
    /// # Errors
    /// [`Error::Encode`] if there are no frames, or the encoder fails.
    pub(crate) fn finish(mut self, metadata: &KeptMetadata<'_>) -> Result<Thumbnail, Error> {
        if let Some(pending) = self.pending.take() {
            self.write(pending, None)?;
        }
        let Size { width, height } = self.canvas.map_or(Size { width: 0, height: 0 }, |canvas| canvas.size);
        let file = match self.writer {
            Writer::Gif(writer) => writer.finish(metadata),
            Writer::Png(writer) => writer.finish(metadata),
            Writer::WebP(writer) => writer.finish(metadata),
        };
        let file = file.map_err(|detail| Error::Encode { format: self.format, detail })?;
        let motion = Motion::Animated(self.frames);
        Ok(Thumbnail {
            bytes: file.into(),
            format: self.format,
            width,
            height,
            quality: self.quality,
            score: None,
            motion,
            part: None,
            placeholder: self.placeholder,
        })
    }

    fn write(&mut self, frame: PendingFrame, next: Option<&Picture>) -> Result<(), Error> {
        let PendingFrame { picture, from, until } = frame;
        let canvas = self.canvas.take();
        let canvas_after = match &mut self.writer {
            Writer::Gif(writer) => writer.write(canvas.as_ref(), picture, next, (from, until)),
            Writer::Png(writer) => writer.write(canvas.as_ref(), picture, (from, until)),
            Writer::WebP(writer) => writer.write(canvas.as_ref(), picture, (from, until)),
        };
        self.canvas = Some(canvas_after.map_err(|detail| Error::Encode { format: self.format, detail })?);
        self.frames = self.frames.saturating_add(1);
        Ok(())
    }
}

/// The frame in RGBA. Transparent pixels become `[0; 4]`, so that frames that look equal are equal.
fn with_clear_transparency(picture: Picture) -> Picture {
    let mut picture = picture.colored().with_alpha();
    for pixel in picture.samples.as_chunks_mut::<4>().0 {
        if let [.., 0] = pixel {
            *pixel = [0; 4];
        }
    }
    picture
}

/// Makes pixels transparent that the canvas shows already: runs of one index compress better.
fn clear_equal(cropped: &mut Picture, canvas: &Picture) {
    let (pixels, _) = cropped.samples.as_chunks_mut::<4>();
    for (pixel, shown) in pixels.iter_mut().zip(canvas.samples.as_chunks::<4>().0) {
        if pixel == shown {
            *pixel = [0; 4];
        }
    }
}

/// A rectangle of whole pixels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Area {
    left: u32,
    top: u32,
    width: u32,
    height: u32,
}

impl Area {
    /// The top left pixel.
    const PIXEL: Self = Self { left: 0, top: 0, width: 1, height: 1 };

    /// The smallest area with all pixels whose values before and after satisfy `condition`, which must be false for
    /// equal values; `None` if there are none. Both pictures are RGBA of one size.
    fn enclosing(
        before: &Picture,
        after: &Picture,
        condition: impl Fn([u8; 4], [u8; 4]) -> bool,
    ) -> Option<Self> {
        debug_assert_eq!(before.size, after.size);
        let (mut left, mut right, mut top, mut bottom) = (u32::MAX, 0, u32::MAX, 0);
        for (y, (old, new)) in (0..).zip(before.rows().zip(after.rows())) {
            if old == new {
                continue;
            }
            let pixels = old.as_chunks::<4>().0.iter().zip(new.as_chunks::<4>().0);
            for (x, (old, new)) in (0..).zip(pixels) {
                if condition(*old, *new) {
                    (left, right) = (left.min(x), right.max(x));
                    (top, bottom) = (top.min(y), bottom.max(y));
                }
            }
        }
        // Without such a pixel, the corners are in the wrong order, and the subtraction gives `None`.
        Self::between((left, top), (right, bottom))
    }

    /// The area from one corner to the other, both included; `None` if they are in the wrong order.
    fn between((left, top): (u32, u32), (right, bottom): (u32, u32)) -> Option<Self> {
        let width = right.checked_sub(left)?.checked_add(1)?;
        let height = bottom.checked_sub(top)?.checked_add(1)?;
        Some(Self { left, top, width, height })
    }

    /// The area of a whole picture.
    fn whole(picture: &Picture) -> Self {
        Self { left: 0, top: 0, width: picture.size.width, height: picture.size.height }
    }

    /// The smallest area that contains both.
    fn union(self, other: Option<Self>) -> Self {
        let Some(other) = other else { return self };
        let (left, top) = (self.left.min(other.left), self.top.min(other.top));
        let right = (self.left + self.width).max(other.left + other.width);
        let bottom = (self.top + self.height).max(other.top + other.height);
        Self { left, top, width: right - left, height: bottom - top }
    }

    /// The ranges of its rows in the samples of a picture in RGBA.
    fn rows(self, picture: &Picture) -> impl Iterator<Item = std::ops::Range<usize>> + use<> {
        let stride = picture.row_bytes();
        let (left, width) = (side(self.left) * 4, side(self.width) * 4);
        (self.top..self.top + self.height).map(move |y| {
            let start = side(y) * stride + left;
            start..start + width
        })
    }

    /// A copy of this area of a picture in RGBA.
    fn crop(self, picture: &Picture) -> Picture {
        let size = Size { width: self.width, height: self.height };
        let rows = self.rows(picture).filter_map(|row| picture.samples.get(row));
        Picture { size, samples: rows.flatten().copied().collect(), ..*picture }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::picture::{Depth, Layout};

    fn dotted(dots: &[(u32, u32)]) -> Picture {
        let mut picture = Picture::blank(Size { width: 6, height: 5 }, Layout::RgbAlpha, Depth::Eight);
        for (x, y) in dots {
            let at = side(y * 6 + x) * 4;
            picture.samples[at..at + 4].fill(255);
        }
        picture
    }

    #[test]
    fn an_area_encloses_changed_pixels_without_unchanged_margins() {
        let changed =
            |before: &Picture, after: &Picture| Area::enclosing(before, after, |old, new| old != new);
        let (none, two) = (dotted(&[]), dotted(&[(1, 2), (4, 3)]));
        assert_eq!(changed(&none, &none), None);
        let area = changed(&none, &two).unwrap();
        assert_eq!(area, Area { left: 1, top: 2, width: 4, height: 2 });
        assert_eq!(changed(&two, &none), Some(area));
        let cropped = area.crop(&two);
        assert_eq!(cropped.size, Size { width: 4, height: 2 });
        let lit: Vec<usize> = (0..8).filter(|index| cropped.samples[index * 4] == 255).collect();
        assert_eq!(lit, [0, 7]);
        let corner = Area { left: 0, top: 4, width: 1, height: 1 };
        assert_eq!(area.union(Some(corner)), Area { left: 0, top: 2, width: 5, height: 3 });
        assert_eq!(area.union(None), area);
    }
    #[test]
    fn frames_too_long_for_the_format_are_refused_before_its_encoder_sees_them() {
        let recipe = Recipe::fit_inside(100, 100);
        for (format, longest) in [(Format::Gif, 65_535), (Format::WebP, 16_383)] {
            let frame = |width| Picture::blank(Size { width, height: 1 }, Layout::RgbAlpha, Depth::Eight);
            let push = |width| {
                let mut encoder = AnimationEncoder::new(format, &recipe, 0);
                encoder.push(frame(width), Duration::ZERO)?;
                encoder.finish(&KeptMetadata::default())
            };
            assert_eq!(push(longest).unwrap().width, longest);
            let refusal = push(longest + 1).unwrap_err();
            assert!(
                matches!(refusal, Error::Impossible { width, .. } if width == longest + 1),
                "{refusal:?}"
            );
        }
    }
}
