//! Reading forward, for the formats that are simple enough to be read here.

use std::borrow::Cow;
use std::io::{self, BufRead, Read, Take};

use crate::imaging::error::Error;
use crate::imaging::input::source::{CUT_SHORT, SourceReader};
use crate::imaging::source_format::SourceFormat;

/// A source from its first byte on, whose errors name its format.
pub(crate) struct Forward<'s, 'a, R> {
    source: &'s mut SourceReader<'a, R>,
    format: SourceFormat,
}

impl<'s, 'a, R: Read> Forward<'s, 'a, R> {
    pub(crate) fn new(source: &'s mut SourceReader<'a, R>, format: SourceFormat) -> Self {
        source.rewind();
        Self { source, format }
    }

    /// The next bytes, as many as there is room for.
    pub(crate) fn read(&mut self, target: &mut [u8]) -> Result<(), Error> {
        self.source.read_exact(target).map_err(|error| self.refusal(&error))
    }

    /// The next bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        self.read(&mut bytes)?;
        Ok(bytes)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Error> {
        let byte = match self.source.fill_buf() {
            Ok(buffer) => buffer.first().copied(),
            Err(error) => return Err(self.refusal(&error)),
        };
        self.source.consume(1);
        byte.ok_or_else(|| self.damaged(CUT_SHORT))
    }

    /// Bytes that have come already.
    pub(crate) fn ahead(&self) -> &[u8] {
        self.source.ahead()
    }

    /// Passes over so many bytes of [`Self::ahead`].
    pub(crate) fn pass(&mut self, count: usize) {
        self.source.consume(count);
    }

    /// A reader of the next bytes, at most so many.
    pub(crate) fn part(&mut self, length: u64) -> Take<&mut SourceReader<'a, R>> {
        self.source.by_ref().take(length)
    }

    /// Passes over what lies before a place in the file; over nothing when that is behind.
    pub(crate) fn skip_to(&mut self, place: u64) -> Result<(), Error> {
        let between = place.saturating_sub(self.source.position());
        if between == 0 {
            return Ok(());
        }
        let skipped = io::copy(&mut self.source.by_ref().take(between), &mut io::sink());
        let skipped = skipped.map_err(|error| self.refusal(&error))?;
        if skipped < between { Err(self.damaged(CUT_SHORT)) } else { Ok(()) }
    }

    /// Bytes read so far.
    pub(crate) fn position(&self) -> u64 {
        self.source.position()
    }

    pub(crate) fn damaged(&self, detail: &str) -> Error {
        Error::Damaged { format: self.format, detail: detail.to_owned() }
    }

    /// A variety that is known and not read.
    pub(crate) fn unsupported(&self, feature: &str) -> Error {
        let what = format!("this variety of {} ({feature})", self.format.title());
        Error::Unsupported { what: Cow::Owned(what) }
    }

    fn refusal(&self, error: &io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => self.damaged(CUT_SHORT),
            // The reader's own is with the source, and takes the place of this where all formats meet.
            kind => Error::Read(kind.into()),
        }
    }
}
