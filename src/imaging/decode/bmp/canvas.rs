//! The picture of a BMP while it is scaled, with and without its alpha.
//!
//! Many programs leave alpha 0 everywhere and mean an opaque picture. A picture with alpha is therefore also scaled
//! without it, until a pixel with another alpha comes. This doubles the memory of the scaled pictures.

use crate::imaging::damage::Damage;
use crate::imaging::decode::bmp::header::BmpHeader;
use crate::imaging::error::Error;
use crate::imaging::limits::Budget;
use crate::imaging::picture::Depth;
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::pixels::source_rows::{RowOrder, SourceRows};
use crate::imaging::pixels::source_scaler::{ScaledPicture, ScaledSource, SourceScaler};
use crate::imaging::plan::demand::Demand;

/// The picture while it is scaled.
pub(super) struct BmpCanvas {
    scaler: SourceScaler,
    /// The same picture without alpha, as long as all alpha is 0.
    opaque: Option<OpaqueCopy>,
    /// `true` if rows have blue first.
    is_reversed: bool,
}

struct OpaqueCopy {
    scaler: SourceScaler,
    row: Vec<u8>,
}

impl BmpCanvas {
    /// Reserves and allocates the scaled pictures.
    pub(super) fn new(header: &BmpHeader, demand: Demand<'_>, budget: &mut Budget) -> Result<Self, Error> {
        let layout = header.coding.layout();
        let order = if header.is_top_down { RowOrder::TopDown } else { RowOrder::BottomUp };
        let rows = SourceRows { order, ..SourceRows::all(header.size, layout, Depth::Eight) };
        let upright = Some(Orientation::UPRIGHT);
        let mut scaler = || SourceScaler::new(rows, demand, upright, budget);
        let (scaler, opaque) = (scaler()?, if layout.has_alpha() { Some(scaler()?) } else { None });
        budget.reserve(if opaque.is_some() { u64::from(header.size.width) * 4 } else { 0 })?;
        let opaque = opaque.map(|scaler| OpaqueCopy { scaler, row: Vec::new() });
        Ok(Self { scaler, opaque, is_reversed: header.coding.is_reversed() })
    }

    /// Takes the next row.
    pub(super) fn push(&mut self, row: &[u8]) {
        self.scaler.push(row);
        let Some(OpaqueCopy { scaler, row: copy }) = &mut self.opaque else { return };
        let pixels = row.as_chunks::<4>().0;
        if pixels.iter().any(|[.., alpha]| *alpha != 0) {
            self.opaque = None;
            return;
        }
        copy.clear();
        copy.extend(pixels.iter().flat_map(|[r, g, b, _]| [*r, *g, *b, u8::MAX]));
        scaler.push(copy);
    }

    /// Takes a row of which only the first `pixels` came.
    pub(super) fn push_start(&mut self, row: &mut [u8], pixels: u64) {
        let pixels = u32::try_from(pixels).unwrap_or(u32::MAX);
        if let Some(OpaqueCopy { scaler, row: copy }) = &mut self.opaque {
            copy.clear();
            copy.extend(row.as_chunks::<4>().0.iter().flat_map(|[r, g, b, _]| [*r, *g, *b, u8::MAX]));
            scaler.push_start(copy, pixels);
        }
        self.scaler.push_start(row, pixels);
    }

    /// The pixels that never came.
    pub(super) fn missing(&self) -> Damage {
        self.scaler.missing()
    }

    /// The scaled pictures.
    pub(super) fn finish(self) -> ScaledSource {
        let mut scaled = self.opaque.map_or(self.scaler, |opaque| opaque.scaler).finish();
        if self.is_reversed {
            for ScaledPicture { picture, .. } in &mut scaled.pictures {
                picture.samples.as_chunks_mut::<3>().0.iter_mut().for_each(|pixel| pixel.reverse());
            }
        }
        scaled
    }
}
