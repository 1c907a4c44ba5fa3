//! TIFF: its directory may lie anywhere, so the file is read whole before it is looked into.
//!
//! The first page counts. Memory: the file, its pixels as stored, and once more as they are handed over.
//! CMYK comes as RGB by the plain formula, its profile unused.

use std::io::{Cursor, Read};

use image::codecs::tiff::TiffDecoder;
use image::metadata::Orientation as Stored;
use image::{ExtendedColorType, ImageDecoder};

use super::super::credits::Credits;
use super::super::damage::Damage;
use super::super::limits::Budget;
use super::super::orient::Orientation;
use super::super::picture::Grain;
use super::super::source::Source;
use super::super::{Error, SourceFormat};
use super::{Decoded, whole};

const FORMAT: SourceFormat = SourceFormat::Tiff;

pub(super) fn decode<R: Read>(source: &mut Source<'_, R>, budget: &mut Budget) -> Result<Decoded, Error> {
    let file = source.take_bytes(budget)?;
    // A TIFF is what EXIF blocks are made like.
    let credits = Credits::read(&file);
    let mut decoder = TiffDecoder::new(Cursor::new(file)).map_err(|error| whole::refusal(error, FORMAT))?;
    let full = whole::size(&decoder);
    budget.admit(full)?;
    // CMYK is stored in four samples and handed over in three.
    budget.reserve(decoder.total_bytes().saturating_mul(7).div_ceil(3))?;
    let mut limits = image::Limits::no_limits();
    limits.max_alloc = Some(decoder.total_bytes().saturating_mul(4).saturating_add(budget.left()));
    decoder.set_limits(limits).map_err(|error| whole::refusal(error, FORMAT))?;
    let orientation = decoder.orientation().unwrap_or(Stored::NoTransforms);
    let is_ink =
        matches!(decoder.original_color_type(), ExtendedColorType::Cmyk8 | ExtendedColorType::Cmyk16);
    let profile = if is_ink { None } else { decoder.icc_profile().unwrap_or_default() };
    source.cancel().check()?;
    Ok(Decoded {
        picture: whole::read(decoder, FORMAT)?,
        full,
        reduction: 1.into(),
        grain: Grain::Points,
        orientation: Orientation::from_exif(u16::from(orientation.to_exif())),
        profile,
        credits,
        format: FORMAT,
        damage: Damage::NONE,
        quality: None,
    })
}
