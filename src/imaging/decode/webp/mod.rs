//! WebP decoder (RFC 9649): the first frame, and the frames after it if a recipe keeps the animation.
//!
//! Chunks may come in any order, so the file is read whole. The bitstreams are decoded by libwebp or, without C, by the
//! crate `image-webp`.
//!
//! Memory: the file, and what the module of the library states.

#[cfg(not(any(feature = "image-webp", feature = "libwebp")))]
compile_error!("WebP needs one of the features libwebp, which is the default, and image-webp");

mod chunks;
mod decoded_picture;
mod header;
#[cfg(feature = "libwebp")]
mod libwebp;
#[cfg(not(feature = "libwebp"))]
mod pure;

use std::io::Read;

use crate::imaging::damage::Damage;
use crate::imaging::decode::webp::chunks::chunk;
use crate::imaging::decode::webp::decoded_picture::DecodedPicture;
use crate::imaging::decode::webp::header::WebpCoding;
#[cfg(feature = "libwebp")]
use crate::imaging::decode::webp::libwebp::{Decoder, WebpFrames};
#[cfg(not(feature = "libwebp"))]
use crate::imaging::decode::webp::pure::{Decoder, WebpFrames};
use crate::imaging::decoded::Decoded;
use crate::imaging::draw::frames::AnimationSink;
use crate::imaging::error::Error;
use crate::imaging::exif::copyright::Copyright;
use crate::imaging::exif::exif_orientation;
use crate::imaging::input::source::SourceReader;
use crate::imaging::limits::Budget;
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::picture::{Picture, side};
use crate::imaging::pixels::reduce;
use crate::imaging::pixels::source_rows::SourceRows;
use crate::imaging::pixels::source_scaler::{ScaledSource, SourceScaler};
use crate::imaging::plan::demand::Demand;
use crate::imaging::provenance::Provenance;
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
    let provenance = provenance(&file, exif, budget)?;
    let cell = reduce::cell(demand.ratio(full, orientation));
    source.cancel().check()?;
    let decoded = |scaled| Decoded {
        orientation,
        profile: chunk(&file, *b"ICCP").map(<[u8]>::to_vec),
        copyright: exif.map(Copyright::read).unwrap_or_default(),
        provenance: provenance.clone(),
        ..Decoded::plain(SourceFormat::WebP, scaled)
    };
    if decoder.header().coding == WebpCoding::Animated && animation.is_wanted(SourceFormat::WebP) {
        let frames = WebpFrames::new(&file, full, budget)?;
        return decode_animation(frames, plays(&file), (demand, orientation), decoded, budget, animation);
    }
    let DecodedPicture { rows, picture, came, end } = decoder.decode(cell, budget)?;
    let mut scaler = SourceScaler::new(rows, demand, Some(orientation), budget)?;
    picture.rows().take(side(came)).for_each(|row| scaler.push(row));
    let damage = Damage::after(end, scaler.missing())?;
    Ok(Decoded { damage, ..decoded(scaler.finish()) })
}

/// Hands frames to `animation` until it wants no more, and returns the first.
fn decode_animation(
    mut frames: WebpFrames<'_>,
    plays: u16,
    (demand, orientation): (Demand<'_>, Orientation),
    decoded: impl Fn(ScaledSource) -> Decoded,
    budget: &mut Budget,
    animation: &mut AnimationSink<'_>,
) -> Result<Decoded, Error> {
    let scaled = |picture: &Picture, demand, budget: &mut Budget| {
        let rows = SourceRows::all(picture.size, picture.layout, picture.depth);
        let mut scaler = SourceScaler::new(rows, demand, Some(orientation), budget)?;
        scaler.push_picture(picture);
        Ok::<_, Error>(scaler.finish())
    };
    let Some((picture, duration)) = frames.next(budget)? else {
        return Err(Error::damaged(SourceFormat::WebP, "it has no frame"));
    };
    let first = decoded(scaled(&picture, demand, budget)?);
    animation.begin(&first, plays, Some(frames.count()), budget);
    let recipes = animation.frame_recipes(SourceFormat::WebP);
    let demand = Demand { recipes: &recipes, ..demand };
    let mut wants_more = animation.push_decoded(scaled(&picture, demand, budget), duration, budget)?;
    while wants_more {
        wants_more = match frames.next(budget) {
            Ok(Some((picture, duration))) => {
                animation.push_decoded(scaled(&picture, demand, budget), duration, budget)?
            }
            Ok(None) => false,
            Err(error) => animation.fail(error)?,
        };
    }
    Ok(first)
}

/// The labels of a file with this EXIF.
fn provenance(file: &[u8], exif: Option<&[u8]>, budget: &mut Budget) -> Result<Provenance, Error> {
    let mut provenance = Provenance::new(chunk(file, *b"C2PA").is_some());
    if let Some(xmp) = chunk(file, *b"XMP ") {
        provenance.read_xmp(xmp, budget)?;
    }
    exif.into_iter().for_each(|exif| provenance.read_exif(exif));
    Ok(provenance)
}

/// Number of times that all frames are played, 0 for an endless loop (RFC 9649, section 2.7.1.1).
fn plays(file: &[u8]) -> u16 {
    let loops = chunk(file, *b"ANIM").and_then(|animation| animation.get(4..)?.first_chunk());
    loops.map_or(1, |loops| u16::from_le_bytes(*loops))
}

/// Strips the prefix of JPEG's EXIF segment, which some writers keep before the TIFF header.
fn without_exif_prefix(exif: &[u8]) -> &[u8] {
    exif.strip_prefix(b"Exif\0\0").unwrap_or(exif)
}
