//! Decompression of strips and tiles, row by row.
//!
//! Memory: Deflate holds 96 KiB for its window; LZW and PackBits hold fixed tables. Fax holds the changes of two rows
//! ([`FaxRows::memory`]).

use std::io::{self, Read};

use weezl::decode::Configuration;
use weezl::{BitOrder, LzwStatus};

use crate::imaging::decode::tiff::coded::{CodedReader, corrupt};
use crate::imaging::decode::tiff::fax::{FaxCoding, FaxRows};

/// Compression of a chunk (TIFF 6.0, sections 9 to 13 and 22; Technical Note 2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum TiffCompression {
    Deflate,
    Fax(FaxCoding),
    Jpeg,
    Lzw,
    None,
    /// JPEG of TIFF 6.0, whose chunks are parts of one JPEG.
    OldJpeg,
    PackBits,
}

impl TiffCompression {
    /// Returns `true` if the predictor tag applies. Files with other compressions may have the tag, which is ignored.
    pub(super) fn has_predictor(self) -> bool {
        match self {
            Self::Deflate | Self::Lzw => true,
            Self::Fax(_) | Self::Jpeg | Self::None | Self::OldJpeg | Self::PackBits => false,
        }
    }

    /// Returns `true` if chunks hold rows of samples, and not JPEG.
    pub(super) fn has_rows(self) -> bool {
        match self {
            Self::Jpeg | Self::OldJpeg => false,
            Self::Deflate | Self::Fax(_) | Self::Lzw | Self::None | Self::PackBits => true,
        }
    }
}

/// A reader of a chunk's decompressed rows.
pub(super) enum ChunkRows<'r> {
    Bytes(Box<dyn Read + 'r>),
    Fax(FaxRows<'r>),
}

impl<'r> ChunkRows<'r> {
    /// Opens a chunk whose compression [has rows](TiffCompression::has_rows), `width` columns wide.
    ///
    /// # Errors
    /// The chunk's first bytes cannot be read.
    pub(super) fn new(compression: TiffCompression, coded: CodedReader<'r>, width: u32) -> io::Result<Self> {
        Ok(match compression {
            TiffCompression::None | TiffCompression::Jpeg | TiffCompression::OldJpeg => Self::Bytes(coded),
            TiffCompression::Deflate => Self::Bytes(Box::new(Inflate::new(coded))),
            TiffCompression::Fax(coding) => Self::Fax(FaxRows::new(coding, coded, width)),
            TiffCompression::Lzw => Self::Bytes(Box::new(Lzw::new(coded)?)),
            TiffCompression::PackBits => Self::Bytes(Box::new(PackBits { coded, left: 0, repeated: None })),
        })
    }

    /// Reads the next row, and returns the number of columns at its end that are lost. Bits of fax rows are 0 for white,
    /// 1 for black.
    ///
    /// # Errors
    /// `InvalidData` for corrupt coding, `UnexpectedEof` for a truncated chunk: this row and those after it are lost.
    pub(super) fn next(&mut self, row: &mut [u8]) -> io::Result<u32> {
        match self {
            Self::Bytes(reader) => reader.read_exact(row).map(|()| 0),
            Self::Fax(rows) => rows.next(row),
        }
    }
}

/// Deflate (RFC 1951, in the zlib format of RFC 1950).
///
/// Matches refer to the last 32 KiB of output. The buffer holds three times as much. When it is full, its last 32 KiB
/// move to its start, so that one move serves 64 KiB of output.
struct Inflate<'r> {
    coded: CodedReader<'r>,
    decoder: Box<fdeflate::Decompressor>,
    buffer: Vec<u8>,
    /// Bytes of the buffer that are decoded.
    decoded: usize,
    /// Bytes of the buffer that were returned; at most `decoded`.
    returned: usize,
}

/// Longest distance of a match, bytes.
const WINDOW: usize = 32 * 1024;

/// Most compressed bytes that are decompressed at a time. If they are corrupt, what came before them is still good.
const INFLATE_STEP: usize = 4096;

impl<'r> Inflate<'r> {
    fn new(coded: CodedReader<'r>) -> Self {
        let mut decoder = Box::new(fdeflate::Decompressor::new());
        // Only as much is read as rows need, and the checksum stands at the end.
        decoder.ignore_adler32();
        Self { coded, decoder, buffer: vec![0; WINDOW * 3], decoded: 0, returned: 0 }
    }
}

