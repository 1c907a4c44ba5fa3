//! PNG decoder: rows by the crate `png` while the file arrives, scaled as they come (PNG, third edition).
//!
//! Labels of AI-generated content are read before the pixels and, unless frames of an animation are wanted, behind them.
//!
//! Memory: the scaler, a few rows, 4 MB of other chunks, and what [`texts`] states. Every pass of an interlaced file
//! covers the whole image, so these also take a reduced picture and the sums of all its cells. Animations are composed in
//! [`animation`].

mod animation;
mod chunks;
mod color;
mod pixel_data;
mod texts;

use std::cell::RefCell;
use std::io::{ErrorKind, Read};

use png::{BitDepth, ColorType, DecodingError, Info, Reader, Transformations};

use crate::imaging::damage::Damage;
use crate::imaging::decode::png::chunks::ChunkReader;
use crate::imaging::decode::png::texts::Texts;
use crate::imaging::decoded::Decoded;
use crate::imaging::draw::frames::{AnimationSink, MOST_FRAMES};
use crate::imaging::error::Error;
use crate::imaging::exif::copyright::Copyright;
use crate::imaging::exif::exif_orientation;
use crate::imaging::input::source::{SourceReader, TRUNCATED};
use crate::imaging::limits::{Budget, Cancel, to_u64};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::picture::{Depth, Layout, Picture};
use crate::imaging::pixels::reduce::{self, Run, Scatter};
use crate::imaging::pixels::source_rows::SourceRows;
use crate::imaging::pixels::source_scaler::{ScaledSource, SourceScaler};
use crate::imaging::plan::demand::Demand;
use crate::imaging::source_format::SourceFormat;

/// Most bytes that the decoder may allocate for chunks other than pixels: profile, EXIF, palette.
const CHUNK_BYTES: u64 = 4_000_000;

/// Rows that the decoder holds: two raw ones and the expanded one.
const DECODER_ROWS: u64 = 3;

/// Error detail of pixel data that is not zlib's.
const CORRUPT: &str = "its pixel data cannot be decompressed";

/// The decoder of a file.
type PngReader<'c, 's, 'a, R> = Reader<&'c mut ChunkReader<'s, 'a, R>>;

/// Format of the decoded pixels, and what the file says beside them.
struct DecodePlan<'t> {
    /// Size in the file, pixels.
    full: Size,
    layout: Layout,
    depth: Depth,
    /// Orientation, if EXIF comes before the pixels.
    orientation: Option<Orientation>,
    texts: &'t RefCell<Texts>,
}

/// Decodes the image or, if `animation` wants frames, all frames.
///
/// # Errors
/// As [`decode::decode`](crate::imaging::decode::decode).
pub(super) fn decode<R: Read>(
    source: &mut SourceReader<'_, R>,
    demand: Demand<'_>,
    budget: &mut Budget,
    animation: &mut AnimationSink<'_>,
) -> Result<Decoded, Error> {
    source.rewind();
    let cancel = source.cancel();
    let texts = RefCell::default();
    let mut chunks = ChunkReader::new(source, &texts);
    let decoded = decode_chunks(&mut chunks, &texts, cancel, demand, budget, animation);
    match decoded {
        Ok(decoded) => Ok(Decoded { damage: chunks.damage(decoded.damage), ..decoded }),
        // The decoder was given the pixels before the fault.
        Err(Error::Damaged { .. }) if chunks.is_corrupt() => Err(Error::damaged(SourceFormat::Png, CORRUPT)),
        Err(error) => Err(error),
    }
}

