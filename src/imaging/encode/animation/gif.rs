//! Animated GIF (89a): each frame has a palette of its own and covers the rectangle that changed.
//!
//! A pixel of a frame is opaque or leaves the canvas as it is, so a frame can add pixels and not remove them. Only
//! disposal removes: after its time, a frame can clear its whole rectangle. Therefore a frame is written when the next
//! one is known. If the next one has transparent pixels where this one is opaque, the rectangle is extended to these
//! and cleared afterwards.
//!
//! Invariant: where the canvas before a frame is opaque, the frame is opaque too.

use std::time::Duration;

use gif::{DisposalMethod, Encoder, Frame, Repeat};

use crate::imaging::encode::animation::{Area, clear_equal};
use crate::imaging::encode::gif::{SPEED, with_binary_alpha, with_xmp};
use crate::imaging::encode::{KeptMetadata, side_u16};
use crate::imaging::picture::Picture;
use crate::recipe::Rgb;

const TRANSPARENT: [u8; 4] = [0; 4];

/// Shortest duration of a frame, hundredths of a second; viewers show shorter ones for a tenth of a second.
const SHORTEST_DELAY: u64 = 2;

/// An animated GIF file under construction.
pub(crate) struct GifWriter {
    background: Rgb,
    plays: u16,
    /// Exists from the first frame on, whose size is that of the canvas.
    encoder: Option<Encoder<Vec<u8>>>,
}

impl GifWriter {
    /// A file without frames. `plays` is the number of times it is played, 0 for ever.
    pub(crate) fn new(background: Rgb, plays: u16) -> Self {
        Self { background, plays, encoder: None }
    }

    /// The frame in RGBA with alpha 0 or 255.
    pub(crate) fn prepared(&self, picture: Picture) -> Picture {
        with_binary_alpha(picture, self.background)
    }

    /// Writes the part of a frame that differs from the canvas, and gives the canvas after the frame's disposal.
    ///
    /// `canvas` is the one before the frame, and `next` the frame after it. `from` and `until` are times since the
    /// start of the animation.
    ///
    /// # Errors
    /// The encoder's description.
    pub(crate) fn write(
        &mut self,
        canvas: Option<&Picture>,
        picture: Picture,
        next: Option<&Picture>,
        (from, until): (Duration, Duration),
    ) -> Result<Picture, String> {
        let encoder = match &mut self.encoder {
            Some(encoder) => encoder,
            None => self.encoder.insert(begin(&picture, self.plays).map_err(|error| error.to_string())?),
        };
        let is_vanishing = |old, new| old != new && new == TRANSPARENT;
        debug_assert!(canvas.is_none_or(|canvas| Area::enclosing(canvas, &picture, is_vanishing).is_none()));
        let vanishing = next.and_then(|next| Area::enclosing(&picture, next, is_vanishing));
        let changed = match canvas {
            Some(canvas) => Area::enclosing(canvas, &picture, |old, new| old != new),
            None => Some(Area::whole(&picture)),
        };
        // A frame that changes nothing still takes its time, and needs a pixel.
        let area = changed.map_or(vanishing, |area| Some(area.union(vanishing))).unwrap_or(Area::PIXEL);
        let mut cropped = area.crop(&picture);
        if let Some(canvas) = canvas {
            clear_equal(&mut cropped, &area.crop(canvas));
        }
        let mut frame =
            Frame::from_rgba_speed(side_u16(area.width), side_u16(area.height), &mut cropped.samples, SPEED);
        (frame.left, frame.top) = (side_u16(area.left), side_u16(area.top));
        // Both times are rounded, not their difference, so that rounding errors do not add up over the frames.
        let hundredths = |time: Duration| u64::try_from((time.as_millis() + 5) / 10).unwrap_or(u64::MAX);
        let delay = hundredths(until).saturating_sub(hundredths(from)).max(SHORTEST_DELAY);
        frame.delay = u16::try_from(delay).unwrap_or(u16::MAX);
        frame.dispose = match vanishing {
            Some(_) => DisposalMethod::Background,
            None => DisposalMethod::Keep,
        };
        encoder.write_frame(&frame).map_err(|error| error.to_string())?;
        let mut canvas_after = picture;
        if vanishing.is_some() {
            for row in area.rows(&canvas_after) {
                canvas_after.samples.get_mut(row).unwrap_or_default().fill(0);
            }
        }
        Ok(canvas_after)
    }

    /// Bytes of the file so far.
    pub(crate) fn written_bytes(&self) -> usize {
        self.encoder.as_ref().map_or(0, |encoder| encoder.get_ref().len())
    }

    /// The file.
    ///
    /// # Errors
    /// A description, if there are no frames or the file cannot be ended.
    pub(crate) fn finish(self, metadata: &KeptMetadata<'_>) -> Result<Vec<u8>, String> {
        let encoder = self.encoder.ok_or_else(|| "it has no frames".to_owned())?;
        let file = encoder.into_inner().map_err(|error| error.to_string())?;
        Ok(with_xmp(file, metadata.xmp.as_deref()))
    }
}

fn begin(picture: &Picture, plays: u16) -> Result<Encoder<Vec<u8>>, gif::EncodingError> {
    let (width, height) = (side_u16(picture.size.width), side_u16(picture.size.height));
    let mut encoder = Encoder::new(Vec::new(), width, height, &[])?;
    match plays {
        0 => encoder.set_repeat(Repeat::Infinite)?,
        1 => {}
        // GIF counts the repetitions after the first play.
        more => encoder.set_repeat(Repeat::Finite(more - 1))?,
    }
    Ok(encoder)
}
