//! JPEG of the old kind (TIFF 6.0, section 22), as a stream that a decoder of JPEG reads.
//!
//! Writers understood the section in different ways. A file has a whole JPEG at JPEGInterchangeFormat, or its tables there
//! and the scan in the strips, or the strips have everything, or the tables are in tags of their own. The first of
//! these with a frame and a scan is taken.
//!
//! Memory: a header of at most 2.5 KB, and the places and slices of strips, reserved before.

use std::io::{self, BufRead, Read};
use std::vec;

use thumbnail_jpeg::Head;

use crate::imaging::decode::tiff::chunks::{ByteRange, ChunkKind, Chunks};
use crate::imaging::decode::tiff::coded::CodedReader;
use crate::imaging::decode::tiff::samples::PixelFormat;
use crate::imaging::error::Error;
use crate::imaging::exif::directory::{Directory, DirectoryError, tag};
use crate::imaging::limits::Budget;
use crate::imaging::picture::geometry::Size;
use crate::imaging::source_format::SourceFormat;

/// Bytes for each strip: its range, its slice, and that of a marker.
const STRIP_BYTES: u64 = 3 * 16;

/// Most components of a JPEG here.
const MOST_COMPONENTS: u64 = 4;

/// Bytes of a quantisation table.
const QUANTISATION_BYTES: usize = 64;

/// Bytes of a table of codes before its values: the number of codes of each length.
const CODE_COUNTS: usize = 16;

/// SOI.
const START: [u8; 2] = [0xff, 0xd8];

/// EOI.
const END: [u8; 2] = [0xff, 0xd9];

/// The places of the parts of a JPEG.
#[derive(Debug)]
pub(super) struct OldJpeg {
    /// The range of JPEGInterchangeFormat, which begins with SOI.
    stream: Option<ByteRange>,
    strips: Vec<ByteRange>,
    tables: Tables,
}

/// Tables in tags, and what a header needs beside them.
#[derive(Debug)]
struct Tables {
    /// Offset of each component's quantisation table.
    quantisation: Vec<u64>,
    /// Offset of each component's codes for DC coefficients.
    dc: Vec<u64>,
    /// Offset of each component's codes for AC coefficients.
    ac: Vec<u64>,
    /// Size of the image, or of its only tile.
    size: Size,
    components: u8,
    /// Blocks of the first component, across and down, per block of the others.
    subsampling: [u8; 2],
    /// MCUs between restart markers; 0 for none.
    restart: u16,
    /// `true` if a restart marker is missing between strips.
    restarts_at_strips: bool,
}

impl OldJpeg {
    /// Parses the tags of a page.
    pub(super) fn read(
        directory: &Directory<'_>,
        size: Size,
        samples: &PixelFormat,
        chunks: &Chunks,
        budget: &mut Budget,
    ) -> Result<Self, DirectoryError> {
        budget.reserve(u64::from(chunks.count()).saturating_mul(STRIP_BYTES))?;
        if directory.number(tag::OLD_JPEG_PROCESS)? == Some(14) {
            return Err(Error::unsupported(SourceFormat::Tiff, "lossless JPEG of the old kind").into());
        }
        let is_tile = chunks.kind == ChunkKind::Tiles;
        if is_tile && chunks.count() > 1 {
            return Err(Error::unsupported(SourceFormat::Tiff, "tiles of JPEG of the old kind").into());
        }
        let stream = match directory.number(tag::OLD_JPEG_START)? {
            None | Some(0) => None,
            Some(start) => {
                let length = directory.number(tag::OLD_JPEG_LENGTH)?.filter(|length| *length > 0);
                Some(ByteRange { start, length: length.unwrap_or(u64::MAX) })
            }
        };
        let offsets =
            |tag| Ok::<_, DirectoryError>(directory.numbers(tag, MOST_COMPONENTS)?.unwrap_or_default());
        let subsampling = match directory.numbers(tag::SUBSAMPLING, 2)?.as_deref() {
            _ if samples.colors.count() != 3 => [1, 1],
            Some([across @ 1..=4, down @ 1..=4]) => {
                [*across, *down].map(|side| u8::try_from(side).unwrap_or(1))
            }
            _ => [2, 2],
        };
        let [across, down] = subsampling.map(u32::from);
        // Each strip begins anew. A restart marker says so, if a strip is a whole number of rows of MCUs.
        let strip = chunks.size.height;
        let mcus = size.width.div_ceil(8 * across).saturating_mul(strip / (8 * down));
        let has_strips = !is_tile && chunks.count() > 1;
        let restarts_at_strips = has_strips && strip.is_multiple_of(8 * down) && u16::try_from(mcus).is_ok();
        let restart = if restarts_at_strips {
            mcus.into()
        } else {
            directory.number(tag::OLD_JPEG_RESTART)?.unwrap_or(0)
        };
        Ok(Self {
            stream,
            strips: chunks.ranges().collect(),
            tables: Tables {
                quantisation: offsets(tag::OLD_JPEG_QUANTISATION)?,
                dc: offsets(tag::OLD_JPEG_DC_CODES)?,
                ac: offsets(tag::OLD_JPEG_AC_CODES)?,
                size: if is_tile { chunks.size } else { size },
                components: u8::try_from(samples.count).unwrap_or(u8::MAX),
                subsampling,
                restart: u16::try_from(restart).unwrap_or(0),
                restarts_at_strips,
            },
        })
    }

