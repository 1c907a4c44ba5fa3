//! Coefficients of a whole picture: kept until the last scan that matters.

use std::ops::Range;

use crate::entropy::mcus::{DecodedMcus, McuSink};
use crate::entropy::units::ScanUnits;
use crate::error::Error;
use crate::index::index;
use crate::samples::block_row::BlockRow;
use crate::samples::rows::RowAssembler;
use crate::samples::transform::Transform;
use crate::scale::Scale;
use crate::scans::losses::Losses;
use crate::scans::stop_rule;
use crate::syntax::frame::{Component, Frame, NATURAL};
use crate::syntax::input::BETWEEN_POLLS;
use crate::syntax::tables::ScanHeader;

/// The coefficients of one component.
#[derive(Debug)]
pub(crate) struct CoefficientPlane {
    /// Blocks across and down, whole MCUs.
    pub(crate) blocks: (usize, usize),
    /// Samples that a block becomes, and coefficients that are kept of it, across and down.
    pub(crate) size: (u32, u32),
    /// Coefficients of all blocks, row by row, natural order.
    pub(super) coefficients: Vec<i16>,
    /// For each block, a bit for each coefficient that is not zero, zigzag order; empty where only DC is kept.
    pub(crate) nonzero: Vec<u64>,
    /// For each coefficient in zigzag order, where it is kept in its block.
    pub(super) slots: [Option<u8>; 64],
    /// For each coefficient in zigzag order, the lowest bit that has come.
    pub(super) lowest_bits: [Option<u8>; 64],
    /// Steps of quantisation, natural order, as they were at its first scan.
    pub(super) steps: Option<[u16; 64]>,
    /// The losses of its blocks.
    pub(crate) losses: Losses,
}

impl CoefficientPlane {
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
            lowest_bits: [None; 64],
            steps: None,
            losses: Losses::new(count),
        }
    }

    /// Number of a block by its column and row.
    pub(crate) fn number(&self, column: usize, row: usize) -> usize {
        row.saturating_mul(self.blocks.0).saturating_add(column)
    }

    /// The coefficients of a block.
    pub(crate) fn block(&mut self, number: usize) -> &mut [i16] {
        let length = index(self.size.0 * self.size.1);
        let start = number.saturating_mul(length);
        self.coefficients.get_mut(start..start.saturating_add(length)).unwrap_or_default()
    }

    /// A coefficient of a block by its zigzag index, if it is kept.
    pub(crate) fn coefficient(&mut self, number: usize, at: u8) -> Option<&mut i16> {
        let slot = self.slots.get(usize::from(at)).copied().flatten()?;
        self.block(number).get_mut(usize::from(slot))
    }

    /// The blocks of a row.
    fn block_row(&self, row: usize) -> BlockRow<'_> {
        let length = index(self.size.0 * self.size.1);
        let row_length = self.blocks.0.saturating_mul(length);
        let start = row.saturating_mul(row_length);
        let numbers = self.coefficients.get(start..start.saturating_add(row_length)).unwrap_or_default();
        BlockRow::packed(numbers, length)
    }

    /// Gives the blocks of a row whose DC never came that of the block above.
    fn conceal_dc(&mut self, row: usize) {
        for column in 0..self.blocks.0 {
            let number = self.number(column, row);
            if !self.losses.is_without_dc(number) {
                continue;
            }
            let above =
                number.checked_sub(self.blocks.0).and_then(|above| self.block(above).first().copied());
            if let (Some(dc), Some(above)) = (self.block(number).first_mut(), above) {
                *dc = above;
            }
        }
    }

    /// Notes that a block of a progressive scan did not come.
    pub(crate) fn note_missing_in_scan(&mut self, number: usize, scan: &ScanHeader) {
        let (first, last) = (usize::from(scan.band.0), usize::from(scan.band.1));
        let band = self.slots.get(first..=last).unwrap_or_default();
        self.losses.note_scan(number, scan, band.iter().any(Option::is_some));
    }

    /// Notes that no scan comes any more, although some should.
    pub(super) fn note_cut(&mut self, reduction: f64) {
        let lowest = self.kept().map(|at| self.lowest_bits.get(at).copied().flatten().unwrap_or(u8::MAX));
        let coarsest = lowest.max().unwrap_or(0);
        let is_known = self.is_known(reduction);
        self.losses.note_cut(coarsest, is_known);
    }

    /// Notes that no scan comes any more, and that the file says that these are all: what did not come is zero.
    pub(super) fn note_end(&mut self) {
        if self.lowest_bits.first().copied().flatten().is_none() {
            self.losses.note_all();
        }
    }

    /// True when no scan to come could matter for this component: see [`CoefficientStore::is_known`].
    pub(super) fn is_known(&self, reduction: f64) -> bool {
        if reduction <= 0.0 {
            return self.kept().all(|at| self.lowest_bits.get(at).copied().flatten() == Some(0));
        }
        let Some(steps) = &self.steps else { return false };
        let mut known = self.kept().map(|at| {
            let natural = NATURAL.get(at).copied().map_or(0, usize::from);
            let step = steps.get(natural).copied()?;
            Some((at, self.lowest_bits.get(at).copied().flatten()?, step))
        });
        stop_rule::error(&mut known, self.size, reduction).is_some_and(stop_rule::is_invisible)
    }

    /// Zigzag indices of the coefficients that are kept.
    fn kept(&self) -> impl Iterator<Item = usize> {
        (0..64).filter(|at| self.slots.get(*at).copied().flatten().is_some())
    }
}

