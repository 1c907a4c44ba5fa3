//! The decoder configuration of an HEVC item or track: `hvcC` (ISO/IEC 14496-15, section 8.3.3.1.2).

use crate::imaging::decode::heif::container::boxes::ByteReader;

/// Bytes before the arrays of NAL units, the last of which is the number of arrays.
const FIXED_BYTES: usize = 22;

/// Content of `hvcC`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Configuration<'a> {
    /// Bytes of the length in front of each NAL unit of an item: 1, 2 or 4.
    pub(super) length_bytes: u8,
    /// Number of arrays.
    arrays: u8,
    /// The arrays of NAL units.
    bytes: ByteReader<'a>,
}

impl<'a> Configuration<'a> {
    /// Reads the content of the box; `None` if it is cut, or if lengths have three bytes.
    pub(super) fn read(content: &'a [u8]) -> Option<Self> {
        let mut bytes = ByteReader(content);
        let fixed = bytes.take(FIXED_BYTES)?;
        let length_bytes = (fixed.last()? & 3) + 1;
        let arrays = bytes.u8()?;
        (length_bytes != 3).then_some(Self { length_bytes, arrays, bytes })
    }

    /// The NAL units of the arrays: parameter sets, each with its header. They end before one that is cut.
    pub(super) fn units(self) -> impl Iterator<Item = &'a [u8]> {
        let Self { mut bytes, mut arrays, .. } = self;
        let mut left = 0_u16;
        std::iter::from_fn(move || {
            while left == 0 {
                arrays = arrays.checked_sub(1)?;
                // array_completeness and the type, which each NAL unit repeats.
                bytes.u8()?;
                left = bytes.u16()?;
            }
            left -= 1;
            let length = bytes.u16()?;
            bytes.take(length.into())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_all_arrays_are_read() {
        let fixed = [[0; 21].as_slice(), &[0xff, 3]].concat();
        let arrays = [0x20, 0, 2, 0, 1, 7, 0, 2, 8, 9, 0x21, 0, 0, 0x22, 0, 1, 0, 1, 5];
        let content = [fixed.as_slice(), &arrays].concat();
        let configuration = Configuration::read(&content).unwrap();
        assert_eq!(configuration.length_bytes, 4);
        assert_eq!(configuration.units().collect::<Vec<_>>(), [&[7][..], &[8, 9], &[5]]);
        let cut = Configuration::read(&content[..content.len() - 1]).unwrap();
        assert_eq!(cut.units().count(), 2);
        assert!(Configuration::read(&content[..22]).is_none());
    }
}