    /// The JPEG in a file.
    pub(super) fn reader<'f>(&self, file: &'f [u8]) -> CodedReader<'f> {
        if let Some(range) = self.stream.filter(|range| range.of(file).starts_with(&START)) {
            // The length is often that of the tables before the scan, or wrong.
            let whole = ByteRange { length: u64::MAX, ..range }.of(file);
            if self.strips.iter().all(|strip| strip.start >= range.start) && has_scan(whole) {
                return Box::new(whole);
            }
            let tables = range.of(file);
            let tables = tables.strip_suffix(&END).unwrap_or(tables);
            if has_scan(tables.chain(self.strips(file, false))) {
                return Box::new(tables.chain(self.strips(file, false)));
            }
        }
        if has_scan(self.strips(file, false)) {
            return self.strips(file, false);
        }
        let header = self.tables.header(file);
        Box::new(io::Cursor::new(header).chain(self.strips(file, self.tables.restarts_at_strips)))
    }

    /// The strips, one after the other, with restart markers between them if those are missing.
    fn strips<'f>(&self, file: &'f [u8], with_markers: bool) -> CodedReader<'f> {
        let mut slices: Vec<&'f [u8]> = Vec::new();
        for (strip, marker) in self.strips.iter().zip(RESTARTS.iter().cycle()) {
            let strip = strip.of(file);
            slices.push(strip);
            let has_marker = strip.last_chunk().is_some_and(|end| RESTARTS.contains(end));
            if with_markers && !has_marker {
                slices.push(marker);
            }
        }
        Box::new(Joined { current: &[], others: slices.into_iter() })
    }
}

/// RST0 to RST7.
static RESTARTS: [[u8; 2]; 8] = [
    [0xff, 0xd0],
    [0xff, 0xd1],
    [0xff, 0xd2],
    [0xff, 0xd3],
    [0xff, 0xd4],
    [0xff, 0xd5],
    [0xff, 0xd6],
    [0xff, 0xd7],
];

/// Returns `true` if a JPEG has a frame and a scan.
fn has_scan(reader: impl BufRead) -> bool {
    Head::read(reader).is_ok()
}

impl Tables {
    /// The markers before the scan of a sequential JPEG, with each component's tables. Tables that are not in the file
    /// are left out: the decoder has those of section K.3 of the standard, and misses the others.
    fn header(&self, file: &[u8]) -> Vec<u8> {
        let mut header = START.to_vec();
        let from = |offset: u64| {
            usize::try_from(offset).ok().and_then(|offset| file.get(offset..)).unwrap_or_default()
        };
        for (index, offset) in (0..).zip(&self.quantisation) {
            if let Some(steps) = from(*offset).get(..QUANTISATION_BYTES) {
                segment(&mut header, 0xdb, &[&[index], steps].concat());
            }
        }
        for (class, offsets) in [(0x00, &self.dc), (0x10, &self.ac)] {
            for (index, offset) in (0..).zip(offsets) {
                let table = from(*offset);
                let counts = table.get(..CODE_COUNTS).unwrap_or_default();
                let values: usize = counts.iter().map(|count| usize::from(*count)).sum();
                if let Some(codes) = table.get(..CODE_COUNTS + values).filter(|_| values <= 256) {
                    segment(&mut header, 0xc4, &[&[class | index], codes].concat());
                }
            }
        }
        if self.restart > 0 {
            segment(&mut header, 0xdd, &self.restart.to_be_bytes());
        }
        let side = |side: u32| u16::try_from(side).unwrap_or(0).to_be_bytes();
        let mut frame =
            [&[8], side(self.size.height).as_slice(), &side(self.size.width), &[self.components]].concat();
        let mut scan = vec![self.components];
        // Components share the last table if they have none of their own.
        let table =
            |index: u8, tables: &[u64]| index.min(u8::try_from(tables.len().saturating_sub(1)).unwrap_or(0));
        let [across, down] = self.subsampling;
        for index in 0..self.components {
            let sampling = if index == 0 { across << 4 | down } else { 0x11 };
            frame.extend([index + 1, sampling, table(index, &self.quantisation)]);
            scan.extend([index + 1, table(index, &self.dc) << 4 | table(index, &self.ac)]);
        }
        segment(&mut header, 0xc0, &frame);
        scan.extend([0, 63, 0]);
        segment(&mut header, 0xda, &scan);
        header
    }
}

/// Appends a marker segment, which is shorter than 64 KiB.
fn segment(header: &mut Vec<u8>, marker: u8, content: &[u8]) {
    let length = u16::try_from(content.len() + 2).unwrap_or(u16::MAX);
    header.extend([0xff, marker]);
    header.extend(length.to_be_bytes());
    header.extend(content);
}

/// A reader of slices, one after the other.
struct Joined<'f> {
    current: &'f [u8],
    others: vec::IntoIter<&'f [u8]>,
}

impl BufRead for Joined<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.current.is_empty() {
            let Some(next) = self.others.next() else { break };
            self.current = next;
        }
        Ok(self.current)
    }

    fn consume(&mut self, amount: usize) {
        self.current = self.current.get(amount..).unwrap_or_default();
    }
}

impl Read for Joined<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(target)?;
        self.consume(count);
        Ok(count)
    }
}
