//! The reader from which all decoders read a source.
//!
//! [`SourceReader`] wraps the caller's reader for four reasons:
//! - Decoders read the first bytes again after the format was detected.
//! - A failure of the reader stays distinguishable from a truncated file.
//! - Every read obeys [`Cancel`].
//! - Decoders that ask for `Seek` get it forward, without a copy of the file.
//!
//! Memory: one chunk of 64 KiB, and the consumed bytes as long as they are retained, at most 32 MiB.

use std::io::{self, BufRead, Read, Seek, SeekFrom};

use crate::imaging::error::Error;
use crate::imaging::limits::{Budget, Cancel, to_u64};

/// Bytes requested from the reader at a time.
const CHUNK: usize = 64 * 1024;

/// Most bytes that are retained for rewinding: the metadata before the pixels.
const MAX_RETAINED: usize = 32 * 1024 * 1024;

/// Error detail of a truncated file.
pub(crate) const TRUNCATED: &str = "it ends before the picture does";

/// A buffered reader of a source. It retains consumed bytes until [`Self::rewind`] or [`Self::discard_consumed`].
pub(crate) struct SourceReader<'a, R> {
    inner: R,
    /// Length of the source in bytes, if known.
    length: Option<u64>,
    cancel: &'a Cancel,
    /// Bytes of the source from offset `start` on; those before `position` are consumed.
    buffer: Vec<u8>,
    position: usize,
    start: u64,
    /// `true` while consumed bytes stay in the buffer.
    retains: bool,
    /// First error of `inner`.
    failure: Option<io::Error>,
}

impl<'a, R: Read> SourceReader<'a, R> {
    /// A reader that retains consumed bytes.
    pub(crate) fn new(inner: R, length: Option<u64>, cancel: &'a Cancel) -> Self {
        Self {
            inner,
            length,
            cancel,
            buffer: Vec::new(),
            position: 0,
            start: 0,
            retains: true,
            failure: None,
        }
    }

    /// The first `count` bytes, or all there are; consumes nothing.
    ///
    /// # Errors
    /// [`Error::Read`] or [`Error::Cancelled`].
    pub(crate) fn head(&mut self, count: usize) -> Result<&[u8], Error> {
        while self.buffer.len() < count {
            match self.fetch() {
                Ok(0) => break,
                Ok(_) => (),
                Err(error) => return Err(self.external_error(error)),
            }
        }
        Ok(self.buffer.get(..count).unwrap_or(&self.buffer))
    }

    /// The next `count` bytes, or all that are left; consumes nothing. Consumed bytes must be retained.
    ///
    /// # Errors
    /// [`Error::Read`] or [`Error::Cancelled`].
    pub(crate) fn ahead(&mut self, count: usize) -> Result<&[u8], Error> {
        let position = self.position;
        let head = self.head(position.saturating_add(count))?;
        Ok(head.get(position..).unwrap_or_default())
    }

    /// Returns to the first byte, and discards consumed bytes from now on.
    pub(crate) fn rewind(&mut self) {
        self.position = 0;
        self.retains = false;
    }

    /// Discards consumed bytes from now on.
    pub(crate) fn discard_consumed(&mut self) {
        self.retains = false;
    }

    /// The whole source, for formats that need random access.
    ///
    /// # Errors
    /// [`Error::TooMuchMemory`] if it exceeds the budget, [`Error::Read`] or [`Error::Cancelled`].
    pub(crate) fn take_bytes(&mut self, budget: &mut Budget) -> Result<Vec<u8>, Error> {
        let mut bytes = std::mem::take(&mut self.buffer);
        if let Some(length) = self.length {
            budget.reserve(length)?;
            let known = usize::try_from(length).unwrap_or(usize::MAX).saturating_sub(bytes.len());
            // The budget allows it, but the allocation may still fail.
            bytes
                .try_reserve_exact(known)
                .map_err(|_| Error::TooMuchMemory { needed: length, allowed: budget.left() })?;
        }
        let mut reserved = self.length.unwrap_or(0);
        loop {
            self.buffer.clear();
            let count = match self.fetch() {
                Ok(count) => count,
                Err(error) => return Err(self.external_error(error)),
            };
            if count == 0 {
                return Ok(bytes);
            }
            let total = to_u64(bytes.len().saturating_add(count));
            if total > reserved {
                // A growing vector doubles its capacity.
                let more = total.max(reserved);
                budget.reserve(more)?;
                reserved = reserved.saturating_add(more);
            }
            bytes.extend_from_slice(&self.buffer);
        }
    }

