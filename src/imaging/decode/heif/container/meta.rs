//! The `meta` box: the items of a file, where their bytes are, and their properties (ISO/IEC 14496-12, section 8.11;
//! ISO/IEC 23008-12, sections 6 and 9).
//!
//! All tables are flat and sorted once, so that every look-up is a binary search. Memory: [`Meta::memory`], which the
//! caller reserves. The content of items stays in the file; [`content`](super::content)
//! joins extents.

use crate::imaging::decode::heif::container::boxes::ByteReader;
use crate::imaging::decode::heif::container::property::Property;
use crate::imaging::input::heif::Coding;
use crate::imaging::limits::to_u64;
use crate::imaging::source_format::SourceFormat;

/// Most bytes of memory per byte of the box. A growing vector holds three times its length while it moves, and the
/// worst entry is a property of 40 bytes that takes 8 bytes in the file.
const MEMORY_FACTOR: u64 = 16;

/// Content of the box. Items are identified by their IDs.
#[derive(Debug, Default)]
pub(in crate::imaging::decode::heif) struct Meta<'a> {
    /// ID of the primary item.
    pub(in crate::imaging::decode::heif) primary: Option<u32>,
    kinds: ItemTable<[u8; 4]>,
    /// IDs of the items that are packets of XMP, sorted.
    xmp: Vec<u32>,
    locations: ItemTable<Location>,
    /// Offset and length of each extent of all items, bytes; a length of 0 means up to the end.
    extents: Vec<(u64, u64)>,
    /// Properties of each item.
    associations: ItemTable<AssociationRange>,
    /// Associations of all items.
    association_list: Vec<Association>,
    properties: Vec<Property<'a>>,
    references: Vec<Reference<'a>>,
    /// Content of `idat`.
    data: &'a [u8],
}

/// Values of items, sorted by ID. If an ID is repeated, its first value counts.
#[derive(Debug)]
struct ItemTable<T>(Vec<(u32, T)>);

/// Location of an item's bytes: extents from `first` on.
#[derive(Clone, Copy, Debug)]
struct Location {
    /// `true` if offsets are relative to `idat`, else to the file.
    in_meta: bool,
    count: u16,
    first: u32,
}

/// An item's place in the list of associations.
#[derive(Clone, Copy, Debug)]
struct AssociationRange {
    count: u8,
    first: u32,
}

/// Association of a property with an item.
#[derive(Clone, Copy, Debug)]
struct Association {
    /// `true` if a reader must understand the property.
    essential: bool,
    /// Index of the property, counted from 1; 0 for none.
    index: u16,
}

/// A typed reference from an item to others.
#[derive(Clone, Copy, Debug)]
struct Reference<'a> {
    kind: [u8; 4],
    from: u32,
    to: ItemIds<'a>,
}

/// A list of item IDs as the file stores it, of 16 or 32 bits each.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::imaging::decode::heif) struct ItemIds<'a> {
    bytes: &'a [u8],
    is_long: bool,
}

/// The parts of an item's bytes, in order.
#[derive(Clone, Copy, Debug)]
pub(in crate::imaging::decode::heif) struct Extents<'a> {
    /// `true` if offsets are relative to `idat`, else to the file.
    pub(in crate::imaging::decode::heif) in_meta: bool,
    /// Offset and length of each part, bytes; a length of 0 means up to the end.
    pub(in crate::imaging::decode::heif) list: &'a [(u64, u64)],
    /// The bytes to which offsets are relative.
    pub(in crate::imaging::decode::heif) container: &'a [u8],
}

impl<T> Default for ItemTable<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy> ItemTable<T> {
    fn get(&self, item: u32) -> Option<T> {
        let at = self.0.partition_point(|(id, _)| *id < item);
        self.0.get(at).filter(|(id, _)| *id == item).map(|(_, value)| *value)
    }

