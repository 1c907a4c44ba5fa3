//! A file that is read forward: its markers and segments (ITU-T T.81, section B.1.1).

use std::io::{BufRead, ErrorKind};

use crate::error::Error;

/// MCUs between two calls of [`Input::poll`]: some milliseconds of work.
pub(crate) const BETWEEN_POLLS: usize = 1 << 14;

/// A reader, and how much of it was consumed.
#[derive(Debug)]
pub(crate) struct Input<R> {
    reader: R,
    consumed: u64,
}

impl<R: BufRead> Input<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, consumed: 0 }
    }

    /// Bytes consumed so far.
    pub(crate) fn consumed(&self) -> u64 {
        self.consumed
    }

    /// The bytes that have arrived; none at the end of the file.
    pub(crate) fn available(&mut self) -> Result<&[u8], Error> {
        loop {
            match self.reader.fill_buf() {
                Ok(_) => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => (),
                Err(error) => return Err(Error::Read(error)),
            }
        }
        // Asked again only because a borrow cannot leave a loop.
        self.reader.fill_buf().map_err(Error::Read)
    }

    /// Gives the reader an opportunity to end the reading by an error, where much is done between two reads.
    pub(crate) fn poll(&mut self) -> Result<(), Error> {
        self.available().map(|_| ())
    }

    pub(crate) fn consume(&mut self, count: usize) {
        self.reader.consume(count);
        self.consumed = self.consumed.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
    }

    fn byte(&mut self) -> Result<Option<u8>, Error> {
        let byte = self.available()?.first().copied();
        if byte.is_some() {
            self.consume(1);
        }
        Ok(byte)
    }

    /// The next marker, by its code: the byte after the next 0xff that is neither a fill byte nor stuffing. Stray
    /// bytes before it are skipped, as by libjpeg (`next_marker`). `None` at the end of the file.
    pub(crate) fn marker(&mut self) -> Result<Option<u8>, Error> {
        loop {
            let available = self.available()?;
            if available.is_empty() {
                return Ok(None);
            }
            let Some(at) = memchr::memchr(0xff, available) else {
                let length = available.len();
                self.consume(length);
                continue;
            };
            self.consume(at.saturating_add(1));
            let mut marker = Some(0xff);
            while marker == Some(0xff) {
                marker = self.byte()?;
            }
            match marker {
                Some(0) => (),
                marker => return Ok(marker),
            }
        }
    }

    /// Skips entropy-coded data: gives the next marker that is neither a restart nor reserved.
    pub(crate) fn marker_after_scan(&mut self) -> Result<Option<u8>, Error> {
        loop {
            match self.marker()? {
                Some(0x01..=0xbf | 0xd0..=0xd7) => (),
                marker => return Ok(marker),
            }
        }
    }

    /// The content of a segment, behind its length: 64 KiB at most.
    pub(crate) fn segment(&mut self) -> Result<Vec<u8>, Error> {
        let length = self.length()?;
        let mut content = Vec::with_capacity(length);
        while content.len() < length {
            let available = self.available()?;
            let count = available.len().min(length.saturating_sub(content.len()));
            content.extend_from_slice(available.get(..count).unwrap_or_default());
            if count == 0 {
                return Err(Error::CutShort);
            }
            self.consume(count);
        }
        Ok(content)
    }

    /// Skips the content of a segment.
    pub(crate) fn skip_segment(&mut self) -> Result<(), Error> {
        let mut left = self.length()?;
        while left > 0 {
            let count = self.available()?.len().min(left);
            if count == 0 {
                return Err(Error::CutShort);
            }
            self.consume(count);
            left = left.saturating_sub(count);
        }
        Ok(())
    }

    /// Bytes of a segment behind its length, which counts itself. A length that does not even do that stands for an
    /// empty segment, as in libjpeg (`skip_variable`).
    fn length(&mut self) -> Result<usize, Error> {
        let (Some(high), Some(low)) = (self.byte()?, self.byte()?) else {
            return Err(Error::CutShort);
        };
        Ok(usize::from(u16::from_be_bytes([high, low])).saturating_sub(2))
    }
}
