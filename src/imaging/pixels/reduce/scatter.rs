//! Box averaging of pixels in any order, as interlaced passes and tiles have them: the sums of all cells are kept.
//!
//! The sums take 4 or 8 bytes per sample of the reduced picture, on top of that picture. Each pixel must arrive at most
//! once, since sums only grow.

use crate::imaging::error::Error;
use crate::imaging::limits::Budget;
use crate::imaging::picture::geometry::{Cell, Size};
use crate::imaging::picture::{Depth, Layout, Picture, side};
use crate::imaging::pixels::reduce::{Grid, Sum, weighted};

/// Takes runs of pixels of a source and gives the reduced picture.
pub(crate) struct Scatter {
    grid: Grid,
    picture: Picture,
    sums: CellSums,
}

/// The position of some pixels in one row of the source, from left to right.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Run {
    /// Column of the first pixel.
    pub(crate) x: u32,
    /// Row of all pixels.
    pub(crate) y: u32,
    /// Columns from one pixel to the next; at least 1.
    pub(crate) step: u32,
}

/// The sum of each channel of each cell, as wide as the samples need.
enum CellSums {
    /// Cells are single pixels, which are copied.
    None,
    /// All other samples.
    U32(Vec<u32>),
    /// Samples of sixteen bits times alpha.
    U64(Vec<u64>),
}

impl Scatter {
    /// Reserves and allocates the reduced picture and the sums of its cells.
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
        let is_wide = layout.has_alpha() && depth == Depth::Sixteen;
        let pixels = if cell == Cell::PIXEL { 0 } else { grid.reduced().pixels() };
        let picture = grid.picture(pixels, if is_wide { 8 } else { 4 }, budget)?;
        let count = picture.samples.len() / depth.bytes();
        let sums = match (cell, is_wide) {
            (Cell::PIXEL, _) => CellSums::None,
            (_, false) => CellSums::U32(vec![0; count]),
            (_, true) => CellSums::U64(vec![0; count]),
        };
        Ok(Self { grid, picture, sums })
    }

    /// Takes the pixels of a run. Pixels outside of the source are ignored.
    pub(crate) fn push(&mut self, run: Run, samples: &[u8]) {
        let Grid { source, layout, depth, cell } = self.grid;
        if run.y >= source.height || run.x >= source.width {
            return;
        }
        let pixel_bytes = self.picture.pixel_bytes();
        let inside = side((source.width - run.x).div_ceil(run.step)).saturating_mul(pixel_bytes);
        let samples = samples.get(..inside).unwrap_or(samples);
        // Samples per row of cells, the first sample of this row of cells, and its first cell.
        let length = side(self.picture.size.width) * layout.channels();
        let (start, first) = (side(run.y / cell.down).saturating_mul(length), side(run.x / cell.across));
        match &mut self.sums {
            CellSums::None => {
                let row = self.picture.samples.chunks_exact_mut(length * depth.bytes()).nth(side(run.y));
                let targets = row.unwrap_or_default().chunks_exact_mut(pixel_bytes).skip(first);
                for (target, pixel) in targets.step_by(side(run.step)).zip(samples.chunks_exact(pixel_bytes))
                {
                    target.copy_from_slice(pixel);
                }
            }
            CellSums::U32(sums) => {
                let sums = sums.get_mut(start..).and_then(|rest| rest.get_mut(..length)).unwrap_or_default();
                match (depth, layout) {
                    (Depth::Eight, Layout::Cmyk) => add::<_, 4, 1, false>(sums, run, cell.across, samples),
                    (Depth::Eight, Layout::Grey) => add::<_, 1, 1, false>(sums, run, cell.across, samples),
                    (Depth::Eight, Layout::GreyAlpha) => {
                        add::<_, 2, 1, true>(sums, run, cell.across, samples)
                    }
                    (Depth::Eight, Layout::Rgb) => add::<_, 3, 1, false>(sums, run, cell.across, samples),
                    (Depth::Eight, Layout::RgbAlpha) => add::<_, 4, 1, true>(sums, run, cell.across, samples),
                    (Depth::Sixteen, Layout::Grey) => add::<_, 1, 2, false>(sums, run, cell.across, samples),
                    (Depth::Sixteen, Layout::Rgb) => add::<_, 3, 2, false>(sums, run, cell.across, samples),
                    (Depth::Sixteen, _) => add::<_, 4, 2, false>(sums, run, cell.across, samples),
                }
            }
            CellSums::U64(sums) => {
                let sums = sums.get_mut(start..).and_then(|rest| rest.get_mut(..length)).unwrap_or_default();
                match layout {
                    Layout::GreyAlpha => add::<_, 2, 2, true>(sums, run, cell.across, samples),
                    _ => add::<_, 4, 2, true>(sums, run, cell.across, samples),
                }
            }
        }
    }

    /// The reduced picture and its cells. Means count pixels that did not arrive as zeros.
    pub(crate) fn finish(mut self) -> (Picture, Cell) {
        match &self.sums {
            CellSums::None => (),
            CellSums::U32(sums) => write_means(sums, &mut self.picture, self.grid),
            CellSums::U64(sums) => write_means(sums, &mut self.picture, self.grid),
        }
        (self.picture, self.grid.cell)
    }
}

/// Adds the pixels of a run to the sums of a row of cells of `width` columns.
fn add<S: Sum, const C: usize, const B: usize, const ALPHA: bool>(
    sums: &mut [S],
    run: Run,
    width: u32,
    samples: &[u8],
) {
    let cells = sums.as_chunks_mut::<C>().0;
    // The cell of the current pixel, and the pixel's column within it: a division per run instead of one per pixel.
    let (mut index, mut within) = (side(run.x / width), run.x % width);
    for pixel in samples.as_chunks::<B>().0.as_chunks::<C>().0 {
        let Some(sums) = cells.get_mut(index) else { return };
        for (sum, sample) in sums.iter_mut().zip(weighted::<S, C, B, ALPHA>(pixel)) {
            *sum += sample;
        }
        within = within.saturating_add(run.step);
        while within >= width {
            within -= width;
            index += 1;
        }
    }
}

fn write_means<S: Sum>(sums: &[S], picture: &mut Picture, grid: Grid) {
    match grid.layout {
        Layout::Grey => write_means_of::<S, 1>(sums, picture, grid),
        Layout::GreyAlpha => write_means_of::<S, 2>(sums, picture, grid),
        Layout::Rgb => write_means_of::<S, 3>(sums, picture, grid),
        Layout::Cmyk | Layout::RgbAlpha => write_means_of::<S, 4>(sums, picture, grid),
    }
}

/// [`write_means`] for pixels of `C` samples: writes the mean of every cell.
fn write_means_of<S: Sum, const C: usize>(sums: &[S], picture: &mut Picture, grid: Grid) {
    let length = picture.row_bytes();
    let cells = sums.as_chunks::<C>().0.chunks_exact(side(picture.size.width));
    for (y, (cells, row)) in (0..).zip(cells.zip(picture.samples.chunks_exact_mut(length))) {
        let rows = u64::from(grid.rows(y));
        let targets = row.chunks_exact_mut(C * grid.depth.bytes());
        for (x, (totals, target)) in (0..).zip(cells.iter().zip(targets)) {
            let columns = u64::from(grid.columns(x));
            grid.write_mean(totals.map(S::into), rows * columns, target);
        }
    }
}
