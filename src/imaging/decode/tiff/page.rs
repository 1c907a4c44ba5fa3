//! A page of a TIFF: its directory, parsed and checked against what is decoded.
//!
//! Memory: [`Chunks`], the palette, and profile and JPEG tables of at most 4 MB each, all reserved before.

use crate::imaging::color::srgb::SrgbTable;
use crate::imaging::decode::tiff::chunks::{ByteRange, Chunks};
use crate::imaging::decode::tiff::coding::TiffCompression;
use crate::imaging::decode::tiff::fax::FaxCoding;
use crate::imaging::decode::tiff::numbers::NumberKind;
use crate::imaging::decode::tiff::old_jpeg::OldJpeg;
use crate::imaging::decode::tiff::samples::{Colors, PixelFormat};
use crate::imaging::error::Error;
use crate::imaging::exif::copyright::Copyright;
use crate::imaging::exif::directory::{Directory, DirectoryError, tag};
use crate::imaging::exif::orientation;
use crate::imaging::limits::{Budget, to_u64};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::pixels::reduce::Run;
use crate::imaging::provenance::{LONGEST_PACKET, Provenance};
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
    pub(super) provenance: Provenance,
    /// Tables that all JPEG chunks share.
    pub(super) jpeg_tables: Vec<u8>,
    /// The parts of a JPEG of the old kind, which together are one chunk of the page's size.
    pub(super) old_jpeg: Option<OldJpeg>,
}

impl Page {
    /// Parses the first directory of a file, or of its beginning; `is_whole` tells which.
    ///
    /// # Errors
    /// [`DirectoryError::Truncated`] if bytes are missing; [`DirectoryError::Refused`] for a page that is not decoded.
    pub(super) fn read(file: &[u8], is_whole: bool, budget: &mut Budget) -> Result<Self, DirectoryError> {
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
        let mut samples = PixelFormat::read(&directory, compression, budget)?;
        let planes = if samples.is_planar { samples.used() } else { 1 };
        let mut chunks = Chunks::read(&directory, size, planes, budget)?;
        let mut old_jpeg = None;
        if compression == TiffCompression::OldJpeg {
            let parts = OldJpeg::read(&directory, size, &samples, &chunks, budget)?;
            old_jpeg = Some(parts);
            chunks = Chunks::whole(size);
        }
        let mut value = |tag| {
            let Some(value) = directory.bytes(tag, LONGEST_VALUE)? else { return Ok(None) };
            budget.reserve(to_u64(value.len()))?;
            Ok::<_, DirectoryError>(Some(value.to_vec()))
        };
        let jpeg_tables = value(tag::JPEG_TABLES)?.unwrap_or_default();
        let profile = value(tag::PROFILE)?;
        // CIELAB is converted here, to sRGB.
        let is_lab = matches!(samples.colors, Colors::Lab(_));
        let profile = profile.filter(|_| !is_lab);
        let is_light = samples.kind == NumberKind::Float && samples.colors == Colors::Rgb;
        samples.light = (is_lab || is_light && profile.is_none()).then(SrgbTable::new);
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
            profile,
            copyright: Copyright::read(file),
            provenance: provenance(&directory, is_whole, budget)?,
            jpeg_tables,
            old_jpeg,
        })
    }

    /// Returns `true` if every chunk lies after the one before, so that the file can be decoded while it arrives, and if
    /// that takes one pass.
    pub(super) fn is_in_order(&self) -> bool {
        let mut end = 0;
        let mut is_behind = |range: ByteRange| {
            let is_behind = range.start >= end && !range.is_left_out();
            end = range.start.saturating_add(self.coded_length(range));
            is_behind
        };
        self.old_jpeg.is_none()
            && !self.needs_range()
            && self.chunks.planes == 1
            && self.chunks.ranges().all(&mut is_behind)
    }

    /// Returns `true` if what is black and white follows from all samples.
    pub(super) fn needs_range(&self) -> bool {
        let is_unit = match (&self.samples.kind, &self.samples.colors) {
            (NumberKind::Float, Colors::Grey(_)) => self.profile.is_some(),
            (NumberKind::Float, _) => true,
            (NumberKind::Signed | NumberKind::Unsigned, _) => false,
        };
        let is_converted = matches!(self.samples.colors, Colors::Lab(_));
        !self.samples.has_fixed_range() && !is_unit && !is_converted
    }

    /// Stored rows of a chunk that have this many rows of pixels.
    pub(super) fn stored_rows(&self, rows: u32) -> u32 {
        rows.div_ceil(u32::try_from(self.samples.block().1).unwrap_or(1).max(1))
    }

    /// Bytes of a stored row of a chunk in one plane; rows begin at whole bytes. A row of blocks of subsampled chroma
    /// counts as one row.
    pub(super) fn row_bytes(&self) -> u64 {
        let width = u64::from(self.chunks.size.width);
        let (across, down) = self.samples.block();
        let samples = match (across, down) {
            (1, 1) => width.saturating_mul(to_u64(self.samples.interleaved())),
            (across, down) => width.div_ceil(to_u64(across)).saturating_mul(to_u64(across * down + 2)),
        };
        samples.saturating_mul(u64::from(self.samples.bits)).div_ceil(8)
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
        let ranges = self.chunks.planes_of(chunk);
        ranges.map(|range| ByteRange { length: self.coded_length(range), ..range }).collect()
    }

    /// The length of a chunk. That of uncompressed chunks follows from their size; some writers store another one.
    fn coded_length(&self, range: ByteRange) -> u64 {
        match self.compression {
            TiffCompression::None => {
                self.row_bytes().saturating_mul(self.stored_rows(self.chunks.size.height).into())
            }
            _ => range.length,
        }
    }
}

