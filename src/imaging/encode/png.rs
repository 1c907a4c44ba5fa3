//! PNG: as few channels as the picture has, filters chosen row by row.

use png::{BitDepth, ColorType, Compression, Encoder};

use super::super::picture::{Layout, Picture};

pub(super) fn encode(picture: &Picture) -> Result<Vec<u8>, String> {
    let color = match picture.layout {
        Layout::Grey => ColorType::Grayscale,
        Layout::GreyAlpha => ColorType::GrayscaleAlpha,
        Layout::Rgb => ColorType::Rgb,
        Layout::Cmyk | Layout::RgbAlpha => ColorType::Rgba,
    };
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, picture.size.width, picture.size.height);
    encoder.set_color(color);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Balanced);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(&picture.samples)?;
        writer.finish()
    });
    written.map_err(|error| error.to_string())?;
    Ok(bytes)
}
