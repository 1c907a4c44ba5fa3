//! The strips or tiles of a page: their size, and where they are in the file.
//!
//! Memory: 32 bytes per chunk while the offsets are read, 16 afterwards; 32 are reserved before.

use crate::imaging::error::Error;
use crate::imaging::exif::directory::{Directory, DirectoryError, tag};
use crate::imaging::limits::{Budget, to_u64};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::side;
use crate::imaging::source_format::SourceFormat;

/// The strips or tiles of a page.
#[derive(Debug)]
pub(super) struct Chunks {
    pub(super) kind: ChunkKind,
    /// Size of a chunk. Only the last strip may have fewer rows.
    pub(super) size: Size,
    /// Chunks in a row of chunks.
    pub(super) across: u32,
    /// Ranges of all chunks of the first plane, then of the next, etc.
    ranges: Vec<ByteRange>,
    /// Number of separately stored planes that are read.
    pub(super) planes: usize,
}

/// Shape of a page's chunks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ChunkKind {
    /// Full-width rows, from the top.
    Strips,
    /// Rectangles of equal size, row by row.
    Tiles,
}

/// Offset in the file and length of a chunk, bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct ByteRange {
    pub(super) start: u64,
    pub(super) length: u64,
}

impl ByteRange {
    /// Length of a chunk that ends nowhere before the end of the file.
    const TO_THE_END: u64 = u64::MAX;

    /// The part of the range that is in the file.
    pub(super) fn of(self, file: &[u8]) -> &[u8] {
        let at = |byte: u64| usize::try_from(byte).unwrap_or(usize::MAX).min(file.len());
        file.get(at(self.start)..at(self.start.saturating_add(self.length))).unwrap_or_default()
    }

    /// `true` for a chunk that was left out because its samples are all 0, as GDAL does. No chunk is in the header.
    pub(super) fn is_left_out(self) -> bool {
        self.start == 0
    }
}

impl Chunks {
    /// Parses size and ranges of all chunks of the first `planes` planes.
    pub(super) fn read(
        directory: &Directory<'_>,
        size: Size,
        planes: usize,
        budget: &mut Budget,
    ) -> Result<Self, DirectoryError> {
        let side = |tag| {
            let number = directory.number(tag)?.unwrap_or(u64::MAX);
            Ok::<_, DirectoryError>(u32::try_from(number).unwrap_or(u32::MAX))
        };
        let kind = if directory.has(tag::TILE_WIDTH) { ChunkKind::Tiles } else { ChunkKind::Strips };
        let chunk = match kind {
            ChunkKind::Strips => {
                Size { width: size.width, height: side(tag::ROWS_PER_STRIP)?.min(size.height) }
            }
            ChunkKind::Tiles => Size { width: side(tag::TILE_WIDTH)?, height: side(tag::TILE_HEIGHT)? },
        };
        if chunk.pixels() == 0 {
            return Err(Error::damaged(SourceFormat::Tiff, "its strips or tiles have no pixels").into());
        }
        let across = size.width.div_ceil(chunk.width);
        let count = Size { width: across, height: size.height.div_ceil(chunk.height) }.pixels();
        let count = count.saturating_mul(to_u64(planes));
        // Offsets and lengths as numbers, 8 bytes each, and as ranges, 16 bytes.
        budget.reserve(count.saturating_mul(32))?;
        // Some writers use the tags of strips for tiles.
        let numbers = |for_tiles, for_strips| match directory.numbers(for_tiles, count)? {
            Some(numbers) => Ok(numbers),
            None => Ok::<_, DirectoryError>(directory.numbers(for_strips, count)?.unwrap_or_default()),
        };
        let starts = numbers(tag::TILE_OFFSETS, tag::STRIP_OFFSETS)?;
        if to_u64(starts.len()) < count {
            let detail = "it does not say where all of its pixels are";
            return Err(Error::damaged(SourceFormat::Tiff, detail).into());
        }
        let lengths = numbers(tag::TILE_LENGTHS, tag::STRIP_LENGTHS)?;
        Ok(Self { kind, size: chunk, across, ranges: ranges(&starts, &lengths), planes })
    }

    /// A single strip of the whole image, whose place in the file is not told.
    pub(super) fn whole(size: Size) -> Self {
        let ranges = vec![ByteRange { start: 0, length: ByteRange::TO_THE_END }];
        Self { kind: ChunkKind::Strips, size, across: 1, ranges, planes: 1 }
    }

    /// Number of chunks in a plane.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.ranges.len() / self.planes.max(1)).unwrap_or(u32::MAX)
    }

    /// The ranges of a chunk, one per plane.
    pub(super) fn planes_of(&self, chunk: u32) -> impl Iterator<Item = ByteRange> {
        self.ranges.iter().skip(side(chunk)).step_by(side(self.count()).max(1)).copied()
    }

    /// The ranges of all chunks in all planes.
    pub(super) fn ranges(&self) -> impl Iterator<Item = ByteRange> {
        self.ranges.iter().copied()
    }
}

/// Joins offsets and lengths. Some writers leave lengths out, or write 0. Such a chunk ends where the next begins, if
/// that is behind it, and else at the end of the file.
fn ranges(starts: &[u64], lengths: &[u64]) -> Vec<ByteRange> {
    let lengths = lengths.iter().copied().chain(std::iter::repeat(0));
    let nexts = starts.iter().skip(1).copied().chain(std::iter::once(0));
    let ranges = starts.iter().zip(lengths).zip(nexts).map(|((start, length), next)| {
        let length = match length {
            0 => next.checked_sub(*start).filter(|length| *length > 0).unwrap_or(ByteRange::TO_THE_END),
            length => length,
        };
        ByteRange { start: *start, length }
    });
    ranges.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunk_without_a_length_ends_at_the_next_or_at_the_end() {
        let range = |start, length| ByteRange { start, length };
        let end = ByteRange::TO_THE_END;
        assert_eq!(ranges(&[8, 20], &[3, 4]), [range(8, 3), range(20, 4)]);
        assert_eq!(ranges(&[8, 20], &[0, 4]), [range(8, 12), range(20, 4)]);
        assert_eq!(ranges(&[20, 8], &[]), [range(20, end), range(8, end)]);
    }
}
