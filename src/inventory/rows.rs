//! Rows of one data file, CSV or gzipped CSV.

use std::io::{self, Chain, Cursor, Read};
use std::mem;

use flate2::read::MultiGzDecoder;

use crate::inventory::error::Error;
use crate::inventory::file_check::{Checked, Checksum, Expected};
use crate::inventory::record::{Next, Records};
use crate::inventory::row::{Row, RowFault};
use crate::inventory::schema::Schema;

/// First bytes of a gzip member (RFC 1952, 2.3.1).
const GZIP: &[u8] = &[0x1f, 0x8b];

/// Reads the rows of a data file, one after the other and in the order of the file.
///
/// The first bytes, and not the name, tell if it is compressed. Delete markers and old versions are left
/// out. A row that names no object is an [`Error::Row`], after which the reading goes on. After any other
/// error, such as a wrong checksum at the end, it is over.
pub fn rows<R: Read>(schema: &Schema, file: R, expected: Expected) -> Rows<R> {
    Rows { schema: schema.clone(), expected, file: Some(file), records: None, is_first: true, left_out: 0 }
}

/// Rows of a data file; see [`rows`].
#[derive(Debug)]
pub struct Rows<R: Read> {
    schema: Schema,
    expected: Expected,
    /// The file, before its first byte is read.
    file: Option<R>,
    /// Its records, until the last is read.
    records: Option<Box<Records<Checked<Body<R>>>>>,
    /// `true` before the first record.
    is_first: bool,
    left_out: u64,
}

impl<R: Read> Rows<R> {
    /// Number of rows so far that are delete markers or old versions.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    fn next_row(&mut self) -> Result<Option<Row>, Error> {
        if let Some(file) = self.file.take() {
            let body = Body::open(file).map_err(Error::Read)?;
            self.records = Some(Box::new(Records::new(Checked::new(body))));
        }
        let Some(records) = &mut self.records else { return Ok(None) };
        loop {
            let is_first = mem::take(&mut self.is_first);
            let line = match records.next().map_err(Error::Read)? {
                Next::Record { line } => line,
                Next::TooLong { line } => return Err(Error::Row { line, fault: RowFault::TooLong }),
                Next::End => break,
            };
            let value = |column| records.value(column);
            if is_first && Row::is_header(&self.schema, value) {
                continue;
            }
            let row = Row::read(&self.schema, self.expected.bucket.as_ref(), value);
            match row.map_err(|fault| Error::Row { line, fault })? {
                Some(row) => return Ok(Some(row)),
                None => self.left_out = self.left_out.saturating_add(1),
            }
        }
        let unpacked = records.input();
        self.expected.verify(unpacked.get_ref().stored(), unpacked.checksum())?;
        self.records = None;
        Ok(None)
    }
}

impl<R: Read> Iterator for Rows<R> {
    type Item = Result<Row, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.next_row();
        if next.as_ref().is_err_and(|error| !error.is_one_row()) {
            self.records = None;
        }
        next.transpose()
    }
}

/// Bytes of a file as they are stored. The first are read ahead.
type Stored<R> = Checked<Chain<Cursor<Vec<u8>>, R>>;

/// Unpacked bytes of a file.
#[derive(Debug)]
enum Body<R> {
    Gzip(MultiGzDecoder<Stored<R>>),
    Plain(Stored<R>),
}

impl<R: Read> Body<R> {
    fn open(mut file: R) -> io::Result<Self> {
        let mut start = Vec::new();
        file.by_ref().take(GZIP.len() as u64).read_to_end(&mut start)?;
        let is_gzip = start == GZIP;
        let stored = Checked::new(Cursor::new(start).chain(file));
        Ok(if is_gzip { Self::Gzip(MultiGzDecoder::new(stored)) } else { Self::Plain(stored) })
    }

    fn stored(&self) -> &Checksum {
        match self {
            Self::Gzip(decoder) => decoder.get_ref().checksum(),
            Self::Plain(stored) => stored.checksum(),
        }
    }
}

impl<R: Read> Read for Body<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Gzip(decoder) => decoder.read(buffer),
            Self::Plain(stored) => stored.read(buffer),
        }
    }
}

#[cfg(test)]
mod tests;
