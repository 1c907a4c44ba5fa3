//! The open bitstream units of AV1 as far as memory must be planned before decoding
//! (AV1 Bitstream & Decoding Process Specification, sections 5.3, 5.5).

use crate::imaging::decode::avif::meta::CodePoints;
use crate::imaging::picture::geometry::Size;

/// What the sequence header of an item says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Stream {
    /// Largest size of a frame.
    pub(super) size: Size,
    pub(super) format: PlaneFormat,
    pub(super) color: CodePoints,
    /// Whether frames may be copied to get film grain.
    pub(super) film_grain: bool,
    /// Frames that are coded, of all layers.
    pub(super) frames: u32,
}

/// How samples are stored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct PlaneFormat {
    /// Bits of a sample: 8, 10 or 12.
    pub(super) bits: u8,
    /// `None` when there is no chroma.
    pub(super) chroma: Option<ChromaSubsampling>,
}

/// Whether chroma has half the resolution.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct ChromaSubsampling {
    pub(super) across: bool,
    pub(super) down: bool,
}

impl PlaneFormat {
    /// Bytes of a picture in this format; rows and columns are padded to blocks of 128 samples.
    pub(super) fn bytes(self, size: Size) -> u64 {
        let padded = |side: u32| u64::from(side).next_multiple_of(128);
        let luma = padded(size.width).saturating_mul(padded(size.height));
        let half = |halved: bool| if halved { 2 } else { 1 };
        let chroma = self.chroma.map_or(0, |chroma| 2 * luma / (half(chroma.across) * half(chroma.down)));
        luma.saturating_add(chroma).saturating_mul(if self.bits > 8 { 2 } else { 1 })
    }
}

impl Stream {
    /// Reads the units of an item; `None` when they are broken, or when its frames would not all have one format.
    pub(super) fn read(mut units: &[u8]) -> Option<Self> {
        let mut found: Option<Self> = None;
        let mut frames = 0_u32;
        while let Some((header, rest)) = units.split_first() {
            let mut rest = rest;
            if header >> 2 & 1 == 1 {
                rest = rest.get(1..)?;
            }
            let length = if header >> 1 & 1 == 1 { leb128(&mut rest)? } else { rest.len() };
            let (content, after) = rest.split_at_checked(length)?;
            units = after;
            match header >> 3 & 15 {
                1 => {
                    let sequence = Self::sequence(&mut Bits { bytes: content, at: 0 })?;
                    if found.is_some_and(|found| found != sequence) {
                        return None;
                    }
                    found = Some(sequence);
                }
                3 | 6 => frames = frames.saturating_add(1),
                _ => (),
            }
        }
        found.map(|stream| Self { frames, ..stream })
    }

    /// Section 5.5.1.
    fn sequence(bits: &mut Bits<'_>) -> Option<Self> {
        let profile = bits.take(3)?;
        bits.take(1)?;
        let reduced = bits.flag()?;
        if reduced {
            bits.take(5)?;
        } else {
            operating_points(bits)?;
        }
        let width_bits = bits.take(4)? + 1;
        let height_bits = bits.take(4)? + 1;
        let size = Size { width: bits.take(width_bits)? + 1, height: bits.take(height_bits)? + 1 };
        if !reduced && bits.flag()? {
            bits.take(4 + 3)?;
        }
        bits.take(3)?;
        if !reduced {
            tools(bits)?;
        }
        bits.take(3)?;
        let (format, color) = color(bits, profile)?;
        if format.chroma.is_some() {
            bits.take(1)?;
        }
        Some(Self { size, format, color, film_grain: bits.flag()?, frames: 0 })
    }
}

fn operating_points(bits: &mut Bits<'_>) -> Option<()> {
    let mut delay_bits = None;
    if bits.flag()? {
        bits.take(32)?;
        bits.take(32)?;
        if bits.flag()? {
            bits.exponential()?;
        }
        if bits.flag()? {
            delay_bits = Some(bits.take(5)? + 1);
            bits.take(32)?;
            bits.take(5 + 5)?;
        }
    }
    let display_delay = bits.flag()?;
    for _ in 0..=bits.take(5)? {
        bits.take(12)?;
        if bits.take(5)? > 7 {
            bits.take(1)?;
        }
        if let Some(delay_bits) = delay_bits
            && bits.flag()?
        {
            bits.take(delay_bits)?;
            bits.take(delay_bits)?;
            bits.take(1)?;
        }
        if display_delay && bits.flag()? {
            bits.take(4)?;
        }
    }
    Some(())
}

/// Which tools of inter prediction and of screen content are used.
fn tools(bits: &mut Bits<'_>) -> Option<()> {
    bits.take(4)?;
    let order = bits.flag()?;
    if order {
        bits.take(2)?;
    }
    let screen = bits.flag()? || bits.flag()?;
    if screen && !bits.flag()? {
        bits.take(1)?;
    }
    if order {
        bits.take(3)?;
    }
    Some(())
}

