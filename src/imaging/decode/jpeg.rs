//! JPEG, at the scale that is needed, by [`thumbnail_jpeg`].
//!
//! Memory: metadata; the picture, averaged further where its recipes allow; and what the reader says it takes.

use std::borrow::Cow;
use std::io::{BufRead, Read};
use std::num::NonZeroUsize;

use thumbnail_jpeg::{Head, Scale, Wanted, height_at_end};

use super::super::credits::Credits;
use super::super::damage::Damage;
use super::super::geometry::{Demand, Size};
use super::super::limits::{Budget, Cancel};
use super::super::orient::Orientation;
use super::super::picture::{Depth, Grain, Layout, Picture};
use super::super::reduce::Reducer;
use super::super::source::{CUT_SHORT, Source};
use super::super::{Error, SourceFormat};
use super::{Decoded, exif_orientation, reserved};

const FORMAT: SourceFormat = SourceFormat::Jpeg;

/// Decoded pixels for each pixel of the thumbnail, at least, when decoding smaller than the file.
const MARGIN: f64 = 2.4;

/// Smaller pictures are decoded on one thread: they are done by the time that another one is awake and pays.
const LARGE: u64 = 20_000_000;

/// Parts in which the share of a picture that is lost is counted.
const PARTS: f64 = 1e6;

pub(super) fn decode<R: Read>(
    source: &mut Source<'_, R>,
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
    head.frame.height = height_at_end(&bytes).ok_or_else(|| damaged("it has no height"))?;
    let rest = usize::try_from(head.length).ok().and_then(|length| bytes.get(length..));
    picture(&head, cancel, rest.unwrap_or_default(), demand, budget)
}

/// Reserves what [`decode`] does by the header of a file, and gives the picture without its pixels.
pub(in super::super) fn rehearse(
    header: &[u8],
    demand: Demand<'_>,
    budget: &mut Budget,
) -> Result<Decoded, Error> {
    let head = Head::read(header).map_err(refusal)?;
    let sheet = Sheet::new(&head, demand, budget)?;
    let picture = Reducer::hollow(sheet.size, sheet.layout, Depth::Eight, sheet.cell, budget)?;
    Ok(sheet.decoded(&head, picture, sheet.cell, Damage::NONE))
}

fn picture(
    head: &Head,
    cancel: &Cancel,
    reader: impl BufRead,
    demand: Demand<'_>,
    budget: &mut Budget,
) -> Result<Decoded, Error> {
    let sheet = Sheet::new(head, demand, budget)?;
    let mut reducer = Reducer::new(sheet.size, sheet.layout, Depth::Eight, sheet.cell, budget)?;
    let threads = if sheet.full.pixels() < LARGE { NonZeroUsize::MIN } else { budget.threads() };
    let wanted = Wanted { scale: sheet.scale, reduction: sheet.left, threads };
    let summary = head.decode(reader, wanted, |row| {
        reducer.push(row);
        if cancel.is_cancelled() { Err(thumbnail_jpeg::Error::Stopped) } else { Ok(()) }
    });
    let summary = summary.map_err(refusal)?;
    let (picture, cell) = reducer.finish();
    Ok(sheet.decoded(head, picture, cell, damage(summary.lost)))
}

/// How a picture is to be read.
struct Sheet {
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

impl Sheet {
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
            picture,
            full: self.full,
            reduction: (self.scale.reduction() * cell).into(),
            grain: if self.scale == Scale::Eighth { Grain::Means } else { Grain::of(cell) },
            orientation: self.orientation,
            profile: head.metadata.profile(),
            credits: head.metadata.exif.as_deref().map(Credits::read).unwrap_or_default(),
            format: FORMAT,
            quality: head.quality(),
            damage,
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and PARTS")]
fn damage(lost: f64) -> Damage {
    Damage { lost: (lost * PARTS).ceil() as u64, all: PARTS as u64 }
}

/// The smallest scale that leaves [`MARGIN`].
fn scale(ratio: f64) -> Scale {
    let enough = |scale: &Scale| MARGIN * ratio * f64::from(scale.reduction()) <= 1.0;
    [Scale::Eighth, Scale::Quarter, Scale::Half].into_iter().find(enough).unwrap_or(Scale::Full)
}

fn refusal(error: thumbnail_jpeg::Error) -> Error {
    match error {
        thumbnail_jpeg::Error::CutShort => damaged(CUT_SHORT),
        thumbnail_jpeg::Error::Damaged(detail) => damaged(&detail),
        // Whether the reader is to blame is found out where all formats meet.
        thumbnail_jpeg::Error::Read(error) => damaged(&error.to_string()),
        thumbnail_jpeg::Error::Stopped => Error::Cancelled,
        thumbnail_jpeg::Error::Unsupported(feature) => {
            Error::Unsupported { what: Cow::Owned(format!("a JPEG with {feature}")) }
        }
    }
}

fn damaged(detail: &str) -> Error {
    Error::Damaged { format: FORMAT, detail: detail.to_owned() }
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
