//! LZW as in TIFF (TIFF 6.0, section 13) and GIF (GIF89a, appendix F).
//!
//! Codes of up to 12 bits stand for strings of bytes. The first stand for single bytes, two more clear the table and
//! end the data. Each code after the first adds the string of the code before, followed by the first byte of its own.
//!
//! An entry of the table holds the last 1 to 8 bytes of its string, and the code of those before, so that most strings
//! are written in one step. A string is written from its end, and what is written beyond it is overwritten by the next.
//!
//! Memory: 64 KiB for the table.

#[cfg(test)]
mod tests;

use std::cmp::Ordering;

/// Entries at most.
const ENTRIES: usize = 4096;

/// Longest code, bits.
const LONGEST_CODE: u32 = 12;

/// Bytes of a string in an entry.
const PART: usize = 8;

/// Free bytes of output that [`LzwDecoder::decode`] needs to go on: the longest string, in whole parts.
pub(super) const LZW_SPACE: usize = ENTRIES + PART;

/// Variety of LZW.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum LzwVariety {
    /// GIF, and TIFF before version 5: the first bit of a code is the lowest of its byte.
    LowestBitFirst,
    /// TIFF: the first bit of a code is the highest of its byte, and codes widen one entry earlier.
    HighestBitFirst,
}

/// Why a decoder stopped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum LzwStop {
    /// A code came that has no string.
    Corrupt,
    /// The code came that ends the data.
    End,
    /// All input is consumed, or the output has less than [`LZW_SPACE`] left.
    Open,
}

/// What a call of [`LzwDecoder::decode`] did.
#[derive(Clone, Copy, Debug)]
pub(super) struct LzwStep {
    /// Bytes of input.
    pub(super) consumed: usize,
    /// Bytes of output, all of which are good.
    pub(super) written: usize,
    pub(super) stop: LzwStop,
}

/// Decoder of one stream after the other.
pub(super) struct LzwDecoder {
    variety: LzwVariety,
    entries: Box<[Entry; ENTRIES]>,
    /// Bits of the codes that stand for single bytes.
    literal_bits: u32,
    state: State,
}

/// An entry of the table.
#[derive(Clone, Copy, Default)]
struct Entry {
    /// The last bytes of the string: those that remain after as many whole parts as leave at least one. The first is in
    /// the lowest bits.
    part: u64,
    /// The first byte of the string in 8 bits, the number of bytes after it in 12, and the code of the bytes before
    /// `part` in 12.
    rest: u32,
}

/// What changes from code to code, beside the entries.
#[derive(Clone, Copy)]
struct State {
    bits: Bits,
    /// Bits of the next code.
    width: u32,
    /// Code of the next entry. The first code after the start or the clear code adds none; it overwrites the entry of
    /// the code that ends the data, which is not used.
    next: usize,
    /// Entry from which on codes are wider.
    widens: usize,
    /// The last code and its entry.
    last: (usize, Entry),
}

/// Bits that were read and not used.
#[derive(Clone, Copy, Default)]
struct Bits {
    /// The next bits, from the highest or the lowest on. Those beyond `count` are 0 or the next of the input.
    buffer: u64,
    count: u32,
}

impl LzwDecoder {
    /// A decoder of a stream. `literal_bits` is 1 to 11: 8 in TIFF, the minimum code size in GIF.
    pub(super) fn new(variety: LzwVariety, literal_bits: u32) -> Self {
        let entries = Box::new([Entry::default(); ENTRIES]);
        let mut decoder = Self { variety, entries, literal_bits, state: State::new(variety, literal_bits) };
        decoder.restart(variety, literal_bits);
        decoder
    }

    /// Prepares for another stream.
    pub(super) fn restart(&mut self, variety: LzwVariety, literal_bits: u32) {
        debug_assert!((1..LONGEST_CODE).contains(&literal_bits));
        self.variety = variety;
        self.literal_bits = literal_bits;
        self.state = State::new(variety, literal_bits);
        for (entry, byte) in self.entries.iter_mut().zip((0..=u8::MAX).cycle()).take(1 << literal_bits) {
            *entry = Entry { part: byte.into(), rest: byte.into() };
        }
    }

    /// Decodes until all of `input` is consumed, or `output` has no [`LZW_SPACE`] left. Bytes of `output` after those
    /// written change too.
    pub(super) fn decode(&mut self, input: &[u8], output: &mut [u8]) -> LzwStep {
        match self.variety {
            LzwVariety::LowestBitFirst => self.run::<false>(input, output),
            LzwVariety::HighestBitFirst => self.run::<true>(input, output),
        }
    }

