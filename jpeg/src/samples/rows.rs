//! Samples as blocks give them, pixels as rows: one row of MCUs of each plane is in memory.

use crate::error::Error;
use crate::samples::color::Color;
use crate::samples::interpolate::ROOM;
use crate::samples::upsample::{BlendedRow, Ratio, upsample_row};
use crate::scale::Scale;
use crate::syntax::frame::{Component, Frame};

/// Rows of samples kept of the row of MCUs before.
///
/// A row of pixels waits until all planes have what it needs. A plane of a quarter of the height, which is the least,
/// has the centre of its last sample two rows of pixels above the end of the MCUs; the two rows below it are
/// interpolated with the next sample, so they wait for the next row of MCUs. Then a plane of full height needs its
/// last two rows again, a plane in between no more than those, and the waiting plane its last one. Two more are kept
/// than that.
const KEPT: usize = 4;

/// One component's plane, as far as it is in memory.
#[derive(Debug)]
struct SamplePlane {
    /// [`KEPT`] rows of the row of MCUs before, then the present one.
    samples: Vec<u8>,
    /// Samples of a row, whole MCUs.
    stride: usize,
    /// Samples of a row that show something.
    width: usize,
    /// Rows of samples in a row of MCUs.
    rows: u32,
    /// Rows of the plane that show something.
    height: u32,
    /// Pixels for samples, horizontally.
    across: Ratio,
    /// Pixels for samples, vertically.
    down: Ratio,
}

/// Takes the samples of blocks, gives rows of pixels.
#[derive(Debug)]
pub(crate) struct RowAssembler {
    planes: Vec<SamplePlane>,
    color: Color,
    /// Order of the samples of a row of pixels: see [`Wanted::is_planar`](crate::Wanted::is_planar).
    pub(crate) is_planar: bool,
    width: usize,
    height: u32,
    /// Rows of pixels given so far.
    given: u32,
    /// Rows of MCUs that are whole.
    mcu_rows: u32,
    /// A row of each component at the output's resolution, and [`ROOM`].
    upsampled: Vec<Vec<u8>>,
    /// A row of samples, interpolated vertically.
    blended: BlendedRow,
    pixels: Vec<u8>,
}

impl RowAssembler {
    /// For rows of MCUs that have `blocks_down` blocks of each component, one above the other.
    pub(crate) fn new(
        frame: &Frame,
        scale: Scale,
        color: Color,
        blocks_down: impl Fn(&Component) -> u32,
    ) -> Self {
        let (width, height) = frame.reduced(scale);
        let samples = scale.samples();
        let length = |pixels: u32| usize::try_from(pixels).unwrap_or(usize::MAX);
        let mut planes = Vec::new();
        for component in &frame.components {
            let (across, down) = frame.block_size(component, scale);
            let (valid, rows) = (frame.plane_size(component, scale), blocks_down(component) * down);
            let stride = length(frame.mcus().0 * component.across * across);
            planes.push(SamplePlane {
                samples: vec![0; stride.saturating_mul(KEPT + length(rows))],
                stride,
                width: length(valid.0),
                rows,
                height: valid.1,
                across: Ratio::new(frame.max_across() * samples, component.across * across),
                down: Ratio::new(frame.max_down() * samples, component.down * down),
            });
        }
        let width = length(width);
        Self {
            upsampled: vec![vec![0; width.saturating_add(ROOM)]; planes.len()],
            blended: BlendedRow::new(planes.iter().map(|plane| plane.width).max().unwrap_or(0)),
            pixels: vec![0; width * planes.len()],
            planes,
            color,
            is_planar: false,
            width,
            height,
            given: 0,
            mcu_rows: 0,
        }
    }

    /// Most bytes that [`Self::new`] takes.
    pub(crate) fn bytes(frame: &Frame, scale: Scale) -> u64 {
        let planes = frame.components.iter().map(|component| {
            let (across, down) = frame.block_size(component, scale);
            let stride = u64::from(frame.mcus().0 * component.across * across);
            stride * u64::from(component.down * down + 4) + stride * 2 + ROOM as u64
        });
        // The samples at the ends of a blended row come to less than 100 bytes.
        planes.sum::<u64>() + u64::from(frame.reduced(scale).0) * 8 + 100
    }