fn decode_chunks<R: Read>(
    chunks: &mut ChunkReader<'_, '_, R>,
    texts: &RefCell<Texts>,
    cancel: &Cancel,
    demand: Demand<'_>,
    budget: &mut Budget,
    animation: &mut AnimationSink<'_>,
) -> Result<Decoded, Error> {
    let mut decoder = png::Decoder::new(chunks);
    decoder.set_transformations(Transformations::EXPAND);
    decoder.set_ignore_text_chunk(true);
    let info = decoder.read_header_info().map_err(|error| decode_error(&error))?;
    let full = Size { width: info.width, height: info.height };
    let stored_row = to_u64(info.raw_row_length());
    budget.reserve(
        (CHUNK_BYTES + texts::MEMORY)
            .saturating_add(stored_row.saturating_mul(2))
            .saturating_add(expanded_row(info)),
    )?;
    // The decoder's own limit counts a row for every frame, although it holds only one at a time. At most 8 bytes per pixel:
    // four samples of 16 bits. Each row has one more byte for its filter type.
    let row = u64::from(full.width) * 8 + 1;
    let counted = CHUNK_BYTES + row * (DECODER_ROWS + u64::from(MOST_FRAMES) + 1);
    decoder.set_limits(png::Limits { bytes: usize::try_from(counted).unwrap_or(usize::MAX) });
    let mut reader = decoder.read_info().map_err(|error| decode_error(&error))?;
    let (layout, depth) = pixel_format(&reader)?;
    let orientation = orientation(&reader);
    let plan = DecodePlan { full, layout, depth, orientation, texts };
    if let Some(control) = reader.info().animation_control
        && animation.is_wanted(SourceFormat::Png)
    {
        return animation::decode_animation(&mut reader, control, &plan, demand, budget, animation);
    }
    let (scaled, damage) = if reader.info().interlaced {
        let cell = reduce::cell(demand.ratio(full, orientation.unwrap_or_default()));
        let scatter = Scatter::new(full, layout, depth, cell, budget)?;
        let (picture, damage) = decode_interlaced(&mut reader, scatter, budget, cancel)?;
        let rows = SourceRows::averaged(full, layout, depth, cell);
        let mut scaler = SourceScaler::new(rows, demand, orientation, budget)?;
        scaler.push_picture(&picture);
        (scaler.finish(), damage)
    } else {
        let rows = SourceRows::all(full, layout, depth);
        decode_rows(&mut reader, SourceScaler::new(rows, demand, orientation, budget)?, cancel)?
    };
    // EXIF and texts may follow the pixels. A file truncated before them still has all its pixels.
    if let Err(DecodingError::IoError(error)) = reader.finish()
        && error.kind() != ErrorKind::UnexpectedEof
    {
        return Err(Error::Read(error));
    }
    Ok(Decoded { damage, ..plan.decoded(&reader, scaled, budget)? })
}

/// Bytes of a row once palette and transparency are expanded.
fn expanded_row(info: &Info<'_>) -> u64 {
    let samples = match info.color_type {
        ColorType::Indexed => 4,
        // A transparent colour becomes alpha.
        ColorType::Grayscale => 2,
        ColorType::Rgb => 4,
        ColorType::GrayscaleAlpha | ColorType::Rgba => to_u64(info.color_type.samples()),
    };
    let sample = if info.bit_depth == BitDepth::Sixteen { 2 } else { 1 };
    u64::from(info.width).saturating_mul(samples * sample)
}

impl DecodePlan<'_> {
    /// The scaled pictures with the metadata read so far.
    fn decoded<R: Read>(
        &self,
        reader: &PngReader<'_, '_, '_, R>,
        scaled: ScaledSource,
        budget: &mut Budget,
    ) -> Result<Decoded, Error> {
        let info = reader.info();
        let exif = info.exif_metadata.as_deref();
        let profile = color::profile(info, scaled.layout, scaled.depth);
        Ok(Decoded {
            orientation: self.orientation.or_else(|| orientation(reader)).unwrap_or_default(),
            profile,
            copyright: exif.map(Copyright::read).unwrap_or_default(),
            provenance: self.texts.borrow().provenance(exif, budget)?,
            ..Decoded::plain(SourceFormat::Png, scaled)
        })
    }
}

