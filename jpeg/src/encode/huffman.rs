//! Huffman codes of the fewest bits (ITU-T T.81, annexes C and K.2).
//!
//! Codes have at most 16 bits, and none has only ones (section C, K.2). Such lengths of the fewest bits are found by
//! the package-merge algorithm (Larmore and Hirschberg, "A fast algorithm for optimal length-limited Huffman codes",
//! 1990). The reserved code is that of one more symbol that never comes: it is the last of the longest ones, and the last
//! code of a complete set has only ones.

/// Most bits of a code.
const MOST_BITS: usize = 16;

/// Symbols, and the one that is reserved.
const MOST_SYMBOLS: usize = 257;

/// A code for bytes.
#[derive(Clone, Debug)]
pub(super) struct Code {
    /// Number of codes of each length, from 1 on.
    pub(super) counts: [u8; MOST_BITS],
    /// Symbols in the order of their codes.
    pub(super) symbols: Vec<u8>,
    /// For each symbol its code, and in the lowest 8 bits its length; 0 for those that have none.
    pub(super) codes: Box<[u32; 256]>,
}

impl Code {
    /// The code of the fewest bits for symbols that come so many times.
    pub(super) fn optimal(counts: &[u32; 256]) -> Self {
        let mut used: Vec<(u32, u8)> =
            (0..=255).zip(counts).map(|(symbol, count)| (*count, symbol)).collect();
        used.retain(|(count, _)| *count > 0);
        used.sort_unstable();
        let lengths = lengths(&used);
        let (mut of_length, mut symbols) = ([0; MOST_BITS], Vec::with_capacity(used.len()));
        let mut codes = Box::new([0; 256]);
        let mut code = 0;
        for (length, count) in (1_u32..).zip(&mut of_length) {
            // The most frequent symbols of a length come first; any order is as good.
            let with_length = used.iter().zip(&lengths).rev().filter(|(_, other)| **other == length);
            for ((_, symbol), _) in with_length {
                if let Some(place) = codes.get_mut(usize::from(*symbol)) {
                    *place = code << 8 | length;
                }
                symbols.push(*symbol);
                code += 1;
                *count += 1;
            }
            code <<= 1;
        }
        Self { counts: of_length, symbols, codes }
    }

    /// Bits of the code of a symbol; 0 if it has none.
    pub(super) fn length(&self, symbol: u8) -> u8 {
        let [.., length] = self.codes.get(usize::from(symbol)).copied().unwrap_or(0).to_be_bytes();
        length
    }

    /// Bits of all symbols together.
    pub(super) fn bits(&self, counts: &[u32; 256]) -> u64 {
        let bits =
            counts.iter().zip(&*self.codes).map(|(count, code)| u64::from(*count) * u64::from(code & 0xff));
        bits.sum()
    }

    /// Bytes of the table in its segment.
    pub(super) fn table_bytes(&self) -> usize {
        1 + MOST_BITS + self.symbols.len()
    }
}

/// The length of the code of each symbol, of which the rarest come first.
fn lengths(used: &[(u32, u8)]) -> Vec<u32> {
    // The reserved symbol is the rarest.
    let weights: Vec<u64> =
        std::iter::once(0).chain(used.iter().map(|(count, _)| u64::from(*count))).collect();
    debug_assert!(weights.len() <= MOST_SYMBOLS);
    let mut levels: Vec<Vec<bool>> = Vec::with_capacity(MOST_BITS);
    let mut packages: Vec<u64> = Vec::new();
    for _ in 0..MOST_BITS {
        let (list, is_symbol) = merged(&weights, &packages);
        packages = list.as_chunks().0.iter().map(|[a, b]| a + b).collect();
        levels.push(is_symbol);
    }
    // The first `2n - 2` items of the last list are taken, and of each list before it the items in the packages taken.
    // Each time that a symbol is taken its code has one more bit. Symbols are taken from the rarest on.
    let mut lengths = vec![0; weights.len()];
    let mut taken = 2 * weights.len() - 2;
    for is_symbol in levels.iter().rev() {
        let symbols = is_symbol.iter().take(taken).filter(|is_symbol| **is_symbol).count();
        lengths.iter_mut().take(symbols).for_each(|length| *length += 1);
        taken = 2 * (taken - symbols);
    }
    lengths.remove(0);
    lengths
}

