//! Box averaging of rows in their order: column sums are kept, and combined into cells when a row of cells is complete.
//!
//! Adding a row to the column sums is one addition per sample, which the compiler vectorises. The boundaries of cells
//! matter only once per row of cells.

use std::mem;

use crate::imaging::damage::{Damage, PartialRow};
use crate::imaging::error::Error;
use crate::imaging::limits::Budget;
use crate::imaging::picture::geometry::{Cell, Ratio, Size};
use crate::imaging::picture::{Depth, Layout, Picture, side};
use crate::imaging::pixels::reduce::{Grid, LARGEST_CELL, MARGIN, Sum, fill_gap, weighted};

/// Takes the rows of a source and gives the reduced picture.
pub(crate) struct Reducer {
    grid: Grid,
    order: RowOrder,
    picture: Picture,
    sums: ColumnSums,
    /// Rows taken or skipped so far.
    taken: u32,
    /// Rows in the sums: those taken of the current row of cells.
    summed: u32,
    /// Pixels of the rows so far that never came.
    lost: u64,
}

/// The order in which rows arrive.
#[derive(Clone, Copy)]
enum RowOrder {
    BottomUp,
    TopDown,
}

/// The sum of each column and channel over the rows taken of the current row of cells, as wide as the samples need.
enum ColumnSums {
    /// Cells are single pixels, which are copied.
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
    /// The largest cell that leaves [`MARGIN`] for a
    /// [`Demand::ratio`](crate::imaging::plan::demand::Demand::ratio).
    ///
    /// The ratios of an image that is scaled in proportion differ by the rounding of the thumbnail's sides, and its cells
    /// are squares. Much longer than wide are the cells of a strip whose thumbnail is one pixel wide, or of an image that
    /// is squeezed along one axis.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and LARGEST_CELL")]
    pub(crate) fn cell(ratio: Ratio) -> Cell {
        // There are `1 / ratio` source pixels per pixel of the thumbnail, and `1 / (ratio * side)` reduced ones.
        let side = |ratio: f64| (1.0 / (MARGIN * ratio)).floor().clamp(1.0, f64::from(LARGEST_CELL)) as u32;
        let (across, down) = (side(ratio.across), side(ratio.down));
        let shorter = across.min(down);
        let is_proportional = across.max(down) / shorter < 2;
        if is_proportional { Cell { across: shorter, down: shorter } } else { Cell { across, down } }
    }

    /// A reducer of rows from the top. Reserves and allocates the reduced picture and the column sums.
    ///
    /// # Errors
    /// [`Error::TooMuchMemory`] if the budget does not allow for them.
    pub(crate) fn new(
        source: Size,
        layout: Layout,
        depth: Depth,
        cell: Cell,
        budget: &mut Budget,
    ) -> Result<Self, Error> {
        let grid = Grid { source, layout, depth, cell };
        let (columns, width) = grid.column_sums();
        let count = side(columns).saturating_mul(layout.channels());
        let picture = grid.picture(columns.into(), width, budget)?;
        let sums = match width {
            _ if cell == Cell::PIXEL => ColumnSums::None,
            2 => ColumnSums::U16(vec![0; count]),
            4 => ColumnSums::U32(vec![0; count]),
            _ => ColumnSums::U64(vec![0; count]),
        };
        Ok(Self { grid, order: RowOrder::TopDown, picture, sums, taken: 0, summed: 0, lost: 0 })
    }

    /// A placeholder of the reduced picture. Reserves what [`Self::new`] does.
    ///
    /// # Errors
    /// [`Error::TooMuchMemory`] if the budget does not allow for it.
    pub(crate) fn placeholder(
        source: Size,
        layout: Layout,
        depth: Depth,
        cell: Cell,
        budget: &mut Budget,
    ) -> Result<Picture, Error> {
        let grid = Grid { source, layout, depth, cell };
        let (columns, width) = grid.column_sums();
        grid.reserve(columns.into(), width, budget)?;
        Ok(Picture::placeholder(grid.reduced(), layout, depth))
    }