/// Layout and depth of the rows that the decoder returns.
fn pixel_format<R: Read>(reader: &PngReader<'_, '_, '_, R>) -> Result<(Layout, Depth), Error> {
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

fn orientation<R: Read>(reader: &PngReader<'_, '_, '_, R>) -> Option<Orientation> {
    reader.info().exif_metadata.as_deref().map(exif_orientation)
}

/// Scales rows from the top.
fn decode_rows<R: Read>(
    reader: &mut PngReader<'_, '_, '_, R>,
    mut scaler: SourceScaler,
    cancel: &Cancel,
) -> Result<(ScaledSource, Damage), Error> {
    let mut row = blank_row(reader)?;
    let end = (0..reader.info().height).try_for_each(|_| {
        cancel.check()?;
        reader.read_row(&mut row).map_err(|error| decode_error(&error))?;
        to_native(&mut row, reader);
        scaler.push(&row);
        Ok(())
    });
    check_end(reader, &mut row)?;
    let damage = Damage::after(end, scaler.missing())?;
    Ok((scaler.finish(), damage))
}

/// Reduces the rows of every pass of an interlaced image.
fn decode_interlaced<R: Read>(
    reader: &mut PngReader<'_, '_, '_, R>,
    mut scatter: Scatter,
    budget: &mut Budget,
    cancel: &Cancel,
) -> Result<(Picture, Damage), Error> {
    let mut row = blank_row(reader)?;
    let full = Size { width: reader.info().width, height: reader.info().height };
    let mut end = Ok(());
    for PassRow { run, stand_in } in adam7(full) {
        cancel.check()?;
        if end.is_ok() {
            end = reader.read_row(&mut row).map(|_| ()).map_err(|error| decode_error(&error));
        }
        match end {
            Ok(()) => {
                // Rows of a pass are shorter than `row`. The bytes after them fall outside of the picture, where
                // `Scatter` ignores them: the pass would place them in columns from the width on.
                to_native(&mut row, reader);
                scatter.push(run, &row);
            }
            Err(_) => scatter.skip(run, u32::MAX, stand_in, budget)?,
        }
    }
    check_end(reader, &mut row)?;
    let damage = Damage::after(end, scatter.missing())?;
    Ok((scatter.finish().0, damage))
}

/// Reads the end of the pixels after the last row, where their checksums are.
fn check_end<R: Read>(reader: &mut PngReader<'_, '_, '_, R>, row: &mut [u8]) -> Result<(), Error> {
    match reader.read_row(row) {
        Err(DecodingError::IoError(error)) if error.kind() != ErrorKind::UnexpectedEof => {
            Err(Error::Read(error))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

fn blank_row<R: Read>(reader: &PngReader<'_, '_, '_, R>) -> Result<Vec<u8>, Error> {
    let length = reader.output_line_size(reader.info().width);
    Ok(vec![0; length.ok_or_else(|| Error::damaged(SourceFormat::Png, "its rows are longer than memory"))?])
}

/// A row of a pass of an interlaced image.
struct PassRow {
    run: Run,
    /// Distance to the left and up from each pixel to the pixel of an earlier pass that viewers show until it comes.
    stand_in: Option<(u32, u32)>,
}

/// The rows of an Adam7 file in their order (PNG, section 8.1): those of pass 1 from the top, then of pass 2, etc.
///
/// Each entry of `PASSES` is the first column, the first row, and the steps to the next column and row. Passes without
/// columns or rows have no rows in the file. The first column or row is half of its step if a pass fills the columns
/// or rows between those of earlier passes, so it is also the distance to the nearest earlier pixel.
fn adam7(size: Size) -> impl Iterator<Item = PassRow> {
    const PASSES: [(u32, u32, u32, usize); 7] =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];
    let passes = PASSES.into_iter().filter(move |(x, ..)| *x < size.width);
    passes.flat_map(move |(x, top, step, down)| {
        let stand_in = Some((x, top)).filter(|distance| *distance != (0, 0));
        (top..size.height).step_by(down).map(move |y| PassRow { run: Run { x, y, step }, stand_in })
    })
}

/// Converts 16-bit samples from PNG's big-endian to the machine's byte order.
fn to_native<R: Read>(row: &mut [u8], reader: &PngReader<'_, '_, '_, R>) {
    if reader.info().bit_depth == BitDepth::Sixteen {
        for pair in row.as_chunks_mut::<2>().0 {
            *pair = u16::from_be_bytes(*pair).to_ne_bytes();
        }
    }
}

/// An error of the crate `png`, in words for users.
fn decode_error(error: &DecodingError) -> Error {
    let detail = match error {
        DecodingError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => TRUNCATED,
        // `decode::decode` replaces this if the reader failed.
        DecodingError::IoError(_) => "it cannot be read",
        DecodingError::LimitsExceeded => "its metadata takes more than 4 MB",
        DecodingError::Format(error) => format_fault(&error.to_string()),
        DecodingError::Parameter(_) => "its animation has fewer frames than it announces",
    };
    Error::damaged(SourceFormat::Png, detail)
}

/// The fault that a message of the crate `png` begins with. The type of its error is opaque, and its messages contain
/// debug text.
fn format_fault(message: &str) -> &'static str {
    const FAULTS: [(&str, &str); 8] = [
        ("CRC error", "a checksum is wrong"),
        ("Corrupt deflate stream. InsufficientInput", TRUNCATED),
        ("Corrupt deflate stream", CORRUPT),
        ("IDAT or fDAT chunk does not have enough data", TRUNCATED),
        ("IDAT or fdAT chunk is missing", "it has no pixels"),
        ("Invalid", "its header has a value that PNG does not know"),
        ("Missing palette", "its palette is missing"),
        ("Unknown", "its header has a value that PNG does not know"),
    ];
    let fault = FAULTS.iter().find(|(beginning, _)| message.starts_with(beginning));
    fault.map_or("its chunks are not those of a PNG", |(_, words)| words)
}
