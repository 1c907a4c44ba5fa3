//! PNG: as few channels as the picture has, filters chosen row by row.

use std::borrow::Cow;

use png::{BitDepth, ColorType, Compression, Encoder, Info};

use super::super::picture::{Layout, Picture};
use super::Carried;

pub(super) fn encode(
    picture: &Picture,
    compression: Compression,
    carried: &Carried<'_>,
) -> Result<Vec<u8>, String> {
    let mut info = Info::with_size(picture.size.width, picture.size.height);
    info.bit_depth = BitDepth::Eight;
    info.color_type = match picture.layout {
        Layout::Grey => ColorType::Grayscale,
        Layout::GreyAlpha => ColorType::GrayscaleAlpha,
        Layout::Rgb => ColorType::Rgb,
        Layout::Cmyk | Layout::RgbAlpha => ColorType::Rgba,
    };
    info.icc_profile = carried.profile.map(Cow::Borrowed);
    info.exif_metadata = carried.exif.as_deref().map(Cow::Borrowed);
    let mut bytes = Vec::new();
    let written = Encoder::with_info(&mut bytes, info).and_then(|mut encoder| {
        encoder.set_compression(compression);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&picture.samples)?;
        writer.finish()
    });
    written.map_err(|error| error.to_string())?;
    Ok(bytes)
}
