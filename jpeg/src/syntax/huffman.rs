//! Huffman tables (ITU-T T.81, annex C and section F.2.2.3).

use crate::error::Error;
use crate::index::index;

/// Bits that index [`HuffmanTable::short`]. Codes of up to nine bits are all but the rarest ones of usual tables, and
/// 512 entries of two bytes stay in the first-level cache.
const SHORT_BITS: u32 = 9;

/// A Huffman table as its segment defines it.
///
/// Codes of one length are consecutive numbers, and the first code of a length is the last code of the length before,
/// plus one, with zeros appended (section C.2). So the codes, left-aligned in 16 bits, ascend with their length, and
/// a code of 16 bits is found by comparing it with one limit for each length.
#[derive(Clone, Debug)]
pub(crate) struct HuffmanTable {
    /// The code that the next [`SHORT_BITS`] bits begin with: its length in the high byte, its symbol in the low one;
    /// 0 for longer codes.
    short: Box<[u16; 1 << SHORT_BITS]>,
    /// For each length, the first left-aligned 16 bits above all codes of it and of shorter ones.
    limits: [u32; 17],
    /// For each length, the difference from a code to the index of its symbol.
    offsets: [i32; 17],
    /// Number of codes of each length, from length 1 on.
    counts: [u8; 16],
    /// Symbols in the order of their codes.
    symbols: Vec<u8>,
}

impl HuffmanTable {
    /// Builds a table from the number of codes of each length and the symbols in the order of their codes
    /// (section C.2).
    ///
    /// Refuses counts that ask for more codes of a length than its bits can tell apart. A code of ones alone, which
    /// T.81 reserves, is accepted as by other readers.
    pub(crate) fn new(counts: &[u8; 16], symbols: &[u8]) -> Result<Self, Error> {
        let mut code = 0_u32;
        let mut next_symbol = 0_i32;
        let (mut limits, mut offsets) = ([0; 17], [0; 17]);
        let lengths = (1_u32..).zip(counts.iter().zip(limits.iter_mut().zip(&mut offsets).skip(1)));
        for (length, (count, (limit, offset))) in lengths {
            *offset = next_symbol.saturating_sub(i32::try_from(code).unwrap_or(i32::MAX));
            code += u32::from(*count);
            next_symbol += i32::from(*count);
            if code > 1 << length {
                return Err(Error::damaged("a Huffman table has more codes than there are"));
            }
            *limit = code << (16 - length);
            code <<= 1;
        }
        let short = prefix_table(counts, symbols);
        Ok(Self { short, limits, offsets, counts: *counts, symbols: symbols.to_vec() })
    }

    /// The code that each value of the next log2(`LENGTH`) bits begins with: its length in the high byte, its symbol
    /// in the low one; 0 where the code is longer, or no code begins like that.
    pub(crate) fn prefix_table<const LENGTH: usize>(&self) -> Box<[u16; LENGTH]> {
        prefix_table(&self.counts, &self.symbols)
    }

    /// Length and symbol of the code that these 16 bits begin with.
    pub(crate) fn decode(&self, bits: u16) -> Option<(u32, u8)> {
        let short = self.short.get(index(u32::from(bits) >> (16 - SHORT_BITS))).copied().unwrap_or(0);
        if short != 0 {
            let [length, symbol] = short.to_be_bytes();
            return Some((u32::from(length), symbol));
        }
        let bits = u32::from(bits);
        let lengths = (1_u32..).zip(self.limits.iter().zip(&self.offsets).skip(1));
        for (length, (limit, offset)) in lengths {
            if bits < *limit {
                let code = i32::try_from(bits >> (16 - length)).ok()?;
                let symbol = self.symbols.get(usize::try_from(code + offset).ok()?)?;
                return Some((length, *symbol));
            }
        }
        None
    }
}

/// See [`HuffmanTable::prefix_table`]. A code of `length` bits is the beginning of `LENGTH >> length` consecutive
/// indices, and those of the next code follow on them, so that one pass fills the table in order.
fn prefix_table<const LENGTH: usize>(counts: &[u8; 16], symbols: &[u8]) -> Box<[u16; LENGTH]> {
    let mut table = Box::new([0; LENGTH]);
    let (mut symbols, mut entries) = (symbols.iter(), table.iter_mut());
    for (length, count) in (1_u32..=LENGTH.ilog2().min(16)).zip(counts) {
        for symbol in symbols.by_ref().take(usize::from(*count)) {
            let entry = u16::try_from(length << 8).unwrap_or(0) | u16::from(*symbol);
            entries.by_ref().take(LENGTH >> length).for_each(|place| *place = entry);
        }
    }
    table
}

/// The value that the `size` extra bits of a symbol stand for (section F.2.2.1, EXTEND); `size` is at most 15.
///
/// The upper half of the numbers of `size` bits stands for itself, the lower half for the negative values:
/// 0 is `1 - 2^size`, and so on up to `-2^(size - 1)`.
pub(crate) fn extend(bits: u32, size: u32) -> i16 {
    debug_assert!(size <= 15 && bits >> size == 0, "{bits} has more than {size} bits");
    let half = 1_u32 << size >> 1;
    let value = i32::try_from(bits).unwrap_or(0);
    let value = if bits < half { value + 1 - (1 << size) } else { value };
    i16::try_from(value).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_annex_k() {
        // Table K.3: luminance DC differences.
        let counts = [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0];
        let code = HuffmanTable::new(&counts, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]).unwrap();
        for (bits, length, symbol) in [
            (0b00_u16 << 14, 2, 0),
            (0b010 << 13, 3, 1),
            (0b110 << 13, 3, 5),
            (0b1110 << 12, 4, 6),
            (0b1_1111_1110 << 7, 9, 11),
        ] {
            assert_eq!(code.decode(bits), Some((length, symbol)), "{bits:016b}");
        }
        assert_eq!(code.decode(0xffff), None);
    }

    #[test]
    fn long_codes_are_found() {
        let mut counts = [1; 16];
        counts[0] = 0;
        let symbols: Vec<u8> = (0..15).collect();
        let code = HuffmanTable::new(&counts, &symbols).unwrap();
        // Codes 00, 010, 0110, 01110, ...
        for (symbol, length) in (0_u8..).zip(2_u32..=16) {
            let bits = (((1_u32 << (length - 2)) - 1) << (17 - length)).try_into().unwrap();
            assert_eq!(code.decode(bits), Some((length, symbol)), "{bits:016b}");
        }
    }

    #[test]
    fn too_many_codes_are_refused() {
        assert!(HuffmanTable::new(&[3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[1, 2, 3]).is_err());
    }

    #[test]
    fn extra_bits_are_extended() {
        for (bits, size, value) in
            [(0, 0, 0), (0, 1, -1), (1, 1, 1), (0, 3, -7), (3, 3, -4), (4, 3, 4), (7, 3, 7)]
        {
            assert_eq!(extend(bits, size), value, "{bits} of {size}");
        }
    }
}
