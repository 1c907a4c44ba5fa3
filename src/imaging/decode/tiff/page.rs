//! What a directory says of its picture, checked against what is read here.

use crate::imaging::decode::tiff::coding::TiffCompression;
use crate::imaging::decode::tiff::samples::{Alpha, Colors, MOST_SAMPLES, PixelFormat, Zero};
use crate::imaging::error::Error;
use crate::imaging::exif::copyright::Copyright;
use crate::imaging::exif::directory::{Directory, DirectoryError, tag};
use crate::imaging::exif::orientation;
use crate::imaging::limits::{Budget, to_u64};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::picture::side;
use crate::imaging::pixels::reduce::Run;
use crate::imaging::source_format::SourceFormat;

/// Most bytes of an ICC profile, and of tables for JPEG.
const LONGEST_VALUE: u64 = 4_000_000;

/// A picture and where it is in the file.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) size: Size,
    pub(super) samples: PixelFormat,
    pub(super) coding: TiffCompression,
    /// Whether the first pixel is in the lowest bit of its byte.
    pub(super) is_reversed: bool,
    pub(super) chunks: Chunks,
    pub(super) orientation: Orientation,
    pub(super) profile: Option<Vec<u8>>,
    pub(super) copyright: Copyright,
    /// What all chunks that are JPEG have in common.
    pub(super) jpeg_tables: Vec<u8>,
}

/// Strips or tiles.
#[derive(Debug)]
pub(super) struct Chunks {
    pub(super) kind: PageKind,
    /// Of each chunk; strips at the bottom, and nothing else, may have fewer rows.
    pub(super) size: Size,
    /// In a row of chunks.
    pub(super) across: u32,
    /// Start and length in the file, bytes; all of the first plane, then of the next.
    pub(super) places: Vec<ByteRange>,
    /// 1, or the number of samples where each is stored by itself.
    pub(super) planes: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum PageKind {
    Strips,
    Tiles,
}

/// Where a chunk is, bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct ByteRange {
    pub(super) start: u64,
    pub(super) length: u64,
}

impl Page {
    /// Reads the first directory of a file, or of as much as is there of it.
    pub(super) fn read(file: &[u8], budget: &mut Budget) -> Result<Self, DirectoryError> {
        let directory = Directory::read(file)?;
        refuse_raw(&directory)?;
        let side = |tag| {
            Ok::<_, DirectoryError>(u32::try_from(directory.number(tag)?.unwrap_or(0)).unwrap_or(u32::MAX))
        };
        let size = Size { width: side(tag::WIDTH)?, height: side(tag::HEIGHT)? };
        if size.pixels() == 0 {
            return Err(Error::damaged(SourceFormat::Tiff, "it has no pixels").into());
        }
        budget.admit(size)?;
        let coding = coding(&directory)?;
        let samples = samples(&directory, coding)?;
        let is_planar = directory.number(tag::PLANAR)? == Some(2) && samples.count > 1;
        if is_planar && coding == TiffCompression::Jpeg {
            return Err(Error::unsupported(SourceFormat::Tiff, "JPEG with its samples apart").into());
        }
        let chunks = Chunks::read(&directory, size, if is_planar { samples.count } else { 1 }, budget)?;
        let value = |tag| Ok::<_, DirectoryError>(directory.bytes(tag, LONGEST_VALUE)?.map(<[u8]>::to_vec));
        for field in [tag::ARTIST, tag::COPYRIGHT] {
            // To be read, it must be there.
            directory.bytes(field, LONGEST_VALUE)?;
        }
        Ok(Self {
            size,
            samples,
            coding,
            is_reversed: directory.number(tag::FILL_ORDER)? == Some(2),
            chunks,
            orientation: orientation(&directory)?,
            profile: value(tag::PROFILE)?,
            copyright: Copyright::read(file),
            jpeg_tables: value(tag::JPEG_TABLES)?.unwrap_or_default(),
        })
    }
}

impl Page {
    /// Whether each chunk lies behind the one before, so that the file can be read as it arrives.
    pub(super) fn is_in_order(&self) -> bool {
        let places = (0..self.chunks.count()).map(|chunk| self.places(chunk));
        let mut end = 0;
        places.into_iter().all(|places| match places.as_slice() {
            [place] => {
                let is_behind = place.start >= end;
                end = place.start.saturating_add(place.length);
                is_behind
            }
            _ => false,
        })
    }

