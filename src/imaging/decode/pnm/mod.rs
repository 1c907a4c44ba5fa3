//! PNM decoder: bitmaps, grey maps and colour maps (P1 to P6), and PAM (P7).
//!
//! Rows are decoded and averaged while the file arrives. Only the first image of a file is decoded. Memory: the reduced
//! picture, one row as stored and one as converted.

mod header;

use std::io::Read;

use crate::imaging::damage::{Damage, PartialRow};
use crate::imaging::decode::pnm::header::{NumberEnd, PnmHeader, SampleCoding};
use crate::imaging::decoded::Decoded;
use crate::imaging::error::Error;
use crate::imaging::input::forward::ForwardReader;
use crate::imaging::input::source::{SourceReader, TRUNCATED};
use crate::imaging::limits::{Budget, to_u64};
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::picture::{Depth, side};
use crate::imaging::pixels::source_rows::SourceRows;
use crate::imaging::pixels::source_scaler::SourceScaler;
use crate::imaging::plan::demand::Demand;
use crate::imaging::source_format::SourceFormat;

const FORMAT: SourceFormat = SourceFormat::Pnm;

/// Decodes a PNM.
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
    let header = PnmHeader::read(&mut file)?;
    let full = header.size;
    budget.admit(full)?;
    let depth = header.depth();
    let samples = side(full.width).saturating_mul(header.layout.channels());
    let length = samples.saturating_mul(depth.bytes());
    budget.reserve(to_u64(length).saturating_mul(2))?;
    let rows = SourceRows::all(full, header.layout, depth);
    let mut scaler = SourceScaler::new(rows, demand, Some(Orientation::UPRIGHT), budget)?;
    let mut row = vec![0; length];
    let mut bits =
        vec![0; if header.coding == SampleCoding::Bits { side(full.width).div_ceil(8) } else { 0 }];
    let end = (0..full.height).rev().try_for_each(|rows_left| {
        cancel.check()?;
        let end = if rows_left == 0 { NumberEnd::SpaceOrEof } else { NumberEnd::Space };
        let decoded = read_row(&mut file, &header, &mut bits, &mut row, end);
        scale_to_full_range(&mut row, header.max_value, depth);
        scaler.push_decoded(&mut row, decoded)
    });
    let damage = Damage::after(end, scaler.missing())?;
    Ok(Decoded { damage, ..Decoded::plain(FORMAT, scaler.finish()) })
}

/// Reads a row as it is stored, with samples of one or two bytes. `bits` has room for a row of bits; `last_number` is
/// how the row's last number may end.
fn read_row<R: Read>(
    file: &mut ForwardReader<'_, '_, R>,
    header: &PnmHeader,
    bits: &mut [u8],
    row: &mut [u8],
    last_number: NumberEnd,
) -> Result<(), PartialRow> {
    let samples = row.len() / header.depth().bytes();
    // The samples that came, or the reason why only some did.
    let (came, error) = match header.coding {
        SampleCoding::Bits => {
            let came = file.read_start(bits);
            let bits = bits.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
            row.iter_mut().zip(bits).for_each(|(sample, bit)| *sample = 1 - bit);
            came.map_or_else(|error| (0, Some(error)), |bytes| (bytes * 8, None))
        }
        SampleCoding::Bytes => file
            .read_start(row)
            .map_or_else(|error| (0, Some(error)), |bytes| (bytes / header.depth().bytes(), None)),
        SampleCoding::Digits => {
            read_samples(row.chunks_exact_mut(1), |_, sample| read_bit(file).map(|bit| sample.fill(1 - bit)))
        }
        SampleCoding::Numbers => {
            read_samples(row.chunks_exact_mut(header.depth().bytes()), |index, sample| {
                read_number(file, sample, if index + 1 == samples { last_number } else { NumberEnd::Space })
            })
        }
    };
    if came >= samples {
        return Ok(());
    }
    let error = error.unwrap_or_else(|| file.damaged(TRUNCATED));
    Err(PartialRow { pixels: came / header.layout.channels(), error })
}

/// Reads samples one by one. Returns their number, and the reason if it is not all.
fn read_samples<'r>(
    samples: impl Iterator<Item = &'r mut [u8]>,
    mut read: impl FnMut(usize, &mut [u8]) -> Result<(), Error>,
) -> (usize, Option<Error>) {
    let mut came = 0;
    for sample in samples {
        if let Err(error) = read(came, sample) {
            return (came, Some(error));
        }
        came += 1;
    }
    (came, None)
}

/// Reads the next digit of a bitmap. White space between digits is optional.
fn read_bit<R: Read>(file: &mut ForwardReader<'_, '_, R>) -> Result<u8, Error> {
    loop {
        match file.byte()? {
            digit @ (b'0' | b'1') => return Ok(digit - b'0'),
            space if space.is_ascii_whitespace() => (),
            b'#' => while file.byte()? != b'\n' {},
            other => {
                return Err(file.damaged(&format!("{} stands in the place of a bit", other.escape_ascii())));
            }
        }
    }
}

/// Reads a decimal number into the storage of [`SampleCoding::Bytes`].
fn read_number<R: Read>(
    file: &mut ForwardReader<'_, '_, R>,
    sample: &mut [u8],
    end: NumberEnd,
) -> Result<(), Error> {
    let number = header::number(file, end)?;
    let [high, low] = u16::try_from(number).unwrap_or(u16::MAX).to_be_bytes();
    match sample {
        [only] => *only = if high == 0 { low } else { u8::MAX },
        pair => pair.copy_from_slice(&[high, low]),
    }
    Ok(())
}

/// Scales samples of 0 to `max_value` to the full range of `depth`, and converts them from big-endian to the machine's
/// byte order. Samples above `max_value` are clamped.
///
/// `max_value` / 2 is added to round to nearest. The numerators fit their types: 255² + 127 is below 2^16, and
/// 65,535² + 32,767 is below 2^32.
fn scale_to_full_range(row: &mut [u8], max_value: u16, depth: Depth) {
    debug_assert!(max_value > 0 && (depth == Depth::Sixteen || max_value <= u16::from(u8::MAX)));
    match depth {
        Depth::Eight if max_value == u16::from(u8::MAX) => (),
        Depth::Eight => {
            let scaled = |sample: u8| (u16::from(sample).min(max_value) * 255 + max_value / 2) / max_value;
            row.iter_mut().for_each(|sample| *sample = u8::try_from(scaled(*sample)).unwrap_or(u8::MAX));
        }
        Depth::Sixteen => {
            let max_value = u32::from(max_value);
            let scaled =
                |sample: u16| (u32::from(sample).min(max_value) * 65_535 + max_value / 2) / max_value;
            for pair in row.as_chunks_mut::<2>().0 {
                let sample = u16::from_be_bytes(*pair);
                *pair = u16::try_from(scaled(sample)).unwrap_or(u16::MAX).to_ne_bytes();
            }
        }
    }
}
