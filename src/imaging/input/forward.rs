//! Forward reading for the decoders that are written here: BMP, PNM, QOI and streamed TIFF.
//!
//! A [`ForwardReader`] never goes back and holds no bytes beside the source's buffer.

use std::io::{self, BufRead, Read, Take};

use crate::imaging::error::Error;
use crate::imaging::input::source::{FullReads, SourceReader, TRUNCATED};
use crate::imaging::source_format::SourceFormat;

/// A reader from the first byte of a source on, whose errors name the format.
pub(crate) struct ForwardReader<'s, 'a, R> {
    source: &'s mut SourceReader<'a, R>,
    format: SourceFormat,
}

impl<'s, 'a, R: Read> ForwardReader<'s, 'a, R> {
    /// Rewinds `source` to its first byte.
    pub(crate) fn new(source: &'s mut SourceReader<'a, R>, format: SourceFormat) -> Self {
        source.rewind();
        Self { source, format }
    }

    /// Fills `target` with the next bytes.
    ///
    /// # Errors
    /// If the source ends before, or its reader fails.
    pub(crate) fn read(&mut self, target: &mut [u8]) -> Result<(), Error> {
        self.source.read_exact(target).map_err(|error| self.read_error(&error))
    }

    /// Fills as much of `target` as the source has, and returns the number of bytes.
    ///
    /// # Errors
    /// If the source's reader fails.
    pub(crate) fn read_start(&mut self, target: &mut [u8]) -> Result<usize, Error> {
        FullReads(self.source).read(target).map_err(|error| self.read_error(&error))
    }

    /// Returns the next `N` bytes.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        self.read(&mut bytes)?;
        Ok(bytes)
    }

    /// Returns the next byte.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(crate) fn byte(&mut self) -> Result<u8, Error> {
        let byte = match self.source.fill_buf() {
            Ok(buffer) => buffer.first().copied(),
            Err(error) => return Err(self.read_error(&error)),
        };
        self.source.consume(1);
        byte.ok_or_else(|| self.damaged(TRUNCATED))
    }

    /// Bytes that have arrived and are not consumed.
    pub(crate) fn buffered(&self) -> &[u8] {
        self.source.buffered()
    }

    /// Consumes `count` bytes of [`Self::buffered`].
    pub(crate) fn consume(&mut self, count: usize) {
        self.source.consume(count);
    }

    /// A reader of at most the next `length` bytes, whose reads fill the target.
    pub(crate) fn take_full(&mut self, length: u64) -> Take<FullReads<'_, 'a, R>> {
        FullReads(self.source).take(length)
    }

    /// Skips to an offset in the file; does nothing if the reader is at or past it.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(crate) fn skip_to(&mut self, offset: u64) -> Result<(), Error> {
        let distance = offset.saturating_sub(self.source.position());
        if distance == 0 {
            return Ok(());
        }
        let skipped = io::copy(&mut self.source.by_ref().take(distance), &mut io::sink());
        let skipped = skipped.map_err(|error| self.read_error(&error))?;
        if skipped < distance { Err(self.damaged(TRUNCATED)) } else { Ok(()) }
    }

    /// Offset of the next byte in the file.
    pub(crate) fn position(&self) -> u64 {
        self.source.position()
    }

    /// An [`Error::Damaged`] of the source's format.
    pub(crate) fn damaged(&self, detail: &str) -> Error {
        Error::damaged(self.format, detail)
    }

    /// An [`Error::Unsupported`] for a variety of the source's format.
    pub(crate) fn unsupported(&self, feature: &str) -> Error {
        Error::unsupported(self.format, feature)
    }

    fn read_error(&self, error: &io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => self.damaged(TRUNCATED),
            // `SourceReader` keeps the reader's own error, which replaces this one in `decode::decode`.
            kind => Error::Read(kind.into()),
        }
    }
}
