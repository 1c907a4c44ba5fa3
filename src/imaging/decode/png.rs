//! PNG, row by row as it arrives.
//!
//! Memory: the reduced picture, a few rows, and 4 MB of other chunks; interlaced files also whole, since
//! their last pass touches every second row.

use std::io::Read;

use png::{BitDepth, ColorType, DecodingError, Reader, Transformations};

use super::super::credits::Credits;
use super::super::damage::Damage;
use super::super::geometry::{Demand, Size};
use super::super::limits::Budget;
use super::super::orient::Orientation;
use super::super::picture::{Depth, Grain, Layout};
use super::super::reduce::Reducer;
use super::super::source::{CUT_SHORT, Source};
use super::super::{Error, SourceFormat};
use super::{Decoded, exif_orientation, reserved};

const FORMAT: SourceFormat = SourceFormat::Png;

/// Bytes the decoder may take for chunks that are not pixels: profile, EXIF, palette.
const CHUNKS: u64 = 4_000_000;

/// Rows the decoder holds: two raw ones and the expanded one.
const ROWS: u64 = 3;

pub(super) fn decode<R: Read>(
    source: &mut Source<'_, R>,
    demand: Demand<'_>,
    budget: &mut Budget,
) -> Result<Decoded, Error> {
    source.rewind();
    let cancel = source.cancel();
    let mut decoder = png::Decoder::new(source);
    decoder.set_transformations(Transformations::EXPAND);
    decoder.set_ignore_text_chunk(true);
    let info = decoder.read_header_info().map_err(refusal)?;
    let full = Size { width: info.width, height: info.height };
    // Eight bytes a pixel are the most, and one more a row names its filter.
    let rows = (u64::from(full.width) * 8 + 1) * ROWS;
    budget.reserve(CHUNKS + rows)?;
    decoder.set_limits(png::Limits { bytes: usize::try_from(CHUNKS + rows).unwrap_or(usize::MAX) });
    let mut reader = decoder.read_info().map_err(refusal)?;
    let (layout, depth) = kind(&reader)?;
    let orientation = orientation(&reader);
    let ratio = demand.ratio(orientation.unwrap_or_default().size(full));
    let row = reader.output_line_size(full.width).ok_or_else(too_large)?;
    let mut reducer = Reducer::new(full, layout, depth, Reducer::cell(ratio), budget)?;
    if reader.info().interlaced {
        let length = reader.output_buffer_size().ok_or_else(too_large)?;
        budget.reserve(reserved(length))?;
        let mut whole = vec![0; length];
        reader.next_frame(&mut whole).map_err(refusal)?;
        for row in whole.chunks_exact_mut(row.max(1)) {
            push(&mut reducer, row, depth);
        }
        budget.release(reserved(length));
    } else {
        let mut scratch = vec![0; row];
        while reader.read_row(&mut scratch).map_err(refusal)?.is_some() {
            cancel.check()?;
            push(&mut reducer, &mut scratch, depth);
        }
    }
    let profile = reader.info().icc_profile.as_deref().map(<[u8]>::to_vec);
    let orientation = orientation.or_else(|| {
        // eXIf may stand after the picture; a file that ends before it is still a picture.
        reader.finish().ok()?;
        self::orientation(&reader)
    });
    let credits = reader.info().exif_metadata.as_deref().map(Credits::read).unwrap_or_default();
    let (picture, reduction) = reducer.finish();
    Ok(Decoded {
        picture,
        full,
        reduction: reduction.into(),
        grain: Grain::of(reduction),
        orientation: orientation.unwrap_or_default(),
        profile,
        credits,
        format: FORMAT,
        damage: Damage::NONE,
        quality: None,
    })
}

fn kind<R: Read>(reader: &Reader<&mut Source<'_, R>>) -> Result<(Layout, Depth), Error> {
    let (color, bits) = reader.output_color_type();
    let layout = match color {
        ColorType::Grayscale => Layout::Grey,
        ColorType::GrayscaleAlpha => Layout::GreyAlpha,
        ColorType::Rgb => Layout::Rgb,
        ColorType::Rgba => Layout::RgbAlpha,
        ColorType::Indexed => return Err(damaged("a palette picture without a palette".to_owned())),
    };
    Ok((layout, if bits == BitDepth::Sixteen { Depth::Sixteen } else { Depth::Eight }))
}

fn orientation<R: Read>(reader: &Reader<&mut Source<'_, R>>) -> Option<Orientation> {
    reader.info().exif_metadata.as_deref().map(exif_orientation)
}

/// Hands a row on. PNG has its samples' high byte first.
fn push(reducer: &mut Reducer, row: &mut [u8], depth: Depth) {
    if depth == Depth::Sixteen {
        for pair in row.as_chunks_mut::<2>().0 {
            *pair = u16::from_be_bytes(*pair).to_ne_bytes();
        }
    }
    reducer.push(row);
}

fn refusal(error: DecodingError) -> Error {
    match error {
        DecodingError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            damaged(CUT_SHORT.to_owned())
        }
        other => damaged(other.to_string()),
    }
}

fn damaged(detail: String) -> Error {
    Error::Damaged { format: FORMAT, detail }
}

fn too_large() -> Error {
    damaged("its rows are longer than memory".to_owned())
}
