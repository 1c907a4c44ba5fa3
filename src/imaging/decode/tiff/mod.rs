//! TIFF and BigTIFF: the first picture, row by row out of its strips or tiles.
//!
//! A directory may lie anywhere, and so may what it speaks of. Where it comes first and the pixels follow in their
//! order, the file is read as it arrives; otherwise, which is most often, it is read whole before it is looked into.
//!
//! Memory: the reduced picture, the list of strips or tiles, one row of a strip or tile as stored and one as it is
//! handed on; of tiles also the sums of all cells; of JPEG what its reader says; and the file unless it streams.

mod access;
mod canvas;
mod coding;
mod page;
mod samples;

use std::io::Read;

use crate::imaging::decode::tiff::access::Access;
use crate::imaging::decode::tiff::canvas::TiffCanvas;
use crate::imaging::decode::tiff::page::Page;
use crate::imaging::decoded::Decoded;
use crate::imaging::error::Error;
use crate::imaging::exif::directory::DirectoryError;
use crate::imaging::input::forward::ForwardReader;
use crate::imaging::input::source::{SourceReader, TRUNCATED};
use crate::imaging::limits::Budget;
use crate::imaging::plan::demand::Demand;
use crate::imaging::source_format::SourceFormat;

/// How far from the start a directory and its values may lie in a file that is read as it arrives, bytes.
const NEAR: u64 = 1024 * 1024;

pub(super) fn decode<R: Read>(
    source: &mut SourceReader<'_, R>,
    demand: Demand<'_>,
    budget: &mut Budget,
) -> Result<Decoded, Error> {
    let cancel = source.cancel();
    let near = near_page(source, budget)?;
    let file;
    let (page, access) = match near {
        Some(page) if page.is_in_order() => {
            (page, Access::Stream(ForwardReader::new(source, SourceFormat::Tiff)))
        }
        near => {
            file = source.take_bytes(budget)?;
            let page = near.map_or_else(|| Page::read(&file, budget).map_err(refusal), Ok)?;
            (page, Access::Memory(&file))
        }
    };
    let ratio = demand.ratio(demand.orientation(page.orientation).size(page.size));
    let canvas = TiffCanvas::new(&page, ratio, budget)?;
    let (picture, reduction, damage) = canvas.paint(access, cancel, budget)?;
    Ok(Decoded {
        orientation: page.orientation,
        profile: page.profile,
        copyright: page.copyright,
        damage,
        ..Decoded::plain(SourceFormat::Tiff, picture, page.size, reduction)
    })
}

/// The first page, if what is said of it lies at the start of the file.
fn near_page<R: Read>(source: &mut SourceReader<'_, R>, budget: &mut Budget) -> Result<Option<Page>, Error> {
    let mut wanted = 4096;
    loop {
        let head = source.head(wanted)?;
        let before = budget.left();
        match Page::read(head, budget) {
            Ok(page) => return Ok(Some(page)),
            Err(DirectoryError::Refused(error)) => return Err(error),
            Err(DirectoryError::Truncated(_)) if head.len() < wanted => {
                return Err(Error::damaged(SourceFormat::Tiff, TRUNCATED));
            }
            Err(DirectoryError::Truncated(end)) if end > NEAR => {
                budget.release(before.saturating_sub(budget.left()));
                return Ok(None);
            }
            Err(DirectoryError::Truncated(end)) => {
                budget.release(before.saturating_sub(budget.left()));
                wanted = usize::try_from(end).unwrap_or(usize::MAX);
            }
        }
    }
}

/// Taken for the file's fault; whether the reader is to blame is found out where all formats meet.
fn refusal(stop: DirectoryError) -> Error {
    match stop {
        DirectoryError::Truncated(_) => Error::damaged(SourceFormat::Tiff, TRUNCATED),
        DirectoryError::Refused(error) => error,
    }
}
