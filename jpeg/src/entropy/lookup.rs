//! Tables that decode a sequential scan in steps of equal shape, whatever comes next.
//!
//! A step looks up the next [`INDEX`] bits in the table of the present state and learns how many bits to
//! drop, how far that goes in the block, and the value of a coefficient; what kinds of table there are is in
//! [`Kind`]. The state after a step is a table look-up too, so that nothing has to be predicted at the ends of
//! blocks, which no processor can predict.

use crate::entropy::huffman::Huffman;
use crate::entropy::step_tables::{END, Entry, INDEX, Kind, step_of_coefficient, step_of_difference};
use crate::error::Error;
use crate::syntax::frame::NATURAL;

/// Entries of all tables together: sixteen, of which a scan needs twelve at most.
pub(crate) const ENTRIES: usize = 16 << INDEX;

/// States of all blocks together: sixteen blocks of 256.
pub(crate) const STATES: usize = 16 << 8;

/// Bit of a position that is set only by steps that need a second look: those that no entry covers, and
/// those that arrive at the end of a block, or past it, without an end-of-block symbol.
pub(crate) const UNCLEAR: u32 = 64;

/// What follows from the state that a step arrives at.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Move {
    /// Added to the [state](super::lanes) to get that of the next step: the next block when this one is done.
    pub(crate) change: u32,
    /// Half the place of the first entry of the table for the next step.
    pub(crate) table: u16,
    /// Where the value of the step belongs among the numbers of its block.
    pub(crate) slot: u16,
}

/// A block of the MCU.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block<'a> {
    /// Code of its DC difference.
    pub(crate) dc: &'a Huffman,
    /// Code of its AC coefficients.
    pub(crate) ac: &'a Huffman,
    /// Coefficients wanted, across and down: 1, 2, 4 or 8.
    pub(crate) size: (u32, u32),
}

impl Block<'_> {
    /// See [`Unit`].
    fn length(&self) -> usize {
        wide(self.size.0 * self.size.1) + 2
    }
}

/// The tables of one scan.
#[derive(Debug)]
pub(crate) struct Lookup<'a> {
    /// See [`Entry`].
    entries: Box<[u32; ENTRIES]>,
    /// By block and position after a step.
    pub(crate) moves: Box<[Move; STATES]>,
    /// [`Move::table`] of the first step.
    pub(crate) start: u16,
    blocks: Vec<Block<'a>>,
    /// Numbers kept of an MCU, and where each of its blocks begins among them.
    pub(crate) unit: Unit,
}

/// How the numbers kept of an MCU are laid out. Each block has one for its lane, the coefficients that are
/// wanted, row by row, and one that takes what is not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unit {
    /// All numbers.
    pub(crate) length: usize,
    /// First number of each block.
    pub(crate) starts: Vec<usize>,
    /// Numbers of the longest block, and of the last one.
    pub(crate) longest: usize,
    pub(crate) last: usize,
}

impl Unit {
    fn new(blocks: &[Block<'_>]) -> Self {
        let mut unit = Self::default();
        for block in blocks {
            unit.starts.push(unit.length);
            unit.last = block.length();
            unit.length += unit.last;
            unit.longest = unit.longest.max(unit.last);
        }
        unit
    }
}

impl<'a> Lookup<'a> {
    pub(crate) fn new(blocks: Vec<Block<'a>>) -> Result<Self, Error> {
        let unit = Unit::new(&blocks);
        let mut lookup = Self { entries: boxed(0), moves: boxed(Move::default()), start: 0, blocks, unit };
        lookup.fill().ok_or_else(|| Error::damaged("a scan has too many blocks in a unit"))?;
        Ok(lookup)
    }

