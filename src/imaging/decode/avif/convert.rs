//! Planes to a picture: chroma brought to the resolution of luma, averaged where a smaller picture will do, and
//! taken from luma and chroma to red, green and blue (ITU-T H.273, section 8.3).
//!
//! That conversion is linear, so that planes are averaged first and fewer pixels are converted. Only where alpha must
//! weigh the colours is each pixel converted by itself. Memory: a few rows.

use crate::imaging::decode::avif::cicp::Matrix;
use crate::imaging::decode::avif::planes::{Plane, Planes};
use crate::imaging::error::Error;
use crate::imaging::limits::Cancel;
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::{Depth, Layout, Picture, side};
use crate::imaging::pixels::reduce::Reducer;

/// A part of the planes, pixels of luma.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Crop {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) size: Size,
}

/// Colours, and alpha where there is some.
pub(super) struct Converter<'a> {
    pub(super) color: &'a Planes,
    pub(super) alpha: Option<(&'a Planes, Matrix)>,
    /// Whether colours were multiplied by alpha.
    pub(super) premultiplied: bool,
    pub(super) matrix: Matrix,
    pub(super) part: Crop,
}

impl Converter<'_> {
    /// What the samples of the picture will be.
    pub(super) fn layout(&self) -> (Layout, Depth) {
        let layout = match (self.color.format.chroma, self.alpha) {
            (None, None) => Layout::Grey,
            (None, Some(_)) => Layout::GreyAlpha,
            (Some(_), None) => Layout::Rgb,
            (Some(_), Some(_)) => Layout::RgbAlpha,
        };
        (layout, if self.color.format.bits > 8 { Depth::Sixteen } else { Depth::Eight })
    }

    /// The largest cell that is not larger than this, and that the planes can be averaged by.
    pub(super) fn cell(&self, wanted: u32) -> u32 {
        let halved = self.color.format.chroma.is_some_and(|chroma| chroma.across || chroma.down);
        if halved && wanted > 1 { wanted & !1 } else { wanted }
    }

    /// The picture of means of cells; there must be no alpha.
    pub(super) fn averaged(&self, cell: u32, picture: &mut Picture, cancel: &Cancel) -> Result<(), Error> {
        let mut rows = self.rows(cell);
        let row_bytes = picture.row_bytes();
        for (y, place) in (0..).zip(picture.samples.chunks_exact_mut(row_bytes)) {
            cancel.check()?;
            self.row(&mut rows, y, place);
        }
        Ok(())
    }

    /// Hands every pixel to a reducer.
    pub(super) fn all(&self, reducer: &mut Reducer, cancel: &Cancel) -> Result<(), Error> {
        let (layout, depth) = self.layout();
        let mut rows = self.rows(1);
        let mut row = vec![0; side(self.part.size.width).saturating_mul(layout.channels() * depth.bytes())];
        for y in 0..self.part.size.height {
            cancel.check()?;
            self.row(&mut rows, y, &mut row);
            reducer.push(&row);
        }
        Ok(())
    }

    fn rows(&self, cell: u32) -> Vec<Rows<'_>> {
        let wide = self.color.format.bits > 8;
        let mut rows: Vec<Rows<'_>> = Vec::new();
        for (number, plane) in self.color.planes.iter().enumerate() {
            let chroma = self.color.format.chroma.filter(|_| number > 0);
            let (across, down) = chroma.map_or((false, false), |chroma| (chroma.across, chroma.down));
            rows.push(Rows::new(plane, wide, self.part, cell, [across, down]));
        }
        if let Some((alpha, _)) = self.alpha {
            let wide = alpha.format.bits > 8;
            let plane = alpha.planes.first();
            rows.extend(plane.map(|plane| Rows::new(plane, wide, self.part, 1, [false; 2])));
        }
        rows
    }

    /// Fills one row of the picture.
    fn row(&self, rows: &mut [Rows<'_>], y: u32, place: &mut [u8]) {
        rows.iter_mut().for_each(|rows| rows.fill(y));
        let values: Vec<&[f32]> = rows.iter().map(|rows| rows.values.as_slice()).collect();
        let (layout, depth) = self.layout();
        let unpremultiply = |colors: [f32; 3], alpha: f32| {
            if self.premultiplied && alpha > 0.0 { colors.map(|color| color / alpha) } else { colors }
        };
        let alpha_of = |sample: f32| self.alpha.map_or(1.0, |(_, matrix)| matrix.grey(sample));
        let places = place.chunks_exact_mut(layout.channels() * depth.bytes());
        match *values.as_slice() {
            [luma] => {
                for (place, luma) in places.zip(luma) {
                    store([self.matrix.grey(*luma)], depth, place);
                }
            }
            [luma, alpha] => {
                for ((place, luma), alpha) in places.zip(luma).zip(alpha) {
                    let alpha = alpha_of(*alpha);
                    let [grey, ..] = unpremultiply([self.matrix.grey(*luma); 3], alpha);
                    store([grey, alpha], depth, place);
                }
            }
            [luma, first, second] => {
                for (((place, luma), first), second) in places.zip(luma).zip(first).zip(second) {
                    store(self.matrix.colors(*luma, *first, *second), depth, place);
                }
            }
            [luma, first, second, alpha] => {
                for ((((place, luma), first), second), alpha) in
                    places.zip(luma).zip(first).zip(second).zip(alpha)
                {
                    let alpha = alpha_of(*alpha);
                    let [r, g, b] = unpremultiply(self.matrix.colors(*luma, *first, *second), alpha);
                    store([r, g, b, alpha], depth, place);
                }
            }
            // There are one to four planes.
            _ => (),
        }
    }
}

