//! AVIF: one AV1 frame by rav1e, and another for alpha, in a container of their own.
//!
//! Ten bits, 4:2:0, full range, in colours by the matrix of BT.601, as JPEG has them. Grey is one plane, alpha another
//! image of one plane, straight. All browsers that know AVIF read this.
//!
//! - [`speed`]: the effort of the encoder;
//! - [`estimate`]: the time that it will take;
//! - `quality`: the quantiser for a quality;
//! - `planes`, `frame`, `container`: from a picture to a file.
//!
//! Time: a frame is encoded in one call, which does not hear of cancellation. So the time is estimated before, and the
//! caller does not begin what it has no time for.
//!
//! The same picture, quality and speed give the same bytes, with the assembler of rav1e and without.

mod container;
pub(crate) mod estimate;
mod frame;
mod planes;
mod quality;
pub(crate) mod speed;

use std::time::Instant;

use crate::imaging::encode::KeptMetadata;
use crate::imaging::encode::avif::container::Content;
use crate::imaging::encode::avif::planes::Channels;
use crate::imaging::encode::avif::speed::Speed;
use crate::imaging::picture::{Layout, Picture};

/// Encodes a picture with a quality of 1 to 100.
///
/// # Errors
/// The encoder's description.
pub(super) fn encode(
    picture: &Picture,
    quality: u8,
    speed: Speed,
    metadata: &KeptMetadata<'_>,
) -> Result<Vec<u8>, String> {
    let start = Instant::now();
    let quantizer = quality::quantizer(quality);
    let has_profile = metadata.profile.is_some();
    let image = |channels| frame::encode(picture, channels, quantizer, speed, has_profile);
    let colors = match picture.layout {
        Layout::Grey | Layout::GreyAlpha => Channels::Grey,
        Layout::Cmyk | Layout::Rgb | Layout::RgbAlpha => Channels::Colors,
    };
    let colors = image(colors)?;
    let alpha = picture.layout.has_alpha().then(|| image(Channels::Alpha)).transpose()?;
    let (size, exif) = (picture.size, metadata.exif.as_deref());
    let (alpha, profile) = (alpha.as_ref(), metadata.profile);
    let file = container::write(&Content { size, colors: &colors, alpha, profile, exif });
    estimate::note(speed, size, picture.layout, quality, start.elapsed());
    Ok(file)
}
