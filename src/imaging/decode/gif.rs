//! GIF: the first frame on its canvas, which is transparent where the frame does not reach.
//!
//! Memory: one byte a pixel of the frame, and the reduced canvas.

use std::io::Read;

use gif::{ColorOutput, DecodeOptions, DecodingError};

use super::super::credits::Credits;
use super::super::damage::Damage;
use super::super::geometry::{Demand, Size};
use super::super::limits::Budget;
use super::super::orient::Orientation;
use super::super::picture::{Depth, Grain, Layout, side};
use super::super::reduce::Reducer;
use super::super::source::{CUT_SHORT, Source};
use super::super::{Error, SourceFormat};
use super::{Decoded, reserved};

const FORMAT: SourceFormat = SourceFormat::Gif;

/// No ink.
const CLEAR: [u8; 4] = [0; 4];

pub(super) fn decode<R: Read>(
    source: &mut Source<'_, R>,
    demand: Demand<'_>,
    budget: &mut Budget,
) -> Result<Decoded, Error> {
    source.rewind();
    let cancel = source.cancel();
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    let mut decoder = options.read_info(source).map_err(refusal)?;
    let screen = Size { width: decoder.width().into(), height: decoder.height().into() };
    let frame = decoder.next_frame_info().map_err(refusal)?;
    let frame = frame.ok_or_else(|| damaged("it has no frame"))?.clone();
    // Some writers leave the canvas empty and mean the frame.
    let empty = screen.pixels() == 0;
    let full = if empty { Size { width: frame.width.into(), height: frame.height.into() } } else { screen };
    if full.pixels() == 0 {
        return Err(damaged("it has no pixels"));
    }
    budget.admit(full)?;
    let length = usize::from(frame.width) * usize::from(frame.height);
    budget.reserve(reserved(length))?;
    let cell = Reducer::cell(demand.ratio(full));
    let mut reducer = Reducer::new(full, Layout::RgbAlpha, Depth::Eight, cell, budget)?;
    let mut indices = vec![0; length];
    if length > 0 {
        decoder.read_into_buffer(&mut indices).map_err(refusal)?;
    }
    let palette = Palette::new(decoder.palette().map_err(refusal)?, frame.transparent);

    let top = if empty { 0 } else { usize::from(frame.top) };
    let left = if empty { 0 } else { usize::from(frame.left) };
    let frame_width = usize::from(frame.width).max(1);
    let mut row = vec![CLEAR; side(full.width)];
    for y in 0..side(full.height) {
        cancel.check()?;
        row.fill(CLEAR);
        let line = y.checked_sub(top).and_then(|y| indices.chunks_exact(frame_width).nth(y));
        for (place, index) in row.iter_mut().skip(left).zip(line.unwrap_or_default()) {
            *place = palette.color(*index);
        }
        reducer.push(row.as_flattened());
    }
    let profile = decoder.icc_profile().map(<[u8]>::to_vec);
    let (picture, reduction) = reducer.finish();
    Ok(Decoded {
        picture,
        full,
        reduction: reduction.into(),
        grain: Grain::of(reduction),
        orientation: Orientation::default(),
        profile,
        credits: Credits::default(),
        format: FORMAT,
        damage: Damage::NONE,
        quality: None,
    })
}

/// The colour of every index; those past the end of the table, and the transparent one, are clear.
struct Palette([[u8; 4]; 256]);

impl Palette {
    fn new(table: &[u8], transparent: Option<u8>) -> Self {
        let mut colors = [CLEAR; 256];
        for (color, [r, g, b]) in colors.iter_mut().zip(table.as_chunks::<3>().0) {
            *color = [*r, *g, *b, 255];
        }
        if let Some(color) = transparent.and_then(|index| colors.get_mut(usize::from(index))) {
            *color = CLEAR;
        }
        Self(colors)
    }

    fn color(&self, index: u8) -> [u8; 4] {
        self.0.get(usize::from(index)).copied().unwrap_or(CLEAR)
    }
}

fn refusal(error: DecodingError) -> Error {
    match error {
        DecodingError::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => damaged(CUT_SHORT),
        other => damaged(&other.to_string()),
    }
}

fn damaged(detail: &str) -> Error {
    Error::Damaged { format: FORMAT, detail: detail.to_owned() }
}
