//! The bytes of a source as they arrive.
//!
//! Decoders read from a [`SourceReader`] instead of from the reader itself, for four reasons: they see the first
//! bytes again after probing, a failure of the reader stays distinguishable from a file that ends early,
//! every read obeys [`Cancel`], and those that ask for `Seek` get it forward, without a copy of the file.

use std::io::{self, BufRead, Read, Seek, SeekFrom};

use crate::imaging::error::Error;
use crate::imaging::limits::{Budget, Cancel};

/// Bytes asked of the reader at a time.
const CHUNK: usize = 64 * 1024;

/// Most bytes that may stand before the picture data: metadata that is kept to be read again.
const LONGEST_HEAD: usize = 32 * 1024 * 1024;

/// Detail of a file that ends early.
pub(crate) const CUT_SHORT: &str = "it ends before the picture does";

/// A reader with a memory for what probing needs.
pub(crate) struct SourceReader<'a, R> {
    inner: R,
    length: Option<u64>,
    cancel: &'a Cancel,
    /// Bytes from `start` of the file on; those before `position` were consumed.
    buffer: Vec<u8>,
    position: usize,
    start: u64,
    /// Whether consumed bytes are kept for [`SourceReader::rewind`].
    keeping: bool,
    /// The reader's own error, once there was one.
    failure: Option<io::Error>,
}

impl<'a, R: Read> SourceReader<'a, R> {
    /// Keeps what is read until [`Self::rewind`].
    pub(crate) fn new(inner: R, length: Option<u64>, cancel: &'a Cancel) -> Self {
        Self {
            inner,
            length,
            cancel,
            buffer: Vec::new(),
            position: 0,
            start: 0,
            keeping: true,
            failure: None,
        }
    }

    /// The first `count` bytes, or all there are; nothing is consumed.
    pub(crate) fn head(&mut self, count: usize) -> Result<&[u8], Error> {
        while self.buffer.len() < count {
            match self.fetch() {
                Ok(0) => break,
                Ok(_) => (),
                Err(error) => return Err(self.outside(error)),
            }
        }
        Ok(self.buffer.get(..count).unwrap_or(&self.buffer))
    }

    /// Goes back to the first byte; from now on, consumed bytes are gone.
    pub(crate) fn rewind(&mut self) {
        self.position = 0;
        self.keeping = false;
    }

    /// From now on, consumed bytes are gone.
    pub(crate) fn keep_no_more(&mut self) {
        self.keeping = false;
    }

    /// Everything, for formats that are read back and forth; at most what the budget has left.
    pub(crate) fn take_bytes(&mut self, budget: &mut Budget) -> Result<Vec<u8>, Error> {
        let mut bytes = std::mem::take(&mut self.buffer);
        if let Some(length) = self.length {
            budget.reserve(length)?;
            let known = usize::try_from(length).unwrap_or(usize::MAX).saturating_sub(bytes.len());
            // The budget has it; whether the machine has it shows here.
            bytes
                .try_reserve_exact(known)
                .map_err(|_| Error::TooMuchMemory { needed: length, allowed: budget.left() })?;
        }
        let mut reserved = self.length.unwrap_or(0);
        loop {
            self.buffer.clear();
            let count = match self.fetch() {
                Ok(count) => count,
                Err(error) => return Err(self.outside(error)),
            };
            if count == 0 {
                return Ok(bytes);
            }
            let total = u64::try_from(bytes.len().saturating_add(count)).unwrap_or(u64::MAX);
            if total > reserved {
                // A vector that grows doubles.
                let more = total.max(reserved);
                budget.reserve(more)?;
                reserved = reserved.saturating_add(more);
            }
            bytes.extend_from_slice(&self.buffer);
        }
    }

    /// Who else than the file is to blame for a decoder's error: the reader, or the caller who cancelled.
    pub(crate) fn culprit(&mut self) -> Option<Error> {
        if let Some(error) = self.failure.take() {
            return Some(Error::Read(error));
        }
        self.cancel.check().err()
    }

    /// Bytes that have come and were not consumed.
    pub(crate) fn ahead(&self) -> &[u8] {
        self.buffer.get(self.position..).unwrap_or_default()
    }

    /// Bytes of the file before the next one.
    pub(crate) fn position(&self) -> u64 {
        self.start.saturating_add(u64::try_from(self.position).unwrap_or(u64::MAX))
    }

    pub(crate) fn cancel(&self) -> &'a Cancel {
        self.cancel
    }

    /// An error met while reading without a decoder in between.
    fn outside(&mut self, error: io::Error) -> Error {
        self.culprit().unwrap_or(Error::Read(error))
    }

    /// Appends the next bytes to the buffer; 0 at the end.
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
            let twin = io::Error::new(error.kind(), error.to_string());
            self.failure = Some(error);
            twin
        })
    }
}

impl<R: Read> BufRead for SourceReader<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.position >= self.buffer.len() {
            if !self.keeping {
                self.start = self.start.saturating_add(u64::try_from(self.buffer.len()).unwrap_or(u64::MAX));
                self.buffer.clear();
                self.position = 0;
            } else if self.buffer.len() > LONGEST_HEAD {
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

/// A source whose reads give all that is asked for, as far as the file goes: for decoders to which it matters how much
/// they see at a time. The sizes in which a file arrives must not decide what becomes of it.
pub(crate) struct Even<'s, 'a, R>(pub(crate) &'s mut SourceReader<'a, R>);

impl<R: Read> Read for Even<'_, '_, R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while let Some(rest) = target.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.0.read(rest) {
                Ok(0) => break,
                Ok(count) => filled = filled.saturating_add(count),
                Err(error) if filled == 0 => return Err(error),
                // The source remembers it, and what came before is good.
                Err(_) => break,
            }
        }
        Ok(filled)
    }
}

/// Forward, and back as far as the buffer still reaches.
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

    /// Gives its bytes one at a time, then fails.
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
    fn head_is_read_again_after_rewinding() {
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
    fn failing_reader_is_blamed_and_short_file_is_damaged() {
        let cancel = Cancel::default();
        let mut source = SourceReader::new(Failing(b"abc".to_vec()), None, &cancel);
        assert_eq!(source.head(3).unwrap(), b"abc");
        assert!(matches!(source.head(4), Err(Error::Read(e)) if e.to_string() == "reset by peer"));
        let mut source = SourceReader::new(&b"abc"[..], None, &cancel);
        assert!(source.read_exact(&mut [0; 4]).is_err());
        assert!(source.culprit().is_none());
    }

    #[test]
    fn cancelled_source_reads_no_more() {
        let cancel = Cancel::default();
        let mut source = SourceReader::new(&b"abc"[..], None, &cancel);
        cancel.cancel();
        assert!(matches!(source.head(1), Err(Error::Cancelled)));
    }

    #[test]
    fn buffering_obeys_the_budget_with_and_without_a_length() {
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
    fn seeking_goes_forward_and_within_the_buffer() {
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
