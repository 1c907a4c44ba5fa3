//! Pixels in any order, as interlacing and tiles have them: the sums of all cells are kept to the end.

use crate::imaging::error::Error;
use crate::imaging::limits::Budget;
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::{Depth, Layout, Picture, side};
use crate::imaging::pixels::reduce::{Grid, Sum, weighed};

/// Takes pixels, gives a reduced picture.
pub(crate) struct Scatter {
    grid: Grid,
    picture: Picture,
    cells: Cells,
}

/// Some pixels of one row of the source, from left to right.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Run {
    /// Column of the first of them.
    pub(crate) x: u32,
    pub(crate) y: u32,
    /// Columns from one to the next; at least 1.
    pub(crate) step: u32,
}

/// Sums of the samples of each cell.
enum Cells {
    /// Cells are single pixels.
    None,
    Narrow(Vec<u32>),
    /// Of samples of sixteen bits by the weight of alpha.
    Wide(Vec<u64>),
}

impl Scatter {
    /// Reserves and allocates the reduced picture and the sums.
    pub(crate) fn new(
        source: Size,
        layout: Layout,
        depth: Depth,
        cell: u32,
        budget: &mut Budget,
    ) -> Result<Self, Error> {
        let grid = Grid { source, layout, depth, cell };
        let is_wide = layout.has_alpha() && depth == Depth::Sixteen;
        let pixels = if cell == 1 { 0 } else { grid.reduced().pixels() };
        let picture = grid.picture(pixels, if is_wide { 8 } else { 4 }, budget)?;
        let count = picture.samples.len() / depth.bytes();
        let cells = match (cell, is_wide) {
            (1, _) => Cells::None,
            (_, false) => Cells::Narrow(vec![0; count]),
            (_, true) => Cells::Wide(vec![0; count]),
        };
        Ok(Self { grid, picture, cells })
    }

    /// Takes the pixels of a run, each of which must come once. What lies beside the picture is ignored.
    pub(crate) fn push(&mut self, run: Run, samples: &[u8]) {
        let Grid { source, layout, depth, cell } = self.grid;
        if run.y >= source.height || run.x >= source.width {
            return;
        }
        let pixel = self.picture.pixel_bytes();
        let inside = side((source.width - run.x).div_ceil(run.step)).saturating_mul(pixel);
        let samples = samples.get(..inside).unwrap_or(samples);
        let length = side(self.picture.size.width) * layout.channels();
        let (line, first) = (side(run.y / cell).saturating_mul(length), side(run.x / cell));
        match &mut self.cells {
            Cells::None => {
                let line = self.picture.samples.chunks_exact_mut(length * depth.bytes()).nth(side(run.y));
                let places = line.unwrap_or_default().chunks_exact_mut(pixel).skip(first);
                for (place, pixel) in places.step_by(side(run.step)).zip(samples.chunks_exact(pixel)) {
                    place.copy_from_slice(pixel);
                }
            }
            Cells::Narrow(sums) => {
                let sums = sums.get_mut(line..).and_then(|rest| rest.get_mut(..length)).unwrap_or_default();
                match (depth, layout) {
                    (Depth::Eight, Layout::Cmyk) => add::<_, 4, 1, false>(sums, run, cell, samples),
                    (Depth::Eight, Layout::Grey) => add::<_, 1, 1, false>(sums, run, cell, samples),
                    (Depth::Eight, Layout::GreyAlpha) => add::<_, 2, 1, true>(sums, run, cell, samples),
                    (Depth::Eight, Layout::Rgb) => add::<_, 3, 1, false>(sums, run, cell, samples),
                    (Depth::Eight, Layout::RgbAlpha) => add::<_, 4, 1, true>(sums, run, cell, samples),
                    (Depth::Sixteen, Layout::Grey) => add::<_, 1, 2, false>(sums, run, cell, samples),
                    (Depth::Sixteen, Layout::Rgb) => add::<_, 3, 2, false>(sums, run, cell, samples),
                    (Depth::Sixteen, _) => add::<_, 4, 2, false>(sums, run, cell, samples),
                }
            }
            Cells::Wide(sums) => {
                let sums = sums.get_mut(line..).and_then(|rest| rest.get_mut(..length)).unwrap_or_default();
                match layout {
                    Layout::GreyAlpha => add::<_, 2, 2, true>(sums, run, cell, samples),
                    _ => add::<_, 4, 2, true>(sums, run, cell, samples),
                }
            }
        }
    }

    /// The picture and the side of its cells, pixels.
    pub(crate) fn finish(mut self) -> (Picture, u32) {
        match &self.cells {
            Cells::None => (),
            Cells::Narrow(sums) => settle(sums, &mut self.picture, self.grid),
            Cells::Wide(sums) => settle(sums, &mut self.picture, self.grid),
        }
        (self.picture, self.grid.cell)
    }
}

/// Adds the pixels of a run to a row of cells.
fn add<S: Sum, const C: usize, const B: usize, const ALPHA: bool>(
    sums: &mut [S],
    run: Run,
    cell: u32,
    samples: &[u8],
) {
    let cells = sums.as_chunks_mut::<C>().0;
    let (mut at, mut within) = (side(run.x / cell), run.x % cell);
    for pixel in samples.as_chunks::<B>().0.as_chunks::<C>().0 {
        let Some(sums) = cells.get_mut(at) else { return };
        for (sum, sample) in sums.iter_mut().zip(weighed::<S, C, B, ALPHA>(pixel)) {
            *sum += sample;
        }
        within = within.saturating_add(run.step);
        while within >= cell {
            within -= cell;
            at += 1;
        }
    }
}

fn settle<S: Sum>(sums: &[S], picture: &mut Picture, grid: Grid) {
    match grid.layout {
        Layout::Grey => settle_pixels::<S, 1>(sums, picture, grid),
        Layout::GreyAlpha => settle_pixels::<S, 2>(sums, picture, grid),
        Layout::Rgb => settle_pixels::<S, 3>(sums, picture, grid),
        Layout::Cmyk | Layout::RgbAlpha => settle_pixels::<S, 4>(sums, picture, grid),
    }
}

/// [`settle`] for pixels of `C` samples: writes the means of all cells.
fn settle_pixels<S: Sum, const C: usize>(sums: &[S], picture: &mut Picture, grid: Grid) {
    let length = picture.row_bytes();
    let cells = sums.as_chunks::<C>().0.chunks_exact(side(picture.size.width));
    for (y, (cells, places)) in (0..).zip(cells.zip(picture.samples.chunks_exact_mut(length))) {
        let rows = u64::from(grid.covered(y, grid.source.height));
        let places = places.chunks_exact_mut(C * grid.depth.bytes());
        for (x, (totals, place)) in (0..).zip(cells.iter().zip(places)) {
            let columns = u64::from(grid.covered(x, grid.source.width));
            grid.write_mean(totals.map(S::into), rows * columns, place);
        }
    }
}
