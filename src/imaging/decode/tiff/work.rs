//! A bound on the time that a page takes, by what its file is worth.
//!
//! A small file can ask for much: its chunks may be the same bytes again and again, have a thousand times their length
//! once decompressed, be far larger than the image, or have many samples that are not used. The time is therefore
//! estimated before anything is decoded, from above, and compared with the size of image and file.

use crate::imaging::decode::tiff::chunks::ByteRange;
use crate::imaging::decode::tiff::coding::TiffCompression;
use crate::imaging::decode::tiff::page::Page;
use crate::imaging::error::Error;
use crate::imaging::limits::to_u64;

/// Time that any file may take, ns.
const ALLOWED: u64 = 1_500_000_000;

/// Time for each pixel of the image, ns.
const ALLOWED_PER_PIXEL: u64 = 25;

/// Time for each byte of the file, ns.
const ALLOWED_PER_BYTE: u64 = 500;

/// Times of a compression, ns.
struct Times {
    /// Time for a byte of samples, with reading it; the time of pixels comes on top.
    sample: u64,
    /// Time for a compressed byte beside that of its samples, such as for the tables of codes.
    coded: u64,
    /// Time for opening a chunk.
    chunk: u64,
}

impl TiffCompression {
    /// Measured on a server of 2024, and rounded up.
    fn times(self) -> Times {
        match self {
            Self::Deflate => Times { sample: 2, coded: 40, chunk: 5_000 },
            // A byte has eight pixels, each of which may be a run. Runs may also be empty.
            Self::Fax(_) => Times { sample: 80, coded: 30, chunk: 1_000 },
            Self::Jpeg | Self::OldJpeg => Times { sample: 3, coded: 60, chunk: 50_000 },
            Self::Lzw => Times { sample: 5, coded: 100, chunk: 2_000 },
            Self::None => Times { sample: 1, coded: 0, chunk: 1_000 },
            Self::PackBits => Times { sample: 2, coded: 5, chunk: 1_000 },
        }
    }
}

impl Page {
    /// Refuses a page that takes more time than a file of `file_length` bytes is worth.
    ///
    /// # Errors
    /// [`Error::Unsupported`].
    pub(super) fn limit_work(&self, file_length: u64) -> Result<(), Error> {
        let allowed = ALLOWED
            .saturating_add(self.size.pixels().saturating_mul(ALLOWED_PER_PIXEL))
            .saturating_add(file_length.saturating_mul(ALLOWED_PER_BYTE));
        if self.time(file_length) <= allowed {
            return Ok(());
        }
        let what = format!(
            "a TIFF of {}x{} pixels that takes {} MB of samples in {} parts",
            self.size.width,
            self.size.height,
            self.sample_bytes().div_ceil(1024 * 1024),
            self.parts(),
        );
        Err(Error::Unsupported { what: what.into() })
    }

    /// Estimated time of all passes, ns.
    fn time(&self, file_length: u64) -> u64 {
        let times = self.compression.times();
        let coded = |range: ByteRange| range.length.min(file_length.saturating_sub(range.start));
        let coded = self.chunks.ranges().fold(0_u64, |sum, range| sum.saturating_add(coded(range)));
        let parts = [
            self.sample_bytes().saturating_mul(times.sample),
            self.parts().saturating_mul(times.chunk),
            coded.saturating_mul(times.coded),
        ];
        let once = parts.into_iter().fold(0, u64::saturating_add);
        once.saturating_mul(if self.needs_range() { 2 } else { 1 })
    }

    /// Chunks of all planes.
    fn parts(&self) -> u64 {
        u64::from(self.chunks.count()).saturating_mul(to_u64(self.chunks.planes))
    }

    /// Bytes of all chunks once decompressed, with the columns beyond the image, and with rows beyond it in JPEG.
    fn sample_bytes(&self) -> u64 {
        let (chunk, parts) = (self.chunks.size, self.parts());
        let down = u64::from(self.size.height.div_ceil(chunk.height)).max(1);
        let rows = match self.compression.has_rows() {
            true => u64::from(self.stored_rows(self.size.height)),
            false => u64::from(chunk.height).saturating_mul(down),
        };
        self.row_bytes().saturating_mul(rows).saturating_mul(parts / down)
    }
}
