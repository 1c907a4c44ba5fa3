//! AVIF: one AV1 frame by rav1e, and another for alpha, in a container of their own.
//!
//! Ten bits, 4:2:0, full range, in colours by the matrix of BT.601, as JPEG has them. Grey is one plane, alpha another
//! image of one plane, straight. All browsers that know AVIF read this.
//!
//! - [`speed`]: the effort of the encoder;
//! - [`estimate`]: the time that it will take;
//! - `quality`: the quantiser for a quality;
//! - `planes`, `frame`, `container`: from a picture to a file;
//! - [`reconstruction`]: and back to the pixels that readers show.
//!
//! Time: a frame is encoded in one call, which does not hear of cancellation. So the time is estimated before, and the
//! caller does not begin what it has no time for.
//!
//! The same picture, quality and speed give the same bytes, with the assembler of rav1e, in every instruction set, and
//! without.

mod container;
pub(crate) mod estimate;
mod frame;
mod planes;
mod quality;
mod reconstruction;
pub(crate) mod speed;

use std::time::Instant;

use crate::imaging::encode::KeptMetadata;
use crate::imaging::encode::avif::container::Content;
use crate::imaging::encode::avif::planes::Channels;
use crate::imaging::encode::avif::reconstruction::Reconstruction;
use crate::imaging::encode::avif::speed::Speed;
use crate::imaging::picture::{Layout, Picture};

/// A file, and its pixels.
pub(super) struct AvifFile {
    pub(super) bytes: Vec<u8>,
    pub(super) reconstruction: Reconstruction,
}

/// Encodes a picture with a quality of 1 to 100.
///
/// # Errors
/// The encoder's description.
pub(super) fn encode(
    picture: &Picture,
    quality: u8,
    speed: Speed,
    metadata: &KeptMetadata<'_>,
) -> Result<AvifFile, String> {
    let start = Instant::now();
    let quantizer = quality::quantizer(quality);
    let has_profile = metadata.profile.is_some();
    let frame = |channels| frame::encode(picture, channels, quantizer, speed, has_profile);
    let colors = match picture.layout {
        Layout::Grey | Layout::GreyAlpha => Channels::Grey,
        Layout::Cmyk | Layout::Rgb | Layout::RgbAlpha => Channels::Colors,
    };
    let colors = frame(colors)?;
    let alpha = picture.layout.has_alpha().then(|| frame(Channels::Alpha)).transpose()?;
    let content = Content {
        size: picture.size,
        colors: &colors.image,
        alpha: alpha.as_ref().map(|alpha| &alpha.image),
        profile: metadata.profile,
        exif: metadata.exif.as_deref(),
        xmp: metadata.xmp.as_deref(),
    };
    let bytes = container::write(&content);
    estimate::note(speed, picture.size, picture.layout, quality, start.elapsed());
    let reconstruction = Reconstruction {
        size: picture.size,
        layout: picture.layout,
        colors: colors.decoded,
        alpha: alpha.map(|alpha| alpha.decoded),
    };
    Ok(AvifFile { bytes, reconstruction })
}
