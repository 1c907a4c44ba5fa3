//! Decoding of all chunks of a page, whose rows are scaled.
//!
//! A chunk that cannot be decoded to its end leaves a gap, which is counted as [`Damage`]; the next chunk is good again.
//!
//! Memory: one stored row of a chunk per plane, one converted row, a third one to undo floating-point differences, the
//! changes of two rows of fax, and the scaler. Tiles also take the rows of a row of tiles or, if that is less, a
//! reduced picture and the sums of all its cells.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};
use std::mem;

use thumbnail_jpeg::{Head, Scale, Wanted};

use crate::imaging::damage::Damage;
use crate::imaging::decode::tiff::access::ChunkAccess;
use crate::imaging::decode::tiff::chunks::{ByteRange, ChunkKind};
use crate::imaging::decode::tiff::coded::CodedReader;
use crate::imaging::decode::tiff::coding::{ChunkRows, ReversedBits, TiffCompression, Workspace};
use crate::imaging::decode::tiff::fax::FaxRows;
use crate::imaging::decode::tiff::numbers::ValueRange;
use crate::imaging::decode::tiff::page::Page;
use crate::imaging::decode::tiff::samples::{Colors, Predictor};
use crate::imaging::error::Error;
use crate::imaging::input::cancellable::Cancellable;
use crate::imaging::input::source::TRUNCATED;
use crate::imaging::limits::{Budget, Cancel, bytes_of, to_u64};
use crate::imaging::picture::geometry::{Cell, Size};
use crate::imaging::picture::side;
use crate::imaging::pixels::reduce::{self, Run, Scatter};
use crate::imaging::pixels::row_band::RowBand;
use crate::imaging::pixels::source_rows::SourceRows;
use crate::imaging::pixels::source_scaler::{ScaledSource, SourceScaler};
use crate::imaging::plan::demand::Demand;
use crate::imaging::source_format::SourceFormat;

/// Columns and rows by which a JPEG may exceed its chunk: writers round up to whole blocks.
const JPEG_EXCESS: u32 = 15;

/// The scaled pictures of a page, and buffers for rows on their way into them.
pub(super) struct TiffCanvas<'p> {
    page: &'p Page,
    target: Target,
    /// Reduction from the page to the largest thumbnail.
    reduction: f64,
    /// A decompressed row of a chunk, for each plane.
    stored: Vec<Vec<u8>>,
    /// The converted row.
    row: Vec<u8>,
    /// Room for the row while floating-point differences are undone, else empty.
    scratch: Vec<u8>,
    /// Memory for decompression, for each plane; empty while a chunk uses it.
    workspaces: Vec<Workspace>,
    /// Rows of the current chunk that reached the target.
    done: u32,
    /// Pixels that reached the target without having been decoded.
    lost: f64,
}

/// Use of a page's pixels: a scaler, by the order in which they come, or their range.
enum Target {
    Range(ValueRange),
    Rows(SourceScaler),
    /// Rows of tiles, as far as they take less memory than the sums of all cells.
    Tiles(RowBand, SourceScaler),
    /// The scaler takes the reduced picture once it is whole.
    LargeTiles(Scatter, SourceScaler),
}

impl<'p> TiffCanvas<'p> {
    /// Reserves and allocates the scaler and the row buffers.
    ///
    /// # Errors
    /// [`Error::TooMuchMemory`].
    pub(super) fn new(page: &'p Page, demand: Demand<'_>, budget: &mut Budget) -> Result<Self, Error> {
        let (size, samples) = (page.size, &page.samples);
        let (layout, depth) = (samples.layout(), samples.depth());
        let orientation = demand.orientation(page.orientation);
        let ratio = demand.ratio(size, orientation);
        let (cell, tile) = (reduce::cell(ratio), page.chunks.size.height);
        let band = RowBand::bytes(size, tile, layout, depth);
        let is_large = band > Scatter::bytes(size, layout, depth, cell);
        let mut scaler = |cell| {
            let rows = SourceRows::averaged(size, layout, depth, cell);
            SourceScaler::new(rows, demand, Some(orientation), budget)
        };
        let target = match page.chunks.kind {
            ChunkKind::Strips => Target::Rows(scaler(Cell::PIXEL)?),
            ChunkKind::Tiles if is_large => {
                let scaler = scaler(cell)?;
                Target::LargeTiles(Scatter::new(size, layout, depth, cell, budget)?, scaler)
            }
            ChunkKind::Tiles => {
                let scaler = scaler(Cell::PIXEL)?;
                budget.reserve(band)?;
                Target::Tiles(RowBand::new(size, tile, layout, depth), scaler)
            }
        };
        Self::with_target(page, target, 1.0 / ratio.larger(), budget)
    }

