//! The AV1 sequence header, read before decoding to plan memory (AV1 Bitstream & Decoding Process Specification,
//! sections 5.3 and 5.5).
//!
//! Fields are named as in the specification where they are skipped. Nothing is allocated.

use crate::imaging::decode::avif::property::CodePoints;
use crate::imaging::limits::to_u64;
use crate::imaging::picture::geometry::Size;

/// Facts of an item's bitstream: its sequence header and its number of frames.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct StreamInfo {
    /// Largest size of a frame.
    pub(super) size: Size,
    pub(super) format: PlaneFormat,
    pub(super) color: CodePoints,
    /// `true` if the decoder may copy frames to add film grain.
    pub(super) film_grain: bool,
    /// Coded frames of all layers.
    pub(super) frames: u32,
}

/// Storage of samples.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct PlaneFormat {
    /// Bits of a sample: 8, 10 or 12.
    pub(super) bits: u8,
    /// Subsampling of chroma; `None` without chroma.
    pub(super) chroma: Option<ChromaSubsampling>,
}

/// Directions in which chroma has half the resolution of luma.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct ChromaSubsampling {
    pub(super) across: bool,
    pub(super) down: bool,
}

impl PlaneFormat {
    /// Returns `true` if samples have two bytes.
    pub(super) fn is_wide(self) -> bool {
        self.bits > 8
    }

    /// Bytes of a sample.
    pub(super) fn sample_bytes(self) -> usize {
        if self.is_wide() { 2 } else { 1 }
    }

    /// Bytes of a picture in the decoder, which pads rows and columns to blocks of 128 samples.
    pub(super) fn bytes(self, size: Size) -> u64 {
        let padded = |side: u32| u64::from(side).next_multiple_of(128);
        let luma = padded(size.width).saturating_mul(padded(size.height));
        let divisor = |halved: bool| if halved { 2 } else { 1 };
        let chroma =
            self.chroma.map_or(0, |chroma| 2 * luma / (divisor(chroma.across) * divisor(chroma.down)));
        luma.saturating_add(chroma).saturating_mul(to_u64(self.sample_bytes()))
    }
}

impl StreamInfo {
    /// Reads the open bitstream units (OBUs) of an item; `None` if they are broken, or if sequence headers differ.
    pub(super) fn read(mut units: &[u8]) -> Option<Self> {
        let mut found: Option<Self> = None;
        let mut frames = 0_u32;
        while let Some((header, rest)) = units.split_first() {
            // Section 5.3.2, from the highest bit: forbidden bit, type in 4 bits, extension flag, has_size_field,
            // reserved.
            let mut rest = rest;
            if header >> 2 & 1 == 1 {
                rest = rest.get(1..)?;
            }
            let length = if header >> 1 & 1 == 1 { leb128(&mut rest)? } else { rest.len() };
            let (content, after) = rest.split_at_checked(length)?;
            units = after;
            match header >> 3 & 15 {
                // OBU_SEQUENCE_HEADER
                1 => {
                    let sequence = Self::sequence_header(&mut BitReader { bytes: content, at: 0 })?;
                    if found.is_some_and(|found| found != sequence) {
                        return None;
                    }
                    found = Some(sequence);
                }
                // OBU_FRAME_HEADER, OBU_FRAME
                3 | 6 => frames = frames.saturating_add(1),
                _ => (),
            }
        }
        found.map(|info| Self { frames, ..info })
    }

    /// Reads a sequence header (section 5.5.1); `frames` is 0.
    fn sequence_header(bits: &mut BitReader<'_>) -> Option<Self> {
        let profile = bits.take(3)?;
        // still_picture
        bits.take(1)?;
        let is_reduced = bits.flag()?;
        if is_reduced {
            // seq_level_idx
            bits.take(5)?;
        } else {
            skip_operating_points(bits)?;
        }
        let width_bits = bits.take(4)? + 1;
        let height_bits = bits.take(4)? + 1;
        let size = Size { width: bits.take(width_bits)? + 1, height: bits.take(height_bits)? + 1 };
        // frame_id_numbers_present_flag
        if !is_reduced && bits.flag()? {
            bits.take(4 + 3)?;
        }
        // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
        bits.take(3)?;
        if !is_reduced {
            skip_tools(bits)?;
        }
        // enable_superres, enable_cdef, enable_restoration
        bits.take(3)?;
        let (format, color) = color_config(bits, profile)?;
        if format.chroma.is_some() {
            // separate_uv_delta_q
            bits.take(1)?;
        }
        Some(Self { size, format, color, film_grain: bits.flag()?, frames: 0 })
    }
}

