//! A picture whose MCUs come in order: each goes to pixels at once.

use super::Error;
use super::rows::Rows;
use super::sequential::Target;
use super::transform::Transform;

/// A block of the MCU.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    /// Place of its component in the frame.
    pub(super) component: usize,
    /// Samples it gives, across and down.
    pub(super) size: (usize, usize),
    /// Where it lies in the MCU, blocks.
    pub(super) at: (usize, usize),
    /// Blocks of the component beside each other in the MCU.
    pub(super) across: usize,
}

/// Takes MCUs, gives rows.
pub(super) struct Strips<'a, F> {
    pub(super) rows: Rows,
    pub(super) transforms: Vec<Transform>,
    pub(super) spots: Vec<Spot>,
    /// Coefficients a block.
    pub(super) stride: usize,
    /// MCUs across.
    pub(super) across: usize,
    /// MCUs of the current strip that were taken.
    pub(super) column: usize,
    /// DC of the MCUs above, by column and block: what stands in for MCUs that are lost.
    pub(super) above: Vec<i16>,
    pub(super) emit: &'a mut F,
}

impl<F: FnMut(&[u8]) -> Result<(), Error>> Strips<'_, F> {
    fn draw(&mut self, spot: Spot, coefficients: &[i16]) {
        let (width, height) = spot.size;
        let x = (self.column * spot.across + spot.at.0) * width;
        if let (Some((samples, stride)), Some(transform)) =
            (self.rows.block(spot.component, x, spot.at.1 * height), self.transforms.get(spot.component))
        {
            transform.block(coefficients, samples, stride);
        }
    }

    fn advance(&mut self) -> Result<(), Error> {
        self.column += 1;
        if self.column == self.across {
            self.column = 0;
            self.rows.strip(self.emit)?;
        }
        Ok(())
    }
}

impl<F: FnMut(&[u8]) -> Result<(), Error>> Target for Strips<'_, F> {
    fn mcu(&mut self, coefficients: &[i16]) -> Result<(), Error> {
        let first = self.column * self.spots.len();
        for (index, block) in coefficients.chunks_exact(self.stride).enumerate() {
            let Some(spot) = self.spots.get(index).copied() else { break };
            if let (Some(above), Some(dc)) = (self.above.get_mut(first + index), block.first()) {
                *above = *dc;
            }
            let kept = spot.size.0 * spot.size.1;
            self.draw(spot, block.get(..kept).unwrap_or_default());
        }
        self.advance()
    }

    fn lost(&mut self) -> Result<(), Error> {
        let first = self.column * self.spots.len();
        for index in 0..self.spots.len() {
            let Some(spot) = self.spots.get(index).copied() else { break };
            let mut block = [0; 64];
            block[0] = self.above.get(first + index).copied().unwrap_or(0);
            self.draw(spot, &block);
        }
        self.advance()
    }
}
