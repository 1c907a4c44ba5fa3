//! Numbers of bitstreams. `None` means that a number extends past the bytes that are there. Sections are those of the AV1
//! Bitstream & Decoding Process Specification.

/// A cursor over bits, the highest bit of each byte first.
#[derive(Debug)]
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    /// Bits already read.
    at: usize,
}

impl<'a> BitReader<'a> {
    /// A cursor before the first bit.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next `count` bits, at most 32, as an unsigned integer.
    pub(super) fn take(&mut self, count: u32) -> Option<u32> {
        let mut value = 0_u64;
        for _ in 0..count {
            let byte = self.bytes.get(self.at / 8)?;
            value = value << 1 | u64::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        u32::try_from(value).ok()
    }

    /// The next bit.
    pub(super) fn flag(&mut self) -> Option<bool> {
        self.take(1).map(|bit| bit == 1)
    }

    /// The next 8 bits.
    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(8).and_then(|byte| u8::try_from(byte).ok())
    }

    /// Skips a variable-length number (section 4.10.3): n zeros, a one, and n bits if n is below 32.
    pub(super) fn skip_uvlc(&mut self) -> Option<()> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
        }
        if zeros < 32 {
            self.take(zeros)?;
        }
        Some(())
    }
}

impl BitReader<'_> {
    /// The next number below `count`, in the fewest bits (section 4.10.7).
    pub(super) fn below(&mut self, count: u32) -> Option<u32> {
        // The first `short` values have one bit less than the others.
        let bits = count.checked_ilog2()? + 1;
        let short = (1 << bits.min(31)) - count;
        let value = self.take(bits - 1)?;
        if value < short { Some(value) } else { Some((value << 1) - short + self.take(1)?) }
    }
}

/// Reads a little-endian base-128 number (section 4.10.5).
pub(super) fn leb128(bytes: &mut &[u8]) -> Option<usize> {
    let mut value = 0_u64;
    for index in 0..8 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte >> 7 == 0 {
            return usize::try_from(value).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_below_a_count_are_read() {
        // Of five values the first three take two bits: 00, 01, 10, 110, 111.
        let mut bits = BitReader::new(&[0b0001_1011, 0b0111_0000]);
        let values: Vec<_> = (0..5).map_while(|_| bits.below(5)).collect();
        assert_eq!(values, [0, 1, 2, 3, 4]);
        assert_eq!(BitReader::new(&[]).below(1), Some(0));
        assert_eq!(BitReader::new(&[255]).below(0), None);
    }

    #[test]
    fn base_128_numbers_end_with_a_low_byte() {
        let read = |mut bytes: &[u8]| leb128(&mut bytes).map(|value| (value, bytes.len()));
        assert_eq!(read(&[0xe5, 0x8e, 0x26, 7]), Some((624_485, 1)));
        assert_eq!(read(&[0x80; 9]), None);
        assert_eq!(read(&[0x80]), None);
    }
}