    /// Sorts the values for [`Self::get`]. The sort is stable, so that the first value of an ID stays the first.
    fn sort(&mut self) {
        if !self.0.is_sorted_by_key(|(id, _)| *id) {
            self.0.sort_by_key(|(id, _)| *id);
        }
    }
}

impl<'a> ItemIds<'a> {
    /// IDs of 16 bits each, big-endian.
    pub(in crate::imaging::decode::heif) const fn short(bytes: &'a [u8]) -> Self {
        Self { bytes, is_long: false }
    }

    /// IDs of 32 bits each, big-endian.
    pub(in crate::imaging::decode::heif) const fn long(bytes: &'a [u8]) -> Self {
        Self { bytes, is_long: true }
    }

    /// Number of IDs.
    pub(in crate::imaging::decode::heif) fn len(self) -> usize {
        self.bytes.len() / if self.is_long { 4 } else { 2 }
    }

    /// Returns `true` without IDs.
    pub(in crate::imaging::decode::heif) fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    /// The IDs in order.
    pub(in crate::imaging::decode::heif) fn iter(self) -> impl Iterator<Item = u32> + 'a {
        let mut bytes = ByteReader(self.bytes);
        std::iter::from_fn(move || bytes.u16_or_u32(self.is_long))
    }
}

impl<'a> Meta<'a> {
    /// Most bytes of memory that [`Self::read`] takes. Data inside the box are not copied.
    pub(in crate::imaging::decode::heif) fn memory(content: &[u8]) -> u64 {
        let mut bytes = ByteReader(content.get(4..).unwrap_or_default());
        let boxes = std::iter::from_fn(|| bytes.next_box()).filter(|(kind, _)| kind != b"idat");
        let tables = boxes.fold(0, |sum: u64, (_, content)| sum.saturating_add(to_u64(content.0.len())));
        tables.saturating_mul(MEMORY_FACTOR)
    }

    /// Reads the content of the box; `None` if it is broken.
    pub(in crate::imaging::decode::heif) fn read(content: &'a [u8]) -> Option<Self> {
        let mut meta = Self::default();
        let mut bytes = ByteReader(content);
        bytes.full_box_header()?;
        while !bytes.is_empty() {
            let (kind, content) = bytes.next_box()?;
            match &kind {
                b"idat" => meta.data = content.0,
                b"iinf" => meta.items(content)?,
                b"iloc" => meta.locations(content)?,
                b"iprp" => meta.properties(content)?,
                b"iref" => meta.references(content)?,
                b"pitm" => meta.primary_item(content)?,
                _ => (),
            }
        }
        meta.kinds.sort();
        meta.xmp.sort_unstable();
        meta.locations.sort();
        meta.associations.sort();
        Some(meta)
    }