/// Skips timing_info, decoder_model_info and the operating points (sections 5.5.1, 5.5.3 to 5.5.5).
fn skip_operating_points(bits: &mut BitReader<'_>) -> Option<()> {
    let mut delay_bits = None;
    if bits.flag()? {
        bits.take(32)?;
        bits.take(32)?;
        if bits.flag()? {
            bits.skip_uvlc()?;
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

/// Skips the flags of inter prediction and of screen content (section 5.5.1).
fn skip_tools(bits: &mut BitReader<'_>) -> Option<()> {
    // enable_interintra_compound, enable_masked_compound, enable_warped_motion, enable_dual_filter
    bits.take(4)?;
    let has_order_hint = bits.flag()?;
    if has_order_hint {
        // enable_jnt_comp, enable_ref_frame_mvs
        bits.take(2)?;
    }
    // seq_choose_screen_content_tools, else seq_force_screen_content_tools
    let has_screen_content = bits.flag()? || bits.flag()?;
    // seq_choose_integer_mv, else seq_force_integer_mv
    if has_screen_content && !bits.flag()? {
        bits.take(1)?;
    }
    if has_order_hint {
        // order_hint_bits_minus_1
        bits.take(3)?;
    }
    Some(())
}

/// Reads color_config (section 5.5.2), up to separate_uv_delta_q.
fn color_config(bits: &mut BitReader<'_>, profile: u32) -> Option<(PlaneFormat, CodePoints)> {
    let high_bitdepth = bits.flag()?;
    let depth = match (high_bitdepth, profile) {
        (false, _) => 8,
        (true, 2) if bits.flag()? => 12,
        (true, _) => 10,
    };
    let mono_chrome = profile != 1 && bits.flag()?;
    let mut color = CodePoints { primaries: 2, transfer: 2, matrix: 2, full_range: true };
    if bits.flag()? {
        color.primaries = bits.byte()?;
        color.transfer = bits.byte()?;
        color.matrix = bits.byte()?;
    }
    // BT.709 primaries, sRGB transfer and the identity matrix imply full range and 4:4:4.
    if !mono_chrome && (color.primaries, color.transfer, color.matrix) == (1, 13, 0) {
        let chroma = Some(ChromaSubsampling { across: false, down: false });
        return Some((PlaneFormat { bits: depth, chroma }, color));
    }
    color.full_range = bits.flag()?;
    let chroma = match profile {
        _ if mono_chrome => None,
        0 => Some(ChromaSubsampling { across: true, down: true }),
        1 => Some(ChromaSubsampling { across: false, down: false }),
        _ if depth == 12 => {
            let across = bits.flag()?;
            Some(ChromaSubsampling { across, down: across && bits.flag()? })
        }
        _ => Some(ChromaSubsampling { across: true, down: false }),
    };
    // chroma_sample_position
    if chroma.is_some_and(|chroma| chroma.across && chroma.down) {
        bits.take(2)?;
    }
    Some((PlaneFormat { bits: depth, chroma }, color))
}

/// Reads a little-endian base-128 number (section 4.10.5).
fn leb128(bytes: &mut &[u8]) -> Option<usize> {
    let mut value = 0_u64;
    for index in 0..8 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte >> 7 == 0 {
            return usize::try_from(value).ok();
        }
    }
    None
}

/// A cursor over bits, the highest bit of each byte first.
struct BitReader<'a> {
    bytes: &'a [u8],
    /// Bits already read.
    at: usize,
}

impl BitReader<'_> {
    /// The next `count` bits, at most 32, as an unsigned integer.
    fn take(&mut self, count: u32) -> Option<u32> {
        let mut value = 0_u64;
        for _ in 0..count {
            let byte = self.bytes.get(self.at / 8)?;
            value = value << 1 | u64::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        u32::try_from(value).ok()
    }

    /// The next bit.
    fn flag(&mut self) -> Option<bool> {
        self.take(1).map(|bit| bit == 1)
    }

    /// The next 8 bits.
    fn byte(&mut self) -> Option<u8> {
        self.take(8).and_then(|byte| u8::try_from(byte).ok())
    }

    /// Skips a variable-length number (section 4.10.3): n zeros, a one, and n bits if n is below 32.
    fn skip_uvlc(&mut self) -> Option<()> {
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

/// The units of one white pixel by libavif.
#[cfg(test)]
pub(super) const WHITE: [u8; 23] = [
    0x12, 0x00, 0x0a, 0x07, 0x38, 0x00, 0x06, 0x10, 0x10, 0xd0, 0x69, 0x32, 0x0a, 0x1f, 0xf0, 0x3f, 0xff,
    0xff, 0xc4, 0x00, 0x00, 0xaf, 0x70,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_header_gives_size_and_format() {
        let chroma = Some(ChromaSubsampling { across: false, down: false });
        let color = CodePoints { primaries: 1, transfer: 13, matrix: 6, full_range: true };
        let size = Size { width: 1, height: 1 };
        let expected =
            StreamInfo { size, format: PlaneFormat { bits: 8, chroma }, color, film_grain: false, frames: 1 };
        assert_eq!(StreamInfo::read(&WHITE), Some(expected));
    }

    #[test]
    fn truncated_units_and_differing_sequence_headers_are_none() {
        assert_eq!(StreamInfo::read(&WHITE[..7]), None);
        assert_eq!(StreamInfo::read(&WHITE[..2]), None, "no sequence header");
        assert_eq!(StreamInfo::read(&WHITE.repeat(3)).unwrap().frames, 3);
        let mut other = WHITE;
        other[9] ^= 0x80;
        assert_eq!(StreamInfo::read(&[WHITE, other].concat()), None);
    }

    #[test]
    fn memory_of_a_picture_depends_on_its_format() {
        let bytes = |bits, chroma| PlaneFormat { bits, chroma }.bytes(Size { width: 256, height: 129 });
        assert_eq!(bytes(8, None), 65_536);
        assert_eq!(bytes(8, Some(ChromaSubsampling { across: true, down: true })), 98_304);
        assert_eq!(bytes(10, Some(ChromaSubsampling { across: true, down: false })), 262_144);
        assert_eq!(bytes(12, Some(ChromaSubsampling { across: false, down: false })), 393_216);
    }
}
