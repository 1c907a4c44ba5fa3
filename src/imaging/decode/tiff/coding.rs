//! Decompression of strips and tiles, row by row.
//!
//! Memory: Deflate holds 96 KiB for its window; LZW, PackBits and fax hold fixed tables and a row. Nothing is
//! allocated by a number from the file.

use std::io::{self, BufRead, Read};

use fax::decoder::{DecodeError, DecodeStatus, Group3Decoder, Group4Decoder};
use weezl::decode::Configuration;
use weezl::{BitOrder, LzwStatus};

/// Compression of a chunk (TIFF 6.0, sections 9 to 13; Technical Note 2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum TiffCompression {
    Deflate,
    Group3,
    Group4,
    Jpeg,
    Lzw,
    None,
    PackBits,
}

impl TiffCompression {
    /// Returns `true` if the predictor tag applies. Files with other compressions may have the tag, which is ignored.
    pub(super) fn has_predictor(self) -> bool {
        match self {
            Self::Deflate | Self::Lzw => true,
            Self::Group3 | Self::Group4 | Self::Jpeg | Self::None | Self::PackBits => false,
        }
    }
}

/// A reader of a chunk's compressed bytes.
pub(super) type CodedReader<'r> = Box<dyn BufRead + 'r>;

/// A reader of a chunk's decompressed rows.
pub(super) enum ChunkRows<'r> {
    Bytes(Box<dyn Read + 'r>),
    Group3 {
        decoder: Group3Decoder<io::Bytes<CodedReader<'r>>>,
        width: u16,
    },
    Group4(Group4Decoder<io::Bytes<CodedReader<'r>>>),
    /// White rows after the end of a fax.
    White,
}

impl<'r> ChunkRows<'r> {
    /// Opens a chunk of any compression but JPEG, which is decoded to pixels elsewhere.
    ///
    /// # Errors
    /// The chunk's first bytes cannot be read, or its width is impossible.
    pub(super) fn new(compression: TiffCompression, coded: CodedReader<'r>, width: u32) -> io::Result<Self> {
        let columns = || u16::try_from(width).map_err(|_| invalid("it is a fax of more than 65535 columns"));
        Ok(match compression {
            TiffCompression::None | TiffCompression::Jpeg => Self::Bytes(coded),
            TiffCompression::Deflate => Self::Bytes(Box::new(Inflate::new(coded))),
            TiffCompression::Lzw => Self::Bytes(Box::new(Lzw::new(coded)?)),
            TiffCompression::PackBits => Self::Bytes(Box::new(PackBits { coded, left: 0, repeated: None })),
            TiffCompression::Group3 => {
                let decoder = Group3Decoder::new(coded.bytes()).map_err(fax_error)?;
                Self::Group3 { decoder, width: columns()? }
            }
            TiffCompression::Group4 => Self::Group4(Group4Decoder::new(coded.bytes(), columns()?)?),
        })
    }

    /// Reads the next row. Bits of fax rows are 0 for white, 1 for black.
    ///
    /// # Errors
    /// `InvalidData` for corrupt coding, `UnexpectedEof` for a truncated chunk.
    pub(super) fn next(&mut self, row: &mut [u8]) -> io::Result<()> {
        match self {
            Self::Bytes(reader) => reader.read_exact(row)?,
            Self::Group3 { decoder, width } => {
                let outcome = decoder.advance();
                let transitions = decoder.transitions();
                // A complete row is good even if the EOL code after it is missing, as after the last row.
                if transitions.last() != Some(width) {
                    outcome.map_err(fax_error)?;
                }
                fill_black_runs(row, transitions);
            }
            Self::Group4(decoder) => match decoder.advance().map_err(fax_error)? {
                DecodeStatus::Incomplete => fill_black_runs(row, decoder.transition()),
                // White rows at the end may be omitted.
                DecodeStatus::End => {
                    *self = Self::White;
                    row.fill(0);
                }
            },
            Self::White => row.fill(0),
        }
        Ok(())
    }
}

/// Writes a fax row from its transitions: the columns at which white, which begins, and black alternate.
///
/// Black runs are thus the half-open ranges from transitions 0, 2, 4, … to the one after each. A missing end is the end
/// of the row. The bits of one byte in a run are those from its start on, without those from its end on.
fn fill_black_runs(row: &mut [u8], transitions: &[u16]) {
    row.fill(0);
    let row_end = row.len().saturating_mul(8);
    for run in transitions.chunks(2) {
        let [start, end] =
            [run.first(), run.get(1)].map(|column| column.map_or(row_end, |column| usize::from(*column)));
        for (index, byte) in row.iter_mut().enumerate().take(end.div_ceil(8)).skip(start / 8) {
            // Bits of this byte from a column on; the first column is in the highest bit.
            let bits_from = |column: usize| {
                let skipped = column.saturating_sub(index * 8).min(8);
                u8::MAX.unbounded_shr(u32::try_from(skipped).unwrap_or(8))
            };
            *byte |= bits_from(start) & !bits_from(end);
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
            let is_end = input.is_empty();
            let outcome = self.decoder.read(input, &mut self.buffer, self.decoded, is_end);
            let (consumed, produced) = outcome.map_err(|error| match error {
                fdeflate::DecompressionError::InsufficientInput => io::ErrorKind::UnexpectedEof.into(),
                error => invalid(&format!("its Deflate stream is corrupt ({error:?})")),
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
                Err(error) => return Err(invalid(&format!("its LZW stream is corrupt ({error})"))),
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

fn fax_error(error: DecodeError<io::Error>) -> io::Error {
    match error {
        DecodeError::Reader(error) => error,
        DecodeError::Invalid => invalid("its fax coding is corrupt"),
        DecodeError::Unsupported => invalid("its fax coding has extensions"),
    }
}

fn invalid(detail: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, detail)
}
