//! The picture of a BMP while it is reduced, with and without its alpha.
//!
//! Many programs leave alpha 0 everywhere and mean an opaque picture. A picture with alpha is therefore also reduced
//! without it, until a pixel with another alpha comes. This doubles the memory of the reduced picture.

use crate::imaging::damage::Damage;
use crate::imaging::decode::bmp::header::BmpHeader;
use crate::imaging::error::Error;
use crate::imaging::limits::Budget;
use crate::imaging::picture::geometry::Cell;
use crate::imaging::picture::{Depth, Picture};
use crate::imaging::pixels::reduce::Reducer;

/// The picture while it is reduced.
pub(super) struct BmpCanvas {
    reducer: Reducer,
    /// The same picture without alpha, as long as all alpha is 0.
    opaque: Option<OpaqueCopy>,
}

struct OpaqueCopy {
    reducer: Reducer,
    row: Vec<u8>,
}

impl BmpCanvas {
    /// Reserves and allocates the reduced pictures.
    pub(super) fn new(header: &BmpHeader, cell: Cell, budget: &mut Budget) -> Result<Self, Error> {
        let layout = header.coding.layout();
        let mut reducer = || {
            let reducer = Reducer::new(header.size, layout, Depth::Eight, cell, budget)?;
            Ok::<_, Error>(if header.is_top_down { reducer } else { reducer.bottom_first() })
        };
        let (reducer, opaque) = (reducer()?, if layout.has_alpha() { Some(reducer()?) } else { None });
        budget.reserve(if opaque.is_some() { u64::from(header.size.width) * 4 } else { 0 })?;
        Ok(Self { reducer, opaque: opaque.map(|reducer| OpaqueCopy { reducer, row: Vec::new() }) })
    }

    /// Takes the next row.
    pub(super) fn push(&mut self, row: &[u8]) {
        self.reducer.push(row);
        let Some(OpaqueCopy { reducer, row: copy }) = &mut self.opaque else { return };
        let pixels = row.as_chunks::<4>().0;
        if pixels.iter().any(|[.., alpha]| *alpha != 0) {
            self.opaque = None;
            return;
        }
        copy.clear();
        copy.extend(pixels.iter().flat_map(|[r, g, b, _]| [*r, *g, *b, u8::MAX]));
        reducer.push(copy);
    }

    /// Takes a row of which only the first `pixels` came.
    pub(super) fn push_start(&mut self, row: &mut [u8], pixels: u64) {
        let pixels = u32::try_from(pixels).unwrap_or(u32::MAX);
        if let Some(OpaqueCopy { reducer, row: copy }) = &mut self.opaque {
            copy.clear();
            copy.extend(row.as_chunks::<4>().0.iter().flat_map(|[r, g, b, _]| [*r, *g, *b, u8::MAX]));
            reducer.push_start(copy, pixels);
        }
        self.reducer.push_start(row, pixels);
    }

    /// The pixels that never came.
    pub(super) fn missing(&self) -> Damage {
        self.reducer.missing()
    }

    /// The reduced picture and its cells.
    pub(super) fn finish(self) -> (Picture, Cell) {
        self.opaque.map_or(self.reducer, |opaque| opaque.reducer).finish()
    }
}
