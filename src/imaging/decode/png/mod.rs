//! PNG, row by row as it arrives.
//!
//! Memory: the reduced picture, a few rows, and 4 MB of other chunks; of interlaced files, whose every pass covers the
//! whole picture, also the sums of its cells. Animations have a room of their own.

mod animation;
mod color;

use std::io::{ErrorKind, Read};

use png::{BitDepth, ColorType, DecodingError, Reader, Transformations};

use crate::imaging::decoded::Decoded;
use crate::imaging::draw::frames::{AnimationSink, MOST_FRAMES};
use crate::imaging::error::Error;
use crate::imaging::exif::copyright::Copyright;
use crate::imaging::exif::exif_orientation;
use crate::imaging::input::source::{CUT_SHORT, SourceReader};
use crate::imaging::limits::{Budget, Cancel};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::picture::{Depth, Layout, Picture};
use crate::imaging::pixels::reduce::{Reducer, Run, Scatter};
use crate::imaging::plan::demand::Demand;
use crate::imaging::source_format::SourceFormat;

/// Bytes the decoder may take for chunks that are not pixels: profile, EXIF, palette.
const CHUNKS: u64 = 4_000_000;

/// Rows the decoder holds: two raw ones and the expanded one.
const ROWS: u64 = 3;

/// How the pixels lie that come out of the decoder.
struct DecodePlan {
    full: Size,
    layout: Layout,
    depth: Depth,
    /// As far as it is known before the pixels.
    orientation: Option<Orientation>,
    cell: u32,
}

pub(super) fn decode<R: Read>(
    source: &mut SourceReader<'_, R>,
    demand: Demand<'_>,
    budget: &mut Budget,
    animation: &mut AnimationSink<'_>,
) -> Result<Decoded, Error> {
    source.rewind();
    let cancel = source.cancel();
    let mut decoder = png::Decoder::new(source);
    decoder.set_transformations(Transformations::EXPAND);
    decoder.set_ignore_text_chunk(true);
    let info = decoder.read_header_info().map_err(refusal)?;
    let full = Size { width: info.width, height: info.height };
    // Eight bytes a pixel are the most, and one more a row names its filter.
    let row = u64::from(full.width) * 8 + 1;
    budget.reserve(CHUNKS + row * ROWS)?;
    // The decoder counts the row of every frame, and has only one.
    let counted = CHUNKS + row * (ROWS + u64::from(MOST_FRAMES) + 1);
    decoder.set_limits(png::Limits { bytes: usize::try_from(counted).unwrap_or(usize::MAX) });
    let mut reader = decoder.read_info().map_err(refusal)?;
    let (layout, depth) = kind(&reader)?;
    let orientation = orientation(&reader);
    let cell = Reducer::cell(demand.ratio(orientation.unwrap_or_default().size(full)));
    let plan = DecodePlan { full, layout, depth, orientation, cell };
    if let Some(control) = reader.info().animation_control
        && animation.is_wanted(SourceFormat::Png)
    {
        return animation::play(&mut reader, control, &plan, budget, animation);
    }
    let picture = if reader.info().interlaced {
        passes(&mut reader, Scatter::new(full, layout, depth, cell, budget)?, cancel)?
    } else {
        rows(&mut reader, Reducer::new(full, layout, depth, cell, budget)?, cancel)?
    };
    // eXIf may stand after the picture; a file that ends before it is still a picture.
    if orientation.is_none()
        && let Err(DecodingError::IoError(error)) = reader.finish()
        && error.kind() != ErrorKind::UnexpectedEof
    {
        return Err(Error::Read(error));
    }
    Ok(plan.decoded(&reader, picture))
}

