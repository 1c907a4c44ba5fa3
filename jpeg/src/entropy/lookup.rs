//! The step tables of a sequential scan, and the state machine that chooses among them.
//!
//! A step looks up the next [`INDEX_BITS`] bits in the table of the present state and gets a [`StepEntry`]: how many
//! bits to drop, how far that goes in the block, and the value of a coefficient. The next state is looked up as well,
//! so that steps have one shape whatever comes: where blocks end is data, not a branch, and no processor could
//! predict that branch.
//!
//! A state is a block of the MCU and a position in it (see [`step_tables`](crate::entropy::step_tables)). The
//! coefficients that are wanted are the lowest ones across and down; in zigzag order the last of them stands at
//! [`last_kept`]. Up to there each step is one symbol with its value ([`TableKind::AcValue`]); behind it steps skip
//! ([`TableKind::AcSkip`]). Where only DC is wanted, a step takes it and skips at once ([`TableKind::DcAndAcSkip`]).

use crate::entropy::step_tables::{END_OF_BLOCK, INDEX_BITS, StepEntry, TableKind, ac_step, dc_step};
use crate::entropy::window::reservoir;
use crate::error::Error;
use crate::index::index;
use crate::syntax::frame::NATURAL;
use crate::syntax::huffman::HuffmanTable;

/// Entries of all tables together: sixteen tables. A scan needs twelve at most: of its four components each has one
/// for DC, one for values and one to skip.
const ENTRIES: usize = 16 << INDEX_BITS;

/// Entries that there is room for: those that an index into any table can lead to, for which no check is needed.
const ALL_ENTRIES: usize = 2 * (u16::MAX as usize) + (1 << INDEX_BITS);

/// Positions that a state can have.
const POSITIONS: u32 = 256;

/// States of all blocks together: sixteen blocks of 256 positions. T.81 allows ten blocks in an MCU (section B.2.3).
pub(crate) const STATES: usize = 16 << 8;

// A table's first entry is held in halves in 16 bits.
const _: () = assert!((ENTRIES - (1 << INDEX_BITS)) / 2 <= u16::MAX as usize);

/// Consequences of the state that a step arrives at.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Transition {
    /// Added to the state of a lane to get that of the next step: 0 within a block, else whatever leads to the start
    /// of the next block.
    pub(crate) change: u32,
    /// Half the index of the first entry of the table for the next step.
    pub(crate) table: u16,
    /// Index of the coefficient that the value of the step belongs to, among the numbers of its block.
    pub(crate) slot: u8,
}

/// Coding of a block of the MCU, and the coefficients that are wanted of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockCoding<'a> {
    /// Code of its DC difference.
    pub(crate) dc: &'a HuffmanTable,
    /// Code of its AC coefficients.
    pub(crate) ac: &'a HuffmanTable,
    /// Coefficients wanted, across and down: 1 to 8.
    pub(crate) size: (u32, u32),
}

impl BlockCoding<'_> {
    /// Numbers that a lane holds of the block: see [`McuLayout`].
    fn length(&self) -> usize {
        index(self.size.0 * self.size.1) + 2
    }
}

/// The step tables and states of one scan.
#[derive(Debug)]
pub(crate) struct Lookup<'a> {
    /// Each a [`StepEntry`].
    entries: Box<[u32; ALL_ENTRIES]>,
    /// By block, 4 bits, and position after a step, 8 bits.
    pub(crate) transitions: Box<[Transition; STATES]>,
    /// [`Transition::table`] of the first step of an MCU.
    pub(crate) start: u16,
    blocks: Vec<BlockCoding<'a>>,
    /// [`last_kept`] of each block.
    last_kept: Vec<usize>,
    /// Layout of the numbers that lanes keep of an MCU.
    pub(crate) mcu: McuLayout,
}

/// Layout of the 16-bit numbers that a lane keeps of an MCU.
///
/// Each block has, in this order: the number in which the lane notes where the block ends; the coefficients that are
/// wanted, row by row; and one that takes the values that are not.
#[derive(Clone, Debug, Default)]
pub(crate) struct McuLayout {
    /// Numbers of an MCU.
    pub(crate) length: usize,
    /// First number of each block.
    pub(crate) starts: Vec<usize>,
    /// Numbers of the longest block.
    pub(crate) longest: usize,
    /// Numbers of the last block.
    pub(crate) last: usize,
}

impl McuLayout {
    fn new(blocks: &[BlockCoding<'_>]) -> Self {
        let mut layout = Self::default();
        for block in blocks {
            layout.starts.push(layout.length);
            layout.last = block.length();
            layout.length += layout.last;
            layout.longest = layout.longest.max(layout.last);
        }
        layout
    }
}

impl<'a> Lookup<'a> {
    pub(crate) fn new(blocks: Vec<BlockCoding<'a>>) -> Result<Self, Error> {
        let mcu = McuLayout::new(&blocks);
        let last_kept = blocks.iter().map(|block| last_kept(block.size)).collect();
        let (entries, transitions) = (boxed(0), boxed(Transition::default()));
        let mut lookup = Self { entries, transitions, start: 0, blocks, last_kept, mcu };
        lookup.build().ok_or_else(|| Error::damaged("a scan has too many blocks in a unit"))?;
        Ok(lookup)
    }

