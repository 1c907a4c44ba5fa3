//! Decoder of fax rows: Group 3 in one and two dimensions (ITU-T T.4), Group 4 (T.6), and Group 3 without line ends
//! (TIFF 6.0, section 10).
//!
//! A row is a list of the columns at which white, which begins, and black alternate. Two-dimensional rows refer to the
//! list of the row above. Group 3 continues after an error at the next line end, EOL; the pixels from the error to the
//! end of its row are white and lost. Other codings have no place at which to continue.
//!
//! Memory: the changes of two rows, 4 bytes each; [`FaxRows::memory`] is the most.

mod bits;
mod codes;

use std::io;
use std::mem;

use crate::imaging::decode::tiff::coded::CodedReader;
use crate::imaging::decode::tiff::fax::bits::BitReader;
use crate::imaging::decode::tiff::fax::codes::{MAKE_UP, Mode, RUN_BITS, find_run};

/// Variety of fax.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum FaxCoding {
    /// Runs; each row begins at a whole byte, and nothing ends it.
    Bytes,
    /// Runs and EOL codes.
    Group3,
    /// As [`Self::Group3`]; a bit after each EOL tells whether the row refers to the one above.
    Group3TwoDimensional,
    /// Rows refer to the one above; nothing ends them.
    Group4,
    /// As [`Self::Bytes`], from an even byte.
    Words,
}

/// A decoder of the rows of a chunk.
pub(super) struct FaxRows<'r> {
    coding: FaxCoding,
    bits: BitReader<'r>,
    /// Columns of a row; at least 1.
    width: u32,
    /// Changes of colour of the row above, strictly increasing and below `width`.
    above: Vec<u32>,
    /// Changes of colour of this row, as in `above`.
    changes: Vec<u32>,
    /// `true` after a code that ends the picture. The other rows are white.
    has_ended: bool,
}

/// EOL codes that end a picture in Group 3 (RTC).
const LAST_EOLS: u32 = 6;

impl<'r> FaxRows<'r> {
    /// A decoder that has read nothing.
    pub(super) fn new(coding: FaxCoding, coded: CodedReader<'r>, width: u32) -> Self {
        Self {
            coding,
            bits: BitReader::new(coded),
            width,
            above: Vec::new(),
            changes: Vec::new(),
            has_ended: false,
        }
    }

    /// Most bytes that the rows of a chunk `width` columns wide take: both lists may double beyond their length.
    pub(super) fn memory(width: u32) -> u64 {
        u64::from(width).saturating_mul(2 * 2 * 4)
    }

    /// Decodes the next row; bits are 0 for white, 1 for black. Returns the number of columns at its end that are lost.
    ///
    /// # Errors
    /// `InvalidData` or `UnexpectedEof` if this row and all after it are lost.
    pub(super) fn next(&mut self, row: &mut [u8]) -> io::Result<u32> {
        mem::swap(&mut self.above, &mut self.changes);
        self.changes.clear();
        let good = if self.has_ended {
            self.width
        } else {
            match self.coding {
                FaxCoding::Bytes | FaxCoding::Words => self.next_aligned()?,
                FaxCoding::Group3 | FaxCoding::Group3TwoDimensional => self.next_group3()?,
                FaxCoding::Group4 => self.next_group4()?,
            }
        };
        if good < self.width && !self.changes.len().is_multiple_of(2) {
            // The rest is white.
            self.change(good, 0);
        }
        fill_black_runs(row, &self.changes);
        Ok(self.width.saturating_sub(good))
    }

    /// Decodes a row of runs, and skips to the byte or word at which the next begins.
    fn next_aligned(&mut self) -> io::Result<u32> {
        if self.decode_runs()? < self.width {
            return Err(self.bits.fault(RUN_BITS)?);
        }
        self.bits.align(if self.coding == FaxCoding::Words { 2 } else { 1 })?;
        Ok(self.width)
    }

