//! From coded chunks to the reduced picture.

use std::borrow::Cow;
use std::io::{self, BufReader, Read};

use thumbnail_jpeg::{Head, Scale, Wanted};

use crate::imaging::damage::Damage;
use crate::imaging::decode::tiff::access::Access;
use crate::imaging::decode::tiff::coding::{Coded, Reversed, Rows, TiffCompression};
use crate::imaging::decode::tiff::page::{Page, PageKind};
use crate::imaging::decode::tiff::samples::Colors;
use crate::imaging::error::Error;
use crate::imaging::input::source::CUT_SHORT;
use crate::imaging::limits::{Budget, Cancel, bytes_of, reserved};
use crate::imaging::picture::Picture;
use crate::imaging::picture::geometry::Size;
use crate::imaging::pixels::reduce::{Reducer, Run, Scatter};
use crate::imaging::source_format::SourceFormat;

/// The picture that is being made, and rows on their way into it.
pub(super) struct TiffCanvas<'p> {
    page: &'p Page,
    sink: Sink,
    /// How many times smaller the thumbnail is.
    smaller: f64,
    /// A row of a chunk as it was coded, of each plane.
    stored: Vec<Vec<u8>>,
    /// The same in pixels, where that is something else.
    row: Vec<u8>,
    /// Pixels that were made up.
    lost: f64,
}

enum Sink {
    Rows(Reducer),
    Tiles(Scatter),
}

impl<'p> TiffCanvas<'p> {
    pub(super) fn new(page: &'p Page, ratio: f64, budget: &mut Budget) -> Result<Self, Error> {
        let (size, samples) = (page.size, &page.samples);
        let (layout, depth, cell) = (samples.layout(), samples.depth(), Reducer::cell(ratio));
        let sink = match page.chunks.kind {
            PageKind::Strips => Sink::Rows(Reducer::new(size, layout, depth, cell, budget)?),
            PageKind::Tiles => Sink::Tiles(Scatter::new(size, layout, depth, cell, budget)?),
        };
        let (planes, stored) = (page.chunks.planes, page.row_bytes());
        let line = Size { width: page.chunks.size.width, height: 1 };
        let row = bytes_of(line, reserved(layout.channels() * depth.bytes()));
        budget.reserve(stored.saturating_mul(reserved(planes)).saturating_add(row))?;
        let blank = |bytes: u64| vec![0; usize::try_from(bytes).unwrap_or(usize::MAX)];
        let row = blank(if page.is_direct() { 0 } else { row });
        Ok(Self { page, sink, smaller: 1.0 / ratio, stored: vec![blank(stored); planes], row, lost: 0.0 })
    }

    /// Takes in all chunks, and gives the picture, the side of its cells and what of it was lost.
    pub(super) fn paint<R: Read>(
        mut self,
        mut access: Access<'_, '_, '_, R>,
        cancel: &Cancel,
        budget: &mut Budget,
    ) -> Result<(Picture, u32, Damage), Error> {
        for chunk in 0..self.page.chunks.count() {
            cancel.check()?;
            let coded = access.open(&self.page.places(chunk))?;
            let (start, rows) = self.page.region(chunk);
            match self.page.coding {
                TiffCompression::Jpeg => {
                    for coded in coded {
                        self.paint_jpeg(coded, start, rows, cancel, budget)?;
                    }
                }
                TiffCompression::Deflate
                | TiffCompression::Group3
                | TiffCompression::Group4
                | TiffCompression::Lzw
                | TiffCompression::None
                | TiffCompression::PackBits => {
                    self.paint_rows(coded, start, rows, cancel)?;
                }
            }
        }
        let (picture, cell) = match self.sink {
            Sink::Rows(reducer) => reducer.finish(),
            Sink::Tiles(scatter) => scatter.finish(),
        };
        Ok((picture, cell, damage(self.lost, self.page.size)))
    }

