//! NAL units, the packets of an HEVC bitstream (ITU-T H.265, section 7.3.1).

use std::borrow::Cow;

use crate::imaging::decode::heif::container::boxes::ByteReader;

/// Bytes of the header of a unit.
const HEADER_BYTES: usize = 2;

/// What a unit is to the decoder of a still image (table 7-1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum UnitKind {
    /// A slice segment of a picture that depends on no other and refers to none: IDR.
    Refresh,
    /// A slice segment of another picture that decoding may start with: BLA and CRA.
    RandomAccess,
    /// A slice segment of a picture that depends on others.
    Dependent,
    SequenceParameters,
    /// Video and picture parameters.
    OtherParameters,
    /// Not needed for the picture: metadata, delimiters, reserved types, and all layers above the base.
    Other,
}

impl UnitKind {
    /// The kind of a unit, by its header; `None` if the header is cut or broken.
    pub(super) fn of(unit: &[u8]) -> Option<Self> {
        let [first, second] = *unit.first_chunk::<HEADER_BYTES>()?;
        // forbidden_zero_bit, nal_unit_type in 6 bits, nuh_layer_id in 6, nuh_temporal_id_plus1 in 3.
        if first >> 7 == 1 || second & 7 == 0 {
            return None;
        }
        let layer = (first & 1) << 5 | second >> 3;
        Some(match first >> 1 {
            _ if layer > 0 => Self::Other,
            0..=9 => Self::Dependent,
            16..=18 | 21 => Self::RandomAccess,
            19 | 20 => Self::Refresh,
            33 => Self::SequenceParameters,
            32 | 34 => Self::OtherParameters,
            _ => Self::Other,
        })
    }

    /// Returns `true` for slice segments.
    pub(super) fn is_slice(self) -> bool {
        matches!(self, Self::Refresh | Self::RandomAccess | Self::Dependent)
    }
}

/// The units of an item, each after a length of `length_bytes`. They end before one that is cut.
pub(super) fn units(item: &[u8], length_bytes: u8) -> impl Iterator<Item = &[u8]> {
    let mut bytes = ByteReader(item);
    std::iter::from_fn(move || {
        let length = bytes.take(length_bytes.into())?;
        let length = length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
        bytes.take(length)
    })
}

/// Returns `true` if a slice segment is the first one of its picture.
pub(super) fn begins_picture(slice: &[u8]) -> bool {
    slice.get(HEADER_BYTES).is_some_and(|byte| byte >> 7 == 1)
}

/// The content of a unit without its header and without emulation prevention: of 0, 0, 3 the 3 is left out (section
/// 7.3.1.1).
pub(super) fn content(unit: &[u8]) -> Cow<'_, [u8]> {
    let escaped = unit.get(HEADER_BYTES..).unwrap_or_default();
    if !escaped.windows(3).any(|three| three == [0, 0, 3]) {
        return Cow::Borrowed(escaped);
    }
    let (mut plain, mut zeros) = (Vec::with_capacity(escaped.len()), 0);
    for byte in escaped {
        if zeros >= 2 && *byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        plain.push(*byte);
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_split_by_their_lengths_and_told_by_their_headers() {
        let item = [0, 2, 0x26, 1, 0, 3, 0x40, 1, 9, 0, 2, 0x26, 9, 0, 4, 1];
        let units: Vec<_> = units(&item, 2).collect();
        assert_eq!(units, [&[0x26, 1][..], &[0x40, 1, 9], &[0x26, 9]], "the last one is cut");
        let kinds: Vec<_> = units.into_iter().map(UnitKind::of).collect();
        assert_eq!(
            kinds,
            [Some(UnitKind::Refresh), Some(UnitKind::OtherParameters), Some(UnitKind::Other)],
            "the last one is of a higher layer"
        );
        assert_eq!(UnitKind::of(&[0x42, 1]), Some(UnitKind::SequenceParameters));
        assert_eq!(UnitKind::of(&[0xa6, 1]), None);
        assert_eq!(UnitKind::of(&[0x26]), None);
    }

    #[test]
    fn emulation_prevention_is_left_out() {
        assert_eq!(*content(&[0x42, 1, 0, 0, 3, 0, 0, 3, 1, 3]), [0, 0, 0, 0, 1, 3]);
        assert!(matches!(content(&[0x42, 1, 5, 0, 3]), Cow::Borrowed([5, 0, 3])));
        assert!(begins_picture(&[0x26, 1, 0x80]) && !begins_picture(&[0x26, 1, 0x7f]));
    }
}
