//! What damage takes from a picture whose coefficients are kept, block by block.
//!
//! A coefficient comes without its lowest bits at first, and those come in refinements, one each (ITU-T T.81,
//! section G.1.1). Where a coefficient that is kept never came, a block shows something else than the photo: it is
//! lost. Where only refinements did not come it shows the photo at a lower quality, since a missing bit takes
//! just what quantisation in steps twice as large would have taken: it is coarse, and not lost until more
//! than [`COARSEST`] bits are missing.
//!
//! Whoever reads a refinement of AC coefficients must know which of them are not zero so far. A block that
//! missed a scan of AC is behind: no later refinement can be read from it to the next restart marker.

use std::ops::Range;

use crate::scale::{index, share};
use crate::scans::store::{Plane, Store};
use crate::syntax::frame::Frame;
use crate::syntax::tables::ScanHeader;

/// Bits that a coefficient may lack, as many as writers leave to refinements: libjpeg two, mozjpeg up to three.
const COARSEST: u8 = 3;

/// Its DC never came.
const WITHOUT_DC: u8 = 1;

/// A coefficient that is kept never came.
const LOST: u8 = 2;

/// A scan of AC did not come.
const BEHIND: u8 = 4;

/// What is missing of the blocks of a component.
#[derive(Debug, Default)]
pub(crate) struct Gaps {
    /// For each block the marks above; empty while nothing is missing.
    marks: Vec<u8>,
    /// Whether all blocks are lost.
    is_all: bool,
    /// Whether some are coarse.
    is_coarse: bool,
}

impl Gaps {
    /// Bytes for each block.
    pub(crate) const BYTES: u64 = 1;

    fn has(&self, number: usize, mark: u8) -> bool {
        self.marks.get(number).is_some_and(|marks| marks & mark != 0)
    }

    pub(crate) fn is_behind(&self, number: usize) -> bool {
        self.has(number, BEHIND)
    }

    pub(crate) fn is_without_dc(&self, number: usize) -> bool {
        self.has(number, WITHOUT_DC)
    }
}

impl Plane {
    /// A block of a sequential scan did not come.
    pub(crate) fn lose(&mut self, number: usize) {
        self.mark(number, WITHOUT_DC | LOST);
    }

    /// A block of a progressive scan did not come.
    pub(crate) fn miss(&mut self, number: usize, scan: &ScanHeader) {
        let (first, last) = (usize::from(scan.band.0), usize::from(scan.band.1));
        let band = self.slots.get(first..=last).unwrap_or_default();
        let mut marks = if first > 0 { BEHIND } else { 0 };
        if first == 0 && scan.high == 0 {
            marks |= WITHOUT_DC;
        }
        if band.iter().any(Option::is_some) {
            let is_lost = scan.high == 0 || scan.high > COARSEST;
            marks |= if is_lost { LOST } else { 0 };
            self.gaps.is_coarse |= !is_lost;
        }
        self.mark(number, marks);
    }

    fn mark(&mut self, number: usize, marks: u8) {
        if self.gaps.marks.is_empty() {
            self.gaps.marks.resize(self.blocks.0.saturating_mul(self.blocks.1), 0);
        }
        if let Some(place) = self.gaps.marks.get_mut(number) {
            *place |= marks;
        }
    }

    /// No scan comes any more, although some should.
    pub(crate) fn cut(&mut self, reduction: f64) {
        let kept = self.slots.iter().zip(&self.precision).filter(|(slot, _)| slot.is_some());
        let coarsest = kept.map(|(_, low)| low.unwrap_or(u8::MAX)).max().unwrap_or(0);
        self.gaps.is_all |= coarsest > COARSEST;
        self.gaps.is_coarse |= !self.is_known(reduction);
    }

    /// No scan comes any more, and the file says that this is all: what did not come is zero.
    pub(crate) fn end(&mut self) {
        self.gaps.is_all |= self.precision.first().copied().flatten().is_none();
    }

    /// Share of these blocks that is lost.
    fn lost(&self, columns: Range<u32>, rows: Range<u32>) -> f64 {
        let places = rows.flat_map(|y| columns.clone().map(move |x| (index(x), index(y))));
        let (lost, all) = places.fold((0, 0), |(lost, all), (x, y)| {
            (lost + usize::from(self.gaps.has(self.number(x, y), LOST)), all + 1)
        });
        share(lost, all)
    }
}

impl Store {
    /// Share of the picture that is lost, 0 to 1: the mean over its MCUs, of which each has lost as much as that of
    /// its components which lost most. Where blocks are coarse, one MCU counts as lost at least.
    pub(crate) fn lost(&self, frame: &Frame) -> f64 {
        let gaps = || self.planes.iter().map(|plane| &plane.gaps);
        if gaps().any(|gaps| gaps.is_all) {
            return 1.0;
        }
        let (across, down) = frame.mcus();
        let mcus = f64::from(across.saturating_mul(down).max(1));
        let least = if gaps().any(|gaps| gaps.is_coarse) { 1.0 / mcus } else { 0.0 };
        if gaps().all(|gaps| gaps.marks.is_empty()) {
            return least;
        }
        let mut lost = 0.0;
        for (row, column) in (0..down).flat_map(|row| (0..across).map(move |column| (row, column))) {
            let planes = self.planes.iter().zip(&frame.components);
            let shares = planes.map(|(plane, component)| {
                let (left, top) = (column * component.across, row * component.down);
                let visible = frame.blocks(component);
                let (right, bottom) = (left + component.across, top + component.down);
                plane.lost(left..right.min(visible.0), top..bottom.min(visible.1))
            });
            lost += shares.fold(0.0, f64::max);
        }
        (lost / mcus).clamp(least, 1.0)
    }
}
