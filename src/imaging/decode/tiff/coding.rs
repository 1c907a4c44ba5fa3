//! How the rows of a chunk are coded, and readers that decode them.

use std::io::{self, BufRead, Read};

use fax::decoder::{DecodeError, DecodeStatus, Group3Decoder, Group4Decoder};
use weezl::decode::Configuration;
use weezl::{BitOrder, LzwStatus};

/// The coding of a chunk.
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
    /// Whether a predictor can have made its bytes easier to code; others are known to come with the tag all the
    /// same.
    pub(super) fn has_predictor(self) -> bool {
        match self {
            Self::Deflate | Self::Lzw => true,
            Self::Group3 | Self::Group4 | Self::Jpeg | Self::None | Self::PackBits => false,
        }
    }
}

/// A part of the file.
pub(super) type Coded<'r> = Box<dyn BufRead + 'r>;

/// Gives the rows of a chunk as they were before they were coded.
pub(super) enum Rows<'r> {
    Bytes(Box<dyn Read + 'r>),
    Group3 {
        decoder: Group3Decoder<io::Bytes<Coded<'r>>>,
        width: u16,
    },
    Group4(Group4Decoder<io::Bytes<Coded<'r>>>),
    /// White ones.
    Rest,
}

impl<'r> Rows<'r> {
    /// For every coding but JPEG, whose rows are pixels.
    pub(super) fn new(coding: TiffCompression, coded: Coded<'r>, width: u32) -> io::Result<Self> {
        let short = || u16::try_from(width).map_err(|_| invalid("it is a fax of more than 65535 columns"));
        Ok(match coding {
            TiffCompression::None | TiffCompression::Jpeg => Self::Bytes(coded),
            TiffCompression::Deflate => Self::Bytes(Box::new(Inflate::new(coded))),
            TiffCompression::Lzw => Self::Bytes(Box::new(Lzw::new(coded)?)),
            TiffCompression::PackBits => Self::Bytes(Box::new(PackBits { coded, left: 0, repeated: None })),
            TiffCompression::Group3 => {
                let decoder = Group3Decoder::new(coded.bytes()).map_err(fax_error)?;
                Self::Group3 { decoder, width: short()? }
            }
            TiffCompression::Group4 => Self::Group4(Group4Decoder::new(coded.bytes(), short()?)?),
        })
    }

    /// The next row.
    pub(super) fn next(&mut self, row: &mut [u8]) -> io::Result<()> {
        match self {
            Self::Bytes(reader) => reader.read_exact(row)?,
            Self::Group3 { decoder, width } => {
                let outcome = decoder.advance();
                let changes = decoder.transitions();
                // The last row has no line end behind it.
                if changes.last() != Some(width) {
                    outcome.map_err(fax_error)?;
                }
                blacken(row, changes);
            }
            Self::Group4(decoder) => match decoder.advance().map_err(fax_error)? {
                DecodeStatus::Incomplete => blacken(row, decoder.transition()),
                // White rows at the end may be left out.
                DecodeStatus::End => {
                    *self = Self::Rest;
                    row.fill(0);
                }
            },
            Self::Rest => row.fill(0),
        }
        Ok(())
    }
}

/// Sets the bits between every odd change and the next, from white, which is 0, to black.
fn blacken(row: &mut [u8], changes: &[u16]) {
    row.fill(0);
    let end = row.len().saturating_mul(8);
    for change in changes.chunks(2) {
        let [from, to] = [change.first(), change.get(1)].map(|at| at.map_or(end, |at| usize::from(*at)));
        for (at, byte) in row.iter_mut().enumerate().take(to.div_ceil(8)).skip(from / 8) {
            // The bits of this byte from a place on.
            let from_on = |place: usize| {
                let skipped = place.saturating_sub(at * 8).min(8);
                u8::MAX.unbounded_shr(u32::try_from(skipped).unwrap_or(8))
            };
            *byte |= from_on(from) & !from_on(to);
        }
    }
}

/// Deflate, whose matches reach 32 KiB back.
struct Inflate<'r> {
    coded: Coded<'r>,
    decoder: Box<fdeflate::Decompressor>,
    window: Vec<u8>,
    /// Bytes of the window that are decoded, and that were handed on.
    decoded: usize,
    given: usize,
}

/// Bytes that matches may reach back.
const REACH: usize = 32 * 1024;

impl<'r> Inflate<'r> {
    fn new(coded: Coded<'r>) -> Self {
        let mut decoder = Box::new(fdeflate::Decompressor::new());
        // Not all that is coded is read to the end, where the sum stands.
        decoder.ignore_adler32();
        Self { coded, decoder, window: vec![0; REACH * 3], decoded: 0, given: 0 }
    }
}

impl Read for Inflate<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        while self.given == self.decoded && !self.decoder.is_done() {
            if self.decoded == self.window.len() {
                self.window.copy_within(self.decoded - REACH.., 0);
                (self.decoded, self.given) = (REACH, REACH);
            }
            let input = self.coded.fill_buf()?;
            let is_end = input.is_empty();
            let outcome = self.decoder.read(input, &mut self.window, self.decoded, is_end);
            let (consumed, produced) = outcome.map_err(|error| match error {
                fdeflate::DecompressionError::InsufficientInput => io::ErrorKind::UnexpectedEof.into(),
                error => invalid(&format!("its Deflate stream is corrupt ({error:?})")),
            })?;
            self.coded.consume(consumed);
            self.decoded += produced;
            if consumed == 0 && produced == 0 && self.decoded < self.window.len() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let mut decoded = self.window.get(self.given..self.decoded).unwrap_or_default();
        let count = decoded.read(target)?;
        self.given += count;
        Ok(count)
    }
}

/// LZW as TIFF has it, or as it was before 1992: with the bits the other way round.
struct Lzw<'r> {
    coded: Coded<'r>,
    decoder: weezl::decode::Decoder,
}

impl<'r> Lzw<'r> {
    fn new(mut coded: Coded<'r>) -> io::Result<Self> {
        // All begins with the code 256, of nine bits.
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

/// Literals and repeated bytes (TIFF 6.0, section 9).
struct PackBits<'r> {
    coded: Coded<'r>,
    /// Bytes that are left of the run.
    left: usize,
    /// The byte that the run repeats; a run without is literal.
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
        let most = self.left.min(target.len());
        let target = target.get_mut(..most).unwrap_or_default();
        let count = match self.repeated {
            Some(byte) => {
                target.fill(byte);
                most
            }
            None => self.coded.read(target)?,
        };
        self.left -= count;
        Ok(count)
    }
}

/// Bytes whose bits are the other way round.
pub(super) struct Reversed<'r>(pub(super) Coded<'r>);

impl Read for Reversed<'_> {
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
