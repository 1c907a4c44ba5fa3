//! Conversion of planes to a picture: chroma brought to the resolution of luma, and YCbCr to RGB (ITU-T H.273, section
//! 8.3).
//!
//! The conversion is affine: the mean of converted pixels is the converted mean, apart from clamping to 0 to 1.
//! Planes are therefore averaged over cells first, and one pixel per cell is converted. With alpha this would be
//! wrong, because alpha must weigh the colours, and so it would with a matrix that rounds; then every pixel is
//! converted.
//!
//! Memory: [`Converter::row_bytes`].

use crate::imaging::decode::heif::cicp::Matrix;
use crate::imaging::decode::heif::planes::{Plane, Planes};
use crate::imaging::error::Error;
use crate::imaging::limits::{Cancel, to_u64};
use crate::imaging::picture::geometry::{Cell, Size};
use crate::imaging::picture::{Depth, Layout, side};
use crate::imaging::pixels::source_scaler::SourceScaler;

/// A rectangle of the planes, in luma samples.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Crop {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) size: Size,
}

/// Planes of colour and alpha, and how to convert them.
pub(super) struct Converter<'a> {
    pub(super) color: &'a Planes,
    pub(super) alpha: Option<(&'a Planes, Matrix)>,
    /// `true` if colours are stored multiplied by alpha.
    pub(super) premultiplied: bool,
    pub(super) matrix: Matrix,
    pub(super) crop: Crop,
}

impl Converter<'_> {
    /// Layout and depth of the converted picture.
    pub(super) fn layout(&self) -> (Layout, Depth) {
        let layout = match (self.color.format.chroma, self.alpha) {
            (None, None) => Layout::Grey,
            (None, Some(_)) => Layout::GreyAlpha,
            (Some(_), None) => Layout::Rgb,
            (Some(_), Some(_)) => Layout::RgbAlpha,
        };
        (layout, if self.color.format.is_wide() { Depth::Sixteen } else { Depth::Eight })
    }

    /// Returns `true` if every pixel must be converted before pixels are averaged.
    pub(super) fn needs_every_pixel(&self) -> bool {
        self.alpha.is_some() || self.matrix.is_lifted()
    }

    /// Bytes of the rows that a conversion holds: for each plane two values of four bytes per column, and a row of
    /// the picture.
    pub(super) fn row_bytes(&self) -> u64 {
        let (layout, depth) = self.layout();
        let planes = self.color.planes.len() + usize::from(self.alpha.is_some());
        let column = 8 * planes + layout.channels() * depth.bytes();
        u64::from(self.crop.size.width).saturating_mul(to_u64(column))
    }

    /// The largest cell that is at most `wanted` and covers whole chroma samples: with halved chroma, its sides are
    /// even, or it is a single pixel.
    pub(super) fn cell(&self, wanted: Cell) -> Cell {
        let halved = self.color.format.chroma.is_some_and(|chroma| chroma.across || chroma.down);
        let even = Cell { across: wanted.across & !1, down: wanted.down & !1 };
        match even {
            _ if !halved => wanted,
            Cell { across: 0, .. } | Cell { down: 0, .. } => Cell::PIXEL,
            even => even,
        }
    }

    /// Pushes the rows of means of cells, which [`Self::cell`] gives.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub(super) fn convert(
        &self,
        cell: Cell,
        scaler: &mut SourceScaler,
        cancel: &Cancel,
    ) -> Result<(), Error> {
        debug_assert_eq!(self.cell(cell), cell);
        let (layout, depth) = self.layout();
        let size = cell.reduced(self.crop.size);
        let mut planes = self.plane_rows(cell);
        let mut row = vec![0; side(size.width).saturating_mul(layout.channels() * depth.bytes())];
        let is_planar = layout == Layout::Rgb
            && depth == Depth::Eight
            && !self.matrix.is_lifted()
            && scaler.takes_planes();
        for y in 0..size.height {
            cancel.check()?;
            planes.iter_mut().for_each(|plane| plane.fill(y));
            match planes.as_slice() {
                [luma, first, second] if is_planar => {
                    self.matrix.color_planes(luma.row(), first.row(), second.row(), &mut row);
                    scaler.push_planes(&row);
                }
                planes => {
                    self.convert_row(planes, &mut row);
                    scaler.push(&row);
                }
            }
        }
        Ok(())
    }

    /// Row readers of all planes: luma, both of chroma if there is chroma, alpha if there is alpha.
    fn plane_rows(&self, cell: Cell) -> Vec<PlaneRows<'_>> {
        let wide = self.color.format.is_wide();
        let mut rows: Vec<PlaneRows<'_>> = Vec::new();
        for (number, plane) in self.color.planes.iter().enumerate() {
            let chroma = self.color.format.chroma.filter(|_| number > 0);
            let (across, down) = chroma.map_or((false, false), |chroma| (chroma.across, chroma.down));
            rows.push(PlaneRows::new(plane, wide, self.crop, cell, [across, down]));
        }
        if let Some((alpha, _)) = self.alpha {
            let wide = alpha.format.is_wide();
            let plane = alpha.planes.first();
            rows.extend(plane.map(|plane| PlaneRows::new(plane, wide, self.crop, Cell::PIXEL, [false; 2])));
        }
        rows
    }

    /// Converts the rows that planes hold into `row`, pixel by pixel.
    fn convert_row(&self, planes: &[PlaneRows<'_>], row: &mut [u8]) {
        let values: Vec<&[f32]> = planes.iter().map(PlaneRows::row).collect();
        let (layout, depth) = self.layout();
        let unpremultiply = |colors: [f32; 3], alpha: f32| {
            if self.premultiplied && alpha > 0.0 { colors.map(|color| color / alpha) } else { colors }
        };
        let alpha_of = |sample: f32| self.alpha.map_or(1.0, |(_, matrix)| matrix.grey(sample));
        let pixels = row.chunks_exact_mut(layout.channels() * depth.bytes());
        match *values.as_slice() {
            [luma] => {
                for (pixel, luma) in pixels.zip(luma) {
                    store([self.matrix.grey(*luma)], depth, pixel);
                }
            }
            [luma, alpha] => {
                for ((pixel, luma), alpha) in pixels.zip(luma).zip(alpha) {
                    let alpha = alpha_of(*alpha);
                    let [grey, ..] = unpremultiply([self.matrix.grey(*luma); 3], alpha);
                    store([grey, alpha], depth, pixel);
                }
            }
            [luma, first, second] => {
                for (((pixel, luma), first), second) in pixels.zip(luma).zip(first).zip(second) {
                    store(self.matrix.colors(*luma, *first, *second), depth, pixel);
                }
            }
            [luma, first, second, alpha] => {
                for ((((pixel, luma), first), second), alpha) in
                    pixels.zip(luma).zip(first).zip(second).zip(alpha)
                {
                    let alpha = alpha_of(*alpha);
                    let [r, g, b] = unpremultiply(self.matrix.colors(*luma, *first, *second), alpha);
                    store([r, g, b, alpha], depth, pixel);
                }
            }
            // `plane_rows` returns one to four planes.
            _ => (),
        }
    }
}