    /// The step for the next bits, the last [`INDEX`] of `index`, by a [table](Move::table).
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "indexed below its constant length")]
    pub(crate) fn entry(&self, table: u16, index: usize) -> Entry {
        Entry(self.entries[(2 * usize::from(table) + index) % ENTRIES])
    }

    fn fill(&mut self) -> Option<()> {
        let mut made: Vec<Kind<'a>> = Vec::new();
        let blocks = self.blocks.clone();
        for (number, block) in (0_u32..).zip(&blocks) {
            let next = (number + 1) % u32::try_from(blocks.len()).ok()?;
            let last = last_wanted(block.size);
            let value = if last > 0 { self.table(&mut made, Kind::Value(block.ac))? } else { 0 };
            let skip = if last < 63 { self.table(&mut made, Kind::Skip(block.ac))? } else { 0 };
            let length = u32::try_from(block.length()).ok()?;
            let first = self.first(&mut made, blocks.get(usize::try_from(next).ok()?)?)?;
            for position in 0..256 {
                let state = number << 8 | position;
                let slot = slot(usize::try_from(position).ok()?, block.size);
                let slot = u16::try_from(slot.unwrap_or_else(|| block.length() - 1)).ok()?;
                let is_done = position >= END;
                let is_wanted = usize::try_from(position).ok()? <= last;
                *self.moves.get_mut(usize::try_from(state).ok()?)? = Move {
                    change: if is_done { (next << 8 | length << 16).wrapping_sub(state) } else { 0 },
                    table: if is_done {
                        first
                    } else if is_wanted {
                        value
                    } else {
                        skip
                    },
                    // All that steps behind the DC difference add to it is nothing.
                    slot: if last == 0 { 1 } else { slot },
                };
            }
        }
        self.start = self.first(&mut made, blocks.first()?)?;
        Some(())
    }

    /// The table for the first step of a block.
    fn first(&mut self, made: &mut Vec<Kind<'a>>, block: &Block<'a>) -> Option<u16> {
        let kind = match last_wanted(block.size) {
            0 => Kind::DifferenceAndSkip(block.dc, block.ac),
            _ => Kind::Difference(block.dc),
        };
        self.table(made, kind)
    }

    fn table(&mut self, made: &mut Vec<Kind<'a>>, kind: Kind<'a>) -> Option<u16> {
        let number = made.iter().position(|other| other.is(kind)).unwrap_or(made.len());
        let start = number << INDEX;
        if number == made.len() {
            kind.fill(self.entries.get_mut(start..)?.first_chunk_mut()?);
            made.push(kind);
        }
        u16::try_from(start / 2).ok()
    }

    /// The step for a position in a block, one symbol, from 32 bits of the stream; `None` if no code or no
    /// block is like that.
    pub(crate) fn symbol(&self, block: usize, position: usize, bits: u32) -> Option<Entry> {
        let block = self.blocks.get(block)?;
        if position == 0 {
            return step_of_difference(block.dc, bits);
        }
        let entry = step_of_coefficient(block.ac, bits)?;
        let arrived = position + wide(entry.advance());
        let advance = match arrived {
            // The block is full: go on as after an end-of-block symbol.
            64 => END - u32::try_from(position).ok()?,
            65..128 | 192.. => return None,
            _ => entry.advance(),
        };
        let is_wanted = arrived <= 64 && arrived - 1 <= last_wanted(block.size);
        Some(Entry::new(entry.bits(), advance, if is_wanted { entry.value() } else { 0 }))
    }
}

/// Where the coefficient before a position is kept: it is that which a step to there has the value of.
fn slot(position: usize, (across, down): (u32, u32)) -> Option<usize> {
    let natural = match position {
        1..64 => NATURAL.get(position - 1),
        // The last coefficient ends the block.
        128 => NATURAL.last(),
        _ => None,
    };
    let (column, row) = natural.map(|natural| (u32::from(natural % 8), u32::from(natural / 8)))?;
    (column < across && row < down).then_some(1 + row * across + column).map(wide)
}

/// An index that fits in memory anyway.
fn wide(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// Zigzag place of the last coefficient wanted.
pub(crate) fn last_wanted((across, down): (u32, u32)) -> usize {
    let wanted = |natural: &u8| u32::from(natural % 8) < across && u32::from(natural / 8) < down;
    NATURAL.iter().rposition(wanted).unwrap_or(0)
}

/// An array that was never on the stack.
pub(crate) fn boxed<T: Clone, const N: usize>(value: T) -> Box<[T; N]> {
    let made: Result<Box<[T; N]>, _> = vec![value; N].try_into();
    made.unwrap_or_else(|_| unreachable!("the vector has N elements"))
}
