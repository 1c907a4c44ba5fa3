//! Box averaging of pixels in any order, as interlaced passes and tiles have them: the sums of all cells are kept.
//!
//! The sums take 4 or 8 bytes per sample of the reduced picture, on top of that picture. Each pixel must arrive at most
//! once, since sums only grow. Pixels that never come are counted per cell, in 4 bytes that damaged files alone take.

use crate::imaging::damage::Damage;
use crate::imaging::error::Error;
use crate::imaging::limits::{Budget, to_u64};
use crate::imaging::picture::geometry::{Cell, Size};
use crate::imaging::picture::{Depth, Layout, Picture, side};
use crate::imaging::pixels::reduce::{Grid, Sum, fill_gap, weighted};

/// Takes runs of pixels of a source and gives the reduced picture.
pub(crate) struct Scatter {
    grid: Grid,
    picture: Picture,
    sums: CellSums,
    /// Pixels of each cell that never came; empty if all came or if cells are single pixels.
    missing: Vec<u32>,
    /// All pixels that never came.
    lost: u64,
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

impl Grid {
    /// The number of sums per channel, and the bytes of each.
    fn cell_sums(self) -> (u64, u64) {
        let is_wide = self.layout.has_alpha() && self.depth == Depth::Sixteen;
        (if self.cell == Cell::PIXEL { 0 } else { self.reduced().pixels() }, if is_wide { 8 } else { 4 })
    }
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
        let (pixels, sum) = grid.cell_sums();
        let picture = grid.picture(pixels, sum, budget)?;
        let count = picture.samples.len() / depth.bytes();
        let sums = match (cell, sum) {
            (Cell::PIXEL, _) => CellSums::None,
            (_, 4) => CellSums::U32(vec![0; count]),
            _ => CellSums::U64(vec![0; count]),
        };
        Ok(Self { grid, picture, sums, missing: Vec::new(), lost: 0 })
    }

    /// Bytes that [`Self::new`] reserves.
    pub(crate) fn bytes(source: Size, layout: Layout, depth: Depth, cell: Cell) -> u64 {
        let grid = Grid { source, layout, depth, cell };
        let (pixels, sum) = grid.cell_sums();
        let picture = grid.sample_bytes(grid.reduced().pixels(), to_u64(depth.bytes()));
        picture.saturating_add(grid.sample_bytes(pixels, sum))
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

    /// Notes that up to `count` pixels of a run never come. Pixels outside of the source are ignored. Where cells are
    /// single pixels, `stand_in` gives the distance to the left and up to a pixel that is shown instead.
    ///
    /// # Errors
    /// [`Error::TooMuchMemory`] if the budget does not allow for the counts.
    pub(crate) fn skip(
        &mut self,
        run: Run,
        count: u32,
        stand_in: Option<(u32, u32)>,
        budget: &mut Budget,
    ) -> Result<(), Error> {
        let Grid { source, cell, .. } = self.grid;
        if run.y >= source.height || run.x >= source.width {
            return Ok(());
        }
        let count = count.min((source.width - run.x).div_ceil(run.step));
        self.lost = self.lost.saturating_add(count.into());
        let columns = (0..count).map(|number| run.x + number * run.step);
        if cell == Cell::PIXEL {
            columns.for_each(|x| self.stand_in(x, run.y, stand_in));
            return Ok(());
        }
        let Size { width, .. } = self.picture.size;
        if self.missing.is_empty() {
            let cells = self.picture.size.pixels();
            budget.reserve(cells.saturating_mul(4))?;
            self.missing = vec![0; usize::try_from(cells).unwrap_or(usize::MAX)];
        }
        let row = self.missing.chunks_exact_mut(side(width)).nth(side(run.y / cell.down)).unwrap_or_default();
        for x in columns {
            row.get_mut(side(x / cell.across)).into_iter().for_each(|count| *count += 1);
        }
        Ok(())
    }

    /// The pixels that were [skipped](Self::skip).
    pub(crate) fn missing(&self) -> Damage {
        Damage { lost: self.lost, total: self.grid.source.pixels() }
    }

    /// Fills in a pixel that never came, by another one if there is one.
    fn stand_in(&mut self, x: u32, y: u32, distance: Option<(u32, u32)>) {
        let Grid { source, layout, depth, .. } = self.grid;
        let pixel = self.picture.pixel_bytes();
        let offset = |x: u32, y: u32| (side(y) * side(source.width) + side(x)) * pixel;
        let from = distance.and_then(|(left, up)| Some(offset(x.checked_sub(left)?, y.checked_sub(up)?)));
        let at = offset(x, y);
        match from {
            Some(from) => self.picture.samples.copy_within(from..from + pixel, at),
            None => fill_gap(self.picture.samples.get_mut(at..at + pixel).unwrap_or_default(), layout, depth),
        }
    }

    /// The reduced picture and its cells. Means are over the pixels that were not skipped.
    pub(crate) fn finish(mut self) -> (Picture, Cell) {
        match &self.sums {
            CellSums::None => (),
            CellSums::U32(sums) => write_means(sums, &self.missing, &mut self.picture, self.grid),
            CellSums::U64(sums) => write_means(sums, &self.missing, &mut self.picture, self.grid),
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

fn write_means<S: Sum>(sums: &[S], missing: &[u32], picture: &mut Picture, grid: Grid) {
    match grid.layout {
        Layout::Grey => write_means_of::<S, 1>(sums, missing, picture, grid),
        Layout::GreyAlpha => write_means_of::<S, 2>(sums, missing, picture, grid),
        Layout::Rgb => write_means_of::<S, 3>(sums, missing, picture, grid),
        Layout::Cmyk | Layout::RgbAlpha => write_means_of::<S, 4>(sums, missing, picture, grid),
    }
}

/// [`write_means`] for pixels of `C` samples: writes the mean of every cell.
fn write_means_of<S: Sum, const C: usize>(sums: &[S], missing: &[u32], picture: &mut Picture, grid: Grid) {
    let length = picture.row_bytes();
    let cells = sums.as_chunks::<C>().0.chunks_exact(side(picture.size.width));
    // Without counts nothing is missing.
    let mut missing = missing.iter().copied().chain(std::iter::repeat(0));
    for (y, (cells, row)) in (0..).zip(cells.zip(picture.samples.chunks_exact_mut(length))) {
        let rows = u64::from(grid.rows(y));
        let targets = row.chunks_exact_mut(C * grid.depth.bytes());
        for ((x, (totals, target)), missing) in (0..).zip(cells.iter().zip(targets)).zip(missing.by_ref()) {
            let columns = u64::from(grid.columns(x));
            match (rows * columns).saturating_sub(missing.into()) {
                0 => fill_gap(target, grid.layout, grid.depth),
                count => grid.write_mean(totals.map(S::into), count, target),
            }
        }
    }
}