    fn next_group4(&mut self) -> io::Result<u32> {
        if self.decode_by_row_above()? == self.width {
            return Ok(self.width);
        }
        // The end, EOFB, is two EOL codes. It may come before the last rows, which are white then.
        if self.changes.is_empty() && self.bits.skip_eol()? {
            self.has_ended = true;
            return Ok(self.width);
        }
        Err(self.bits.fault(RUN_BITS)?)
    }

    /// Decodes a row, and returns its columns that are good. Line ends before it are optional.
    fn next_group3(&mut self) -> io::Result<u32> {
        let (mut line_ends, mut refers_to_above) = (0, false);
        while line_ends < LAST_EOLS && self.bits.skip_eol()? {
            line_ends += 1;
            if self.coding == FaxCoding::Group3TwoDimensional {
                refers_to_above = self.bits.peek(1)? == 0;
                self.bits.skip(1);
            }
        }
        if self.bits.is_at_end()? {
            // The end may be cut behind two of its codes. Some writers leave it out.
            if line_ends < 2 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            line_ends = LAST_EOLS;
        }
        if line_ends == LAST_EOLS {
            self.has_ended = true;
            return Ok(self.width);
        }
        let good = if refers_to_above { self.decode_by_row_above()? } else { self.decode_runs()? };
        if good < self.width {
            self.bits.seek_eol()?;
        }
        Ok(good)
    }

    /// Decodes a row of runs up to its width or an error, and returns its columns that are good.
    fn decode_runs(&mut self) -> io::Result<u32> {
        let (mut column, mut is_black) = (0, false);
        while column < self.width {
            let Some(run) = self.run(is_black)? else { break };
            column = self.change(column, run);
            is_black = !is_black;
        }
        Ok(column)
    }

    /// Decodes a row that refers to the one above up to its width or an error, and returns its columns that are good.
    ///
    /// In terms of T.4: `column` is a0, and `next` the index of b1. b1 is the first change of the row above behind a0,
    /// to the colour that this row does not have at a0: changes of even index are to black.
    fn decode_by_row_above(&mut self) -> io::Result<u32> {
        let (mut column, mut is_black, mut next) = (0, false, 0_usize);
        while column < self.width {
            // Changes to the left of a0 + 1 do not count. At its start a row may begin with a change at column 0.
            let first = if column == 0 && self.changes.is_empty() { 0 } else { column + 1 };
            next = self.next_above(next, first, is_black);
            let Some((mode, length)) = Mode::find(self.bits.peek(Mode::BITS)?) else { break };
            if !self.bits.skip(length) {
                break;
            }
            match mode {
                // Column 0 is not a0 any more, but its colour has not changed: `first` must not allow for 0 again.
                // It cannot, because b2 is behind b1 and thus not 0.
                Mode::Pass => column = self.change_above(next + 1),
                Mode::Vertical(distance) => {
                    let Some(at) = self.change_above(next).checked_add_signed(distance.into()) else { break };
                    if at < column {
                        break;
                    }
                    column = self.change(column, at - column);
                    is_black = !is_black;
                }
                Mode::Horizontal => {
                    for is_black in [is_black, !is_black] {
                        let Some(run) = self.run(is_black)? else { return Ok(column) };
                        column = self.change(column, run);
                    }
                }
            }
        }
        Ok(column)
    }

    /// The column of a change of the row above, which ends with changes at its width.
    fn change_above(&self, index: usize) -> u32 {
        self.above.get(index).copied().unwrap_or(self.width)
    }

    /// The index of the first change of the row above at or behind a column, to black if `is_black` is `false`; searched
    /// from the index of an earlier search. The steps back are few: vertical modes go back by three columns at most.
    fn next_above(&self, from: usize, column: u32, is_black: bool) -> usize {
        let is_behind = |index: usize| self.above.get(index).is_none_or(|change| *change >= column);
        let parity = usize::from(is_black);
        let mut index = (from & !1) + parity;
        while index >= 2 && is_behind(index - 2) {
            index -= 2;
        }
        while !is_behind(index) {
            index += 2;
        }
        index
    }