impl Read for Inflate<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        while self.returned == self.decoded && !self.decoder.is_done() {
            if self.decoded == self.buffer.len() {
                self.buffer.copy_within(self.decoded - WINDOW.., 0);
                (self.decoded, self.returned) = (WINDOW, WINDOW);
            }
            let input = self.coded.fill_buf()?;
            let input = input.get(..INFLATE_STEP).unwrap_or(input);
            let is_end = input.is_empty();
            let outcome = self.decoder.read(input, &mut self.buffer, self.decoded, is_end);
            let (consumed, produced) = outcome.map_err(|error| match error {
                fdeflate::DecompressionError::InsufficientInput => io::ErrorKind::UnexpectedEof.into(),
                _ => corrupt("its Deflate stream is corrupt"),
            })?;
            self.coded.consume(consumed);
            self.decoded += produced;
            // No progress with space left in the buffer means that the input ended.
            if consumed == 0 && produced == 0 && self.decoded < self.buffer.len() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let mut decoded = self.buffer.get(self.returned..self.decoded).unwrap_or_default();
        let count = decoded.read(target)?;
        self.returned += count;
        Ok(count)
    }
}

/// LZW of TIFF 6.0, section 13 (highest bit first), or of writers before it (lowest bit first).
struct Lzw<'r> {
    coded: CodedReader<'r>,
    decoder: weezl::decode::Decoder,
}

impl<'r> Lzw<'r> {
    fn new(mut coded: CodedReader<'r>) -> io::Result<Self> {
        // Every chunk begins with the clear code, 256 in nine bits. Highest bit first these are 1000 0000 0.., lowest
        // bit first 0000 0000 and a 1 in the lowest bit of the next byte. The older variety also widens codes one
        // code later.
        let configuration = match coded.fill_buf()? {
            [0, second, ..] if second & 1 == 1 => Configuration::new(BitOrder::Lsb, 8),
            _ => Configuration::with_tiff_size_switch(BitOrder::Msb, 8),
        };
        Ok(Self { coded, decoder: configuration.with_yield_on_full_buffer(true).build() })
    }
}

impl Read for Lzw<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        loop {
            let input = self.coded.fill_buf()?;
            let is_end = input.is_empty();
            let result = self.decoder.decode_bytes(input, target);
            self.coded.consume(result.consumed_in);
            match result.status {
                Ok(LzwStatus::Ok) if result.consumed_out == 0 && !is_end && !target.is_empty() => (),
                Ok(LzwStatus::Done | LzwStatus::NoProgress | LzwStatus::Ok) => return Ok(result.consumed_out),
                Err(error) => return Err(corrupt(&format!("its LZW stream is corrupt ({error})"))),
            }
        }
    }
}

/// PackBits (TIFF 6.0, section 9): runs with a signed length n in front.
///
/// 0 to 127 means n + 1 literal bytes, −127 to −1 means 1 − n copies of the next byte, and −128 means nothing. Both
/// lengths are |n| + 1.
struct PackBits<'r> {
    coded: CodedReader<'r>,
    /// Bytes left of the run.
    left: usize,
    /// The byte that the run repeats; `None` for a literal run.
    repeated: Option<u8>,
}

impl Read for PackBits<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        while self.left == 0 {
            let mut head = [0];
            if self.coded.read(&mut head)? == 0 {
                return Ok(0);
            }
            let [length] = head.map(u8::cast_signed);
            if length == i8::MIN {
                continue;
            }
            self.repeated = None;
            if length < 0 {
                self.coded.read_exact(&mut head)?;
                self.repeated = head.first().copied();
            }
            self.left = usize::from(length.unsigned_abs()) + 1;
        }
        let count = self.left.min(target.len());
        let target = target.get_mut(..count).unwrap_or_default();
        let count = match self.repeated {
            Some(byte) => {
                target.fill(byte);
                count
            }
            None => self.coded.read(target)?,
        };
        self.left -= count;
        Ok(count)
    }
}

/// A reader that reverses the bits of each byte (FillOrder 2).
pub(super) struct ReversedBits<'r>(pub(super) CodedReader<'r>);

impl Read for ReversedBits<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(target)?;
        target.iter_mut().take(count).for_each(|byte| *byte = byte.reverse_bits());
        Ok(count)
    }
}
