//! The `meta` box: which items a file has, where their bytes are, and how they are to be shown
//! (ISO/IEC 14496-12, section 8.11; 23008-12, sections 6 and 9).

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::imaging::decode::avif::boxes::Bytes;
use crate::imaging::picture::geometry::Size;

/// Bytes of memory for each byte of the box, at the worst: an item without extents is 6 bytes in the file.
pub(super) const MEMORY: u64 = 24;

/// What the box says. Items are known by their numbers.
#[derive(Debug, Default)]
pub(super) struct Meta<'a> {
    pub(super) primary: Option<u32>,
    kinds: BTreeMap<u32, [u8; 4]>,
    locations: BTreeMap<u32, Location>,
    /// For each item, its properties by their place in `properties`, counted from one.
    associations: BTreeMap<u32, Vec<Association>>,
    properties: Vec<Property<'a>>,
    references: Vec<Reference>,
    /// Content of `idat`.
    data: &'a [u8],
}

#[derive(Debug)]
struct Location {
    in_meta: bool,
    /// Offset and length in bytes; no length is all there is from there on.
    extents: Vec<(u64, u64)>,
}

#[derive(Clone, Copy, Debug)]
struct Association {
    essential: bool,
    place: usize,
}

/// A reference from an item to others, in their order.
#[derive(Debug)]
struct Reference {
    kind: [u8; 4],
    from: u32,
    to: Vec<u32>,
}

/// Something said of an item.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Property<'a> {
    /// `auxC`: what an auxiliary picture shows.
    Auxiliary(&'a [u8]),
    /// `clap`: width, height and the offsets of the centre, each a numerator and a denominator.
    Clean([u32; 8]),
    /// `colr` of the type `nclx`.
    Coded(CodePoints),
    /// `colr` with an ICC profile.
    Icc(&'a [u8]),
    /// `lsel`: the only layer to be shown.
    Layer(u16),
    /// `imir`: 0 exchanges top and bottom, 1 left and right.
    Mirror(u8),
    /// `a1op`: the operating point to be decoded.
    OperatingPoint(u8),
    /// What shows nothing of its own, or repeats what the pixels say.
    Silent,
    /// `ispe`.
    Size(Size),
    /// `irot`: quarter turns against the clock.
    Turn(u8),
    /// Anything else.
    Unknown([u8; 4]),
}

/// Colours by the code points of ITU-T H.273.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct CodePoints {
    pub(super) primaries: u8,
    pub(super) transfer: u8,
    pub(super) matrix: u8,
    pub(super) full_range: bool,
}

impl CodePoints {
    /// For samples that are no colours.
    pub(super) fn grey(self) -> Self {
        Self { matrix: 2, ..self }
    }
}

