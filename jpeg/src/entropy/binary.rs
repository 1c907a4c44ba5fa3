//! The binary arithmetic decoder (ITU-T T.81, annex D).
//!
//! It decodes decisions, each with an adaptive estimate of how probable its less probable value is. The interval `a`
//! stands for all that may come; a decision divides it, the upper part of size Qe being that of the less probable
//! value, and the code says in which part it lies.

/// Sizes of the part of the less probable value, Qe, by state (table D.3). The last state stays as it is: it has the
/// decisions that are coded with a probability of about one half.
const QE: [u16; 114] = [
    0x5a1d, 0x2586, 0x1114, 0x080b, 0x03d8, 0x01da, 0x00e5, 0x006f, 0x0036, 0x001a, 0x000d, 0x0006, 0x0003,
    0x0001, 0x5a7f, 0x3f25, 0x2cf2, 0x207c, 0x17b9, 0x1182, 0x0cef, 0x09a1, 0x072f, 0x055c, 0x0406, 0x0303,
    0x0240, 0x01b1, 0x0144, 0x00f5, 0x00b7, 0x008a, 0x0068, 0x004e, 0x003b, 0x002c, 0x5ae1, 0x484c, 0x3a0d,
    0x2ef1, 0x261f, 0x1f33, 0x19a8, 0x1518, 0x1177, 0x0e74, 0x0bfb, 0x09f8, 0x0861, 0x0706, 0x05cd, 0x04de,
    0x040f, 0x0363, 0x02d4, 0x025c, 0x01f8, 0x01a4, 0x0160, 0x0125, 0x00f6, 0x00cb, 0x00ab, 0x008f, 0x5b12,
    0x4d04, 0x412c, 0x37d8, 0x2fe8, 0x293c, 0x2379, 0x1edf, 0x1aa9, 0x174e, 0x1424, 0x119c, 0x0f6b, 0x0d51,
    0x0bb6, 0x0a40, 0x5832, 0x4d1c, 0x438e, 0x3bdd, 0x34ee, 0x2eae, 0x299a, 0x2516, 0x5570, 0x4ca9, 0x44d9,
    0x3e22, 0x3824, 0x32b4, 0x2e17, 0x56a8, 0x4f46, 0x47e5, 0x41cf, 0x3c3d, 0x375e, 0x5231, 0x4c0f, 0x4639,
    0x415e, 0x5627, 0x50e7, 0x4b85, 0x5597, 0x504f, 0x5a10, 0x5522, 0x59eb, 0x5a1d,
];

/// The next state behind a less probable value.
const NEXT_LESS: [u8; 114] = [
    1, 14, 16, 18, 20, 23, 25, 28, 30, 33, 35, 9, 10, 12, 15, 36, 38, 39, 40, 42, 43, 45, 46, 48, 49, 51, 52,
    54, 56, 57, 59, 60, 62, 63, 32, 33, 37, 64, 65, 67, 68, 69, 70, 72, 73, 74, 75, 77, 78, 79, 48, 50, 50,
    51, 52, 53, 54, 55, 56, 57, 58, 59, 61, 61, 65, 80, 81, 82, 83, 84, 86, 87, 87, 72, 72, 74, 74, 75, 77,
    77, 80, 88, 89, 90, 91, 92, 93, 86, 88, 95, 96, 97, 99, 99, 93, 95, 101, 102, 103, 104, 99, 105, 106,
    107, 103, 105, 108, 109, 110, 111, 110, 112, 112, 113,
];

/// The next state behind a more probable value.
const NEXT_MORE: [u8; 114] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 13, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
    29, 30, 31, 32, 33, 34, 35, 9, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54,
    55, 56, 57, 58, 59, 60, 61, 62, 63, 32, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 48,
    81, 82, 83, 84, 85, 86, 87, 71, 89, 90, 91, 92, 93, 94, 86, 96, 97, 98, 99, 100, 93, 102, 103, 104, 99,
    106, 107, 103, 109, 107, 111, 109, 111, 113,
];

