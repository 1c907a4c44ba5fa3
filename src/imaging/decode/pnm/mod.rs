//! PNM, row by row as it arrives: the bitmaps, grey and colour maps P1 to P6, and PAM, which is P7.
//!
//! Memory: the reduced picture, one row as stored and one as it is handed on. Of several pictures the first counts.

mod header;

use std::io::Read;

use crate::imaging::decode::pnm::header::{PnmHeader, SampleCoding};
use crate::imaging::decoded::Decoded;
use crate::imaging::error::Error;
use crate::imaging::input::forward::ForwardReader;
use crate::imaging::input::source::SourceReader;
use crate::imaging::limits::{Budget, to_u64};
use crate::imaging::picture::{Depth, side};
use crate::imaging::pixels::reduce::Reducer;
use crate::imaging::plan::demand::Demand;
use crate::imaging::source_format::SourceFormat;

const FORMAT: SourceFormat = SourceFormat::Pnm;

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
    let cell = Reducer::cell(demand.ratio(full));
    let mut reducer = Reducer::new(full, header.layout, depth, cell, budget)?;
    let mut row = vec![0; length];
    let mut bits =
        vec![0; if header.coding == SampleCoding::Bits { side(full.width).div_ceil(8) } else { 0 }];
    for _ in 0..full.height {
        cancel.check()?;
        match header.coding {
            SampleCoding::Bits => {
                file.read(&mut bits)?;
                let bits = bits.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
                row.iter_mut().zip(bits).for_each(|(place, bit)| *place = 1 - bit);
            }
            SampleCoding::Bytes => file.read(&mut row)?,
            SampleCoding::Digits => {
                row.iter_mut().try_for_each(|place| digit(&mut file).map(|bit| *place = 1 - bit))?
            }
            SampleCoding::Numbers => numbers(&mut file, &mut row, depth)?,
        }
        scale(&mut row, header.most, depth);
        reducer.push(&row);
    }
    let (picture, reduction) = reducer.finish();
    Ok(Decoded::plain(FORMAT, picture, full, reduction))
}

/// The next digit of a bitmap; blanks between them mean nothing.
fn digit<R: Read>(file: &mut ForwardReader<'_, '_, R>) -> Result<u8, Error> {
    loop {
        match file.byte()? {
            digit @ (b'0' | b'1') => return Ok(digit - b'0'),
            blank if blank.is_ascii_whitespace() => (),
            b'#' => while file.byte()? != b'\n' {},
            other => {
                return Err(file.damaged(&format!("{} stands in the place of a bit", other.escape_ascii())));
            }
        }
    }
}

/// A row of decimal numbers, as it would be in bytes.
fn numbers<R: Read>(file: &mut ForwardReader<'_, '_, R>, row: &mut [u8], depth: Depth) -> Result<(), Error> {
    for place in row.chunks_exact_mut(depth.bytes()) {
        let number = header::number(file)?;
        let [high, low] = u16::try_from(number).unwrap_or(u16::MAX).to_be_bytes();
        match place {
            [only] => *only = if high == 0 { low } else { u8::MAX },
            pair => pair.copy_from_slice(&[high, low]),
        }
    }
    Ok(())
}

/// Brings samples that go up to `most` to the whole range, in the machine's byte order. What is above counts as `most`.
fn scale(row: &mut [u8], most: u16, depth: Depth) {
    match depth {
        Depth::Eight if most == u16::from(u8::MAX) => (),
        Depth::Eight => {
            let scaled = |sample: u8| (u16::from(sample).min(most) * 255 + most / 2) / most;
            row.iter_mut().for_each(|place| *place = u8::try_from(scaled(*place)).unwrap_or(u8::MAX));
        }
        Depth::Sixteen => {
            let most = u32::from(most);
            let scaled = |sample: u16| (u32::from(sample).min(most) * 65_535 + most / 2) / most;
            for pair in row.as_chunks_mut::<2>().0 {
                let sample = u16::from_be_bytes(*pair);
                *pair = u16::try_from(scaled(sample)).unwrap_or(u16::MAX).to_ne_bytes();
            }
        }
    }
}
