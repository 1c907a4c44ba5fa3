//! Tags and their values, of TIFF (6.0, section 2) and BigTIFF.
//!
//! What is read is the start of a file, or the whole of it; a value that lies behind what is there is told by where it
//! ends.

use crate::imaging::error::Error;
use crate::imaging::limits::reserved;

/// The numbers of tags that matter here.
pub(crate) mod tag {
    pub(crate) const SUBFILE: u16 = 254;
    pub(crate) const WIDTH: u16 = 256;
    pub(crate) const HEIGHT: u16 = 257;
    pub(crate) const BITS: u16 = 258;
    pub(crate) const COMPRESSION: u16 = 259;
    pub(crate) const PHOTOMETRIC: u16 = 262;
    pub(crate) const FILL_ORDER: u16 = 266;
    pub(crate) const STRIP_OFFSETS: u16 = 273;
    pub(crate) const ORIENTATION: u16 = 274;
    pub(crate) const SAMPLES: u16 = 277;
    pub(crate) const ROWS_PER_STRIP: u16 = 278;
    pub(crate) const STRIP_LENGTHS: u16 = 279;
    pub(crate) const PLANAR: u16 = 284;
    pub(crate) const T4_OPTIONS: u16 = 292;
    pub(crate) const ARTIST: u16 = 315;
    pub(crate) const PREDICTOR: u16 = 317;
    pub(crate) const COLOR_MAP: u16 = 320;
    pub(crate) const TILE_WIDTH: u16 = 322;
    pub(crate) const TILE_HEIGHT: u16 = 323;
    pub(crate) const TILE_OFFSETS: u16 = 324;
    pub(crate) const TILE_LENGTHS: u16 = 325;
    pub(crate) const SUB_DIRECTORIES: u16 = 330;
    pub(crate) const INK_SET: u16 = 332;
    pub(crate) const EXTRA_SAMPLES: u16 = 338;
    pub(crate) const SAMPLE_FORMAT: u16 = 339;
    pub(crate) const JPEG_TABLES: u16 = 347;
    pub(crate) const COPYRIGHT: u16 = 33432;
    pub(crate) const PROFILE: u16 = 34675;
    pub(crate) const DNG_VERSION: u16 = 50706;
}

/// Why a directory or a value could not be read.
#[derive(Debug)]
pub(crate) enum DirectoryError {
    /// The file must be there up to this byte.
    Beyond(u64),
    Refused(Error),
}

impl From<Error> for DirectoryError {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// Order of the bytes of a number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ByteOrder {
    Big,
    Little,
}

impl ByteOrder {
    /// The order that the first two bytes of a file announce.
    fn of(file: &[u8]) -> Self {
        if file.starts_with(b"MM") { Self::Big } else { Self::Little }
    }

    /// The number in up to eight bytes.
    fn number(self, bytes: &[u8]) -> u64 {
        let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        match self {
            Self::Big => bytes.iter().fold(0, join),
            Self::Little => bytes.iter().rev().fold(0, join),
        }
    }
}

/// The first directory of a file.
pub(crate) struct Directory<'a> {
    file: &'a [u8],
    pub(crate) order: ByteOrder,
    is_big: bool,
    /// Where its entries are.
    entries: &'a [u8],
}

/// A tag's values.
struct DirectoryEntry<'a> {
    /// The number of the type (TIFF 6.0, section 2).
    kind: u64,
    /// Bytes a value, of those that are numbers or bytes.
    width: usize,
    count: u64,
    /// The values themselves, or where they are.
    field: &'a [u8],
}

impl<'a> Directory<'a> {
    /// Finds the first directory.
    pub(crate) fn read(file: &'a [u8]) -> Result<Self, DirectoryError> {
        let order = ByteOrder::of(file);
        let is_big = order.number(part(file, 2, 2)?) == 43;
        let mut directory = Self { file, order, is_big, entries: &[] };
        let (at, count) =
            if is_big { (directory.number_at(8, 8)?, 8) } else { (directory.number_at(4, 4)?, 2) };
        let entries = directory.number_at(at, count)?.saturating_mul(directory.entry_bytes());
        directory.entries = part(file, at.saturating_add(count), entries)?;
        Ok(directory)
    }

