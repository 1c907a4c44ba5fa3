//! PNG, not interlaced: with a palette or in grey where that loses nothing, else with the channels of the picture.
//!
//! Filters are chosen row by row; indices and samples of less than eight bits have none (PNG specification, 12.7).
//! Compression is lossless, so only the effort and fewer colours can make a file smaller.

use std::borrow::Cow;

use png::text_metadata::ITXtChunk;
use png::{BitDepth, ColorType, DeflateCompression, Encoder, Filter, Info};

use crate::imaging::encode::KeptMetadata;
use crate::imaging::encode::palette::IndexedPicture;
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::{Layout, Picture, side};

/// Keyword of the text that is a packet of XMP (XMP, part 3, section 1.1.5).
const XMP: &str = "XML:com.adobe.xmp";

/// Compression effort.
#[derive(Clone, Copy, Debug)]
pub(super) enum Effort {
    /// Level 3 of DEFLATE: a quarter to a third of the time of level 6, for 3 to 5 % more bytes.
    Usual,
    /// Level 9: eight times as long.
    Most,
}

/// Encodes a picture, with at most `colors` colours if that is a number.
///
/// # Errors
/// The encoder's description.
pub(super) fn encode(
    picture: &Picture,
    colors: Option<u16>,
    effort: Effort,
    metadata: &KeptMetadata<'_>,
) -> Result<Vec<u8>, String> {
    // A profile of RGB must not stand in a file in grey (PNG specification, 11.3.3.3).
    let in_grey = if metadata.profile.is_none() { picture.as_grey() } else { None };
    let picture = in_grey.as_ref().unwrap_or(picture);
    let indexed = match colors {
        Some(most) => Some(IndexedPicture::quantised(picture, most)?),
        None => IndexedPicture::exact(picture),
    };
    let Some(indexed) = indexed else { return encode_samples(picture, effort, metadata) };
    let with_palette = encode_indices(&indexed, picture.size, effort, metadata)?;
    if colors.is_some() {
        return Ok(with_palette);
    }
    // A slope of few colours is smaller by its filters.
    let without = encode_samples(picture, effort, metadata)?;
    Ok(if with_palette.len() <= without.len() { with_palette } else { without })
}

/// Encodes all channels in eight bits.
fn encode_samples(picture: &Picture, effort: Effort, metadata: &KeptMetadata<'_>) -> Result<Vec<u8>, String> {
    let mut info = info(picture.size, metadata);
    info.bit_depth = BitDepth::Eight;
    info.color_type = match picture.layout {
        Layout::Grey => ColorType::Grayscale,
        Layout::GreyAlpha => ColorType::GrayscaleAlpha,
        Layout::Rgb => ColorType::Rgb,
        Layout::Cmyk | Layout::RgbAlpha => ColorType::Rgba,
    };
    write(info, Filter::Adaptive, effort, &picture.samples)
}

/// Encodes a picture in RGBA as it is, for the frames of an animation.
///
/// # Errors
/// The encoder's description.
pub(super) fn encode_rgba(picture: &Picture) -> Result<Vec<u8>, String> {
    encode_samples(picture, Effort::Usual, &KeptMetadata::default())
}

/// The beginning of a file in RGBA of eight bits, up to its pixels: signature, header and metadata.
///
/// # Errors
/// The encoder's description.
pub(super) fn rgba_header(size: Size, metadata: &KeptMetadata<'_>) -> Result<Vec<u8>, String> {
    let mut info = info(size, metadata);
    (info.color_type, info.bit_depth) = (ColorType::Rgba, BitDepth::Eight);
    let mut bytes = Vec::new();
    let written = Encoder::with_info(&mut bytes, info).and_then(Encoder::write_header).map(drop);
    written.map_err(|error| error.to_string())?;
    // A writer that is dropped ends the file.
    if let Some(start) = bytes
        .len()
        .checked_sub(12)
        .filter(|start| bytes.get(start + 4..).is_some_and(|end| end.starts_with(b"IEND")))
    {
        bytes.truncate(start);
    }
    Ok(bytes)
}

/// Encodes a palette and as few bits for each index as its length needs.
fn encode_indices(
    indexed: &IndexedPicture,
    size: Size,
    effort: Effort,
    metadata: &KeptMetadata<'_>,
) -> Result<Vec<u8>, String> {
    let mut info = info(size, metadata);
    info.color_type = ColorType::Indexed;
    info.bit_depth = match indexed.colors.len() {
        0..=2 => BitDepth::One,
        3..=4 => BitDepth::Two,
        5..=16 => BitDepth::Four,
        _ => BitDepth::Eight,
    };
    info.palette = Some(indexed.colors.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect());
    // Colours without an alpha of their own are opaque, and these come last.
    let alphas: Vec<u8> = indexed.colors.iter().map(|[_, _, _, a]| *a).take_while(|a| *a < 255).collect();
    info.trns = (!alphas.is_empty()).then_some(Cow::Owned(alphas));
    let rows = packed(indexed, size, usize::from(info.bit_depth as u8));
    write(info, Filter::NoFilter, effort, &rows)
}

/// The indices in this many bits each, rows beginning at whole bytes.
fn packed(indexed: &IndexedPicture, size: Size, bits: usize) -> Vec<u8> {
    let pack = |indices: &[u8]| {
        indices
            .iter()
            .zip(1..)
            .fold(0, |byte, (index, number): (_, usize)| byte | index << (8 - bits * number))
    };
    let rows = indexed.indices.chunks(side(size.width).max(1));
    rows.flat_map(|row| row.chunks(8 / bits).map(pack)).collect()
}

