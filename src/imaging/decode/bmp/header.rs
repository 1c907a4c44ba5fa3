//! What stands before the pixels of a BMP: the headers of Windows and of OS/2, colour masks and palette.
//!
//! Microsoft describes the first as `BITMAPFILEHEADER`, `BITMAPCOREHEADER`, `BITMAPINFOHEADER`, `BITMAPV4HEADER` and
//! `BITMAPV5HEADER`; the second is IBM's `BITMAPINFOHEADER2`.

use std::io::Read;

use crate::imaging::decode::bmp::pixels::Unit;
use crate::imaging::decode::bmp::pixels::{Masks, Palette, PixelCoding};
use crate::imaging::error::Error;
use crate::imaging::input::forward::ForwardReader;
use crate::imaging::picture::geometry::Size;

/// Bytes of the file header, before the header that says all else.
const FILE_HEADER: u64 = 14;

/// Sizes of the headers of Windows that are special here.
const CORE: usize = 12;
const INFO: usize = 40;
const WITH_COLOR_MASKS: usize = 52;
const WITH_ALPHA_MASK: usize = 56;
const V5: usize = 124;

/// OS/2's second header may end after any field.
const OS2: std::ops::RangeInclusive<usize> = 16..=64;

/// The way from a header to its pixels.
pub(super) struct BmpHeader {
    pub(super) size: Size,
    /// Whether the first row is that at the top, which is the exception.
    pub(super) is_top_down: bool,
    pub(super) coding: PixelCoding,
    /// Where the pixels start, bytes from the start of the file.
    pub(super) pixels: u64,
    /// Where an embedded ICC profile starts and its length, bytes.
    pub(super) profile: Option<(u64, u32)>,
}

impl BmpHeader {
    /// Reads up to the end of the palette.
    pub(super) fn read<R: Read>(file: &mut ForwardReader<'_, '_, R>) -> Result<Self, Error> {
        let [.., p0, p1, p2, p3] = file.array::<14>()?;
        let length = u32::from_le_bytes(file.array()?);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let mut fields = [0; V5];
        match fields.get_mut(4..length) {
            Some(rest) if length == CORE || length >= *OS2.start() => file.read(rest)?,
            _ => return Err(file.unsupported(&format!("a header of {length} bytes"))),
        }
        let pixels = u64::from(u32::from_le_bytes([p0, p1, p2, p3]));
        let fields = Fields { bytes: fields, length, pixels };
        let (width, height) = fields.size();
        let size = Size { width, height: height.unsigned_abs() };
        if size.pixels() == 0 || i32::try_from(width).is_err() {
            return Err(file.damaged("it has no pixels"));
        }
        let coding = fields.coding(file)?;
        let profile = fields.profile().map(|(start, length)| (FILE_HEADER + u64::from(start), length));
        Ok(Self { size, is_top_down: height < 0, coding, pixels, profile })
    }
}

/// A header of `length` bytes, the rest of which is zero.
struct Fields {
    bytes: [u8; V5],
    length: usize,
    /// Where the pixels start.
    pixels: u64,
}

impl Fields {
    fn short(&self, at: usize) -> u16 {
        self.bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u16::from_le_bytes(*bytes))
    }

    fn long(&self, at: usize) -> u32 {
        self.bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u32::from_le_bytes(*bytes))
    }

    fn is_os2(&self) -> bool {
        OS2.contains(&self.length) && ![INFO, WITH_COLOR_MASKS, WITH_ALPHA_MASK].contains(&self.length)
    }

    /// Width and height; a negative one turns the order of the rows.
    fn size(&self) -> (u32, i32) {
        if self.length == CORE {
            (self.short(4).into(), self.short(6).into())
        } else {
            (self.long(4), self.long(8).cast_signed())
        }
    }

    fn bits(&self) -> u16 {
        self.short(if self.length == CORE { 10 } else { 14 })
    }

    /// Reads what follows the header for it.
    fn coding<R: Read>(&self, file: &mut ForwardReader<'_, '_, R>) -> Result<PixelCoding, Error> {
        let (bits, compression) = (self.bits(), self.long(16));
        Ok(match (compression, bits) {
            (0, 1 | 2 | 4 | 8) => PixelCoding::Indexed { bits, palette: self.palette(file)? },
            (0, 16) => PixelCoding::Short(Masks::new([0x7c00, 0x03e0, 0x001f, 0])),
            (0, 24) => PixelCoding::Bgr,
            (0, 32) => PixelCoding::Long(Masks::new([0x00ff_0000, 0xff00, 0xff, self.alpha_mask()])),
            (1, 8) => PixelCoding::RunLengths { unit: Unit::Byte, palette: self.palette(file)? },
            (2, 4) => PixelCoding::RunLengths { unit: Unit::Nibble, palette: self.palette(file)? },
            (4, 24) if self.is_os2() => {
                PixelCoding::RunLengths { unit: Unit::Bgr, palette: Palette::default() }
            }
            (3 | 6, 16 | 32) if !self.is_os2() => {
                let masks = Masks::new(self.masks(file)?);
                if bits == 16 { PixelCoding::Short(masks) } else { PixelCoding::Long(masks) }
            }
            (3, 1) if self.is_os2() => return Err(file.unsupported("Huffman coding")),
            (4, _) => return Err(file.unsupported("a JPEG inside")),
            (5, _) => return Err(file.unsupported("a PNG inside")),
            (11..=13, _) => return Err(file.unsupported("CMYK")),
            _ => {
                let what =
                    format!("it has {bits} bits a pixel in coding {compression}, which does not exist");
                return Err(file.damaged(&what));
            }
        })
    }

    /// Of red, green, blue and alpha.
    fn masks<R: Read>(&self, file: &mut ForwardReader<'_, '_, R>) -> Result<[u32; 4], Error> {
        if self.length >= WITH_COLOR_MASKS {
            return Ok([self.long(40), self.long(44), self.long(48), self.alpha_mask()]);
        }
        let mut masks = [0; 4];
        let stored = if self.long(16) == 6 { 4 } else { 3 };
        for mask in masks.iter_mut().take(stored) {
            *mask = u32::from_le_bytes(file.array()?);
        }
        Ok(masks)
    }

    fn alpha_mask(&self) -> u32 {
        if self.length >= WITH_ALPHA_MASK && !self.is_os2() { self.long(52) } else { 0 }
    }

    /// As many colours as the header says, the pixels leave room for, and indices can name.
    fn palette<R: Read>(&self, file: &mut ForwardReader<'_, '_, R>) -> Result<Palette, Error> {
        let entry = if self.length == CORE { 3 } else { 4 };
        let full = 1_u64 << self.bits();
        let used = if self.length < INFO {
            full
        } else {
            Some(u64::from(self.long(32))).filter(|used| *used > 0).unwrap_or(full)
        };
        let room = self.pixels.saturating_sub(file.position()) / entry;
        let count = used.min(full).min(if room == 0 { full } else { room });
        let mut palette = Palette::default();
        for color in palette.0.iter_mut().zip(0..count).map(|(color, _)| color) {
            let [b, g, r] = file.array()?;
            *color = [r, g, b];
            file.skip_to(file.position() + entry - 3)?;
        }
        Ok(palette)
    }

    /// Start, from the start of this header, and length of an embedded profile.
    fn profile(&self) -> Option<(u32, u32)> {
        // The field is a number; its bytes spell MBED from the end.
        let is_embedded = self.length >= V5 && self.bytes.get(56..60) == Some(b"DEBM");
        is_embedded.then(|| (self.long(112), self.long(116)))
    }
}
