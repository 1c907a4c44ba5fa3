//! The beginning of AV1 frame headers: the size of a frame and the number of its tiles, which decide the decoder's memory
//! (AV1 Bitstream & Decoding Process Specification, sections 5.9.2 to 5.9.15).
//!
//! Frames that refer to others, and those with a decoder model, are not read in full. Their size and tiles are bounded
//! by what the sequence header allows.

use crate::imaging::decode::heif::av1::sequence_header::SequenceHeader;
use crate::imaging::decode::heif::bits::BitReader;
use crate::imaging::picture::geometry::Size;

/// Most tiles across and down (section 3).
const MOST_TILES: u32 = 64;

/// Frame types (section 6.8.2).
const KEY_FRAME: u32 = 0;
const INTRA_ONLY_FRAME: u32 = 2;
const SWITCH_FRAME: u32 = 3;

/// Upper bounds of a frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Frame {
    pub(super) size: Size,
    pub(super) tiles: u32,
    /// `true` if the frame is decoded at a lower width and then upscaled.
    pub(super) is_upscaled: bool,
}

/// The fields of a header up to the tiles.
struct FrameStart {
    /// Size after superres.
    size: Size,
    /// Width before superres.
    coded_width: u32,
}

impl Frame {
    /// Reads the header at the beginning of `content`. Each tile takes at least two of the item's `item_bytes`.
    pub(super) fn read(content: &[u8], sequence: &SequenceHeader, item_bytes: usize) -> Self {
        let bits = &mut BitReader::new(content);
        let start = FrameStart::read(bits, sequence);
        if let Some(start) = &start
            && let Some(tiles) = start.tiles(bits, sequence)
        {
            return Self { size: start.size, tiles, is_upscaled: start.coded_width < start.size.width };
        }
        let size = start.map_or_else(
            || {
                let [width, height] = sequence.size_bits.map(|bits| 1 << bits);
                Size { width, height }
            },
            |start| start.size,
        );
        let across = |side: u32| side.div_ceil(64).min(MOST_TILES);
        let by_bytes = u32::try_from(item_bytes / 2 + 1).unwrap_or(u32::MAX);
        let tiles = by_bytes.min(across(size.width) * across(size.height));
        Self { size, tiles, is_upscaled: sequence.superres }
    }

    /// Bounds of both frames.
    pub(super) fn union(self, other: Self) -> Self {
        let size = Size {
            width: self.size.width.max(other.size.width),
            height: self.size.height.max(other.size.height),
        };
        let is_upscaled = self.is_upscaled || other.is_upscaled;
        Self { size, tiles: self.tiles.max(other.tiles), is_upscaled }
    }
}

impl FrameStart {
    /// Reads a header up to the tiles; `None` if the size of the frame stays unknown.
    fn read(bits: &mut BitReader<'_>, sequence: &SequenceHeader) -> Option<Self> {
        let (mut kind, mut is_shown, mut is_resilient) = (KEY_FRAME, true, true);
        if !sequence.is_reduced {
            // A frame that is shown again has no pixels of its own.
            if bits.flag()? {
                return Some(Self { size: Size { width: 1, height: 1 }, coded_width: 1 });
            }
            kind = bits.take(2)?;
            is_shown = bits.flag()?;
            // frame_presentation_time, else showable_frame
            bits.take(if is_shown { sequence.presentation_bits.unwrap_or(0) } else { 1 })?;
            is_resilient = kind == SWITCH_FRAME || (kind == KEY_FRAME && is_shown) || bits.flag()?;
        }
        let keeps_cdfs = bits.flag()?;
        let has_screen_content = sequence.tools.screen_content.map_or_else(|| bits.flag(), Some)?;
        if has_screen_content && sequence.tools.integer_motion.is_none() {
            // force_integer_mv
            bits.take(1)?;
        }
        bits.take(sequence.frame_id_bits)?;
        let has_own_size = !sequence.is_reduced && (kind == SWITCH_FRAME || bits.flag()?);
        bits.take(sequence.tools.order_hint_bits)?;
        if !matches!(kind, KEY_FRAME | INTRA_ONLY_FRAME) || sequence.presentation_bits.is_some() {
            // The tiles follow much later. Without an own size, the frame has that of the sequence.
            let start = Self { size: sequence.size, coded_width: 0 };
            return (!has_own_size).then_some(start);
        }
        let refreshes_all = (kind == KEY_FRAME && is_shown) || bits.take(8)? == 0xff;
        if !refreshes_all && is_resilient {
            for _ in 0..8 {
                // ref_order_hint
                bits.take(sequence.tools.order_hint_bits)?;
            }
        }
        let start = Self::size(bits, sequence, has_own_size)?;
        if has_screen_content && start.coded_width == start.size.width {
            // allow_intrabc
            bits.take(1)?;
        }
        if !sequence.is_reduced && !keeps_cdfs {
            // disable_frame_end_update_cdf
            bits.take(1)?;
        }
        Some(start)
    }