impl DecodePlan {
    /// A picture and all that has been read of the file by now.
    fn decoded<R: Read>(
        &self,
        reader: &Reader<&mut SourceReader<'_, R>>,
        (picture, cell): (Picture, u32),
    ) -> Decoded {
        let info = reader.info();
        let profile = color::profile(info, picture.layout, picture.depth);
        Decoded {
            orientation: self.orientation.or_else(|| orientation(reader)).unwrap_or_default(),
            profile,
            copyright: info.exif_metadata.as_deref().map(Copyright::read).unwrap_or_default(),
            ..Decoded::plain(SourceFormat::Png, picture, self.full, cell)
        }
    }
}

fn kind<R: Read>(reader: &Reader<&mut SourceReader<'_, R>>) -> Result<(Layout, Depth), Error> {
    let (color, bits) = reader.output_color_type();
    let layout = match color {
        ColorType::Grayscale => Layout::Grey,
        ColorType::GrayscaleAlpha => Layout::GreyAlpha,
        ColorType::Rgb => Layout::Rgb,
        ColorType::Rgba => Layout::RgbAlpha,
        ColorType::Indexed => {
            return Err(Error::damaged(SourceFormat::Png, "a palette picture without a palette"));
        }
    };
    Ok((layout, if bits == BitDepth::Sixteen { Depth::Sixteen } else { Depth::Eight }))
}

fn orientation<R: Read>(reader: &Reader<&mut SourceReader<'_, R>>) -> Option<Orientation> {
    reader.info().exif_metadata.as_deref().map(exif_orientation)
}

/// The rows from the top.
fn rows<R: Read>(
    reader: &mut Reader<&mut SourceReader<'_, R>>,
    mut reducer: Reducer,
    cancel: &Cancel,
) -> Result<(Picture, u32), Error> {
    let mut row = blank_row(reader)?;
    while reader.read_row(&mut row).map_err(refusal)?.is_some() {
        cancel.check()?;
        to_native(&mut row, reader);
        reducer.push(&row);
    }
    Ok(reducer.finish())
}

/// The rows of every pass of an interlaced picture.
fn passes<R: Read>(
    reader: &mut Reader<&mut SourceReader<'_, R>>,
    mut scatter: Scatter,
    cancel: &Cancel,
) -> Result<(Picture, u32), Error> {
    let mut row = blank_row(reader)?;
    let full = Size { width: reader.info().width, height: reader.info().height };
    let mut runs = adam7(full);
    while reader.read_row(&mut row).map_err(refusal)?.is_some() {
        cancel.check()?;
        // A short pass leaves the end of the row as it was, which lies beside the picture.
        to_native(&mut row, reader);
        runs.next().into_iter().for_each(|run| scatter.push(run, &row));
    }
    Ok(scatter.finish())
}

fn blank_row<R: Read>(reader: &Reader<&mut SourceReader<'_, R>>) -> Result<Vec<u8>, Error> {
    let length = reader.output_line_size(reader.info().width);
    Ok(vec![0; length.ok_or_else(|| Error::damaged(SourceFormat::Png, "its rows are longer than memory"))?])
}

/// The runs of an interlaced picture in their order (PNG, section 8.1): of each pass all rows that have pixels.
fn adam7(size: Size) -> impl Iterator<Item = Run> {
    const PASSES: [(u32, u32, u32, usize); 7] =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];
    let passes = PASSES.into_iter().filter(move |(x, ..)| *x < size.width);
    passes.flat_map(move |(x, top, step, down)| {
        (top..size.height).step_by(down).map(move |y| Run { x, y, step })
    })
}

/// PNG has its samples' high byte first.
fn to_native<R: Read>(row: &mut [u8], reader: &Reader<&mut SourceReader<'_, R>>) {
    if reader.info().bit_depth == BitDepth::Sixteen {
        for pair in row.as_chunks_mut::<2>().0 {
            *pair = u16::from_be_bytes(*pair).to_ne_bytes();
        }
    }
}

fn refusal(error: DecodingError) -> Error {
    match error {
        DecodingError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            Error::damaged(SourceFormat::Png, CUT_SHORT)
        }
        other => Error::damaged(SourceFormat::Png, other.to_string()),
    }
}
