//! Tables that decode a sequential scan in steps of equal shape, whatever comes next.
//!
//! A step looks up the next [`INDEX`] bits in the table of the present state and learns how many bits to
//! drop, how far that goes in the block, and the value of a coefficient. There are three kinds of table: DC
//! difference, AC coefficient with its value, and, past the last coefficient that is wanted, as many whole
//! AC symbols as the bits hold, without values. The state after a step is a table look-up too, so that
//! nothing has to be predicted at the ends of blocks, which no processor can predict.

use super::Error;
use super::frame::NATURAL;
use super::huffman::{Huffman, extend};

/// Bits that index a table.
pub(super) const INDEX: u32 = 13;

/// Most bits of one step. Three steps fit in a reservoir of 57: 22 + 22 + [`INDEX`].
const LONGEST_STEP: u32 = 22;

/// Entries of all tables together: sixteen, of which a scan needs twelve at most.
pub(super) const ENTRIES: usize = 16 << INDEX;

/// States of all blocks together: sixteen blocks of 256.
pub(super) const STATES: usize = 16 << 8;

/// Added to the position in the block by a symbol that ends it: positions from 128 on are past the end.
pub(super) const END: u32 = 128;

/// Bit of a position that is set only by steps that need a second look: those that no entry covers, and
/// those that arrive at the end of a block, or past it, without an end-of-block symbol.
pub(super) const UNCLEAR: u32 = 64;

/// One step: bits to drop in the low byte, advance in the block in the next one, value in the high half.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Entry(pub(super) u32);

impl Entry {
    /// Leads to [`UNCLEAR`] from anywhere in a block.
    const NONE: Self = Self(64 << 8);

    pub(super) fn new(bits: u32, advance: u32, value: i16) -> Self {
        Self(bits | advance << 8 | u32::from(value.cast_unsigned()) << 16)
    }

    /// The bits to drop.
    #[inline(always)]
    pub(super) fn bits(self) -> u32 {
        self.0 & 0xff
    }

    #[inline(always)]
    pub(super) fn advance(self) -> u32 {
        self.0 >> 8 & 0xff
    }

    #[inline(always)]
    pub(super) fn value(self) -> i16 {
        let [_, _, low, high] = self.0.to_le_bytes();
        i16::from_le_bytes([low, high])
    }
}

/// What follows from the state that a step arrives at.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Move {
    /// Added to the [state](super::lanes) to get that of the next step: the next block when this one is done.
    pub(super) change: u32,
    /// Half the place of the first entry of the table for the next step.
    pub(super) table: u16,
    /// Where the value of the step belongs among the numbers of its block.
    pub(super) slot: u16,
}

/// A block of the MCU.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block<'a> {
    /// Code of its DC difference.
    pub(super) dc: &'a Huffman,
    /// Code of its AC coefficients.
    pub(super) ac: &'a Huffman,
    /// Coefficients wanted, across and down: 1, 2, 4 or 8.
    pub(super) size: (u32, u32),
}

impl Block<'_> {
    /// See [`Unit`].
    fn length(&self) -> usize {
        wide(self.size.0 * self.size.1) + 2
    }
}

/// The tables of one scan.
#[derive(Debug)]
pub(super) struct Lookup<'a> {
    /// See [`Entry`].
    entries: Box<[u32; ENTRIES]>,
    /// By block and position after a step.
    pub(super) moves: Box<[Move; STATES]>,
    /// [`Move::table`] of the first step.
    pub(super) start: u16,
    blocks: Vec<Block<'a>>,
    /// Numbers kept of an MCU, and where each of its blocks begins among them.
    pub(super) unit: Unit,
}

