//! Decoders that give a whole picture at once.

use std::borrow::Cow;

use image::{ColorType, ImageDecoder, ImageError};

use super::super::geometry::Size;
use super::super::picture::{Depth, Layout, Picture};
use super::super::source::CUT_SHORT;
use super::super::{Error, SourceFormat};

/// The size a decoder found in its header.
pub(super) fn size(decoder: &impl ImageDecoder) -> Size {
    let (width, height) = decoder.dimensions();
    Size { width, height }
}

/// Reads the pixels; memory for them has been reserved.
pub(super) fn read(decoder: impl ImageDecoder, format: SourceFormat) -> Result<Picture, Error> {
    let (layout, depth) = kind(decoder.color_type(), format)?;
    let mut picture = Picture::blank(size(&decoder), layout, depth);
    decoder.read_image(&mut picture.samples).map_err(|error| refusal(error, format))?;
    Ok(picture)
}

fn kind(color: ColorType, format: SourceFormat) -> Result<(Layout, Depth), Error> {
    Ok(match color {
        ColorType::L8 => (Layout::Grey, Depth::Eight),
        ColorType::La8 => (Layout::GreyAlpha, Depth::Eight),
        ColorType::Rgb8 => (Layout::Rgb, Depth::Eight),
        ColorType::Rgba8 => (Layout::RgbAlpha, Depth::Eight),
        ColorType::L16 => (Layout::Grey, Depth::Sixteen),
        ColorType::La16 => (Layout::GreyAlpha, Depth::Sixteen),
        ColorType::Rgb16 => (Layout::Rgb, Depth::Sixteen),
        ColorType::Rgba16 => (Layout::RgbAlpha, Depth::Sixteen),
        other => return Err(unsupported(format, &format!("{other:?} pixels"))),
    })
}

/// A decoder's error, taken for the file's fault.
pub(super) fn refusal(error: ImageError, format: SourceFormat) -> Error {
    match error {
        ImageError::Unsupported(error) => unsupported(format, &error.to_string()),
        ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Error::Damaged { format, detail: CUT_SHORT.to_owned() }
        }
        other => Error::Damaged { format, detail: other.to_string() },
    }
}

pub(super) fn unsupported(format: SourceFormat, feature: &str) -> Error {
    Error::Unsupported { what: Cow::Owned(format!("this variety of {} ({feature})", format.title())) }
}