    /// Takes in the rows of a chunk, whose planes go side by side.
    fn paint_rows(
        &mut self,
        coded: Vec<Coded<'_>>,
        start: Run,
        rows: u32,
        cancel: &Cancel,
    ) -> Result<(), Error> {
        let page = self.page;
        let readers = coded.into_iter().map(|coded| {
            let coded: Coded<'_> =
                if page.is_reversed { Box::new(BufReader::new(Reversed(coded))) } else { coded };
            Rows::new(page.coding, coded, page.chunks.size.width)
        });
        let mut readers = readers.collect::<io::Result<Vec<_>>>().map_err(unreadable)?;
        for y in start.y..start.y.saturating_add(rows) {
            cancel.check()?;
            for (reader, row) in readers.iter_mut().zip(&mut self.stored) {
                reader.next(row).map_err(unreadable)?;
                page.samples.unfold(row, page.side_by_side());
            }
            self.push(Run { y, ..start });
        }
        Ok(())
    }

    /// Takes in a chunk that is a JPEG, whose tables may stand elsewhere (TIFF Technical Note 2).
    fn paint_jpeg(
        &mut self,
        coded: Coded<'_>,
        start: Run,
        rows: u32,
        cancel: &Cancel,
        budget: &mut Budget,
    ) -> Result<(), Error> {
        let tables = self.page.jpeg_tables.strip_suffix(b"\xff\xd9").unwrap_or(&self.page.jpeg_tables);
        let mut reader = tables.chain(coded);
        let mut head = Head::read(&mut reader).map_err(jpeg_refusal)?;
        // What the colours are is said by the tags, and nowhere else.
        head.metadata.is_jfif = false;
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
        let wanted = Wanted { reduction: self.smaller, ..Wanted::all(Scale::Full) };
        let summary = head.decode(reader, wanted, |row| {
            if let (true, Some(stored)) = (y < end, self.stored.first_mut()) {
                stored.iter_mut().zip(row).for_each(|(place, sample)| *place = *sample);
                self.push(Run { y, ..start });
            }
            y = y.saturating_add(1);
            if cancel.is_cancelled() { Err(thumbnail_jpeg::Error::Stopped) } else { Ok(()) }
        });
        let summary = summary.map_err(jpeg_refusal)?;
        budget.release(memory);
        if y < end {
            return Err(Error::damaged(SourceFormat::Tiff, "a strip or tile has fewer rows than it should"));
        }
        self.lost += summary.lost * f64::from(self.page.width(start)) * f64::from(rows);
        Ok(())
    }

    /// Hands on the row that is stored.
    fn push(&mut self, run: Run) {
        let row = match self.stored.as_slice() {
            [only] if self.page.is_direct() => only,
            planes => {
                self.page.samples.convert(planes, &mut self.row);
                &self.row
            }
        };
        match &mut self.sink {
            Sink::Rows(reducer) => reducer.push(row),
            Sink::Tiles(scatter) => scatter.push(run, row),
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of pixels")]
fn damage(lost: f64, size: Size) -> Damage {
    Damage { lost: lost.ceil() as u64, all: size.pixels() }
}

/// Whether the reader is to blame is found out where all formats meet.
fn unreadable(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::damaged(SourceFormat::Tiff, CUT_SHORT),
        io::ErrorKind::InvalidData => Error::damaged(SourceFormat::Tiff, error.to_string()),
        _ => Error::Read(error),
    }
}

fn jpeg_refusal(error: thumbnail_jpeg::Error) -> Error {
    match error {
        thumbnail_jpeg::Error::CutShort => Error::damaged(SourceFormat::Tiff, CUT_SHORT),
        thumbnail_jpeg::Error::Damaged(detail) => Error::damaged(SourceFormat::Tiff, detail),
        thumbnail_jpeg::Error::Read(error) => unreadable(error),
        thumbnail_jpeg::Error::Stopped => Error::Cancelled,
        thumbnail_jpeg::Error::Unsupported(feature) => {
            Error::Unsupported { what: Cow::Owned(format!("a TIFF of JPEG with {feature}")) }
        }
    }
}
