//! Symbols and extra bits of the entropy coder, counted or written.

use crate::encode::huffman::Code;

/// Tables of Huffman codes: index of DC of luma and chroma, and of AC of luma and chroma.
pub(super) const TABLES: usize = 4;
pub(super) const DC: [usize; 2] = [0, 1];
pub(super) const AC: [usize; 2] = [2, 3];

/// Receiver of what the entropy coder makes of levels.
pub(super) trait Sink {
    /// A symbol of a table, and the lowest `count` bits of `extra` behind it.
    fn symbol(&mut self, table: usize, symbol: u8, extra: u32, count: u32);

    /// Bits without a code, at most 16.
    fn bits(&mut self, bits: u32, count: u32);
}

/// Size and extra bits of a level (sections F.1.2.1 and F.1.2.2): negative ones are less by one.
#[inline(always)]
pub(super) fn magnitude(level: i32) -> (u32, u32) {
    let size = 32 - level.unsigned_abs().leading_zeros();
    let bits = (level + (level >> 31)).cast_unsigned() & ((1 << size) - 1);
    (size, bits)
}

/// Counts of symbols.
#[derive(Clone, Debug)]
pub(super) struct Counter {
    pub(super) counts: [[u32; 256]; TABLES],
    /// Extra bits.
    pub(super) bits: u64,
}

impl Counter {
    pub(super) fn new() -> Self {
        Self { counts: [[0; 256]; TABLES], bits: 0 }
    }
}

impl Sink for Counter {
    #[inline(always)]
    fn symbol(&mut self, table: usize, symbol: u8, _: u32, count: u32) {
        if let Some(place) = self.counts.get_mut(table).and_then(|counts| counts.get_mut(usize::from(symbol)))
        {
            *place += 1;
        }
        self.bits += u64::from(count);
    }

    #[inline(always)]
    fn bits(&mut self, _: u32, count: u32) {
        self.bits += u64::from(count);
    }
}

/// Codes of symbols as the bytes of a scan.
#[derive(Debug)]
pub(super) struct BitWriter<'a> {
    codes: [&'a [u32; 256]; TABLES],
    bytes: Vec<u8>,
    /// Bits that are not written yet, the last one lowest.
    waiting: u64,
    /// Number of them, below 32 between two calls.
    count: u32,
}

impl<'a> BitWriter<'a> {
    /// Appends to a file by these codes, one for each table.
    pub(super) fn new(codes: &'a [Option<Code>; TABLES], bytes: Vec<u8>) -> Self {
        let none = &[0; 256];
        let codes = codes.each_ref().map(|code| code.as_ref().map_or(none, |code| &code.codes));
        Self { codes, bytes, waiting: 0, count: 0 }
    }

    /// `count` is at most 32.
    #[inline(always)]
    fn put(&mut self, bits: u32, count: u32) {
        self.waiting = self.waiting << count | u64::from(bits);
        self.count += count;
        if self.count >= 32 {
            self.count -= 32;
            let [.., a, b, c, d] = (self.waiting >> self.count).to_be_bytes();
            self.put_bytes([a, b, c, d]);
        }
    }

    #[inline(always)]
    fn put_bytes(&mut self, bytes: [u8; 4]) {
        let word = u32::from_be_bytes(bytes);
        // Adding 1 to seven bits of ones carries to the eighth, which no other does.
        if word & ((word & 0x7f7f_7f7f) + 0x0101_0101) & 0x8080_8080 == 0 {
            self.bytes.extend_from_slice(&bytes);
        } else {
            self.put_stuffed(&bytes);
        }
    }

    /// Bytes with a zero behind each of ones only (section B.1.1.5).
    #[cold]
    fn put_stuffed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.bytes.push(*byte);
            if *byte == 0xff {
                self.bytes.push(0);
            }
        }
    }

    /// Fills the last byte up with ones (section F.1.2.3), and returns the file.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let free = self.count.next_multiple_of(8) - self.count;
        let bits = self.waiting << free | ((1 << free) - 1);
        let bytes = bits.to_be_bytes();
        let length = (self.count + free) / 8;
        let last = bytes.get(8 - crate::index::index(length)..).unwrap_or_default();
        self.put_stuffed(last);
        self.bytes
    }
}

impl Sink for BitWriter<'_> {
    #[inline(always)]
    fn symbol(&mut self, table: usize, symbol: u8, extra: u32, count: u32) {
        let codes = self.codes.get(table).and_then(|codes| codes.get(usize::from(symbol)));
        let entry = codes.copied().unwrap_or(0);
        self.put((entry >> 8) << count | extra, (entry & 0xff) + count);
    }

    #[inline(always)]
    fn bits(&mut self, bits: u32, count: u32) {
        self.put(bits, count);
    }
}
