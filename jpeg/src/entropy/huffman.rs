//! Huffman codes (ITU-T T.81, annex C and section F.2.2.3).

use crate::error::Error;

/// Bits that the quick table looks at.
const QUICK: u32 = 9;

/// A Huffman code as its segment defines it.
#[derive(Clone, Debug)]
pub(crate) struct Huffman {
    /// Length in the high byte and symbol in the low one, by the next [`QUICK`] bits; 0 for longer codes.
    quick: Box<[u16; 1 << QUICK]>,
    /// For each length, the first 16 bits that no code of it or shorter begins with.
    limits: [u32; 17],
    /// For each length, what to add to the code to get the place of its symbol.
    offsets: [i32; 17],
    /// Codes of each length from 1 on.
    counts: [u8; 16],
    /// In the order of their codes.
    symbols: Vec<u8>,
}

impl Huffman {
    /// Makes the codes from the numbers of codes of each length and the symbols in order of their codes
    /// (section C.2).
    pub(crate) fn new(counts: &[u8; 16], symbols: &[u8]) -> Result<Self, Error> {
        let mut code = 0_u32;
        let mut place = 0_i32;
        let (mut limits, mut offsets) = ([0; 17], [0; 17]);
        let lengths = (1_u32..).zip(counts.iter().zip(limits.iter_mut().zip(&mut offsets).skip(1)));
        for (length, (count, (limit, offset))) in lengths {
            *offset = place.saturating_sub(i32::try_from(code).unwrap_or(i32::MAX));
            code += u32::from(*count);
            place += i32::from(*count);
            if code > 1 << length {
                return Err(Error::damaged("a Huffman table has more codes than there are"));
            }
            *limit = code << (16 - length);
            code <<= 1;
        }
        let quick = heads(counts, symbols);
        Ok(Self { quick, limits, offsets, counts: *counts, symbols: symbols.to_vec() })
    }

    /// The code that the next bits begin with, for all that they can be, `LENGTH` being two to their number: its
    /// length in the high byte and its symbol in the low one; 0 for longer codes and none.
    pub(crate) fn heads<const LENGTH: usize>(&self) -> Box<[u16; LENGTH]> {
        heads(&self.counts, &self.symbols)
    }

    /// Length and symbol of the code that these 16 bits begin with.
    pub(crate) fn symbol(&self, bits: u16) -> Option<(u32, u8)> {
        let quick = self.quick.get(index(u32::from(bits) >> (16 - QUICK))).copied().unwrap_or(0);
        if quick != 0 {
            let [length, symbol] = quick.to_be_bytes();
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

/// See [`Huffman::heads`].
fn heads<const LENGTH: usize>(counts: &[u8; 16], symbols: &[u8]) -> Box<[u16; LENGTH]> {
    let mut heads = Box::new([0; LENGTH]);
    let (mut symbols, mut places) = (symbols.iter(), heads.iter_mut());
    for (length, count) in (1_u32..=LENGTH.ilog2().min(16)).zip(counts) {
        // Codes of a length follow on each other, and on all shorter ones.
        for symbol in symbols.by_ref().take(usize::from(*count)) {
            let entry = u16::try_from(length << 8).unwrap_or(0) | u16::from(*symbol);
            places.by_ref().take(LENGTH >> length).for_each(|place| *place = entry);
        }
    }
    heads
}

/// The value that a symbol's extra bits stand for (section F.2.2.1, EXTEND); `size` is at most 15.
pub(crate) fn extend(bits: u32, size: u32) -> i16 {
    let half = 1_u32 << size >> 1;
    let value = i32::try_from(bits).unwrap_or(0);
    let value = if bits < half { value + 1 - (1 << size) } else { value };
    i16::try_from(value).unwrap_or(0)
}

/// An index that fits in memory anyway.
fn index(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_annex_k() {
        // Table K.3: luminance DC differences.
        let counts = [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0];
        let code = Huffman::new(&counts, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]).unwrap();
        for (bits, length, symbol) in [
            (0b00_u16 << 14, 2, 0),
            (0b010 << 13, 3, 1),
            (0b110 << 13, 3, 5),
            (0b1110 << 12, 4, 6),
            (0b1_1111_1110 << 7, 9, 11),
        ] {
            assert_eq!(code.symbol(bits), Some((length, symbol)), "{bits:016b}");
        }
        assert_eq!(code.symbol(0xffff), None);
    }

    #[test]
    fn long_codes_are_found() {
        let mut counts = [1; 16];
        counts[0] = 0;
        let symbols: Vec<u8> = (0..15).collect();
        let code = Huffman::new(&counts, &symbols).unwrap();
        // Codes 00, 010, 0110, 01110, ...
        for (symbol, length) in (0_u8..).zip(2_u32..=16) {
            let bits = (((1_u32 << (length - 2)) - 1) << (17 - length)).try_into().unwrap();
            assert_eq!(code.symbol(bits), Some((length, symbol)), "{bits:016b}");
        }
    }

    #[test]
    fn too_many_codes_are_refused() {
        assert!(Huffman::new(&[3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[1, 2, 3]).is_err());
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
