//! JPEG, baseline or progressive, from a picture in grey or RGB.
//!
//! Quantisation tables are those of libjpeg, so that a quality means the same as elsewhere. Huffman tables are
//! optimised for the picture. Subsampled chroma is the mean of its pixels.

use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};

use crate::imaging::encode::{KeptMetadata, side_u16};
use crate::imaging::picture::{Layout, Picture};
use crate::recipe::{Recipe, Subsampling};

/// Scans per component: one of DC, one of all AC coefficients. The encoder does not code runs of empty blocks, so each
/// further scan costs 4 % more bytes; with two, the file is as large as a baseline one.
const PROGRESSIVE_SCANS: u8 = 2;

/// Encodes a picture without alpha.
///
/// # Errors
/// The encoder's description.
pub(super) fn encode(
    picture: &Picture,
    quality: u8,
    recipe: &Recipe,
    metadata: &KeptMetadata<'_>,
) -> Result<Vec<u8>, String> {
    let color = match picture.layout {
        Layout::Grey => ColorType::Luma,
        Layout::Cmyk | Layout::GreyAlpha | Layout::Rgb | Layout::RgbAlpha => ColorType::Rgb,
    };
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, quality);
    encoder.set_sampling_factor(match recipe.subsampling {
        Subsampling::Full => SamplingFactor::R_4_4_4,
        Subsampling::Quarter => SamplingFactor::R_4_2_0,
    });
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    encoder.set_optimized_huffman_tables(true);
    if recipe.interlace {
        encoder.set_progressive_scans(PROGRESSIVE_SCANS);
    }
    let written = (|| {
        if let Some(exif) = &metadata.exif {
            encoder.add_exif_metadata(exif)?;
        }
        if let Some(profile) = metadata.profile {
            encoder.add_icc_profile(profile)?;
        }
        encoder.encode(&picture.samples, side_u16(picture.size.width), side_u16(picture.size.height), color)
    })();
    written.map_err(|error| error.to_string())?;
    Ok(bytes)
}
