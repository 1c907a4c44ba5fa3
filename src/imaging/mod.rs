//! The imaging part: bytes of a source in, files of its thumbnails out. No network and no configuration.
//!
//! # Use
//!
//! [`render`] takes a reader of one source, the recipes of its thumbnails and the [`Limits`]. It gives a [`Rendering`]:
//! one [`Thumbnail`] or [`Error`] per recipe, in their order. It blocks its thread until all are made; a [`Cancel`]
//! ends it early from another thread. Sizes are in pixels after orientation, lengths in bytes.
//!
//! # From a row to a file
//!
//! 1. `input/` reads the source once, forward, as it arrives, and recognises the format by the first bytes.
//! 2. `plan/` turns the steps of each recipe into a crop window, a size and an orientation, without pixels.
//! 3. `decode/` reads the header. [`Limits`] decide there whether to decode at all, and the recipes how small. Rows are
//!    scaled to all sizes as they are decoded (`pixels/source_scaler.rs`), and most formats never hold more than some of
//!    them. `exif/` reads orientation and copyright, `damage.rs` judges how much of the image is intact.
//! 4. `draw/` makes all thumbnails from these sizes, the largest first: it converts colours to sRGB (`color/`), turns them
//!    upright, pads, rotates or sharpens them, and applies effects (`pixels/`).
//! 5. `encode/` writes each file, on threads of its own while the next thumbnail is drawn. Animated thumbnails are
//!    written frame by frame while the source is still being decoded. AVIF takes so long that [`draft`] leaves it to its
//!    caller.
//!
//! `picture/` is the form of pixels between all of them, `limits.rs` the memory budget from which each reserves before
//! it allocates.
//!
//! # Invariants
//!
//! The pixels of a thumbnail are upright, eight bits per sample, and sRGB unless its recipe keeps the source's profile.
//! Metadata is dropped unless the recipe keeps it; by default it keeps labels of AI-generated content (`provenance/`). The same source, recipes and program give the same bytes, whatever
//! the number of threads, and for AVIF at the same [`Speed`].

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
mod provenance;
mod rendering;
mod source_format;
mod source_properties;

use std::io::Read;
use std::time::Instant;

pub use self::damage::Tolerance;
pub use self::draw::unencoded::{DraftThumbnail, UnencodedThumbnail, speed_within};
pub use self::encode::avif::speed::Speed;
pub use self::error::Error;
pub use self::input::heif::refuse_heic;
pub use self::limits::{Cancel, Limits};
pub use self::memory_estimate::memory_for_jpeg;
pub use self::plan::demand::{DECODE_MARGIN, Upright};
pub use self::plan::sizes::LONGEST_SIDE;
pub use self::rendering::{
    Motion, NotAnimated, Placeholder, Rendering, SourceInfo, SourcePart, Thumbnail, Timings,
};
pub use self::source_format::SourceFormat;
use crate::imaging::draw::Renderer;
use crate::imaging::draw::frames::AnimationSink;
use crate::imaging::input::source::SourceReader;
use crate::imaging::limits::Budget;
use crate::imaging::picture::geometry::Size;
use crate::imaging::plan::demand::Demand;
use crate::imaging::source_properties::SourceProperties;
use crate::recipe::Recipe;

/// The result of rendering one source, without the encoding of what takes long.
#[derive(Debug)]
pub struct Draft {
    /// Properties of the source.
    pub source: SourceInfo,
    /// One result per recipe, in the order of the recipes.
    pub thumbnails: Vec<Result<DraftThumbnail, Error>>,
    /// Time of each phase so far.
    pub timings: Timings,
}

impl Draft {
    /// Encodes the rest, one after the other, with the fewest bytes however long it takes.
    #[must_use]
    pub fn finish(self, cancel: &Cancel) -> Rendering {
        let Self { source, thumbnails, mut timings } = self;
        let mut encode = |made| match made {
            DraftThumbnail::Encoded(thumbnail) => Ok(thumbnail),
            DraftThumbnail::Drawn(drawn) => {
                let (thumbnail, time) = drawn.encode(Speed::default(), cancel);
                timings.encode += time;
                thumbnail
            }
        };
        let thumbnails = thumbnails.into_iter().map(|made| made.and_then(&mut encode)).collect();
        Rendering { source, thumbnails, timings }
    }
}

/// Makes the thumbnails of one source, for all recipes, from one decode.
///
/// `length` is the number of bytes that `source` will give, if known. `upright` says whether EXIF orientation applies.
///
/// # Errors
/// [`Error`] if the source cannot be read or decoded within the limits, or if `cancel` was set. A recipe that cannot be
/// satisfied fails alone, in [`Rendering::thumbnails`].
pub fn render<R: Read + Send>(
    mut source: R,
    length: Option<u64>,
    recipes: &[&Recipe],
    upright: Upright,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Rendering, Error> {
    Ok(draft(&mut source, length, recipes, upright, None, limits, cancel)?.finish(cancel))
}

/// [`render`] without the encoding of what takes long: AVIF.
///
/// `propagate_id` is the number of the source, in ASCII without quotation marks and backslashes. It goes into labels in
/// which a recipe names a [propagator](crate::recipe::Propagator).
///
/// # Errors
/// As [`render`].
pub fn draft<R: Read + Send>(
    mut source: R,
    length: Option<u64>,
    recipes: &[&Recipe],
    upright: Upright,
    propagate_id: Option<&str>,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Draft, Error> {
    draft_dyn(&mut source, length, Demand { recipes, upright, propagate_id }, limits, cancel)
}

/// [`draft`] for any reader behind a pointer, which is called once per chunk. A copy of all decoders for each type of
/// reader would be a tenth of the program.
fn draft_dyn(
    source: &mut (dyn Read + Send),
    length: Option<u64>,
    demand: Demand<'_>,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Draft, Error> {
    let start = Instant::now();
    let mut budget = Budget::watched(*limits, cancel);
    let mut animation = AnimationSink::new(demand, length, cancel);
    let mut source = SourceReader::new(source, length, cancel);
    let decoded = decode::decode(&mut source, demand, &mut budget, &mut animation)?;
    drop(source);
    let damaged = limits.damage.judge(decoded.damage, decoded.format)?;
    let mut timings = Timings { decode: start.elapsed(), ..Timings::default() };

    let start = Instant::now();
    let properties = SourceProperties::new(&decoded, length, demand);
    let animated = animation.finish(&mut timings);
    // The decoder's memory is free again. The scaled pictures, the animated files and the kept profile stay.
    budget.reset_to(decoded.scaled.bytes());
    let animated_bytes = animated.values().flatten().map(Thumbnail::length).sum::<u64>();
    budget.reserve(animated_bytes.saturating_add(properties.kept_profile_bytes()))?;
    let renderer = Renderer::new(decoded.scaled, &properties);
    timings.resize += start.elapsed();
    let thumbnails = renderer.thumbnails(demand.recipes, animated, &mut budget, cancel, &mut timings);
    let Size { width, height } = properties.full;
    let SourceProperties { format, ref provenance, .. } = properties;
    let source = SourceInfo {
        format,
        width,
        height,
        damaged,
        has_aigc_label: provenance.has_aigc(),
        has_c2pa: provenance.has_c2pa,
    };
    Ok(Draft { source, thumbnails, timings })
}
