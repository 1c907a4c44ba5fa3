//! A picture whose MCUs come in order, in one scan: each goes to samples at once, and nothing of it is kept.

use std::ops::Range;

use crate::entropy::lookup::McuLayout;
use crate::entropy::mcus::{DecodedMcus, McuSink};
use crate::entropy::units::ScanUnits;
use crate::error::Error;
use crate::index::index;
use crate::samples::block_row::{BlockRow, BlockSpacing};
use crate::samples::rows::RowAssembler;
use crate::samples::transform::Transform;
use crate::scale::Scale;
use crate::syntax::frame::Frame;

/// The blocks of one component in an MCU.
#[derive(Clone, Copy, Debug)]
pub(crate) struct McuComponent {
    /// Index of the component in the frame.
    component: usize,
    /// Number of its first block in the MCU.
    first: usize,
    /// Its blocks in the MCU, across and down.
    blocks: (usize, usize),
    /// Samples that a block gives, across and down.
    size: (usize, usize),
}

impl McuComponent {
    /// The components of an MCU, in the order of their blocks.
    pub(crate) fn all(frame: &Frame, units: &ScanUnits, scale: Scale) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for (first, block) in units.blocks.iter().enumerate() {
            let component = block.component;
            if all.iter().any(|other| other.component == component) {
                continue;
            }
            let size = frame.components.get(component).map_or((1, 1), |of| frame.block_size(of, scale));
            let blocks = units.sizes.get(component).copied().unwrap_or((1, 1));
            let size = (index(size.0), index(size.1));
            all.push(Self { component, first, blocks, size });
        }
        all
    }
}

/// Takes MCUs, gives rows of pixels.
pub(crate) struct StreamedPicture<'a, F> {
    pub(crate) rows: RowAssembler,
    /// For each component of the frame.
    pub(crate) transforms: Vec<Transform>,
    pub(crate) components: Vec<McuComponent>,
    /// Layout of the MCUs that come.
    pub(crate) layout: McuLayout,
    /// MCUs across.
    pub(crate) across: usize,
    /// MCUs taken of the current row of MCUs.
    pub(crate) column: usize,
    /// DC of the row of MCUs above, by column and block: it stands in for MCUs that are lost.
    pub(crate) dc_above: Vec<i16>,
    pub(crate) emit: &'a mut F,
}

impl<F: FnMut(&[u8]) -> Result<(), Error>> StreamedPicture<'_, F> {
    /// Transforms MCUs of one row of MCUs, all blocks of a component that lie side by side at once.
    fn transform(&mut self, mcus: DecodedMcus<'_>) {
        for McuComponent { component, first, blocks: (across, down), size: (width, height) } in
            &self.components
        {
            let Some(transform) = self.transforms.get(*component) else { continue };
            for y in 0..*down {
                let length = width * height;
                // A block has two numbers more than coefficients (see McuLayout).
                let spacing =
                    BlockSpacing { length, pitch: length + 2, mcu: self.layout.length, across: *across };
                let numbers = mcus.block(first + y * across);
                let blocks = BlockRow::new(numbers, spacing, across * mcus.count());
                let x = self.column * across * width;
                if let Some((samples, stride)) = self.rows.samples_from(*component, x, y * height) {
                    transform.write_row(blocks, samples, stride);
                }
            }
        }
    }

    /// Counts MCUs that were transformed; gives rows when a row of MCUs is whole.
    fn advance(&mut self, count: usize) -> Result<(), Error> {
        self.column += count;
        debug_assert!(self.column <= self.across, "{} of {} columns", self.column, self.across);
        if self.column == self.across {
            self.column = 0;
            self.rows.finish_mcu_row(self.emit)?;
        }
        Ok(())
    }
}

impl<F: FnMut(&[u8]) -> Result<(), Error>> McuSink for StreamedPicture<'_, F> {
    fn take(&mut self, mcus: DecodedMcus<'_>) -> Result<(), Error> {
        let mut rest = mcus;
        while rest.count() > 0 {
            let (here, after) = rest.split(self.across - self.column);
            let above = self.dc_above.get_mut(self.column * self.layout.starts.len()..).unwrap_or_default();
            let blocks = here.iter().flatten();
            for (above, block) in above.iter_mut().zip(blocks) {
                *above = block.first().copied().unwrap_or(0);
            }
            self.transform(here);
            self.advance(here.count())?;
            rest = after;
        }
        Ok(())
    }

    fn conceal(&mut self) -> Result<(), Error> {
        let layout = self.layout.clone();
        let mut numbers = vec![0; layout.length];
        let above = self.dc_above.get(self.column * layout.starts.len()..).unwrap_or_default();
        for (start, above) in layout.starts.iter().zip(above) {
            if let Some(dc) = numbers.get_mut(start + 1) {
                *dc = *above;
            }
        }
        self.transform(DecodedMcus::new(&numbers, &layout));
        self.advance(1)
    }

    /// Their rows are given already, as they were decoded.
    fn note_lost(&mut self, _: Range<usize>) {}
}
