//! Huffman tables: those of Annex K, the best for given counts, and random ones.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::picture::Random;

/// Number of times that each symbol occurs.
pub(super) type Counts = [u32; 256];

/// One table: its definition and the code of each symbol.
#[derive(Debug, Clone)]
pub(super) struct Table {
    /// The number of codes of each length 1..=16 (T.81 B.2.4.2).
    lengths: [u8; 16],
    /// The symbols in order of their codes.
    symbols: Vec<u8>,
    /// Code and its length, 0 for none.
    codes: Vec<(u32, u8)>,
}

impl Table {
    /// The table of Annex K.3, or `None` if it lacks a symbol.
    pub(super) fn standard(counts: &Counts, ac: bool, luminance: bool) -> Option<Self> {
        let (lengths, symbols) = match (ac, luminance) {
            (false, true) => (DC_LUMINANCE, (0..12).collect()),
            (false, false) => (DC_CHROMINANCE, (0..12).collect()),
            (true, true) => (AC_LUMINANCE.0, with_rest(&AC_LUMINANCE.1)),
            (true, false) => (AC_CHROMINANCE.0, with_rest(&AC_CHROMINANCE.1)),
        };
        let table = Self::define(lengths, symbols);
        let whole = (0..256).all(|symbol| counts[symbol] == 0 || table.codes[symbol].1 > 0);
        whole.then_some(table)
    }

    /// The shortest codes of at most 16 bits that leave the code of all ones free (T.81 K.2).
    pub(super) fn optimal(counts: &Counts) -> Self {
        let mut symbols: Vec<u8> = (0..=255).filter(|&s| counts[usize::from(s)] > 0).collect();
        symbols.sort_by_key(|&s| Reverse(counts[usize::from(s)]));
        let mut lengths = [0u32; 64];
        for depth in depths(&symbols.iter().map(|&s| counts[usize::from(s)]).collect::<Vec<_>>()) {
            lengths[depth] += 1;
        }
        for long in (17..64).rev() {
            while lengths[long] > 0 {
                let short = (1..long - 1).rev().find(|&l| lengths[l] > 0).unwrap();
                lengths[long] -= 2;
                lengths[long - 1] += 1;
                lengths[short + 1] += 2;
                lengths[short] -= 1;
            }
        }
        let longest = (1..17).rev().find(|&l| lengths[l] > 0).unwrap();
        lengths[longest] -= 1;
        Self::define(std::array::from_fn(|i| lengths[i + 1] as u8), symbols)
    }

    /// Any codes for the symbols that occur, and for some that do not: every length from 1 to 16, the tree
    /// seldom full.
    pub(super) fn random(counts: &Counts, ac: bool, random: &mut Random) -> Self {
        let mut symbols: Vec<u8> = (0..=255).filter(|&s| counts[usize::from(s)] > 0).collect();
        if random.one_in(2) {
            for _ in 0..random.below(8) {
                let symbol = random.below(if ac { 256 } else { 12 }) as u8;
                if !symbols.contains(&symbol) {
                    symbols.push(symbol);
                }
            }
        }
        random.shuffle(&mut symbols);
        // In units of 16-bit codes; one is never given away, so that no code is all ones.
        let mut left = 65_535;
        let mut coded = Vec::new();
        for (done, &symbol) in symbols.iter().enumerate() {
            let room = left - (symbols.len() - done - 1);
            let shortest = (1..=16).find(|length| 1 << (16 - length) <= room).unwrap();
            let spread = if random.one_in(3) { 1 } else { 17 - shortest };
            let length = if random.one_in(6) { 16 } else { shortest + random.below(spread) };
            left -= 1 << (16 - length);
            coded.push((length, symbol));
        }
        coded.sort_by_key(|&(length, _)| length);
        let mut lengths = [0; 16];
        for &(length, _) in &coded {
            lengths[length - 1] += 1;
        }
        Self::define(lengths, coded.into_iter().map(|(_, symbol)| symbol).collect())
    }

    /// Codes in increasing order (T.81 C.2).
    fn define(lengths: [u8; 16], symbols: Vec<u8>) -> Self {
        let mut codes = vec![(0, 0); 256];
        let (mut code, mut next) = (0u32, 0);
        for (length, &count) in (1u8..).zip(&lengths) {
            for _ in 0..count {
                assert!(code + 1 < 1 << length, "a code of {length} ones");
                codes[usize::from(symbols[next])] = (code, length);
                code += 1;
                next += 1;
            }
            code <<= 1;
        }
        assert_eq!(next, symbols.len(), "every symbol has a code");
        Self { lengths, symbols, codes }
    }

    /// The code of `symbol` and its length.
    pub(super) fn code(&self, symbol: u8) -> (u32, u8) {
        let (code, length) = self.codes[usize::from(symbol)];
        assert!(length > 0, "no code for symbol {symbol:#04x}");
        (code, length)
    }

    /// The definition as it stands in a DHT segment, after the class and slot.
    pub(super) fn definition(&self) -> Vec<u8> {
        [&self.lengths[..], &self.symbols[..]].concat()
    }
}

/// The depth of each leaf of a Huffman tree, and of one more leaf of the least weight: its code is given up.
fn depths(counts: &[u32]) -> Vec<usize> {
    let leaves = counts.len() + 1;
    let mut parents = vec![0; 2 * leaves - 1];
    let weights = counts.iter().copied().chain([0]).map(u64::from);
    let mut heap: BinaryHeap<_> = weights.enumerate().map(|(node, weight)| Reverse((weight, node))).collect();
    for parent in leaves..2 * leaves - 1 {
        let Reverse((light, a)) = heap.pop().unwrap();
        let Reverse((heavy, b)) = heap.pop().unwrap();
        (parents[a], parents[b]) = (parent, parent);
        heap.push(Reverse((light + heavy, parent)));
    }
    let mut depths = vec![0; 2 * leaves - 1];
    for node in (0..2 * leaves - 2).rev() {
        depths[node] = depths[parents[node]] + 1;
    }
    depths.truncate(leaves);
    depths
}

/// The symbols of a table of Annex K whose tail, the longest codes, is every other run and size in order.
fn with_rest(start: &[u8]) -> Vec<u8> {
    let runs_and_sizes = (0..=15).flat_map(|run| (1..=10).map(move |size| run << 4 | size));
    let rest = runs_and_sizes.filter(|symbol| !start.contains(symbol));
    start.iter().copied().chain(rest).collect()
}

const DC_LUMINANCE: [u8; 16] = [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0];
const DC_CHROMINANCE: [u8; 16] = [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0];
const AC_LUMINANCE: ([u8; 16], [u8; 37]) = (
    [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125],
    [
        0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22,
        0x71, 0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0, 0x24, 0x33,
        0x62, 0x72, 0x82,
    ],
);
const AC_CHROMINANCE: ([u8; 16], [u8; 43]) = (
    [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119],
    [
        0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71, 0x13,
        0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xa1, 0xb1, 0xc1, 0x09, 0x23, 0x33, 0x52, 0xf0, 0x15, 0x62,
        0x72, 0xd1, 0x0a, 0x16, 0x24, 0x34, 0xe1, 0x25, 0xf1,
    ],
);
