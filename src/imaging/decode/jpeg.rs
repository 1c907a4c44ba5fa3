//! JPEG, at the scale that is needed, by [`thumbnail_jpeg`].
//!
//! Memory: metadata; the picture, averaged further where its recipes allow; and what the reader says it takes.

use std::borrow::Cow;
use std::io::{BufRead, Read};
use std::num::NonZeroUsize;

use thumbnail_jpeg::{Head, Scale, Wanted, height_at_end};

use crate::imaging::damage::Damage;
use crate::imaging::decoded::Decoded;
use crate::imaging::error::Error;
use crate::imaging::exif::copyright::Copyright;
use crate::imaging::exif::exif_orientation;
use crate::imaging::input::source::{CUT_SHORT, SourceReader};
use crate::imaging::limits::{Budget, Cancel, reserved};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::picture::{Depth, Layout, Picture, Sampling};
use crate::imaging::pixels::reduce::Reducer;
use crate::imaging::plan::demand::{DECODE_MARGIN, Demand};
use crate::imaging::source_format::SourceFormat;

/// Smaller pictures are decoded on one thread: they are done by the time that another one is awake and pays.
const LARGE: u64 = 20_000_000;

/// Parts in which the share of a picture that is lost is counted.
const PARTS: f64 = 1e6;

pub(super) fn decode<R: Read>(
    source: &mut SourceReader<'_, R>,
    demand: Demand<'_>,
    budget: &mut Budget,
) -> Result<Decoded, Error> {
    let mut head = Head::read(&mut *source).map_err(refusal)?;
    if head.frame.height > 0 {
        source.keep_no_more();
        return picture(&head, source.cancel(), source, demand, budget);
    }
    // The height stands behind the first scan, and nothing can be planned without it.
    let cancel = source.cancel();
    let bytes = source.take_bytes(budget)?;
    head.frame.height =
        height_at_end(&bytes).ok_or_else(|| Error::damaged(SourceFormat::Jpeg, "it has no height"))?;
    let rest = usize::try_from(head.length).ok().and_then(|length| bytes.get(length..));
    picture(&head, cancel, rest.unwrap_or_default(), demand, budget)
}

/// Reserves what [`decode`] does by the header of a file, and gives the picture without its pixels.
pub(in super::super) fn estimate(
    header: &[u8],
    demand: Demand<'_>,
    budget: &mut Budget,
) -> Result<Decoded, Error> {
    let head = Head::read(header).map_err(refusal)?;
    let plan = DecodePlan::new(&head, demand, budget)?;
    let picture = Reducer::placeholder(plan.size, plan.layout, Depth::Eight, plan.cell, budget)?;
    Ok(plan.decoded(&head, picture, plan.cell, Damage::NONE))
}

fn picture(
    head: &Head,
    cancel: &Cancel,
    reader: impl BufRead,
    demand: Demand<'_>,
    budget: &mut Budget,
) -> Result<Decoded, Error> {
    let plan = DecodePlan::new(head, demand, budget)?;
    let mut reducer = Reducer::new(plan.size, plan.layout, Depth::Eight, plan.cell, budget)?;
    let threads = if plan.full.pixels() < LARGE { NonZeroUsize::MIN } else { budget.threads() };
    let wanted = Wanted { scale: plan.scale, reduction: plan.left, threads };
    let summary = head.decode(reader, wanted, |row| {
        reducer.push(row);
        if cancel.is_cancelled() { Err(thumbnail_jpeg::Error::Stopped) } else { Ok(()) }
    });
    let summary = summary.map_err(refusal)?;
    let (picture, cell) = reducer.finish();
    Ok(plan.decoded(head, picture, cell, damage(summary.lost)))
}

/// How a picture is to be read.
struct DecodePlan {
    full: Size,
    orientation: Orientation,
    scale: Scale,
    /// How many times smaller the picture of that scale will be made afterwards.
    left: f64,
    layout: Layout,
    /// At that scale.
    size: Size,
    cell: u32,
}

impl DecodePlan {
    /// Admits the size, and reserves all but the picture.
    fn new(head: &Head, demand: Demand<'_>, budget: &mut Budget) -> Result<Self, Error> {
        let full = Size { width: head.frame.width, height: head.frame.height };
        budget.admit(full)?;
        let orientation =
            demand.orientation(head.metadata.exif.as_deref().map(exif_orientation).unwrap_or_default());
        let ratio = demand.ratio(orientation.size(full));
        let scale = scale(ratio);
        budget.reserve(reserved(head.metadata.bytes()).saturating_add(head.memory(scale)))?;
        let left = 1.0 / (ratio * f64::from(scale.reduction()));
        let layout = match head.frame.components.len() {
            1 => Layout::Grey,
            3 => Layout::Rgb,
            _ => Layout::Cmyk,
        };
        let (width, height) = head.frame.reduced(scale);
        let cell = Reducer::cell(1.0 / left);
        Ok(Self { full, orientation, scale, left, layout, size: Size { width, height }, cell })
    }

    fn decoded(&self, head: &Head, picture: Picture, cell: u32, damage: Damage) -> Decoded {
        Decoded {
            reduction: (self.scale.reduction() * cell).into(),
            sampling: if self.scale == Scale::Eighth { Sampling::Averaged } else { Sampling::of(cell) },
            orientation: self.orientation,
            profile: head.metadata.profile(),
            copyright: head.metadata.exif.as_deref().map(Copyright::read).unwrap_or_default(),
            quality: head.quality(),
            damage,
            ..Decoded::plain(SourceFormat::Jpeg, picture, self.full, cell)
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and PARTS")]
fn damage(lost: f64) -> Damage {
    Damage { lost: (lost * PARTS).ceil() as u64, all: PARTS as u64 }
}

/// The smallest scale that leaves [`DECODE_MARGIN`].
fn scale(ratio: f64) -> Scale {
    let enough = |scale: &Scale| DECODE_MARGIN * ratio * f64::from(scale.reduction()) <= 1.0;
    [Scale::Eighth, Scale::Quarter, Scale::Half].into_iter().find(enough).unwrap_or(Scale::Full)
}

fn refusal(error: thumbnail_jpeg::Error) -> Error {
    match error {
        thumbnail_jpeg::Error::CutShort => Error::damaged(SourceFormat::Jpeg, CUT_SHORT),
        thumbnail_jpeg::Error::Damaged(detail) => Error::damaged(SourceFormat::Jpeg, detail),
        // Whether the reader is to blame is found out where all formats meet.
        thumbnail_jpeg::Error::Read(error) => Error::damaged(SourceFormat::Jpeg, error.to_string()),
        thumbnail_jpeg::Error::Stopped => Error::Cancelled,
        thumbnail_jpeg::Error::Unsupported(feature) => {
            Error::Unsupported { what: Cow::Owned(format!("a JPEG with {feature}")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_leaves_the_margin() {
        for (width, target, expected) in [
            (11648.0, 290.0, Scale::Eighth),
            (6000.0, 300.0, Scale::Eighth),
            (4032.0, 300.0, Scale::Quarter),
            (2048.0, 300.0, Scale::Half),
            (300.0, 300.0, Scale::Full),
        ] {
            assert_eq!(scale(target / width), expected, "{width} to {target}");
        }
    }
}
