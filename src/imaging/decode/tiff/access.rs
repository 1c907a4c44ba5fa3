//! Access to the coded strips and tiles of a file, in memory or while it arrives.
//!
//! Chunks are slices of the file, or limited readers of the stream. A stream is read in steps of equal size, however its
//! bytes arrive: how much of a corrupt chunk can be decoded depends on the bytes seen at a time.

use std::io::{BufReader, Read};

use crate::imaging::decode::tiff::chunks::ByteRange;
use crate::imaging::decode::tiff::coded::CodedReader;
use crate::imaging::error::Error;
use crate::imaging::input::forward::ForwardReader;

/// Bytes that are read of a streamed chunk at a time.
const STEP: usize = 16 * 1024;

/// Source of coded chunks.
pub(super) enum ChunkAccess<'f, 's, 'a, R> {
    /// The whole file.
    Memory(&'f [u8]),
    /// A file whose chunks come in order
    /// ([`Page::is_in_order`](crate::imaging::decode::tiff::page::Page::is_in_order)).
    Stream(ForwardReader<'s, 'a, R>),
}

impl<R: Read> ChunkAccess<'_, '_, '_, R> {
    /// Readers of some byte ranges. A stream takes one range at a time, and never an earlier one than before.
    ///
    /// # Errors
    /// The stream is truncated before the range, or its reader fails.
    pub(super) fn open(&mut self, ranges: &[ByteRange]) -> Result<Vec<CodedReader<'_>>, Error> {
        match (self, ranges) {
            (Self::Memory(file), ranges) => {
                let file: &[u8] = file;
                Ok(ranges.iter().map(|range| -> CodedReader<'_> { Box::new(range.of(file)) }).collect())
            }
            (Self::Stream(file), [range]) => {
                file.skip_to(range.start)?;
                Ok(vec![Box::new(BufReader::with_capacity(STEP, file.take_full(range.length)))])
            }
            (Self::Stream(_), _) => Ok(Vec::new()),
        }
    }

    /// The whole file, if it is in memory.
    pub(super) fn file(&self) -> &[u8] {
        match self {
            Self::Memory(file) => file,
            Self::Stream(_) => &[],
        }
    }
}
