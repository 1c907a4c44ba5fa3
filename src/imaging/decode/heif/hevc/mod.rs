//! HEVC items: what their bitstream announces, and their decoding.
//!
//! Numbers of the container and of parameter sets are read here before a decoder sees them. So memory is reserved
//! first, and nothing but one picture, of the announced size and format, is decoded.

mod coded_picture;
mod configuration;
mod decoder;
mod nal_unit;
mod parameters;

use self::coded_picture::CodedPicture;
use self::decoder::Engine;
use crate::imaging::decode::heif::allowance::PixelAllowance;
use crate::imaging::decode::heif::planes::DecodedItem;
use crate::imaging::error::Error;
use crate::imaging::limits::{Budget, Cancel};
use crate::imaging::source_format::SourceFormat;

/// Most bits of a sample.
const MOST_BITS: u8 = 12;

/// Decodes the bytes of an item, whose `hvcC` is `configuration`.
///
/// # Errors
/// [`Error::Damaged`], [`Error::Unsupported`], an exceeded limit or [`Error::Cancelled`].
pub(super) fn decode(
    content: &[u8],
    configuration: &[u8],
    allowance: &mut PixelAllowance,
    budget: &mut Budget,
    cancel: &Cancel,
) -> Result<DecodedItem, Error> {
    let picture = CodedPicture::read(content, configuration)?;
    let parameters = picture.parameters;
    budget.admit(parameters.coded)?;
    if parameters.format.bits > MOST_BITS || !parameters.has_one_depth {
        let bits = if parameters.has_one_depth { "more than 12 bits" } else { "chroma of another depth" };
        return Err(Error::unsupported(SourceFormat::Heic, bits));
    }
    allowance.take(parameters.coded, 1)?;
    let (part, count) = picture.more_slices();
    allowance.take(part, count)?;
    let engine = Engine::of(&picture).ok_or_else(|| Error::unsupported(SourceFormat::Heic, "4:2:2"))?;
    let reserved_bytes = engine.bytes(&picture, content);
    budget.reserve(reserved_bytes)?;
    let planes = engine.decode(&picture, cancel)?;
    let picture_bytes = decoder::plane_bytes(parameters.format, parameters.size);
    Ok(DecodedItem { planes, reserved_bytes, picture_bytes: picture_bytes.min(reserved_bytes) })
}
