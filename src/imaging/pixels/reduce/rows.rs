//! Box averaging of rows in their order: column sums are kept, and combined into cells when a row of cells is complete.
//!
//! Adding a row to the column sums is one addition per sample, which the compiler vectorises. The boundaries of cells
//! matter only once per row of cells.

use std::mem;

use crate::imaging::limits::to_u64;
use crate::imaging::picture::geometry::{Cell, Size};
use crate::imaging::picture::{Depth, Layout, Picture, side};
use crate::imaging::pixels::reduce::{Grid, Sum, fill_gap, weighted};

/// Takes the rows of a source and gives those of the reduced picture.
pub(crate) struct Reducer {
    grid: Grid,
    sums: ColumnSums,
    /// The last row of the reduced picture.
    cells: Vec<u8>,
    /// Rows taken so far.
    taken: u32,
    /// Rows in the sums: those that came of the current row of cells.
    summed: u32,
}

/// The sum of each column and channel over the rows taken of the current row of cells, as wide as the samples need.
enum ColumnSums {
    /// Cells are single pixels, which are passed on.
    None,
    /// Samples of eight bits.
    U16(Vec<u16>),
    /// Samples of sixteen bits, or of eight bits times alpha.
    U32(Vec<u32>),
    /// Samples of sixteen bits times alpha.
    U64(Vec<u64>),
}

impl Grid {
    /// The number of column sums per channel, and the bytes of each.
    fn column_sums(self) -> (u32, u64) {
        let width = match (self.depth, self.layout.has_alpha()) {
            (Depth::Eight, false) => 2,
            (Depth::Eight, true) | (Depth::Sixteen, false) => 4,
            (Depth::Sixteen, true) => 8,
        };
        (if self.cell == Cell::PIXEL { 0 } else { self.source.width }, width)
    }
}

impl Reducer {
    /// A reducer of rows of this size and format.
    pub(crate) fn new(source: Size, layout: Layout, depth: Depth, cell: Cell) -> Self {
        let grid = Grid { source, layout, depth, cell };
        let (columns, width) = grid.column_sums();
        let count = side(columns).saturating_mul(layout.channels());
        let sums = match width {
            _ if cell == Cell::PIXEL => ColumnSums::None,
            2 => ColumnSums::U16(vec![0; count]),
            4 => ColumnSums::U32(vec![0; count]),
            _ => ColumnSums::U64(vec![0; count]),
        };
        let row = Picture::placeholder(grid.reduced(), layout, depth).row_bytes();
        Self { grid, sums, cells: vec![0; row], taken: 0, summed: 0 }
    }

    /// Bytes that [`Self::new`] takes.
    pub(crate) fn bytes(source: Size, layout: Layout, depth: Depth, cell: Cell) -> u64 {
        let grid = Grid { source, layout, depth, cell };
        let (columns, width) = grid.column_sums();
        let row = Picture::placeholder(grid.reduced(), layout, depth).row_bytes();
        grid.sample_bytes(columns.into(), width).saturating_add(to_u64(row))
    }

    /// `true` if cells are single pixels.
    pub(crate) fn is_passing(&self) -> bool {
        self.grid.cell == Cell::PIXEL
    }

    /// Takes the next row; `None` is one that never came. Returns the row of the reduced picture that it completes.
    pub(crate) fn push<'r>(&'r mut self, row: Option<&'r [u8]>) -> Option<&'r [u8]> {
        let Grid { source, cell, layout, depth } = self.grid;
        if self.taken >= source.height {
            return None;
        }
        self.taken += 1;
        if cell == Cell::PIXEL {
            return row.or_else(|| {
                fill_gap(&mut self.cells, layout, depth);
                Some(&self.cells)
            });
        }
        if let Some(row) = row {
            self.sums.add(row, layout, depth);
            self.summed += 1;
        }
        let is_complete = self.taken.is_multiple_of(cell.down) || self.taken == source.height;
        is_complete.then(|| {
            match mem::take(&mut self.summed) {
                0 => fill_gap(&mut self.cells, layout, depth),
                rows => self.sums.write_cells(&mut self.cells, self.grid, rows),
            }
            self.cells.as_slice()
        })
    }
}

impl ColumnSums {
    /// Adds a row to the sums.
    fn add(&mut self, row: &[u8], layout: Layout, depth: Depth) {
        match (self, layout, depth) {
            (Self::None, ..) => (),
            (Self::U16(sums), ..) => add::<u16, 1, 1, false>(sums, row),
            (Self::U32(sums), _, Depth::Sixteen) => add::<u32, 1, 2, false>(sums, row),
            (Self::U32(sums), Layout::GreyAlpha, _) => add::<u32, 2, 1, true>(sums, row),
            (Self::U32(sums), ..) => add::<u32, 4, 1, true>(sums, row),
            (Self::U64(sums), Layout::GreyAlpha, _) => add::<u64, 2, 2, true>(sums, row),
            (Self::U64(sums), ..) => add::<u64, 4, 2, true>(sums, row),
        }
    }

    /// Writes the means of a row of cells that covers `rows` rows, and sets the sums to zero.
    fn write_cells(&mut self, target: &mut [u8], grid: Grid, rows: u32) {
        match self {
            Self::None => (),
            Self::U16(sums) => write_cells(sums, target, grid, rows),
            Self::U32(sums) => write_cells(sums, target, grid, rows),
            Self::U64(sums) => write_cells(sums, target, grid, rows),
        }
    }
}

/// Adds the terms of a row of pixels. Without alpha channels do not differ, so `C` is 1 for any layout.
fn add<S: Sum, const C: usize, const B: usize, const ALPHA: bool>(sums: &mut [S], row: &[u8]) {
    let pixels = row.as_chunks::<B>().0.as_chunks::<C>().0;
    for (sums, pixel) in sums.as_chunks_mut::<C>().0.iter_mut().zip(pixels) {
        for (sum, sample) in sums.iter_mut().zip(weighted::<S, C, B, ALPHA>(pixel)) {
            *sum += sample;
        }
    }
}

fn write_cells<S: Sum>(sums: &mut [S], target: &mut [u8], grid: Grid, rows: u32) {
    match grid.layout {
        Layout::Grey => write_cells_of::<S, 1>(sums, target, grid, rows),
        Layout::GreyAlpha => write_cells_of::<S, 2>(sums, target, grid, rows),
        Layout::Rgb => write_cells_of::<S, 3>(sums, target, grid, rows),
        Layout::Cmyk | Layout::RgbAlpha => write_cells_of::<S, 4>(sums, target, grid, rows),
    }
}

/// [`write_cells`] for pixels of `C` samples. The last cell of a row may have fewer columns.
fn write_cells_of<S: Sum, const C: usize>(sums: &mut [S], target: &mut [u8], grid: Grid, rows: u32) {
    let cells = sums.as_chunks_mut::<C>().0.chunks_mut(side(grid.cell.across));
    for (cell, target) in cells.zip(target.chunks_exact_mut(C * grid.depth.bytes())) {
        let mut totals = [0_u64; C];
        for column in &mut *cell {
            for (total, sum) in totals.iter_mut().zip(column) {
                *total += mem::take(sum).into();
            }
        }
        let columns = u64::try_from(cell.len()).unwrap_or(u64::MAX);
        grid.write_mean(totals, columns.saturating_mul(rows.into()), target);
    }
}