    /// The samples of a plane of the present row of MCUs, from column `x` of row `y` on, and the samples from a row
    /// to the next.
    pub(crate) fn samples_from(
        &mut self,
        component: usize,
        x: usize,
        y: usize,
    ) -> Option<(&mut [u8], usize)> {
        let plane = self.planes.get_mut(component)?;
        let at = (KEPT + y).checked_mul(plane.stride)?.checked_add(x)?;
        Some((plane.samples.get_mut(at..)?, plane.stride))
    }

    /// The row of MCUs is whole: gives the rows of pixels that nothing is missing for any more.
    pub(crate) fn finish_mcu_row(
        &mut self,
        emit: &mut impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.mcu_rows += 1;
        while self.given < self.height && self.is_ready(self.given) {
            self.assemble(self.given);
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

    /// True when all planes have the samples that a row of pixels needs.
    fn is_ready(&self, row: u32) -> bool {
        self.planes.iter().all(|plane| {
            let (at, weight) = plane.down.position(row);
            let needed = if weight == 0 { at } else { at + 1 }.min(i64::from(plane.height) - 1);
            needed < i64::from(self.mcu_rows) * i64::from(plane.rows)
        })
    }

    /// Makes a row of pixels.
    fn assemble(&mut self, row: u32) {
        let mut whole: Vec<&[u8]> = Vec::with_capacity(self.planes.len());
        for (plane, upsampled) in self.planes.iter().zip(&mut self.upsampled) {
            let (at, weight) = plane.down.position(row);
            let first = i64::from(self.mcu_rows - 1) * i64::from(plane.rows);
            // Rows past the edges are those at the edges.
            let sample_row = |at: i64| {
                let at = at.clamp(0, i64::from(plane.height) - 1) - first + KEPT as i64;
                debug_assert!(at >= 0, "row {row} needs more rows than are kept");
                let at = usize::try_from(at).unwrap_or(0) * plane.stride;
                plane.samples.get(at..at + plane.width).unwrap_or_default()
            };
            if plane.across.is_one() && plane.down.is_one() {
                whole.push(sample_row(at));
                continue;
            }
            let total = plane.down.total();
            // The row after may be of the next row of MCUs, which is not there yet when it has no weight.
            let after = if weight == 0 { at } else { at + 1 };
            self.blended.blend(sample_row(at), sample_row(after), weight, total);
            upsample_row(&self.blended, plane.across, total, row.is_multiple_of(2), upsampled);
            whole.push(upsampled);
        }
        let cut: Vec<&[u8]> = whole.iter().filter_map(|row| row.get(..self.width)).collect();
        if self.is_planar {
            self.color.convert_planes(&cut, &mut self.pixels);
        } else {
            self.color.convert(&cut, &mut self.pixels);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_at_the_end_of_a_mcu_row_do_not_wait_for_the_next_without_interpolation_down() {
        let plane = SamplePlane {
            samples: vec![0; 8 * (KEPT + 8)],
            stride: 8,
            width: 8,
            rows: 8,
            height: 16,
            across: Ratio::new(2, 1),
            down: Ratio::new(1, 1),
        };
        let mut rows = RowAssembler {
            planes: vec![plane],
            color: Color::Grey,
            is_planar: false,
            width: 16,
            height: 16,
            given: 0,
            mcu_rows: 0,
            upsampled: vec![vec![0; 16 + ROOM]],
            blended: BlendedRow::new(8),
            pixels: vec![0; 16],
        };
        let mut given = Vec::new();
        for mcu_row in 0..2 {
            for y in 0..8 {
                let (line, _) = rows.samples_from(0, 0, y).unwrap();
                line[..8].fill(u8::try_from(10 * (8 * mcu_row + y)).unwrap());
            }
            rows.finish_mcu_row(&mut |row| {
                given.push(row.to_vec());
                Ok(())
            })
            .unwrap();
        }
        let wanted: Vec<_> = (0..16).map(|y| vec![10 * y; 16]).collect();
        assert_eq!(given, wanted);
    }
}
