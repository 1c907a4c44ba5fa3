//! Averages rows into a smaller picture while they are decoded, so that the full one is never in memory.
//!
//! Cells of n by n pixels become one, alpha weighing the colours. Cells at the right and lower edge cover
//! only what is there.

use super::Error;
use super::geometry::Size;
use super::limits::Budget;
use super::picture::{Depth, Layout, Picture, side};

/// Reduced pixels for each pixel of the thumbnail, at least. An integer box and then Lanczos keep 96 of 100
/// SSIMULACRA2 points at 4, and 94 on fine textures at 3.
const MARGIN: f64 = 4.0;

/// Largest cell, so that sums of 16-bit samples times alpha fit in 64 bits with room to spare.
const LARGEST_CELL: u32 = 256;

/// Takes rows, gives a reduced picture.
pub(super) struct Reducer {
    source: Size,
    /// Side of a cell, pixels.
    cell: u32,
    picture: Picture,
    /// Sums of the row of cells that is being filled; empty when cells are single pixels.
    sums: Vec<u64>,
    /// Rows taken so far.
    taken: u32,
}

impl Reducer {
    /// The cell for a [`Demand`](super::geometry::Demand): 1 is no reduction.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and LARGEST_CELL")]
    pub(super) fn cell(ratio: f64) -> u32 {
        (1.0 / (MARGIN * ratio)).floor().clamp(1.0, f64::from(LARGEST_CELL)) as u32
    }

    /// Reserves and allocates the reduced picture.
    pub(super) fn new(
        source: Size,
        layout: Layout,
        depth: Depth,
        cell: u32,
        budget: &mut Budget,
    ) -> Result<Self, Error> {
        let size = Size { width: source.width.div_ceil(cell), height: source.height.div_ceil(cell) };
        let pixel = layout.channels() * depth.bytes();
        let sums = if cell == 1 { 0 } else { side(size.width).saturating_mul(layout.channels()) };
        let bytes = size.pixels().saturating_mul(u64::try_from(pixel).unwrap_or(u64::MAX));
        budget.reserve(bytes.saturating_add(u64::try_from(sums).unwrap_or(u64::MAX).saturating_mul(8)))?;
        Ok(Self { source, cell, picture: Picture::blank(size, layout, depth), sums: vec![0; sums], taken: 0 })
    }

    /// Takes the next row, from the top. Rows past the last one are ignored.
    pub(super) fn push(&mut self, row: &[u8]) {
        if self.taken >= self.source.height {
            return;
        }
        let at = side(self.taken / self.cell).saturating_mul(self.picture.row_bytes());
        self.taken += 1;
        if self.cell == 1 {
            let length = self.picture.row_bytes().min(row.len());
            let target = self.picture.samples.get_mut(at..).and_then(|rest| rest.get_mut(..length));
            if let (Some(target), Some(row)) = (target, row.get(..length)) {
                target.copy_from_slice(row);
            }
            return;
        }
        match (self.picture.depth, self.picture.layout) {
            (Depth::Eight, Layout::Grey) => self.add::<1, 1, false>(row),
            (Depth::Eight, Layout::GreyAlpha) => self.add::<2, 1, true>(row),
            (Depth::Eight, Layout::Rgb) => self.add::<3, 1, false>(row),
            (Depth::Eight, Layout::RgbAlpha) => self.add::<4, 1, true>(row),
            (Depth::Eight, Layout::Cmyk) => self.add::<4, 1, false>(row),
            (Depth::Sixteen, Layout::Grey) => self.add::<1, 2, false>(row),
            (Depth::Sixteen, Layout::GreyAlpha) => self.add::<2, 2, true>(row),
            (Depth::Sixteen, Layout::Rgb) => self.add::<3, 2, false>(row),
            (Depth::Sixteen, Layout::RgbAlpha) => self.add::<4, 2, true>(row),
            (Depth::Sixteen, Layout::Cmyk) => self.add::<4, 2, false>(row),
        }
        if self.taken.is_multiple_of(self.cell) || self.taken == self.source.height {
            self.settle(at);
        }
    }

    /// The picture and the side of its cells, pixels.
    pub(super) fn finish(self) -> (Picture, u32) {
        (self.picture, self.cell)
    }

