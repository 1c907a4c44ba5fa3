//! The coded items that form an image: one, or the tiles of a grid (ISO/IEC 23008-12, section 6.6.2.3).
//!
//! Memory: [`TILE_BYTES`] per tile, reserved before the list is made.

use crate::imaging::decode::heif::container::boxes::ByteReader;
use crate::imaging::decode::heif::container::content::{self, ContentId};
use crate::imaging::decode::heif::container::meta::{ItemIds, Meta};
use crate::imaging::decode::heif::container::property::Property;
use crate::imaging::error::Error;
use crate::imaging::input::heif::Coding;
use crate::imaging::limits::{Budget, to_u64};
use crate::imaging::picture::geometry::Size;

/// Most bytes of memory per tile: its ID, its alpha while that is searched, and its [`Placement`].
const TILE_BYTES: u64 = 96;

/// The items that form one image, row by row.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct TileGrid {
    pub(super) tiles: Vec<u32>,
    pub(super) columns: usize,
    /// Size of the image; tiles of a grid may extend past its right and lower edge.
    pub(super) size: Size,
    /// `true` if a grid item names the tiles, also if there is only one.
    pub(super) is_derived: bool,
}

/// The frames of an item that are decoded.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Selection {
    pub(super) operating_point: u8,
    /// The layer to be shown; `None` for the last one.
    pub(super) layer: Option<u16>,
}

/// A place in a grid, and the bytes that are shown there. Sorting brings places of equal tiles together.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Placement {
    pub(super) content: ContentId,
    pub(super) selection: Selection,
    /// Number of the place, row by row.
    pub(super) number: usize,
    pub(super) item: u32,
}

impl Placement {
    /// Returns `true` if both places show the same picture.
    pub(super) fn shows_same(&self, other: &Self) -> bool {
        (self.content, self.selection) == (other.content, other.selection)
    }
}

impl TileGrid {
    /// The tiles of an item. Refuses unknown essential properties.
    pub(super) fn of_item(
        meta: &Meta<'_>,
        file: &[u8],
        item: u32,
        budget: &mut Budget,
    ) -> Result<Self, Error> {
        for (essential, property) in meta.properties_of(item) {
            if let (true, Property::Unknown(kind)) = (essential, property) {
                let feature = format!("a property {}", kind.escape_ascii());
                return Err(Error::unsupported(meta.format(), &feature));
            }
        }
        let kind = item_kind(meta, item)?;
        match &kind {
            _ if is_decoded(kind) => {
                let size = declared_size(meta, item)
                    .ok_or_else(|| Error::damaged(meta.format(), "its size is missing"))?;
                Ok(Self { tiles: vec![item], columns: 1, size, is_derived: false })
            }
            b"grid" => {
                let tiles = meta.references_from(*b"dimg", item);
                budget.reserve(to_u64(tiles.len()).saturating_mul(TILE_BYTES))?;
                let content = content::read(meta, file, item, budget)?;
                let grid = Self::read(ByteReader(&content), tiles);
                content::release(content, budget);
                grid.ok_or_else(|| Error::damaged(meta.format(), "its grid is broken"))
            }
            _ => Err(undecoded(meta, kind)),
        }
    }

    /// Reads the content of a grid item: version, flags, rows less one, columns less one, width and height.
    fn read(mut content: ByteReader<'_>, tiles: ItemIds<'_>) -> Option<Self> {
        content.u8()?;
        let is_long = content.u8()? & 1 == 1;
        let [rows, columns] = content.array()?.map(|less_one: u8| usize::from(less_one) + 1);
        let size = Size { width: content.u16_or_u32(is_long)?, height: content.u16_or_u32(is_long)? };
        (rows * columns == tiles.len() && size.pixels() > 0).then(|| Self {
            tiles: tiles.iter().collect(),
            columns,
            size,
            is_derived: true,
        })
    }

    /// The alpha of an image, as one item or as an item for each of its tiles.
    pub(super) fn alpha_of(
        &self,
        meta: &Meta<'_>,
        file: &[u8],
        item: u32,
        budget: &mut Budget,
    ) -> Result<Option<Self>, Error> {
        let found = meta.references_to(*b"auxl", item).find(|item| is_alpha(meta, *item));
        if let Some(alpha) = found {
            return Ok(Some(match meta.kind(alpha) {
                Some(kind) if is_decoded(kind) => {
                    Self { tiles: vec![alpha], columns: 1, size: self.size, is_derived: false }
                }
                _ => Self::of_item(meta, file, alpha, budget)?,
            }));
        }
        if meta.kind(item) != Some(*b"grid") {
            return Ok(None);
        }
        budget.reserve(to_u64(self.tiles.len()).saturating_mul(TILE_BYTES))?;
        Ok(self.alpha_of_tiles(meta).map(|tiles| Self { tiles, ..*self }))
    }