    /// Takes the error that the file did not cause: a failure of the reader, or cancellation.
    pub(crate) fn take_external_error(&mut self) -> Option<Error> {
        if let Some(error) = self.failure.take() {
            return Some(Error::Read(error));
        }
        self.cancel.check().err()
    }

    /// Length of the source in bytes, if known.
    pub(crate) fn length(&self) -> Option<u64> {
        self.length
    }

    /// Bytes that have arrived and are not consumed.
    pub(crate) fn buffered(&self) -> &[u8] {
        self.buffer.get(self.position..).unwrap_or_default()
    }

    /// Offset of the next byte in the source.
    pub(crate) fn position(&self) -> u64 {
        self.start.saturating_add(to_u64(self.position))
    }

    /// The flag that every read obeys.
    pub(crate) fn cancel(&self) -> &'a Cancel {
        self.cancel
    }

    /// The cause of a failed read: the recorded failure or cancellation, else `error` itself.
    fn external_error(&mut self, error: io::Error) -> Error {
        self.take_external_error().unwrap_or(Error::Read(error))
    }

    /// Appends the next bytes to the buffer, and returns their number; 0 at EOF.
    fn fetch(&mut self) -> io::Result<usize> {
        if self.cancel.is_cancelled() {
            return Err(io::Error::other("cancelled"));
        }
        let filled = self.buffer.len();
        self.buffer.resize(filled.saturating_add(CHUNK), 0);
        let space = self.buffer.get_mut(filled..).unwrap_or_default();
        let result = loop {
            match self.inner.read(space) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
                result => break result,
            }
        };
        let count = *result.as_ref().unwrap_or(&0);
        self.buffer.truncate(filled.saturating_add(count));
        result.map_err(|error| {
            let copy = io::Error::new(error.kind(), error.to_string());
            self.failure = Some(error);
            copy
        })
    }
}

impl<R: Read> BufRead for SourceReader<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.position >= self.buffer.len() {
            if !self.retains {
                self.start = self.start.saturating_add(to_u64(self.buffer.len()));
                self.buffer.clear();
                self.position = 0;
            } else if self.buffer.len() > MAX_RETAINED {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "over 32 MB of metadata"));
            }
            self.fetch()?;
        }
        Ok(self.buffer.get(self.position..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.position = self.position.saturating_add(amount).min(self.buffer.len());
    }
}

impl<R: Read> Read for SourceReader<'_, R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let mut available = self.fill_buf()?;
        let count = available.read(target)?;
        self.consume(count);
        Ok(count)
    }
}

/// A source whose reads fill the target unless the file ends. The result of decoders that depend on the bytes seen at
/// a time is then independent of the sizes in which a file arrives.
pub(crate) struct FullReads<'s, 'a, R>(pub(crate) &'s mut SourceReader<'a, R>);

impl<R: Read> Read for FullReads<'_, '_, R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while let Some(rest) = target.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.0.read(rest) {
                Ok(0) => break,
                Ok(count) => filled = filled.saturating_add(count),
                Err(error) if filled == 0 => return Err(error),
                // The bytes before the failure are good, and the source has recorded it.
                Err(_) => break,
            }
        }
        Ok(filled)
    }
}

