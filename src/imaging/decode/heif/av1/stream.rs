//! The open bitstream units (OBUs) of an item, read before decoding to plan memory (AV1 Bitstream & Decoding Process
//! Specification, section 5.3).

use crate::imaging::decode::heif::av1::frame_header::Frame;
use crate::imaging::decode::heif::av1::sequence_header::{self, SequenceHeader, padded};
use crate::imaging::decode::heif::bits::leb128;
use crate::imaging::decode::heif::container::property::CodePoints;
use crate::imaging::decode::heif::planes::PlaneFormat;
use crate::imaging::picture::geometry::Size;

/// Bytes per padded pixel that the decoder keeps beside pictures: block information, and edges for its filters. 0.73 was
/// measured for noise in 4:4:4.
const WORKING_BYTES: u64 = 1;

/// Bytes of a tile's state: its probabilities. 13.6 KB were measured in a picture of 4,096 tiles.
const TILE_BYTES: u64 = 14 * 1024;

/// Facts of an item's bitstream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct StreamInfo {
    /// Largest width and height of a frame.
    pub(super) size: Size,
    pub(super) format: PlaneFormat,
    /// Code points of the bitstream.
    pub(super) color: CodePoints,
    /// Coded frames of all layers.
    pub(super) frames: u32,
    /// Pictures that the decoder holds beside the frames.
    more_pictures: u32,
    /// Most tiles of a frame.
    tiles: u32,
}

/// Type of a unit (section 6.2.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum UnitKind {
    Frame,
    FrameHeader,
    SequenceHeader,
    TemporalDelimiter,
    TileGroup,
    /// Metadata, padding and reserved types: not needed for the picture.
    Other,
}

/// A unit.
#[derive(Clone, Copy, Debug)]
struct Unit<'a> {
    kind: UnitKind,
    /// The unit with its header.
    whole: &'a [u8],
    content: &'a [u8],
}

impl<'a> Unit<'a> {
    /// Splits off the first unit; `None` if it is cut.
    fn split(units: &'a [u8]) -> Option<(Self, &'a [u8])> {
        // Section 5.3.2, from the highest bit: forbidden bit, type in 4 bits, extension flag, has_size_field, reserved.
        let (header, mut rest) = units.split_first()?;
        if header >> 2 & 1 == 1 {
            rest = rest.get(1..)?;
        }
        let length = if header >> 1 & 1 == 1 { leb128(&mut rest)? } else { rest.len() };
        let (content, after) = rest.split_at_checked(length)?;
        let kind = match header >> 3 & 15 {
            1 => UnitKind::SequenceHeader,
            2 => UnitKind::TemporalDelimiter,
            // A redundant frame header begins a frame, if the first one is missing.
            3 | 7 => UnitKind::FrameHeader,
            4 => UnitKind::TileGroup,
            6 => UnitKind::Frame,
            _ => UnitKind::Other,
        };
        let whole = units.get(..units.len().checked_sub(after.len())?)?;
        Some((Self { kind, whole, content }, after))
    }
}

impl StreamInfo {
    /// Reads the units of an item; `None` if they are broken, or if sequence headers differ.
    pub(super) fn read(item: &[u8]) -> Option<Self> {
        let mut sequence: Option<SequenceHeader> = None;
        let mut largest = Frame { size: Size { width: 0, height: 0 }, tiles: 0, is_upscaled: false };
        let (mut units, mut frames) = (item, 0_u32);
        while !units.is_empty() {
            let (unit, rest) = Unit::split(units)?;
            units = rest;
            match unit.kind {
                UnitKind::SequenceHeader => {
                    let read = SequenceHeader::read(unit.content)?;
                    if *sequence.get_or_insert(read) != read {
                        return None;
                    }
                }
                UnitKind::Frame | UnitKind::FrameHeader => {
                    let frame = Frame::read(unit.content, sequence.as_ref()?, item.len());
                    largest = largest.union(frame);
                    frames = frames.saturating_add(1);
                }
                UnitKind::TemporalDelimiter | UnitKind::TileGroup | UnitKind::Other => (),
            }
        }
        sequence.map(|sequence| Self {
            size: if frames > 0 { largest.size } else { sequence.size },
            format: sequence.format,
            color: sequence.color,
            frames,
            // A frame before it is upscaled, and one with film grain.
            more_pictures: u32::from(largest.is_upscaled) + u32::from(sequence.film_grain),
            tiles: largest.tiles,
        })
    }

    /// Most bytes of the pictures. The decoder keeps all of them as long as one is in use.
    pub(super) fn picture_bytes(&self) -> u64 {
        let pictures = u64::from(self.frames.max(1)) + u64::from(self.more_pictures);
        sequence_header::picture_bytes(self.format, self.size).saturating_mul(pictures)
    }

    /// Most bytes of the pictures and the state of the decoder.
    pub(super) fn decoder_bytes(&self) -> u64 {
        let working_bytes = padded(self.size).pixels().saturating_mul(WORKING_BYTES);
        let tile_bytes = u64::from(self.tiles).saturating_mul(TILE_BYTES);
        self.picture_bytes().saturating_add(working_bytes).saturating_add(tile_bytes)
    }
}

/// The units of an item that the decoder needs. It would collect all metadata, in memory of any size.
pub(super) fn needed_units(item: &[u8]) -> Vec<u8> {
    let mut needed = Vec::with_capacity(item.len());
    let mut units = item;
    while let Some((unit, rest)) = Unit::split(units) {
        units = rest;
        if unit.kind != UnitKind::Other {
            needed.extend_from_slice(unit.whole);
        }
    }
    needed
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
    use crate::imaging::decode::heif::planes::ChromaSubsampling;

    #[test]
    fn sequence_header_gives_size_and_format() {
        let chroma = Some(ChromaSubsampling { across: false, down: false });
        let color = CodePoints { primaries: 1, transfer: 13, matrix: 6, full_range: true };
        let format = PlaneFormat { bits: 8, chroma };
        let size = Size { width: 1, height: 1 };
        let expected = StreamInfo { size, format, color, frames: 1, more_pictures: 0, tiles: 1 };
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
    fn metadata_and_padding_do_not_reach_the_decoder() {
        // An OBU of metadata and one of padding, of two bytes each.
        let more = [0x2a, 2, 4, 0x80, 0x7a, 2, 1, 0x80];
        let item = [&WHITE[..2], &more, &WHITE[2..], &more].concat();
        assert_eq!(needed_units(&item), WHITE);
        assert_eq!(StreamInfo::read(&item), StreamInfo::read(&WHITE));
    }

    #[test]
    fn memory_of_the_decoder_counts_all_pictures_and_tiles() {
        let stream = StreamInfo::read(&WHITE).unwrap();
        let picture = 3 * 128 * 128;
        assert_eq!(stream.decoder_bytes(), picture + 128 * 128 + TILE_BYTES);
        let more = StreamInfo { frames: 2, more_pictures: 2, tiles: 3, ..stream };
        assert_eq!(more.decoder_bytes(), 4 * picture + 128 * 128 + 3 * TILE_BYTES);
    }
}
