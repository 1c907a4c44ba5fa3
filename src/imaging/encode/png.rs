//! PNG of eight bits, with the channels of the picture, not interlaced.
//!
//! Filters are chosen row by row. Compression is lossless, so only the effort can make a file smaller.

use std::borrow::Cow;

use png::{BitDepth, ColorType, DeflateCompression, Encoder, Filter, Info};

use crate::imaging::encode::KeptMetadata;
use crate::imaging::picture::{Layout, Picture};

/// Compression effort.
#[derive(Clone, Copy, Debug)]
pub(super) enum Effort {
    /// Level 3 of DEFLATE: a quarter to a third of the time of level 6, for 3 to 5 % more bytes.
    Usual,
    /// Level 9: eight times as long.
    Most,
}

/// Encodes a picture.
///
/// # Errors
/// The encoder's description.
pub(super) fn encode(
    picture: &Picture,
    effort: Effort,
    metadata: &KeptMetadata<'_>,
) -> Result<Vec<u8>, String> {
    let mut info = Info::with_size(picture.size.width, picture.size.height);
    info.bit_depth = BitDepth::Eight;
    info.color_type = match picture.layout {
        Layout::Grey => ColorType::Grayscale,
        Layout::GreyAlpha => ColorType::GrayscaleAlpha,
        Layout::Rgb => ColorType::Rgb,
        Layout::Cmyk | Layout::RgbAlpha => ColorType::Rgba,
    };
    info.icc_profile = metadata.profile.map(Cow::Borrowed);
    info.exif_metadata = metadata.exif.as_deref().map(Cow::Borrowed);
    let mut bytes = Vec::new();
    let written = Encoder::with_info(&mut bytes, info).and_then(|mut encoder| {
        encoder.set_filter(Filter::Adaptive);
        encoder.set_deflate_compression(DeflateCompression::Level(match effort {
            Effort::Usual => 3,
            Effort::Most => 9,
        }));
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&picture.samples)?;
        writer.finish()
    });
    written.map_err(|error| error.to_string())?;
    Ok(bytes)
}
