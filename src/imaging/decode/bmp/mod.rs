//! BMP decoder: rows while the file arrives, most often from the bottom, scaled as they come.
//!
//! Memory: the scalers of [`canvas`], one row as stored and one as converted, and an embedded profile.

mod canvas;
mod header;
mod pixels;
mod run_lengths;

use std::io::Read;

use crate::imaging::damage::Damage;
use crate::imaging::decode::bmp::canvas::BmpCanvas;
use crate::imaging::decode::bmp::header::BmpHeader;
use crate::imaging::decode::bmp::pixels::PixelCoding;
use crate::imaging::decoded::Decoded;
use crate::imaging::error::Error;
use crate::imaging::input::forward::ForwardReader;
use crate::imaging::input::source::{SourceReader, TRUNCATED};
use crate::imaging::limits::{Budget, Cancel, bytes_of, to_u64};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::side;
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
    let mut canvas = BmpCanvas::new(&header, demand, budget)?;
    let (start, length) = header.profile.filter(|(_, length)| *length <= LONGEST_PROFILE).unwrap_or_default();
    budget.reserve(length.into())?;
    let mut profile = None;
    // The profile may be stored before or after the pixels.
    if (1..header.pixels).contains(&start) {
        profile = read_profile(&mut file, start, length)?;
    }
    file.skip_to(header.pixels)?;
    let end = match &header.coding {
        PixelCoding::RunLengths { unit, palette } => {
            budget.reserve(bytes_of(Size { height: 1, ..full }, 3))?;
            run_lengths::decode(&mut file, (*unit, palette), full, &mut canvas, cancel)
        }
        coding => decode_uncompressed(&mut file, coding, full, budget, &mut canvas, cancel),
    };
    let damage = Damage::after(end, canvas.missing())?;
    if start >= header.pixels {
        profile = read_profile(&mut file, start, length)?;
    }
    Ok(Decoded { profile, damage, ..Decoded::plain(FORMAT, canvas.finish()) })
}

/// Converts rows where that is needed, and pushes them in the order of the file.
fn decode_uncompressed<R: Read>(
    file: &mut ForwardReader<'_, '_, R>,
    coding: &PixelCoding,
    size: Size,
    budget: &mut Budget,
    canvas: &mut BmpCanvas,
    cancel: &Cancel,
) -> Result<(), Error> {
    let stored_bytes = (u64::from(size.width) * coding.bits()).div_ceil(8);
    let length = match coding.is_reversed() {
        true => 0,
        false => side(size.width).saturating_mul(coding.layout().channels()),
    };
    budget.reserve(stored_bytes.saturating_add(to_u64(length)))?;
    let mut stored = vec![0; usize::try_from(stored_bytes).unwrap_or(usize::MAX)];
    let mut row = vec![0; length];
    // Rows are padded to a multiple of 4 bytes; after the last row the padding may be missing.
    let padding = to_u64(stored.len().next_multiple_of(4) - stored.len());
    for y in 0..size.height {
        if y > 0 {
            file.skip_to(file.position() + padding)?;
        }
        cancel.check()?;
        let came = file.read_start(&mut stored)?;
        let row = if coding.is_reversed() {
            &mut stored
        } else {
            coding.convert(&stored, &mut row);
            &mut row
        };
        if to_u64(came) < stored_bytes {
            canvas.push_start(row, to_u64(came) * 8 / coding.bits());
            return Err(file.damaged(TRUNCATED));
        }
        canvas.push(row);
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