    /// Reads frame_size, superres_params and render_size (sections 5.9.5, 5.9.6 and 5.9.8).
    fn size(bits: &mut BitReader<'_>, sequence: &SequenceHeader, has_own_size: bool) -> Option<Self> {
        let [width, height] = sequence.size_bits;
        let size = if has_own_size {
            Size { width: bits.take(width)? + 1, height: bits.take(height)? + 1 }
        } else {
            sequence.size
        };
        let mut coded_width = size.width;
        if sequence.superres && bits.flag()? {
            let denominator = bits.take(3)? + 9;
            coded_width = ((size.width * 8 + denominator / 2) / denominator).max(size.width.min(16));
        }
        // render_and_frame_size_different
        if bits.flag()? {
            bits.take(32)?;
        }
        Some(Self { size, coded_width })
    }

    /// Reads the number of tiles (tile_info, section 5.9.15).
    fn tiles(&self, bits: &mut BitReader<'_>, sequence: &SequenceHeader) -> Option<u32> {
        if self.coded_width == 0 {
            return None;
        }
        if self.size.pixels() == 1 {
            return Some(1);
        }
        let side_log2 = if sequence.wide_superblocks { 7 } else { 6 };
        let superblocks = |pixels: u32| pixels.div_ceil(1 << side_log2);
        let (across, down) = (superblocks(self.coded_width), superblocks(self.size.height));
        let most_across = 4096 >> side_log2;
        let most_area = (4096 * 2304) >> (2 * side_log2);
        let least_log2_columns = tile_log2(most_across, across);
        let least_log2_tiles = tile_log2(most_area, across * down).max(least_log2_columns);
        // uniform_tile_spacing_flag
        if bits.flag()? {
            let log2_columns = uniform_log2(bits, least_log2_columns, across)?;
            let log2_rows = uniform_log2(bits, least_log2_tiles.saturating_sub(log2_columns), down)?;
            let count = |length: u32, log2: u32| length.div_ceil(length.div_ceil(1 << log2).max(1));
            return Some(count(across, log2_columns) * count(down, log2_rows));
        }
        let (columns, widest) = explicit(bits, across, most_across)?;
        let most_area = across * down;
        let most_area = if least_log2_tiles > 0 { most_area >> (least_log2_tiles + 1) } else { most_area };
        let (rows, _) = explicit(bits, down, (most_area / widest.max(1)).max(1))?;
        Some(columns * rows)
    }
}

/// The smallest k for which `unit` · 2^k reaches `length` (section 5.9.16).
fn tile_log2(unit: u32, length: u32) -> u32 {
    let mut k = 0;
    while unit.max(1) << k < length {
        k += 1;
    }
    k
}

/// Reads increment_tile_cols_log2 or increment_tile_rows_log2.
fn uniform_log2(bits: &mut BitReader<'_>, least: u32, length: u32) -> Option<u32> {
    let most = tile_log2(1, length.min(MOST_TILES));
    let mut log2 = least;
    while log2 < most && bits.flag()? {
        log2 += 1;
    }
    Some(log2)
}

