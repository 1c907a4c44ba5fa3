//! The tables of steps that [`lookup`](super::lookup) puts together.

use crate::entropy::huffman::{Huffman, extend};

/// Bits that index a table.
pub(crate) const INDEX: u32 = 13;

/// Most bits of one step. Three steps fit in a reservoir of 57: 22 + 22 + [`INDEX`].
const LONGEST_STEP: u32 = 22;

/// The place of bits in a table, of which it has as many.
const MASK: usize = (1 << INDEX) - 1;

/// Added to the position in the block by a symbol that ends it: positions from 128 on are past the end.
pub(crate) const END: u32 = 128;

/// One step: bits to drop in the low byte, advance in the block in the next one, value in the high half.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Entry(pub(crate) u32);

impl Entry {
    /// Leads to [`UNCLEAR`](super::lookup::UNCLEAR) from anywhere in a block.
    const NONE: Self = Self(64 << 8);

    pub(crate) fn new(bits: u32, advance: u32, value: i16) -> Self {
        Self(bits | advance << 8 | u32::from(value.cast_unsigned()) << 16)
    }

    /// The bits to drop.
    #[inline(always)]
    pub(crate) fn bits(self) -> u32 {
        self.0 & 0xff
    }

    #[inline(always)]
    pub(crate) fn advance(self) -> u32 {
        self.0 >> 8 & 0xff
    }

    #[inline(always)]
    pub(crate) fn value(self) -> i16 {
        let [_, _, low, high] = self.0.to_le_bytes();
        i16::from_le_bytes([low, high])
    }
}

/// What the entries of a table are about.
#[derive(Clone, Copy)]
pub(crate) enum Kind<'a> {
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
    pub(crate) fn is(self, other: Self) -> bool {
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

    /// Makes the entries, one for all that the next [`INDEX`] bits can be.
    pub(crate) fn fill(self, table: &mut [u32; 1 << INDEX]) {
        match self {
            Self::Difference(code) => fill(table, |index| difference(code, index)),
            Self::DifferenceAndSkip(dc, ac) => {
                let heads = ac.heads();
                fill(table, |index| match difference(dc, index) {
                    Entry::NONE => Entry::NONE,
                    step => skip(&heads, index, step),
                });
            }
            Self::Skip(code) => {
                let heads = code.heads();
                fill(table, |index| skip(&heads, index, Entry(0)));
            }
            Self::Value(code) => fill(table, |index| value(code, index)),
        }
    }
}

fn fill(table: &mut [u32; 1 << INDEX], entry: impl Fn(u32) -> Entry) {
    for (index, place) in (0_u32..).zip(table) {
        *place = entry(index).0;
    }
}

/// A DC difference at the head of 32 bits (section F.2.2.1).
pub(crate) fn step_of_difference(code: &Huffman, bits: u32) -> Option<Entry> {
    let (length, size) = code.symbol(high_half(bits))?;
    let size = u32::from(size);
    (size <= 15).then(|| Entry::new(length + size, 1, extra(bits, length, size)))
}

/// An AC symbol at the head of 32 bits (section F.2.2.2).
pub(crate) fn step_of_coefficient(code: &Huffman, bits: u32) -> Option<Entry> {
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

fn value(code: &Huffman, index: u32) -> Entry {
    let step = step_of_coefficient(code, index << (32 - INDEX));
    step.filter(|step| step.bits() <= INDEX).unwrap_or(Entry::NONE)
}

/// As many symbols as there are codes in the index behind a step; the extra bits of the last one may lie
/// behind it.
#[expect(clippy::indexing_slicing, reason = "indexed below its constant length")]
fn skip(heads: &[u16; 1 << INDEX], index: u32, before: Entry) -> Entry {
    let (mut bits, mut advance) = (before.bits(), before.advance());
    while bits < INDEX {
        let rest = usize::try_from(index << bits).unwrap_or(0) & MASK;
        let [length, symbol] = heads[rest].to_be_bytes().map(u32::from);
        let (run, size) = (symbol >> 4, symbol & 15);
        if length == 0 || bits + length > INDEX || bits + length + size > LONGEST_STEP {
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