    /// Finds the directory of a block of EXIF, which is a TIFF without a picture. Of a directory that is cut short, or
    /// claims more entries than there are, the entries that are there count, as in other readers.
    pub(crate) fn of_exif(block: &'a [u8]) -> Result<Self, DirectoryError> {
        let mut directory = Self { file: block, order: ByteOrder::of(block), is_big: false, entries: &[] };
        let at = directory.number_at(4, 4)?;
        let entries = directory.number_at(at, 2)?.saturating_mul(directory.entry_bytes());
        let start = at.saturating_add(2);
        let present = reserved(block.len()).saturating_sub(start);
        directory.entries = part(block, start, entries.min(present))?;
        Ok(directory)
    }

    /// The only or first number of a tag.
    pub(crate) fn number(&self, tag: u16) -> Result<Option<u64>, DirectoryError> {
        Ok(self.numbers(tag, 1)?.and_then(|numbers| numbers.first().copied()))
    }

    /// Numbers of a tag, `most` at most.
    pub(crate) fn numbers(&self, tag: u16, most: u64) -> Result<Option<Vec<u64>>, DirectoryError> {
        let Some(entry) = self.entry(tag) else { return Ok(None) };
        let bytes = self.values(&entry, most)?;
        Ok(Some(bytes.chunks_exact(entry.width).map(|bytes| self.order.number(bytes)).collect()))
    }

    /// The bytes of a tag, unless there are more than `most`.
    pub(crate) fn bytes(&self, tag: u16, most: u64) -> Result<Option<&'a [u8]>, DirectoryError> {
        let entry = self.entry(tag).filter(|entry| entry.width == 1 && entry.count <= most);
        entry.map(|entry| self.values(&entry, most)).transpose()
    }

    /// The text of a tag, cut to `longest` bytes. It is there as a whole, and of a type that holds text: ASCII, or the
    /// UTF-8 of Exif 3.0.
    pub(crate) fn text(&self, tag: u16, longest: usize) -> Result<Option<&'a [u8]>, DirectoryError> {
        let entry = self.entry(tag).filter(|entry| matches!(entry.kind, 2 | 129));
        let Some(entry) = entry else { return Ok(None) };
        let text = self.values(&entry, entry.count)?;
        Ok(Some(text.get(..longest).unwrap_or(text)))
    }

    pub(crate) fn has(&self, tag: u16) -> bool {
        self.entry(tag).is_some()
    }

    fn entry_bytes(&self) -> u64 {
        if self.is_big { 20 } else { 12 }
    }

    fn number_at(&self, at: u64, length: u64) -> Result<u64, DirectoryError> {
        Ok(self.order.number(part(self.file, at, length)?))
    }

    /// The first entry of a tag whose values are of a kind that is read here.
    fn entry(&self, tag: u16) -> Option<DirectoryEntry<'a>> {
        self.entries.chunks_exact(if self.is_big { 20 } else { 12 }).find_map(|entry| {
            let number =
                |from: usize, length: usize| Some(self.order.number(entry.get(from..)?.get(..length)?));
            let (count, field) = if self.is_big { (number(4, 8)?, 12) } else { (number(4, 4)?, 8) };
            let kind = number(2, 2)?;
            let width = match kind {
                // BYTE, ASCII, UNDEFINED and UTF-8; SHORT; LONG and IFD; LONG8 and IFD8.
                1 | 2 | 7 | 129 => 1,
                3 => 2,
                4 | 13 => 4,
                16 | 18 => 8,
                _ => return None,
            };
            (number(0, 2)? == u64::from(tag)).then_some(DirectoryEntry {
                kind,
                width,
                count,
                field: entry.get(field..)?,
            })
        })
    }

    fn values(&self, entry: &DirectoryEntry<'a>, most: u64) -> Result<&'a [u8], DirectoryError> {
        let width = reserved(entry.width);
        let length = entry.count.min(most).saturating_mul(width);
        // What fits in the entry stands in it.
        if entry.count.saturating_mul(width) <= reserved(entry.field.len()) {
            return part(entry.field, 0, length);
        }
        part(self.file, self.order.number(entry.field), length)
    }
}

/// A part of what is there of a file.
fn part(file: &[u8], at: u64, length: u64) -> Result<&[u8], DirectoryError> {
    let end = at.saturating_add(length);
    let range = usize::try_from(at).ok().zip(usize::try_from(end).ok());
    range.and_then(|(at, end)| file.get(at..end)).ok_or(DirectoryError::Beyond(end))
}