    /// Adds an image of type `kind` that is not in the box: one extent of the file, properties that are not essential,
    /// and references. Images must be added by rising ID.
    pub(in crate::imaging::decode::heif) fn add_image(
        &mut self,
        (id, kind): (u32, [u8; 4]),
        extent: (u64, u64),
        properties: impl IntoIterator<Item = Property<'a>>,
        references: impl IntoIterator<Item = ([u8; 4], ItemIds<'a>)>,
    ) -> Option<()> {
        self.kinds.0.push((id, kind));
        let first = u32::try_from(self.extents.len()).ok()?;
        self.extents.push(extent);
        self.locations.0.push((id, Location { in_meta: false, count: 1, first }));
        let first = u32::try_from(self.association_list.len()).ok()?;
        let mut count = 0;
        for property in properties {
            self.properties.push(property);
            let index = u16::try_from(self.properties.len()).ok()?;
            self.association_list.push(Association { essential: false, index });
            count += 1;
        }
        self.associations.0.push((id, AssociationRange { count, first }));
        self.references.extend(references.into_iter().map(|(kind, to)| Reference { kind, from: id, to }));
        Some(())
    }

    fn primary_item(&mut self, mut bytes: ByteReader<'a>) -> Option<()> {
        let full = bytes.full_box_header()?;
        self.primary = Some(bytes.u16_or_u32(full.version > 0)?);
        Some(())
    }

    /// Reads `iinf`: the types of all items.
    fn items(&mut self, mut bytes: ByteReader<'a>) -> Option<()> {
        let full = bytes.full_box_header()?;
        bytes.u16_or_u32(full.version > 0)?;
        while !bytes.is_empty() {
            let (kind, mut entry) = bytes.next_box()?;
            let full = entry.full_box_header()?;
            // Entries before version 2 have no item type, so they cannot be images.
            if kind == *b"infe" && full.version >= 2 {
                let id = entry.u16_or_u32(full.version > 2)?;
                entry.u16()?;
                let kind = entry.array()?;
                self.kinds.0.push((id, kind));
                // Name and media type end in a zero each.
                let mut texts = entry.0.split(|byte| *byte == 0);
                if kind == *b"mime" && texts.nth(1) == Some(b"application/rdf+xml") {
                    self.xmp.push(id);
                }
            }
        }
        Some(())
    }

    /// Reads `iloc`: the extents of all items. Items in other files, or constructed from
    /// other items, are skipped.
    fn locations(&mut self, mut bytes: ByteReader<'a>) -> Option<()> {
        let version = bytes.full_box_header()?.version;
        // Four nibbles: bytes of offsets, of lengths, of base offsets and, from version 1, of extent indices.
        let [sizes, more] = bytes.array()?;
        let (offset_bytes, length_bytes, base_bytes) = (sizes >> 4, sizes & 15, more >> 4);
        let index_bytes = if version > 0 { more & 15 } else { 0 };
        for _ in 0..bytes.u16_or_u32(version > 1)? {
            let id = bytes.u16_or_u32(version > 1)?;
            let construction_method = if version > 0 { bytes.u16()? & 15 } else { 0 };
            let data_reference = bytes.u16()?;
            let is_elsewhere = data_reference != 0 || construction_method > 1;
            let base = bytes.uint(base_bytes)?;
            let count = bytes.u16()?;
            // Extents without numbers take no bytes in the file, so that their memory would be unbounded.
            if offset_bytes == 0 && length_bytes == 0 && count > 1 {
                return None;
            }
            let first = u32::try_from(self.extents.len()).ok()?;
            for _ in 0..count {
                bytes.uint(index_bytes)?;
                let offset = base.checked_add(bytes.uint(offset_bytes)?)?;
                self.extents.push((offset, bytes.uint(length_bytes)?));
            }
            if !is_elsewhere {
                self.locations.0.push((id, Location { in_meta: construction_method == 1, count, first }));
            }
        }
        Some(())
    }

    /// Reads `iprp`: the properties, and their associations with items.
    fn properties(&mut self, mut bytes: ByteReader<'a>) -> Option<()> {
        while !bytes.is_empty() {
            let (kind, mut content) = bytes.next_box()?;
            match &kind {
                b"ipco" => {
                    while !content.is_empty() {
                        let (kind, content) = content.next_box()?;
                        self.properties.push(Property::read(kind, content)?);
                    }
                }
                b"ipma" => self.associations(content)?,
                _ => (),
            }
        }
        Some(())
    }

    /// Reads `ipma`.
    fn associations(&mut self, mut bytes: ByteReader<'a>) -> Option<()> {
        let full = bytes.full_box_header()?;
        for _ in 0..bytes.u32()? {
            let id = bytes.u16_or_u32(full.version > 0)?;
            let count = bytes.u8()?;
            let first = u32::try_from(self.association_list.len()).ok()?;
            for _ in 0..count {
                let (essential, index) = if full.flags & 1 == 1 {
                    let word = bytes.u16()?;
                    (word >> 15 == 1, word & 0x7fff)
                } else {
                    let byte = bytes.u8()?;
                    (byte >> 7 == 1, u16::from(byte & 0x7f))
                };
                self.association_list.push(Association { essential, index });
            }
            self.associations.0.push((id, AssociationRange { count, first }));
        }
        Some(())
    }

    /// Reads `iref`.
    fn references(&mut self, mut bytes: ByteReader<'a>) -> Option<()> {
        let is_long = bytes.full_box_header()?.version > 0;
        while !bytes.is_empty() {
            let (kind, mut content) = bytes.next_box()?;
            let from = content.u16_or_u32(is_long)?;
            let count = usize::from(content.u16()?);
            let to = content.take(count * if is_long { 4 } else { 2 })?;
            self.references.push(Reference { kind, from, to: ItemIds { bytes: to, is_long } });
        }
        Some(())
    }

    /// Format by the coding of the primary item, or of the first tile of its grid.
    pub(in crate::imaging::decode::heif) fn format(&self) -> SourceFormat {
        let primary = self.primary.unwrap_or_default();
        let tile = self.references_from(*b"dimg", primary).iter().next().unwrap_or(primary);
        let coding = |item| self.kind(item).and_then(Coding::of_item);
        let is_hevc = [primary, tile].into_iter().any(|item| coding(item) == Some(Coding::Hevc));
        if is_hevc { SourceFormat::Heic } else { SourceFormat::Avif }
    }

    /// Content of the `hvcC` of an item.
    #[cfg(feature = "heic")]
    pub(in crate::imaging::decode::heif) fn hevc_configuration(&self, item: u32) -> Option<&'a [u8]> {
        self.properties_of(item).find_map(|(_, property)| match property {
            Property::HevcConfiguration(content) => Some(content),
            _ => None,
        })
    }

