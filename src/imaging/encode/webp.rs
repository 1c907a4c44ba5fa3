//! WebP: lossy or lossless by libwebp, and always lossless in programs built without it.
//!
//! Lossy files are written by method 5, which takes a seventh longer than the usual 4 for 2 % fewer bytes at equal
//! SSIMULACRA2. From quality 85 on chroma is scaled down by libwebp's iterative way, which saves 6 % there and nothing
//! below.
//!
//! Alpha is written if the picture has it. The result is the simple container, or the extended one if libwebp needs it
//! for alpha; metadata is added by [`webp_metadata`](crate::imaging::encode::webp_metadata).

use crate::imaging::picture::{Layout, Picture};
use crate::recipe::Loss;

/// libwebp's method of lossy files, 0 to 6.
#[cfg(feature = "libwebp")]
const METHOD: u8 = 5;

/// Lowest quality at which chroma is scaled down iteratively.
pub(super) const SHARP_CHROMA_FROM: u8 = 85;

/// Lowest score for which it is, at any quality, where the quality is searched.
pub(super) const SHARP_CHROMA_FROM_SCORE: u8 = 70;

/// libwebp's level of lossless files, 0 to 9.
#[cfg(feature = "libwebp")]
const LOSSLESS_LEVEL: u8 = 6;

/// libwebp's degree of changes to samples of nearly lossless files, from 0, the most, to 100: samples change by 4 at most.
#[cfg(feature = "libwebp")]
const NEAR_LOSSLESS: u8 = 60;

/// Encodes a picture with a quality of 1 to 100, which counts if `loss` says so; `sharp_chroma` scales chroma
/// down iteratively.
///
/// # Errors
/// The encoder's description.
#[cfg(feature = "libwebp")]
pub(super) fn encode(
    picture: Picture,
    quality: u8,
    loss: Loss,
    sharp_chroma: bool,
) -> Result<Vec<u8>, String> {
    use webpx::{Encoder, EncoderConfig, Unstoppable};

    let picture = picture.colored();
    let (width, height) = (picture.size.width, picture.size.height);
    let encoder = match picture.layout {
        Layout::RgbAlpha => Encoder::new_rgba(&picture.samples, width, height),
        Layout::Cmyk | Layout::Grey | Layout::GreyAlpha | Layout::Rgb => {
            Encoder::new_rgb(&picture.samples, width, height)
        }
    };
    let config = match loss {
        Loss::ByQuality => {
            EncoderConfig::new().quality(f32::from(quality)).method(METHOD).sharp_yuv(sharp_chroma)
        }
        Loss::Nearly => EncoderConfig::new_lossless_level(LOSSLESS_LEVEL).near_lossless(NEAR_LOSSLESS),
        Loss::Nothing => EncoderConfig::new_lossless_level(LOSSLESS_LEVEL),
    };
    encoder.config(config).encode(Unstoppable).map_err(|error| error.error().to_string())
}

/// Encodes a picture without loss, whatever the quality.
///
/// # Errors
/// The encoder's description.
#[cfg(not(feature = "libwebp"))]
pub(super) fn encode(
    picture: Picture,
    _quality: u8,
    _loss: Loss,
    _sharp_chroma: bool,
) -> Result<Vec<u8>, String> {
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
