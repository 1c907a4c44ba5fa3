//! Bytes in, thumbnails out: pixels, and no network.
//!
//! A source is read once, forward, while it arrives; its header decides whether its pixels are taken on at
//! all ([`Limits`]), and how small they may be decoded. Every thumbnail starts from that one decode. What
//! comes out is upright, sRGB, eight bits, without metadata but what a recipe keeps, and the same bytes for the same
//! input.

mod apart;
mod base;
mod canvas;
mod color;
mod colorimetry;
mod credits;
mod damage;
mod decode;
mod encode;
mod error;
mod facts;
mod film;
mod geometry;
mod light;
mod limits;
mod orient;
mod picture;
mod probe;
mod reduce;
mod rehearsal;
mod resize;
mod saliency;
mod scale;
mod sharpen;
mod source;
mod writers;

use std::io::Read;
use std::num::NonZeroU8;
use std::time::{Duration, Instant};

use bytes::Bytes;

use self::base::Base;
pub use self::damage::Tolerance;
pub use self::error::Error;
use self::facts::Facts;
pub use self::film::Dropped;
use self::film::Film;
use self::geometry::{Demand, Lying, Size};
use self::limits::Budget;
pub use self::limits::{Cancel, Limits};
pub use self::probe::SourceFormat;
pub use self::rehearsal::memory_for_jpeg;
use self::source::Source;
use crate::recipe::{Format, Recipe};

/// What one source gave.
#[derive(Debug)]
pub struct Rendering {
    /// What the source is.
    pub source: SourceInfo,
    /// One for each recipe, in their order.
    pub thumbnails: Vec<Result<Thumbnail, Error>>,
    /// Where the time went.
    pub timings: Timings,
}

/// What a source is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SourceInfo {
    /// By its content.
    pub format: SourceFormat,
    /// Pixels, upright.
    pub width: u32,
    /// Pixels, upright.
    pub height: u32,
    /// Percent of the picture that are damaged, and made up in the thumbnails; `None` when it is whole.
    pub damaged: Option<NonZeroU8>,
}

/// One thumbnail, ready to be stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Thumbnail {
    /// The file.
    pub bytes: Bytes,
    /// The format of the file.
    pub format: Format,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Whether it moves.
    pub motion: Motion,
}

impl Thumbnail {
    /// Bytes of the file.
    fn length(&self) -> u64 {
        u64::try_from(self.bytes.len()).unwrap_or(u64::MAX)
    }
}

/// Whether a thumbnail moves.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Motion {
    /// It is a still picture, though its source moves and its recipe would keep that.
    Dropped(Dropped),
    /// It moves, in so many frames.
    Frames(u32),
    /// It is a still picture.
    Still,
}

/// Where the time of one [`render`] went.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Timings {
    /// Reading and decoding, waiting for the source included.
    pub decode: Duration,
    /// Turning, scaling and colours, all recipes together.
    pub resize: Duration,
    /// Writing the files, all recipes together, also where they are written side by side.
    pub encode: Duration,
}

/// Makes every thumbnail of one source from one decode.
///
/// `length` is the number of bytes that `source` will give, if it is known.
///
/// # Errors
/// When the source cannot be decoded. A recipe that cannot be obeyed fails alone, in [`Rendering::thumbnails`].
pub fn render<R: Read + Send>(
    mut source: R,
    length: Option<u64>,
    recipes: &[&Recipe],
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Rendering, Error> {
    render_lying(&mut source, length, Demand { recipes, lying: Lying::AsItSays }, limits, cancel)
}

/// [`render`] for a source that is upright already, whatever its EXIF data say.
///
/// # Errors
/// As [`render`].
pub fn render_upright<R: Read + Send>(
    mut source: R,
    length: Option<u64>,
    recipes: &[&Recipe],
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Rendering, Error> {
    render_lying(&mut source, length, Demand { recipes, lying: Lying::Upright }, limits, cancel)
}

/// The readers are called through a pointer, a chunk at a time: all decoders once for each would be a tenth of the program.
fn render_lying(
    source: &mut (dyn Read + Send),
    length: Option<u64>,
    demand: Demand<'_>,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Rendering, Error> {
    let start = Instant::now();
    let mut budget = Budget::new(*limits);
    let mut film = Film::new(demand, length, cancel);
    let mut source = Source::new(source, length, cancel);
    let decoded = decode::decode(&mut source, demand, &mut budget, &mut film)?;
    drop(source);
    let damaged = limits.damage.judge(decoded.damage, decoded.format)?;
    let mut timings = Timings { decode: start.elapsed(), ..Timings::default() };

    let start = Instant::now();
    let facts = Facts::new(&decoded, length, demand);
    let moving = film.finish(&mut timings);
    // What decoding took is free again.
    budget.settle(decoded.picture.bytes());
    let files = moving.values().flatten().map(Thumbnail::length).sum::<u64>();
    budget.reserve(files.saturating_add(facts.kept_bytes()))?;
    let base = Base::new(decoded.picture, &facts, &mut budget)?;
    timings.resize += start.elapsed();
    let thumbnails = base.thumbnails(demand.recipes, moving, &mut budget, cancel, &mut timings);
    let Size { width, height } = facts.full;
    let source = SourceInfo { format: facts.format, width, height, damaged };
    Ok(Rendering { source, thumbnails, timings })
}
