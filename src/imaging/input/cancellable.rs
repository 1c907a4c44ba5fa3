//! A reader that fails once its work is cancelled, whether it still has bytes in memory or not.

use std::io::{self, BufRead, Read};

use crate::imaging::limits::Cancel;

/// A buffered reader that looks at [`Cancel`] whenever it is asked for bytes.
pub(crate) struct Cancellable<'a, R> {
    inner: R,
    cancel: &'a Cancel,
}

impl<'a, R: BufRead> Cancellable<'a, R> {
    pub(crate) fn new(inner: R, cancel: &'a Cancel) -> Self {
        Self { inner, cancel }
    }
}

impl<R: BufRead> BufRead for Cancellable<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.cancel.is_cancelled() {
            return Err(io::Error::other("cancelled"));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.inner.consume(amount);
    }
}

impl<R: BufRead> Read for Cancellable<'_, R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(target)?;
        self.consume(count);
        Ok(count)
    }
}
