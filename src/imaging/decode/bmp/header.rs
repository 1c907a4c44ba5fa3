//! Headers of a BMP: those of Windows and of OS/2, colour masks and palette.
//!
//! Windows defines `BITMAPFILEHEADER`, `BITMAPCOREHEADER`, `BITMAPINFOHEADER`, `BITMAPV4HEADER` and `BITMAPV5HEADER`;
//! OS/2 defines `BITMAPINFOHEADER2`. The length of the second header tells them apart.
//!
//! Numbers are little-endian. The header is held in a fixed array; fields past its length read as zero.

use std::io::Read;

use crate::imaging::decode::bmp::pixels::{Masks, Palette, PixelCoding, RunUnit};
use crate::imaging::error::Error;
use crate::imaging::input::forward::ForwardReader;
use crate::imaging::picture::geometry::Size;

/// Length of the file header, bytes.
const FILE_HEADER: u64 = 14;

/// Lengths of Windows headers, bytes: core header, info header, those with masks appended, and version 5.
const CORE: usize = 12;
const INFO: usize = 40;
const WITH_COLOR_MASKS: usize = 52;
const WITH_ALPHA_MASK: usize = 56;
const V5: usize = 124;

/// Lengths of OS/2's second header, which may end after any field.
const OS2: std::ops::RangeInclusive<usize> = 16..=64;

/// Format of the pixels, and offsets of what follows the headers.
pub(super) struct BmpHeader {
    pub(super) size: Size,
    /// `true` if rows are stored from the top; usually they are stored from the bottom.
    pub(super) is_top_down: bool,
    pub(super) coding: PixelCoding,
    /// Offset of the pixels in the file.
    pub(super) pixels: u64,
    /// Offset in the file and length of an embedded ICC profile, bytes.
    pub(super) profile: Option<(u64, u32)>,
}

impl BmpHeader {
    /// Reads the headers, the masks and the palette.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Unsupported`] or a failed reader.
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
        let fields = HeaderFields { bytes: fields, length, pixels };
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

/// The fields of a header of `length` bytes; bytes after it are zero.
struct HeaderFields {
    bytes: [u8; V5],
    length: usize,
    /// Offset of the pixels in the file.
    pixels: u64,
}

impl HeaderFields {
    fn u16(&self, at: usize) -> u16 {
        self.bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u16::from_le_bytes(*bytes))
    }

    fn u32(&self, at: usize) -> u32 {
        self.bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u32::from_le_bytes(*bytes))
    }

    /// Returns `true` for a length that no Windows header has.
    fn is_os2(&self) -> bool {
        OS2.contains(&self.length) && ![INFO, WITH_COLOR_MASKS, WITH_ALPHA_MASK].contains(&self.length)
    }

    /// Width and height. A negative height means that rows are stored from the top.
    fn size(&self) -> (u32, i32) {
        if self.length == CORE {
            (self.u16(4).into(), self.u16(6).into())
        } else {
            (self.u32(4), self.u32(8).cast_signed())
        }
    }

    /// Bits per pixel.
    fn bits(&self) -> u16 {
        self.u16(if self.length == CORE { 10 } else { 14 })
    }

    /// The coding of the pixels, with the masks or the palette that follow the header.
    fn coding<R: Read>(&self, file: &mut ForwardReader<'_, '_, R>) -> Result<PixelCoding, Error> {
        let (bits, compression) = (self.bits(), self.u32(16));
        Ok(match (compression, bits) {
            (0, 1 | 2 | 4 | 8) => PixelCoding::Indexed { bits, palette: self.palette(file)? },
            (0, 16) => PixelCoding::Masked16(Masks::new([0x7c00, 0x03e0, 0x001f, 0])),
            (0, 24) => PixelCoding::Bgr,
            (0, 32) => PixelCoding::Masked32(Masks::new([0x00ff_0000, 0xff00, 0xff, self.alpha_mask()])),
            (1, 8) => PixelCoding::RunLengths { unit: RunUnit::Byte, palette: self.palette(file)? },
            (2, 4) => PixelCoding::RunLengths { unit: RunUnit::Nibble, palette: self.palette(file)? },
            (4, 24) if self.is_os2() => {
                PixelCoding::RunLengths { unit: RunUnit::Bgr, palette: Palette::default() }
            }
            (3 | 6, 16 | 32) if !self.is_os2() => {
                let masks = Masks::new(self.masks(file)?);
                if bits == 16 { PixelCoding::Masked16(masks) } else { PixelCoding::Masked32(masks) }
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

    /// The masks of red, green, blue and alpha, from the header or from the bytes after it.
    fn masks<R: Read>(&self, file: &mut ForwardReader<'_, '_, R>) -> Result<[u32; 4], Error> {
        if self.length >= WITH_COLOR_MASKS {
            return Ok([self.u32(40), self.u32(44), self.u32(48), self.alpha_mask()]);
        }
        let mut masks = [0; 4];
        let stored = if self.u32(16) == 6 { 4 } else { 3 };
        for mask in masks.iter_mut().take(stored) {
            *mask = u32::from_le_bytes(file.array()?);
        }
        Ok(masks)
    }

    fn alpha_mask(&self) -> u32 {
        if self.length >= WITH_ALPHA_MASK && !self.is_os2() { self.u32(52) } else { 0 }
    }

    /// Reads the palette. Its number of entries is bounded by the header, by the bytes before the pixels, and by the
    /// number of indices.
    fn palette<R: Read>(&self, file: &mut ForwardReader<'_, '_, R>) -> Result<Palette, Error> {
        let entry_bytes = if self.length == CORE { 3 } else { 4 };
        let full = 1_u64 << self.bits();
        let used = if self.length < INFO {
            full
        } else {
            Some(u64::from(self.u32(32))).filter(|used| *used > 0).unwrap_or(full)
        };
        let available = self.pixels.saturating_sub(file.position()) / entry_bytes;
        let count = used.min(full).min(if available == 0 { full } else { available });
        let mut palette = Palette::default();
        for color in palette.0.iter_mut().zip(0..count).map(|(color, _)| color) {
            let [b, g, r] = file.array()?;
            *color = [r, g, b];
            file.skip_to(file.position() + entry_bytes - 3)?;
        }
        Ok(palette)
    }

    /// Offset from the start of this header, and length, of an embedded profile.
    fn profile(&self) -> Option<(u32, u32)> {
        // The colour space type is the number 0x4d424544, "MBED", stored little-endian.
        let is_embedded = self.length >= V5 && self.bytes.get(56..60) == Some(b"DEBM");
        is_embedded.then(|| (self.u32(112), self.u32(116)))
    }
}