/// The coefficients of all components.
#[derive(Debug)]
pub(crate) struct CoefficientStore {
    pub(crate) planes: Vec<CoefficientPlane>,
}

impl CoefficientStore {
    /// Most bytes that a store takes.
    pub(crate) fn bytes(frame: &Frame, scale: Scale) -> u64 {
        let (across, down) = frame.mcus();
        let planes = frame.components.iter().map(|component| {
            let size = frame.block_size(component, scale);
            let nonzero = if size == (1, 1) { 0 } else { 8 };
            let blocks = u64::from(across * component.across) * u64::from(down * component.down);
            blocks * (u64::from(size.0 * size.1) * 2 + nonzero + Losses::BYTES_PER_BLOCK)
        });
        planes.sum()
    }

    pub(super) fn new(frame: &Frame, scale: Scale) -> Self {
        Self {
            planes: frame
                .components
                .iter()
                .map(|component| CoefficientPlane::new(frame, component, scale))
                .collect(),
        }
    }

    /// True when no scan to come could matter, if the picture is made `reduction` times smaller afterwards; for 0,
    /// when all that is kept has come.
    pub(super) fn is_known(&self, reduction: f64) -> bool {
        self.planes.iter().all(|plane| plane.is_known(reduction))
    }

    /// Gives the picture. A block whose DC never came gets that of the block above, as in a picture that is streamed.
    pub(crate) fn write_rows(
        &mut self,
        frame: &Frame,
        mut rows: RowAssembler,
        emit: &mut impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let transforms: Vec<Transform> = self
            .planes
            .iter()
            .map(|plane| Transform::new(plane.size, &plane.steps.unwrap_or([1; 64])))
            .collect();
        for mcu_row in 0..index(frame.mcus().1) {
            let planes = self.planes.iter_mut().zip(&frame.components).zip(&transforms).enumerate();
            for (number, ((plane, component), transform)) in planes {
                for y in 0..index(component.down) {
                    let row = mcu_row * index(component.down) + y;
                    plane.conceal_dc(row);
                    if let Some((samples, stride)) = rows.samples_from(number, 0, y * index(plane.size.1)) {
                        transform.write_row(plane.block_row(row), samples, stride);
                    }
                }
            }
            rows.finish_mcu_row(emit)?;
        }
        Ok(())
    }

