//! A page of a TIFF: its directory, parsed and checked against what is decoded.
//!
//! Memory: 32 bytes per chunk while the offsets are read, reserved before; profile and JPEG tables of at most 4 MB
//! each.

use crate::imaging::decode::tiff::coding::TiffCompression;
use crate::imaging::decode::tiff::samples::{Alpha, Colors, GreyScale, MOST_SAMPLES, PixelFormat};
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

/// Most bytes of an ICC profile, of the JPEG tables, and of a text field.
const LONGEST_VALUE: u64 = 4_000_000;

/// An image and the location of its chunks.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) size: Size,
    pub(super) samples: PixelFormat,
    pub(super) compression: TiffCompression,
    /// `true` if the first pixel is in the lowest bit of its byte (FillOrder 2).
    pub(super) has_reversed_bits: bool,
    pub(super) chunks: Chunks,
    pub(super) orientation: Orientation,
    pub(super) profile: Option<Vec<u8>>,
    pub(super) copyright: Copyright,
    /// Tables that all JPEG chunks share.
    pub(super) jpeg_tables: Vec<u8>,
}

/// The strips or tiles of a page.
#[derive(Debug)]
pub(super) struct Chunks {
    pub(super) kind: ChunkKind,
    /// Size of a chunk. Only the last strip may have fewer rows.
    pub(super) size: Size,
    /// Chunks in a row of chunks.
    pub(super) across: u32,
    /// Ranges of all chunks of the first plane, then of the next, etc.
    pub(super) ranges: Vec<ByteRange>,
    /// Number of separately stored planes: 1, or the number of samples per pixel.
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

impl Page {
    /// Parses the first directory of a file, or of its beginning.
    ///
    /// # Errors
    /// [`DirectoryError::Truncated`] if bytes are missing; [`DirectoryError::Refused`] for a page that is not decoded.
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
        let compression = compression(&directory)?;
        let samples = pixel_format(&directory, compression)?;
        let is_planar = directory.number(tag::PLANAR)? == Some(2) && samples.count > 1;
        if is_planar && compression == TiffCompression::Jpeg {
            return Err(Error::unsupported(SourceFormat::Tiff, "JPEG with its samples apart").into());
        }
        let chunks = Chunks::read(&directory, size, if is_planar { samples.count } else { 1 }, budget)?;
        let value = |tag| Ok::<_, DirectoryError>(directory.bytes(tag, LONGEST_VALUE)?.map(<[u8]>::to_vec));
        // `Copyright::read` takes missing bytes for missing fields, so their presence is checked first.
        for field in [tag::ARTIST, tag::COPYRIGHT] {
            directory.bytes(field, LONGEST_VALUE)?;
        }
        Ok(Self {
            size,
            samples,
            compression,
            has_reversed_bits: directory.number(tag::FILL_ORDER)? == Some(2),
            chunks,
            orientation: orientation(&directory)?,
            profile: value(tag::PROFILE)?,
            copyright: Copyright::read(file),
            jpeg_tables: value(tag::JPEG_TABLES)?.unwrap_or_default(),
        })
    }

    /// Returns `true` if every chunk lies after the one before, so that the file can be decoded while it arrives.
    pub(super) fn is_in_order(&self) -> bool {
        let ranges = (0..self.chunks.count()).map(|chunk| self.byte_ranges(chunk));
        let mut end = 0;
        ranges.into_iter().all(|ranges| match ranges.as_slice() {
            [range] => {
                let is_behind = range.start >= end;
                end = range.start.saturating_add(range.length);
                is_behind
            }
            _ => false,
        })
    }

    /// Samples of a pixel that are interleaved in a plane.
    pub(super) fn interleaved_samples(&self) -> usize {
        if self.chunks.planes > 1 { 1 } else { self.samples.count }
    }

    /// Bytes of a row of a chunk in one plane; rows begin at whole bytes.
    pub(super) fn row_bytes(&self) -> u64 {
        let samples = u64::from(self.chunks.size.width).saturating_mul(to_u64(self.interleaved_samples()));
        samples.saturating_mul(u64::from(self.samples.bits)).div_ceil(8)
    }

    /// Returns `true` if stored rows, once normalized, are rows of the picture.
    pub(super) fn is_direct(&self) -> bool {
        self.chunks.planes == 1 && self.samples.is_direct()
    }

    /// The first row of a chunk in the image, as a run of pixels, and the number of rows inside of the image.
    pub(super) fn region(&self, chunk: u32) -> (Run, u32) {
        let Size { width, height } = self.chunks.size;
        // Chunks begin inside of the image, whose sides are 32-bit numbers, so the products fit.
        let (x, y) = (chunk % self.chunks.across * width, chunk / self.chunks.across * height);
        (Run { x, y, step: 1 }, height.min(self.size.height.saturating_sub(y)))
    }

    /// Columns of a chunk that are inside of the image.
    pub(super) fn width(&self, start: Run) -> u32 {
        self.chunks.size.width.min(self.size.width.saturating_sub(start.x))
    }

    /// The ranges of a chunk in the file, one per plane.
    pub(super) fn byte_ranges(&self, chunk: u32) -> Vec<ByteRange> {
        let count = side(self.chunks.count());
        let planes = self.chunks.ranges.iter().skip(side(chunk)).step_by(count.max(1));
        // The length of uncompressed chunks follows from their size. Some writers store another one.
        let (_, rows) = self.region(chunk);
        let raw = self.row_bytes().saturating_mul(rows.into());
        let is_raw = self.compression == TiffCompression::None;
        let length = |range: &ByteRange| if is_raw { raw } else { range.length };
        planes.map(|range| ByteRange { length: length(range), ..*range }).collect()
    }
}

