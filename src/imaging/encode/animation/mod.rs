//! Moving thumbnails: frames in, a GIF or WebP file out.
//!
//! A frame is written when the one after it is known: equal ones become one that is shown for longer, and of others
//! only the part that differs from what is seen already.

mod gif;
mod webp;

use std::time::Duration;

use crate::imaging::encode::KeptMetadata;
use crate::imaging::error::Error;
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::{Picture, side};
use crate::imaging::rendering::{Motion, Thumbnail};
use crate::imaging::source_format::SourceFormat;
use crate::recipe::{Format, Recipe};

/// The format a recipe's thumbnails of a moving source move in, if they can.
pub(crate) fn animated_format(recipe: &Recipe, source: SourceFormat) -> Option<Format> {
    match (recipe.format, source) {
        (Some(format @ (Format::Gif | Format::WebP)), _) => Some(format),
        (None, SourceFormat::Gif) => Some(Format::Gif),
        (None, SourceFormat::WebP) => Some(Format::WebP),
        _ => None,
    }
}

/// One moving thumbnail that is being written.
pub(crate) struct AnimationEncoder {
    format: Format,
    writer: Writer,
    /// What is seen before the pending frame.
    seen: Option<Picture>,
    pending: Option<Pending>,
    frames: u32,
}

enum Writer {
    Gif(gif::GifWriter),
    WebP(webp::WebpWriter),
}

/// A frame that is not written yet.
struct Pending {
    picture: Picture,
    from: Duration,
    until: Duration,
}

impl AnimationEncoder {
    /// `plays` is how often all frames are shown, 0 for ever.
    pub(crate) fn new(format: Format, recipe: &Recipe, plays: u16) -> Self {
        let writer = match format {
            Format::Gif => Writer::Gif(gif::GifWriter::new(recipe.background, plays)),
            Format::Jpeg | Format::Png | Format::WebP => {
                Writer::WebP(webp::WebpWriter::new(recipe.quality.of(None), plays))
            }
        };
        Self { format, writer, seen: None, pending: None, frames: 0 }
    }

    /// Takes the next frame, which has the size of the first.
    pub(crate) fn push(&mut self, picture: Picture, shown: Duration) -> Result<(), Error> {
        let picture = match &self.writer {
            Writer::Gif(writer) => writer.ready(picture),
            Writer::WebP(_) => webp::ready(picture),
        };
        let from = match &mut self.pending {
            Some(pending) if pending.picture == picture => {
                pending.until = pending.until.saturating_add(shown);
                return Ok(());
            }
            Some(pending) => pending.until,
            None => Duration::ZERO,
        };
        let next = Pending { picture, from, until: from.saturating_add(shown) };
        if let Some(pending) = self.pending.take() {
            self.write(pending, Some(&next.picture))?;
        }
        self.pending = Some(next);
        Ok(())
    }

    /// Bytes it takes now: what is written, and the frames that are waited for.
    pub(crate) fn held(&self) -> u64 {
        let pictures = [self.seen.as_ref(), self.pending.as_ref().map(|pending| &pending.picture)];
        let pictures: u64 = pictures.into_iter().flatten().map(Picture::bytes).sum();
        pictures.saturating_add(self.written())
    }

    /// Bytes of the file so far.
    pub(crate) fn written(&self) -> u64 {
        let written = match &self.writer {
            Writer::Gif(writer) => writer.written(),
            Writer::WebP(writer) => writer.written(),
        };
        u64::try_from(written).unwrap_or(u64::MAX)
    }

    /// The file.
    pub(crate) fn finish(mut self, metadata: &KeptMetadata<'_>) -> Result<Thumbnail, Error> {
        if let Some(pending) = self.pending.take() {
            self.write(pending, None)?;
        }
        let Size { width, height } = self.seen.map_or(Size { width: 0, height: 0 }, |seen| seen.size);
        let file = match self.writer {
            Writer::Gif(writer) => writer.finish(),
            Writer::WebP(writer) => writer.finish(metadata),
        };
        let file = file.map_err(|detail| Error::Encode { format: self.format, detail })?;
        let motion = Motion::Animated(self.frames);
        Ok(Thumbnail { bytes: file.into(), format: self.format, width, height, motion })
    }

