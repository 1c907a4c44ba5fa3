//! JPEG: the tables of libjpeg, so that a quality means what it means elsewhere; Huffman tables made for the
//! picture; chroma as the mean of the pixels it stands for.

use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};

use crate::imaging::encode::{KeptMetadata, short};
use crate::imaging::picture::{Layout, Picture};
use crate::recipe::{Recipe, Subsampling};

/// The means of the blocks, then all the rest of each component. The encoder codes no runs of empty blocks, so
/// that each further scan costs 4 % more bytes; with two, the file is as large as a baseline one.
const PROGRESSIVE_SCANS: u8 = 2;

/// Writes a picture without alpha.
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
        encoder.encode(&picture.samples, short(picture.size.width), short(picture.size.height), color)
    })();
    written.map_err(|error| error.to_string())?;
    Ok(bytes)
}