    /// Adds a run to the row; returns the column behind it, at most the width.
    fn change(&mut self, column: u32, run: u32) -> u32 {
        let end = column.saturating_add(run).min(self.width);
        // A change at the column of the one before undoes it. A change at the end of the row does not show.
        if self.changes.last() == Some(&end) {
            self.changes.pop();
        } else if end < self.width {
            self.changes.push(end);
        }
        end
    }

    /// Decodes a run of a colour; `None` if the next bits are none.
    fn run(&mut self, is_black: bool) -> io::Result<Option<u32>> {
        let mut sum = 0_u32;
        loop {
            let Some((run, length)) = find_run(is_black, self.bits.peek(RUN_BITS)?) else { return Ok(None) };
            if !self.bits.skip(length) {
                return Ok(None);
            }
            sum = sum.saturating_add(run);
            if run < MAKE_UP {
                return Ok(Some(sum));
            }
        }
    }
}

/// Writes a row from its changes of colour.
///
/// Black runs are the half-open ranges from changes 0, 2, 4, … to the one after each. A missing end is the end of the
/// row. The bits of one byte in a run are those from its start on, without those from its end on.
fn fill_black_runs(row: &mut [u8], changes: &[u32]) {
    row.fill(0);
    let row_end = row.len().saturating_mul(8);
    for run in changes.chunks(2) {
        let [start, end] = [run.first(), run.get(1)]
            .map(|column| column.map_or(row_end, |column| usize::try_from(*column).unwrap_or(row_end)));
        for (index, byte) in row.iter_mut().enumerate().take(end.div_ceil(8)).skip(start / 8) {
            // Bits of this byte from a column on; the first column is in the highest bit.
            let bits_from = |column: usize| {
                let skipped = column.saturating_sub(index * 8).min(8);
                u8::MAX.unbounded_shr(u32::try_from(skipped).unwrap_or(8))
            };
            *byte |= bits_from(start) & !bits_from(end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: u32 = 20;

    /// Rows of 20 pixels.
    const ROWS: [u32; 4] = [0x0_f00f, 0xf_ffff, 0x0_0fff, 0xf_0f0f];

    /// A chunk of codes, bit by bit.
    #[derive(Default)]
    struct Coded(Vec<bool>);

    impl Coded {
        fn put(mut self, code: u32, length: u32) -> Self {
            self.0.extend((0..length).rev().map(|bit| code >> bit & 1 == 1));
            self
        }

        fn eol(self) -> Self {
            self.put(1, 12)
        }

        /// The runs of a row of [`WIDTH`] pixels in the lowest bits, 1 for black.
        fn row(self, row: u32) -> Self {
            let pixel = |column: u32| row >> (WIDTH - 1 - column) & 1 == 1;
            let (mut coded, mut column, mut is_black) = (self, 0, false);
            while column < WIDTH {
                let run = (column..WIDTH).take_while(|column| pixel(*column) == is_black).count();
                let run = u32::try_from(run).unwrap();
                let find = |bits| {
                    find_run(is_black, bits).filter(|found| found.0 == run).map(|found| (bits, found.1))
                };
                let (bits, length) = (0..1 << RUN_BITS).find_map(find).unwrap();
                coded = coded.put(bits >> (RUN_BITS - length), length);
                (column, is_black) = (column + run, !is_black);
            }
            coded
        }

        /// The rows that come of the codes, each with its lost columns.
        fn decode(self, coding: FaxCoding) -> Vec<(u32, u32)> {
            let bytes = self.0.chunks(8).map(|bits| {
                bits.iter().enumerate().fold(0, |byte, (place, bit)| byte | u8::from(*bit) << (7 - place))
            });
            let bytes: Vec<u8> = bytes.collect();
            let mut rows = FaxRows::new(coding, Box::new(bytes.as_slice()), WIDTH);
            let mut row = [0; 3];
            let next = || {
                rows.next(&mut row)
                    .ok()
                    .map(|lost| (u32::from_be_bytes([0, row[0], row[1], row[2]]) >> 4, lost))
            };
            std::iter::from_fn(next).take(ROWS.len() + 2).collect()
        }
    }

    fn good(row: u32) -> (u32, u32) {
        (row, 0)
    }

    #[test]
    fn line_ends_of_group_3_are_optional() {
        let [a, b, c, _] = ROWS;
        let without = Coded::default().row(a).row(b).row(c);
        assert_eq!(without.decode(FaxCoding::Group3), [a, b, c].map(good));
        let with = Coded::default().eol().row(a).eol().row(b).put(0, 5).eol().row(c).eol();
        assert_eq!(with.decode(FaxCoding::Group3), [a, b, c].map(good));
    }

    #[test]
    fn rows_after_the_end_are_white_and_rows_after_a_cut_are_lost() {
        let [a, b, ..] = ROWS;
        let end = (0..6).fold(Coded::default().eol().row(a).eol().row(b), |coded, _| coded.eol());
        let white = [(0, 0); 4];
        assert_eq!(end.decode(FaxCoding::Group3), [&[a, b].map(good)[..], &white].concat());
        assert_eq!(Coded::default().eol().row(a).eol().decode(FaxCoding::Group3), [good(a)]);
    }

    #[test]
    fn bad_line_is_lost_from_its_error_on() {
        let [a, b, c, d] = ROWS;
        let bad = Coded::default()
            .eol()
            .row(a)
            .eol()
            .put(0b0111, 4)
            .put(0b0_0000_0001, 9)
            .row(b)
            .eol()
            .row(c)
            .eol()
            .row(d);
        assert_eq!(bad.decode(FaxCoding::Group3), [good(a), (0, WIDTH - 2), good(c), good(d)]);
        let short = Coded::default().eol().put(0b0111, 4).eol().row(d);
        assert_eq!(short.decode(FaxCoding::Group3), [(0, WIDTH - 2), good(d)]);
    }

    #[test]
    fn two_dimensional_rows_are_told_by_the_bit_after_eol() {
        let [a, b, ..] = ROWS;
        // The second row has its changes at the columns of the first.
        let changes =
            (0..4).fold(Coded::default().eol().put(1, 1).row(a).eol().put(0, 1), |coded, _| coded.put(1, 1));
        let coded = changes.eol().put(1, 1).row(b);
        assert_eq!(coded.decode(FaxCoding::Group3TwoDimensional), [a, a, b].map(good));
    }

    #[test]
    fn rows_without_line_ends_begin_at_bytes_or_words() {
        let [a, _, c, _] = ROWS;
        for (coding, unit) in [(FaxCoding::Bytes, 8), (FaxCoding::Words, 16)] {
            let mut coded = Coded::default().row(a);
            coded.0.resize(coded.0.len().next_multiple_of(unit), false);
            assert_eq!(coded.row(c).decode(coding), [a, c].map(good), "{coding:?}");
        }
    }

    #[test]
    fn corrupt_group_4_loses_its_rest() {
        // A row of white: the change at its end is below that of the white row above the first.
        let white = || Coded::default().put(1, 1);
        let end = white().eol().eol();
        assert_eq!(end.decode(FaxCoding::Group4), [(0, 0); 6]);
        assert_eq!(white().put(0b0000_0001, 8).put(u32::MAX, 32).decode(FaxCoding::Group4), [(0, 0)]);
        assert_eq!(white().put(0b1, 1).decode(FaxCoding::Group4).len(), 2, "zeros at the end are no code");
    }

    #[test]
    fn arbitrary_codes_give_rows_or_an_error() {
        let mut random = fastrand::Rng::with_seed(4);
        for coding in [
            FaxCoding::Bytes,
            FaxCoding::Words,
            FaxCoding::Group3,
            FaxCoding::Group3TwoDimensional,
            FaxCoding::Group4,
        ] {
            for _ in 0..2000 {
                let bits = (0..200).map(|_| random.u8(..3) == 0).collect();
                for (row, lost) in Coded(bits).decode(coding) {
                    assert!(row < 1 << WIDTH && lost <= WIDTH, "{coding:?}");
                }
            }
        }
    }
}
