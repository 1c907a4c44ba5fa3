//! Rows in their order: sums of columns are kept, and folded into cells when a row of cells is full.
//!
//! Adding a row to the sums of its columns is one addition a sample, which every processor does several of at a time;
//! where the cells end matters only when they are folded.

use std::mem;

use crate::imaging::error::Error;
use crate::imaging::limits::Budget;
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::{Depth, Layout, Picture, side};
use crate::imaging::pixels::reduce::{Grid, LARGEST_CELL, MARGIN, Sum, weighed};

/// Takes rows, gives a reduced picture.
pub(crate) struct Reducer {
    grid: Grid,
    first: First,
    picture: Picture,
    columns: Columns,
    /// Rows taken so far.
    taken: u32,
}

/// Which row comes first.
#[derive(Clone, Copy)]
enum First {
    Bottom,
    Top,
}

/// Sums of each column of samples over the row of cells that is being filled.
enum Columns {
    /// Cells are single pixels.
    None,
    /// Of samples of eight bits.
    Narrow(Vec<u16>),
    /// Of samples of sixteen bits, or of eight by the weight of alpha.
    Middle(Vec<u32>),
    /// Of samples of sixteen bits by the weight of alpha.
    Wide(Vec<u64>),
}

impl Grid {
    /// How many columns have sums of their own, and bytes of one.
    fn sums(self) -> (u32, u64) {
        let width = match (self.depth, self.layout.has_alpha()) {
            (Depth::Eight, false) => 2,
            (Depth::Eight, true) | (Depth::Sixteen, false) => 4,
            (Depth::Sixteen, true) => 8,
        };
        (if self.cell == 1 { 0 } else { self.source.width }, width)
    }
}

impl Reducer {
    /// The cell for a [`Demand`](crate::imaging::plan::demand::Demand): 1 is no reduction.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and LARGEST_CELL")]
    pub(crate) fn cell(ratio: f64) -> u32 {
        (1.0 / (MARGIN * ratio)).floor().clamp(1.0, f64::from(LARGEST_CELL)) as u32
    }

    /// Reserves and allocates the reduced picture and the sums.
    pub(crate) fn new(
        source: Size,
        layout: Layout,
        depth: Depth,
        cell: u32,
        budget: &mut Budget,
    ) -> Result<Self, Error> {
        let grid = Grid { source, layout, depth, cell };
        let (columns, width) = grid.sums();
        let count = side(columns).saturating_mul(layout.channels());
        let picture = grid.picture(columns.into(), width, budget)?;
        let columns = match width {
            _ if cell == 1 => Columns::None,
            2 => Columns::Narrow(vec![0; count]),
            4 => Columns::Middle(vec![0; count]),
            _ => Columns::Wide(vec![0; count]),
        };
        Ok(Self { grid, first: First::Top, picture, columns, taken: 0 })
    }

    /// Reserves what [`Self::new`] does, for a picture without pixels.
    pub(crate) fn placeholder(
        source: Size,
        layout: Layout,
        depth: Depth,
        cell: u32,
        budget: &mut Budget,
    ) -> Result<Picture, Error> {
        let grid = Grid { source, layout, depth, cell };
        let (columns, width) = grid.sums();
        grid.reserve(columns.into(), width, budget)?;
        Ok(Picture::placeholder(grid.reduced(), layout, depth))
    }

    /// For rows that come from the bottom.
    pub(crate) fn bottom_first(self) -> Self {
        Self { first: First::Bottom, ..self }
    }