/// The labels of a page. XMP past the end of a whole file is absent.
fn provenance(
    directory: &Directory<'_>,
    is_whole: bool,
    budget: &mut Budget,
) -> Result<Provenance, DirectoryError> {
    let mut provenance = Provenance::new(directory.has(tag::C2PA));
    match directory.bytes(tag::XMP, to_u64(LONGEST_PACKET)) {
        Ok(xmp) => provenance.read_xmp(xmp.unwrap_or_default(), budget)?,
        Err(DirectoryError::Truncated(_)) if is_whole => (),
        Err(error) => return Err(error),
    }
    Ok(provenance)
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
    let is_two_dimensional = directory.number(tag::T4_OPTIONS)?.unwrap_or(0) & 1 == 1;
    let name = match directory.number(tag::COMPRESSION)?.unwrap_or(1) {
        1 => return Ok(TiffCompression::None),
        2 => return Ok(TiffCompression::Fax(FaxCoding::Bytes)),
        3 if is_two_dimensional => return Ok(TiffCompression::Fax(FaxCoding::Group3TwoDimensional)),
        3 => return Ok(TiffCompression::Fax(FaxCoding::Group3)),
        4 => return Ok(TiffCompression::Fax(FaxCoding::Group4)),
        5 => return Ok(TiffCompression::Lzw),
        6 => return Ok(TiffCompression::OldJpeg),
        7 => return Ok(TiffCompression::Jpeg),
        8 | 32_946 => return Ok(TiffCompression::Deflate),
        32_771 => return Ok(TiffCompression::Fax(FaxCoding::Words)),
        32_773 => return Ok(TiffCompression::PackBits),
        32_766 => "NeXT's coding",
        32_809 => "ThunderScan",
        32_908 | 32_909 => "PIXAR's coding",
        34_661 => "JBIG",
        34_676 | 34_677 => "LogLuv",
        34_712 => "JPEG 2000",
        34_887 => "LERC",
        34_925 => "LZMA",
        50_000 => "Zstandard",
        50_001 => "WebP",
        50_002 | 52_546 => "JPEG XL",
        other => return Err(Error::unsupported(SourceFormat::Tiff, &format!("coding {other}")).into()),
    };
    Err(Error::unsupported(SourceFormat::Tiff, name).into())
}
