//! The text that a PNM begins with (the manual pages pbm, pgm, ppm and pam of Netpbm).

use std::io::Read;

use crate::imaging::error::Error;
use crate::imaging::input::forward::ForwardReader;
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::{Depth, Layout};

/// Longest word that means something: a number of ten digits, `GRAYSCALE_ALPHA`.
const LONGEST_WORD: usize = 20;

/// What the pixels are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct PnmHeader {
    pub(super) size: Size,
    pub(super) layout: Layout,
    /// The largest sample, 1 to 65,535.
    pub(super) most: u16,
    pub(super) coding: SampleCoding,
}

/// How samples are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum SampleCoding {
    /// A bit each, 1 for black, in whole bytes a row.
    Bits,
    /// One byte, or two with the higher first.
    Bytes,
    /// A digit each, 1 for black.
    Digits,
    /// Decimal numbers.
    Numbers,
}

impl PnmHeader {
    /// Reads up to the first byte of the pixels.
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
        let size = Size { width: number(file)?, height: number(file)? };
        let most = match coding {
            SampleCoding::Bits | SampleCoding::Digits => 1,
            SampleCoding::Bytes | SampleCoding::Numbers => number(file)?,
        };
        Self::new(size, layout, most, coding, file)
    }

    /// The header of PAM: lines of a name and a value.
    fn read_pam<R: Read>(file: &mut ForwardReader<'_, '_, R>) -> Result<Self, Error> {
        let mut size = Size { width: 0, height: 0 };
        let (mut channels, mut most, mut is_ink) = (0, 0, false);
        loop {
            match word(file)?.as_slice() {
                b"WIDTH" => size.width = number(file)?,
                b"HEIGHT" => size.height = number(file)?,
                b"DEPTH" => channels = number(file)?,
                b"MAXVAL" => most = number(file)?,
                b"TUPLTYPE" => is_ink = word(file)?.starts_with(b"CMYK"),
                b"ENDHDR" => break,
                _ => return Err(file.damaged("its header has a line that does not exist")),
            }
        }
        let layout = match channels {
            1 => Layout::Grey,
            2 => Layout::GreyAlpha,
            3 => Layout::Rgb,
            4 if is_ink => Layout::Cmyk,
            4 => Layout::RgbAlpha,
            _ => return Err(file.unsupported(&format!("{channels} channels"))),
        };
        Self::new(size, layout, most, SampleCoding::Bytes, file)
    }

    fn new<R: Read>(
        size: Size,
        layout: Layout,
        most: u32,
        coding: SampleCoding,
        file: &ForwardReader<'_, '_, R>,
    ) -> Result<Self, Error> {
        if size.pixels() == 0 {
            return Err(file.damaged("it has no pixels"));
        }
        match u16::try_from(most) {
            Ok(most @ 1..) => Ok(Self { size, layout, most, coding }),
            _ => Err(file.damaged(&format!("its samples go up to {most}, which is not within 1 to 65535"))),
        }
    }

    /// The fewest bits that hold the samples.
    pub(super) fn depth(&self) -> Depth {
        if self.most > u16::from(u8::MAX) { Depth::Sixteen } else { Depth::Eight }
    }
}

/// The next word, and the one blank behind it; comments reach to the end of their line.
fn word<R: Read>(file: &mut ForwardReader<'_, '_, R>) -> Result<Vec<u8>, Error> {
    let mut word = Vec::new();
    loop {
        let byte = match file.byte() {
            // The last number may end with the file.
            Err(Error::Damaged { .. }) if !word.is_empty() => return Ok(word),
            byte => byte?,
        };
        match byte {
            b'#' => {
                while !matches!(file.byte()?, b'\n' | b'\r') {}
                if !word.is_empty() {
                    return Ok(word);
                }
            }
            blank if blank.is_ascii_whitespace() && word.is_empty() => (),
            blank if blank.is_ascii_whitespace() => return Ok(word),
            _ if word.len() == LONGEST_WORD => return Err(file.damaged("its header has a word too long")),
            letter => word.push(letter),
        }
    }
}

/// The next number.
pub(super) fn number<R: Read>(file: &mut ForwardReader<'_, '_, R>) -> Result<u32, Error> {
    let word = word(file)?;
    let number = std::str::from_utf8(&word).ok().and_then(|text| text.parse().ok());
    number.ok_or_else(|| file.damaged(&format!("{} stands in the place of a number", word.escape_ascii())))
}
