//! JPEG: 4:2:0, Huffman tables made for the picture, alpha laid on the background.

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::super::picture::{Layout, Picture};
use super::short;
use crate::recipe::Rgb;

pub(super) fn encode(
    picture: Picture,
    quality: u8,
    interlace: bool,
    background: Rgb,
) -> Result<Vec<u8>, String> {
    let picture = picture.flatten(background.0);
    let color = match picture.layout {
        Layout::Grey => ColorType::Luma,
        Layout::Cmyk | Layout::GreyAlpha | Layout::Rgb | Layout::RgbAlpha => ColorType::Rgb,
    };
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, quality);
    encoder.set_sampling_factor(SamplingFactor::R_4_2_0);
    encoder.set_optimized_huffman_tables(true);
    encoder.set_progressive(interlace);
    let size = picture.size;
    encoder
        .encode(&picture.samples, short(size.width), short(size.height), color)
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}
