//! BMP decoder: rows while the file arrives, most often from the bottom, averaged over cells.
//!
//! Memory: the reduced picture, one row as stored and one as converted, and an embedded profile.
//!
//! Many programs leave alpha 0 everywhere and mean an opaque picture. A picture with alpha is therefore also reduced
//! without it, until a pixel with another alpha comes. This doubles the memory of the reduced picture.

mod header;
mod pixels;
mod run_lengths;

use std::io::Read;

use crate::imaging::decode::bmp::header::BmpHeader;
use crate::imaging::decode::bmp::pixels::PixelCoding;
use crate::imaging::decoded::Decoded;
use crate::imaging::error::Error;
use crate::imaging::input::forward::ForwardReader;
use crate::imaging::input::source::SourceReader;
use crate::imaging::limits::{Budget, bytes_of, to_u64};
use crate::imaging::picture::geometry::{Cell, Size};
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::picture::{Depth, Picture, side};
use crate::imaging::pixels::reduce::Reducer;
use crate::imaging::plan::demand::Demand;
use crate::imaging::source_format::SourceFormat;

const FORMAT: SourceFormat = SourceFormat::Bmp;

/// Longest profile that is read, bytes; longer ones are ignored.
const LONGEST_PROFILE: u32 = 4_000_000;

/// Decodes a BMP.
///
/// # Errors
/// As [`decode::decode`](crate::imaging::decode::decode).
pub(super) fn decode<R: Read>(
    source: &mut SourceReader<'_, R>,
    demand: Demand<'_>,
    budget: &mut Budget,
) -> Result<Decoded, Error> {
    let cancel = source.cancel();
    let mut file = ForwardReader::new(source, FORMAT);
    let header = BmpHeader::read(&mut file)?;
    let full = header.size;
    budget.admit(full)?;
    let mut canvas =
        BmpCanvas::new(&header, Reducer::cell(demand.ratio(full, Orientation::default())), budget)?;
    let (start, length) = header.profile.filter(|(_, length)| *length <= LONGEST_PROFILE).unwrap_or_default();
    budget.reserve(length.into())?;
    let mut profile = None;
    // The profile may be stored before or after the pixels.
    if (1..header.pixels).contains(&start) {
        profile = read_profile(&mut file, start, length)?;
    }
    file.skip_to(header.pixels)?;
    let push = |row: &[u8]| {
        canvas.push(row);
        cancel.check()
    };
    match &header.coding {
        PixelCoding::RunLengths { unit, palette } => {
            budget.reserve(bytes_of(Size { height: 1, ..full }, 3))?;
            run_lengths::decode(&mut file, (*unit, palette), full, push)?;
        }
        coding => decode_uncompressed(&mut file, coding, full, budget, push)?,
    }
    if start >= header.pixels {
        profile = read_profile(&mut file, start, length)?;
    }
    let (picture, cell) = canvas.finish();
    Ok(Decoded { profile, ..Decoded::plain(FORMAT, picture, full, cell) })
}

/// Converts rows and pushes them in the order of the file.
fn decode_uncompressed<R: Read>(
    file: &mut ForwardReader<'_, '_, R>,
    coding: &PixelCoding,
    size: Size,
    budget: &mut Budget,
    mut push: impl FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let stored = (u64::from(size.width) * coding.bits()).div_ceil(8);
    let length = side(size.width).saturating_mul(coding.layout().channels());
    budget.reserve(stored.saturating_add(to_u64(length)))?;
    let mut stored = vec![0; usize::try_from(stored).unwrap_or(usize::MAX)];
    let mut row = vec![0; length];
    // Rows are padded to a multiple of 4 bytes; after the last row the padding may be missing.
    let padding = to_u64(stored.len().next_multiple_of(4) - stored.len());
    for y in 0..size.height {
        if y > 0 {
            file.skip_to(file.position() + padding)?;
        }
        file.read(&mut stored)?;
        coding.convert(&stored, &mut row);
        push(&row)?;
    }
    Ok(())
}

/// Reads a profile; `None` if the file is truncated before its end.
fn read_profile<R: Read>(
    file: &mut ForwardReader<'_, '_, R>,
    start: u64,
    length: u32,
) -> Result<Option<Vec<u8>>, Error> {
    let mut profile = vec![0; side(length)];
    match file.skip_to(start).and_then(|()| file.read(&mut profile)) {
        Ok(()) => Ok(Some(profile)),
        Err(Error::Damaged { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The picture while it is reduced.
struct BmpCanvas {
    reducer: Reducer,
    /// The same picture without alpha, as long as all alpha is 0.
    opaque: Option<OpaqueCopy>,
}

struct OpaqueCopy {
    reducer: Reducer,
    row: Vec<u8>,
}

impl BmpCanvas {
    /// Reserves and allocates the reduced pictures.
    fn new(header: &BmpHeader, cell: Cell, budget: &mut Budget) -> Result<Self, Error> {
        let layout = header.coding.layout();
        let mut reducer = || {
            let reducer = Reducer::new(header.size, layout, Depth::Eight, cell, budget)?;
            Ok::<_, Error>(if header.is_top_down { reducer } else { reducer.bottom_first() })
        };
        let (reducer, opaque) = (reducer()?, if layout.has_alpha() { Some(reducer()?) } else { None });
        budget.reserve(if opaque.is_some() { u64::from(header.size.width) * 4 } else { 0 })?;
        Ok(Self { reducer, opaque: opaque.map(|reducer| OpaqueCopy { reducer, row: Vec::new() }) })
    }

    fn push(&mut self, row: &[u8]) {
        self.reducer.push(row);
        let Some(OpaqueCopy { reducer, row: copy }) = &mut self.opaque else { return };
        let pixels = row.as_chunks::<4>().0;
        if pixels.iter().any(|[.., alpha]| *alpha != 0) {
            self.opaque = None;
            return;
        }
        copy.clear();
        copy.extend(pixels.iter().flat_map(|[r, g, b, _]| [*r, *g, *b, u8::MAX]));
        reducer.push(copy);
    }

    fn finish(self) -> (Picture, Cell) {
        self.opaque.map_or(self.reducer, |opaque| opaque.reducer).finish()
    }
}
