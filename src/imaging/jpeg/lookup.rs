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
pub(super) const INDEX: u32 = 12;

/// Most bits of one step. Three steps fit in a reservoir of 57: 22 + 22 + [`INDEX`].
const LONGEST_STEP: u32 = 22;

/// Entries of all tables together.
pub(super) const ENTRIES: usize = 1 << 16;

/// States of all blocks together: sixteen blocks of 256.
pub(super) const STATES: usize = 16 << 8;

/// Added to the position in the block by a symbol that ends it: positions from 128 on are past the end.
pub(super) const END: u32 = 128;

/// Bit of a position that is set only by steps that need a second look: those that no entry covers, and
/// those that arrive at the end of a block, or past it, without an end-of-block symbol.
pub(super) const UNCLEAR: usize = 64;

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
    pub(super) fn bits(self) -> usize {
        usize::from(self.0.to_le_bytes()[0])
    }

    pub(super) fn advance(self) -> usize {
        usize::from(self.0.to_le_bytes()[1])
    }

    pub(super) fn value(self) -> i16 {
        let [_, _, low, high] = self.0.to_le_bytes();
        i16::from_le_bytes([low, high])
    }
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

/// The tables of one scan.
#[derive(Debug)]
pub(super) struct Lookup<'a> {
    pub(super) entries: Box<[Entry; ENTRIES]>,
    /// First entry of the table for the next step, by block and position.
    pub(super) states: Box<[u16; STATES]>,
    /// Where a value goes in its block's coefficients, by block and position after the step.
    pub(super) slots: Box<[u8; STATES]>,
    /// The block after each block.
    pub(super) next: [u8; 16],
    /// Coefficients kept of each block, and one that takes what is not wanted.
    pub(super) stride: usize,
    blocks: Vec<Block<'a>>,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    Difference,
    Value,
    Skip,
}

impl<'a> Lookup<'a> {
    pub(super) fn new(blocks: Vec<Block<'a>>) -> Result<Self, Error> {
        let sizes = blocks.iter().map(|block| block.size.0 * block.size.1);
        let most = usize::try_from(sizes.max().unwrap_or(1)).unwrap_or(64);
        let mut lookup = Self {
            entries: boxed(Entry(0)),
            states: boxed(0),
            slots: boxed(0),
            next: [0; 16],
            // A multiple of eight with room for one more.
            stride: (most + 8) & !7,
            blocks,
        };
        lookup.fill().ok_or_else(|| Error::damaged("a scan has too many blocks in a unit"))?;
        Ok(lookup)
    }

    /// Blocks in an MCU.
    pub(super) fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// State before the first block.
    pub(super) fn start(&self) -> u16 {
        // The last block leads there.
        self.states.get(self.blocks().saturating_sub(1) << 8 | 128).copied().unwrap_or(0)
    }

    fn fill(&mut self) -> Option<()> {
        let mut made: Vec<(Kind, &'a Huffman, usize)> = Vec::new();
        let blocks = self.blocks.clone();
        for (number, block) in blocks.iter().enumerate() {
            let next = (number + 1) % blocks.len();
            *self.next.get_mut(number)? = u8::try_from(next).ok()?;
            let last = last_wanted(block.size);
            let value = if last > 0 { self.table(&mut made, Kind::Value, block.ac)? } else { 0 };
            let skip = if last < 63 { self.table(&mut made, Kind::Skip, block.ac)? } else { 0 };
            let difference = self.table(&mut made, Kind::Difference, blocks.get(next)?.dc)?;
            for position in 0..256 {
                let state = number << 8 | position;
                *self.states.get_mut(state)? = match position {
                    0..64 if position <= last => value,
                    0..64 => skip,
                    _ => difference,
                };
                *self.slots.get_mut(state)? = u8::try_from(self.slot(position, block.size)).ok()?;
            }
        }
        Some(())
    }

    /// A step that ends at this position has the value of the coefficient before it.
    fn slot(&self, position: usize, (across, down): (u32, u32)) -> usize {
        let coefficient = match position {
            1..64 => NATURAL.get(position - 1),
            // The last coefficient ends the block.
            128 => NATURAL.last(),
            _ => None,
        };
        let wanted = coefficient.and_then(|natural| {
            let (column, row) = (u32::from(natural % 8), u32::from(natural / 8));
            (column < across && row < down).then_some(row * across + column)
        });
        wanted.and_then(|slot| usize::try_from(slot).ok()).unwrap_or(self.stride - 1)
    }

    fn table(
        &mut self,
        made: &mut Vec<(Kind, &'a Huffman, usize)>,
        kind: Kind,
        code: &'a Huffman,
    ) -> Option<u16> {
        let known = made.iter().find(|(made, of, _)| *made == kind && std::ptr::eq(*of, code));
        let start = match known {
            Some((_, _, start)) => *start,
            None => {
                let start = made.len() << INDEX;
                let table = self.entries.get_mut(start..start + (1 << INDEX))?;
                for (bits, entry) in (0_u32..).zip(table) {
                    *entry = match kind {
                        Kind::Difference => difference(code, bits),
                        Kind::Value => value(code, bits),
                        Kind::Skip => skip(code, bits),
                    };
                }
                made.push((kind, code, start));
                start
            }
        };
        u16::try_from(start).ok()
    }

    /// The step for a position in a block, one symbol, from 32 bits of the stream; `None` if no code or no
    /// block is like that.
    #[cold]
    pub(super) fn symbol(&self, block: usize, position: usize, bits: u32) -> Option<Entry> {
        let block = self.blocks.get(block)?;
        if position == 0 {
            return step_of_difference(block.dc, bits);
        }
        let entry = step_of_coefficient(block.ac, bits)?;
        match position + entry.advance() {
            // The block is full: go on as after an end-of-block symbol.
            64 => Some(Entry::new(entry.0 & 0xff, END - u32::try_from(position).ok()?, entry.value())),
            65..128 | 192.. => None,
            _ => Some(entry),
        }
    }
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
    step.filter(|step| step.0 & 0xff <= INDEX).unwrap_or(Entry::NONE)
}

fn value(code: &Huffman, index: u32) -> Entry {
    let step = step_of_coefficient(code, index << (32 - INDEX));
    step.filter(|step| step.0 & 0xff <= INDEX).unwrap_or(Entry::NONE)
}

/// As many symbols as there are codes in the index; the extra bits of the last one may lie behind it.
fn skip(code: &Huffman, index: u32) -> Entry {
    let (mut bits, mut advance) = (0, 0);
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
    if bits == 0 { Entry::NONE } else { Entry::new(bits, advance, 0) }
}
