//! Moving GIF (89a): every frame has its own colours, and is cleared away after it where the next one lets something
//! show through that it covers.

use std::time::Duration;

use gif::{DisposalMethod, Encoder, Frame, Repeat};

use crate::imaging::encode::animation::Area;
use crate::imaging::encode::gif::{SPEED, masked};
use crate::imaging::encode::short;
use crate::imaging::picture::Picture;
use crate::recipe::Rgb;

const CLEAR: [u8; 4] = [0; 4];

/// Hundredths of a second: what viewers show for a tenth of a second if it is shorter.
const SHORTEST: u64 = 2;

pub(crate) struct GifWriter {
    background: Rgb,
    plays: u16,
    /// From the first frame on, which has the size.
    encoder: Option<Encoder<Vec<u8>>>,
}

impl GifWriter {
    pub(crate) fn new(background: Rgb, plays: u16) -> Self {
        Self { background, plays, encoder: None }
    }

    /// RGBA in which alpha is all or nothing.
    pub(crate) fn ready(&self, picture: Picture) -> Picture {
        masked(picture, self.background)
    }

    /// Writes what of a frame is not seen yet, and gives back what is seen when its time is over.
    pub(crate) fn write(
        &mut self,
        seen: Option<&Picture>,
        picture: Picture,
        next: Option<&Picture>,
        (from, until): (Duration, Duration),
    ) -> Result<Picture, String> {
        let encoder = match &mut self.encoder {
            Some(encoder) => encoder,
            None => self.encoder.insert(begin(&picture, self.plays).map_err(|error| error.to_string())?),
        };
        let vanishing = next.and_then(|next| Area::of(&picture, next, |old, new| old != new && new == CLEAR));
        let changed = match seen {
            Some(seen) => Area::of(seen, &picture, |old, new| old != new),
            None => Some(Area::whole(&picture)),
        };
        // A frame that shows nothing new still takes its time.
        let least = Area { left: 0, top: 0, width: 1, height: 1 };
        let area = changed.map_or(vanishing, |area| Some(area.joined(vanishing))).unwrap_or(least);
        let mut piece = area.cut(&picture);
        if let Some(seen) = seen {
            clear_equal(&mut piece, &area.cut(seen));
        }
        let mut frame =
            Frame::from_rgba_speed(short(area.width), short(area.height), &mut piece.samples, SPEED);
        (frame.left, frame.top) = (short(area.left), short(area.top));
        let hundredths = |time: Duration| u64::try_from((time.as_millis() + 5) / 10).unwrap_or(u64::MAX);
        let delay = hundredths(until).saturating_sub(hundredths(from)).max(SHORTEST);
        frame.delay = u16::try_from(delay).unwrap_or(u16::MAX);
        frame.dispose = match vanishing {
            Some(_) => DisposalMethod::Background,
            None => DisposalMethod::Keep,
        };
        encoder.write_frame(&frame).map_err(|error| error.to_string())?;
        let mut left = picture;
        if vanishing.is_some() {
            for row in area.rows(&left) {
                left.samples.get_mut(row).unwrap_or_default().fill(0);
            }
        }
        Ok(left)
    }

    pub(crate) fn written(&self) -> usize {
        self.encoder.as_ref().map_or(0, |encoder| encoder.get_ref().len())
    }

    pub(crate) fn finish(self) -> Result<Vec<u8>, String> {
        let encoder = self.encoder.ok_or_else(|| "it has no frames".to_owned())?;
        encoder.into_inner().map_err(|error| error.to_string())
    }
}

fn begin(picture: &Picture, plays: u16) -> Result<Encoder<Vec<u8>>, gif::EncodingError> {
    let mut encoder = Encoder::new(Vec::new(), short(picture.size.width), short(picture.size.height), &[])?;
    match plays {
        0 => encoder.set_repeat(Repeat::Infinite)?,
        1 => {}
        // It is counted how often they are shown again.
        more => encoder.set_repeat(Repeat::Finite(more - 1))?,
    }
    Ok(encoder)
}

/// Lets shine through what is there already: it packs better.
fn clear_equal(piece: &mut Picture, seen: &Picture) {
    let (pixels, _) = piece.samples.as_chunks_mut::<4>();
    for (pixel, seen) in pixels.iter_mut().zip(seen.samples.as_chunks::<4>().0) {
        if pixel == seen {
            *pixel = CLEAR;
        }
    }
}
