//! Decoding of all chunks of a page into the reduced picture.
//!
//! Memory: one stored row of a chunk per plane, one converted row, and the reduced picture. Tiles also take the sums
//! of all cells, because they do not come in rows of the image.

use std::borrow::Cow;
use std::io::{self, BufReader, Read};

use thumbnail_jpeg::{Head, Scale, Wanted};

use crate::imaging::damage::Damage;
use crate::imaging::decode::tiff::access::ChunkAccess;
use crate::imaging::decode::tiff::coding::{ChunkRows, CodedReader, ReversedBits, TiffCompression};
use crate::imaging::decode::tiff::page::{ChunkKind, Page};
use crate::imaging::decode::tiff::samples::Colors;
use crate::imaging::error::Error;
use crate::imaging::input::cancellable::Cancellable;
use crate::imaging::input::source::TRUNCATED;
use crate::imaging::limits::{Budget, Cancel, bytes_of, to_u64};
use crate::imaging::picture::Picture;
use crate::imaging::picture::geometry::{Cell, Ratio, Size};
use crate::imaging::pixels::reduce::{Reducer, Run, Scatter};
use crate::imaging::source_format::SourceFormat;

/// The reduced picture of a page, and buffers for rows on their way into it.
pub(super) struct TiffCanvas<'p> {
    page: &'p Page,
    target: Target,
    /// Reduction from the page to the largest thumbnail.
    reduction: f64,
    /// A decompressed row of a chunk, for each plane.
    stored: Vec<Vec<u8>>,
    /// The converted row; empty if stored rows need no conversion.
    row: Vec<u8>,
    /// Pixels that were filled in.
    lost: f64,
}

/// The reducer of a page's pixels, by the order in which they come.
enum Target {
    Rows(Reducer),
    Tiles(Scatter),
}

impl<'p> TiffCanvas<'p> {
    /// Reserves and allocates the reduced picture and the row buffers.
    ///
    /// # Errors
    /// [`Error::TooMuchMemory`].
    pub(super) fn new(page: &'p Page, ratio: Ratio, budget: &mut Budget) -> Result<Self, Error> {
        let (size, samples) = (page.size, &page.samples);
        let (layout, depth, cell) = (samples.layout(), samples.depth(), Reducer::cell(ratio));
        let target = match page.chunks.kind {
            ChunkKind::Strips => Target::Rows(Reducer::new(size, layout, depth, cell, budget)?),
            ChunkKind::Tiles => Target::Tiles(Scatter::new(size, layout, depth, cell, budget)?),
        };
        let (planes, stored) = (page.chunks.planes, page.row_bytes());
        let row_size = Size { width: page.chunks.size.width, height: 1 };
        let row = bytes_of(row_size, to_u64(layout.channels() * depth.bytes()));
        budget.reserve(stored.saturating_mul(to_u64(planes)).saturating_add(row))?;
        let blank = |bytes: u64| vec![0; usize::try_from(bytes).unwrap_or(usize::MAX)];
        let row = blank(if page.is_direct() { 0 } else { row });
        let reduction = 1.0 / ratio.larger();
        Ok(Self { page, target, reduction, stored: vec![blank(stored); planes], row, lost: 0.0 })
    }

    /// Decodes all chunks; returns the picture, its cells, and its damage.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Unsupported`], an exceeded limit, a failed reader or [`Error::Cancelled`].
    pub(super) fn decode<R: Read>(
        mut self,
        mut access: ChunkAccess<'_, '_, '_, R>,
        cancel: &Cancel,
        budget: &mut Budget,
    ) -> Result<(Picture, Cell, Damage), Error> {
        for chunk in 0..self.page.chunks.count() {
            cancel.check()?;
            let coded = access.open(&self.page.byte_ranges(chunk))?;
            let (start, rows) = self.page.region(chunk);
            match self.page.compression {
                TiffCompression::Jpeg => {
                    for coded in coded {
                        self.decode_jpeg(coded, start, rows, cancel, budget)?;
                    }
                }
                TiffCompression::Deflate
                | TiffCompression::Group3
                | TiffCompression::Group4
                | TiffCompression::Lzw
                | TiffCompression::None
                | TiffCompression::PackBits => {
                    self.decode_rows(coded, start, rows, cancel)?;
                }
            }
        }
        let (picture, cell) = match self.target {
            Target::Rows(reducer) => reducer.finish(),
            Target::Tiles(scatter) => scatter.finish(),
        };
        Ok((picture, cell, damage(self.lost, self.page.size)))
    }

