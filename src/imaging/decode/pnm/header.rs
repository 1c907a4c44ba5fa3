//! Headers of PNM files: P1 to P6 and PAM (manual pages pbm, pgm, ppm and pam of Netpbm).
//!
//! A header is text; the pixels begin after the one white space character that ends its last token.

use std::io::Read;

use crate::imaging::error::Error;
use crate::imaging::input::forward::ForwardReader;
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::{Depth, Layout};

/// Longest token, bytes: `GRAYSCALE_ALPHA` has 15, a number ten digits.
const MAX_TOKEN: usize = 20;

/// Format of the pixels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct PnmHeader {
    pub(super) size: Size,
    pub(super) layout: Layout,
    /// Largest sample value, 1 to 65,535.
    pub(super) max_value: u16,
    pub(super) coding: SampleCoding,
}

/// Storage of samples.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum SampleCoding {
    /// One bit per sample, 1 for black; rows are padded to whole bytes.
    Bits,
    /// One byte per sample, or two in big-endian order.
    Bytes,
    /// One digit per sample, 1 for black.
    Digits,
    /// Decimal numbers.
    Numbers,
}

impl PnmHeader {
    /// Reads the header, up to the first byte of the pixels.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Unsupported`] or a failed reader.
    pub(super) fn read<R: Read>(file: &mut ForwardReader<'_, '_, R>) -> Result<Self, Error> {
        let [_, kind] = file.array()?;
        let (layout, coding) = match kind {
            b'1' => (Layout::Grey, SampleCoding::Digits),
            b'2' => (Layout::Grey, SampleCoding::Numbers),
            b'3' => (Layout::Rgb, SampleCoding::Numbers),
            b'4' => (Layout::Grey, SampleCoding::Bits),
            b'5' => (Layout::Grey, SampleCoding::Bytes),
            b'6' => (Layout::Rgb, SampleCoding::Bytes),
            _ => return Self::read_pam(file),
        };
        let size = Size { width: number(file, NumberEnd::Space)?, height: number(file, NumberEnd::Space)? };
        let max_value = match coding {
            SampleCoding::Bits | SampleCoding::Digits => 1,
            SampleCoding::Bytes | SampleCoding::Numbers => number(file, NumberEnd::Space)?,
        };
        Self::new(size, layout, max_value, coding, file)
    }

    /// Reads the header of PAM: lines of a keyword and a value.
    fn read_pam<R: Read>(file: &mut ForwardReader<'_, '_, R>) -> Result<Self, Error> {
        let mut size = Size { width: 0, height: 0 };
        let (mut channels, mut max_value, mut is_cmyk) = (0, 0, false);
        loop {
            match token(file, NumberEnd::Space)?.as_slice() {
                b"WIDTH" => size.width = number(file, NumberEnd::Space)?,
                b"HEIGHT" => size.height = number(file, NumberEnd::Space)?,
                b"DEPTH" => channels = number(file, NumberEnd::Space)?,
                b"MAXVAL" => max_value = number(file, NumberEnd::Space)?,
                b"TUPLTYPE" => is_cmyk = token(file, NumberEnd::Space)?.starts_with(b"CMYK"),
                b"ENDHDR" => break,
                _ => return Err(file.damaged("its header has a line that does not exist")),
            }
        }
        let layout = match channels {
            1 => Layout::Grey,
            2 => Layout::GreyAlpha,
            3 => Layout::Rgb,
            4 if is_cmyk => Layout::Cmyk,
            4 => Layout::RgbAlpha,
            _ => return Err(file.unsupported(&format!("{channels} channels"))),
        };
        Self::new(size, layout, max_value, SampleCoding::Bytes, file)
    }

    fn new<R: Read>(
        size: Size,
        layout: Layout,
        max_value: u32,
        coding: SampleCoding,
        file: &ForwardReader<'_, '_, R>,
    ) -> Result<Self, Error> {
        if size.pixels() == 0 {
            return Err(file.damaged("it has no pixels"));
        }
        match u16::try_from(max_value) {
            Ok(max_value @ 1..) => Ok(Self { size, layout, max_value, coding }),
            _ => {
                Err(file
                    .damaged(&format!("its samples go up to {max_value}, which is not within 1 to 65535")))
            }
        }
    }

    /// Smallest depth that holds the samples.
    pub(super) fn depth(&self) -> Depth {
        if self.max_value > u16::from(u8::MAX) { Depth::Sixteen } else { Depth::Eight }
    }
}

/// What may end a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum NumberEnd {
    /// White space or a comment. At EOF the token may have lost its end.
    Space,
    /// Also EOF, for the last number of a file.
    SpaceOrEof,
}

/// Reads the next token and the white space character after it. Comments extend to the end of their line.
fn token<R: Read>(file: &mut ForwardReader<'_, '_, R>, end: NumberEnd) -> Result<Vec<u8>, Error> {
    let mut token = Vec::new();
    loop {
        let byte = match file.byte() {
            Err(Error::Damaged { .. }) if end == NumberEnd::SpaceOrEof && !token.is_empty() => {
                return Ok(token);
            }
            byte => byte?,
        };
        match byte {
            b'#' => {
                while !matches!(file.byte()?, b'\n' | b'\r') {}
                if !token.is_empty() {
                    return Ok(token);
                }
            }
            space if space.is_ascii_whitespace() && token.is_empty() => (),
            space if space.is_ascii_whitespace() => return Ok(token),
            _ if token.len() == MAX_TOKEN => return Err(file.damaged("its header has a word too long")),
            letter => token.push(letter),
        }
    }
}

/// Reads the next token as a decimal number.
///
/// # Errors
/// [`Error::Damaged`] or a failed reader.
pub(super) fn number<R: Read>(file: &mut ForwardReader<'_, '_, R>, end: NumberEnd) -> Result<u32, Error> {
    let token = token(file, end)?;
    let number = std::str::from_utf8(&token).ok().and_then(|text| text.parse().ok());
    number.ok_or_else(|| file.damaged(&format!("{} stands in the place of a number", token.escape_ascii())))
}
