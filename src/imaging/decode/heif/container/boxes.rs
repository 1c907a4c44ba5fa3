//! Boxes of ISO base media files (ISO/IEC 14496-12, section 4.2): big-endian numbers, lengths in front.
//!
//! Readers borrow the file and allocate nothing. `None` means that a box or number extends past the bytes that are
//! there.

/// A cursor over bytes, read front to back.
#[derive(Clone, Copy, Debug)]
pub(in crate::imaging::decode::heif) struct ByteReader<'a>(pub(in crate::imaging::decode::heif) &'a [u8]);

/// The version and flags that begin a full box.
#[derive(Clone, Copy, Debug)]
pub(in crate::imaging::decode::heif) struct FullBoxHeader {
    pub(in crate::imaging::decode::heif) version: u8,
    pub(in crate::imaging::decode::heif) flags: u32,
}

/// Header of a box.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::imaging::decode::heif) struct BoxHeader {
    pub(in crate::imaging::decode::heif) kind: [u8; 4],
    /// Length of the header, bytes.
    pub(in crate::imaging::decode::heif) header: usize,
    /// Length of the box with its header, bytes; `None` for a box that extends to the end of the file.
    pub(in crate::imaging::decode::heif) length: Option<usize>,
}

impl BoxHeader {
    /// Reads the header of a box from the first bytes of the box.
    pub(in crate::imaging::decode::heif) fn read(bytes: &[u8]) -> Option<Self> {
        let mut bytes = ByteReader(bytes);
        let length = bytes.u32()?;
        let kind = bytes.array()?;
        // A 32-bit length of 1 announces a 64-bit length after the kind.
        let (header, length) = match length {
            0 => (8, None),
            1 => (16, Some(usize::try_from(u64::from_be_bytes(bytes.array()?)).ok()?)),
            length => (8, Some(usize::try_from(length).ok()?)),
        };
        (length.is_none_or(|length| length >= header)).then_some(Self { kind, header, length })
    }
}

impl<'a> ByteReader<'a> {
    /// Returns `true` at the end.
    pub(in crate::imaging::decode::heif) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The next `count` bytes.
    pub(in crate::imaging::decode::heif) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// The next `N` bytes.
    pub(in crate::imaging::decode::heif) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    /// The next byte.
    pub(in crate::imaging::decode::heif) fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    /// The next 16 bits, big-endian.
    pub(in crate::imaging::decode::heif) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    /// The next 32 bits, big-endian.
    pub(in crate::imaging::decode::heif) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// An unsigned integer of 0, 4 or 8 bytes; 0 for no bytes.
    pub(in crate::imaging::decode::heif) fn uint(&mut self, bytes: u8) -> Option<u64> {
        match bytes {
            0 => Some(0),
            4 => self.u32().map(u64::from),
            8 => self.array().map(u64::from_be_bytes),
            _ => None,
        }
    }

    /// An unsigned integer of 32 bits if `is_long`, else of 16.
    pub(in crate::imaging::decode::heif) fn u16_or_u32(&mut self, is_long: bool) -> Option<u32> {
        if is_long { self.u32() } else { self.u16().map(u32::from) }
    }

    /// The version and flags of a full box.
    pub(in crate::imaging::decode::heif) fn full_box_header(&mut self) -> Option<FullBoxHeader> {
        let word = self.u32()?;
        let [version, ..] = word.to_be_bytes();
        Some(FullBoxHeader { version, flags: word & 0x00ff_ffff })
    }

    /// Kind and content of the next box.
    pub(in crate::imaging::decode::heif) fn next_box(&mut self) -> Option<([u8; 4], Self)> {
        let BoxHeader { kind, header, length } = BoxHeader::read(self.0)?;
        let whole = self.take(length.unwrap_or(self.0.len()))?;
        Some((kind, Self(whole.get(header..)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn box_lengths_are_read_in_all_three_forms() {
        let read = |bytes: &[u8]| BoxHeader::read(bytes).map(|header| (header.header, header.length));
        assert_eq!(read(b"\0\0\0\x18meta"), Some((8, Some(24))));
        assert_eq!(read(b"\0\0\0\0mdat"), Some((8, None)));
        assert_eq!(read(b"\0\0\0\x01mdat\0\0\0\x01\0\0\0\0"), Some((16, Some(1 << 32))));
        assert_eq!(read(b"\0\0\0\x07meta"), None, "shorter than its header");
        assert_eq!(read(b"\0\0\0\x18met"), None);
    }

    #[test]
    fn box_past_the_end_is_none() {
        let mut bytes = ByteReader(b"\0\0\0\x09aaaa1\0\0\0\x0abbbb2");
        assert!(bytes.next_box().is_some_and(|(kind, content)| kind == *b"aaaa" && content.0 == b"1"));
        assert!(bytes.next_box().is_none());
    }
}
