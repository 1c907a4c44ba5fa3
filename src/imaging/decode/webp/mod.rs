//! WebP decoder (RFC 9649): the first frame, and the frames after it if a recipe keeps the animation.
//!
//! Chunks may come in any order, so the file is read whole. The bitstreams are decoded by libwebp or, without C, by the
//! crate `image-webp`.
//!
//! Memory: the file, and what the module of the library states.

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
use crate::imaging::picture::geometry::{Cell, Size};
use crate::imaging::pixels::reduce::Reducer;
use crate::imaging::plan::demand::Demand;
use crate::imaging::source_format::SourceFormat;

/// Decodes the image or the first frame, and hands the other frames to `animation` if it wants them.
///
/// # Errors
/// As [`decode::decode`](crate::imaging::decode::decode).
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
    let exif = chunk(&file, *b"EXIF").map(without_exif_prefix);
    let orientation = exif.map(exif_orientation).unwrap_or_default();
    let cell = Reducer::cell(demand.ratio(full, orientation));
    source.cancel().check()?;
    let decoded = |(picture, reduction)| Decoded {
        reduction,
        orientation,
        profile: chunk(&file, *b"ICCP").map(<[u8]>::to_vec),
        copyright: exif.map(Copyright::read).unwrap_or_default(),
        ..Decoded::plain(SourceFormat::WebP, picture, full, cell)
    };
    if decoder.header().coding == WebpCoding::Animated && animation.is_wanted(SourceFormat::WebP) {
        return decode_animation(&file, full, cell, decoded, budget, animation);
    }
    let (picture, reduction, damage) = decoder.decode(cell, budget)?;
    Ok(Decoded { damage, ..decoded((picture, reduction)) })
}

/// Hands frames to `animation` until it wants no more, and returns the first.
fn decode_animation(
    file: &[u8],
    full: Size,
    cell: Cell,
    decoded: impl Fn((Picture, Reduction)) -> Decoded,
    budget: &mut Budget,
    animation: &mut AnimationSink<'_>,
) -> Result<Decoded, Error> {
    let mut frames = WebpFrames::new(file, full, budget)?;
    let count = frames.count();
    let mut next = |budget: &mut Budget| -> Result<Option<(Picture, Reduction, Duration)>, Error> {
        budget.reserve(bytes_of(full, 4))?;
        let Some((picture, duration)) = frames.next()? else { return Ok(None) };
        let (picture, reduction) = averaged(picture, cell, budget)?;
        Ok(Some((picture, reduction, duration)))
    };
    let Some((picture, reduction, duration)) = next(budget)? else {
        return Err(Error::damaged(SourceFormat::WebP, "it has no frame"));
    };
    let first = decoded((picture, reduction));
    animation.begin(&first, plays(file), Some(count), budget);
    let mut wants_more = animation.push_first(&first.picture, duration, budget)?;
    while wants_more {
        wants_more = match next(budget) {
            Ok(Some((picture, _, duration))) => animation.push(picture, duration, budget)?,
            Ok(None) => false,
            Err(error) => animation.fail(error)?,
        };
    }
    Ok(first)
}

/// Number of times that all frames are played, 0 for an endless loop (RFC 9649, section 2.7.1.1).
fn plays(file: &[u8]) -> u16 {
    let loops = chunk(file, *b"ANIM").and_then(|animation| animation.get(4..)?.first_chunk());
    loops.map_or(1, |loops| u16::from_le_bytes(*loops))
}

/// Content of the first chunk with this tag (RFC 9649, section 2.3); `None` if it is missing or truncated.
fn chunk(file: &[u8], wanted: [u8; 4]) -> Option<&[u8]> {
    let mut rest = file.get(12..)?;
    loop {
        let (tag, after) = rest.split_first_chunk::<4>()?;
        let (length, content) = after.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        if *tag == wanted {
            return content.get(..length);
        }
        // Chunks are padded to an even length.
        rest = content.get(length.checked_add(length % 2)?..)?;
    }
}

/// Strips the prefix of JPEG's EXIF segment, which some writers keep before the TIFF header.
fn without_exif_prefix(exif: &[u8]) -> &[u8] {
    exif.strip_prefix(b"Exif\0\0").unwrap_or(exif)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunk_is_found_after_padding() {
        let file = b"RIFF\0\0\0\0WEBPVP8X\x01\0\0\0a\0EXIF\x02\0\0\0ok";
        assert_eq!(chunk(file, *b"EXIF"), Some(&b"ok"[..]));
        assert_eq!(chunk(file, *b"ICCP"), None);
        assert_eq!(chunk(&file[..file.len() - 1], *b"EXIF"), None);
        assert_eq!(chunk(b"RIFF\0\0\0\0WEBPVP8X\xff\xff\xff\xff", *b"EXIF"), None);
    }
}
