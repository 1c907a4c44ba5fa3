//! WebP: lossy by libwebp, or lossless in programs built without it.
//!
//! Alpha is written if the picture has it. The result is the simple container, or the extended one if libwebp needs it
//! for alpha; metadata is added by [`webp_metadata`](crate::imaging::encode::webp_metadata).

use crate::imaging::picture::{Layout, Picture};

/// Encodes a picture with a quality of 1 to 100.
///
/// # Errors
/// The encoder's description.
#[cfg(feature = "libwebp")]
pub(super) fn encode(picture: Picture, quality: u8) -> Result<Vec<u8>, String> {
    use webpx::{Encoder, EncoderConfig, Unstoppable};

    let picture = picture.colored();
    let (width, height) = (picture.size.width, picture.size.height);
    let encoder = match picture.layout {
        Layout::RgbAlpha => Encoder::new_rgba(&picture.samples, width, height),
        Layout::Cmyk | Layout::Grey | Layout::GreyAlpha | Layout::Rgb => {
            Encoder::new_rgb(&picture.samples, width, height)
        }
    };
    let config = EncoderConfig::new().quality(f32::from(quality));
    encoder.config(config).encode(Unstoppable).map_err(|error| error.error().to_string())
}

/// Encodes a picture without loss, whatever the quality.
///
/// # Errors
/// The encoder's description.
#[cfg(not(feature = "libwebp"))]
pub(super) fn encode(picture: Picture, _quality: u8) -> Result<Vec<u8>, String> {
    use image_webp::{ColorType, WebPEncoder};

    let picture = picture.colored();
    let color = match picture.layout {
        Layout::RgbAlpha => ColorType::Rgba8,
        Layout::Cmyk | Layout::Grey | Layout::GreyAlpha | Layout::Rgb => ColorType::Rgb8,
    };
    let mut bytes = Vec::new();
    WebPEncoder::new(&mut bytes)
        .encode(&picture.samples, picture.size.width, picture.size.height, color)
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}
