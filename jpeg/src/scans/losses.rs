//! Losses: what damage takes from a picture whose coefficients are kept, block by block.
//!
//! A coefficient comes without its lowest bits at first, and those come in refinements, one bit each (ITU-T T.81,
//! section G.1.1). There are two kinds of loss:
//!
//! - A block is *lost* when a coefficient that is kept never came: it shows something else than the photo.
//! - A block is *coarse* when only refinements did not come: it shows the photo at a lower quality, for a missing bit
//!   takes just what quantisation in steps twice as large would have taken. With more than [`MOST_MISSING_BITS`] bits
//!   missing it counts as lost.
//!
//! To read a refinement of AC coefficients one must know which of them are not zero so far. A block that missed a
//! scan of AC cannot be refined any more: nothing is read from there to the next restart marker.

use crate::scale::share;
use crate::syntax::tables::ScanHeader;

/// Bits that a coefficient may lack, as many as writers leave to refinements: libjpeg two, mozjpeg up to three.
const MOST_MISSING_BITS: u8 = 3;

/// Mark of a block: its DC never came.
const WITHOUT_DC: u8 = 1;

/// Mark of a block: a coefficient that is kept never came.
const LOST: u8 = 2;

/// Mark of a block: a scan of AC did not come.
const MISSED_AC: u8 = 4;

/// Losses of the blocks of a component.
#[derive(Debug)]
pub(crate) struct Losses {
    /// The marks of each block; empty while nothing is missing.
    marks: Vec<u8>,
    /// Number of blocks.
    blocks: usize,
    /// True when all blocks are lost.
    is_all: bool,
    /// True when some blocks are coarse.
    is_coarse: bool,
}

impl Losses {
    /// Bytes for each block, at most.
    pub(super) const BYTES_PER_BLOCK: u64 = 1;

    pub(super) fn new(blocks: usize) -> Self {
        Self { marks: Vec::new(), blocks, is_all: false, is_coarse: false }
    }

    /// True when a block missed a scan of AC.
    pub(crate) fn has_missed_ac(&self, number: usize) -> bool {
        self.has(number, MISSED_AC)
    }

    /// True when the DC of a block never came.
    pub(super) fn is_without_dc(&self, number: usize) -> bool {
        self.has(number, WITHOUT_DC)
    }

    /// True when all blocks are lost.
    pub(super) fn is_all(&self) -> bool {
        self.is_all
    }

    /// True when some blocks are coarse.
    pub(super) fn is_coarse(&self) -> bool {
        self.is_coarse
    }

    /// True when no block has a mark.
    pub(super) fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Share of some blocks that is lost.
    pub(super) fn share_lost(&self, blocks: impl Iterator<Item = usize>) -> f64 {
        let (lost, all) =
            blocks.fold((0, 0), |(lost, all), number| (lost + usize::from(self.has(number, LOST)), all + 1));
        share(lost, all)
    }

    /// Notes that a block of a sequential scan did not come.
    pub(super) fn note_block(&mut self, number: usize) {
        self.mark(number, WITHOUT_DC | LOST);
    }

    /// Notes that a block of a sequential scan came from filler, or from behind it.
    pub(super) fn note_untrusted(&mut self, number: usize) {
        self.mark(number, LOST);
    }

    /// Notes that a block of a progressive scan did not come, and whether the scan has coefficients that are kept.
    pub(super) fn note_scan(&mut self, number: usize, scan: &ScanHeader, is_kept: bool) {
        let mut marks = if scan.band.0 > 0 { MISSED_AC } else { 0 };
        if scan.band.0 == 0 && scan.high == 0 {
            marks |= WITHOUT_DC;
        }
        if is_kept {
            // A refinement takes the bit below `high`, so `high` bits are missing without it.
            let is_lost = scan.high == 0 || scan.high > MOST_MISSING_BITS;
            marks |= if is_lost { LOST } else { 0 };
            self.is_coarse |= !is_lost;
        }
        self.mark(number, marks);
    }

    /// Notes that no scan comes any more, although some should: by the bits that are missing of the coefficient that
    /// lacks most, and whether those show.
    pub(super) fn note_cut(&mut self, most_missing: u8, is_known: bool) {
        self.is_all |= most_missing > MOST_MISSING_BITS;
        self.is_coarse |= !is_known;
    }

    /// Notes that bits of some blocks did not come, though later ones did.
    pub(super) fn note_coarse(&mut self) {
        self.is_coarse = true;
    }

    /// Notes that all blocks are lost.
    pub(super) fn note_all(&mut self) {
        self.is_all = true;
    }

    fn has(&self, number: usize, mark: u8) -> bool {
        self.marks.get(number).is_some_and(|marks| marks & mark != 0)
    }

    fn mark(&mut self, number: usize, marks: u8) {
        if self.marks.is_empty() {
            self.marks.resize(self.blocks, 0);
        }
        if let Some(place) = self.marks.get_mut(number) {
            *place |= marks;
        }
    }
}