/// Writes samples of 0 to 1, rounded to nearest. Unpremultiplied colours may exceed 1 and saturate.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
fn store<const N: usize>(samples: [f32; N], depth: Depth, pixel: &mut [u8]) {
    match depth {
        Depth::Eight => {
            for (target, sample) in pixel.iter_mut().zip(samples) {
                *target = (sample * 255.0 + 0.5) as u8;
            }
        }
        Depth::Sixteen => {
            for (target, sample) in pixel.as_chunks_mut::<2>().0.iter_mut().zip(samples) {
                *target = ((sample * 65_535.0 + 0.5) as u16).to_ne_bytes();
            }
        }
    }
}

/// A plane, read row by row at the resolution of the picture.
struct PlaneRows<'a> {
    plane: &'a Plane,
    /// `true` if samples have two bytes.
    wide: bool,
    crop: Crop,
    /// The cells that are averaged, luma samples.
    cell: Cell,
    /// `true` where the plane has half the resolution of luma: across, down.
    halved: [bool; 2],
    /// Column sums of a row of cells.
    sums: Vec<u32>,
    /// A row of samples, interpolated down where the plane is halved.
    samples: Vec<f32>,
    /// The row that was filled last, from `start` on.
    values: Vec<f32>,
    start: usize,
}

impl<'a> PlaneRows<'a> {
    fn new(plane: &'a Plane, wide: bool, crop: Crop, cell: Cell, halved: [bool; 2]) -> Self {
        let values = vec![0.0; side(crop.size.width.div_ceil(cell.across))];
        Self { plane, wide, crop, cell, halved, sums: Vec::new(), samples: Vec::new(), values, start: 0 }
    }

    /// The row that was filled last.
    fn row(&self) -> &[f32] {
        self.values.get(self.start..).unwrap_or_default()
    }

    /// Fills `values` with row `y` of the picture.
    fn fill(&mut self, y: u32) {
        if self.cell == Cell::PIXEL { self.interpolate(y) } else { self.average(y) }
    }

