//! Rows that come in parts side by side, as tiles have them: a row of tiles is collected, and its rows are scaled.

use crate::imaging::limits::{bytes_of, to_u64};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::{Depth, Layout, Picture, side};
use crate::imaging::pixels::reduce::{Run, fill_gap};
use crate::imaging::pixels::source_scaler::SourceScaler;

/// The rows of a row of tiles.
pub(crate) struct RowBand {
    /// As wide as the source and as high as a tile.
    rows: Picture,
    /// Rows of the source.
    height: u32,
    /// Row of the source that is the first of the band.
    top: u32,
    /// Pixels that never came.
    lost: u64,
}

impl RowBand {
    /// Bytes that a band of `rows` rows takes.
    pub(crate) fn bytes(source: Size, rows: u32, layout: Layout, depth: Depth) -> u64 {
        bytes_of(Size { height: rows, ..source }, to_u64(layout.channels() * depth.bytes()))
    }

    /// A band of `rows` rows, at the top of the source.
    pub(crate) fn new(source: Size, rows: u32, layout: Layout, depth: Depth) -> Self {
        let rows = Picture::blank(Size { height: rows, ..source }, layout, depth);
        Self { rows, height: source.height, top: 0, lost: 0 }
    }

    /// Takes pixels side by side. Rows of tiles come from top to bottom; `scaler` gets the band before once a lower one
    /// begins. Pixels outside of the source are ignored.
    pub(crate) fn push(&mut self, run: Run, samples: &[u8], scaler: &mut SourceScaler) {
        debug_assert_eq!(run.step, 1);
        let place = self.place(run, scaler);
        place.iter_mut().zip(samples).for_each(|(place, sample)| *place = *sample);
    }

    /// Notes that `count` pixels of a run never come, and fills them in.
    pub(crate) fn skip(&mut self, run: Run, count: u32, scaler: &mut SourceScaler) {
        let (layout, depth, pixel) = (self.rows.layout, self.rows.depth, self.rows.pixel_bytes());
        let place = self.place(run, scaler);
        let length = place.len().min(side(count).saturating_mul(pixel));
        fill_gap(place.get_mut(..length).unwrap_or_default(), layout, depth);
        self.lost = self.lost.saturating_add(to_u64(length / pixel));
    }

    /// Pixels that never came.
    pub(crate) fn lost(&self) -> u64 {
        self.lost
    }

    /// Hands the last rows to `scaler`.
    pub(crate) fn finish(mut self, scaler: &mut SourceScaler) {
        self.hand_over(scaler);
    }

    /// The rest of a row from the first pixel of a run on.
    fn place(&mut self, run: Run, scaler: &mut SourceScaler) -> &mut [u8] {
        while run.y >= self.top.saturating_add(self.rows.size.height) && self.top < self.height {
            self.hand_over(scaler);
        }
        let row = side(run.y.saturating_sub(self.top)).saturating_mul(self.rows.row_bytes());
        let start = side(run.x).saturating_mul(self.rows.pixel_bytes());
        let length = self.rows.row_bytes().saturating_sub(start);
        let samples = self.rows.samples.get_mut(row.saturating_add(start)..).unwrap_or_default();
        samples.get_mut(..length).unwrap_or_default()
    }

    /// Hands the rows of the band to `scaler`, and goes on below them.
    fn hand_over(&mut self, scaler: &mut SourceScaler) {
        let rows = self.rows.size.height.min(self.height.saturating_sub(self.top));
        self.rows.rows().take(side(rows)).for_each(|row| scaler.push(row));
        self.top = self.top.saturating_add(self.rows.size.height);
    }
}