    /// The step for the next bits, the last [`INDEX_BITS`] of `index`, from a [table](Transition::table).
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "indexed below its constant length")]
    pub(crate) fn entry(&self, table: u16, index: usize) -> StepEntry {
        StepEntry(self.entries[2 * usize::from(table) + index % (1 << INDEX_BITS)])
    }

    /// True when the data from `bit` on has a flat MCU: one whose blocks have no AC and the DC before.
    pub(crate) fn is_flat_mcu(&self, data: &[u8], mut bit: usize) -> bool {
        let mut step = |block: usize, position: usize| {
            let bits = u32::try_from(reservoir(data, bit) >> 32).unwrap_or(0);
            let step = self.slow_step(block, position, bits)?;
            bit += index(step.bits());
            Some(step)
        };
        (0..self.blocks.len()).all(|block| {
            step(block, 0).is_some_and(|dc| dc.value() == 0)
                && step(block, 1).is_some_and(|ac| ac.advance() == END_OF_BLOCK)
        })
    }

    /// Makes the tables and the transitions; `None` when the MCU has more blocks than there are states for.
    fn build(&mut self) -> Option<()> {
        let mut made: Vec<TableKind<'a>> = Vec::new();
        let blocks = self.blocks.clone();
        for (number, block) in (0_u32..).zip(&blocks) {
            let next = (number + 1) % u32::try_from(blocks.len()).ok()?;
            let last = last_kept(block.size);
            let value = if last > 0 { self.table(&mut made, TableKind::AcValue(block.ac))? } else { 0 };
            let skip = if last < 63 { self.table(&mut made, TableKind::AcSkip(block.ac))? } else { 0 };
            let length = u32::try_from(block.length()).ok()?;
            let first = self.first_table(&mut made, blocks.get(usize::try_from(next).ok()?)?)?;
            for position in 0..POSITIONS {
                let state = number << 8 | position;
                let slot = slot_before(usize::try_from(position).ok()?, block.size);
                let slot = u8::try_from(slot.unwrap_or_else(|| block.length() - 1)).ok()?;
                let is_done = position >= END_OF_BLOCK;
                let is_wanted = usize::try_from(position).ok()? <= last;
                *self.transitions.get_mut(usize::try_from(state).ok()?)? = Transition {
                    // From `start << 16 | number << 8 | position` to `(start + length) << 16 | next << 8`: the layout
                    // of a lane's state.
                    change: if is_done { (next << 8 | length << 16).wrapping_sub(state) } else { 0 },
                    table: if is_done {
                        first
                    } else if is_wanted {
                        value
                    } else {
                        skip
                    },
                    // Where only DC is wanted, its step arrives anywhere, for it has skipped as well. Steps behind it
                    // have the value 0, so adding theirs to DC changes nothing.
                    slot: if last == 0 { 1 } else { slot },
                };
            }
        }
        self.start = self.first_table(&mut made, blocks.first()?)?;
        Some(())
    }

    /// The table for the first step of a block.
    fn first_table(&mut self, made: &mut Vec<TableKind<'a>>, block: &BlockCoding<'a>) -> Option<u16> {
        let kind = match last_kept(block.size) {
            0 => TableKind::DcAndAcSkip(block.dc, block.ac),
            _ => TableKind::Dc(block.dc),
        };
        self.table(made, kind)
    }

    /// The table of a kind, made when it is first asked for.
    fn table(&mut self, made: &mut Vec<TableKind<'a>>, kind: TableKind<'a>) -> Option<u16> {
        let number = made.iter().position(|other| other.is_same(kind)).unwrap_or(made.len());
        let start = number << INDEX_BITS;
        if number == made.len() {
            kind.fill(self.entries.get_mut(start..)?.first_chunk_mut()?);
            made.push(kind);
        }
        u16::try_from(start / 2).ok()
    }

    /// The step of one symbol from a position of a block, by 32 bits of the stream; `None` if the bits begin with no
    /// code, or go past the end of the block.
    ///
    /// 32 bits are always enough: a code has 16 at most, and its value 15.
    pub(crate) fn slow_step(&self, block: usize, position: usize, bits: u32) -> Option<StepEntry> {
        let (block, last_kept) = (self.blocks.get(block)?, *self.last_kept.get(block)?);
        if position == 0 {
            return dc_step(block.dc, bits);
        }
        let entry = ac_step(block.ac, bits)?;
        let arrived = position + index(entry.advance());
        let advance = match arrived {
            // The block is full: on to the next, as behind an end-of-block symbol. No such symbol arrives at exactly
            // END_OF_BLOCK, for it would have to stand in front of DC; so that position can tell where the last
            // coefficient of the block belongs.
            64 => END_OF_BLOCK - u32::try_from(position).ok()?,
            65..128 | 192.. => return None,
            _ => entry.advance(),
        };
        let is_wanted = arrived <= 64 && arrived - 1 <= last_kept;
        Some(StepEntry::new(entry.bits(), advance, if is_wanted { entry.value() } else { 0 }))
    }
}

/// Slot of the coefficient before a position, which is the one that a step to this position has the value of;
/// `None` where it is not wanted.
fn slot_before(position: usize, (across, down): (u32, u32)) -> Option<usize> {
    let natural = match position {
        1..64 => NATURAL.get(position - 1),
        // Reached only by the last coefficient: see Lookup::slow_step.
        128 => NATURAL.last(),
        _ => None,
    };
    let (column, row) = natural.map(|natural| (u32::from(natural % 8), u32::from(natural / 8)))?;
    (column < across && row < down).then_some(1 + row * across + column).map(index)
}

/// Zigzag index of the last coefficient that is wanted.
pub(crate) fn last_kept((across, down): (u32, u32)) -> usize {
    let is_wanted = |natural: &u8| u32::from(natural % 8) < across && u32::from(natural / 8) < down;
    NATURAL.iter().rposition(is_wanted).unwrap_or(0)
}

/// An array on the heap that was never on the stack.
pub(crate) fn boxed<T: Clone, const N: usize>(value: T) -> Box<[T; N]> {
    let made: Result<Box<[T; N]>, _> = vec![value; N].try_into();
    made.unwrap_or_else(|_| unreachable!("the vector has N elements"))
}