    /// Decodes the rows of a chunk, whose planes are read side by side.
    fn decode_rows(
        &mut self,
        coded: Vec<CodedReader<'_>>,
        start: Run,
        rows: u32,
        cancel: &Cancel,
    ) -> Result<(), Error> {
        let page = self.page;
        let readers = coded.into_iter().map(|coded| {
            let coded: CodedReader<'_> =
                if page.has_reversed_bits { Box::new(BufReader::new(ReversedBits(coded))) } else { coded };
            ChunkRows::new(page.compression, coded, page.chunks.size.width)
        });
        let mut readers = readers.collect::<io::Result<Vec<_>>>().map_err(read_error)?;
        for y in start.y..start.y.saturating_add(rows) {
            cancel.check()?;
            for (reader, row) in readers.iter_mut().zip(&mut self.stored) {
                reader.next(row).map_err(read_error)?;
                page.samples.normalize(row, page.interleaved_samples());
            }
            self.push(Run { y, ..start });
        }
        Ok(())
    }

    /// Decodes a chunk of JPEG, whose tables may be stored once for all chunks (TIFF Technical Note 2).
    fn decode_jpeg(
        &mut self,
        coded: CodedReader<'_>,
        start: Run,
        rows: u32,
        cancel: &Cancel,
        budget: &mut Budget,
    ) -> Result<(), Error> {
        // The tables are an abbreviated JPEG: without its EOI they continue with the chunk, whose SOI is skipped as a
        // marker.
        let tables = self.page.jpeg_tables.strip_suffix(b"\xff\xd9").unwrap_or(&self.page.jpeg_tables);
        let mut reader = Cancellable::new(tables.chain(coded), cancel);
        let mut head = Head::read(&mut reader).map_err(jpeg_error)?;
        // The TIFF's tags define the colours, whatever markers of the JPEG say.
        head.metadata.is_jfif = false;
        head.metadata.has_tiff_inks = true;
        head.metadata.adobe = match self.page.samples.colors {
            Colors::Rgb => Some(0),
            Colors::YCbCr => Some(1),
            Colors::Cmyk | Colors::Grey(_) | Colors::Palette(_) => None,
        };
        if head.frame.components.len() != self.page.samples.count || head.frame.width < self.page.width(start)
        {
            return Err(Error::damaged(SourceFormat::Tiff, "a strip or tile is the JPEG of something else"));
        }
        let memory = head.memory(Scale::Full);
        budget.reserve(memory)?;
        let mut y = start.y;
        let end = start.y.saturating_add(rows);
        let wanted = Wanted { reduction: self.reduction, ..Wanted::all(Scale::Full) };
        let summary = head.decode(reader, wanted, |row| {
            if let (true, Some(stored)) = (y < end, self.stored.first_mut()) {
                stored.iter_mut().zip(row).for_each(|(target, sample)| *target = *sample);
                self.push(Run { y, ..start });
            }
            y = y.saturating_add(1);
            if cancel.is_cancelled() { Err(thumbnail_jpeg::Error::Stopped) } else { Ok(()) }
        });
        let summary = summary.map_err(jpeg_error)?;
        budget.release(memory);
        if y < end {
            return Err(Error::damaged(SourceFormat::Tiff, "a strip or tile has fewer rows than it should"));
        }
        self.lost += summary.lost * f64::from(self.page.width(start)) * f64::from(rows);
        Ok(())
    }

    /// Converts the stored row, and pushes it into the reducer.
    fn push(&mut self, run: Run) {
        let row = match self.stored.as_slice() {
            [only] if self.page.is_direct() => only,
            planes => {
                self.page.samples.convert(planes, &mut self.row);
                &self.row
            }
        };
        match &mut self.target {
            Target::Rows(reducer) => reducer.push(row),
            Target::Tiles(scatter) => scatter.push(run, row),
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of pixels")]
fn damage(lost: f64, size: Size) -> Damage {
    Damage { lost: lost.ceil() as u64, total: size.pixels() }
}

/// The error of a chunk's reader. `decode::decode` replaces it if the source's reader failed.
fn read_error(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::damaged(SourceFormat::Tiff, TRUNCATED),
        io::ErrorKind::InvalidData => Error::damaged(SourceFormat::Tiff, error.to_string()),
        _ => Error::Read(error),
    }
}

fn jpeg_error(error: thumbnail_jpeg::Error) -> Error {
    match error {
        thumbnail_jpeg::Error::CutShort => Error::damaged(SourceFormat::Tiff, TRUNCATED),
        thumbnail_jpeg::Error::Damaged(detail) => Error::damaged(SourceFormat::Tiff, detail),
        thumbnail_jpeg::Error::Read(error) => read_error(error),
        thumbnail_jpeg::Error::Stopped => Error::Cancelled,
        thumbnail_jpeg::Error::Unsupported(feature) => {
            Error::Unsupported { what: Cow::Owned(format!("a TIFF of JPEG with {feature}")) }
        }
    }
}