/// Reads the widths or heights of tiles, in superblocks. Returns their number, and the largest.
fn explicit(bits: &mut BitReader<'_>, length: u32, most: u32) -> Option<(u32, u32)> {
    let (mut start, mut count, mut largest) = (0, 0, 0);
    while start < length && count < MOST_TILES {
        let side = bits.below((length - start).min(most))? + 1;
        (start, count, largest) = (start + side, count + 1, largest.max(side));
    }
    Some((count, largest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::decode::heif::av1::sequence_header::Tools;
    use crate::imaging::decode::heif::container::property::CodePoints;
    use crate::imaging::decode::heif::planes::PlaneFormat;

    const SIZE: Size = Size { width: 1000, height: 600 };

    fn sequence() -> SequenceHeader {
        SequenceHeader {
            is_reduced: false,
            size: SIZE,
            size_bits: [10, 10],
            frame_id_bits: 0,
            wide_superblocks: false,
            presentation_bits: None,
            tools: Tools { screen_content: None, integer_motion: None, order_hint_bits: 7 },
            superres: true,
            format: PlaneFormat { bits: 8, chroma: None },
            color: CodePoints { primaries: 2, transfer: 2, matrix: 2, full_range: true },
            film_grain: false,
        }
    }

    fn bounds(size: Size, tiles: u32) -> Frame {
        Frame { size, tiles, is_upscaled: false }
    }

    /// The frame of a header written in ones and zeros.
    fn frame(text: &str, sequence: &SequenceHeader) -> Frame {
        let bits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
        let bytes: Vec<u8> = bits
            .chunks(8)
            .map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit) << (8 - bits.len()))
            .collect();
        Frame::read(&bytes, sequence, 1000)
    }

    #[test]
    fn tiles_of_key_frames_are_counted() {
        // Not shown before, key, shown; CDFs updated, no screen content; the size of the sequence, hint 0; no superres,
        // no render size; CDFs updated at the end.
        let start = "0 00 1  0 0  0 0000000  0 0  0";
        for (tiles, count) in [
            ("1 0 0", 1),
            ("1 110 0", 4),
            // Of 16 superblocks across and 10 down: eight columns of two, and five rows of two.
            ("1 1110 1110", 40),
            ("1 1111 1111", 160),
            // Columns of 10 and 6 superblocks, and rows of 9 and 1, each less one.
            ("0 1001 111  1110", 4),
        ] {
            let frame = frame(&format!("{start} {tiles} 000000"), &sequence());
            assert_eq!(frame, bounds(SIZE, count), "{tiles}");
        }
        let reduced = SequenceHeader { is_reduced: true, superres: false, ..sequence() };
        let reduced = SequenceHeader { tools: Tools { order_hint_bits: 0, ..reduced.tools }, ..reduced };
        assert_eq!(frame("0 0  0  1 1110 1110", &reduced), bounds(SIZE, 40));
    }

    #[test]
    fn frame_may_state_its_own_size_or_be_upscaled() {
        let own = "0 00 1  0 0  1 0000000  0011111111 0001111111  0 0  0  1 1110 110 0";
        assert_eq!(frame(own, &sequence()), bounds(Size { width: 256, height: 128 }, 8));
        // Coded at half the width: eight superblocks across.
        let upscaled = "0 00 1  0 0  0 0000000  1 111 0  0  1 111 0 0";
        assert_eq!(frame(upscaled, &sequence()), Frame { is_upscaled: true, ..bounds(SIZE, 8) });
    }

    #[test]
    fn frame_that_is_not_read_in_full_has_the_largest_bounds() {
        let most = Frame { is_upscaled: true, ..bounds(Size { width: 1024, height: 1024 }, 256) };
        assert_eq!(frame("", &sequence()), most);
        // An inter frame that states its own size, and one that does not.
        assert_eq!(frame("0 01 1 0  0 0  1 0000000 0000", &sequence()), most);
        let inter = frame("0 01 1 0  0 0  0 0000000 0000", &sequence());
        assert_eq!(inter, Frame { is_upscaled: true, ..bounds(SIZE, 160) });
        let shown_again = bounds(Size { width: 1, height: 1 }, 1);
        assert_eq!(frame("1 000", &sequence()), shown_again);
    }
}