    /// Samples of a pixel that are stored side by side.
    pub(super) fn side_by_side(&self) -> usize {
        if self.chunks.planes > 1 { 1 } else { self.samples.count }
    }

    /// Bytes of a row of a chunk, of one plane.
    pub(super) fn row_bytes(&self) -> u64 {
        let samples = u64::from(self.chunks.size.width).saturating_mul(to_u64(self.side_by_side()));
        samples.saturating_mul(u64::from(self.samples.bits)).div_ceil(8)
    }

    /// Whether stored rows, once unfolded, are rows of pixels.
    pub(super) fn is_direct(&self) -> bool {
        self.chunks.planes == 1 && self.samples.is_direct()
    }

    /// Where a chunk is in the picture, and how many rows of it.
    pub(super) fn region(&self, chunk: u32) -> (Run, u32) {
        let Size { width, height } = self.chunks.size;
        // Inside of the picture, whose sides are numbers of 32 bits.
        let (x, y) = (chunk % self.chunks.across * width, chunk / self.chunks.across * height);
        (Run { x, y, step: 1 }, height.min(self.size.height.saturating_sub(y)))
    }

    /// Columns of a chunk that are in the picture.
    pub(super) fn width(&self, start: Run) -> u32 {
        self.chunks.size.width.min(self.size.width.saturating_sub(start.x))
    }

    /// Where a chunk is in the file, each of its planes.
    pub(super) fn places(&self, chunk: u32) -> Vec<ByteRange> {
        let count = side(self.chunks.count());
        let planes = self.chunks.places.iter().skip(side(chunk)).step_by(count.max(1));
        // What is not coded is as long as it must be, whatever the file says.
        let (_, rows) = self.region(chunk);
        let whole = self.row_bytes().saturating_mul(rows.into());
        let length =
            |place: &ByteRange| if self.coding == TiffCompression::None { whole } else { place.length };
        planes.map(|place| ByteRange { length: length(place), ..*place }).collect()
    }
}

/// Camera raw files are TIFF whose first picture is a preview.
fn refuse_raw(directory: &Directory<'_>) -> Result<(), DirectoryError> {
    let is_preview = directory.number(tag::SUBFILE)?.is_some_and(|kind| kind & 1 == 1);
    if directory.has(tag::DNG_VERSION) || (is_preview && directory.has(tag::SUB_DIRECTORIES)) {
        let what = "a camera raw file (DNG, NEF or the like)".into();
        return Err(Error::Unsupported { what }.into());
    }
    Ok(())
}

fn coding(directory: &Directory<'_>) -> Result<TiffCompression, DirectoryError> {
    let name = match directory.number(tag::COMPRESSION)?.unwrap_or(1) {
        1 => return Ok(TiffCompression::None),
        3 if directory.number(tag::T4_OPTIONS)?.unwrap_or(0) & 3 == 0 => return Ok(TiffCompression::Group3),
        4 => return Ok(TiffCompression::Group4),
        5 => return Ok(TiffCompression::Lzw),
        7 => return Ok(TiffCompression::Jpeg),
        8 | 32_946 => return Ok(TiffCompression::Deflate),
        32_773 => return Ok(TiffCompression::PackBits),
        2 => "CCITT coding without line ends",
        3 => "two-dimensional Group 3 fax",
        6 => "JPEG of the old kind",
        34_676 | 34_677 => "LogLuv",
        34_712 => "JPEG 2000",
        34_925 => "LZMA",
        50_000 => "Zstandard",
        50_001 => "WebP",
        other => return Err(Error::unsupported(SourceFormat::Tiff, &format!("coding {other}")).into()),
    };
    Err(Error::unsupported(SourceFormat::Tiff, name).into())
}

