//! CSV records in bounded memory (RFC 4180): quotes are optional, lines end in any way.
//!
//! The crate `csv` itself buffers a record whatever its length is, so a quote that is never closed would take
//! the rest of the file into memory. Its parser `csv-core` writes to buffers of ours.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use csv_core::{ReadRecordResult, Reader};

/// Longest record, bytes. Metadata and tags of an object are far shorter (436/7749).
pub(super) const MAX_LEN: usize = 256 * 1024;

/// Most columns of a record.
pub(super) const MAX_COLUMNS: usize = 1024;

/// Reader of the records of a file.
#[derive(Debug)]
pub(super) struct Records<R> {
    input: BufReader<R>,
    parser: Reader,
    /// Values of the current record, one after the other.
    values: Vec<u8>,
    /// Ends of the values.
    ends: Vec<usize>,
    columns: usize,
    /// Line of the next byte, from 1. The parser counts a line end only with the record after it.
    line: u64,
}

/// What comes next in a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Next {
    /// A record, whose values [`Records::value`] returns.
    Record {
        /// Line on which it begins, from 1.
        line: u64,
    },
    /// A record that is longer than [`MAX_LEN`] or has more than [`MAX_COLUMNS`] columns.
    TooLong {
        /// Line on which it begins, from 1.
        line: u64,
    },
    /// The end of the file.
    End,
}

impl<R: Read> Records<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input: BufReader::with_capacity(64 * 1024, input),
            parser: Reader::new(),
            values: vec![0; MAX_LEN],
            ends: vec![0; MAX_COLUMNS],
            columns: 0,
            line: 1,
        }
    }

    /// Reads the next record; blank lines are none.
    pub(super) fn next(&mut self) -> io::Result<Next> {
        self.skip_line_ends()?;
        let line = self.line;
        let (mut length, mut columns, mut is_too_long) = (0_usize, 0_usize, false);
        loop {
            let input = fill(&mut self.input)?;
            let values = self.values.get_mut(length..).unwrap_or_default();
            let ends = self.ends.get_mut(columns..).unwrap_or_default();
            let (result, consumed, written, ended) = self.parser.read_record(input, values, ends);
            self.line = self.line.saturating_add(count_lines(input.get(..consumed).unwrap_or_default()));
            self.input.consume(consumed);
            length = length.saturating_add(written);
            columns = columns.saturating_add(ended);
            match result {
                ReadRecordResult::InputEmpty => {}
                // The rest of the record overwrites its beginning, until it ends.
                ReadRecordResult::OutputFull => (length, is_too_long) = (0, true),
                ReadRecordResult::OutputEndsFull => (columns, is_too_long) = (0, true),
                ReadRecordResult::Record if is_too_long => return Ok(Next::TooLong { line }),
                ReadRecordResult::Record => {
                    self.columns = columns;
                    return Ok(Next::Record { line });
                }
                ReadRecordResult::End => return Ok(Next::End),
            }
        }
    }

    /// Skips the rest of a line end, and blank lines, so that the line is that of the next record.
    fn skip_line_ends(&mut self) -> io::Result<()> {
        loop {
            let input = fill(&mut self.input)?;
            let ends = input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            self.line = self.line.saturating_add(count_lines(input.get(..ends).unwrap_or_default()));
            let is_all = !input.is_empty() && ends == input.len();
            self.input.consume(ends);
            if !is_all {
                return Ok(());
            }
        }
    }

    /// Returns a value of the current record, without blanks and quotes around it; `None` if the record has
    /// fewer columns.
    pub(super) fn value(&self, column: usize) -> Option<&[u8]> {
        let ends = self.ends.get(..self.columns)?;
        let end = *ends.get(column)?;
        let start = column.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
        let value = self.values.get(start..end)?.trim_ascii();
        // A blank after the comma makes the quotes a part of the value.
        Some(value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value))
    }

    pub(super) fn input(&self) -> &R {
        self.input.get_ref()
    }
}

fn fill<R: Read>(input: &mut BufReader<R>) -> io::Result<&[u8]> {
    // An interrupted read is repeated. The borrow of a successful one cannot leave the loop.
    while let Err(error) = input.fill_buf() {
        if error.kind() != ErrorKind::Interrupted {
            return Err(error);
        }
    }
    input.fill_buf()
}

fn count_lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of all records and their values; `None` for one that is too long.
    fn records(text: &[u8]) -> Vec<(u64, Option<Vec<String>>)> {
        let mut records = Records::new(text);
        let mut found = Vec::new();
        loop {
            match records.next().unwrap() {
                Next::Record { line } => {
                    let values = (0..).map_while(|column| records.value(column));
                    let values = values.map(|value| String::from_utf8_lossy(value).into_owned()).collect();
                    found.push((line, Some(values)));
                }
                Next::TooLong { line } => found.push((line, None)),
                Next::End => return found,
            }
        }
    }

    fn row(line: u64, values: &[&str]) -> (u64, Option<Vec<String>>) {
        (line, Some(values.iter().map(|value| (*value).to_owned()).collect()))
    }

    #[test]
    fn quotes_and_line_ends_are_free() {
        for text in
            ["a,b c\n\"d\",\"\"\n", "a,b c\r\nd,\r\n", "\u{feff}\"a\",\"b c\"\nd,", "a, \"b c\"\n d , \"\"\n"]
        {
            assert_eq!(records(text.as_bytes()), [row(1, &["a", "b c"]), row(2, &["d", ""])], "{text:?}");
        }
        assert_eq!(records(b"\"a,\"\"b\"\"\nc\",d"), [row(1, &["a,\"b\"\nc", "d"])]);
        assert_eq!(records(b""), []);
        assert_eq!(records(b"\n\n"), []);
        assert_eq!(records(b"\r\n\r\na\r\n\n\r\nb\r\r"), [row(3, &["a"]), row(6, &["b"])]);
    }

    #[test]
    fn a_record_that_is_too_long_does_not_end_the_reading() {
        let wide = ",".repeat(MAX_COLUMNS * 3);
        for long in ["x".repeat(MAX_LEN + 1), "x".repeat(MAX_LEN * 3 + 7), wide] {
            let text = format!("a\n{long}\nb,c\n");
            assert_eq!(records(text.as_bytes()), [row(1, &["a"]), (2, None), row(3, &["b", "c"])]);
        }
        let longest = "x".repeat(MAX_LEN);
        assert_eq!(records(longest.as_bytes()), [row(1, &[&longest])]);
        let open = format!("a\n\"{}", "x\n".repeat(MAX_LEN));
        assert_eq!(records(open.as_bytes()), [row(1, &["a"]), (2, None)]);
    }
}
