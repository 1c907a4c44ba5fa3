//! Step tables: look-up tables, each entry of which decodes one step of a scan.
//!
//! A step is one symbol with its value, or, where no values are wanted, as many symbols as the index shows at once.
//! `lookup` puts the tables of a scan together and says which one a step needs.
//!
//! # Widths
//!
//! A lane loads at least 57 bits into its reservoir and then makes three steps without a look at the limits. The
//! first two drop at most [`MOST_STEP_BITS`] each, and the third must still find a whole index: `2 * 22 + 13 = 57`.
//! The two constants trade against each other: an index of 14 bits would double the tables, which have 32 KiB each,
//! and leave only 21 bits for a step.
//!
//! # Positions
//!
//! A position is the number of the next coefficient of a block in zigzag order: 0 for DC, 1 to 63 for AC. Each step
//! adds its advance:
//!
//! | step | advance | arrives at |
//! |---|---|---|
//! | DC difference | 1 | 1 |
//! | AC coefficient behind `run` zeros | `run` + 1 | 2 to 63, or too far |
//! | sixteen zeros (ZRL) | 16 | 17 to 63, or too far |
//! | end of block (EOB) | [`END_OF_BLOCK`] | 129 to 191 |
//! | several symbols | sum of theirs | as above |
//!
//! Steps begin at 63 at most, and without EOB an entry advances by 63 at most: such a step arrives at 126 at most.
//! With EOB, which adds 128, it arrives between 128 and 254. So a position always fits in eight bits. Its bit 6,
//! [`SLOW_STEP`], is set exactly when the symbols went to position 64 or past it: 64 to 126 without EOB, 192 to 254
//! with it.

use crate::syntax::huffman::{HuffmanTable, extend};

/// Bits that index a table.
pub(crate) const INDEX_BITS: u32 = 13;

/// Most bits that a step from a table drops.
pub(crate) const MOST_STEP_BITS: u32 = 22;

/// Lowest [`INDEX_BITS`] bits.
const INDEX_MASK: usize = (1 << INDEX_BITS) - 1;

/// Advance of an end-of-block symbol: positions from here on are past the end of the block.
pub(crate) const END_OF_BLOCK: u32 = 128;

/// Bit of a position that only steps set that need a second look: those that no entry covers, and those that arrive
/// at the end of a block, or past it, without an end-of-block symbol.
pub(crate) const SLOW_STEP: u32 = 64;

/// One step: bits to drop in the lowest byte, advance in the next one, value in the upper half.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct StepEntry(pub(crate) u32);

impl StepEntry {
    /// No step: the code, or the value behind it, is longer than the index, or there is no such code. The advance
    /// leads to [`SLOW_STEP`] from every position of a block.
    const NONE: Self = Self(64 << 8);

    pub(crate) fn new(bits: u32, advance: u32, value: i16) -> Self {
        debug_assert!(bits < 256 && advance < 256, "{bits} bits, advance {advance}");
        Self(bits | advance << 8 | u32::from(value.cast_unsigned()) << 16)
    }

    /// Bits to drop.
    #[inline(always)]
    pub(crate) fn bits(self) -> u32 {
        self.0 & 0xff
    }

    /// Added to the position in the block.
    #[inline(always)]
    pub(crate) fn advance(self) -> u32 {
        self.0 >> 8 & 0xff
    }

    /// Value of the coefficient before the position that the step arrives at.
    #[inline(always)]
    pub(crate) fn value(self) -> i16 {
        let [_, _, low, high] = self.0.to_le_bytes();
        i16::from_le_bytes([low, high])
    }
}

