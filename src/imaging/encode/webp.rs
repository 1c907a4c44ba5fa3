//! WebP, lossy, with alpha where the picture has it.

use webp::Encoder;

use super::super::picture::{Layout, Picture};

pub(super) fn encode(picture: Picture, quality: u8) -> Result<Vec<u8>, String> {
    let picture = picture.colored();
    let (width, height) = (picture.size.width, picture.size.height);
    let encoder = match picture.layout {
        Layout::RgbAlpha => Encoder::from_rgba(&picture.samples, width, height),
        Layout::Cmyk | Layout::Grey | Layout::GreyAlpha | Layout::Rgb => {
            Encoder::from_rgb(&picture.samples, width, height)
        }
    };
    let memory = encoder.encode_simple(false, f32::from(quality)).map_err(|error| format!("{error:?}"))?;
    Ok(memory.to_vec())
}
