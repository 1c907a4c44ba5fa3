//! JPEG decoder: [`thumbnail_jpeg`] at the smallest scale that suffices.
//!
//! Rows are decoded and scaled while the file arrives. Memory: metadata, the scaler, and what
//! [`Head::memory`](thumbnail_jpeg::Head::memory) states for the decoder.
//!
//! Invariant: [`estimate`] reserves at least what [`decode`] reserves for the same header.

mod scale;

use std::borrow::Cow;
use std::io::{BufRead, Read};
use std::num::NonZeroUsize;

use thumbnail_jpeg::{Head, Metadata, Scale, Wanted, height_at_end};

use crate::imaging::damage::Damage;
use crate::imaging::decode::jpeg::scale::{Content, SAMPLE};
use crate::imaging::decoded::Decoded;
use crate::imaging::error::Error;
use crate::imaging::exif::copyright::Copyright;
use crate::imaging::exif::exif_orientation;
use crate::imaging::input::cancellable::Cancellable;
use crate::imaging::input::source::{SourceReader, TRUNCATED};
use crate::imaging::limits::{Budget, Cancel, to_u64};
use crate::imaging::picture::geometry::{Reduction, Size};
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::picture::{Depth, Layout};
use crate::imaging::pixels::source_rows::SourceRows;
use crate::imaging::pixels::source_scaler::{ScaledSource, SourceScaler};
use crate::imaging::plan::demand::Demand;
use crate::imaging::provenance::Provenance;
use crate::imaging::source_format::SourceFormat;

/// Fewest pixels of a picture that is decoded on several threads. Smaller ones are done before another thread has
/// started and paid off.
const MULTITHREADED_PIXELS: u64 = 20_000_000;

/// Units in which the lost share of a picture is counted.
const DAMAGE_UNITS: f64 = 1e6;

/// Decodes a JPEG.
///
/// # Errors
/// As [`decode::decode`](crate::imaging::decode::decode).
pub(super) fn decode<R: Read>(
    source: &mut SourceReader<'_, R>,
    demand: Demand<'_>,
    budget: &mut Budget,
) -> Result<Decoded, Error> {
    let mut head = Head::read(&mut *source).map_err(decode_error)?;
    if head.frame.height > 0 {
        budget.admit(Size { width: head.frame.width, height: head.frame.height })?;
        let left = source.length().unwrap_or(u64::MAX).saturating_sub(head.length);
        let plan = DecodePlan::new(&head, Some((source.ahead(SAMPLE)?, left)), demand, budget)?;
        source.discard_consumed();
        return decode_image(&head, &plan, source.cancel(), source, demand, budget);
    }
    // A DNL marker after the first scan holds the height (T.81, B.2.5). Memory cannot be planned without it.
    let cancel = source.cancel();
    let bytes = source.take_bytes(budget)?;
    head.frame.height =
        height_at_end(&bytes).ok_or_else(|| Error::damaged(SourceFormat::Jpeg, "it has no height"))?;
    let rest = usize::try_from(head.length).ok().and_then(|length| bytes.get(length..)).unwrap_or_default();
    let start = (rest.get(..SAMPLE).unwrap_or(rest), to_u64(rest.len()));
    let plan = DecodePlan::new(&head, Some(start), demand, budget)?;
    decode_image(&head, &plan, cancel, rest, demand, budget)
}

/// Reserves the most that [`decode`] reserves for a file with this header, and returns the scaled pictures as placeholders
/// without pixels.
///
/// # Errors
/// As for decoding the header.
pub(in super::super) fn estimate(
    header: &[u8],
    demand: Demand<'_>,
    budget: &mut Budget,
) -> Result<Decoded, Error> {
    let head = Head::read(header).map_err(decode_error)?;
    let plan = DecodePlan::new(&head, None, demand, budget)?;
    let scaled = SourceScaler::placeholder(&plan.rows, demand, Some(plan.orientation), budget)?;
    Ok(plan.decoded(&head, scaled, Damage::NONE))
}

fn decode_image(
    head: &Head,
    plan: &DecodePlan,
    cancel: &Cancel,
    reader: impl BufRead,
    demand: Demand<'_>,
    budget: &mut Budget,
) -> Result<Decoded, Error> {
    let mut scaler = SourceScaler::new(plan.rows, demand, Some(plan.orientation), budget)?;
    let threads =
        if plan.rows.full.pixels() < MULTITHREADED_PIXELS { NonZeroUsize::MIN } else { budget.threads() };
    let is_planar = scaler.takes_planes();
    let wanted = Wanted { scale: plan.scale, reduction: plan.remaining, threads, is_planar };
    let summary = head.decode(Cancellable::new(reader, cancel), wanted, |row| {
        if is_planar {
            scaler.push_planes(row)
        } else {
            scaler.push(row)
        }
        if cancel.is_cancelled() { Err(thumbnail_jpeg::Error::Stopped) } else { Ok(()) }
    });
    let summary = summary.map_err(decode_error)?;
    Ok(plan.decoded(head, scaler.finish(), damage(summary.lost)))
}

