//! The pixel data of a PNG: one zlib stream over all IDAT chunks (PNG, third edition, section 10).
//!
//! It is inflated here and not in the crate `png`, which loses the last pixels before an error, and the place of damage.
//! Two checksums cover the data: the CRC of each chunk covers what is stored, Adler-32 at the end of the stream what is
//! inflated. [`PixelData::untrusted`] concludes from both which pixels cannot be trusted:
//!
//! - If one of the two fails and the other holds, the pixels are right. One pixel is counted, since the file is not what
//!   its writer wrote.
//! - Else all pixels from the first chunk on whose CRC fails: matches, Huffman codes and filters refer to what came
//!   before, so that one wrong bit can change everything after it.
//!
//! Checksums that are missing at the end of a file prove nothing either way.
//!
//! Memory: 96 KiB for the window.

use fdeflate::{DecompressionError, Decompressor};

use crate::imaging::limits::to_u64;
use crate::imaging::picture::geometry::Size;

/// Longest distance of a match, bytes (RFC 1951, section 3.2.5).
const HISTORY: usize = 32 * 1024;

/// Most bytes that are inflated at once. They fit into a stored block.
const MOST_OUTPUT: usize = 32 * 1024;

/// Sizes of the rows in the pixel data.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowLayout {
    pub(super) size: Size,
    /// Bits per pixel.
    pub(super) bits: u8,
    pub(super) is_interlaced: bool,
}

impl RowLayout {
    /// Parses the content of IHDR (PNG, section 11.2.1).
    pub(super) fn of_header(header: &[u8; 13]) -> Self {
        let [w0, w1, w2, w3, h0, h1, h2, h3, depth, color, _, _, interlace] = *header;
        let channels = match color {
            2 => 3,
            4 => 2,
            6 => 4,
            _ => 1,
        };
        Self {
            size: Size {
                width: u32::from_be_bytes([w0, w1, w2, w3]),
                height: u32::from_be_bytes([h0, h1, h2, h3]),
            },
            bits: depth.saturating_mul(channels),
            is_interlaced: interlace == 1,
        }
    }

    /// Sizes of the images whose rows follow each other: the passes, or the whole image. The entries are the first
    /// column and row and the steps to the next (PNG, section 8.1).
    fn passes(self) -> impl Iterator<Item = Size> {
        const ADAM7: [(u32, u32, u32, u32); 7] = [
            (0, 0, 8, 8),
            (4, 0, 8, 8),
            (0, 4, 4, 8),
            (2, 0, 4, 4),
            (0, 2, 2, 4),
            (1, 0, 2, 2),
            (0, 1, 1, 2),
        ];
        let passes = if self.is_interlaced { ADAM7.as_slice() } else { &[(0, 0, 1, 1)] };
        let Size { width, height } = self.size;
        let size = move |&(x, y, across, down): &(u32, u32, u32, u32)| Size {
            width: width.saturating_sub(x).div_ceil(across),
            height: height.saturating_sub(y).div_ceil(down),
        };
        passes.iter().map(size).filter(|size| size.pixels() > 0)
    }

    /// Bytes of a row of `width` pixels, with the one for its filter.
    fn row_bytes(self, width: u32) -> u64 {
        (u64::from(width) * u64::from(self.bits)).div_ceil(8) + 1
    }

    /// Bytes of all rows.
    fn bytes(self) -> u64 {
        let pass_bytes = |size: Size| self.row_bytes(size.width).saturating_mul(size.height.into());
        self.passes().map(pass_bytes).fold(0, u64::saturating_add)
    }

    /// Pixels of the rows that the first `bytes` complete.
    fn pixels_within(self, mut bytes: u64) -> u64 {
        let mut pixels = 0_u64;
        for size in self.passes() {
            let row = self.row_bytes(size.width);
            let rows = (bytes / row).min(size.height.into());
            pixels = pixels.saturating_add(rows * u64::from(size.width));
            bytes -= rows * row;
            if rows < size.height.into() {
                break;
            }
        }
        pixels
    }
}

/// The zlib stream while it is inflated.
pub(super) struct PixelData {
    layout: RowLayout,
    inflater: Box<Decompressor>,
    /// Inflated bytes: history for matches, then the latest.
    window: Vec<u8>,
    filled: usize,
    /// Inflated bytes so far, without those after the last row.
    inflated: u64,
    end: StreamEnd,
    /// Inflated bytes before the first chunk whose CRC fails.
    trusted: Option<u64>,
}