    /// The alpha item of each tile, if all tiles have one. All references are read once: a look-up for each tile would
    /// take time with the square of the file.
    fn alpha_of_tiles(&self, meta: &Meta<'_>) -> Option<Vec<u32>> {
        let mut known: Vec<(u32, Option<u32>)> = self.tiles.iter().map(|tile| (*tile, None)).collect();
        known.sort_unstable();
        known.dedup();
        let find = |known: &[(u32, Option<u32>)], tile| known.binary_search_by_key(&tile, |(id, _)| *id).ok();
        for (alpha, tiles) in meta.references_of(*b"auxl").filter(|(from, _)| is_alpha(meta, *from)) {
            for tile in tiles.iter() {
                if let Some((_, slot)) = find(&known, tile).and_then(|at| known.get_mut(at)) {
                    slot.get_or_insert(alpha);
                }
            }
        }
        self.tiles.iter().map(|tile| known.get(find(&known, *tile)?)?.1).collect()
    }

    /// The places of all tiles, sorted so that equal tiles follow each other.
    ///
    /// # Errors
    /// [`Error::Damaged`] if different tiles have more bytes together than the file.
    pub(super) fn placements(&self, meta: &Meta<'_>, file: &[u8]) -> Result<Vec<Placement>, Error> {
        let placement = |(number, item): (usize, &u32)| Placement {
            content: ContentId::of(meta, file, *item),
            selection: Selection::of(meta, *item),
            number,
            item: *item,
        };
        let mut places: Vec<Placement> = self.tiles.iter().enumerate().map(placement).collect();
        places.sort_unstable();
        let mut bytes = 0_usize;
        for place in places.chunk_by(Placement::shows_same).filter_map(<[Placement]>::first) {
            bytes = bytes.saturating_add(content::length(meta, file, place.item)?);
            if bytes > file.len() {
                return Err(content::overlapping(meta));
            }
        }
        Ok(places)
    }
}

impl Selection {
    /// The selection that an item's properties make.
    pub(super) fn of(meta: &Meta<'_>, item: u32) -> Self {
        let mut selection = Self::default();
        for (_, property) in meta.properties_of(item) {
            match property {
                Property::OperatingPoint(point) if point < 32 => selection.operating_point = point,
                // 0xffff selects the last layer, like no property.
                Property::Layer(number) if number != 0xffff => selection.layer = Some(number),
                _ => (),
            }
        }
        selection
    }
}

/// The size that `ispe` declares for an item.
pub(super) fn declared_size(meta: &Meta<'_>, item: u32) -> Option<Size> {
    meta.properties_of(item).find_map(|(_, property)| match property {
        Property::Size(size) => Some(size),
        _ => None,
    })
}

/// The type of an item.
///
/// # Errors
/// [`Error::Damaged`] if there is no such item.
pub(super) fn item_kind(meta: &Meta<'_>, item: u32) -> Result<[u8; 4], Error> {
    meta.kind(item).ok_or_else(|| Error::damaged(meta.format(), "an item of the picture is missing"))
}

/// Returns `true` for the types of items and tracks that are decoded.
pub(super) fn is_decoded(kind: [u8; 4]) -> bool {
    Coding::of_item(kind).is_some_and(|coding| coding.refusal().is_none())
}

/// The refusal of an item or a track that is not decoded, by its type.
pub(super) fn undecoded(meta: &Meta<'_>, kind: [u8; 4]) -> Error {
    Coding::of_item(kind).and_then(Coding::refusal).unwrap_or_else(|| {
        let feature = format!("a picture of the type {}", kind.escape_ascii());
        Error::unsupported(meta.format(), &feature)
    })
}

fn is_alpha(meta: &Meta<'_>, item: u32) -> bool {
    const ALPHA: [&[u8]; 2] = [b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1"];
    meta.properties_of(item)
        .any(|(_, property)| matches!(property, Property::Auxiliary(kind) if ALPHA.contains(&kind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grid_must_have_the_declared_number_of_tiles() {
        let content = [0, 0, 1, 2, 4, 0, 2, 0];
        let six = ItemIds::short(&[0, 7, 0, 8, 0, 9, 0, 10, 0, 11, 0, 12]);
        let grid = TileGrid::read(ByteReader(&content), six).unwrap();
        assert_eq!((grid.columns, grid.size), (3, Size { width: 1024, height: 512 }));
        assert_eq!(grid.tiles, [7, 8, 9, 10, 11, 12]);
        assert_eq!(TileGrid::read(ByteReader(&content), ItemIds::short(&[0, 7, 0, 8])), None);
        assert_eq!(TileGrid::read(ByteReader(&content[..7]), six), None);
    }
}
