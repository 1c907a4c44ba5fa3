//! Samples as blocks give them, pixels as rows: a strip of each plane, one MCU high, is in memory.

use crate::error::Error;
use crate::samples::color::Color;
use crate::samples::upsample::{Ratio, mix, stretch};
use crate::scale::Scale;
use crate::syntax::frame::{Component, Frame};

/// Rows kept of the strip before: as many as interpolation lags behind, at four times the resolution, and
/// one more to interpolate from.
const KEPT: usize = 4;

/// One component's plane, as far as it is in memory.
#[derive(Debug)]
struct Plane {
    /// [`KEPT`] rows of the strip before, then the strip.
    samples: Vec<u8>,
    /// Bytes a row, whole MCUs.
    stride: usize,
    /// Samples of a row that show something.
    width: usize,
    /// Rows of a strip.
    rows: u32,
    /// Rows of the plane that show something.
    height: u32,
    across: Ratio,
    down: Ratio,
}

/// Takes blocks, gives rows of pixels.
#[derive(Debug)]
pub(crate) struct Rows {
    planes: Vec<Plane>,
    color: Color,
    width: usize,
    height: u32,
    /// Rows given so far.
    given: u32,
    /// Strips taken so far.
    strips: u32,
    /// A row of each component at the output's resolution.
    stretched: Vec<Vec<u8>>,
    mixed: Vec<u16>,
    pixels: Vec<u8>,
}

impl Rows {
    /// For strips of `unit` blocks of each component: those of an MCU across all of the width.
    pub(crate) fn new(frame: &Frame, scale: Scale, color: Color, unit: impl Fn(&Component) -> u32) -> Self {
        let (width, height) = frame.reduced(scale);
        let samples = scale.samples();
        let length = |pixels: u32| usize::try_from(pixels).unwrap_or(usize::MAX);
        let mut planes = Vec::new();
        for component in &frame.components {
            let (across, down) = frame.block_size(component, scale);
            let (valid, rows) = (frame.plane(component, scale), unit(component) * down);
            let stride = length(frame.mcus().0 * component.across * across);
            planes.push(Plane {
                samples: vec![0; stride.saturating_mul(KEPT + length(rows))],
                stride,
                width: length(valid.0),
                rows,
                height: valid.1,
                across: Ratio::new(frame.most_across() * samples, component.across * across),
                down: Ratio::new(frame.most_down() * samples, component.down * down),
            });
        }
        let width = length(width);
        Self {
            stretched: vec![vec![0; width]; planes.len()],
            mixed: vec![0; planes.iter().map(|plane| plane.width).max().unwrap_or(0)],
            pixels: vec![0; width * planes.len()],
            planes,
            color,
            width,
            height,
            given: 0,
            strips: 0,
        }
    }

    /// Bytes that it holds.
    pub(crate) fn bytes(frame: &Frame, scale: Scale) -> u64 {
        let planes = frame.components.iter().map(|component| {
            let (across, down) = frame.block_size(component, scale);
            let stride = u64::from(frame.mcus().0 * component.across * across);
            stride * u64::from(component.down * down + 4) + stride * 2
        });
        planes.sum::<u64>() + u64::from(frame.reduced(scale).0) * 8
    }

    /// Where a block of the current strip goes, counted in samples, and the stride.
    pub(crate) fn block(&mut self, component: usize, x: usize, y: usize) -> Option<(&mut [u8], usize)> {
        let plane = self.planes.get_mut(component)?;
        let at = (KEPT + y).checked_mul(plane.stride)?.checked_add(x)?;
        Some((plane.samples.get_mut(at..)?, plane.stride))
    }

    /// The strip is whole: gives the rows that nothing is missing for any more.
    pub(crate) fn strip(&mut self, emit: &mut impl FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
        self.strips += 1;
        while self.given < self.height && self.is_ready(self.given) {
            self.row(self.given);
            emit(&self.pixels)?;
            self.given += 1;
        }
        for plane in &mut self.planes {
            let kept = plane.stride * KEPT;
            let end = plane.samples.len();
            plane.samples.copy_within(end - kept.min(end).., 0);
        }
        Ok(())
    }

    fn is_ready(&self, row: u32) -> bool {
        self.planes.iter().all(|plane| {
            let (at, weight) = plane.down.place(row);
            let needed = if weight == 0 { at } else { at + 1 }.min(i64::from(plane.height) - 1);
            needed < i64::from(self.strips) * i64::from(plane.rows)
        })
    }

    fn row(&mut self, row: u32) {
        let mut whole: Vec<&[u8]> = Vec::with_capacity(self.planes.len());
        for (plane, stretched) in self.planes.iter().zip(&mut self.stretched) {
            let (at, weight) = plane.down.place(row);
            let first = i64::from(self.strips - 1) * i64::from(plane.rows);
            let sample_row = |at: i64| {
                let at = at.clamp(0, i64::from(plane.height) - 1) - first + KEPT as i64;
                let at = usize::try_from(at).unwrap_or(0) * plane.stride;
                plane.samples.get(at..at + plane.width).unwrap_or_default()
            };
            if plane.across.is_one() && plane.down.is_one() {
                whole.push(sample_row(at));
                continue;
            }
            let scale = plane.down.total();
            let Some(mixed) = self.mixed.get_mut(..plane.width) else { continue };
            // The row after may be of the next strip, which is not there yet when it has no weight.
            let after = if weight == 0 { at } else { at + 1 };
            mix(sample_row(at), sample_row(after), weight, scale, mixed);
            stretch(mixed, plane.across, scale, row.is_multiple_of(2), stretched);
            whole.push(stretched);
        }
        let cut: Vec<&[u8]> = whole.iter().filter_map(|row| row.get(..self.width)).collect();
        self.color.convert(&cut, &mut self.pixels);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_at_the_end_of_a_strip_do_not_wait_for_the_next_without_interpolation_down() {
        let plane = Plane {
            samples: vec![0; 8 * (KEPT + 8)],
            stride: 8,
            width: 8,
            rows: 8,
            height: 16,
            across: Ratio::new(2, 1),
            down: Ratio::new(1, 1),
        };
        let mut rows = Rows {
            planes: vec![plane],
            color: Color::Grey,
            width: 16,
            height: 16,
            given: 0,
            strips: 0,
            stretched: vec![vec![0; 16]],
            mixed: vec![0; 8],
            pixels: vec![0; 16],
        };
        let mut given = Vec::new();
        for strip in 0..2 {
            for y in 0..8 {
                let (line, _) = rows.block(0, 0, y).unwrap();
                line[..8].fill(u8::try_from(10 * (8 * strip + y)).unwrap());
            }
            rows.strip(&mut |row| {
                given.push(row.to_vec());
                Ok(())
            })
            .unwrap();
        }
        let wanted: Vec<_> = (0..16).map(|y| vec![10 * y; 16]).collect();
        assert_eq!(given, wanted);
    }
}