/// The end of the stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum StreamEnd {
    /// It was not reached.
    Open,
    /// It was not looked for, since more bytes follow the last row. There may be very many.
    Beyond,
    /// Adler-32 is right.
    Right,
    /// Adler-32 is wrong.
    Wrong,
    /// The stream is corrupt, and no more bytes can be inflated.
    Corrupt,
}

impl PixelData {
    /// A stream without bytes.
    pub(super) fn new(layout: RowLayout) -> Self {
        Self {
            layout,
            inflater: Box::new(Decompressor::new()),
            window: vec![0; 3 * HISTORY],
            filled: 0,
            inflated: 0,
            end: StreamEnd::Open,
            trusted: None,
        }
    }

    /// Inflated bytes so far.
    pub(super) fn inflated(&self) -> u64 {
        self.inflated
    }

    /// `true` after an error in the stream.
    pub(super) fn is_corrupt(&self) -> bool {
        self.end == StreamEnd::Corrupt
    }

    /// Inflates from `input`, which is shortened by what was consumed, and returns the next bytes of rows. No bytes
    /// mean that `input` is consumed.
    pub(super) fn inflate(&mut self, input: &mut &[u8]) -> &[u8] {
        if self.end != StreamEnd::Open {
            *input = &[];
            return &[];
        }
        if self.window.len() - self.filled < MOST_OUTPUT {
            self.window.copy_within(self.filled - HISTORY..self.filled, 0);
            self.filled = HISTORY;
        }
        let start = self.filled;
        let output = self.window.get_mut(..start + MOST_OUTPUT).unwrap_or_default();
        let count = match self.inflater.read(input, output, start, false) {
            Ok((consumed, count)) => {
                *input = input.get(consumed..).unwrap_or_default();
                count
            }
            Err(error) => {
                let is_sum = error == DecompressionError::WrongChecksum;
                self.end = if is_sum { StreamEnd::Wrong } else { StreamEnd::Corrupt };
                *input = &[];
                return &[];
            }
        };
        self.filled = start + count;
        if self.inflater.is_done() {
            self.end = StreamEnd::Right;
        }
        let wanted = self.layout.bytes().saturating_sub(self.inflated);
        if wanted == 0 && count > 0 {
            *input = &[];
            self.end = StreamEnd::Beyond;
            return &[];
        }
        let count = count.min(usize::try_from(wanted).unwrap_or(usize::MAX));
        self.inflated = self.inflated.saturating_add(to_u64(count));
        self.window.get(start..start + count).unwrap_or_default()
    }

    /// Notes that the CRC of a chunk fails before which `inflated` bytes came.
    pub(super) fn distrust_from(&mut self, inflated: u64) {
        self.trusted = Some(self.trusted.unwrap_or(u64::MAX).min(inflated));
    }

    /// Pixels that cannot be trusted, by the checksums.
    pub(super) fn untrusted(&self) -> u64 {
        match (self.trusted, self.end) {
            (None, StreamEnd::Wrong) | (Some(_), StreamEnd::Right) => 1,
            (None, StreamEnd::Open | StreamEnd::Beyond | StreamEnd::Right | StreamEnd::Corrupt) => 0,
            (Some(bytes), _) => self.layout.size.pixels().saturating_sub(self.layout.pixels_within(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(width: u32, height: u32, is_interlaced: bool) -> RowLayout {
        RowLayout { size: Size { width, height }, bits: 24, is_interlaced }
    }

    #[test]
    fn bytes_and_pixels_of_plain_rows() {
        let plain = layout(10, 4, false);
        assert_eq!(plain.bytes(), 4 * 31);
        assert_eq!([0, 30, 31, 61, 62, 1000].map(|bytes| plain.pixels_within(bytes)), [0, 0, 10, 10, 20, 40]);
        assert_eq!(RowLayout { bits: 1, ..layout(9, 2, false) }.bytes(), 2 * 3);
    }

    /// 3 x 2 pixels have one pixel in pass 1, and none in passes 2, 3 and 5; one in 4, one in 6, and three in 7.
    #[test]
    fn bytes_and_pixels_of_passes() {
        let passes = layout(3, 2, true);
        assert_eq!(passes.bytes(), 4 + 4 + 4 + 10);
        assert_eq!([3, 4, 8, 12, 21, 22].map(|bytes| passes.pixels_within(bytes)), [0, 1, 2, 3, 3, 6]);
    }
}
