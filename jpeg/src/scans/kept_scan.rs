//! A scan whose coefficients are kept: its restart intervals, MCUs and losses, whatever its code.

use std::io::BufRead;
use std::ops::Range;

use crate::entropy::units::McuBlock;
use crate::entropy::window::Window;
use crate::error::Error;
use crate::scans::bits::{BitReader, InvalidBlock};
use crate::scans::store::{CoefficientPlane, CoefficientStore};
use crate::syntax::frame::Coding;
use crate::syntax::input::{BETWEEN_POLLS, Input};
use crate::syntax::tables::{ScanHeader, Tables};

/// Decisions of arithmetic coding that any file may have. A bit of the file may stand for thousands of them, so that
/// bytes do not limit the work: these numbers do, to one or two seconds, and a tenth of that for each megapixel, and as
/// much as that for each megabyte. Photos have one decision for a pixel, and ten for a byte.
const DECISIONS: u64 = 200_000_000;

/// Decisions more for each pixel.
const DECISIONS_PER_PIXEL: u64 = 10;

/// Decisions more for each byte of the file.
const DECISIONS_PER_BYTE: u64 = 100;

/// Decodes blocks in the order of a scan.
pub(super) trait BlockDecoder {
    /// MCUs between two looks at whether anyone still wants the picture.
    const BETWEEN_POLLS: usize = BETWEEN_POLLS;

    /// Begins a restart interval, before its first bit is read.
    fn begin_interval(&mut self);

    /// Decodes a block; `number` is that in the plane of its component, `table` that of its DC table.
    fn block(
        &mut self,
        reader: &mut BitReader<'_>,
        block: McuBlock,
        table: usize,
        plane: &mut CoefficientPlane,
        number: usize,
    ) -> Result<(), InvalidBlock>;

    /// True when the next symbol adds nothing to the picture.
    fn is_flat(&self, reader: &BitReader<'_>) -> bool;

    /// Decisions of arithmetic coding so far.
    fn decisions(&self) -> u64 {
        0
    }
}

/// A scan whose coefficients are kept.
pub(crate) struct KeptScan<'a> {
    pub(crate) header: &'a ScanHeader,
    pub(crate) tables: &'a Tables,
    pub(crate) coding: Coding,
    /// Pixels of the picture.
    pub(crate) pixels: u64,
    /// Decisions that scans before took.
    pub(crate) decided: u64,
    /// The blocks of an MCU, each with the number of its DC table.
    pub(crate) blocks: Vec<(McuBlock, usize)>,
    /// For each component of the frame, blocks of an MCU across and down.
    pub(crate) sizes: Vec<(usize, usize)>,
    /// MCUs across and down.
    pub(crate) mcus: (usize, usize),
}

impl KeptScan<'_> {
    /// Decodes the scan; gives the number of MCUs that did not come, which are noted in the store's planes.
    pub(super) fn decode<R: BufRead, D: BlockDecoder>(
        &self,
        decoder: &mut D,
        input: &mut Input<R>,
        window: &mut Window,
        store: &mut CoefficientStore,
    ) -> Result<usize, Error> {
        let total = self.mcus.0.saturating_mul(self.mcus.1);
        let interval = match self.tables.restart_interval {
            0 => total,
            interval => usize::try_from(interval).unwrap_or(usize::MAX),
        };
        let mut reader = BitReader::new(window, self.coding);
        let (mut passed, mut missed, mut mcu) = (0_usize, 0_usize, 0_usize);
        while mcu < total {
            let end = (passed + 1).saturating_mul(interval).min(total);
            decoder.begin_interval();
            'interval: while mcu < end {
                input.poll()?;
                self.check_effort(decoder.decisions(), input.consumed())?;
                let next_poll = end.min(mcu.saturating_add(D::BETWEEN_POLLS));
                while mcu < next_poll {
                    if reader.fill(input)? {
                        let is_flat = decoder.is_flat(&reader);
                        reader.note_filler(mcu, is_flat);
                    }
                    if self.mcu(decoder, &mut reader, store, mcu).is_err() || reader.is_past_end() {
                        break 'interval;
                    }
                    mcu += 1;
                }
            }
            if let Some(first) = reader.first_lost(input, mcu >= end)? {
                missed += self.note_missing(input, store, first..mcu)?;
            }
            if mcu >= total {
                break;
            }
            if !reader.resume(input, &mut passed)? {
                missed += self.note_missing(input, store, mcu..total)?;
                break;
            }
            let next = passed.saturating_mul(interval).min(total);
            missed += self.note_missing(input, store, mcu..next)?;
            mcu = next;
        }
        Ok(missed)
    }

    /// Keeps the work within bounds that grow with the picture and with the file.
    fn check_effort(&self, decisions: u64, bytes_read: u64) -> Result<(), Error> {
        let allowed = DECISIONS
            .saturating_add(DECISIONS_PER_PIXEL.saturating_mul(self.pixels))
            .saturating_add(DECISIONS_PER_BYTE.saturating_mul(bytes_read));
        if self.decided.saturating_add(decisions) > allowed {
            return Err(Error::damaged(
                "its arithmetic coding takes more work than a picture of its size can need",
            ));
        }
        Ok(())
    }

    #[inline(always)]
    fn mcu(
        &self,
        decoder: &mut impl BlockDecoder,
        reader: &mut BitReader<'_>,
        store: &mut CoefficientStore,
        mcu: usize,
    ) -> Result<(), InvalidBlock> {
        let (column, row) = (mcu % self.mcus.0, mcu / self.mcus.0);
        for (block, table) in &self.blocks {
            let (Some(plane), Some(size)) =
                (store.planes.get_mut(block.component), self.sizes.get(block.component))
            else {
                return Err(InvalidBlock);
            };
            let number = plane.number(column * size.0 + block.column, row * size.1 + block.row);
            decoder.block(reader, *block, *table, plane, number)?;
        }
        Ok(())
    }

    /// Notes in the planes that MCUs did not come; gives their number.
    fn note_missing<R: BufRead>(
        &self,
        input: &mut Input<R>,
        store: &mut CoefficientStore,
        mcus: Range<usize>,
    ) -> Result<usize, Error> {
        for mcu in mcus.clone() {
            if mcu.is_multiple_of(BETWEEN_POLLS) {
                input.poll()?;
            }
            let (column, row) = (mcu % self.mcus.0, mcu / self.mcus.0);
            for (block, _) in &self.blocks {
                let size = self.sizes.get(block.component).copied().unwrap_or((1, 1));
                if let Some(plane) = store.planes.get_mut(block.component) {
                    let number = plane.number(column * size.0 + block.column, row * size.1 + block.row);
                    plane.note_missing_in_scan(number, self.header);
                }
            }
        }
        Ok(mcus.len())
    }
}