    /// Share of the picture that is lost, 0 to 1: the mean over its MCUs, of which each has lost as much as that of
    /// its components which lost most. Where blocks are coarse, one MCU at least counts as lost.
    ///
    /// `poll` is called now and then, and may end the counting by an error.
    pub(super) fn lost(
        &self,
        frame: &Frame,
        mut poll: impl FnMut() -> Result<(), Error>,
    ) -> Result<f64, Error> {
        let losses = || self.planes.iter().map(|plane| &plane.losses);
        if losses().any(Losses::is_all) {
            return Ok(1.0);
        }
        let (across, down) = frame.mcus();
        let mcus = f64::from(across.saturating_mul(down).max(1));
        let least = if losses().any(Losses::is_coarse) { 1.0 / mcus } else { 0.0 };
        if losses().all(Losses::is_empty) {
            return Ok(least);
        }
        let mut lost = 0.0;
        for (number, (row, column)) in
            (0..down).flat_map(|row| (0..across).map(move |column| (row, column))).enumerate()
        {
            if number.is_multiple_of(BETWEEN_POLLS) {
                poll()?;
            }
            let planes = self.planes.iter().zip(&frame.components);
            let shares = planes.map(|(plane, component)| {
                let (left, top) = (column * component.across, row * component.down);
                let visible = frame.blocks(component);
                let (right, bottom) = (left + component.across, top + component.down);
                let columns = left..right.min(visible.0);
                let rows = top..bottom.min(visible.1);
                let blocks = rows.flat_map(|y| columns.clone().map(move |x| (index(x), index(y))));
                plane.losses.share_lost(blocks.map(|(x, y)| plane.number(x, y)))
            });
            lost += shares.fold(0.0, f64::max);
        }
        Ok((lost / mcus).clamp(least, 1.0))
    }
}

/// Takes the MCUs of a sequential scan into a store.
pub(super) struct StoreSink<'a> {
    store: &'a mut CoefficientStore,
    units: ScanUnits,
    /// MCUs taken.
    taken: usize,
}

impl<'a> StoreSink<'a> {
    pub(super) fn new(store: &'a mut CoefficientStore, units: ScanUnits) -> Self {
        let (across, down) = units.mcus;
        Self { store, units: ScanUnits { mcus: (across.max(1), down), ..units }, taken: 0 }
    }

    /// Column and row of an MCU.
    fn position(&self, mcu: usize) -> (usize, usize) {
        (mcu % self.units.mcus.0, mcu / self.units.mcus.0)
    }

    /// Marks the blocks of an MCU.
    fn mark(&mut self, mcu: usize, mark: impl Fn(&mut Losses, usize)) {
        let (column, row) = self.position(mcu);
        for block in &self.units.blocks {
            let size = self.units.sizes.get(block.component).copied().unwrap_or((1, 1));
            if let Some(plane) = self.store.planes.get_mut(block.component) {
                let number = plane.number(column * size.0 + block.column, row * size.1 + block.row);
                mark(&mut plane.losses, number);
            }
        }
    }
}

impl McuSink for StoreSink<'_> {
    fn take(&mut self, mcus: DecodedMcus<'_>) -> Result<(), Error> {
        for blocks in mcus.iter() {
            let (column, row) = self.position(self.taken);
            for (block, coefficients) in self.units.blocks.iter().zip(blocks) {
                let (Some(plane), Some(size)) =
                    (self.store.planes.get_mut(block.component), self.units.sizes.get(block.component))
                else {
                    continue;
                };
                let number = plane.number(column * size.0 + block.column, row * size.1 + block.row);
                for (place, value) in plane.block(number).iter_mut().zip(coefficients) {
                    *place = *value;
                }
            }
            self.taken += 1;
        }
        Ok(())
    }

    fn conceal(&mut self) -> Result<(), Error> {
        self.mark(self.taken, Losses::note_block);
        self.taken += 1;
        Ok(())
    }

    fn note_lost(&mut self, mcus: Range<usize>) {
        for mcu in mcus {
            self.mark(mcu, Losses::note_untrusted);
        }
    }
}
