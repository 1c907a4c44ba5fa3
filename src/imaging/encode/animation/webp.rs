//! Animated WebP (RFC 9649, section 2.7.1.1): each frame is a still image of the rectangle that changed.
//!
//! Frames replace the rectangle, alpha included, and stay after their time (no blending, no disposal). So the canvas
//! after a frame is always the picture of that frame.

use std::time::Duration;

use crate::imaging::encode::animation::Area;
use crate::imaging::encode::{KeptMetadata, webp, webp_metadata};
use crate::imaging::picture::Picture;
use crate::imaging::picture::geometry::Size;
use crate::recipe::Loss;

/// The blending bit of a frame: its pixels replace those of the canvas. The disposal bit, 0x01, is not set.
const DO_NOT_BLEND: u8 = 0x02;

/// Longest duration of a frame, ms: 24 bits.
const LONGEST_DURATION_MS: u64 = 0x00ff_ffff;

/// An animated WebP file under construction.
pub(crate) struct WebpWriter {
    quality: u8,
    loss: Loss,
    plays: u16,
    /// Size of the canvas, known from the first frame on.
    size: Option<Size>,
    has_alpha: bool,
    /// Chunks ANMF, one per frame.
    frames: Vec<u8>,
}

impl WebpWriter {
    /// A file without frames. `plays` is the number of times it is played, 0 for ever.
    pub(crate) fn new(quality: u8, loss: Loss, plays: u16) -> Self {
        Self { quality, loss, plays, size: None, has_alpha: false, frames: Vec::new() }
    }

    /// Writes the part of a frame that differs from the canvas, and gives the canvas after the frame.
    ///
    /// `from` and `until` are times since the start of the animation.
    ///
    /// # Errors
    /// The encoder's description.
    pub(crate) fn write(
        &mut self,
        canvas: Option<&Picture>,
        picture: Picture,
        (from, until): (Duration, Duration),
    ) -> Result<Picture, String> {
        self.size.get_or_insert(picture.size);
        let area = match canvas {
            Some(canvas) => Area::enclosing(canvas, &picture, |old, new| old != new).unwrap_or(Area::PIXEL),
            None => Area::whole(&picture),
        };
        let area = with_even_offsets(area);
        let cropped = area.crop(&picture).drop_opaque_alpha();
        self.has_alpha |= cropped.layout.has_alpha();
        let file = webp::encode(cropped, self.quality, self.loss, self.quality >= webp::SHARP_CHROMA_FROM)?;
        // Both times are rounded, not their difference, so that rounding errors do not add up over the frames.
        let milliseconds = until.as_millis().saturating_sub(from.as_millis());
        let duration = u64::try_from(milliseconds).unwrap_or(LONGEST_DURATION_MS).min(LONGEST_DURATION_MS);
        // The header of ANMF: five numbers of 24 bits, little endian, and a byte of flags.
        let numbers = [
            u64::from(area.left / 2),
            u64::from(area.top / 2),
            u64::from(area.width.saturating_sub(1)),
            u64::from(area.height.saturating_sub(1)),
            duration,
        ];
        let mut frame: Vec<u8> =
            numbers.into_iter().flat_map(|number| number.to_le_bytes().into_iter().take(3)).collect();
        frame.push(DO_NOT_BLEND);
        frame
            .extend(webp_metadata::image_chunks(&file).ok_or_else(|| "a frame has no picture".to_owned())?.1);
        webp_metadata::append(&mut self.frames, *b"ANMF", &frame);
        Ok(picture)
    }

    /// Bytes of all frames so far.
    pub(crate) fn written_bytes(&self) -> usize {
        self.frames.len()
    }

    /// The file.
    ///
    /// # Errors
    /// A description, if there are no frames.
    pub(crate) fn finish(self, metadata: &KeptMetadata<'_>) -> Result<Vec<u8>, String> {
        let size = self.size.ok_or_else(|| "it has no frames".to_owned())?;
        // The background colour, transparent, and the number of plays in 16 bits.
        let mut animation = vec![0; 4];
        animation.extend(self.plays.to_le_bytes());
        let mut chunks = Vec::with_capacity(self.frames.len().saturating_add(14));
        webp_metadata::append(&mut chunks, *b"ANIM", &animation);
        chunks.extend(self.frames);
        let alpha = if self.has_alpha { webp_metadata::HAS_ALPHA } else { 0 };
        Ok(webp_metadata::extended(webp_metadata::IS_ANIMATED | alpha, size, &chunks, metadata))
    }
}

/// The area, extended to the left and the top to even offsets: ANMF stores half of them.
fn with_even_offsets(area: Area) -> Area {
    let (left, top) = (area.left & !1, area.top & !1);
    Area { left, top, width: area.width + (area.left - left), height: area.height + (area.top - top) }
}
