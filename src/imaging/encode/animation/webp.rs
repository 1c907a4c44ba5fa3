//! Moving WebP (RFC 9649, section 2.7.1.1): every frame is a still picture of the part that changed, which takes the
//! place of what was there.

use std::time::Duration;

use crate::imaging::encode::animation::Area;
use crate::imaging::encode::{KeptMetadata, webp, webp_metadata};
use crate::imaging::picture::Picture;
use crate::imaging::picture::geometry::Size;

/// The frame takes the place of what was there, alpha included.
const DO_NOT_BLEND: u8 = 0x02;

/// Longest time of a frame, ms.
const LONGEST: u64 = 0x00ff_ffff;

pub(crate) struct WebpWriter {
    quality: u8,
    plays: u16,
    /// From the first frame on.
    size: Option<Size>,
    has_alpha: bool,
    /// Chunks, one for each frame.
    frames: Vec<u8>,
}

/// RGBA; what is not seen has no colour.
pub(crate) fn ready(picture: Picture) -> Picture {
    let mut picture = picture.colored().with_alpha();
    for pixel in picture.samples.as_chunks_mut::<4>().0 {
        if let [.., 0] = pixel {
            *pixel = [0; 4];
        }
    }
    picture
}

impl WebpWriter {
    pub(crate) fn new(quality: u8, plays: u16) -> Self {
        Self { quality, plays, size: None, has_alpha: false, frames: Vec::new() }
    }

    /// Writes what of a frame is not seen yet, and gives back what is seen when its time is over.
    pub(crate) fn write(
        &mut self,
        seen: Option<&Picture>,
        picture: Picture,
        (from, until): (Duration, Duration),
    ) -> Result<Picture, String> {
        self.size.get_or_insert(picture.size);
        let area = match seen {
            Some(seen) => Area::of(seen, &picture, |old, new| old != new).unwrap_or(Area {
                left: 0,
                top: 0,
                width: 1,
                height: 1,
            }),
            None => Area::whole(&picture),
        };
        let area = even(area);
        let piece = area.cut(&picture).drop_opaque_alpha();
        self.has_alpha |= piece.layout.has_alpha();
        let file = webp::encode(piece, self.quality)?;
        let milliseconds = until.as_millis().saturating_sub(from.as_millis());
        let shown = u64::try_from(milliseconds).unwrap_or(LONGEST).min(LONGEST);
        let numbers = [
            u64::from(area.left / 2),
            u64::from(area.top / 2),
            u64::from(area.width.saturating_sub(1)),
            u64::from(area.height.saturating_sub(1)),
            shown,
        ];
        let mut frame: Vec<u8> =
            numbers.into_iter().flat_map(|number| number.to_le_bytes().into_iter().take(3)).collect();
        frame.push(DO_NOT_BLEND);
        frame.extend(webp_metadata::pictures(&file).ok_or_else(|| "a frame has no picture".to_owned())?.1);
        webp_metadata::append(&mut self.frames, *b"ANMF", &frame);
        Ok(picture)
    }

    pub(crate) fn written(&self) -> usize {
        self.frames.len()
    }

    pub(crate) fn finish(self, metadata: &KeptMetadata<'_>) -> Result<Vec<u8>, String> {
        let size = self.size.ok_or_else(|| "it has no frames".to_owned())?;
        // The background is transparent.
        let mut animation = vec![0; 4];
        animation.extend(self.plays.to_le_bytes());
        let mut chunks = Vec::with_capacity(self.frames.len().saturating_add(14));
        webp_metadata::append(&mut chunks, *b"ANIM", &animation);
        chunks.extend(self.frames);
        let alpha = if self.has_alpha { webp_metadata::HAS_ALPHA } else { 0 };
        Ok(webp_metadata::extended(
            webp_metadata::IS_ANIMATED | alpha,
            size,
            &chunks,
            metadata.profile,
            metadata.exif.as_deref(),
        ))
    }
}

/// Frames begin at even places.
fn even(area: Area) -> Area {
    let (left, top) = (area.left & !1, area.top & !1);
    Area { left, top, width: area.width + (area.left - left), height: area.height + (area.top - top) }
}