/// Refuses camera raw files: TIFF files whose first image is a preview.
fn refuse_raw(directory: &Directory<'_>) -> Result<(), DirectoryError> {
    let is_preview = directory.number(tag::SUBFILE)?.is_some_and(|kind| kind & 1 == 1);
    if directory.has(tag::DNG_VERSION) || (is_preview && directory.has(tag::SUB_DIRECTORIES)) {
        let what = "a camera raw file (DNG, NEF or the like)".into();
        return Err(Error::Unsupported { what }.into());
    }
    Ok(())
}

/// The compression of a page.
fn compression(directory: &Directory<'_>) -> Result<TiffCompression, DirectoryError> {
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

/// The format of the pixels; it must be one that the compression can hold.
fn pixel_format(
    directory: &Directory<'_>,
    compression: TiffCompression,
) -> Result<PixelFormat, DirectoryError> {
    let sizes = directory.numbers(tag::BITS, to_u64(MOST_SAMPLES))?.unwrap_or_else(|| vec![1]);
    let first = sizes.first().copied().unwrap_or(0);
    if sizes.iter().any(|other| *other != first) {
        return Err(Error::unsupported(SourceFormat::Tiff, "samples of different sizes").into());
    }
    let bits = u32::try_from(first).ok().filter(|bits| (1..=32).contains(bits));
    let bits =
        bits.ok_or_else(|| Error::unsupported(SourceFormat::Tiff, &format!("samples of {first} bits")))?;
    // SampleFormat 1 is unsigned, 4 is undefined.
    match directory.number(tag::SAMPLE_FORMAT)?.unwrap_or(1) {
        1 | 4 => (),
        2 => return Err(Error::unsupported(SourceFormat::Tiff, "signed samples").into()),
        3 => return Err(Error::unsupported(SourceFormat::Tiff, "floating-point samples").into()),
        other => {
            return Err(Error::unsupported(SourceFormat::Tiff, &format!("samples of kind {other}")).into());
        }
    }
    let colors = colors(directory, compression, bits)?;
    let count = usize::try_from(directory.number(tag::SAMPLES)?.unwrap_or(1)).unwrap_or(usize::MAX);
    if !(colors.count()..=MOST_SAMPLES).contains(&count) {
        return Err(Error::damaged(SourceFormat::Tiff, format!("it has {count} samples a pixel")).into());
    }
    let alpha = alpha(directory, &colors, count)?;
    let is_predicted = match directory.number(tag::PREDICTOR)?.unwrap_or(1) {
        1 => false,
        2 if !compression.has_predictor() => false,
        2 if matches!(bits, 8 | 16 | 32) => true,
        predictor => {
            return Err(Error::unsupported(
                SourceFormat::Tiff,
                &format!("predictor {predictor} for {bits} bits"),
            )
            .into());
        }
    };
    let fits = match compression {
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

/// The colours by PhotometricInterpretation. Without the tag they follow from the number of samples and the
/// compression.
fn colors(
    directory: &Directory<'_>,
    compression: TiffCompression,
    bits: u32,
) -> Result<Colors, DirectoryError> {
    let is_fax = matches!(compression, TiffCompression::Group3 | TiffCompression::Group4);
    let name = match directory.number(tag::PHOTOMETRIC)? {
        None if directory.number(tag::SAMPLES)?.unwrap_or(1) > 2 => return Ok(Colors::Rgb),
        None if is_fax => return Ok(Colors::Grey(GreyScale::WhiteIsZero)),
        None => return Ok(Colors::Grey(GreyScale::BlackIsZero)),
        Some(0) => return Ok(Colors::Grey(GreyScale::WhiteIsZero)),
        Some(1) => return Ok(Colors::Grey(GreyScale::BlackIsZero)),
        Some(2) => return Ok(Colors::Rgb),
        Some(3) => return palette(directory, bits),
        Some(5) if directory.number(tag::INK_SET)?.unwrap_or(1) == 1 => return Ok(Colors::Cmyk),
        // YCbCr is only read in JPEG, whose decoder converts it to RGB.
        Some(6) if compression == TiffCompression::Jpeg => return Ok(Colors::YCbCr),
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

/// The palette: 2^`bits` reds, then as many greens and blues, of 16 bits each. The high bytes are kept.
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

/// The index of alpha among the samples, and its kind; `None` without alpha.
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
        // Programs that did not know the tag wrote RGBA without it.
        None if *colors == Colors::Rgb && count == 4 => Alpha::Straight,
        _ => return Ok(None),
    };
    if *colors == Colors::Cmyk {
        return Err(Error::unsupported(SourceFormat::Tiff, "CMYK with alpha").into());
    }
    Ok(Some((at, alpha)))
}

impl ByteRange {
    /// The part of the range that is in the file.
    pub(super) fn of(self, file: &[u8]) -> &[u8] {
        let at = |byte: u64| usize::try_from(byte).unwrap_or(usize::MAX).min(file.len());
        file.get(at(self.start)..at(self.start.saturating_add(self.length))).unwrap_or_default()
    }
}

impl Chunks {
    /// Number of chunks in a plane.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.ranges.len() / self.planes.max(1)).unwrap_or(u32::MAX)
    }

    /// Parses size and ranges of all chunks, for `planes` planes.
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
        let ranges = starts.into_iter().zip(lengths).map(|(start, length)| ByteRange { start, length });
        Ok(Self { kind, size: chunk, across, ranges: ranges.collect(), planes })
    }
}
