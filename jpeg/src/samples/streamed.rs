//! A picture whose MCUs come in order: they go to pixels at once.

use crate::entropy::lookup::Unit;
use crate::entropy::sequential::{Mcus, Target};
use crate::entropy::units::Layout;
use crate::error::Error;
use crate::samples::block_row::{Line, Places};
use crate::samples::rows::Rows;
use crate::samples::transform::Transform;
use crate::scale::{Scale, index};
use crate::syntax::frame::Frame;

/// What one component has of an MCU.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    /// Place of the component in the frame.
    component: usize,
    /// Its first block in the MCU.
    first: usize,
    /// Its blocks in the MCU, across and down.
    blocks: (usize, usize),
    /// Samples that a block gives, across and down.
    size: (usize, usize),
}

impl Part {
    /// The parts of an MCU, in their order.
    pub(crate) fn of(frame: &Frame, layout: &Layout, scale: Scale) -> Vec<Self> {
        let mut parts: Vec<Self> = Vec::new();
        for (first, (component, _)) in layout.spots.iter().enumerate() {
            if parts.iter().any(|part| part.component == *component) {
                continue;
            }
            let size = frame.components.get(*component).map_or((1, 1), |of| frame.block_size(of, scale));
            let blocks = layout.unit.get(*component).copied().unwrap_or((1, 1));
            let size = (index(size.0), index(size.1));
            parts.push(Self { component: *component, first, blocks, size });
        }
        parts
    }
}

/// Takes MCUs, gives rows.
pub(crate) struct Strips<'a, F> {
    pub(crate) rows: Rows,
    pub(crate) transforms: Vec<Transform>,
    pub(crate) parts: Vec<Part>,
    /// How blocks come.
    pub(crate) unit: Unit,
    /// MCUs across.
    pub(crate) across: usize,
    /// MCUs of the current strip that were taken.
    pub(crate) column: usize,
    /// DC of the MCUs above, by column and block: what stands in for MCUs that are lost.
    pub(crate) above: Vec<i16>,
    pub(crate) emit: &'a mut F,
}

impl<F: FnMut(&[u8]) -> Result<(), Error>> Strips<'_, F> {
    /// MCUs of one strip.
    fn draw(&mut self, mcus: Mcus<'_>) {
        for Part { component, first, blocks: (across, down), size: (width, height) } in &self.parts {
            let Some(transform) = self.transforms.get(*component) else { continue };
            for y in 0..*down {
                let length = width * height;
                let places = Places { length, pitch: length + 2, unit: self.unit.length, across: *across };
                let numbers = mcus.block(first + y * across);
                let line = Line::new(numbers, places, across * mcus.count());
                let x = self.column * across * width;
                if let Some((samples, stride)) = self.rows.block(*component, x, y * height) {
                    transform.line(line, samples, stride);
                }
            }
        }
    }

    fn advance(&mut self, count: usize) -> Result<(), Error> {
        self.column += count;
        if self.column == self.across {
            self.column = 0;
            self.rows.strip(self.emit)?;
        }
        Ok(())
    }
}

impl<F: FnMut(&[u8]) -> Result<(), Error>> Target for Strips<'_, F> {
    fn mcus(&mut self, mcus: Mcus<'_>) -> Result<(), Error> {
        let mut rest = mcus;
        while rest.count() > 0 {
            let (here, after) = rest.split(self.across - self.column);
            let above = self.above.get_mut(self.column * self.unit.starts.len()..).unwrap_or_default();
            let blocks = here.iter().flatten();
            for (above, block) in above.iter_mut().zip(blocks) {
                *above = block.first().copied().unwrap_or(0);
            }
            self.draw(here);
            self.advance(here.count())?;
            rest = after;
        }
        Ok(())
    }

    fn lost(&mut self) -> Result<(), Error> {
        let unit = self.unit.clone();
        let mut numbers = vec![0; unit.length];
        let above = self.above.get(self.column * unit.starts.len()..).unwrap_or_default();
        for (start, above) in unit.starts.iter().zip(above) {
            if let Some(dc) = numbers.get_mut(start + 1) {
                *dc = *above;
            }
        }
        self.draw(Mcus::new(&numbers, &unit));
        self.advance(1)
    }
}
