//! Image file directories (IFDs) of TIFF 6.0, section 2, and of BigTIFF.
//!
//! The input is the start of a file, or all of it. A value past the end of the input gives
//! [`DirectoryError::Truncated`] with the bytes needed, so that a caller may wait for more.
//!
//! Memory: entries and byte values are borrowed from the input; numbers are copied. Nothing is allocated by a number
//! from the file before its bytes are there.

use crate::imaging::error::Error;
use crate::imaging::limits::to_u64;

/// Numbers of the tags that are read: TIFF 6.0 and its Technical Notes 1 to 3, XMP (700), ICC.1 (34675), Exif (34665,
/// 37510), DNG (50706) and C2PA (52545).
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
    pub(crate) const OLD_JPEG_PROCESS: u16 = 512;
    pub(crate) const OLD_JPEG_START: u16 = 513;
    pub(crate) const OLD_JPEG_LENGTH: u16 = 514;
    pub(crate) const OLD_JPEG_RESTART: u16 = 515;
    pub(crate) const OLD_JPEG_QUANTISATION: u16 = 519;
    pub(crate) const OLD_JPEG_DC_CODES: u16 = 520;
    pub(crate) const OLD_JPEG_AC_CODES: u16 = 521;
    pub(crate) const YCBCR_WEIGHTS: u16 = 529;
    pub(crate) const SUBSAMPLING: u16 = 530;
    pub(crate) const REFERENCES: u16 = 532;
    pub(crate) const XMP: u16 = 700;
    pub(crate) const COPYRIGHT: u16 = 33432;
    pub(crate) const EXIF_DIRECTORY: u16 = 34665;
    pub(crate) const PROFILE: u16 = 34675;
    pub(crate) const USER_COMMENT: u16 = 37510;
    pub(crate) const DNG_VERSION: u16 = 50706;
    pub(crate) const C2PA: u16 = 52545;
}

/// Reason why a directory or a value cannot be read.
#[derive(Debug)]
pub(crate) enum DirectoryError {
    /// The input ends too early; the file is needed up to this offset.
    Truncated(u64),
    /// The content is refused.
    Refused(Error),
}

impl From<Error> for DirectoryError {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// Byte order of numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ByteOrder {
    Big,
    Little,
}

impl ByteOrder {
    /// The byte order that the first two bytes of a file declare.
    fn of(file: &[u8]) -> Self {
        if file.starts_with(b"MM") { Self::Big } else { Self::Little }
    }

    /// Joins up to eight bytes into a number.
    fn number(self, bytes: &[u8]) -> u64 {
        let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        match self {
            Self::Big => bytes.iter().fold(0, join),
            Self::Little => bytes.iter().rev().fold(0, join),
        }
    }
}

/// The first IFD of a file.
pub(crate) struct Directory<'a> {
    file: &'a [u8],
    pub(crate) order: ByteOrder,
    /// `true` for BigTIFF.
    is_big: bool,
    /// All entries of the directory.
    entries: &'a [u8],
}

/// A directory entry.
struct DirectoryEntry<'a> {
    /// Number of the field type (TIFF 6.0, section 2).
    kind: u64,
    /// Bytes of a value.
    width: usize,
    /// Number of values.
    count: u64,
    /// The values if they fit, else their offset in the file.
    field: &'a [u8],
}

impl<'a> Directory<'a> {
    /// Finds the first IFD of a TIFF or BigTIFF.
    ///
    /// # Errors
    /// [`DirectoryError::Truncated`] if the input ends before the directory does.
    pub(crate) fn read(file: &'a [u8]) -> Result<Self, DirectoryError> {
        let order = ByteOrder::of(file);
        let is_big = order.number(slice(file, 2, 2)?) == 43;
        let mut directory = Self { file, order, is_big, entries: &[] };
        let (at, count_bytes) =
            if is_big { (directory.number_at(8, 8)?, 8) } else { (directory.number_at(4, 4)?, 2) };
        let entries = directory.number_at(at, count_bytes)?.saturating_mul(to_u64(directory.entry_bytes()));
        directory.entries = slice(file, at.saturating_add(count_bytes), entries)?;
        Ok(directory)
    }

    /// Finds the IFD of a block of EXIF, which is a TIFF without pixels.
    ///
    /// If the directory is truncated, or claims more entries than there are, those present count, as in other readers.
    ///
    /// # Errors
    /// [`DirectoryError::Truncated`] if the block ends before the first entry.
    pub(crate) fn of_exif(block: &'a [u8]) -> Result<Self, DirectoryError> {
        let mut directory = Self { file: block, order: ByteOrder::of(block), is_big: false, entries: &[] };
        directory.read_present_entries(directory.number_at(4, 4)?)?;
        Ok(directory)
    }

    /// The IFD of a block of EXIF to which a tag of this one points; `None` if there is none. Its entries are read as those
    /// of [`Self::of_exif`].
    pub(crate) fn sub_directory(&self, tag: u16) -> Option<Self> {
        let mut directory = Self { file: self.file, order: self.order, is_big: false, entries: &[] };
        directory.read_present_entries(self.number(tag).ok()??).ok()?;
        Some(directory)
    }

    /// Takes the entries of the IFD at an offset, as far as they are there.
    fn read_present_entries(&mut self, at: u64) -> Result<(), DirectoryError> {
        let entries = self.number_at(at, 2)?.saturating_mul(to_u64(self.entry_bytes()));
        let start = at.saturating_add(2);
        let present = to_u64(self.file.len()).saturating_sub(start);
        self.entries = slice(self.file, start, entries.min(present))?;
        Ok(())
    }