/// How the numbers kept of an MCU are laid out. Each block has one for its lane, the coefficients that are
/// wanted, row by row, and one that takes what is not.
#[derive(Clone, Debug, Default)]
pub(super) struct Unit {
    /// All numbers.
    pub(super) length: usize,
    /// First number of each block.
    pub(super) starts: Vec<usize>,
    /// Numbers of the longest block, and of the last one.
    pub(super) longest: usize,
    pub(super) last: usize,
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

/// What the entries of a table are about.
#[derive(Clone, Copy)]
enum Kind<'a> {
    /// The DC difference.
    Difference(&'a Huffman),
    /// The DC difference and, without values, as many AC symbols as there are bits for: the codes of both.
    DifferenceAndSkip(&'a Huffman, &'a Huffman),
    /// As many AC symbols as there are bits for, without values.
    Skip(&'a Huffman),
    /// One AC symbol.
    Value(&'a Huffman),
}

impl Kind<'_> {
    /// The codes are known by where they are.
    fn is(self, other: Self) -> bool {
        match (self, other) {
            (Self::Difference(a), Self::Difference(b))
            | (Self::Skip(a), Self::Skip(b))
            | (Self::Value(a), Self::Value(b)) => std::ptr::eq(a, b),
            (Self::DifferenceAndSkip(a, c), Self::DifferenceAndSkip(b, d)) => {
                std::ptr::eq(a, b) && std::ptr::eq(c, d)
            }
            _ => false,
        }
    }

    /// The entry for these bits.
    fn entry(self, index: u32) -> Entry {
        match self {
            Self::Difference(code) => difference(code, index),
            Self::DifferenceAndSkip(dc, ac) => difference_and_skip(dc, ac, index),
            Self::Skip(code) => skip(code, index, Entry(0)),
            Self::Value(code) => value(code, index),
        }
    }
}

impl<'a> Lookup<'a> {
    pub(super) fn new(blocks: Vec<Block<'a>>) -> Result<Self, Error> {
        let unit = Unit::new(&blocks);
        let mut lookup = Self { entries: boxed(0), moves: boxed(Move::default()), start: 0, blocks, unit };
        lookup.fill().ok_or_else(|| Error::damaged("a scan has too many blocks in a unit"))?;
        Ok(lookup)
    }

    /// The step for the next bits, the last [`INDEX`] of `index`, by a [table](Move::table).
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "indexed below its constant length")]
    pub(super) fn entry(&self, table: u16, index: usize) -> Entry {
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
                let slot = u16::try_from(slot.unwrap_or(block.length() - 1)).ok()?;
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
            let table = self.entries.get_mut(start..start + (1 << INDEX))?;
            for (bits, entry) in (0_u32..).zip(table) {
                *entry = kind.entry(bits).0;
            }
            made.push(kind);
        }
        u16::try_from(start / 2).ok()
    }

    /// The step for a position in a block, one symbol, from 32 bits of the stream; `None` if no code or no
    /// block is like that.
    pub(super) fn symbol(&self, block: usize, position: usize, bits: u32) -> Option<Entry> {
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
pub(super) fn last_wanted((across, down): (u32, u32)) -> usize {
    let wanted = |natural: &u8| u32::from(natural % 8) < across && u32::from(natural / 8) < down;
    NATURAL.iter().rposition(wanted).unwrap_or(0)
}

fn boxed<T: Clone, const N: usize>(value: T) -> Box<[T; N]> {
    let made: Result<Box<[T; N]>, _> = vec![value; N].try_into();
    made.unwrap_or_else(|_| unreachable!("the vector has N elements"))
}

/// A DC difference at the head of 32 bits (section F.2.2.1).
fn step_of_difference(code: &Huffman, bits: u32) -> Option<Entry> {
    let (length, size) = code.symbol(high_half(bits))?;
    let size = u32::from(size);
    (size <= 15).then(|| Entry::new(length + size, 1, extra(bits, length, size)))
}

/// An AC symbol at the head of 32 bits (section F.2.2.2).
fn step_of_coefficient(code: &Huffman, bits: u32) -> Option<Entry> {
    let (length, symbol) = code.symbol(high_half(bits))?;
    let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
    Some(match (run, size) {
        (15, 0) => Entry::new(length, 16, 0),
        (_, 0) => Entry::new(length, END, 0),
        _ => Entry::new(length + size, run + 1, extra(bits, length, size)),
    })
}

fn high_half(bits: u32) -> u16 {
    let [a, b, _, _] = bits.to_be_bytes();
    u16::from_be_bytes([a, b])
}

fn extra(bits: u32, length: u32, size: u32) -> i16 {
    let bits = (bits << length).checked_shr(32 - size).unwrap_or(0);
    extend(bits, size)
}

/// An entry with a value needs all its bits in the index.
fn difference(code: &Huffman, index: u32) -> Entry {
    let step = step_of_difference(code, index << (32 - INDEX));
    step.filter(|step| step.bits() <= INDEX).unwrap_or(Entry::NONE)
}

fn difference_and_skip(dc: &Huffman, ac: &Huffman, index: u32) -> Entry {
    let step = difference(dc, index);
    if step == Entry::NONE { step } else { skip(ac, index, step) }
}

fn value(code: &Huffman, index: u32) -> Entry {
    let step = step_of_coefficient(code, index << (32 - INDEX));
    step.filter(|step| step.bits() <= INDEX).unwrap_or(Entry::NONE)
}

/// As many symbols as there are codes in the index behind a step; the extra bits of the last one may lie
/// behind it.
fn skip(code: &Huffman, index: u32, before: Entry) -> Entry {
    let (mut bits, mut advance) = (before.bits(), before.advance());
    while bits < INDEX {
        let rest = index << (32 - INDEX) << bits;
        let Some((length, symbol)) = code.symbol(high_half(rest)) else { break };
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        if bits + length > INDEX || bits + length + size > LONGEST_STEP {
            break;
        }
        if size == 0 && run != 15 {
            bits += length;
            advance += END;
            break;
        }
        if advance + run + 1 > 63 {
            break;
        }
        bits += length + size;
        advance += run + 1;
    }
    if bits == 0 { Entry::NONE } else { Entry::new(bits, advance, before.value()) }
}