/// States in which a less probable value becomes the more probable one: it was nearly that.
const SWITCHES: [u8; 10] = [0, 14, 36, 64, 80, 88, 95, 105, 110, 112];

/// The estimate of a decision.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Estimate {
    state: u8,
    /// The more probable value.
    value: bool,
}

impl Estimate {
    /// The one that does not adapt.
    pub(crate) const FIXED: Self = Self { state: 113, value: false };

    fn next(self, is_less: bool) -> Self {
        let next = if is_less { &NEXT_LESS } else { &NEXT_MORE };
        let state = next.get(usize::from(self.state)).copied().unwrap_or(0);
        Self { state, value: self.value ^ (is_less && SWITCHES.contains(&self.state)) }
    }
}

/// The registers of the decoder (figure D.16 and table D.1 on).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BinaryDecoder {
    /// The code, less the base of the interval, in the upper 16 bits; bits to come below.
    c: u32,
    /// Size of the interval, from 0x8000 on; 0 before the first decision.
    a: u32,
    /// Shifts until `c` needs another byte.
    shifts: u32,
    /// Decisions so far.
    pub(crate) decisions: u64,
}

impl BinaryDecoder {
    /// Decodes a decision (section D.2.2). Takes bytes as it needs them, zeros behind the last one.
    pub(crate) fn decide(&mut self, estimate: &mut Estimate, mut byte: impl FnMut() -> u8) -> bool {
        if self.a == 0 {
            let [first, second] = [byte(), byte()];
            (self.c, self.a, self.shifts) = (u32::from_be_bytes([first, second, 0, 0]), 0x1_0000, 0);
        }
        self.decisions += 1;
        let Estimate { state, value } = *estimate;
        let less = u32::from(QE.get(usize::from(state)).copied().unwrap_or(0x5a1d));
        // The lower part of the interval has the more probable value, unless it has become the smaller one.
        self.a -= less;
        let is_upper = self.c >> 16 >= self.a;
        if !is_upper && self.a >= 0x8000 {
            return value;
        }
        let is_less = is_upper == (self.a >= less);
        if is_upper {
            self.c -= self.a << 16;
            self.a = less;
        }
        *estimate = estimate.next(is_less);
        while self.a < 0x8000 {
            if self.shifts == 0 {
                self.c += u32::from(byte()) << 8;
                self.shifts = 8;
            }
            self.a <<= 1;
            self.c <<= 1;
            self.shifts -= 1;
        }
        value ^ is_less
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T.81, section K.4.1: a sequence of 256 decisions with one estimate, and its code.
    #[test]
    fn sequence_of_annex_k_is_decoded() {
        const CODE: [u8; 30] = [
            0x65, 0x5b, 0x51, 0x44, 0xf7, 0x96, 0x9d, 0x51, 0x78, 0x55, 0xbf, 0xff, 0x00, 0xfc, 0x51, 0x84,
            0xc7, 0xce, 0xf9, 0x39, 0x00, 0x28, 0x7d, 0x46, 0x70, 0x8e, 0xcb, 0xc0, 0xf6, 0xff,
        ];
        const DECISIONS: [u8; 32] = [
            0x00, 0x02, 0x00, 0x51, 0x00, 0x00, 0x00, 0xc0, 0x03, 0x52, 0x87, 0x2a, 0xaa, 0xaa, 0xaa, 0xaa,
            0x82, 0xc0, 0x20, 0x00, 0xfc, 0xd7, 0x9e, 0xf6, 0x74, 0xea, 0xab, 0xf7, 0x69, 0x7e, 0xe7, 0x4c,
        ];
        // Without the stuffing, and the marker at the end.
        let mut code: Vec<u8> = CODE[..29].to_vec();
        code.remove(12);
        let mut bytes = code.into_iter();
        let (mut decoder, mut estimate) = (BinaryDecoder::default(), Estimate::default());
        for (number, expected) in DECISIONS.into_iter().enumerate() {
            let found = (0..8).fold(0, |bits, _| {
                bits << 1 | u8::from(decoder.decide(&mut estimate, || bytes.next().unwrap_or(0)))
            });
            assert_eq!(found, expected, "byte {number}");
        }
    }
}
