//! Animated PNG (PNG, third edition, sections 4.9 and 11.3.8): each frame is the rectangle that changed.
//!
//! All frames of a file have one kind of pixels, so that all are RGBA. The first frame is the still image that viewers
//! without APNG show. A frame is written twice, and the shorter is kept: as it is, in place of the canvas; and, if all
//! its changed pixels are opaque, over the canvas, with transparent pixels where that stays. Frames stay after their
//! time, so the canvas after a frame is always the picture of that frame.

use std::time::Duration;

use crate::imaging::encode::animation::{Area, clear_equal};
use crate::imaging::encode::{KeptMetadata, png};
use crate::imaging::picture::Picture;
use crate::imaging::picture::geometry::Size;

/// Bytes of a chunk beside its data: length, kind and checksum.
const CHUNK_FRAME: usize = 12;

/// Values of `dispose_op` and `blend_op` (section 11.3.8.2).
const DISPOSE_NONE: u8 = 0;
const BLEND_SOURCE: u8 = 0;
const BLEND_OVER: u8 = 1;

/// An animated PNG file under construction.
pub(crate) struct PngWriter {
    plays: u16,
    /// Size of the canvas, known from the first frame on.
    size: Option<Size>,
    frames: u32,
    /// Chunks fcTL and fdAT written so far, which are numbered.
    sequence: u32,
    /// Chunks of all frames.
    chunks: Vec<u8>,
}

impl PngWriter {
    /// A file without frames. `plays` is the number of times it is played, 0 for ever.
    pub(crate) fn new(plays: u16) -> Self {
        Self { plays, size: None, frames: 0, sequence: 0, chunks: Vec::new() }
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
        let cropped = area.crop(&picture);
        let mut data = image_data(&cropped)?;
        let mut blend = BLEND_SOURCE;
        let is_translucent = |old: [u8; 4], new: [u8; 4]| old != new && new[3] != u8::MAX;
        if let Some(canvas) =
            canvas.filter(|canvas| Area::enclosing(canvas, &picture, is_translucent).is_none())
        {
            let mut changes = cropped;
            clear_equal(&mut changes, &area.crop(canvas));
            let over = image_data(&changes)?;
            if over.len() < data.len() {
                (data, blend) = (over, BLEND_OVER);
            }
        }
        // Both times are rounded, not their difference, so that rounding errors do not add up over the frames.
        let milliseconds = until.as_millis().saturating_sub(from.as_millis());
        let mut control = Vec::with_capacity(26);
        for number in [self.next_number(), area.width, area.height, area.left, area.top] {
            control.extend(number.to_be_bytes());
        }
        delay(milliseconds).into_iter().for_each(|number| control.extend(number.to_be_bytes()));
        control.extend([DISPOSE_NONE, blend]);
        append(&mut self.chunks, *b"fcTL", &control);
        if self.frames == 0 {
            append(&mut self.chunks, *b"IDAT", &data);
        } else {
            let number = self.next_number();
            append(&mut self.chunks, *b"fdAT", &[&number.to_be_bytes(), data.as_slice()].concat());
        }
        self.frames = self.frames.saturating_add(1);
        Ok(picture)
    }

    /// Bytes of all frames so far.
    pub(crate) fn written_bytes(&self) -> usize {
        self.chunks.len()
    }

    /// The file.
    ///
    /// # Errors
    /// A description, if there are no frames or the encoder fails.
    pub(crate) fn finish(self, metadata: &KeptMetadata<'_>) -> Result<Vec<u8>, String> {
        let size = self.size.ok_or_else(|| "it has no frames".to_owned())?;
        let mut file = png::rgba_header(size, metadata)?;
        let control = [self.frames.to_be_bytes(), u32::from(self.plays).to_be_bytes()].concat();
        append(&mut file, *b"acTL", &control);
        file.extend(self.chunks);
        append(&mut file, *b"IEND", &[]);
        Ok(file)
    }

    fn next_number(&mut self) -> u32 {
        let number = self.sequence;
        self.sequence = self.sequence.saturating_add(1);
        number
    }
}

/// The compressed pixels of a picture in RGBA: the data of all IDAT chunks of its file.
fn image_data(picture: &Picture) -> Result<Vec<u8>, String> {
    let file = png::encode_rgba(picture)?;
    let mut rest = file.get(8..).unwrap_or_default();
    let mut data = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if after.starts_with(b"IDAT") {
            data.extend(after.get(4..).and_then(|data| data.get(..length)).unwrap_or_default());
        }
        rest = rest.get(length.saturating_add(CHUNK_FRAME)..).unwrap_or_default();
    }
    Ok(data)
}

/// A duration as numerator and denominator, in parts of a second as fine as sixteen bits allow.
fn delay(milliseconds: u128) -> [u16; 2] {
    let fitting = [1000, 100, 10, 1].into_iter().find_map(|parts: u16| {
        let numerator = milliseconds * u128::from(parts) / 1000;
        Some([u16::try_from(numerator).ok()?, parts])
    });
    fitting.unwrap_or([u16::MAX, 1])
}

/// Appends a chunk with its checksum.
fn append(file: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    file.extend(u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
    file.extend(kind);
    file.extend(data);
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&kind);
    checksum.update(data);
    file.extend(checksum.finalize().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_delays_are_stored_in_coarser_parts() {
        assert_eq!(delay(40), [40, 1000]);
        assert_eq!(delay(65_535), [65_535, 1000]);
        assert_eq!(delay(65_540), [6554, 100]);
        assert_eq!(delay(7_000_000), [7000, 1]);
        assert_eq!(delay(u128::from(u64::MAX)), [u16::MAX, 1]);
    }
}
