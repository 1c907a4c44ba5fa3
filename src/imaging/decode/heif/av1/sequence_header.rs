//! The AV1 sequence header (AV1 Bitstream & Decoding Process Specification, section 5.5).
//!
//! Fields are named as in the specification where they are skipped. Nothing is allocated.

use crate::imaging::decode::heif::bits::BitReader;
use crate::imaging::decode::heif::container::property::CodePoints;
use crate::imaging::decode::heif::planes::{ChromaSubsampling, PlaneFormat};
use crate::imaging::limits::to_u64;
use crate::imaging::picture::geometry::Size;

/// Properties of all frames of a bitstream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct SequenceHeader {
    /// `true` if frame headers are reduced to those of still images.
    pub(super) is_reduced: bool,
    /// Size of a frame that does not state its own.
    pub(super) size: Size,
    /// Bits of the width and height of a frame that states its own size.
    pub(super) size_bits: [u32; 2],
    /// Bits of frame IDs; 0 without.
    pub(super) frame_id_bits: u32,
    /// `true` if superblocks have a side of 128 pixels, else of 64.
    pub(super) wide_superblocks: bool,
    /// Bits of presentation times of a decoder model; `None` without the model.
    pub(super) presentation_bits: Option<u32>,
    pub(super) tools: Tools,
    /// `true` if frames may be decoded at a lower width and then upscaled.
    pub(super) superres: bool,
    pub(super) format: PlaneFormat,
    pub(super) color: CodePoints,
    /// `true` if the decoder may copy frames to add film grain.
    pub(super) film_grain: bool,
}

/// Tools whose flags frame headers may repeat. `None` means that the frame chooses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Tools {
    pub(super) screen_content: Option<bool>,
    pub(super) integer_motion: Option<bool>,
    /// Bits of order hints; 0 without.
    pub(super) order_hint_bits: u32,
}

/// Bytes of a picture in the decoder, which pads rows and columns to blocks of 128 samples, and rows of whole KiB by
/// 64 bytes more.
pub(super) fn picture_bytes(format: PlaneFormat, size: Size) -> u64 {
    let padded = padded(size);
    let row = u64::from(padded.width).saturating_mul(to_u64(format.sample_bytes()));
    let plane =
        |row: u64, rows: u64| (row + if row.is_multiple_of(1024) { 64 } else { 0 }).saturating_mul(rows);
    let divisor = |halved: bool| if halved { 2 } else { 1 };
    let chroma = format.chroma.map_or(0, |chroma| {
        2 * plane(row / divisor(chroma.across), u64::from(padded.height) / divisor(chroma.down))
    });
    plane(row, padded.height.into()).saturating_add(chroma)
}

/// A size in whole blocks of 128 pixels, by which the decoder allocates.
pub(super) fn padded(size: Size) -> Size {
    let whole = |side: u32| side.saturating_add(127) / 128 * 128;
    Size { width: whole(size.width), height: whole(size.height) }
}

impl SequenceHeader {
    /// Reads the content of a sequence header (section 5.5.1); `None` if it is cut.
    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let bits = &mut BitReader::new(content);
        let profile = bits.take(3)?;
        // still_picture
        bits.take(1)?;
        let is_reduced = bits.flag()?;
        let mut presentation_bits = None;
        if is_reduced {
            // seq_level_idx
            bits.take(5)?;
        } else {
            presentation_bits = skip_operating_points(bits)?;
        }
        let size_bits = [bits.take(4)? + 1, bits.take(4)? + 1];
        let [width, height] = size_bits;
        let size = Size { width: bits.take(width)? + 1, height: bits.take(height)? + 1 };
        // frame_id_numbers_present_flag
        let mut frame_id_bits = 0;
        if !is_reduced && bits.flag()? {
            // delta_frame_id_length_minus_2, additional_frame_id_length_minus_1
            frame_id_bits = bits.take(4)? + 2 + bits.take(3)? + 1;
        }
        let wide_superblocks = bits.flag()?;
        // enable_filter_intra, enable_intra_edge_filter
        bits.take(2)?;
        let choice = Tools { screen_content: None, integer_motion: None, order_hint_bits: 0 };
        let tools = if is_reduced { choice } else { tools(bits)? };
        let superres = bits.flag()?;
        // enable_cdef, enable_restoration
        bits.take(2)?;
        let (format, color) = color_config(bits, profile)?;
        if format.chroma.is_some() {
            // separate_uv_delta_q
            bits.take(1)?;
        }
        let film_grain = bits.flag()?;
        Some(Self {
            is_reduced,
            size,
            size_bits,
            frame_id_bits,
            wide_superblocks,
            presentation_bits,
            tools,
            superres,
            format,
            color,
            film_grain,
        })
    }
}

/// Skips timing_info, decoder_model_info and the operating points (sections 5.5.1, 5.5.3 to 5.5.5). Returns the bits of
/// presentation times if there is a decoder model.
fn skip_operating_points(bits: &mut BitReader<'_>) -> Option<Option<u32>> {
    let (mut delay_bits, mut presentation_bits) = (None, None);
    if bits.flag()? {
        bits.take(32)?;
        bits.take(32)?;
        let equal_picture_interval = bits.flag()?;
        if equal_picture_interval {
            bits.skip_uvlc()?;
        }
        if bits.flag()? {
            delay_bits = Some(bits.take(5)? + 1);
            bits.take(32)?;
            // buffer_removal_time_length_minus_1, frame_presentation_time_length_minus_1
            bits.take(5)?;
            let length = bits.take(5)? + 1;
            presentation_bits = Some(if equal_picture_interval { 0 } else { length });
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
    Some(presentation_bits)
}

/// Reads the flags of inter prediction and of screen content (section 5.5.1).
fn tools(bits: &mut BitReader<'_>) -> Option<Tools> {
    // enable_interintra_compound, enable_masked_compound, enable_warped_motion, enable_dual_filter
    bits.take(4)?;
    let has_order_hint = bits.flag()?;
    if has_order_hint {
        // enable_jnt_comp, enable_ref_frame_mvs
        bits.take(2)?;
    }
    // seq_choose_screen_content_tools, else seq_force_screen_content_tools
    let screen_content = if bits.flag()? { None } else { Some(bits.flag()?) };
    // seq_choose_integer_mv, else seq_force_integer_mv
    let integer_motion = match screen_content {
        Some(false) => None,
        _ if bits.flag()? => None,
        _ => Some(bits.flag()?),
    };
    // order_hint_bits_minus_1
    let order_hint_bits = if has_order_hint { bits.take(3)? + 1 } else { 0 };
    Some(Tools { screen_content, integer_motion, order_hint_bits })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_a_picture_depends_on_its_format() {
        let bytes =
            |bits, chroma| picture_bytes(PlaneFormat { bits, chroma }, Size { width: 256, height: 129 });
        assert_eq!(bytes(8, None), 65_536);
        assert_eq!(bytes(8, Some(ChromaSubsampling { across: true, down: true })), 98_304);
        assert_eq!(bytes(10, Some(ChromaSubsampling { across: true, down: false })), 262_144);
        assert_eq!(bytes(12, Some(ChromaSubsampling { across: false, down: false })), 393_216);
    }
}
