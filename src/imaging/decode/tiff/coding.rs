//! Decompression of strips and tiles, row by row.
//!
//! Memory: Deflate holds 96 KiB for its window, LZW 36 KiB of output and 64 KiB for its table. Fax holds the changes of
//! two rows ([`FaxRows::memory`]).

use std::io::{self, Read};

use crate::imaging::decode::lzw::{LZW_SPACE, LzwDecoder, LzwStop, LzwVariety};
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

/// Memory that the chunks of a plane use one after the other.
#[derive(Default)]
pub(super) struct Workspace {
    /// The latest decompressed bytes.
    buffer: Vec<u8>,
    lzw: Option<LzwDecoder>,
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
    pub(super) fn new(
        compression: TiffCompression,
        coded: CodedReader<'r>,
        width: u32,
        workspace: &'r mut Workspace,
    ) -> io::Result<Self> {
        Ok(match compression {
            TiffCompression::None | TiffCompression::Jpeg | TiffCompression::OldJpeg => Self::Bytes(coded),
            TiffCompression::Deflate => Self::Bytes(Box::new(Inflate::new(coded, workspace))),
            TiffCompression::Fax(coding) => Self::Fax(FaxRows::new(coding, coded, width)),
            TiffCompression::Lzw => Self::Bytes(Box::new(Lzw::new(coded, workspace)?)),
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
    buffer: &'r mut Vec<u8>,
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
    fn new(coded: CodedReader<'r>, workspace: &'r mut Workspace) -> Self {
        let mut decoder = Box::new(fdeflate::Decompressor::new());
        // Only as much is read as rows need, and the checksum stands at the end.
        decoder.ignore_adler32();
        workspace.buffer.resize(WINDOW * 3, 0);
        Self { coded, decoder, buffer: &mut workspace.buffer, decoded: 0, returned: 0 }
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
            let outcome = self.decoder.read(input, self.buffer, self.decoded, is_end);
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

/// LZW, which is returned as far as it is good.
struct Lzw<'r> {
    coded: CodedReader<'r>,
    decoder: &'r mut LzwDecoder,
    buffer: &'r mut Vec<u8>,
    /// Bytes of the buffer that are decoded.
    decoded: usize,
    /// Bytes of the buffer that were returned; at most `decoded`.
    returned: usize,
    stop: LzwStop,
}

/// Most bytes of LZW that are decoded at a time, except for the end of a string.
const LZW_STEP: usize = 32 * 1024;

impl<'r> Lzw<'r> {
    fn new(mut coded: CodedReader<'r>, workspace: &'r mut Workspace) -> io::Result<Self> {
        // Every chunk begins with the clear code, 256 in nine bits. Highest bit first these are 1000 0000 0.., lowest
        // bit first 0000 0000 and a 1 in the lowest bit of the next byte.
        let variety = match coded.fill_buf()? {
            [0, second, ..] if second & 1 == 1 => LzwVariety::LowestBitFirst,
            _ => LzwVariety::HighestBitFirst,
        };
        let Workspace { buffer, lzw } = workspace;
        buffer.resize(LZW_STEP + LZW_SPACE, 0);
        let decoder = lzw.get_or_insert_with(|| LzwDecoder::new(variety, 8));
        decoder.restart(variety, 8);
        Ok(Self { coded, decoder, buffer, decoded: 0, returned: 0, stop: LzwStop::Open })
    }
}

impl Read for Lzw<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        while self.returned == self.decoded {
            match self.stop {
                LzwStop::Corrupt => return Err(corrupt("its LZW stream is corrupt")),
                LzwStop::End => return Ok(0),
                LzwStop::Open => (),
            }
            let input = self.coded.fill_buf()?;
            if input.is_empty() {
                return Ok(0);
            }
            let step = self.decoder.decode(input, self.buffer);
            self.coded.consume(step.consumed);
            (self.decoded, self.returned, self.stop) = (step.written, 0, step.stop);
        }
        let mut decoded = self.buffer.get(self.returned..self.decoded).unwrap_or_default();
        let count = decoded.read(target)?;
        self.returned += count;
        Ok(count)
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
