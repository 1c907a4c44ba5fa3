//! Pixels to files: one file a format. No metadata is written.

mod gif;
mod jpeg;
mod png;
mod webp;

use bytes::Bytes;

use super::picture::{Layout, Picture};
use super::{Error, SourceFormat, Thumbnail};
use crate::recipe::{Format, Quality, Recipe};

/// Writes a picture as its recipe says, by the source's format and quality where the recipe leaves it to them.
pub(super) fn encode(
    picture: Picture,
    recipe: &Recipe,
    source: SourceFormat,
    source_quality: Option<u8>,
) -> Result<Thumbnail, Error> {
    let format = recipe.format.unwrap_or_else(|| inherited(source, picture.layout));
    let size = picture.size;
    let longest = longest_side(format);
    if size.width.max(size.height) > longest {
        return Err(Error::Impossible { format, width: size.width, height: size.height, longest });
    }
    let quality = match recipe.quality {
        Quality::AtMostSource(most) => source_quality.map_or(most, |own| own.min(most)),
        Quality::Fixed(quality) => quality,
    };
    let quality = quality.clamp(1, 100);
    let bytes = match format {
        Format::Gif => gif::encode(picture, recipe.background),
        Format::Jpeg => jpeg::encode(picture, quality, recipe.interlace, recipe.background),
        Format::Png => png::encode(&picture),
        Format::WebP => webp::encode(picture, quality),
    };
    let bytes = bytes.map_err(|detail| Error::Encode { format, detail })?;
    Ok(Thumbnail { bytes: Bytes::from(bytes), format, width: size.width, height: size.height })
}

/// The format of a thumbnail whose recipe names none.
fn inherited(source: SourceFormat, layout: Layout) -> Format {
    match source {
        SourceFormat::Gif => Format::Gif,
        SourceFormat::Jpeg => Format::Jpeg,
        SourceFormat::Png => Format::Png,
        SourceFormat::WebP => Format::WebP,
        SourceFormat::Bmp | SourceFormat::Pnm | SourceFormat::Qoi | SourceFormat::Tiff => {
            if layout.has_alpha() { Format::Png } else { Format::Jpeg }
        }
    }
}

/// Pixels: sixteen bits in JPEG (T.81, B.2.2) and GIF (89a, 18), fourteen in WebP (RFC 9649, 2.6).
fn longest_side(format: Format) -> u32 {
    match format {
        Format::Gif | Format::Jpeg => 65_535,
        Format::Png => 0x7fff_ffff,
        Format::WebP => 16_383,
    }
}

/// A side that [`longest_side`] keeps within sixteen bits.
fn short(side: u32) -> u16 {
    u16::try_from(side).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::geometry::Size;
    use super::super::picture::Depth;
    use super::*;

    fn blank(width: u32, layout: Layout) -> Picture {
        Picture::blank(Size { width, height: 2 }, layout, Depth::Eight)
    }

    #[test]
    fn format_comes_from_the_recipe_or_else_from_the_source() {
        for (wanted, source, layout, expected) in [
            (Some(Format::WebP), SourceFormat::Jpeg, Layout::Rgb, Format::WebP),
            (None, SourceFormat::Gif, Layout::Rgb, Format::Gif),
            (None, SourceFormat::Png, Layout::Rgb, Format::Png),
            (None, SourceFormat::WebP, Layout::RgbAlpha, Format::WebP),
            (None, SourceFormat::Tiff, Layout::Grey, Format::Jpeg),
            (None, SourceFormat::Bmp, Layout::GreyAlpha, Format::Png),
        ] {
            let recipe = Recipe { format: wanted, ..Recipe::default() };
            let thumbnail = encode(blank(2, layout), &recipe, source, None).unwrap();
            assert_eq!(thumbnail.format, expected, "{wanted:?} {source:?}");
        }
    }

    #[test]
    fn sides_that_a_format_cannot_hold_are_refused() {
        for (format, width) in [(Format::WebP, 16_384), (Format::Jpeg, 65_536), (Format::Gif, 65_536)] {
            let recipe = Recipe { format: Some(format), ..Recipe::default() };
            let refusal = encode(blank(width, Layout::Grey), &recipe, SourceFormat::Png, None).unwrap_err();
            assert!(matches!(refusal, Error::Impossible { .. }), "{refusal:?}");
        }
    }

    #[test]
    fn quality_is_capped_by_the_source_only_where_asked() {
        let mut picture = blank(64, Layout::Grey);
        for (sample, value) in picture.samples.iter_mut().zip((0_u8..=255).cycle().step_by(37)) {
            *sample = value;
        }
        let length = |quality, own| {
            let recipe = Recipe { format: Some(Format::Jpeg), quality, ..Recipe::default() };
            encode(picture.clone(), &recipe, SourceFormat::Jpeg, own).unwrap().bytes.len()
        };
        let low = length(Quality::Fixed(30), None);
        assert!(low < length(Quality::Fixed(90), Some(30)));
        assert_eq!(low, length(Quality::AtMostSource(90), Some(30)));
        assert_eq!(low, length(Quality::AtMostSource(30), Some(90)));
        assert_eq!(length(Quality::AtMostSource(90), None), length(Quality::Fixed(90), None));
    }
}