    /// Type of an item.
    pub(in crate::imaging::decode::heif) fn kind(&self, item: u32) -> Option<[u8; 4]> {
        self.kinds.get(item)
    }

    /// Returns `true` for a packet of XMP.
    pub(in crate::imaging::decode::heif) fn is_xmp(&self, item: u32) -> bool {
        self.xmp.binary_search(&item).is_ok()
    }

    /// Properties of an item in order, each with `true` if it is essential.
    pub(in crate::imaging::decode::heif) fn properties_of(
        &self,
        item: u32,
    ) -> impl Iterator<Item = (bool, Property<'a>)> + '_ {
        let range = self.associations.get(item).map_or(0..0, |found| range(found.first, found.count.into()));
        let associations = self.association_list.get(range).unwrap_or_default();
        associations.iter().filter_map(|association| {
            let property = self.properties.get(usize::from(association.index).checked_sub(1)?)?;
            Some((association.essential, *property))
        })
    }

    /// Items to which an item refers.
    pub(in crate::imaging::decode::heif) fn references_from(&self, kind: [u8; 4], from: u32) -> ItemIds<'a> {
        let found = self.references.iter().find(|reference| reference.kind == kind && reference.from == from);
        found.map(|reference| reference.to).unwrap_or_default()
    }

    /// All references of a kind: the item that refers, and those to which it refers.
    pub(in crate::imaging::decode::heif) fn references_of(
        &self,
        kind: [u8; 4],
    ) -> impl Iterator<Item = (u32, ItemIds<'a>)> + '_ {
        let of_kind = self.references.iter().filter(move |reference| reference.kind == kind);
        of_kind.map(|reference| (reference.from, reference.to))
    }

    /// Items that refer to an item.
    pub(in crate::imaging::decode::heif) fn references_to(
        &self,
        kind: [u8; 4],
        to: u32,
    ) -> impl Iterator<Item = u32> + '_ {
        let found = self.references_of(kind).filter(move |(_, list)| list.iter().any(|item| item == to));
        found.map(|(from, _)| from)
    }

    /// The extents of an item; `None` if it is not in this file.
    pub(in crate::imaging::decode::heif) fn extents<'b>(
        &'b self,
        item: u32,
        file: &'b [u8],
    ) -> Option<Extents<'b>> {
        let Location { in_meta, count, first } = self.locations.get(item)?;
        let list = self.extents.get(range(first, count))?;
        Some(Extents { in_meta, list, container: if in_meta { self.data } else { file } })
    }
}

