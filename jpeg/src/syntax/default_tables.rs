//! Huffman tables of files that do not define theirs, as the frames of Motion JPEG (ITU-T T.81, section K.3.3).

use crate::error::Error;
use crate::syntax::frame::Process;
use crate::syntax::huffman::HuffmanTable;
use crate::syntax::tables::Tables;

/// A code: the number of codes of each length, and the symbols of the shortest ones. All others follow in ascending
/// order.
type Code = ([u8; 16], &'static [u8]);

/// Tables K.3 and K.4.
const DC: [Code; 2] = [
    ([0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0], &[]),
    ([0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0], &[]),
];

/// Tables K.5 and K.6.
const AC: [Code; 2] = [
    (
        [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125],
        &[
            0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07,
            0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0,
            0x24, 0x33, 0x62, 0x72, 0x82,
        ],
    ),
    (
        [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119],
        &[
            0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71,
            0x13, 0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xa1, 0xb1, 0xc1, 0x09, 0x23, 0x33, 0x52, 0xf0,
            0x15, 0x62, 0x72, 0xd1, 0x0a, 0x16, 0x24, 0x34, 0xe1, 0x25, 0xf1,
        ],
    ),
];

impl Tables {
    /// Takes the codes of annex K for those that a sequential file does not define before its first scan, as
    /// libjpeg-turbo does (`std_huff_tables`).
    pub(super) fn complete(&mut self, process: Process) -> Result<(), Error> {
        if process == Process::Progressive {
            return Ok(());
        }
        for (place, code) in self.dc.iter_mut().zip(DC).filter(|(place, _)| place.is_none()) {
            *place = Some(table(code, 0..=11)?);
        }
        for (place, code) in self.ac.iter_mut().zip(AC).filter(|(place, _)| place.is_none()) {
            // EOB and ZRL are among the shortest; all others are runs of up to 15 zeros and a value of 1 to 10 bits.
            *place = Some(table(code, (0..=0xff).filter(|symbol| (1..=10).contains(&(symbol & 15))))?);
        }
        Ok(())
    }
}

fn table((counts, first): Code, all: impl Iterator<Item = u8>) -> Result<HuffmanTable, Error> {
    let rest = all.filter(|symbol| !first.contains(symbol));
    let symbols: Vec<u8> = first.iter().copied().chain(rest).collect();
    HuffmanTable::new(&counts, &symbols)
}