/// Writes samples of 0 to 1.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
fn store<const N: usize>(samples: [f32; N], depth: Depth, place: &mut [u8]) {
    match depth {
        Depth::Eight => {
            for (place, sample) in place.iter_mut().zip(samples) {
                *place = (sample * 255.0 + 0.5) as u8;
            }
        }
        Depth::Sixteen => {
            for (place, sample) in place.as_chunks_mut::<2>().0.iter_mut().zip(samples) {
                *place = ((sample * 65_535.0 + 0.5) as u16).to_ne_bytes();
            }
        }
    }
}

/// Gives a plane row by row at the resolution of the picture.
struct Rows<'a> {
    plane: &'a Plane,
    /// Whether samples have two bytes.
    wide: bool,
    part: Crop,
    cell: u32,
    /// Whether the plane has half the resolution of luma, across and down.
    halved: [bool; 2],
    sums: Vec<u32>,
    /// The row that was asked for last.
    values: Vec<f32>,
}

impl<'a> Rows<'a> {
    fn new(plane: &'a Plane, wide: bool, part: Crop, cell: u32, halved: [bool; 2]) -> Self {
        let values = vec![0.0; side(part.size.width.div_ceil(cell))];
        Self { plane, wide, part, cell, halved, sums: Vec::new(), values }
    }

    fn fill(&mut self, y: u32) {
        if self.cell > 1 { self.average(y) } else { self.interpolate(y) }
    }

    /// Means of cells. A halved plane has half a cell for each, and `cell` is even then.
    fn average(&mut self, y: u32) {
        let Crop { left, top, size } = self.part;
        let [left, width, across] = Self::scaled(left, size.width, self.cell, self.halved[0]);
        let [top, height, down] = Self::scaled(top, size.height, self.cell, self.halved[1]);
        let first = y.saturating_mul(down);
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
        // At most 2^16 samples of 12 bits.
        let weight = |columns: usize| 1.0 / (columns as f32 * count as f32).max(1.0);
        let full = weight(side(across));
        for (value, sums) in self.values.iter_mut().zip(self.sums.chunks(side(across).max(1))) {
            let weight = if sums.len() == side(across) { full } else { weight(sums.len()) };
            *value = sums.iter().sum::<u32>() as f32 * weight;
        }
    }

    /// Start and length of a part of the plane, and the side of its cells.
    fn scaled(start: u32, length: u32, cell: u32, halved: bool) -> [u32; 3] {
        if halved { [start / 2, length.div_ceil(2), cell / 2] } else { [start, length, cell] }
    }

    /// Every pixel. Between the samples of a halved plane lie three quarters of the nearer one and one of the farther.
    fn interpolate(&mut self, y: u32) {
        let y = self.part.top.saturating_add(y);
        let (near, far) = neighbours(y, self.plane.size.height, self.halved[1]);
        let (near, far) = (self.plane.row(near), self.plane.row(far));
        let left = self.part.left;
        for (x, value) in (left..).zip(&mut self.values) {
            let (here, there) = neighbours(x, self.plane.size.width, self.halved[0]);
            let mixed =
                |row: &[u8]| 0.75 * sample(row, here, self.wide) + 0.25 * sample(row, there, self.wide);
            *value = match self.halved {
                [false, false] => sample(near, here, self.wide),
                [true, false] => mixed(near),
                _ => 0.75 * mixed(near) + 0.25 * mixed(far),
            };
        }
    }
}

/// The nearest sample of a plane and the one on its other side, for a pixel of luma.
fn neighbours(at: u32, length: u32, halved: bool) -> (u32, u32) {
    if !halved {
        return (at, at);
    }
    let near = at / 2;
    let far = if at.is_multiple_of(2) { near.saturating_sub(1) } else { near + 1 };
    (near, far.min(length.saturating_sub(1)))
}

fn sample(row: &[u8], x: u32, wide: bool) -> f32 {
    if wide {
        row.as_chunks::<2>().0.get(side(x)).map_or(0.0, |sample| f32::from(u16::from_ne_bytes(*sample)))
    } else {
        row.get(side(x)).map_or(0.0, |sample| f32::from(*sample))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chroma_between_samples_comes_from_both_sides() {
        assert_eq!(neighbours(5, 9, false), (5, 5));
        assert_eq!(neighbours(0, 4, true), (0, 0));
        assert_eq!(neighbours(1, 4, true), (0, 1));
        assert_eq!(neighbours(2, 4, true), (1, 0));
        assert_eq!(neighbours(7, 4, true), (3, 3), "the edge has no other side");
    }

    #[test]
    fn samples_are_rounded_and_kept_in_range() {
        let mut eight = [0; 3];
        store([-0.2, 0.5, 1.5], Depth::Eight, &mut eight);
        assert_eq!(eight, [0, 128, 255]);
        let mut sixteen = [0; 2];
        store([0.25], Depth::Sixteen, &mut sixteen);
        assert_eq!(u16::from_ne_bytes(sixteen), 16_384);
    }
}
