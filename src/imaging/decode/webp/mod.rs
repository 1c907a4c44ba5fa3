//! WebP: chunks may stand in any order, so the file is read whole; of an animation, the first frame counts, unless all
//! are wanted.
//!
//! Memory: the file, and what the decoder says it takes.

#[cfg(not(any(feature = "image-webp", feature = "libwebp")))]
compile_error!("WebP needs one of the features libwebp, which is the default, and image-webp");

mod averaging;
mod header;
#[cfg(feature = "libwebp")]
mod libwebp;
#[cfg(not(feature = "libwebp"))]
mod pure;

use std::io::Read;
use std::time::Duration;

use crate::imaging::decode::webp::averaging::averaged;
use crate::imaging::decode::webp::header::WebpCoding;
#[cfg(feature = "libwebp")]
use crate::imaging::decode::webp::libwebp::{Decoder, WebpFrames};
#[cfg(not(feature = "libwebp"))]
use crate::imaging::decode::webp::pure::{Decoder, WebpFrames};
use crate::imaging::decoded::{Decoded, Reduction};
use crate::imaging::draw::frames::AnimationSink;
use crate::imaging::error::Error;
use crate::imaging::exif::copyright::Copyright;
use crate::imaging::exif::exif_orientation;
use crate::imaging::input::source::SourceReader;
use crate::imaging::limits::{Budget, bytes_of};
use crate::imaging::picture::Picture;
use crate::imaging::picture::geometry::Size;
use crate::imaging::pixels::reduce::Reducer;
use crate::imaging::plan::demand::Demand;
use crate::imaging::source_format::SourceFormat;

pub(super) fn decode<R: Read>(
    source: &mut SourceReader<'_, R>,
    demand: Demand<'_>,
    budget: &mut Budget,
    animation: &mut AnimationSink<'_>,
) -> Result<Decoded, Error> {
    let file = source.take_bytes(budget)?;
    let decoder = Decoder::new(&file)?;
    let full = decoder.header().size;
    budget.admit(full)?;
    let exif = chunk(&file, *b"EXIF").map(tiff_part);
    let orientation = exif.map(exif_orientation).unwrap_or_default();
    let cell = Reducer::cell(demand.ratio(orientation.size(full)));
    source.cancel().check()?;
    let decoded = |(picture, reduction)| Decoded {
        reduction,
        orientation,
        profile: chunk(&file, *b"ICCP").map(<[u8]>::to_vec),
        copyright: exif.map(Copyright::read).unwrap_or_default(),
        ..Decoded::plain(SourceFormat::WebP, picture, full, cell)
    };
    if decoder.header().coding == WebpCoding::Animated && animation.is_wanted(SourceFormat::WebP) {
        return play(&file, full, cell, decoded, budget, animation);
    }
    Ok(decoded(decoder.decode(cell, budget)?))
}

/// All frames, as far as they are wanted; the first comes back.
fn play(
    file: &[u8],
    full: Size,
    cell: u32,
    decoded: impl Fn((Picture, Reduction)) -> Decoded,
    budget: &mut Budget,
    animation: &mut AnimationSink<'_>,
) -> Result<Decoded, Error> {
    let mut frames = WebpFrames::new(file, full, budget)?;
    let count = frames.count();
    let mut next = |budget: &mut Budget| -> Result<Option<(Picture, Reduction, Duration)>, Error> {
        budget.reserve(bytes_of(full, 4))?;
        let Some((picture, shown)) = frames.next()? else { return Ok(None) };
        let (picture, reduction) = averaged(picture, cell, budget)?;
        Ok(Some((picture, reduction, shown)))
    };
    let Some((picture, reduction, shown)) = next(budget)? else {
        return Err(Error::damaged(SourceFormat::WebP, "it has no frame"));
    };
    let first = decoded((picture, reduction));
    animation.begin(&first, plays(file), Some(count), budget);
    let mut wants_more = animation.push_first(&first.picture, shown, budget)?;
    while wants_more {
        wants_more = match next(budget) {
            Ok(Some((picture, _, shown))) => animation.push(picture, shown, budget)?,
            Ok(None) => false,
            Err(error) => animation.fail(error)?,
        };
    }
    Ok(first)
}

/// How often all frames are shown, 0 for ever (RFC 9649, section 2.7.1.1).
fn plays(file: &[u8]) -> u16 {
    let loops = chunk(file, *b"ANIM").and_then(|animation| animation.get(4..)?.first_chunk());
    loops.map_or(1, |loops| u16::from_le_bytes(*loops))
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