    /// The first number of a tag, or `None` without the tag.
    ///
    /// # Errors
    /// [`DirectoryError::Truncated`] if the value is past the end of the input.
    pub(crate) fn number(&self, tag: u16) -> Result<Option<u64>, DirectoryError> {
        Ok(self.numbers(tag, 1)?.and_then(|numbers| numbers.first().copied()))
    }

    /// The first numbers of a tag, at most `max`.
    ///
    /// # Errors
    /// As [`Self::number`].
    pub(crate) fn numbers(&self, tag: u16, max: u64) -> Result<Option<Vec<u64>>, DirectoryError> {
        let Some(entry) = self.entry(tag) else { return Ok(None) };
        let bytes = self.values(&entry, max)?;
        Ok(Some(bytes.chunks_exact(entry.width).map(|bytes| self.order.number(bytes)).collect()))
    }

    /// The first numbers of a tag that may be fractions or floating point, at most `max`.
    ///
    /// # Errors
    /// As [`Self::number`].
    pub(crate) fn reals(&self, tag: u16, max: u64) -> Result<Option<Vec<f64>>, DirectoryError> {
        // SHORT; LONG and FLOAT; RATIONAL and DOUBLE.
        let width = |kind| match kind {
            3 => Some(2),
            4 | 11 => Some(4),
            5 | 12 => Some(8),
            _ => None,
        };
        let Some(entry) = self.find(tag, width) else { return Ok(None) };
        let real = |bytes: &[u8]| {
            let number = self.order.number(bytes);
            let small = |bytes: &[u8]| u32::try_from(self.order.number(bytes)).unwrap_or(0);
            match entry.kind {
                5 => {
                    let (over, under) = bytes.split_at(bytes.len() / 2);
                    f64::from(small(over)) / f64::from(small(under))
                }
                11 => f32::from_bits(small(bytes)).into(),
                12 => f64::from_bits(number),
                _ => small(bytes).into(),
            }
        };
        Ok(Some(self.values(&entry, max)?.chunks_exact(entry.width).map(real).collect()))
    }

    /// The bytes of a tag; `None` if there are more than `max`.
    ///
    /// # Errors
    /// As [`Self::number`].
    pub(crate) fn bytes(&self, tag: u16, max: u64) -> Result<Option<&'a [u8]>, DirectoryError> {
        let entry = self.entry(tag).filter(|entry| entry.width == 1 && entry.count <= max);
        entry.map(|entry| self.values(&entry, max)).transpose()
    }

    /// The text of a tag, cut to `max` bytes. The whole text must be present, of type ASCII or UTF-8 (Exif 3.0).
    ///
    /// # Errors
    /// As [`Self::number`].
    pub(crate) fn text(&self, tag: u16, max: usize) -> Result<Option<&'a [u8]>, DirectoryError> {
        let entry = self.entry(tag).filter(|entry| matches!(entry.kind, 2 | 129));
        let Some(entry) = entry else { return Ok(None) };
        let text = self.values(&entry, entry.count)?;
        Ok(Some(text.get(..max).unwrap_or(text)))
    }

    /// Returns `true` if the directory has the tag with a readable type.
    pub(crate) fn has(&self, tag: u16) -> bool {
        self.entry(tag).is_some()
    }

    /// Bytes of an entry: tag, type, count and value; the last two have 4 bytes each, 8 in BigTIFF.
    fn entry_bytes(&self) -> usize {
        if self.is_big { 20 } else { 12 }
    }

    fn number_at(&self, at: u64, length: u64) -> Result<u64, DirectoryError> {
        Ok(self.order.number(slice(self.file, at, length)?))
    }

    /// The first entry of a tag whose values are bytes, text or unsigned integers.
    fn entry(&self, tag: u16) -> Option<DirectoryEntry<'a>> {
        self.find(tag, |kind| match kind {
            // BYTE, ASCII, UNDEFINED and UTF-8; SHORT; LONG and IFD; LONG8 and IFD8.
            1 | 2 | 7 | 129 => Some(1),
            3 => Some(2),
            4 | 13 => Some(4),
            16 | 18 => Some(8),
            _ => None,
        })
    }

    /// The first entry of a tag whose field type has a `width`, the bytes of a value.
    fn find(&self, tag: u16, width: impl Fn(u64) -> Option<usize>) -> Option<DirectoryEntry<'a>> {
        self.entries.chunks_exact(self.entry_bytes()).find_map(|entry| {
            let number =
                |from: usize, length: usize| Some(self.order.number(entry.get(from..)?.get(..length)?));
            let (count, field) = if self.is_big { (number(4, 8)?, 12) } else { (number(4, 4)?, 8) };
            let kind = number(2, 2)?;
            let width = width(kind)?;
            (number(0, 2)? == u64::from(tag)).then_some(DirectoryEntry {
                kind,
                width,
                count,
                field: entry.get(field..)?,
            })
        })
    }

    /// The bytes of the first values of an entry, at most `max` values.
    fn values(&self, entry: &DirectoryEntry<'a>, max: u64) -> Result<&'a [u8], DirectoryError> {
        let width = to_u64(entry.width);
        let length = entry.count.min(max).saturating_mul(width);
        // Values that fit in the entry are stored in place of the offset.
        if entry.count.saturating_mul(width) <= to_u64(entry.field.len()) {
            return slice(entry.field, 0, length);
        }
        slice(self.file, self.order.number(entry.field), length)
    }
}

/// A slice of the input; [`DirectoryError::Truncated`] if it ends past the input.
fn slice(file: &[u8], at: u64, length: u64) -> Result<&[u8], DirectoryError> {
    let end = at.saturating_add(length);
    let range = usize::try_from(at).ok().zip(usize::try_from(end).ok());
    range.and_then(|(at, end)| file.get(at..end)).ok_or(DirectoryError::Truncated(end))
}
