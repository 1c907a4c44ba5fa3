//! Any bytes through `render`: never a panic, and the same outcome however the bytes come.
//!
//! The first byte says how many bytes each read gives, the rest is the file.

use std::io::{self, Read};
use std::num::NonZeroUsize;

use cos_thumbnailer::imaging::{Cancel, Error, Limits, Thumbnail, Tolerance, Upright, render};
use cos_thumbnailer::recipe::{Animation, Format, Recipe};

/// Larger pictures only cost time.
const LIMITS: Limits = Limits {
    max_pixels: 1 << 18,
    memory: 32_000_000,
    damage: Tolerance::MostlyGood,
    threads: NonZeroUsize::MIN,
};

/// A reader that gives a few bytes at a time, as the network does.
struct Chunks<'a> {
    rest: &'a [u8],
    size: usize,
}

impl Read for Chunks<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let count = self.rest.get(..self.size).unwrap_or(self.rest).read(target)?;
        self.rest = self.rest.get(count..).unwrap_or_default();
        Ok(count)
    }
}

/// Whether the input is worth keeping.
pub(crate) fn check(data: &[u8]) -> bool {
    let [chunk, file @ ..] = data else { return false };
    let whole = outcome(file, file.len());
    let chunked = outcome(Chunks { rest: file, size: usize::from(*chunk).max(1) }, file.len());
    assert_eq!(chunked, whole, "the size of reads shows");
    true
}

/// A still thumbnail and one that moves if the file does, or why there are none.
fn outcome(file: impl Read + Send, length: usize) -> Result<Vec<Result<Thumbnail, String>>, String> {
    // Small enough that pixels are averaged on the way.
    let recipe = Recipe { format: Some(Format::Png), ..Recipe::fit_inside(4, 4) };
    let moving = Recipe { format: Some(Format::Gif), animation: Animation::Keep, ..recipe.clone() };
    let recipes = [&recipe, &moving];
    let rendering =
        render(file, u64::try_from(length).ok(), &recipes, Upright::ByExif, &LIMITS, &Cancel::default());
    let thumbnails = rendering.map_err(|error| told(&error))?.thumbnails;
    Ok(thumbnails.into_iter().map(|thumbnail| thumbnail.map_err(|error| told(&error))).collect())
}

/// What is told of an error. Which of two faults of a file is met first may depend on how far a read brings the decoder.
fn told(error: &Error) -> String {
    match error {
        Error::Damaged { format, .. } => format!("damaged {format:?}"),
        other => other.to_string(),
    }
}