fn samples(directory: &Directory<'_>, coding: TiffCompression) -> Result<PixelFormat, DirectoryError> {
    let sizes = directory.numbers(tag::BITS, to_u64(MOST_SAMPLES))?.unwrap_or_else(|| vec![1]);
    let first = sizes.first().copied().unwrap_or(0);
    if sizes.iter().any(|other| *other != first) {
        return Err(Error::unsupported(SourceFormat::Tiff, "samples of different sizes").into());
    }
    let bits = u32::try_from(first).ok().filter(|bits| (1..=32).contains(bits));
    let bits =
        bits.ok_or_else(|| Error::unsupported(SourceFormat::Tiff, &format!("samples of {first} bits")))?;
    match directory.number(tag::SAMPLE_FORMAT)?.unwrap_or(1) {
        1 | 4 => (),
        2 => return Err(Error::unsupported(SourceFormat::Tiff, "signed samples").into()),
        3 => return Err(Error::unsupported(SourceFormat::Tiff, "floating-point samples").into()),
        other => {
            return Err(Error::unsupported(SourceFormat::Tiff, &format!("samples of kind {other}")).into());
        }
    }
    let colors = colors(directory, coding, bits)?;
    let count = usize::try_from(directory.number(tag::SAMPLES)?.unwrap_or(1)).unwrap_or(usize::MAX);
    if !(colors.count()..=MOST_SAMPLES).contains(&count) {
        return Err(Error::damaged(SourceFormat::Tiff, format!("it has {count} samples a pixel")).into());
    }
    let alpha = alpha(directory, &colors, count)?;
    let is_predicted = match directory.number(tag::PREDICTOR)?.unwrap_or(1) {
        1 => false,
        2 if !coding.has_predictor() => false,
        2 if matches!(bits, 8 | 16 | 32) => true,
        predictor => {
            return Err(Error::unsupported(
                SourceFormat::Tiff,
                &format!("predictor {predictor} for {bits} bits"),
            )
            .into());
        }
    };
    let fits = match coding {
        TiffCompression::Jpeg => bits == 8,
        TiffCompression::Group3 | TiffCompression::Group4 => bits == 1 && count == 1,
        TiffCompression::Deflate
        | TiffCompression::Lzw
        | TiffCompression::None
        | TiffCompression::PackBits => true,
    };
    if !fits {
        return Err(Error::unsupported(
            SourceFormat::Tiff,
            &format!("{count} samples of {bits} bits in a coding for others"),
        )
        .into());
    }
    Ok(PixelFormat { colors, count, bits, alpha, order: directory.order, is_predicted })
}

fn colors(directory: &Directory<'_>, coding: TiffCompression, bits: u32) -> Result<Colors, DirectoryError> {
    let is_fax = matches!(coding, TiffCompression::Group3 | TiffCompression::Group4);
    let name = match directory.number(tag::PHOTOMETRIC)? {
        None if directory.number(tag::SAMPLES)?.unwrap_or(1) > 2 => return Ok(Colors::Rgb),
        None => return Ok(Colors::Grey(if is_fax { Zero::White } else { Zero::Black })),
        Some(0) => return Ok(Colors::Grey(Zero::White)),
        Some(1) => return Ok(Colors::Grey(Zero::Black)),
        Some(2) => return Ok(Colors::Rgb),
        Some(3) => return palette(directory, bits),
        Some(5) if directory.number(tag::INK_SET)?.unwrap_or(1) == 1 => return Ok(Colors::Cmyk),
        // Only within JPEG, whose reader turns it into RGB.
        Some(6) if coding == TiffCompression::Jpeg => return Ok(Colors::YCbCr),
        Some(4) => "a mask",
        Some(5) => "inks other than CMYK",
        Some(6) => "YCbCr without JPEG",
        Some(8..=10) => "CIELAB",
        Some(32_803 | 34_892) => "raw samples of a camera",
        Some(32_844 | 32_845) => "LogLuv",
        Some(other) => {
            return Err(Error::unsupported(SourceFormat::Tiff, &format!("colours of kind {other}")).into());
        }
    };
    Err(Error::unsupported(SourceFormat::Tiff, name).into())
}