    /// Takes the next row. Rows past the last one are ignored.
    pub(crate) fn push(&mut self, row: &[u8]) {
        let Grid { source, cell, .. } = self.grid;
        if self.taken >= source.height {
            return;
        }
        let last = source.height - 1;
        let y = match self.first {
            First::Bottom => last - self.taken,
            First::Top => self.taken,
        };
        self.taken += 1;
        let line = y / cell;
        let length = self.picture.row_bytes();
        let place = self.picture.samples.chunks_exact_mut(length).nth(side(line)).unwrap_or_default();
        self.columns.add(row, place, self.grid);
        let is_full = match self.first {
            First::Bottom => y.is_multiple_of(cell),
            First::Top => (y + 1).is_multiple_of(cell) || y == last,
        };
        if is_full {
            self.columns.fold(place, self.grid, self.grid.covered(line, source.height));
        }
    }

    /// The picture and the side of its cells, pixels.
    pub(crate) fn finish(self) -> (Picture, u32) {
        (self.picture, self.grid.cell)
    }
}

impl Columns {
    /// Adds a row; single pixels go to their place.
    fn add(&mut self, row: &[u8], place: &mut [u8], grid: Grid) {
        match (self, grid.layout, grid.depth) {
            (Self::None, ..) => {
                if let Some(row) = row.get(..place.len()) {
                    place.copy_from_slice(row);
                }
            }
            (Self::Narrow(sums), ..) => add::<u16, 1, 1, false>(sums, row),
            (Self::Middle(sums), _, Depth::Sixteen) => add::<u32, 1, 2, false>(sums, row),
            (Self::Middle(sums), Layout::GreyAlpha, _) => add::<u32, 2, 1, true>(sums, row),
            (Self::Middle(sums), ..) => add::<u32, 4, 1, true>(sums, row),
            (Self::Wide(sums), Layout::GreyAlpha, _) => add::<u64, 2, 2, true>(sums, row),
            (Self::Wide(sums), ..) => add::<u64, 4, 2, true>(sums, row),
        }
    }

    /// Writes the means of a row of cells that covers so many rows, and starts the sums over.
    fn fold(&mut self, place: &mut [u8], grid: Grid, rows: u32) {
        match self {
            Self::None => (),
            Self::Narrow(sums) => fold(sums, place, grid, rows),
            Self::Middle(sums) => fold(sums, place, grid, rows),
            Self::Wide(sums) => fold(sums, place, grid, rows),
        }
    }
}

fn add<S: Sum, const C: usize, const B: usize, const ALPHA: bool>(sums: &mut [S], row: &[u8]) {
    let pixels = row.as_chunks::<B>().0.as_chunks::<C>().0;
    for (sums, pixel) in sums.as_chunks_mut::<C>().0.iter_mut().zip(pixels) {
        for (sum, sample) in sums.iter_mut().zip(weighed::<S, C, B, ALPHA>(pixel)) {
            *sum += sample;
        }
    }
}

fn fold<S: Sum>(sums: &mut [S], place: &mut [u8], grid: Grid, rows: u32) {
    match grid.layout {
        Layout::Grey => fold_pixels::<S, 1>(sums, place, grid, rows),
        Layout::GreyAlpha => fold_pixels::<S, 2>(sums, place, grid, rows),
        Layout::Rgb => fold_pixels::<S, 3>(sums, place, grid, rows),
        Layout::Cmyk | Layout::RgbAlpha => fold_pixels::<S, 4>(sums, place, grid, rows),
    }
}

/// [`fold`] for pixels of `C` samples.
fn fold_pixels<S: Sum, const C: usize>(sums: &mut [S], place: &mut [u8], grid: Grid, rows: u32) {
    let cells = sums.as_chunks_mut::<C>().0.chunks_mut(side(grid.cell));
    for (cell, place) in cells.zip(place.chunks_exact_mut(C * grid.depth.bytes())) {
        let mut totals = [0_u64; C];
        for column in &mut *cell {
            for (total, sum) in totals.iter_mut().zip(column) {
                *total += mem::take(sum).into();
            }
        }
        let columns = u64::try_from(cell.len()).unwrap_or(u64::MAX);
        grid.write_mean(totals, columns.saturating_mul(rows.into()), place);
    }
}
