//! PCX decoder (ZSoft PCX File Format, revision 5), by the crate `pcx`.
//!
//! Rows come one by one, but a palette of 256 colours is at the end of the file, which is therefore read whole. Without
//! one the palette is in the header.
//!
//! Memory: the file, one row, and the scaler.

use std::io::{self, Read};

use pcx::Reader;

use crate::imaging::damage::{Damage, PartialRow};
use crate::imaging::decoded::Decoded;
use crate::imaging::error::Error;
use crate::imaging::input::source::{SourceReader, TRUNCATED};
use crate::imaging::limits::{Budget, to_u64};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::picture::{Depth, Layout, side};
use crate::imaging::pixels::source_rows::SourceRows;
use crate::imaging::pixels::source_scaler::SourceScaler;
use crate::imaging::plan::demand::Demand;
use crate::imaging::source_format::SourceFormat;

const FORMAT: SourceFormat = SourceFormat::Pcx;

/// Decodes a PCX.
///
/// # Errors
/// As [`decode::decode`](crate::imaging::decode::decode).
pub(super) fn decode<R: Read>(
    source: &mut SourceReader<'_, R>,
    demand: Demand<'_>,
    budget: &mut Budget,
) -> Result<Decoded, Error> {
    let cancel = source.cancel();
    let file = source.take_bytes(budget)?;
    let mut reader = Reader::from_mem(&file).map_err(|error| decode_error(&error))?;
    let (width, height) = reader.dimensions();
    let full = Size { width: width.into(), height: height.into() };
    if full.pixels() == 0 {
        return Err(Error::damaged(FORMAT, "it has no pixels"));
    }
    budget.admit(full)?;
    let palette = reader.palette_length().map(|colors| palette(&reader, &file, colors)).transpose()?;
    let indices = side(full.width);
    // Two bytes beyond the last colour: indices of one bit are unpacked in place.
    budget.reserve(to_u64(indices.saturating_mul(4)))?;
    let rows = SourceRows::all(full, Layout::Rgb, Depth::Eight);
    let mut scaler = SourceScaler::new(rows, demand, Some(Orientation::UPRIGHT), budget)?;
    let (mut row, mut index_row) = (vec![0; indices.saturating_mul(3)], vec![0; indices]);
    let end = (0..height).try_for_each(|_| {
        cancel.check()?;
        let read = match &palette {
            Some(palette) => reader.next_row_paletted(&mut index_row).map(|()| {
                for (pixel, index) in row.as_chunks_mut::<3>().0.iter_mut().zip(&index_row) {
                    *pixel = palette.get(usize::from(*index)).copied().unwrap_or_default();
                }
            }),
            None => reader.next_row_rgb(&mut row),
        };
        let partial = read.map_err(|error| PartialRow { pixels: 0, error: decode_error(&error) });
        scaler.push_decoded(&mut row, partial)
    });
    let damage = Damage::after(end, scaler.missing())?;
    Ok(Decoded { damage, ..Decoded::plain(FORMAT, scaler.finish()) })
}

/// The palette: of 256 colours at the end, after the byte 12, else of the header. Two colours are black and white, as
/// the header of such files often holds none.
fn palette(reader: &Reader<io::Cursor<&[u8]>>, file: &[u8], colors: u16) -> Result<Vec<[u8; 3]>, Error> {
    match colors {
        2 => Ok(vec![[0; 3], [u8::MAX; 3]]),
        256 => {
            let tail = file.last_chunk::<769>().and_then(|tail| tail.split_first());
            let (_, palette) = tail
                .filter(|(mark, _)| **mark == 12)
                .ok_or_else(|| Error::damaged(FORMAT, "its palette is missing at its end"))?;
            Ok(palette.as_chunks::<3>().0.to_vec())
        }
        _ => Ok(reader.header.palette.to_vec()),
    }
}

fn decode_error(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::damaged(FORMAT, TRUNCATED),
        _ => Error::damaged(FORMAT, error.to_string()),
    }
}
