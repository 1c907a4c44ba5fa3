//! Access to the strips and tiles of a file, in memory or as it arrives.

use std::io::Read;

use crate::imaging::decode::tiff::coding::Coded;
use crate::imaging::decode::tiff::page::ByteRange;
use crate::imaging::error::Error;
use crate::imaging::input::forward::ForwardReader;

/// Where chunks are read from.
pub(super) enum Access<'f, 's, 'a, R> {
    Memory(&'f [u8]),
    Stream(ForwardReader<'s, 'a, R>),
}

impl<R: Read> Access<'_, '_, '_, R> {
    /// The chunks at some places; of a stream, one that lies before all that were asked for since.
    pub(super) fn open(&mut self, places: &[ByteRange]) -> Result<Vec<Coded<'_>>, Error> {
        match (self, places) {
            (Self::Memory(file), places) => {
                let file: &[u8] = file;
                Ok(places.iter().map(|place| -> Coded<'_> { Box::new(place.of(file)) }).collect())
            }
            (Self::Stream(file), [place]) => {
                file.skip_to(place.start)?;
                Ok(vec![Box::new(file.take(place.length))])
            }
            (Self::Stream(_), _) => Ok(Vec::new()),
        }
    }
}
