//! A reader that gives a few bytes at a time, as the network does.

use std::io::{self, Read};

pub(crate) struct Chunks<'a> {
    pub(crate) rest: &'a [u8],
    /// Bytes of each read, at least one.
    pub(crate) size: usize,
}

impl Read for Chunks<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let count = self.rest.get(..self.size).unwrap_or(self.rest).read(target)?;
        self.rest = self.rest.get(count..).unwrap_or_default();
        Ok(count)
    }
}
