//! Any bytes as a JPEG: never a panic, never other rows than the answer's size says, and the same pixels however
//! the bytes come.
//!
//! The first byte chooses the scale, the second how many bytes each read gives, the rest is the file.

use std::hash::{DefaultHasher, Hasher as _};
use std::io::{self, BufRead, Read};

use cos_thumbnailer::imaging::jpeg::{Scale, decode};

/// Larger pictures only cost time: nothing in a reader depends on more.
const MOST_PIXELS: usize = 1 << 22;

/// A reader that gives a few bytes at a time, as the network does.
struct Chunks<'a> {
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

/// Whether a frame header anywhere in the file announces a picture that would only be slow.
fn is_huge(file: &[u8]) -> bool {
    file.windows(9).any(|w| match *w {
        [0xff, 0xc0..=0xc2, _, _, _, high_y, low_y, high_x, low_x] => {
            let side = |high, low| usize::from(u16::from_be_bytes([high, low]));
            // Height 0 stands for one that comes later (T.81, B.2.5).
            side(high_x, low_x) * side(high_y, low_y).max(1) > MOST_PIXELS
        }
        _ => false,
    })
}

/// Whether the input is worth keeping.
pub(crate) fn check(data: &[u8]) -> bool {
    let [scale, chunk, file @ ..] = data else { return false };
    if is_huge(file) {
        return false;
    }
    let scale = match scale % 4 {
        0 => Scale::Eighth,
        1 => Scale::Quarter,
        2 => Scale::Half,
        _ => Scale::Full,
    };
    let chunked = read(Chunks { rest: file, size: usize::from(*chunk).max(1) }, scale);
    let whole = read(file, scale);
    assert_eq!(chunked, whole, "the size of reads shows");
    true
}

/// Size and pixels, if they can be read.
fn read(file: impl BufRead, scale: Scale) -> Option<(u32, u32, u64)> {
    let (mut rows, mut width, mut pixels) = (0_u32, None, DefaultHasher::new());
    let summary = decode(file, scale, |row| {
        rows += 1;
        assert_eq!(*width.get_or_insert(row.len()), row.len(), "rows of different lengths");
        assert!(rows <= 65_535, "more rows than a JPEG can have");
        pixels.write(row);
    });
    let summary = summary.ok()?;
    assert_eq!(rows, summary.height);
    let width = width.unwrap_or_default() as u64;
    assert!([1, 3, 4].map(|channels| channels * u64::from(summary.width)).contains(&width) || rows == 0);
    assert!((0.0..=1.0).contains(&summary.lost), "{} is no share", summary.lost);
    Some((summary.width, summary.height, pixels.finish()))
}