/// All reds, then all greens, then all blues, of sixteen bits.
fn palette(directory: &Directory<'_>, bits: u32) -> Result<Colors, DirectoryError> {
    if bits > 16 {
        return Err(Error::unsupported(SourceFormat::Tiff, &format!("a palette for {bits} bits")).into());
    }
    let count = 1_usize << bits;
    let numbers = directory.numbers(tag::COLOR_MAP, to_u64(count * 3))?.unwrap_or_default();
    let high = |number: &u64| u8::try_from(*number >> 8 & 0xff).unwrap_or(0);
    let mut planes = numbers.chunks_exact(count);
    let (Some(reds), Some(greens), Some(blues)) = (planes.next(), planes.next(), planes.next()) else {
        return Err(Error::damaged(SourceFormat::Tiff, "its palette is too short").into());
    };
    let colors = reds.iter().zip(greens).zip(blues).map(|((r, g), b)| [r, g, b].map(high));
    Ok(Colors::Palette(colors.collect()))
}

/// Where alpha is among the samples, and how colours were stored under it.
fn alpha(
    directory: &Directory<'_>,
    colors: &Colors,
    count: usize,
) -> Result<Option<(usize, Alpha)>, DirectoryError> {
    let at = colors.count();
    if at == count {
        return Ok(None);
    }
    let alpha = match directory.number(tag::EXTRA_SAMPLES)? {
        Some(1) => Alpha::Premultiplied,
        Some(2) => Alpha::Straight,
        // Written by programs that did not know of the tag.
        None if *colors == Colors::Rgb && count == 4 => Alpha::Straight,
        _ => return Ok(None),
    };
    if *colors == Colors::Cmyk {
        return Err(Error::unsupported(SourceFormat::Tiff, "CMYK with alpha").into());
    }
    Ok(Some((at, alpha)))
}

impl ByteRange {
    /// As much of it as there is.
    pub(super) fn of(self, file: &[u8]) -> &[u8] {
        let at = |byte: u64| usize::try_from(byte).unwrap_or(usize::MAX).min(file.len());
        file.get(at(self.start)..at(self.start.saturating_add(self.length))).unwrap_or_default()
    }
}

impl Chunks {
    /// Chunks of one plane.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.places.len() / self.planes.max(1)).unwrap_or(u32::MAX)
    }

    fn read(
        directory: &Directory<'_>,
        size: Size,
        planes: usize,
        budget: &mut Budget,
    ) -> Result<Self, DirectoryError> {
        let side = |tag| {
            let number = directory.number(tag)?.unwrap_or(u64::MAX);
            Ok::<_, DirectoryError>(u32::try_from(number).unwrap_or(u32::MAX))
        };
        let kind = if directory.has(tag::TILE_WIDTH) { PageKind::Tiles } else { PageKind::Strips };
        let chunk = match kind {
            PageKind::Strips => {
                Size { width: size.width, height: side(tag::ROWS_PER_STRIP)?.min(size.height) }
            }
            PageKind::Tiles => Size { width: side(tag::TILE_WIDTH)?, height: side(tag::TILE_HEIGHT)? },
        };
        if chunk.pixels() == 0 {
            return Err(Error::damaged(SourceFormat::Tiff, "its strips or tiles have no pixels").into());
        }
        let across = size.width.div_ceil(chunk.width);
        let count = Size { width: across, height: size.height.div_ceil(chunk.height) }.pixels();
        let count = count.saturating_mul(to_u64(planes));
        budget.reserve(count.saturating_mul(32))?;
        let numbers = |for_tiles, for_strips| {
            let numbers = match directory.numbers(for_tiles, count)? {
                Some(numbers) => numbers,
                None => directory.numbers(for_strips, count)?.unwrap_or_default(),
            };
            if to_u64(numbers.len()) < count {
                return Err(Error::damaged(
                    SourceFormat::Tiff,
                    "it does not say where all of its pixels are",
                )
                .into());
            }
            Ok::<_, DirectoryError>(numbers)
        };
        let starts = numbers(tag::TILE_OFFSETS, tag::STRIP_OFFSETS)?;
        let lengths = numbers(tag::TILE_LENGTHS, tag::STRIP_LENGTHS)?;
        let places = starts.into_iter().zip(lengths).map(|(start, length)| ByteRange { start, length });
        Ok(Self { kind, size: chunk, across, places: places.collect(), planes })
    }
}
