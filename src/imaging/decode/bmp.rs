//! BMP, read forward. Memory: the pixels of the file, as RGB or RGBA.

use std::io::Read;

use image::ImageDecoder;
use image::codecs::bmp::BmpDecoder;

use super::super::credits::Credits;
use super::super::damage::Damage;
use super::super::limits::Budget;
use super::super::orient::Orientation;
use super::super::picture::Grain;
use super::super::source::Source;
use super::super::{Error, SourceFormat};
use super::{Decoded, whole};

const FORMAT: SourceFormat = SourceFormat::Bmp;

pub(super) fn decode<R: Read>(source: &mut Source<'_, R>, budget: &mut Budget) -> Result<Decoded, Error> {
    source.rewind();
    let decoder = BmpDecoder::new(source).map_err(|error| whole::refusal(error, FORMAT))?;
    let full = whole::size(&decoder);
    budget.admit(full)?;
    budget.reserve(decoder.total_bytes())?;
    Ok(Decoded {
        picture: whole::read(decoder, FORMAT)?,
        full,
        reduction: 1.into(),
        grain: Grain::Points,
        orientation: Orientation::default(),
        profile: None,
        credits: Credits::default(),
        format: FORMAT,
        damage: Damage::NONE,
        quality: None,
    })
}
