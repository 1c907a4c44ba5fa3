//! LZW as in TIFF (TIFF 6.0, section 13) and GIF (GIF89a, appendix F).
//!
//! Codes of up to 12 bits stand for strings of bytes. The first stand for single bytes, two more clear the table and end
//! the data. Each code after the first adds the string of the code before, followed by the first byte of its own.
//!
//! An entry of the table holds the last 1 to 8 bytes of its string, and the code of those before, so that most strings
//! are written in one step. A string is written from its end, and what is written beyond it is overwritten by the next.
//!
//! Memory: 64 KiB for the table.

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
    /// Code of the bytes before.
    before: u16,
    /// Bytes of the string after the first.
    more: u16,
    /// First byte of the string.
    first: u8,
}

/// What changes from code to code, beside the entries.
#[derive(Clone, Copy)]
struct State {
    bits: Bits,
    /// Bits of the next code.
    width: u32,
    /// Code of the next entry.
    next: usize,
    /// The last code and its entry; `None` at the start and after the clear code.
    last: Option<(usize, Entry)>,
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
        let mut decoder = Self { variety, entries, literal_bits, state: State::new(literal_bits) };
        decoder.restart(variety, literal_bits);
        decoder
    }

    /// Prepares for another stream.
    pub(super) fn restart(&mut self, variety: LzwVariety, literal_bits: u32) {
        debug_assert!((1..LONGEST_CODE).contains(&literal_bits));
        self.variety = variety;
        self.literal_bits = literal_bits;
        self.state = State::new(literal_bits);
        for (entry, byte) in self.entries.iter_mut().zip((0..=u8::MAX).cycle()).take(1 << literal_bits) {
            *entry = Entry { part: byte.into(), before: 0, more: 0, first: byte };
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
                state = State { bits: state.bits, ..State::new(self.literal_bits) };
                continue;
            }
            if code == clear + 1 {
                break LzwStop::End;
            }
            if !state.add_entry::<HIGHEST_FIRST>(code, &mut self.entries) {
                break LzwStop::Corrupt;
            }
            let entry = entry_of(&self.entries, code);
            state.last = Some((code, entry));
            write_string(&self.entries, entry, output, written);
            written += usize::from(entry.more) + 1;
        };
        self.state = state;
        LzwStep { consumed, written, stop }
    }
}

impl State {
    /// The state at the start.
    fn new(literal_bits: u32) -> Self {
        Self { bits: Bits::default(), width: literal_bits + 1, next: (1 << literal_bits) + 2, last: None }
    }

    /// Adds the entry that ends with the first byte of `code`, unless the table is full. Returns `false` if `code` has no
    /// entry.
    #[inline]
    fn add_entry<const HIGHEST_FIRST: bool>(&mut self, code: usize, entries: &mut [Entry; ENTRIES]) -> bool {
        let Some((last_code, last)) = self.last else { return code < self.next };
        if code > self.next {
            return false;
        }
        if self.next < ENTRIES {
            // The new entry itself may be what `code` stands for. It begins like the last.
            let first = if code == self.next { last.first } else { entry_of(entries, code).first };
            if let Some(entry) = entries.get_mut(self.next % ENTRIES) {
                *entry = last.followed_by(last_code, first);
            }
            let widest = (1 << self.width) - 1 - usize::from(HIGHEST_FIRST);
            if self.next >= widest && self.width < LONGEST_CODE {
                self.width += 1;
            }
            self.next += 1;
        }
        true
    }
}

impl Entry {
    /// This string and one more byte. `code` is that of this string.
    #[inline]
    fn followed_by(self, code: usize, byte: u8) -> Self {
        let more = self.more.wrapping_add(1);
        match usize::from(more) % PART {
            0 => {
                let before = u16::try_from(code % ENTRIES).unwrap_or(0);
                Self { part: byte.into(), before, more, first: self.first }
            }
            filled => Self { part: self.part | u64::from(byte) << (filled * 8), more, ..self },
        }
    }
}

impl Bits {
    /// Reads more of `input` from `at` on if the longest code may be longer than what is left. Returns `true` if a code of
    /// `width` bits is left.
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
    let mut at = start + usize::from(entry.more) / PART * PART;
    loop {
        if let Some(target) = output.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
            *target = entry.part.to_le_bytes();
        }
        if at <= start {
            return;
        }
        at -= PART;
        entry = entry_of(entries, entry.before.into());
    }
}

#[cfg(test)]
mod tests {
    use weezl::decode::Configuration;
    use weezl::{BitOrder, LzwStatus};

    use super::*;

    const VARIETIES: [LzwVariety; 2] = [LzwVariety::LowestBitFirst, LzwVariety::HighestBitFirst];