    /// Adds a row of pixels of `C` samples of `B` bytes to the sums; with `ALPHA`, colours weigh by it.
    #[expect(clippy::indexing_slicing, reason = "constant indices below the constant lengths C and B")]
    fn add<const C: usize, const B: usize, const ALPHA: bool>(&mut self, row: &[u8]) {
        let (sums, _) = self.sums.as_chunks_mut::<C>();
        let pixels = row.chunks_exact(side(self.cell) * C * B);
        let rest = pixels.remainder();
        let cells = pixels.chain((!rest.is_empty()).then_some(rest));
        for (sum, cell) in sums.iter_mut().zip(cells) {
            let mut total = [0_u64; C];
            for pixel in cell.chunks_exact(C * B) {
                let sample = |i: usize| match B {
                    1 => u64::from(pixel[i]),
                    _ => u64::from(u16::from_ne_bytes([pixel[i * 2], pixel[i * 2 + 1]])),
                };
                let weight = if ALPHA { sample(C - 1) } else { 1 };
                let colors = if ALPHA { C - 1 } else { C };
                for (i, total) in total.iter_mut().take(colors).enumerate() {
                    *total += sample(i) * weight;
                }
                if ALPHA {
                    total[C - 1] += weight;
                }
            }
            for (sum, total) in sum.iter_mut().zip(total) {
                *sum += total;
            }
        }
    }

    /// Writes the means of a full row of cells at a place in the picture and starts over.
    fn settle(&mut self, at: usize) {
        let (channels, depth) = (self.picture.layout.channels(), self.picture.depth);
        let has_alpha = self.picture.layout.has_alpha();
        let rows = u64::from((self.taken - 1) % self.cell + 1);
        let last = self.source.width.div_ceil(self.cell).saturating_sub(1);
        let places = self.picture.samples.get_mut(at..).unwrap_or_default();
        let places = places.chunks_exact_mut(channels * depth.bytes());
        for (x, (sums, place)) in (0_u32..).zip(self.sums.chunks_exact_mut(channels).zip(places)) {
            let columns = if x == last { self.source.width - x * self.cell } else { self.cell };
            let count = rows * u64::from(columns);
            let weight = if has_alpha { sums.last().copied().unwrap_or(0) } else { count };
            for (i, (sum, place)) in sums.iter_mut().zip(place.chunks_exact_mut(depth.bytes())).enumerate() {
                let by = if has_alpha && i + 1 == channels { count } else { weight };
                let mean = (*sum + by / 2).checked_div(by).unwrap_or(0);
                match place {
                    [only] => *only = u8::try_from(mean).unwrap_or(u8::MAX),
                    pair => pair.copy_from_slice(&u16::try_from(mean).unwrap_or(u16::MAX).to_ne_bytes()),
                }
                *sum = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::damage::Tolerance;
    use super::super::limits::Limits;
    use super::*;

    fn reduce(width: u32, layout: Layout, depth: Depth, cell: u32, rows: &[&[u8]]) -> Picture {
        let source = Size { width, height: u32::try_from(rows.len()).unwrap() };
        let mut budget = Budget::new(Limits { max_pixels: 100, memory: 1000, damage: Tolerance::default() });
        let mut reducer = Reducer::new(source, layout, depth, cell, &mut budget).unwrap();
        rows.iter().for_each(|row| reducer.push(row));
        reducer.finish().0
    }

    #[test]
    fn cells_are_means_and_edges_cover_what_is_there() {
        let rows: [&[u8]; 3] = [&[10, 20, 50], &[30, 40, 70], &[1, 2, 9]];
        let picture = reduce(3, Layout::Grey, Depth::Eight, 2, &rows);
        assert_eq!(picture.samples, [25, 60, 2, 9]);
    }

    #[test]
    fn transparent_colour_does_not_bleed() {
        let picture = reduce(2, Layout::GreyAlpha, Depth::Eight, 2, &[&[200, 255, 0, 0]]);
        assert_eq!(picture.samples, [200, 128]);
    }

    #[test]
    fn sixteen_bits_stay_sixteen() {
        let row: Vec<u8> = [1000_u16, 3001].iter().flat_map(|sample| sample.to_ne_bytes()).collect();
        let picture = reduce(2, Layout::Grey, Depth::Sixteen, 2, &[&row]);
        assert_eq!(picture.samples, 2001_u16.to_ne_bytes());
    }

    #[test]
    fn single_pixel_cells_copy() {
        let picture = reduce(2, Layout::Rgb, Depth::Eight, 1, &[&[1, 2, 3, 4, 5, 6]]);
        assert_eq!(picture.samples, [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn cell_leaves_four_pixels_for_each() {
        for (ratio, cell) in [(1.0, 1), (0.2, 1), (0.1, 2), (300.0 / 4032.0, 3), (0.000_01, 256)] {
            assert_eq!(Reducer::cell(ratio), cell, "{ratio}");
        }
    }
}