/// Section 5.5.2.
fn color(bits: &mut Bits<'_>, profile: u32) -> Option<(PlaneFormat, CodePoints)> {
    let high = bits.flag()?;
    let depth = match (high, profile) {
        (false, _) => 8,
        (true, 2) if bits.flag()? => 12,
        (true, _) => 10,
    };
    let grey = profile != 1 && bits.flag()?;
    let mut color = CodePoints { primaries: 2, transfer: 2, matrix: 2, full_range: true };
    if bits.flag()? {
        color.primaries = bits.byte()?;
        color.transfer = bits.byte()?;
        color.matrix = bits.byte()?;
    }
    // sRGB as it is, without a matrix.
    if !grey && (color.primaries, color.transfer, color.matrix) == (1, 13, 0) {
        let chroma = Some(ChromaSubsampling { across: false, down: false });
        return Some((PlaneFormat { bits: depth, chroma }, color));
    }
    color.full_range = bits.flag()?;
    let chroma = match profile {
        _ if grey => None,
        0 => Some(ChromaSubsampling { across: true, down: true }),
        1 => Some(ChromaSubsampling { across: false, down: false }),
        _ if depth == 12 => {
            let across = bits.flag()?;
            Some(ChromaSubsampling { across, down: across && bits.flag()? })
        }
        _ => Some(ChromaSubsampling { across: true, down: false }),
    };
    if chroma.is_some_and(|chroma| chroma.across && chroma.down) {
        bits.take(2)?;
    }
    Some((PlaneFormat { bits: depth, chroma }, color))
}

/// Section 4.10.5.
fn leb128(bytes: &mut &[u8]) -> Option<usize> {
    let mut value = 0_u64;
    for place in 0..8 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte >> 7 == 0 {
            return usize::try_from(value).ok();
        }
    }
    None
}

/// Bits, the highest of a byte first.
struct Bits<'a> {
    bytes: &'a [u8],
    /// Bits read.
    at: usize,
}

impl Bits<'_> {
    /// Up to 32 bits.
    fn take(&mut self, count: u32) -> Option<u32> {
        let mut value = 0_u64;
        for _ in 0..count {
            let byte = self.bytes.get(self.at / 8)?;
            value = value << 1 | u64::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        u32::try_from(value).ok()
    }

    fn flag(&mut self) -> Option<bool> {
        self.take(1).map(|bit| bit == 1)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(8).and_then(|byte| u8::try_from(byte).ok())
    }

    /// Section 4.10.3, of which only the length matters.
    fn exponential(&mut self) -> Option<()> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
        }
        if zeros < 32 {
            self.take(zeros)?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One white pixel, as libavif writes it.
    const WHITE: [u8; 23] = [
        0x12, 0x00, 0x0a, 0x07, 0x38, 0x00, 0x06, 0x10, 0x10, 0xd0, 0x69, 0x32, 0x0a, 0x1f, 0xf0, 0x3f, 0xff,
        0xff, 0xc4, 0x00, 0x00, 0xaf, 0x70,
    ];

    #[test]
    fn sequence_header_tells_size_and_format() {
        let chroma = Some(ChromaSubsampling { across: false, down: false });
        let color = CodePoints { primaries: 1, transfer: 13, matrix: 6, full_range: true };
        let size = Size { width: 1, height: 1 };
        let expected =
            Stream { size, format: PlaneFormat { bits: 8, chroma }, color, film_grain: false, frames: 1 };
        assert_eq!(Stream::read(&WHITE), Some(expected));
    }

    #[test]
    fn units_that_pass_the_end_and_formats_that_change_are_none() {
        assert_eq!(Stream::read(&WHITE[..7]), None);
        assert_eq!(Stream::read(&WHITE[..2]), None, "no sequence header");
        assert_eq!(Stream::read(&WHITE.repeat(3)).unwrap().frames, 3);
        let mut other = WHITE;
        other[9] ^= 0x80;
        assert_eq!(Stream::read(&[WHITE, other].concat()), None);
    }

    #[test]
    fn memory_of_a_picture_follows_its_format() {
        let bytes = |bits, chroma| PlaneFormat { bits, chroma }.bytes(Size { width: 256, height: 129 });
        assert_eq!(bytes(8, None), 65_536);
        assert_eq!(bytes(8, Some(ChromaSubsampling { across: true, down: true })), 98_304);
        assert_eq!(bytes(10, Some(ChromaSubsampling { across: true, down: false })), 262_144);
        assert_eq!(bytes(12, Some(ChromaSubsampling { across: false, down: false })), 393_216);
    }
}
