//! The `meta` box: the items of a file, where their bytes are, and their properties (ISO/IEC 14496-12, section 8.11;
//! ISO/IEC 23008-12, sections 6 and 9).
//!
//! Memory: [`MEMORY_FACTOR`] bytes per byte of the box, which the caller reserves. The content of items stays in the
//! file unless its extents must be joined.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::imaging::decode::avif::boxes::ByteReader;
use crate::imaging::picture::geometry::Size;

/// Most bytes of memory per byte of the box. The worst case is an item without extents, of 6 bytes in the file.
pub(super) const MEMORY_FACTOR: u64 = 24;

/// Content of the box. Items are identified by their IDs.
#[derive(Debug, Default)]
pub(super) struct Meta<'a> {
    /// ID of the primary item.
    pub(super) primary: Option<u32>,
    kinds: BTreeMap<u32, [u8; 4]>,
    locations: BTreeMap<u32, Location>,
    /// Properties of each item, as indices into `properties`.
    associations: BTreeMap<u32, Vec<Association>>,
    properties: Vec<Property<'a>>,
    references: Vec<Reference>,
    /// Content of `idat`.
    data: &'a [u8],
}

/// Location of an item's bytes.
#[derive(Debug)]
struct Location {
    /// `true` if offsets are relative to `idat`, else to the file.
    in_meta: bool,
    /// Offset and length of each extent, bytes; a length of 0 means up to the end.
    extents: Vec<(u64, u64)>,
}

/// Association of a property with an item.
#[derive(Clone, Copy, Debug)]
struct Association {
    /// `true` if a reader must understand the property.
    essential: bool,
    /// Index of the property, counted from 1; 0 for none.
    index: usize,
}

/// A typed reference from an item to others, in order.
#[derive(Debug)]
struct Reference {
    kind: [u8; 4],
    from: u32,
    to: Vec<u32>,
}

/// A property of an item.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Property<'a> {
    /// `auxC`: type of an auxiliary image.
    Auxiliary(&'a [u8]),
    /// `clap`: clean aperture; width, height and the offsets of the centre, each a numerator and a denominator.
    CleanAperture([u32; 8]),
    /// `colr` of the type `nclx`.
    CodePoints(CodePoints),
    /// `colr` with an ICC profile.
    Icc(&'a [u8]),
    /// `lsel`: the layer to be shown.
    Layer(u16),
    /// `imir`: mirroring; 0 exchanges top and bottom, 1 left and right.
    Mirror(u8),
    /// `a1op`: the operating point to be decoded.
    OperatingPoint(u8),
    /// A known property without effect here, or one that repeats the bitstream.
    Ignored,
    /// `ispe`: size of the image.
    Size(Size),
    /// `irot`: quarter turns anti-clockwise.
    Rotation(u8),
    /// Any other property.
    Unknown([u8; 4]),
}

/// Colour code points of ITU-T H.273.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct CodePoints {
    pub(super) primaries: u8,
    pub(super) transfer: u8,
    pub(super) matrix: u8,
    pub(super) full_range: bool,
}

impl CodePoints {
    /// Code points for samples that are not colours, such as alpha.
    pub(super) fn grey(self) -> Self {
        Self { matrix: 2, ..self }
    }
}

impl<'a> Meta<'a> {
    /// Reads the content of the box; `None` if it is broken.
    pub(super) fn read(content: &'a [u8]) -> Option<Self> {
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
        Some(meta)
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
                self.kinds.entry(id).or_insert(entry.array()?);
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
            let mut extents = Vec::new();
            for _ in 0..bytes.u16()? {
                // Extents without numbers take no bytes in the file, so that their memory would be unbounded.
                if offset_bytes == 0 && length_bytes == 0 && !extents.is_empty() {
                    return None;
                }
                bytes.uint(index_bytes)?;
                let offset = base.checked_add(bytes.uint(offset_bytes)?)?;
                extents.push((offset, bytes.uint(length_bytes)?));
            }
            if !is_elsewhere {
                let in_meta = construction_method == 1;
                self.locations.entry(id).or_insert(Location { in_meta, extents });
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
            let mut associations = Vec::new();
            for _ in 0..bytes.u8()? {
                let (essential, index) = if full.flags & 1 == 1 {
                    let word = bytes.u16()?;
                    (word >> 15 == 1, word & 0x7fff)
                } else {
                    let byte = bytes.u8()?;
                    (byte >> 7 == 1, u16::from(byte & 0x7f))
                };
                associations.push(Association { essential, index: index.into() });
            }
            self.associations.entry(id).or_insert(associations);
        }
        Some(())
    }

