//! Bytes in, thumbnails out: pixels, and no network.
//!
//! A source is read once, forward, while it arrives; its header decides whether its pixels are taken on at
//! all ([`Limits`]), and how small they may be decoded. Every thumbnail starts from that one decode. What
//! comes out is upright, sRGB, eight bits, without metadata but what a recipe keeps, and the same bytes for the same
//! input.

mod color;
mod damage;
mod decode;
mod decoded;
mod draw;
mod encode;
mod error;
mod exif;
mod input;
mod limits;
mod memory_estimate;
mod picture;
mod pixels;
mod plan;
mod rendering;
mod source_format;
mod source_properties;

use std::io::Read;
use std::time::Instant;

pub use self::damage::Tolerance;
pub use self::error::Error;
pub use self::limits::{Cancel, Limits};
pub use self::memory_estimate::memory_for_jpeg;
pub use self::plan::demand::{DECODE_MARGIN, Upright};
pub use self::plan::sizes::LONGEST_SIDE;
pub use self::rendering::{Motion, NotAnimated, Rendering, SourceInfo, Thumbnail, Timings};
pub use self::source_format::SourceFormat;
use crate::imaging::draw::Renderer;
use crate::imaging::draw::frames::AnimationSink;
use crate::imaging::input::source::SourceReader;
use crate::imaging::limits::Budget;
use crate::imaging::picture::geometry::Size;
use crate::imaging::plan::demand::Demand;
use crate::imaging::source_properties::SourceProperties;
use crate::recipe::Recipe;

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
    upright: Upright,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Rendering, Error> {
    render_any(&mut source, length, Demand { recipes, upright }, limits, cancel)
}

/// The readers are called through a pointer, a chunk at a time: all decoders once for each would be a tenth of the program.
fn render_any(
    source: &mut (dyn Read + Send),
    length: Option<u64>,
    demand: Demand<'_>,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Rendering, Error> {
    let start = Instant::now();
    let mut budget = Budget::new(*limits);
    let mut animation = AnimationSink::new(demand, length, cancel);
    let mut source = SourceReader::new(source, length, cancel);
    let decoded = decode::decode(&mut source, demand, &mut budget, &mut animation)?;
    drop(source);
    let damaged = limits.damage.judge(decoded.damage, decoded.format)?;
    let mut timings = Timings { decode: start.elapsed(), ..Timings::default() };

    let start = Instant::now();
    let properties = SourceProperties::new(&decoded, length, demand);
    let moving = animation.finish(&mut timings);
    // What decoding took is free again.
    budget.settle(decoded.picture.bytes());
    let files = moving.values().flatten().map(Thumbnail::length).sum::<u64>();
    budget.reserve(files.saturating_add(properties.kept_profile_bytes()))?;
    let renderer = Renderer::new(decoded.picture, &properties, &mut budget)?;
    timings.resize += start.elapsed();
    let thumbnails = renderer.thumbnails(demand.recipes, moving, &mut budget, cancel, &mut timings);
    let Size { width, height } = properties.full;
    let source = SourceInfo { format: properties.format, width, height, damaged };
    Ok(Rendering { source, thumbnails, timings })
}
