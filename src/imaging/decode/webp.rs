//! WebP: chunks may stand in any order, so the file is read whole; of an animation, the first frame counts.
//!
//! Memory: the file; 8 bytes a pixel for samples, planes and alpha; 12 for a frame laid on its canvas.

use std::io::{Cursor, Read};

use image::codecs::webp::WebPDecoder;

use super::super::credits::Credits;
use super::super::damage::Damage;
use super::super::limits::Budget;
use super::super::picture::Grain;
use super::super::source::Source;
use super::super::{Error, SourceFormat};
use super::{Decoded, bytes_of, exif_orientation, whole};

const FORMAT: SourceFormat = SourceFormat::WebP;

pub(super) fn decode<R: Read>(source: &mut Source<'_, R>, budget: &mut Budget) -> Result<Decoded, Error> {
    let file = source.take_bytes(budget)?;
    let decoder = WebPDecoder::new(Cursor::new(&file)).map_err(|error| whole::refusal(error, FORMAT))?;
    let full = whole::size(&decoder);
    budget.admit(full)?;
    budget.reserve(bytes_of(full, if decoder.has_animation() { 12 } else { 8 }))?;
    source.cancel().check()?;
    let exif = chunk(&file, *b"EXIF").map(tiff_part);
    Ok(Decoded {
        picture: whole::read(decoder, FORMAT)?,
        full,
        reduction: 1,
        grain: Grain::Points,
        orientation: exif.map(exif_orientation).unwrap_or_default(),
        profile: chunk(&file, *b"ICCP").map(<[u8]>::to_vec),
        credits: exif.map(Credits::read).unwrap_or_default(),
        format: FORMAT,
        damage: Damage::NONE,
        quality: None,
    })
}

/// The content of a chunk (RFC 9649, section 2.3), as much of it as the file has.
fn chunk(file: &[u8], name: [u8; 4]) -> Option<&[u8]> {
    let mut rest = file.get(12..)?;
    loop {
        let (tag, after) = rest.split_first_chunk::<4>()?;
        let (length, content) = after.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        if *tag == name {
            return content.get(..length);
        }
        rest = content.get(length.checked_add(length % 2)?..)?;
    }
}

/// Some writers keep the JPEG prefix before the TIFF header.
fn tiff_part(exif: &[u8]) -> &[u8] {
    exif.strip_prefix(b"Exif\0\0").unwrap_or(exif)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_found_past_odd_ones() {
        let file = b"RIFF\0\0\0\0WEBPVP8X\x01\0\0\0a\0EXIF\x02\0\0\0ok";
        assert_eq!(chunk(file, *b"EXIF"), Some(&b"ok"[..]));
        assert_eq!(chunk(file, *b"ICCP"), None);
        assert_eq!(chunk(&file[..file.len() - 1], *b"EXIF"), None);
        assert_eq!(chunk(b"RIFF\0\0\0\0WEBPVP8X\xff\xff\xff\xff", *b"EXIF"), None);
    }
}
