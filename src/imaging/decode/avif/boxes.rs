//! Boxes of ISO base media files (ISO/IEC 14496-12, section 4.2): big-endian numbers, lengths in front.
//!
//! Nothing is allocated by a number from the file: what does not fit into the bytes there are is `None`.

/// Bytes that are read front to back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

/// The version and flags that begin a full box.
#[derive(Clone, Copy, Debug)]
pub(super) struct Full {
    pub(super) version: u8,
    pub(super) flags: u32,
}

/// What the header of a box says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct BoxHeader {
    pub(super) kind: [u8; 4],
    /// Bytes of the header.
    pub(super) header: usize,
    /// Bytes of the box, header included; `None` to the end of the file.
    pub(super) length: Option<usize>,
}

impl BoxHeader {
    /// Reads it from the first bytes of a box.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut bytes = Bytes(bytes);
        let length = bytes.u32()?;
        let kind = bytes.array()?;
        let (header, length) = match length {
            0 => (8, None),
            1 => (16, Some(usize::try_from(u64::from_be_bytes(bytes.array()?)).ok()?)),
            length => (8, Some(usize::try_from(length).ok()?)),
        };
        (length.is_none_or(|length| length >= header)).then_some(Self { kind, header, length })
    }
}

impl<'a> Bytes<'a> {
    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// A number of 0, 4 or 8 bytes.
    pub(super) fn sized(&mut self, bytes: u8) -> Option<u64> {
        match bytes {
            0 => Some(0),
            4 => self.u32().map(u64::from),
            8 => self.array().map(u64::from_be_bytes),
            _ => None,
        }
    }

    /// A number of 16 bits, or of 32.
    pub(super) fn short_or_long(&mut self, long: bool) -> Option<u32> {
        if long { self.u32() } else { self.u16().map(u32::from) }
    }

    pub(super) fn full(&mut self) -> Option<Full> {
        let word = self.u32()?;
        let [version, ..] = word.to_be_bytes();
        Some(Full { version, flags: word & 0x00ff_ffff })
    }

    /// The next box: its kind and content.
    pub(super) fn next_box(&mut self) -> Option<([u8; 4], Self)> {
        let BoxHeader { kind, header, length } = BoxHeader::read(self.0)?;
        let whole = self.take(length.unwrap_or(self.0.len()))?;
        Some((kind, Self(whole.get(header..)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_boxes_are_read_in_all_three_forms() {
        let read = |bytes: &[u8]| BoxHeader::read(bytes).map(|header| (header.header, header.length));
        assert_eq!(read(b"\0\0\0\x18meta"), Some((8, Some(24))));
        assert_eq!(read(b"\0\0\0\0mdat"), Some((8, None)));
        assert_eq!(read(b"\0\0\0\x01mdat\0\0\0\x01\0\0\0\0"), Some((16, Some(1 << 32))));
        assert_eq!(read(b"\0\0\0\x07meta"), None, "shorter than its header");
        assert_eq!(read(b"\0\0\0\x18met"), None);
    }

    #[test]
    fn boxes_that_pass_the_end_are_none() {
        let mut bytes = Bytes(b"\0\0\0\x09aaaa1\0\0\0\x0abbbb2");
        assert!(bytes.next_box().is_some_and(|(kind, content)| kind == *b"aaaa" && content.0 == b"1"));
        assert!(bytes.next_box().is_none());
    }
}