    /// The same reducer for rows from the bottom.
    pub(crate) fn bottom_first(self) -> Self {
        debug_assert_eq!(self.taken, 0);
        Self { order: RowOrder::BottomUp, ..self }
    }

    /// Takes the next row, in the source's layout and depth. Rows past the last are ignored.
    pub(crate) fn push(&mut self, row: &[u8]) {
        self.next_row(Some(row));
    }

    /// Takes the next row, of which only the first `pixels` came, and fills in the others.
    pub(crate) fn push_start(&mut self, row: &mut [u8], pixels: u32) {
        let Grid { source, layout, depth, .. } = self.grid;
        if self.taken >= source.height {
            return;
        }
        let came = side(pixels).saturating_mul(self.picture.pixel_bytes());
        fill_gap(row.get_mut(came..).unwrap_or_default(), layout, depth);
        self.lost = self.lost.saturating_add(source.width.saturating_sub(pixels).into());
        self.next_row(Some(row));
    }

    /// Takes the next row, whole or as far as it came.
    ///
    /// # Errors
    /// The reason why the row ended early.
    pub(crate) fn push_decoded(
        &mut self,
        row: &mut [u8],
        decoded: Result<(), PartialRow>,
    ) -> Result<(), Error> {
        match decoded {
            Ok(()) => {
                self.push(row);
                Ok(())
            }
            Err(PartialRow { pixels, error }) => {
                self.push_start(row, u32::try_from(pixels).unwrap_or(u32::MAX));
                Err(error)
            }
        }
    }

    /// Skips the next `rows` rows, which never came.
    pub(crate) fn skip(&mut self, rows: u32) {
        let source = self.grid.source;
        let rows = rows.min(source.height - self.taken);
        self.lost = self.lost.saturating_add(Size { height: rows, ..source }.pixels());
        (0..rows).for_each(|_| self.next_row(None));
    }

    /// The pixels that never came: those left out so far, and those after the rows so far.
    pub(crate) fn missing(&self) -> Damage {
        let source = self.grid.source;
        let rest = Size { height: source.height - self.taken, ..source };
        Damage { lost: self.lost.saturating_add(rest.pixels()), total: source.pixels() }
    }

    /// Adds the next row to the sums, unless it never came, and writes the row of cells that it completes.
    fn next_row(&mut self, row: Option<&[u8]>) {
        let Grid { source, cell, layout, depth } = self.grid;
        if self.taken >= source.height {
            return;
        }
        let last = source.height - 1;
        let y = match self.order {
            RowOrder::BottomUp => last - self.taken,
            RowOrder::TopDown => self.taken,
        };
        self.taken += 1;
        let length = self.picture.row_bytes();
        let target =
            self.picture.samples.chunks_exact_mut(length).nth(side(y / cell.down)).unwrap_or_default();
        if let Some(row) = row {
            self.sums.add(row, target, self.grid);
            self.summed += 1;
        }
        // The last row of a row of cells to arrive; the partial row of cells at the bottom ends early or starts late.
        let is_complete = match self.order {
            RowOrder::BottomUp => y.is_multiple_of(cell.down),
            RowOrder::TopDown => (y + 1).is_multiple_of(cell.down) || y == last,
        };
        if is_complete {
            match mem::take(&mut self.summed) {
                0 => fill_gap(target, layout, depth),
                rows => self.sums.write_cells(target, self.grid, rows),
            }
        }
    }

    /// The reduced picture and its cells. Rows that did not arrive are filled in.
    pub(crate) fn finish(mut self) -> (Picture, Cell) {
        self.skip(u32::MAX);
        (self.picture, self.grid.cell)
    }
}

impl ColumnSums {
    /// Adds a row to the sums; without sums, copies it to `target`, its row of the picture.
    fn add(&mut self, row: &[u8], target: &mut [u8], grid: Grid) {
        match (self, grid.layout, grid.depth) {
            (Self::None, ..) => {
                if let Some(row) = row.get(..target.len()) {
                    target.copy_from_slice(row);
                }
            }
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
