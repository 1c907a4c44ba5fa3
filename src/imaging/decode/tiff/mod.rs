//! TIFF and BigTIFF decoder (TIFF 6.0): the first page, from its strips or tiles.
//!
//! A directory may lie anywhere in the file, and so may its values and the pixels. If the directory comes first and the
//! chunks follow in order, the file is decoded while it arrives. Otherwise, which is usual, it is read whole first.
//!
//! Memory: the reduced picture, the list of chunks, one row of a chunk as stored and one as converted. Tiles also
//! take the sums of all cells, JPEG what its decoder states, and files that are not streamed their length.

mod access;
mod canvas;
mod chunks;
mod coded;
mod coding;
mod fax;
mod lab;
mod numbers;
mod old_jpeg;
mod page;
mod pixel_format;
mod predictor;
mod samples;
mod work;
mod ycbcr;

use std::io::Read;

use crate::imaging::decode::tiff::access::ChunkAccess;
use crate::imaging::decode::tiff::canvas::TiffCanvas;
use crate::imaging::decode::tiff::page::Page;
use crate::imaging::decoded::Decoded;
use crate::imaging::error::Error;
use crate::imaging::exif::directory::DirectoryError;
use crate::imaging::input::forward::ForwardReader;
use crate::imaging::input::source::{SourceReader, TRUNCATED};
use crate::imaging::limits::{Budget, to_u64};
use crate::imaging::plan::demand::Demand;
use crate::imaging::source_format::SourceFormat;

/// Most bytes from the start of a file within which the directory of a streamed file and its values must lie.
const MAX_STREAMED_DIRECTORY: u64 = 1024 * 1024;

/// Bytes in which the directory is looked for first.
const FIRST_BYTES: usize = 4096;

/// Decodes the first page of a TIFF.
///
/// # Errors
/// As [`decode::decode`](crate::imaging::decode::decode).
pub(super) fn decode<R: Read>(
    source: &mut SourceReader<'_, R>,
    demand: Demand<'_>,
    budget: &mut Budget,
) -> Result<Decoded, Error> {
    let cancel = source.cancel();
    let early_page = read_early_page(source, budget)?;
    let file;
    let (mut page, mut access, length) = match early_page {
        Some(page) if page.is_in_order() => {
            // The chunks of a stream are read once, so that they count as they are where the length is not known.
            let length = source.length().unwrap_or(u64::MAX);
            (page, ChunkAccess::Stream(ForwardReader::new(source, SourceFormat::Tiff)), length)
        }
        early_page => {
            file = source.take_bytes(budget)?;
            let page =
                early_page.map_or_else(|| Page::read(&file, true, budget).map_err(directory_error), Ok)?;
            (page, ChunkAccess::Memory(&file), to_u64(file.len()))
        }
    };
    page.limit_work(length)?;
    if page.needs_range() {
        let range = TiffCanvas::range(&page, &mut access, cancel, budget)?;
        page.samples.scale = range.scale(page.samples.kind);
    }
    let canvas = TiffCanvas::new(&page, demand, budget)?;
    let (scaled, damage) = canvas.decode(access, cancel, budget)?;
    Ok(Decoded {
        orientation: page.orientation,
        profile: page.profile,
        copyright: page.copyright,
        provenance: page.provenance,
        damage,
        ..Decoded::plain(SourceFormat::Tiff, scaled)
    })
}

/// The first page, if its directory and all values lie near the start of the file.
///
/// Reading is repeated with more bytes until nothing is missing; each failed attempt returns its reservations.
fn read_early_page<R: Read>(
    source: &mut SourceReader<'_, R>,
    budget: &mut Budget,
) -> Result<Option<Page>, Error> {
    let mut wanted = FIRST_BYTES;
    loop {
        let head = source.head(wanted)?;
        let before = budget.left();
        match Page::read(head, head.len() < wanted, budget) {
            Ok(page) => return Ok(Some(page)),
            Err(DirectoryError::Refused(error)) => return Err(error),
            Err(DirectoryError::Truncated(_)) if head.len() < wanted => {
                return Err(Error::damaged(SourceFormat::Tiff, TRUNCATED));
            }
            Err(DirectoryError::Truncated(end)) if end > MAX_STREAMED_DIRECTORY => {
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

/// The error of a whole file. `decode::decode` replaces it if the source's reader failed.
fn directory_error(error: DirectoryError) -> Error {
    match error {
        DirectoryError::Truncated(_) => Error::damaged(SourceFormat::Tiff, TRUNCATED),
        DirectoryError::Refused(error) => error,
    }
}