/// Content of a step table.
#[derive(Clone, Copy)]
pub(crate) enum TableKind<'a> {
    /// The DC difference.
    Dc(&'a HuffmanTable),
    /// The DC difference and, without values, the AC symbols behind it, as many as the index shows.
    DcAndAcSkip(&'a HuffmanTable, &'a HuffmanTable),
    /// AC symbols without values, as many as the index shows.
    AcSkip(&'a HuffmanTable),
    /// One AC symbol with its value.
    AcValue(&'a HuffmanTable),
}

impl TableKind<'_> {
    /// True when both have the same content. Huffman tables are compared by address: those of a scan are all borrowed
    /// from one place.
    pub(crate) fn is_same(self, other: Self) -> bool {
        match (self, other) {
            (Self::Dc(a), Self::Dc(b))
            | (Self::AcSkip(a), Self::AcSkip(b))
            | (Self::AcValue(a), Self::AcValue(b)) => std::ptr::eq(a, b),
            (Self::DcAndAcSkip(a, c), Self::DcAndAcSkip(b, d)) => std::ptr::eq(a, b) && std::ptr::eq(c, d),
            _ => false,
        }
    }

    /// Makes the entry for each value of the next [`INDEX_BITS`] bits.
    pub(crate) fn fill(self, table: &mut [u32; 1 << INDEX_BITS]) {
        match self {
            Self::Dc(code) => fill(table, |index| dc_entry(code, index)),
            Self::DcAndAcSkip(dc, ac) => {
                let prefixes = ac.prefix_table();
                fill(table, |index| match dc_entry(dc, index) {
                    StepEntry::NONE => StepEntry::NONE,
                    step => with_skipped(&prefixes, index, step),
                });
            }
            Self::AcSkip(code) => {
                let prefixes = code.prefix_table();
                fill(table, |index| with_skipped(&prefixes, index, StepEntry(0)));
            }
            Self::AcValue(code) => fill(table, |index| ac_entry(code, index)),
        }
    }
}

fn fill(table: &mut [u32; 1 << INDEX_BITS], entry: impl Fn(u32) -> StepEntry) {
    for (index, place) in (0_u32..).zip(table) {
        *place = entry(index).0;
    }
}

/// The DC difference that 32 bits begin with (section F.2.2.1).
pub(crate) fn dc_step(code: &HuffmanTable, bits: u32) -> Option<StepEntry> {
    let (length, size) = code.decode(high_half(bits))?;
    let size = u32::from(size);
    (size <= 15).then(|| StepEntry::new(length + size, 1, extra_value(bits, length, size)))
}

/// The AC symbol that 32 bits begin with (section F.2.2.2).
pub(crate) fn ac_step(code: &HuffmanTable, bits: u32) -> Option<StepEntry> {
    let (length, symbol) = code.decode(high_half(bits))?;
    let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
    Some(match (run, size) {
        (15, 0) => StepEntry::new(length, 16, 0),
        // Runs below 15 without a value mean more only in progressive files: all of them end the block here.
        (_, 0) => StepEntry::new(length, END_OF_BLOCK, 0),
        _ => StepEntry::new(length + size, run + 1, extra_value(bits, length, size)),
    })
}

fn high_half(bits: u32) -> u16 {
    let [a, b, _, _] = bits.to_be_bytes();
    u16::from_be_bytes([a, b])
}

/// Value of the `size` extra bits behind a code of `length` bits.
fn extra_value(bits: u32, length: u32, size: u32) -> i16 {
    let bits = (bits << length).checked_shr(32 - size).unwrap_or(0);
    extend(bits, size)
}

/// The DC step for an index, if the index shows all of its bits, which its value depends on.
fn dc_entry(code: &HuffmanTable, index: u32) -> StepEntry {
    let step = dc_step(code, index << (32 - INDEX_BITS));
    step.filter(|step| step.bits() <= INDEX_BITS).unwrap_or(StepEntry::NONE)
}

/// The AC step for an index, if the index shows all of its bits, which its value depends on.
fn ac_entry(code: &HuffmanTable, index: u32) -> StepEntry {
    let step = ac_step(code, index << (32 - INDEX_BITS));
    step.filter(|step| step.bits() <= INDEX_BITS).unwrap_or(StepEntry::NONE)
}

/// A step with as many AC symbols behind it as the index shows codes.
///
/// The codes must lie within the index. The extra bits of the last symbol may lie behind it, for nothing depends on
/// them: only their number counts, which [`MOST_STEP_BITS`] bounds. Symbols end with the first EOB, and before one
/// that would bring the sum of advances to 64, so that the position keeps its meaning (see the module).
#[expect(clippy::indexing_slicing, reason = "indexed below its constant length")]
fn with_skipped(prefixes: &[u16; 1 << INDEX_BITS], index: u32, before: StepEntry) -> StepEntry {
    let (mut bits, mut advance) = (before.bits(), before.advance());
    while bits < INDEX_BITS {
        let rest = usize::try_from(index << bits).unwrap_or(0) & INDEX_MASK;
        let [length, symbol] = prefixes[rest].to_be_bytes().map(u32::from);
        let (run, size) = (symbol >> 4, symbol & 15);
        // The zeros that were shifted in may look like the end of a code, which then is longer than what is left.
        if length == 0 || bits + length > INDEX_BITS || bits + length + size > MOST_STEP_BITS {
            break;
        }
        if size == 0 && run != 15 {
            bits += length;
            advance += END_OF_BLOCK;
            break;
        }
        if advance + run + 1 > 63 {
            break;
        }
        bits += length + size;
        advance += run + 1;
    }
    debug_assert!(bits <= MOST_STEP_BITS && advance % END_OF_BLOCK < 64, "{bits} bits, advance {advance}");
    if bits == 0 { StepEntry::NONE } else { StepEntry::new(bits, advance, before.value()) }
}
