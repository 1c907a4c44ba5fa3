//! Input of a fuzz target: two bytes of choices and a file.

use std::io::{self, BufRead, Read};

use thumbnail_jpeg::Scale;

/// Most pixels of a picture: larger ones only cost time.
const MOST_PIXELS: u32 = 1 << 22;

/// A file, and the scale and size of reads to read it with.
pub(crate) struct Input<'a> {
    /// The first byte, for the property to choose a scale by.
    pub(crate) choice: u8,
    /// The file.
    pub(crate) file: &'a [u8],
    /// The second byte.
    chunk: u8,
}

impl<'a> Input<'a> {
    /// `None` when there is no file, or when it announces a picture that [`is_huge`].
    pub(crate) fn new(data: &'a [u8]) -> Option<Self> {
        let [choice, chunk, file @ ..] = data else { return None };
        (!announces_huge(file)).then_some(Self { choice: *choice, file, chunk: *chunk })
    }

    /// The scale that the first byte chooses.
    pub(crate) fn scale(&self, scales: &[Scale]) -> Scale {
        let at = usize::from(self.choice) % scales.len().max(1);
        scales.get(at).copied().unwrap_or(Scale::Full)
    }

    /// The file, a few bytes at a time, as the network gives it.
    pub(crate) fn chunks(&self) -> Chunks<'a> {
        Chunks { rest: self.file, size: usize::from(self.chunk).max(1) }
    }
}

/// A reader that gives a few bytes at a time.
pub(crate) struct Chunks<'a> {
    rest: &'a [u8],
    size: usize,
}

impl BufRead for Chunks<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(self.rest.get(..self.size).unwrap_or(self.rest))
    }

    fn consume(&mut self, amount: usize) {
        self.rest = self.rest.get(amount..).unwrap_or_default();
    }
}

impl Read for Chunks<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(target)?;
        self.consume(count);
        Ok(count)
    }
}

/// True when a picture has more than [`MOST_PIXELS`].
pub(crate) fn is_huge(width: u32, height: u32) -> bool {
    // Height 0 stands for one that comes later (T.81, B.2.5).
    width.saturating_mul(height.max(1)) > MOST_PIXELS
}

/// True when a frame header anywhere in the file announces a picture that [`is_huge`].
fn announces_huge(file: &[u8]) -> bool {
    file.windows(9).any(|w| match *w {
        [0xff, 0xc0..=0xc2 | 0xc9 | 0xca, _, _, _, high_y, low_y, high_x, low_x] => {
            let side = |high, low| u32::from(u16::from_be_bytes([high, low]));
            is_huge(side(high_x, low_x), side(high_y, low_y))
        }
        _ => false,
    })
}