/// The range of `count` entries from `first` on.
fn range(first: u32, count: u16) -> std::ops::Range<usize> {
    let first = usize::try_from(first).unwrap_or(usize::MAX);
    first..first.saturating_add(count.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len() + 8).unwrap();
        [&length.to_be_bytes(), kind.as_slice(), content].concat()
    }

    /// Bytes of all tables, when each has grown by moving to twice its capacity.
    fn most_bytes(meta: &Meta<'_>) -> u64 {
        fn bytes<T>(table: &Vec<T>) -> u64 {
            to_u64(table.capacity() * size_of::<T>()) * 3 / 2
        }
        bytes(&meta.kinds.0)
            + bytes(&meta.locations.0)
            + bytes(&meta.extents)
            + bytes(&meta.associations.0)
            + bytes(&meta.association_list)
            + bytes(&meta.properties)
            + bytes(&meta.references)
    }

    /// The densest tables, of a few more than a power of two entries, for which a vector is largest.
    #[test]
    fn tables_take_no_more_memory_than_announced() {
        let count = 16_390_u32;
        let small = u16::try_from(count).unwrap();
        let repeated = |entry: &[u8]| entry.repeat(usize::try_from(count).unwrap());
        let infe = boxed(b"infe", b"\x02\0\0\0\0\x01\0\0av01");
        let iinf = [&[0; 4], small.to_be_bytes().as_slice(), &repeated(&infe)].concat();
        let iloc = |sizes: [u8; 2], entry: &[u8]| {
            boxed(b"iloc", &[&[0; 4], sizes.as_slice(), &small.to_be_bytes(), &repeated(entry)].concat())
        };
        let ipma = |entry: &[u8]| {
            let content = [&[0; 4], count.to_be_bytes().as_slice(), &repeated(entry)].concat();
            boxed(b"iprp", &boxed(b"ipma", &content))
        };
        let tables = [
            boxed(b"iinf", &iinf),
            iloc([0x44, 0], &[0; 6]),
            iloc([0x40, 0], &[0, 0, 0, 0, 0, 1, 0, 0, 0, 0]),
            iloc([0x40, 0], &[[0, 0, 0, 0, 0, 60].as_slice(), &[0; 240]].concat()),
            ipma(&[0; 3]),
            ipma(&[0, 0, 1, 1]),
            ipma(&[[0, 0, 255].as_slice(), &[1; 255]].concat()),
            boxed(b"iprp", &boxed(b"ipco", &repeated(&boxed(b"none", &[])))),
            boxed(b"iref", &[&[0; 4], repeated(&boxed(b"auxl", &[0; 4])).as_slice()].concat()),
        ];
        for table in tables {
            let content = [&[0; 4], table.as_slice()].concat();
            let (allowed, have) = (Meta::memory(&content), most_bytes(&Meta::read(&content).unwrap()));
            assert!(have <= allowed && have > 0, "{}: {have} of {allowed}", table[4..8].escape_ascii());
        }
        let data = [&[0; 4], boxed(b"idat", &[0; 1000]).as_slice()].concat();
        assert_eq!(Meta::memory(&data), 0);
    }

    #[test]
    fn first_entry_of_an_item_counts() {
        let infe =
            |id, kind: &[u8; 4]| boxed(b"infe", &[&[2, 0, 0, 0, 0, id, 0, 0], kind.as_slice()].concat());
        let iinf =
            [&[0; 6], [infe(7, b"grid"), infe(2, b"Exif"), infe(7, b"av01")].concat().as_slice()].concat();
        let content = [&[0; 4], boxed(b"iinf", &iinf).as_slice()].concat();
        let meta = Meta::read(&content).unwrap();
        assert_eq!((meta.kind(7), meta.kind(2), meta.kind(3)), (Some(*b"grid"), Some(*b"Exif"), None));
    }
}
