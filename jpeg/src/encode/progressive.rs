//! AC scans of a progressive file (ITU-T T.81, section G.1.2).

use crate::encode::quantise::{LevelBlock, Levels};
use crate::encode::sequential::symbol;
use crate::encode::symbols::{Sink, magnitude};
use crate::index::index;

/// Longest run of blocks without further levels (section G.1.2.2).
const LONGEST_RUN: u32 = 0x7fff;

/// Correction bits that a run of blocks may hold. There is no limit in the standard; libjpeg's reader and writer
/// work with any, and this keeps the memory small.
const MOST_CORRECTIONS: usize = 1000;

/// A band of AC coefficients, zigzag indices, and the bits of their levels that a scan codes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Band {
    pub(super) first: u8,
    pub(super) last: u8,
    /// Bit down to which earlier scans went; 0 for the first scan.
    pub(super) high: u8,
    /// Bit down to which this scan goes.
    pub(super) low: u8,
}

impl Band {
    /// Codes the scan of one component, by one table.
    pub(super) fn code(self, levels: &Levels, table: usize, sink: &mut impl Sink) {
        let mut scan = Scan { band: self, table, sink, run: 0, corrections: Vec::new() };
        for block in &levels.blocks {
            if self.high == 0 {
                scan.code_first(levels, block);
            } else {
                scan.refine(levels, block);
            }
        }
        scan.end_run();
    }

    /// Bits of a mask that are in the band.
    #[inline(always)]
    fn mask(self) -> u64 {
        (u64::MAX >> (63 - u32::from(self.last & 63))) & (u64::MAX << (self.first & 63))
    }

    /// The levels of a block that are in the band, with their positions; those that are zero without their lowest bits
    /// included.
    #[inline(always)]
    fn levels<'a>(self, levels: &'a Levels, block: &LevelBlock) -> impl Iterator<Item = (u32, i32)> + 'a {
        let below = block.mask & !(u64::MAX << (self.first & 63));
        let values = levels.values_of(block).get(index(below.count_ones())..).unwrap_or_default();
        let mut rest = block.mask & self.mask();
        values.iter().map_while(move |level| {
            let position = rest.trailing_zeros();
            rest = if position == 64 { return None } else { rest & (rest - 1) };
            Some((position, i32::from(*level)))
        })
    }
}

struct Scan<'a, S> {
    band: Band,
    table: usize,
    sink: &'a mut S,
    /// Blocks that have ended without a code of it.
    run: u32,
    /// Correction bits of these blocks.
    corrections: Vec<bool>,
}

impl<S: Sink> Scan<'_, S> {
    /// Codes the end of the blocks in the run, and their correction bits.
    #[inline(always)]
    fn end_run(&mut self) {
        if self.run > 0 {
            let size = 31 - self.run.leading_zeros();
            self.sink.symbol(self.table, symbol(size, 0), self.run & ((1 << size) - 1), size);
            self.run = 0;
            self.flush(0);
        }
    }

    /// Writes the correction bits from one on.
    fn flush(&mut self, from: usize) {
        for bit in self.corrections.drain(from.min(self.corrections.len())..) {
            self.sink.bits(u32::from(bit), 1);
        }
    }

    /// Adds a block to the run.
    #[inline(always)]
    fn extend_run(&mut self) {
        self.run += 1;
        if self.run == LONGEST_RUN || self.corrections.len() > MOST_CORRECTIONS {
            self.end_run();
        }
    }

    /// Figure G.3.
    #[inline(always)]
    fn code_first(&mut self, levels: &Levels, block: &LevelBlock) {
        let mut next = u32::from(self.band.first);
        for (position, level) in self.band.levels(levels, block) {
            // The point transform divides, rounding towards zero (section G.1.2.2).
            let magnitude_left = level.abs() >> self.band.low;
            if magnitude_left == 0 {
                continue;
            }
            self.end_run();
            let mut zeros = position - next;
            while zeros > 15 {
                self.sink.symbol(self.table, 0xf0, 0, 0);
                zeros -= 16;
            }
            let (size, bits) = magnitude(if level < 0 { -magnitude_left } else { magnitude_left });
            self.sink.symbol(self.table, symbol(zeros, size), bits, size);
            next = position + 1;
        }
        if next <= u32::from(self.band.last) {
            self.extend_run();
        }
    }

    /// Figure G.7. Levels that were not zero before have a correction bit each, behind the code of the next level that
    /// was zero and is 1 or -1 now. Runs count only levels that were zero and still are.
    fn refine(&mut self, levels: &Levels, block: &LevelBlock) {
        let low = self.band.low;
        let visible = || self.band.levels(levels, block).filter(|(_, level)| level.abs() >> low != 0);
        let last_new = visible().filter(|(_, level)| level.abs() >> low == 1).last();
        let last_new = last_new.map_or(0, |(position, _)| position);
        let (mut next, mut zeros) = (u32::from(self.band.first), 0);
        // Correction bits of this block begin here.
        let mut own = self.corrections.len();
        for (position, level) in self.band.levels(levels, block) {
            let magnitude_left = level.abs() >> low;
            if magnitude_left == 0 {
                continue;
            }
            zeros += position - next;
            next = position + 1;
            while zeros > 15 && position <= last_new {
                self.end_run_before(&mut own);
                self.sink.symbol(self.table, 0xf0, 0, 0);
                self.flush(own);
                zeros -= 16;
            }
            if magnitude_left > 1 {
                self.corrections.push(magnitude_left & 1 == 1);
                continue;
            }
            self.end_run_before(&mut own);
            self.sink.symbol(self.table, symbol(zeros, 1), u32::from(level > 0), 1);
            self.flush(own);
            zeros = 0;
        }
        zeros += u32::from(self.band.last) + 1 - next;
        if zeros > 0 || self.corrections.len() > own {
            self.extend_run();
        }
    }

    /// Codes the end of the blocks before this one, whose correction bits from `own` on stay.
    fn end_run_before(&mut self, own: &mut usize) {
        if self.run == 0 {
            return;
        }
        let kept = self.corrections.split_off((*own).min(self.corrections.len()));
        self.end_run();
        self.corrections = kept;
        *own = 0;
    }
}