    fn run<const HIGHEST_FIRST: bool>(&mut self, input: &[u8], output: &mut [u8]) -> LzwStep {
        let clear = 1_usize << self.literal_bits;
        let (mut consumed, mut written) = (0, 0);
        let Some(last_start) = output.len().checked_sub(LZW_SPACE) else {
            return LzwStep { consumed, written, stop: LzwStop::Open };
        };
        // A copy stays in registers.
        let mut state = self.state;
        let stop = loop {
            if written > last_start || !state.bits.refill::<HIGHEST_FIRST>(input, &mut consumed, state.width)
            {
                break LzwStop::Open;
            }
            let code = state.bits.take::<HIGHEST_FIRST>(state.width);
            if code == clear {
                state = State { bits: state.bits, ..State::new(self.variety, self.literal_bits) };
                continue;
            }
            if code == clear + 1 {
                break LzwStop::End;
            }
            let (last_code, last) = state.last;
            let entry = match code.cmp(&state.next) {
                Ordering::Less => entry_of(&self.entries, code),
                // The entry that this code adds, which begins like the last.
                Ordering::Equal => last.followed_by(last_code, last.first()),
                Ordering::Greater => break LzwStop::Corrupt,
            };
            if let Some(added) = self.entries.get_mut(state.next) {
                *added = last.followed_by(last_code, entry.first());
                if state.next >= state.widens {
                    state.widen::<HIGHEST_FIRST>();
                }
                state.next += 1;
            }
            state.last = (code, entry);
            write_string(&self.entries, entry, output, written);
            written += entry.more() + 1;
        };
        self.state = state;
        LzwStep { consumed, written, stop }
    }
}

impl State {
    /// The state at the start.
    fn new(variety: LzwVariety, literal_bits: u32) -> Self {
        let (width, next) = (literal_bits + 1, (1 << literal_bits) + 1);
        let widens = (1 << width) - 1 - usize::from(variety == LzwVariety::HighestBitFirst);
        // The first code adds no entry.
        let widens = widens.max(next + 1);
        Self { bits: Bits::default(), width, next, widens, last: (0, Entry::default()) }
    }

    #[cold]
    fn widen<const HIGHEST_FIRST: bool>(&mut self) {
        if self.width < LONGEST_CODE {
            self.width += 1;
            self.widens = (1 << self.width) - 1 - usize::from(HIGHEST_FIRST);
        }
    }
}

impl Entry {
    /// This string and one more byte. `code` is that of this string.
    #[inline]
    fn followed_by(self, code: usize, byte: u8) -> Self {
        // No string is as long as the number of entries.
        let rest = self.rest.wrapping_add(1 << 8);
        match rest >> 5 & 0x38 {
            0 => {
                let before = u32::try_from(code % ENTRIES).unwrap_or(0);
                Self { part: byte.into(), rest: rest & 0xf_ffff | before << 20 }
            }
            filled => Self { part: self.part | u64::from(byte) << filled, rest },
        }
    }

    #[inline]
    fn first(self) -> u8 {
        let [first, ..] = self.rest.to_le_bytes();
        first
    }

    /// Bytes after the first.
    #[inline]
    fn more(self) -> usize {
        usize::try_from(self.rest >> 8 & 0xfff).unwrap_or(0)
    }

    /// Code of the bytes before the part.
    #[inline]
    fn before(self) -> usize {
        usize::try_from(self.rest >> 20).unwrap_or(0)
    }
}

impl Bits {
    /// Reads more of `input` from `at` on if the longest code may be longer than what is left. Returns `true` if a code
    /// of `width` bits is left.
    #[inline]
    fn refill<const HIGHEST_FIRST: bool>(&mut self, input: &[u8], at: &mut usize, width: u32) -> bool {
        if self.count >= LONGEST_CODE {
            return true;
        }
        let rest = input.get(*at..).unwrap_or_default();
        // The bytes that do not fit are read again.
        let most = (63 - self.count) / 8;
        if let Some(bytes) = rest.first_chunk() {
            self.append::<HIGHEST_FIRST>(*bytes, most, at);
            return true;
        }
        let mut bytes = [0; 8];
        bytes.iter_mut().zip(rest).for_each(|(target, byte)| *target = *byte);
        self.append::<HIGHEST_FIRST>(bytes, u32::try_from(rest.len()).unwrap_or(0).min(most), at);
        self.count >= width
    }

    /// Appends `bytes`, the first `count` of which count.
    #[inline]
    fn append<const HIGHEST_FIRST: bool>(&mut self, bytes: [u8; 8], count: u32, at: &mut usize) {
        self.buffer |= match HIGHEST_FIRST {
            true => u64::from_be_bytes(bytes) >> self.count,
            false => u64::from_le_bytes(bytes) << self.count,
        };
        self.count += count * 8;
        *at += usize::try_from(count).unwrap_or(0);
    }

    /// The next code. There must be as many bits.
    #[inline]
    fn take<const HIGHEST_FIRST: bool>(&mut self, width: u32) -> usize {
        debug_assert!(width <= self.count);
        self.count = self.count.wrapping_sub(width);
        let code = if HIGHEST_FIRST {
            let code = self.buffer >> (u64::BITS - width);
            self.buffer <<= width;
            code
        } else {
            let code = self.buffer & ((1 << width) - 1);
            self.buffer >>= width;
            code
        };
        usize::try_from(code).unwrap_or(0)
    }
}

/// The entry of a code, which has at most 12 bits.
#[inline]
fn entry_of(entries: &[Entry; ENTRIES], code: usize) -> Entry {
    entries.get(code % ENTRIES).copied().unwrap_or_default()
}

/// Writes the string of an entry to `output` from `start` on, the last part first.
#[inline]
fn write_string(entries: &[Entry; ENTRIES], mut entry: Entry, output: &mut [u8], start: usize) {
    let mut at = start + entry.more() / PART * PART;
    loop {
        if let Some(target) = output.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
            *target = entry.part.to_le_bytes();
        }
        if at <= start {
            return;
        }
        at -= PART;
        entry = entry_of(entries, entry.before());
    }
}
