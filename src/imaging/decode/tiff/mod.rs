//! TIFF and BigTIFF: the first picture, row by row out of its strips or tiles.
//!
//! A directory may lie anywhere, and so may what it speaks of. Where it comes first and the pixels follow in their
//! order, the file is read as it arrives; otherwise, which is most often, it is read whole before it is looked into.
//!
//! Memory: the reduced picture, the list of strips or tiles, one row of a strip or tile as stored and one as it is
//! handed on; of tiles also the sums of all cells; of JPEG what its reader says; and the file unless it streams.

mod canvas;
mod coding;
mod page;
mod samples;

use std::borrow::Cow;
use std::io::Read;

use crate::imaging::decode::tiff::canvas::Canvas;
use crate::imaging::decode::tiff::coding::Coded;
use crate::imaging::decode::tiff::page::{Page, Place};
use crate::imaging::decoded::Decoded;
use crate::imaging::error::Error;
use crate::imaging::exif::directory::Stop;
use crate::imaging::input::forward::Forward;
use crate::imaging::input::probe::SourceFormat;
use crate::imaging::input::source::{CUT_SHORT, Source};
use crate::imaging::limits::Budget;
use crate::imaging::picture::Grain;
use crate::imaging::plan::demand::Demand;

const FORMAT: SourceFormat = SourceFormat::Tiff;

/// How far from the start a directory and its values may lie in a file that is read as it arrives, bytes.
const NEAR: u64 = 1024 * 1024;

pub(super) fn decode<R: Read>(
    source: &mut Source<'_, R>,
    demand: Demand<'_>,
    budget: &mut Budget,
) -> Result<Decoded, Error> {
    let cancel = source.cancel();
    let near = near_page(source, budget)?;
    let file;
    let (page, access) = match near {
        Some(page) if page.is_in_order() => (page, Access::Stream(Forward::new(source, FORMAT))),
        near => {
            file = source.take_bytes(budget)?;
            let page = near.map_or_else(|| Page::read(&file, budget).map_err(refusal), Ok)?;
            (page, Access::Memory(&file))
        }
    };
    let ratio = demand.ratio(demand.orientation(page.orientation).size(page.size));
    let canvas = Canvas::new(&page, ratio, budget)?;
    let (picture, reduction, damage) = canvas.paint(access, cancel, budget)?;
    Ok(Decoded {
        picture,
        full: page.size,
        reduction: reduction.into(),
        grain: Grain::of(reduction),
        orientation: page.orientation,
        profile: page.profile,
        credits: page.credits,
        format: FORMAT,
        damage,
        quality: None,
    })
}

/// The first page, if what is said of it lies at the start of the file.
fn near_page<R: Read>(source: &mut Source<'_, R>, budget: &mut Budget) -> Result<Option<Page>, Error> {
    let mut wanted = 4096;
    loop {
        let head = source.head(wanted)?;
        let before = budget.left();
        match Page::read(head, budget) {
            Ok(page) => return Ok(Some(page)),
            Err(Stop::Refused(error)) => return Err(error),
            Err(Stop::Beyond(_)) if head.len() < wanted => return Err(damaged(CUT_SHORT)),
            Err(Stop::Beyond(end)) if end > NEAR => {
                budget.release(before.saturating_sub(budget.left()));
                return Ok(None);
            }
            Err(Stop::Beyond(end)) => {
                budget.release(before.saturating_sub(budget.left()));
                wanted = usize::try_from(end).unwrap_or(usize::MAX);
            }
        }
    }
}

/// Where chunks are read from.
enum Access<'f, 's, 'a, R> {
    Memory(&'f [u8]),
    Stream(Forward<'s, 'a, R>),
}

impl<R: Read> Access<'_, '_, '_, R> {
    /// The chunks at some places; of a stream, one that lies before all that were asked for since.
    fn open(&mut self, places: &[Place]) -> Result<Vec<Coded<'_>>, Error> {
        match (self, places) {
            (Self::Memory(file), places) => {
                let file: &[u8] = file;
                Ok(places.iter().map(|place| -> Coded<'_> { Box::new(place.of(file)) }).collect())
            }
            (Self::Stream(file), [place]) => {
                file.skip_to(place.start)?;
                Ok(vec![Box::new(file.part(place.length))])
            }
            (Self::Stream(_), _) => Ok(Vec::new()),
        }
    }
}

/// Taken for the file's fault; whether the reader is to blame is found out where all formats meet.
fn refusal(stop: Stop) -> Error {
    match stop {
        Stop::Beyond(_) => damaged(CUT_SHORT),
        Stop::Refused(error) => error,
    }
}

fn damaged(detail: &str) -> Error {
    Error::Damaged { format: FORMAT, detail: detail.to_owned() }
}

fn unsupported(feature: &str) -> Error {
    Error::Unsupported { what: Cow::Owned(format!("this variety of TIFF ({feature})")) }
}