impl<'a> Meta<'a> {
    /// Reads the content of the box; `None` when it is broken.
    pub(super) fn read(content: &'a [u8]) -> Option<Self> {
        let mut meta = Self::default();
        let mut bytes = Bytes(content);
        bytes.full()?;
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

    fn primary_item(&mut self, mut bytes: Bytes<'a>) -> Option<()> {
        let full = bytes.full()?;
        self.primary = Some(bytes.short_or_long(full.version > 0)?);
        Some(())
    }

    fn items(&mut self, mut bytes: Bytes<'a>) -> Option<()> {
        let full = bytes.full()?;
        bytes.short_or_long(full.version > 0)?;
        while !bytes.is_empty() {
            let (kind, mut entry) = bytes.next_box()?;
            let full = entry.full()?;
            // Older versions have no type, and thus no picture.
            if kind == *b"infe" && full.version >= 2 {
                let id = entry.short_or_long(full.version > 2)?;
                entry.u16()?;
                self.kinds.entry(id).or_insert(entry.array()?);
            }
        }
        Some(())
    }

    fn locations(&mut self, mut bytes: Bytes<'a>) -> Option<()> {
        let version = bytes.full()?.version;
        let [sizes, more] = bytes.array()?;
        let (offset_size, length_size, base_size) = (sizes >> 4, sizes & 15, more >> 4);
        let index_size = if version > 0 { more & 15 } else { 0 };
        for _ in 0..bytes.short_or_long(version > 1)? {
            let id = bytes.short_or_long(version > 1)?;
            let method = if version > 0 { bytes.u16()? & 15 } else { 0 };
            let elsewhere = bytes.u16()? != 0 || method > 1;
            let base = bytes.sized(base_size)?;
            let mut extents = Vec::new();
            for _ in 0..bytes.u16()? {
                // Extents without any number in the file are not worth the memory they would take.
                if offset_size == 0 && length_size == 0 && !extents.is_empty() {
                    return None;
                }
                bytes.sized(index_size)?;
                let offset = base.checked_add(bytes.sized(offset_size)?)?;
                extents.push((offset, bytes.sized(length_size)?));
            }
            if !elsewhere {
                self.locations.entry(id).or_insert(Location { in_meta: method == 1, extents });
            }
        }
        Some(())
    }

    fn properties(&mut self, mut bytes: Bytes<'a>) -> Option<()> {
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

    fn associations(&mut self, mut bytes: Bytes<'a>) -> Option<()> {
        let full = bytes.full()?;
        for _ in 0..bytes.u32()? {
            let id = bytes.short_or_long(full.version > 0)?;
            let mut associations = Vec::new();
            for _ in 0..bytes.u8()? {
                let (essential, place) = if full.flags & 1 == 1 {
                    let word = bytes.u16()?;
                    (word >> 15 == 1, word & 0x7fff)
                } else {
                    let byte = bytes.u8()?;
                    (byte >> 7 == 1, u16::from(byte & 0x7f))
                };
                associations.push(Association { essential, place: place.into() });
            }
            self.associations.entry(id).or_insert(associations);
        }
        Some(())
    }

    fn references(&mut self, mut bytes: Bytes<'a>) -> Option<()> {
        let long = bytes.full()?.version > 0;
        while !bytes.is_empty() {
            let (kind, mut content) = bytes.next_box()?;
            let from = content.short_or_long(long)?;
            let count = content.u16()?;
            let to = (0..count).map(|_| content.short_or_long(long)).collect::<Option<_>>()?;
            self.references.push(Reference { kind, from, to });
        }
        Some(())
    }

    pub(super) fn kind(&self, item: u32) -> Option<[u8; 4]> {
        self.kinds.get(&item).copied()
    }

    /// What is said of an item, in order, and whether a reader must understand it.
    pub(super) fn of(&self, item: u32) -> impl Iterator<Item = (bool, Property<'a>)> + '_ {
        let associations = self.associations.get(&item).map(Vec::as_slice).unwrap_or_default();
        associations.iter().filter_map(|association| {
            // Place 0 is no property.
            let property = self.properties.get(association.place.checked_sub(1)?)?;
            Some((association.essential, *property))
        })
    }

    /// The items that an item refers to.
    pub(super) fn referred(&self, kind: [u8; 4], from: u32) -> &[u32] {
        let found = self.references.iter().find(|reference| reference.kind == kind && reference.from == from);
        found.map(|reference| reference.to.as_slice()).unwrap_or_default()
    }

    /// The items that refer to an item.
    pub(super) fn referring(&self, kind: [u8; 4], to: u32) -> impl Iterator<Item = u32> + '_ {
        let references = self.references.iter();
        references
            .filter(move |reference| reference.kind == kind && reference.to.contains(&to))
            .map(|r| r.from)
    }

    /// Bytes of an item in all, if they are there.
    pub(super) fn length(&self, item: u32, file: &[u8]) -> Option<u64> {
        let parts = self.parts(item, file)?;
        parts.iter().try_fold(0_u64, |sum, part| sum.checked_add(u64::try_from(part.len()).ok()?))
    }

    /// The bytes of an item, put together when they lie apart.
    pub(super) fn content<'b>(&self, item: u32, file: &'b [u8]) -> Option<Cow<'b, [u8]>>
    where
        'a: 'b,
    {
        Some(match self.parts(item, file)?.as_slice() {
            [only] => Cow::Borrowed(only),
            parts => Cow::Owned(parts.concat()),
        })
    }

    fn parts<'b>(&self, item: u32, file: &'b [u8]) -> Option<Vec<&'b [u8]>>
    where
        'a: 'b,
    {
        let location = self.locations.get(&item)?;
        let place: &'b [u8] = if location.in_meta { self.data } else { file };
        let part = |(offset, length): &(u64, u64)| {
            let rest = place.get(usize::try_from(*offset).ok()?..)?;
            if *length == 0 { Some(rest) } else { rest.get(..usize::try_from(*length).ok()?) }
        };
        location.extents.iter().map(part).collect()
    }
}

impl<'a> Property<'a> {
    fn read(kind: [u8; 4], mut bytes: Bytes<'a>) -> Option<Self> {
        Some(match &kind {
            b"a1op" => Self::OperatingPoint(bytes.u8()?),
            b"auxC" => {
                bytes.full()?;
                Self::Auxiliary(bytes.0.split(|byte| *byte == 0).next().unwrap_or_default())
            }
            b"clap" => {
                let mut numbers = [0; 8];
                for number in &mut numbers {
                    *number = bytes.u32()?;
                }
                Self::Clean(numbers)
            }
            b"colr" => match &bytes.array()? {
                b"nclx" => {
                    let [primaries, transfer, matrix] = [bytes.u16()?, bytes.u16()?, bytes.u16()?];
                    // Numbers over 255 are not assigned; 2 is "unspecified".
                    let [primaries, transfer, matrix] =
                        [primaries, transfer, matrix].map(|point| u8::try_from(point).unwrap_or(2));
                    Self::Coded(CodePoints { primaries, transfer, matrix, full_range: bytes.u8()? >> 7 == 1 })
                }
                b"prof" | b"rICC" => Self::Icc(bytes.0),
                _ => Self::Silent,
            },
            b"imir" => Self::Mirror(bytes.u8()? & 1),
            b"irot" => Self::Turn(bytes.u8()? & 3),
            b"ispe" => {
                bytes.full()?;
                Self::Size(Size { width: bytes.u32()?, height: bytes.u32()? })
            }
            b"lsel" => Self::Layer(bytes.u16()?),
            b"a1lx" | b"amve" | b"av1C" | b"cclv" | b"clli" | b"mdcv" | b"pasp" | b"pixi" => Self::Silent,
            _ => Self::Unknown(kind),
        })
    }
}