    fn with_target(
        page: &'p Page,
        target: Target,
        reduction: f64,
        budget: &mut Budget,
    ) -> Result<Self, Error> {
        let (planes, stored) = (page.chunks.planes, page.row_bytes());
        let pixel = to_u64(page.samples.layout().channels() * page.samples.depth().bytes());
        let row = bytes_of(Size { width: page.chunks.size.width, height: 1 }, pixel);
        let has_scratch = page.samples.predictor == Predictor::FloatingPoint;
        let scratch = if has_scratch { stored } else { 0 };
        let changes = match page.compression {
            TiffCompression::Fax(_) => FaxRows::memory(page.chunks.size.width),
            _ => 0,
        };
        let stored_planes = stored.saturating_mul(to_u64(planes));
        budget.reserve([row, scratch, changes].into_iter().fold(stored_planes, u64::saturating_add))?;
        let blank = |bytes: u64| vec![0; usize::try_from(bytes).unwrap_or(usize::MAX)];
        Ok(Self {
            page,
            target,
            reduction,
            stored: vec![blank(stored); planes],
            row: blank(row),
            scratch: blank(scratch),
            workspaces: (0..planes).map(|_| Workspace::default()).collect(),
            done: 0,
            lost: 0.0,
        })
    }

    /// Decodes all chunks for the range of their samples. Its memory is released again.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub(super) fn range<R: Read>(
        page: &'p Page,
        access: &mut ChunkAccess<'_, '_, '_, R>,
        cancel: &Cancel,
        budget: &mut Budget,
    ) -> Result<ValueRange, Error> {
        let before = budget.used();
        let mut canvas = Self::with_target(page, Target::Range(ValueRange::EMPTY), 1.0, budget)?;
        let end = canvas.decode_chunks(access, cancel, budget);
        budget.release(budget.used().saturating_sub(before));
        match (end, canvas.target) {
            (Ok(()) | Err(Error::Damaged { .. }), Target::Range(range)) => Ok(range),
            (end, _) => end.map(|()| ValueRange::EMPTY),
        }
    }

    /// Decodes all chunks; returns the scaled pictures, and the damage.
    ///
    /// # Errors
    /// [`Error::Damaged`] if nothing could be decoded, [`Error::Unsupported`], an exceeded limit, a failed reader or
    /// [`Error::Cancelled`].
    pub(super) fn decode<R: Read>(
        mut self,
        mut access: ChunkAccess<'_, '_, '_, R>,
        cancel: &Cancel,
        budget: &mut Budget,
    ) -> Result<(ScaledSource, Damage), Error> {
        let end = self.decode_chunks(&mut access, cancel, budget);
        let missing = match &self.target {
            Target::Range(_) => Damage::NONE,
            Target::Rows(scaler) => scaler.missing(),
            Target::Tiles(band, _) => Damage { lost: band.lost(), total: self.page.size.pixels() },
            Target::LargeTiles(scatter, _) => scatter.missing(),
        };
        let lost = missing.lost.saturating_add(whole_pixels(self.lost)).min(missing.total);
        let damage = Damage::after(end, Damage { lost, ..missing })?;
        match self.target {
            Target::Range(_) => Err(Error::damaged(SourceFormat::Tiff, TRUNCATED)),
            Target::Rows(scaler) => Ok((scaler.finish(), damage)),
            Target::Tiles(band, mut scaler) => {
                band.finish(&mut scaler);
                Ok((scaler.finish(), damage))
            }
            Target::LargeTiles(scatter, mut scaler) => {
                scaler.push_picture(&scatter.finish().0);
                Ok((scaler.finish(), damage))
            }
        }
    }

    /// Decodes all chunks into the target.
    ///
    /// # Errors
    /// As [`Self::decode`]; [`Error::Damaged`] is the first of the chunks', the others of which were decoded.
    fn decode_chunks<R: Read>(
        &mut self,
        access: &mut ChunkAccess<'_, '_, '_, R>,
        cancel: &Cancel,
        budget: &mut Budget,
    ) -> Result<(), Error> {
        let mut end = Ok(());
        for chunk in 0..self.page.chunks.count() {
            cancel.check()?;
            self.done = 0;
            match self.decode_chunk(chunk, access, cancel, budget) {
                Ok(()) => (),
                Err(error @ Error::Damaged { .. }) => {
                    self.skip_rest(chunk, budget)?;
                    end = end.and(Err(error));
                }
                Err(error) => return Err(error),
            }
        }
        end
    }

    fn decode_chunk<R: Read>(
        &mut self,
        chunk: u32,
        access: &mut ChunkAccess<'_, '_, '_, R>,
        cancel: &Cancel,
        budget: &mut Budget,
    ) -> Result<(), Error> {
        let page = self.page;
        let (start, rows) = page.region(chunk);
        if let Some(jpeg) = &page.old_jpeg {
            let coded = jpeg.reader(access.file());
            return self.decode_jpeg(coded, start, rows, cancel, budget);
        }
        let ranges = page.byte_ranges(chunk);
        if ranges.iter().all(|range| ByteRange::is_left_out(*range)) {
            for _ in 0..rows {
                self.stored.iter_mut().for_each(|row| row.fill(0));
                self.push(start, 0);
            }
            return Ok(());
        }
        let mut coded = access.open(&ranges)?;
        match page.compression {
            TiffCompression::Jpeg | TiffCompression::OldJpeg => {
                let Some(coded) = coded.pop() else { return Ok(()) };
                // The tables are an abbreviated JPEG: without its EOI they continue with the chunk, whose SOI is skipped
                // as a marker.
                let tables = page.jpeg_tables.strip_suffix(b"\xff\xd9").unwrap_or(&page.jpeg_tables);
                self.decode_jpeg(tables.chain(coded), start, rows, cancel, budget)
            }
            TiffCompression::Deflate
            | TiffCompression::Fax(_)
            | TiffCompression::Lzw
            | TiffCompression::None
            | TiffCompression::PackBits => {
                let mut workspaces = mem::take(&mut self.workspaces);
                let end = self.decode_rows(coded, &mut workspaces, start, rows, cancel);
                self.workspaces = workspaces;
                end
            }
        }
    }

    /// Decodes the rows of a chunk, whose planes are read side by side.
    fn decode_rows(
        &mut self,
        coded: Vec<CodedReader<'_>>,
        workspaces: &mut [Workspace],
        start: Run,
        rows: u32,
        cancel: &Cancel,
    ) -> Result<(), Error> {
        let page = self.page;
        let readers = coded.into_iter().zip(workspaces).map(|(coded, workspace)| {
            let coded: CodedReader<'_> =
                if page.has_reversed_bits { Box::new(BufReader::new(ReversedBits(coded))) } else { coded };
            ChunkRows::new(page.compression, coded, page.chunks.size.width, workspace)
        });
        let mut readers = readers.collect::<io::Result<Vec<_>>>().map_err(read_error)?;
        let lines = page.samples.block().1;
        for _ in 0..page.stored_rows(rows) {
            cancel.check()?;
            for (reader, row) in readers.iter_mut().zip(&mut self.stored) {
                let lost = reader.next(row).map_err(read_error)?;
                let beyond = page.chunks.size.width.saturating_sub(page.width(start));
                self.lost += f64::from(lost.saturating_sub(beyond));
                page.samples.normalize(row, &mut self.scratch);
            }
            for line in 0..lines {
                if self.done < rows {
                    self.push(start, line);
                }
            }
        }
        Ok(())
    }

    /// Decodes a chunk of JPEG, whose tables may be stored once for all chunks (TIFF Technical Note 2).
    fn decode_jpeg(
        &mut self,
        coded: impl BufRead,
        start: Run,
        rows: u32,
        cancel: &Cancel,
        budget: &mut Budget,
    ) -> Result<(), Error> {
        let mut reader = Cancellable::new(coded, cancel);
        let mut head = Head::read(&mut reader).map_err(jpeg_error)?;
        // The TIFF's tags define the colours, whatever markers of the JPEG say.
        head.metadata.is_jfif = false;
        head.metadata.has_tiff_inks = true;
        head.metadata.adobe = match self.page.samples.colors {
            Colors::Lab(_) | Colors::Rgb | Colors::StoredYCbCr(_) => Some(0),
            Colors::YCbCr => Some(1),
            Colors::Cmyk | Colors::Grey(_) | Colors::Palette(_) => None,
        };
        let (frame, chunk) = (&head.frame, self.page.chunks.size);
        let is_large = frame.width > chunk.width.saturating_add(JPEG_EXCESS)
            || frame.height > chunk.height.saturating_add(JPEG_EXCESS);
        if frame.components.len() != self.page.samples.count
            || frame.width < self.page.width(start)
            || is_large
        {
            return Err(Error::damaged(SourceFormat::Tiff, "a strip or tile is the JPEG of something else"));
        }
        let memory = head.memory(Scale::Full).saturating_add(to_u64(head.metadata.bytes()));
        budget.reserve(memory)?;
        let wanted = Wanted { reduction: self.reduction, ..Wanted::all(Scale::Full) };
        let summary = head.decode(reader, wanted, |row| {
            if let (true, Some(stored)) = (self.done < rows, self.stored.first_mut()) {
                stored.iter_mut().zip(row).for_each(|(target, sample)| *target = *sample);
                self.push(start, 0);
            }
            if cancel.is_cancelled() { Err(thumbnail_jpeg::Error::Stopped) } else { Ok(()) }
        });
        budget.release(memory);
        let summary = summary.map_err(jpeg_error)?;
        self.lost += summary.lost * f64::from(self.page.width(start)) * f64::from(self.done);
        if self.done < rows {
            return Err(Error::damaged(SourceFormat::Tiff, "a strip or tile has fewer rows than it should"));
        }
        Ok(())
    }

    /// Converts the stored row, and pushes it as the next one of the chunk; `line` is its row in a row of blocks.
    fn push(&mut self, start: Run, line: usize) {
        let run = Run { y: start.y.saturating_add(self.done), ..start };
        self.done += 1;
        let columns = side(self.page.width(start));
        let samples = &self.page.samples;
        if let Target::Range(range) = &mut self.target {
            return samples.measure(&self.stored, columns, range);
        }
        match self.stored.as_mut_slice() {
            // The next row overwrites all of the other buffer.
            [only] if samples.is_direct() => mem::swap(only, &mut self.row),
            planes => {
                let pixel = samples.layout().channels() * samples.depth().bytes();
                let row = self.row.get_mut(..columns.saturating_mul(pixel)).unwrap_or_default();
                samples.convert(planes, line, row);
            }
        }
        match &mut self.target {
            Target::Range(_) => (),
            Target::Rows(scaler) => scaler.push(&self.row),
            Target::Tiles(band, scaler) => band.push(run, &self.row, scaler),
            Target::LargeTiles(scatter, _) => scatter.push(run, &self.row),
        }
    }

    /// Leaves a gap where rows of a chunk could not be decoded.
    fn skip_rest(&mut self, chunk: u32, budget: &mut Budget) -> Result<(), Error> {
        let (start, rows) = self.page.region(chunk);
        match &mut self.target {
            Target::Range(_) => (),
            Target::Rows(scaler) => scaler.skip(rows.saturating_sub(self.done)),
            Target::Tiles(band, scaler) => {
                for y in self.done..rows {
                    let run = Run { y: start.y.saturating_add(y), ..start };
                    band.skip(run, self.page.width(start), scaler);
                }
            }
            Target::LargeTiles(scatter, _) => {
                for y in self.done..rows {
                    let run = Run { y: start.y.saturating_add(y), ..start };
                    scatter.skip(run, self.page.width(start), None, budget)?;
                }
            }
        }
        Ok(())
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of pixels")]
fn whole_pixels(lost: f64) -> u64 {
    lost.ceil() as u64
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