    fn write(&mut self, frame: Pending, next: Option<&Picture>) -> Result<(), Error> {
        let Pending { picture, from, until } = frame;
        let seen = self.seen.take();
        let left = match &mut self.writer {
            Writer::Gif(writer) => writer.write(seen.as_ref(), picture, next, (from, until)),
            Writer::WebP(writer) => writer.write(seen.as_ref(), picture, (from, until)),
        };
        self.seen = Some(left.map_err(|detail| Error::Encode { format: self.format, detail })?);
        self.frames = self.frames.saturating_add(1);
        Ok(())
    }
}

/// A part of a picture, pixels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Area {
    left: u32,
    top: u32,
    width: u32,
    height: u32,
}

impl Area {
    /// The smallest that has every pixel, of two pictures in RGBA of one size, for which this holds.
    fn of(before: &Picture, after: &Picture, holds: impl Fn([u8; 4], [u8; 4]) -> bool) -> Option<Self> {
        let (mut left, mut right, mut top, mut bottom) = (u32::MAX, 0, u32::MAX, 0);
        for (y, (old, new)) in (0..).zip(before.rows().zip(after.rows())) {
            if old == new {
                continue;
            }
            let pixels = old.as_chunks::<4>().0.iter().zip(new.as_chunks::<4>().0);
            for (x, (old, new)) in (0..).zip(pixels) {
                if holds(*old, *new) {
                    (left, right) = (left.min(x), right.max(x));
                    (top, bottom) = (top.min(y), bottom.max(y));
                }
            }
        }
        Self::between((left, top), (right, bottom))
    }

    /// With both corners.
    fn between((left, top): (u32, u32), (right, bottom): (u32, u32)) -> Option<Self> {
        let width = right.checked_sub(left)?.checked_add(1)?;
        let height = bottom.checked_sub(top)?.checked_add(1)?;
        Some(Self { left, top, width, height })
    }

    fn whole(picture: &Picture) -> Self {
        Self { left: 0, top: 0, width: picture.size.width, height: picture.size.height }
    }

    /// The smallest that has both.
    fn joined(self, other: Option<Self>) -> Self {
        let Some(other) = other else { return self };
        let (left, top) = (self.left.min(other.left), self.top.min(other.top));
        let right = (self.left + self.width).max(other.left + other.width);
        let bottom = (self.top + self.height).max(other.top + other.height);
        Self { left, top, width: right - left, height: bottom - top }
    }

    /// Where its rows lie in the samples of a picture in RGBA.
    fn rows(self, picture: &Picture) -> impl Iterator<Item = std::ops::Range<usize>> + use<> {
        let stride = picture.row_bytes();
        let (left, width) = (side(self.left) * 4, side(self.width) * 4);
        (self.top..self.top + self.height).map(move |y| {
            let start = side(y) * stride + left;
            start..start + width
        })
    }

    /// That part of a picture in RGBA.
    fn cut(self, picture: &Picture) -> Picture {
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
    fn an_area_has_every_pixel_that_changed_and_no_other_row_or_column() {
        let changed = |before: &Picture, after: &Picture| Area::of(before, after, |old, new| old != new);
        let (none, two) = (dotted(&[]), dotted(&[(1, 2), (4, 3)]));
        assert_eq!(changed(&none, &none), None);
        let area = changed(&none, &two).unwrap();
        assert_eq!(area, Area { left: 1, top: 2, width: 4, height: 2 });
        assert_eq!(changed(&two, &none), Some(area));
        let cut = area.cut(&two);
        assert_eq!(cut.size, Size { width: 4, height: 2 });
        let lit: Vec<usize> = (0..8).filter(|place| cut.samples[place * 4] == 255).collect();
        assert_eq!(lit, [0, 7]);
        let corner = Area { left: 0, top: 4, width: 1, height: 1 };
        assert_eq!(area.joined(Some(corner)), Area { left: 0, top: 2, width: 5, height: 3 });
        assert_eq!(area.joined(None), area);
    }
}
