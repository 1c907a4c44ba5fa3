//! Readers of compressed bytes, and the error of what is wrong with them.

use std::io::{self, BufRead};

/// A reader of a chunk's compressed bytes.
pub(super) type CodedReader<'r> = Box<dyn BufRead + 'r>;

/// The error of corrupt coding.
pub(super) fn corrupt(detail: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, detail)
}