    /// Means of the cells in row `y` of cells.
    ///
    /// A cell covers half as many samples of a halved plane. Its sides are then even by [`Converter::cell`], so that
    /// chroma cells cover the same area as luma cells.
    fn average(&mut self, y: u32) {
        let Crop { left, top, size } = self.crop;
        let [left, width, across] = Self::in_plane(left, size.width, self.cell.across, self.halved[0]);
        let [top, height, down] = Self::in_plane(top, size.height, self.cell.down, self.halved[1]);
        let first = y.saturating_mul(down);
        // The last row of cells may be cut off by the edge.
        let count = down.min(height.saturating_sub(first));
        self.sums.clear();
        self.sums.resize(side(width), 0);
        for y in first..first.saturating_add(count) {
            let row = self.plane.row(top.saturating_add(y));
            if self.wide {
                let row = row.as_chunks::<2>().0.get(side(left)..).unwrap_or_default();
                for (sum, sample) in self.sums.iter_mut().zip(row) {
                    *sum += u32::from(u16::from_ne_bytes(*sample));
                }
            } else {
                let row = row.get(side(left)..).unwrap_or_default();
                for (sum, sample) in self.sums.iter_mut().zip(row) {
                    *sum += u32::from(*sample);
                }
            }
        }
        // Bound: a cell has at most 256 × 256 = 2^16 samples of 12 bits, so that its sum is below 2^28.
        let weight = |columns: usize| 1.0 / (columns as f32 * count as f32).max(1.0);
        let full = weight(side(across));
        match across {
            1 => self.values.iter_mut().zip(&self.sums).for_each(|(value, sum)| *value = *sum as f32 * full),
            2 => {
                let (pairs, rest) = self.sums.as_chunks::<2>();
                let mut values = self.values.iter_mut();
                values.by_ref().zip(pairs).for_each(|(value, [a, b])| *value = (a + b) as f32 * full);
                values.zip(rest).for_each(|(value, sum)| *value = *sum as f32 * weight(1));
            }
            _ => {
                for (value, sums) in self.values.iter_mut().zip(self.sums.chunks(side(across).max(1))) {
                    let weight = if sums.len() == side(across) { full } else { weight(sums.len()) };
                    *value = sums.iter().sum::<u32>() as f32 * weight;
                }
            }
        }
    }

    /// Start and length of a side of the crop, and side of a cell, in samples of the plane.
    fn in_plane(start: u32, length: u32, cell: u32, halved: bool) -> [u32; 3] {
        if halved { [start / 2, length.div_ceil(2), cell / 2] } else { [start, length, cell] }
    }

    /// The samples of row `y`, interpolated linearly where the plane is halved.
    ///
    /// A chroma sample k is taken to lie midway between luma samples 2k and 2k + 1. In units of chroma samples, each
    /// of these is 1/4 away from k and 3/4 from the neighbour on its other side. Linear interpolation weighs the near
    /// sample by 3/4, the far one by 1/4. At the edge the far sample is the near one.
    fn interpolate(&mut self, y: u32) {
        let y = self.crop.top.saturating_add(y);
        let (near, far) = neighbours(y, self.plane.size.height, self.halved[1]);
        read_samples(self.plane.row(near), self.wide, &mut self.samples);
        if self.halved[1] {
            read_samples(self.plane.row(far), self.wide, &mut self.values);
            for (near, far) in self.samples.iter_mut().zip(&self.values) {
                *near = 0.75 * *near + 0.25 * *far;
            }
        }
        let (left, width) = (side(self.crop.left), side(self.crop.size.width));
        self.values.clear();
        if !self.halved[0] {
            self.start = 0;
            let samples = self.samples.get(left..).unwrap_or_default();
            self.values.extend(samples.iter().take(width));
            return;
        }
        // Pairs of luma samples, from the one in which the crop begins.
        self.start = left % 2;
        let samples = self.samples.get(..side(self.plane.size.width)).unwrap_or(&self.samples);
        let first = left / 2;
        let before =
            samples.get(first.saturating_sub(1)).or_else(|| samples.first()).copied().unwrap_or_default();
        let here = samples.get(first..).unwrap_or_default();
        let last = here.last().copied().unwrap_or(before);
        let befores = std::iter::once(&before).chain(here);
        let afters = here.iter().skip(1).chain(std::iter::once(&last));
        for ((before, here), after) in befores.zip(here).zip(afters) {
            let near = 0.75 * here;
            self.values.extend([near + 0.25 * before, near + 0.25 * after]);
        }
        self.values.truncate(self.start + width);
    }
}

/// Indices of the nearest sample, and of the sample on the other side, of a position in luma samples.
fn neighbours(at: u32, length: u32, halved: bool) -> (u32, u32) {
    if !halved {
        return (at, at);
    }
    let near = at / 2;
    let far = if at.is_multiple_of(2) { near.saturating_sub(1) } else { near + 1 };
    (near, far.min(length.saturating_sub(1)))
}

/// Sets `samples` to those of a row.
fn read_samples(row: &[u8], wide: bool, samples: &mut Vec<f32>) {
    samples.clear();
    if wide {
        samples.extend(row.as_chunks::<2>().0.iter().map(|sample| f32::from(u16::from_ne_bytes(*sample))));
    } else {
        samples.extend(row.iter().map(|sample| f32::from(*sample)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halved_chroma_is_interpolated_from_both_sides() {
        assert_eq!(neighbours(5, 9, false), (5, 5));
        assert_eq!(neighbours(0, 4, true), (0, 0));
        assert_eq!(neighbours(1, 4, true), (0, 1));
        assert_eq!(neighbours(2, 4, true), (1, 0));
        assert_eq!(neighbours(7, 4, true), (3, 3), "the last sample has no other side");
    }

    #[test]
    fn samples_are_rounded_and_saturate() {
        let mut eight = [0; 3];
        store([-0.2, 0.5, 1.5], Depth::Eight, &mut eight);
        assert_eq!(eight, [0, 128, 255]);
        let mut sixteen = [0; 2];
        store([0.25], Depth::Sixteen, &mut sixteen);
        assert_eq!(u16::from_ne_bytes(sixteen), 16_384);
    }
}