/// Seeks forward, and backward as far as the buffer reaches.
impl<R: Read> Seek for SourceReader<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let now = self.stream_position()?;
        let target = match to {
            SeekFrom::Start(target) => Some(target),
            SeekFrom::Current(offset) => now.checked_add_signed(offset),
            SeekFrom::End(_) => None,
        };
        let unseekable = || io::Error::new(io::ErrorKind::Unsupported, "a stream cannot be read backwards");
        let target = target.ok_or_else(unseekable)?;
        let offset = target.checked_sub(self.start).ok_or_else(unseekable)?;
        match usize::try_from(offset) {
            Ok(offset) if offset <= self.buffer.len() => self.position = offset,
            _ => {
                let skipped = io::copy(&mut self.by_ref().take(target.saturating_sub(now)), &mut io::sink())?;
                if skipped < target.saturating_sub(now) {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        }
        Ok(target)
    }

    fn stream_position(&mut self) -> io::Result<u64> {
        Ok(self.position())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::damage::Tolerance;
    use crate::imaging::limits::Limits;

    /// A reader that gives its bytes one at a time, then fails.
    struct Failing(Vec<u8>);

    impl Read for Failing {
        fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Err(io::Error::new(io::ErrorKind::ConnectionReset, "reset by peer"));
            }
            target[0] = self.0.remove(0);
            Ok(1)
        }
    }

    #[test]
    fn rewound_source_is_read_from_its_first_byte() {
        let cancel = Cancel::default();
        let mut source = SourceReader::new(&b"abcdef"[..], None, &cancel);
        assert_eq!(source.head(3).unwrap(), b"abc");
        let mut two = [0; 2];
        source.read_exact(&mut two).unwrap();
        source.rewind();
        let mut all = Vec::new();
        source.read_to_end(&mut all).unwrap();
        assert_eq!(all, b"abcdef");
    }

    #[test]
    fn failed_reader_is_not_a_truncated_file() {
        let cancel = Cancel::default();
        let mut source = SourceReader::new(Failing(b"abc".to_vec()), None, &cancel);
        assert_eq!(source.head(3).unwrap(), b"abc");
        assert!(matches!(source.head(4), Err(Error::Read(e)) if e.to_string() == "reset by peer"));
        let mut source = SourceReader::new(&b"abc"[..], None, &cancel);
        assert!(source.read_exact(&mut [0; 4]).is_err());
        assert!(source.take_external_error().is_none());
    }

    #[test]
    fn cancelled_source_is_not_read() {
        let cancel = Cancel::default();
        let mut source = SourceReader::new(&b"abc"[..], None, &cancel);
        cancel.cancel();
        assert!(matches!(source.head(1), Err(Error::Cancelled)));
    }

    #[test]
    fn buffering_obeys_the_budget_with_and_without_known_length() {
        let cancel = Cancel::default();
        let limits = Limits {
            max_pixels: 1,
            memory: 100_000,
            damage: Tolerance::default(),
            threads: std::num::NonZeroUsize::MIN,
        };
        for (length, count, fits) in [(None, 40_000, true), (None, 200_000, false), (Some(200_000), 1, false)]
        {
            let bytes = vec![7; count];
            let mut source = SourceReader::new(bytes.as_slice(), length, &cancel);
            let result = source.take_bytes(&mut Budget::new(limits));
            assert_eq!(result.is_ok(), fits, "{length:?} {count}");
            assert!(matches!(result, Ok(_) | Err(Error::TooMuchMemory { .. })));
        }
    }

    #[test]
    fn seeking_is_limited_to_forward_and_the_buffer() {
        let cancel = Cancel::default();
        let bytes: Vec<u8> = (0..200_000_u32).map(|i| i.to_le_bytes()[1]).collect();
        let mut source = SourceReader::new(bytes.as_slice(), None, &cancel);
        source.rewind();
        source.seek(SeekFrom::Start(150_000)).unwrap();
        let mut byte = [0];
        source.read_exact(&mut byte).unwrap();
        assert_eq!(byte[0], bytes[150_000]);
        assert_eq!(source.stream_position().unwrap(), 150_001);
        source.seek(SeekFrom::Current(-1)).unwrap();
        assert!(source.seek(SeekFrom::Start(0)).is_err());
        assert!(source.seek(SeekFrom::Start(200_001)).is_err());
    }
}