/// Two ascending lists as one, and for each item whether it is of the first.
fn merged(symbols: &[u64], packages: &[u64]) -> (Vec<u64>, Vec<bool>) {
    let length = symbols.len() + packages.len();
    let (mut list, mut is_symbol) = (Vec::with_capacity(length), Vec::with_capacity(length));
    let (mut symbols, mut packages) = (symbols.iter().peekable(), packages.iter().peekable());
    loop {
        let first = match (symbols.peek(), packages.peek()) {
            (Some(symbol), Some(package)) => symbol <= package,
            (symbol, package) if symbol.is_some() || package.is_some() => symbol.is_some(),
            _ => return (list, is_symbol),
        };
        let next = if first { symbols.next() } else { packages.next() };
        list.extend(next);
        is_symbol.push(first);
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "small numbers")]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn counted(counts: &[u32]) -> [u32; 256] {
        std::array::from_fn(|symbol| counts.get(symbol).copied().unwrap_or(0))
    }

    /// Fewest bits of any lengths of at most 16 bits that leave a code free, by trying all of them. `free` is the part
    /// of all codes that is left, in 2^-16.
    fn fewest(counts: &[u32], free: u32, known: &mut BTreeMap<(usize, u32), u64>) -> u64 {
        let [first, rest @ ..] = counts else { return if free > 0 { 0 } else { u64::MAX } };
        if let Some(bits) = known.get(&(counts.len(), free)) {
            return *bits;
        }
        let mut best = u64::MAX;
        for length in 1..=16 {
            if let Some(free) = free.checked_sub(1 << (16 - length)) {
                let bits = fewest(rest, free, known).saturating_add(u64::from(*first) * length);
                best = best.min(bits);
            }
        }
        known.insert((counts.len(), free), best);
        best
    }

    #[test]
    fn no_code_takes_fewer_bits() {
        let mut seed = 1_u32;
        for round in 0..200 {
            let length = 1 + round % 6;
            let counts: Vec<u32> = (0..length)
                .map(|_| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    1 + (seed >> 8) % [2, 10, 1000, 1_000_000][round % 4]
                })
                .collect();
            let all = counted(&counts);
            let code = Code::optimal(&all);
            assert_eq!(code.bits(&all), fewest(&counts, 1 << 16, &mut BTreeMap::new()), "{counts:?}");
        }
    }

    #[test]
    fn codes_stay_within_16_bits_and_are_the_best_of_these() {
        // Each count is the sum of the two before: without a limit each code is one bit longer than the next.
        let mut counts = vec![1, 1];
        while counts.len() < 19 {
            counts.push(counts[counts.len() - 1] + counts[counts.len() - 2]);
        }
        let all = counted(&counts);
        let code = Code::optimal(&all);
        assert!(counts.iter().zip(0..).all(|(_, symbol)| (1..=16).contains(&code.length(symbol))));
        assert_eq!(code.bits(&all), fewest(&counts, 1 << 16, &mut BTreeMap::new()));
    }

    #[test]
    fn codes_are_prefix_free_and_none_has_only_ones() {
        for used in [1, 2, 3, 17, 255, 256] {
            let counts =
                std::array::from_fn(|symbol| if symbol < used { (symbol as u32 * 7) % 31 + 1 } else { 0 });
            let code = Code::optimal(&counts);
            assert_eq!((code.symbols.len(), code.counts.iter().map(|n| usize::from(*n)).sum()), (used, used));
            let mut codes: Vec<(u32, u32)> =
                code.codes.iter().map(|entry| (entry >> 8, entry & 0xff)).collect();
            codes.retain(|(_, length)| *length > 0);
            assert_eq!(codes.len(), used);
            let mut aligned: Vec<_> =
                codes.iter().map(|(code, length)| (code << (16 - length), *length)).collect();
            aligned.sort_unstable();
            let ends = aligned.iter().map(|(code, length)| code + (1 << (16 - length)));
            assert!(ends.zip(aligned.iter().skip(1)).all(|(end, (next, _))| end <= *next));
            assert!(codes.iter().all(|(code, length)| *code != (1 << length) - 1), "{codes:?}");
        }
    }
}