/// Scale and rows of a decoding.
struct DecodePlan {
    orientation: Orientation,
    /// Scale of the inverse DCT.
    scale: Scale,
    /// Reduction that remains after scaling, from decoded pixels to pixels of the thumbnail.
    remaining: f64,
    rows: SourceRows,
    provenance: Provenance,
}

impl DecodePlan {
    /// Admits the size, and reserves the metadata and the decoder's memory, but not the scaler. `start` are the first bytes
    /// behind the head and the number of all of them, if they are known.
    fn new(
        head: &Head,
        start: Option<(&[u8], u64)>,
        demand: Demand<'_>,
        budget: &mut Budget,
    ) -> Result<Self, Error> {
        let full = Size { width: head.frame.width, height: head.frame.height };
        budget.admit(full)?;
        let orientation =
            demand.orientation(head.metadata.exif.as_deref().map(exif_orientation).unwrap_or_default());
        let ratio = demand.ratio(full, orientation);
        budget.reserve(to_u64(head.metadata.bytes()))?;
        let provenance = provenance(&head.metadata, budget)?;
        let memory = head.memory(Scale::Eighth);
        budget.reserve(memory)?;
        let scale = scale::scale(ratio.larger(), || match start {
            Some((start, length)) => scale::content(head, start, length),
            // Graphics take more memory.
            None => Content::Graphics,
        });
        budget.release(memory);
        budget.reserve(head.memory(scale))?;
        let reduction = scale.reduction();
        let remaining = ratio.times(reduction, reduction);
        let layout = match head.frame.components.len() {
            1 => Layout::Grey,
            3 => Layout::Rgb,
            _ => Layout::Cmyk,
        };
        let (width, height) = head.frame.reduced(scale);
        let rows = SourceRows {
            size: Size { width, height },
            reduction: Reduction { across: reduction, down: reduction },
            // At 1/8 each pixel is the mean of its block. Larger scales keep the block's low frequencies, which are
            // as sharp as that size allows.
            are_means: scale == Scale::Eighth,
            ..SourceRows::all(full, layout, Depth::Eight)
        };
        Ok(Self { orientation, scale, remaining: 1.0 / remaining.larger(), rows, provenance })
    }

    fn decoded(&self, head: &Head, scaled: ScaledSource, damage: Damage) -> Decoded {
        Decoded {
            orientation: self.orientation,
            profile: head.metadata.profile(),
            copyright: head.metadata.exif.as_deref().map(Copyright::read).unwrap_or_default(),
            provenance: self.provenance.clone(),
            quality: head.quality(),
            damage,
            ..Decoded::plain(SourceFormat::Jpeg, scaled)
        }
    }
}

/// The labels: of XMP, of a segment of their own, and of EXIF.
fn provenance(metadata: &Metadata, budget: &mut Budget) -> Result<Provenance, Error> {
    let mut provenance = Provenance::new(metadata.has_c2pa);
    if let Some(xmp) = &metadata.xmp {
        provenance.read_xmp(xmp, budget)?;
    }
    metadata.aigc.iter().for_each(|text| provenance.read_text(text));
    metadata.exif.iter().for_each(|exif| provenance.read_exif(exif));
    Ok(provenance)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and DAMAGE_UNITS")]
fn damage(lost: f64) -> Damage {
    Damage { lost: (lost * DAMAGE_UNITS).ceil() as u64, total: DAMAGE_UNITS as u64 }
}

fn decode_error(error: thumbnail_jpeg::Error) -> Error {
    match error {
        thumbnail_jpeg::Error::CutShort => Error::damaged(SourceFormat::Jpeg, TRUNCATED),
        thumbnail_jpeg::Error::Damaged(detail) => Error::damaged(SourceFormat::Jpeg, detail),
        // `decode::decode` replaces this if the reader failed.
        thumbnail_jpeg::Error::Read(error) => Error::damaged(SourceFormat::Jpeg, error.to_string()),
        thumbnail_jpeg::Error::Stopped => Error::Cancelled,
        thumbnail_jpeg::Error::Unsupported(feature) => {
            Error::Unsupported { what: Cow::Owned(format!("a JPEG with {feature}")) }
        }
    }
}
