//! Sides that a format can store.

use crate::imaging::error::Error;
use crate::imaging::picture::geometry::Size;
use crate::recipe::Format;

/// The longest side that a format can store, pixels: sixteen bits in AVIF (AV1, 5.5.1, where 65,536 would be possible),
/// JPEG (T.81, B.2.2) and GIF (89a, 18), fourteen in WebP (RFC 9649, 2.6).
fn longest_side(format: Format) -> u32 {
    match format {
        Format::Avif | Format::Gif | Format::Jpeg => 65_535,
        Format::Png => 0x7fff_ffff,
        Format::WebP => 16_383,
    }
}

/// [`Error::Impossible`] if the format cannot store an image of this size.
pub(in crate::imaging) fn check_sides(format: Format, size: Size) -> Result<(), Error> {
    let (longest, Size { width, height }) = (longest_side(format), size);
    if width.max(height) > longest {
        return Err(Error::Impossible { format, width, height, longest });
    }
    Ok(())
}

/// A side of a GIF or JPEG in sixteen bits, within which [`check_sides`] keeps it.
pub(in crate::imaging) fn side_u16(side: u32) -> u16 {
    debug_assert!(side <= u32::from(u16::MAX));
    u16::try_from(side).unwrap_or(u16::MAX)
}
