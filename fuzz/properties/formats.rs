//! `render` of arbitrary bytes never panics, and its result does not depend on the size of reads.
//!
//! The first byte of an input is the number of bytes that each read gives; the rest is the file.

use std::io::Read;

use cos_thumbnailer::imaging::{Cancel, Error, Thumbnail, Upright, render};
use cos_thumbnailer::recipe::{Animation, Format, Recipe};

use super::chunks::Chunks;
use super::limits::LIMITS;

/// Checks the property. `false` if the input is not worth keeping.
pub(crate) fn check(data: &[u8]) -> bool {
    let [chunk, file @ ..] = data else { return false };
    let whole = outcome(file, file.len());
    let chunked = outcome(Chunks { rest: file, size: usize::from(*chunk).max(1) }, file.len());
    assert_eq!(chunked, whole, "the size of reads shows");
    true
}

/// A still and an animated thumbnail, or the error.
fn outcome(file: impl Read + Send, length: usize) -> Result<Vec<Result<Thumbnail, String>>, String> {
    // Small enough that pixels are averaged on the way.
    let recipe = Recipe { format: Some(Format::Png), ..Recipe::fit_inside(4, 4) };
    let moving = Recipe { format: Some(Format::Gif), animation: Animation::Keep, ..recipe.clone() };
    let recipes = [&recipe, &moving];
    let rendering =
        render(file, u64::try_from(length).ok(), &recipes, Upright::ByExif, &LIMITS, &Cancel::default());
    let thumbnails = rendering.map_err(|error| comparable(&error))?.thumbnails;
    Ok(thumbnails.into_iter().map(|thumbnail| thumbnail.map_err(|error| comparable(&error))).collect())
}

/// The comparable part of an error. The size of reads decides which of two faults in a file is met first.
fn comparable(error: &Error) -> String {
    match error {
        Error::Damaged { format, .. } => format!("damaged {format:?}"),
        other => other.to_string(),
    }
}