    /// All bytes of a stream, decoded from parts of `input` of `step` bytes.
    fn decoded(variety: LzwVariety, literal_bits: u32, stream: &[u8], step: usize) -> (Vec<u8>, LzwStop) {
        let mut decoder = LzwDecoder::new(variety, literal_bits);
        let (mut bytes, mut output) = (Vec::new(), vec![0; LZW_SPACE + 100]);
        let mut input = stream;
        loop {
            let part = input.get(..step).unwrap_or(input);
            let LzwStep { consumed, written, stop } = decoder.decode(part, &mut output);
            input = &input[consumed..];
            bytes.extend_from_slice(&output[..written]);
            if stop != LzwStop::Open || consumed == 0 && written == 0 {
                return (bytes, stop);
            }
        }
    }

    /// The same by another decoder.
    fn reference(variety: LzwVariety, literal_bits: u8, stream: &[u8], length: usize) -> (Vec<u8>, LzwStop) {
        let mut decoder = match variety {
            LzwVariety::LowestBitFirst => Configuration::new(BitOrder::Lsb, literal_bits),
            LzwVariety::HighestBitFirst => Configuration::with_tiff_size_switch(BitOrder::Msb, literal_bits),
        }
        .build();
        let (mut input, mut bytes, mut filled) = (stream, vec![0; length], 0);
        loop {
            let result = decoder.decode_bytes(input, &mut bytes[filled..]);
            input = &input[result.consumed_in..];
            filled += result.consumed_out;
            let stop = match result.status {
                Ok(LzwStatus::Ok) => continue,
                Ok(LzwStatus::NoProgress) => LzwStop::Open,
                Ok(LzwStatus::Done) => LzwStop::End,
                Err(_) => LzwStop::Corrupt,
            };
            bytes.truncate(filled);
            return (bytes, stop);
        }
    }

    fn encoded(variety: LzwVariety, literal_bits: u8, bytes: &[u8]) -> Vec<u8> {
        let mut encoder = match variety {
            LzwVariety::LowestBitFirst => weezl::encode::Encoder::new(BitOrder::Lsb, literal_bits),
            LzwVariety::HighestBitFirst => {
                weezl::encode::Encoder::with_tiff_size_switch(BitOrder::Msb, literal_bits)
            }
        };
        encoder.encode(bytes).unwrap()
    }

    /// Bytes with runs and repetitions of all lengths.
    fn sample(random: &mut fastrand::Rng, length: usize, literal_bits: u32) -> Vec<u8> {
        let highest = u8::try_from((1_u32 << literal_bits.min(8)) - 1).unwrap();
        let mut bytes = Vec::new();
        while bytes.len() < length {
            match random.u8(..4) {
                0 => bytes.extend(std::iter::repeat_n(random.u8(..=highest), random.usize(1..3000))),
                1 if bytes.len() > 10 => {
                    let start = random.usize(..bytes.len());
                    let end = random.usize(start..bytes.len().min(start + 5000));
                    bytes.extend_from_within(start..end);
                }
                _ => bytes.extend((0..random.usize(1..2000)).map(|_| random.u8(..=highest))),
            }
        }
        bytes.truncate(length);
        bytes
    }

    #[test]
    fn streams_of_another_encoder_are_decoded_in_parts_of_any_size() {
        let mut random = fastrand::Rng::with_seed(1);
        for variety in VARIETIES {
            for literal_bits in 2..=8 {
                // The longest strings are in the run.
                let bytes = [sample(&mut random, 100_000, literal_bits.into()), vec![1; 1_000_000]].concat();
                let stream = encoded(variety, literal_bits, &bytes);
                for step in [1, 7, 255, usize::MAX] {
                    let (have, stop) = decoded(variety, literal_bits.into(), &stream, step);
                    assert!(have == bytes && stop == LzwStop::End, "{variety:?} {literal_bits} {step}");
                }
            }
        }
    }

    #[test]
    fn corrupt_and_cut_streams_are_decoded_as_far_as_by_another_decoder() {
        let mut random = fastrand::Rng::with_seed(2);
        for round in 0..600 {
            let variety = VARIETIES[round % 2];
            let literal_bits = random.u8(1..=11);
            let sample = sample(&mut random, 20_000, literal_bits.into());
            let mut stream = encoded(variety, literal_bits.clamp(2, 8), &sample);
            for _ in 0..random.usize(..4) {
                let at = random.usize(..stream.len());
                stream[at] = random.u8(..);
            }
            stream.truncate(random.usize(..=stream.len()));
            let want = reference(variety, literal_bits, &stream, 20_000_000);
            let have = decoded(variety, literal_bits.into(), &stream, random.usize(1..1000));
            assert!(have == want, "round {round}, {literal_bits} bits");
        }
    }

    #[test]
    fn decoder_is_used_again_for_another_stream() {
        let mut decoder = LzwDecoder::new(LzwVariety::HighestBitFirst, 8);
        let mut output = vec![0; LZW_SPACE + 100];
        decoder.decode(&[0xff; 100], &mut output);
        for variety in VARIETIES {
            decoder.restart(variety, 8);
            let step = decoder.decode(&encoded(variety, 8, b"abcabcabc"), &mut output);
            assert_eq!((&output[..step.written], step.stop), (b"abcabcabc".as_slice(), LzwStop::End));
        }
    }
}
