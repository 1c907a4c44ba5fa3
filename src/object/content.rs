//! Identity of the content of an object: ETag, length and CRC-64.

use std::fmt;

use crate::object::ETag;

/// CRC-64 of a content, which COS computes (`x-cos-hash-crc64ecma`, 436/34078).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Crc64(u64);

impl Crc64 {
    /// Parses the decimal number of the header; `None` for other texts.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| digits).map(Self)
    }
}

/// CRC-64 of bytes that come one after the other.
#[derive(Default)]
pub struct Crc64Digest(crc64fast::Digest);

impl Crc64Digest {
    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    /// Returns the CRC-64 of the bytes so far.
    #[must_use]
    pub fn value(&self) -> Crc64 {
        Crc64(self.0.sum64())
    }
}

impl fmt::Debug for Crc64Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Crc64Digest({})", self.value())
    }
}

impl fmt::Display for Crc64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is known of a content without its bytes.
///
/// The ETag alone does not identify a content: it is an MD5 for simple uploads, and two files with one MD5 take
/// seconds to make. Their CRC-64 differs, unless they were made for that as well. Stores that merely speak the
/// protocol of COS, and old objects, have no CRC-64.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct ContentId {
    /// ETag.
    pub etag: ETag,
    /// Length, bytes; `None` if it is not known.
    pub length: Option<u64>,
    /// CRC-64; `None` if it is not known.
    pub crc64: Option<Crc64>,
}

impl ContentId {
    /// Returns `true` if nothing that is known of both tells the two contents apart.
    ///
    /// This is no equivalence: two contents that differ by their CRC-64 both agree with one that has none.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        fn differ<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
            one.zip(other).is_some_and(|(one, other)| one != other)
        }
        self.etag == other.etag && !differ(self.length, other.length) && !differ(self.crc64, other.crc64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(etag: &str, length: Option<u64>, crc64: Option<u64>) -> ContentId {
        ContentId { etag: ETag::parse(etag).unwrap(), length, crc64: crc64.map(Crc64) }
    }

    #[test]
    fn contents_agree_if_nothing_known_of_both_differs() {
        let full = content("a", Some(9), Some(1));
        for (other, expected) in [
            (content("a", Some(9), Some(1)), true),
            (content("a", Some(9), None), true),
            (content("a", None, Some(1)), true),
            (content("a", None, None), true),
            (content("a", Some(9), Some(2)), false),
            (content("a", None, Some(2)), false),
            (content("a", Some(8), None), false),
            (content("b", Some(9), Some(1)), false),
            (content("b", None, None), false),
        ] {
            assert_eq!(full.agrees_with(&other), expected, "{other:?}");
            assert_eq!(other.agrees_with(&full), expected, "{other:?}");
        }
    }

    #[test]
    fn a_crc64_is_computed_as_cos_does() {
        let mut digest = Crc64Digest::default();
        digest.update(b"1234");
        digest.update(b"56789");
        // The check value of CRC-64/XZ.
        assert_eq!(digest.value(), Crc64(0x995d_c9bb_df19_39fa));
    }

    #[test]
    fn a_crc64_is_a_decimal_number_of_64_bits() {
        for text in ["0", "11051210869376104954", "18446744073709551615"] {
            assert_eq!(Crc64::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "-1", "+1", " 1", "0x1", "18446744073709551616", "１"] {
            assert_eq!(Crc64::parse(text), None, "{text}");
        }
    }
}