fn info<'a>(size: Size, metadata: &'a KeptMetadata<'a>) -> Info<'a> {
    let mut info = Info::with_size(size.width, size.height);
    info.icc_profile = metadata.profile.map(Cow::Borrowed);
    info.exif_metadata = metadata.exif.as_deref().map(Cow::Borrowed);
    let xmp = metadata.xmp.as_deref().and_then(|xmp| std::str::from_utf8(xmp).ok());
    info.utf8_text.extend(xmp.map(|xmp| ITXtChunk::new(XMP, xmp)));
    info
}

fn write(info: Info<'_>, filter: Filter, effort: Effort, rows: &[u8]) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let written = Encoder::with_info(&mut bytes, info).and_then(|mut encoder| {
        encoder.set_filter(filter);
        encoder.set_deflate_compression(DeflateCompression::Level(match effort {
            Effort::Usual => 3,
            Effort::Most => 9,
        }));
        let mut writer = encoder.write_header()?;
        writer.write_image_data(rows)?;
        writer.finish()
    });
    written.map_err(|error| error.to_string())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::picture::Depth;

    /// The file, and what another reader makes of it: colour type and bits as they are stored, and RGBA.
    fn written(picture: &Picture, colors: Option<u16>) -> (usize, ColorType, BitDepth, Vec<u8>) {
        let file = encode(picture, colors, Effort::Usual, &KeptMetadata::default()).unwrap();
        let reader = png::Decoder::new(std::io::Cursor::new(&file)).read_info().unwrap();
        let info = reader.info();
        let pixels = image::load_from_memory_with_format(&file, image::ImageFormat::Png).unwrap();
        (file.len(), info.color_type, info.bit_depth, pixels.into_rgba8().into_raw())
    }

    fn drawn(layout: Layout, pixel: impl Fn(u32) -> [u8; 4]) -> (Picture, Vec<u8>) {
        let size = Size { width: 37, height: 23 };
        let pixels = || (0..size.width * size.height).map(&pixel);
        let samples = pixels().flat_map(|pixel| match layout {
            Layout::Grey => vec![pixel[0]],
            Layout::GreyAlpha => vec![pixel[0], pixel[3]],
            Layout::Rgb => pixel[..3].to_vec(),
            Layout::Cmyk | Layout::RgbAlpha => pixel.to_vec(),
        });
        let rgba = pixels().flat_map(|[r, g, b, a]| match layout {
            Layout::Grey => [r, r, r, 255],
            Layout::GreyAlpha => [r, r, r, a],
            Layout::Rgb => [r, g, b, 255],
            Layout::Cmyk | Layout::RgbAlpha => [r, g, b, a],
        });
        (Picture { size, layout, depth: Depth::Eight, samples: samples.collect() }, rgba.collect())
    }

    #[test]
    fn few_colours_are_a_palette_of_few_bits() {
        // Colours without a pattern, which filters would find.
        let scattered = |colors: u32| {
            move |number: u32| {
                let random = number.wrapping_mul(0x9e37_79b9) ^ (number.wrapping_mul(0x85eb_ca6b) >> 13);
                let color = (random >> 9) % colors;
                let [_, a, b, c] = color.wrapping_mul(0xc2b2_ae35).to_be_bytes();
                [a, b, c, 255]
            }
        };
        for (colors, depth) in [(2, 1), (3, 2), (4, 2), (5, 4), (16, 4), (17, 8)] {
            let (picture, rgba) = drawn(Layout::Rgb, scattered(colors));
            let (_, color_type, bits, read) = written(&picture, None);
            assert_eq!((color_type, bits as u8), (ColorType::Indexed, depth), "{colors}");
            assert!(read == rgba, "{colors}");
        }
    }

    #[test]
    fn pictures_of_any_layout_lose_nothing() {
        for layout in [Layout::Grey, Layout::GreyAlpha, Layout::Rgb, Layout::RgbAlpha] {
            for colors in [1, 7, 200, 5000_u32] {
                let (picture, rgba) = drawn(layout, |number| {
                    let [a, b, c, d] = (number % colors).wrapping_mul(0x9e37_79b9).to_be_bytes();
                    [a, b, c, d.max(1)]
                });
                assert!(written(&picture, None).3 == rgba, "{layout:?} {colors}");
            }
        }
    }

    #[test]
    fn grey_in_three_channels_is_stored_in_one() {
        let (picture, rgba) = drawn(Layout::Rgb, |number| [u8::try_from(number / 4 % 256).unwrap(); 4]);
        let (_, color_type, _, read) = written(&picture, None);
        assert!(matches!(color_type, ColorType::Grayscale | ColorType::Indexed), "{color_type:?}");
        assert!(read == rgba);
    }

    #[test]
    fn fewer_colours_make_a_smaller_file() {
        let (picture, _) = drawn(Layout::Rgb, |number| {
            let mixed = number.wrapping_mul(0x9e37_79b9);
            let [a, b, c, _] = (mixed ^ (mixed >> 15)).wrapping_mul(0x85eb_ca6b).to_be_bytes();
            [a, b, c, 255]
        });
        let lengths = [None, Some(256), Some(16), Some(2)].map(|colors| written(&picture, colors).0);
        assert!(lengths.is_sorted_by(|more, fewer| more > fewer), "{lengths:?}");
    }
}