    /// Reads `iref`.
    fn references(&mut self, mut bytes: ByteReader<'a>) -> Option<()> {
        let is_long = bytes.full_box_header()?.version > 0;
        while !bytes.is_empty() {
            let (kind, mut content) = bytes.next_box()?;
            let from = content.u16_or_u32(is_long)?;
            let count = content.u16()?;
            let to = (0..count).map(|_| content.u16_or_u32(is_long)).collect::<Option<_>>()?;
            self.references.push(Reference { kind, from, to });
        }
        Some(())
    }

    /// Type of an item.
    pub(super) fn kind(&self, item: u32) -> Option<[u8; 4]> {
        self.kinds.get(&item).copied()
    }

    /// Properties of an item in order, each with `true` if it is essential.
    pub(super) fn properties_of(&self, item: u32) -> impl Iterator<Item = (bool, Property<'a>)> + '_ {
        let associations = self.associations.get(&item).map(Vec::as_slice).unwrap_or_default();
        associations.iter().filter_map(|association| {
            let property = self.properties.get(association.index.checked_sub(1)?)?;
            Some((association.essential, *property))
        })
    }

    /// Items to which an item refers.
    pub(super) fn references_from(&self, kind: [u8; 4], from: u32) -> &[u32] {
        let found = self.references.iter().find(|reference| reference.kind == kind && reference.from == from);
        found.map(|reference| reference.to.as_slice()).unwrap_or_default()
    }

    /// Items that refer to an item.
    pub(super) fn references_to(&self, kind: [u8; 4], to: u32) -> impl Iterator<Item = u32> + '_ {
        let references = self.references.iter();
        references
            .filter(move |reference| reference.kind == kind && reference.to.contains(&to))
            .map(|r| r.from)
    }

    /// Length of an item in bytes; `None` if it is not in the file.
    pub(super) fn length(&self, item: u32, file: &[u8]) -> Option<u64> {
        let extents = self.extents(item, file)?;
        extents.iter().try_fold(0_u64, |sum, extent| sum.checked_add(u64::try_from(extent.len()).ok()?))
    }

    /// The bytes of an item, joined if it has several extents; `None` if it is not in the file.
    pub(super) fn content<'b>(&self, item: u32, file: &'b [u8]) -> Option<Cow<'b, [u8]>>
    where
        'a: 'b,
    {
        Some(match self.extents(item, file)?.as_slice() {
            [only] => Cow::Borrowed(only),
            extents => Cow::Owned(extents.concat()),
        })
    }

    fn extents<'b>(&self, item: u32, file: &'b [u8]) -> Option<Vec<&'b [u8]>>
    where
        'a: 'b,
    {
        let location = self.locations.get(&item)?;
        let container: &'b [u8] = if location.in_meta { self.data } else { file };
        let extent = |(offset, length): &(u64, u64)| {
            let rest = container.get(usize::try_from(*offset).ok()?..)?;
            if *length == 0 { Some(rest) } else { rest.get(..usize::try_from(*length).ok()?) }
        };
        location.extents.iter().map(extent).collect()
    }
}

impl<'a> Property<'a> {
    /// Reads the content of a property box; `None` if it is broken.
    fn read(kind: [u8; 4], mut bytes: ByteReader<'a>) -> Option<Self> {
        Some(match &kind {
            b"a1op" => Self::OperatingPoint(bytes.u8()?),
            b"auxC" => {
                bytes.full_box_header()?;
                Self::Auxiliary(bytes.0.split(|byte| *byte == 0).next().unwrap_or_default())
            }
            b"clap" => {
                let mut numbers = [0; 8];
                for number in &mut numbers {
                    *number = bytes.u32()?;
                }
                Self::CleanAperture(numbers)
            }
            b"colr" => match &bytes.array()? {
                b"nclx" => {
                    let [primaries, transfer, matrix] = [bytes.u16()?, bytes.u16()?, bytes.u16()?];
                    // Numbers over 255 are not assigned; 2 is "unspecified".
                    let [primaries, transfer, matrix] =
                        [primaries, transfer, matrix].map(|point| u8::try_from(point).unwrap_or(2));
                    let full_range = bytes.u8()? >> 7 == 1;
                    Self::CodePoints(CodePoints { primaries, transfer, matrix, full_range })
                }
                b"prof" | b"rICC" => Self::Icc(bytes.0),
                _ => Self::Ignored,
            },
            b"imir" => Self::Mirror(bytes.u8()? & 1),
            b"irot" => Self::Rotation(bytes.u8()? & 3),
            b"ispe" => {
                bytes.full_box_header()?;
                Self::Size(Size { width: bytes.u32()?, height: bytes.u32()? })
            }
            b"lsel" => Self::Layer(bytes.u16()?),
            b"a1lx" | b"amve" | b"av1C" | b"cclv" | b"clli" | b"mdcv" | b"pasp" | b"pixi" => Self::Ignored,
            _ => Self::Unknown(kind),
        })
    }
}
