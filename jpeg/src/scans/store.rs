//! A picture whose coefficients come in several scans: kept until the last of them that matters.

use crate::entropy::sequential::{Mcus, Target};
use crate::error::Error;
use crate::samples::block_row::Line;
use crate::samples::rows::Rows;
use crate::samples::transform::Transform;
use crate::scale::{Scale, index};
use crate::scans::losses::Gaps;
use crate::syntax::frame::{Component, Frame, NATURAL};

/// What is kept of one component.
#[derive(Debug)]
pub(crate) struct Plane {
    /// Blocks across and down, whole MCUs.
    pub(crate) blocks: (usize, usize),
    /// Samples that a block becomes, and coefficients that are kept of it, across and down.
    pub(crate) size: (u32, u32),
    /// Coefficients of all blocks, row by row, natural order.
    pub(crate) coefficients: Vec<i16>,
    /// For each block, which coefficients are not zero, zigzag order; kept only where more than DC is.
    pub(crate) nonzero: Vec<u64>,
    /// For each coefficient in zigzag order, where it is kept in its block.
    pub(crate) slots: [Option<u8>; 64],
    /// For each coefficient in zigzag order, the lowest bit that has come.
    pub(crate) precision: [Option<u8>; 64],
    /// Steps of quantisation, as of its first scan.
    pub(crate) steps: Option<[u16; 64]>,
    /// What did not come.
    pub(crate) gaps: Gaps,
}

impl Plane {
    fn new(frame: &Frame, component: &Component, scale: Scale) -> Self {
        let mcus = frame.mcus();
        let blocks = (index(mcus.0 * component.across), index(mcus.1 * component.down));
        let size = frame.block_size(component, scale);
        let slots = NATURAL.map(|natural| {
            let (column, row) = (u32::from(natural % 8), u32::from(natural / 8));
            let is_kept = column < size.0 && row < size.1;
            is_kept.then(|| u8::try_from(row * size.0 + column).unwrap_or(0))
        });
        let count = blocks.0.saturating_mul(blocks.1);
        Self {
            blocks,
            size,
            coefficients: vec![0; count.saturating_mul(index(size.0 * size.1))],
            nonzero: if size == (1, 1) { Vec::new() } else { vec![0; count] },
            slots,
            precision: [None; 64],
            steps: None,
            gaps: Gaps::default(),
        }
    }

    /// Number of a block by its place.
    pub(crate) fn number(&self, x: usize, y: usize) -> usize {
        y.saturating_mul(self.blocks.0).saturating_add(x)
    }

    /// A coefficient of a block by its place in zigzag order, if it is kept.
    pub(crate) fn coefficient(&mut self, number: usize, at: u8) -> Option<&mut i16> {
        let slot = self.slots.get(usize::from(at)).copied().flatten()?;
        self.block(number).get_mut(usize::from(slot))
    }

    /// The blocks of a row.
    fn line(&self, y: usize) -> Line<'_> {
        let length = index(self.size.0 * self.size.1);
        let row = self.blocks.0.saturating_mul(length);
        let start = y.saturating_mul(row);
        let numbers = self.coefficients.get(start..start.saturating_add(row)).unwrap_or_default();
        Line::packed(numbers, length)
    }

    /// Gives the blocks of a row whose DC never came that of the block above.
    fn mend(&mut self, y: usize) {
        for x in 0..self.blocks.0 {
            let number = self.number(x, y);
            if !self.gaps.is_without_dc(number) {
                continue;
            }
            let above =
                number.checked_sub(self.blocks.0).and_then(|above| self.block(above).first().copied());
            if let (Some(dc), Some(above)) = (self.block(number).first_mut(), above) {
                *dc = above;
            }
        }
    }

    /// The coefficients of a block.
    pub(crate) fn block(&mut self, number: usize) -> &mut [i16] {
        let length = index(self.size.0 * self.size.1);
        let start = number.saturating_mul(length);
        self.coefficients.get_mut(start..start.saturating_add(length)).unwrap_or_default()
    }
}

/// All components.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) planes: Vec<Plane>,
}

impl Store {
    /// Bytes that a store takes.
    pub(crate) fn bytes(frame: &Frame, scale: Scale) -> u64 {
        let (across, down) = frame.mcus();
        let planes = frame.components.iter().map(|component| {
            let size = frame.block_size(component, scale);
            let nonzero = if size == (1, 1) { 0 } else { 8 };
            let blocks = u64::from(across * component.across) * u64::from(down * component.down);
            blocks * (u64::from(size.0 * size.1) * 2 + nonzero + Gaps::BYTES)
        });
        planes.sum()
    }

    pub(crate) fn new(frame: &Frame, scale: Scale) -> Self {
        Self {
            planes: frame.components.iter().map(|component| Plane::new(frame, component, scale)).collect(),
        }
    }

    /// Gives the picture. A block whose DC never came gets the one above, as in a picture that is not kept.
    pub(crate) fn draw(
        &mut self,
        frame: &Frame,
        mut rows: Rows,
        emit: &mut impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let transforms: Vec<Transform> = self
            .planes
            .iter()
            .map(|plane| Transform::new(plane.size, &plane.steps.unwrap_or([1; 64])))
            .collect();
        for strip in 0..index(frame.mcus().1) {
            let planes = self.planes.iter_mut().zip(&frame.components).zip(&transforms).enumerate();
            for (component, ((plane, of), transform)) in planes {
                for y in 0..index(of.down) {
                    let row = strip * index(of.down) + y;
                    plane.mend(row);
                    if let Some((samples, stride)) = rows.block(component, 0, y * index(plane.size.1)) {
                        transform.line(plane.line(row), samples, stride);
                    }
                }
            }
            rows.strip(emit)?;
        }
        Ok(())
    }
}

/// Takes the MCUs of a sequential scan.
pub(crate) struct Keeper<'a> {
    pub(crate) store: &'a mut Store,
    /// For each block of an MCU, its component and its place there, blocks.
    pub(crate) spots: Vec<(usize, (usize, usize))>,
    /// For each component, blocks of an MCU across and down.
    pub(crate) unit: Vec<(usize, usize)>,
    /// MCUs across.
    pub(crate) across: usize,
    /// MCUs taken.
    pub(crate) taken: usize,
}

impl Target for Keeper<'_> {
    fn mcus(&mut self, mcus: Mcus<'_>) -> Result<(), Error> {
        for blocks in mcus.iter() {
            let (column, row) = (self.taken % self.across, self.taken / self.across);
            for ((component, at), block) in self.spots.iter().zip(blocks) {
                let (Some(plane), Some(unit)) =
                    (self.store.planes.get_mut(*component), self.unit.get(*component))
                else {
                    continue;
                };
                let number = plane.number(column * unit.0 + at.0, row * unit.1 + at.1);
                for (place, value) in plane.block(number).iter_mut().zip(block) {
                    *place = *value;
                }
            }
            self.taken += 1;
        }
        Ok(())
    }

    fn lost(&mut self) -> Result<(), Error> {
        let (column, row) = (self.taken % self.across, self.taken / self.across);
        for (component, at) in &self.spots {
            let unit = self.unit.get(*component).copied().unwrap_or((1, 1));
            if let Some(plane) = self.store.planes.get_mut(*component) {
                plane.lose(plane.number(column * unit.0 + at.0, row * unit.1 + at.1));
            }
        }
        self.taken += 1;
        Ok(())
    }
}
