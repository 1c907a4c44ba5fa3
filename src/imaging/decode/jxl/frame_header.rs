//! The first fields of a frame header (ISO/IEC 18181-1, annex F.2), on which the decoder's memory depends. The crate
//! does not show them.

/// Most bytes of the fields up to the number of passes: 64 bits for up to 256 extra channels each, and few others.
pub(super) const LONGEST: usize = 96;

/// Flag of a frame whose low frequencies are a frame of their own.
const USES_LF_FRAME: u64 = 0x20;

/// How a frame is coded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum FrameCoding {
    /// Pixels, predicted or transformed by wavelets.
    Modular,
    /// Cosine transforms. Coefficients that come in several passes are kept.
    VarDct { has_several_passes: bool },
}

impl FrameCoding {
    /// Reads the coding of the frame whose header begins these bytes; `None` if they end early.
    pub(super) fn read(header: &[u8], is_xyb: bool, extra_channels: usize) -> Option<Self> {
        let mut bits = BitReader { bytes: header, position: 0 };
        if bits.flag()? {
            return Some(Self::VarDct { has_several_passes: false });
        }
        let is_reference_only = bits.read(2)? == 2;
        if bits.flag()? {
            return Some(Self::Modular);
        }
        let uses_lf_frame = bits.u64()? & USES_LF_FRAME != 0;
        let is_ycbcr = !is_xyb && bits.flag()?;
        if !uses_lf_frame {
            if is_ycbcr {
                // Subsampling of three channels.
                bits.read(6)?;
            }
            // Upsampling of the colours and of each extra channel.
            (0..=extra_channels).try_for_each(|_| bits.read(2).map(|_| ()))?;
        }
        if is_xyb {
            // Scales of the quantisation of X and B.
            bits.read(6)?;
        }
        let has_several_passes = !is_reference_only && bits.read(2)? != 0;
        Some(Self::VarDct { has_several_passes })
    }
}

/// Bits from the lowest of each byte on (ISO/IEC 18181-1, annex B.2).
struct BitReader<'a> {
    bytes: &'a [u8],
    /// Bits read so far.
    position: usize,
}

impl BitReader<'_> {
    fn flag(&mut self) -> Option<bool> {
        Some(self.read(1)? == 1)
    }

    /// A number of `count` bits.
    fn read(&mut self, count: usize) -> Option<u64> {
        (0..count).try_fold(0, |number, place| {
            let byte = self.bytes.get(self.position / 8)?;
            let bit = u64::from(byte >> (self.position % 8) & 1);
            self.position += 1;
            Some(number | bit << place)
        })
    }

    /// The format's number of up to 64 bits: a short form by a selector, or 12 bits and then groups of 8 bits.
    fn u64(&mut self) -> Option<u64> {
        match self.read(2)? {
            0 => Some(0),
            1 => Some(1 + self.read(4)?),
            2 => Some(17 + self.read(8)?),
            _ => {
                let mut number = self.read(12)?;
                for place in (12..60).step_by(8) {
                    if !self.flag()? {
                        return Some(number);
                    }
                    number |= self.read(8)? << place;
                }
                if self.flag()? {
                    number |= self.read(4)? << 60;
                }
                Some(number)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packs fields of a value and a width.
    fn packed(fields: &[(u64, usize)]) -> Vec<u8> {
        let bits: Vec<u8> = fields
            .iter()
            .flat_map(|(value, width)| (0..*width).map(move |place| u8::from(value >> place & 1 == 1)))
            .collect();
        bits.chunks(8).map(|byte| byte.iter().rev().fold(0, |sum, bit| sum << 1 | bit)).collect()
    }

    #[test]
    fn coding_and_passes_are_read_behind_optional_fields() {
        let several = |has_several_passes| Some(FrameCoding::VarDct { has_several_passes });
        assert_eq!(FrameCoding::read(&[1], true, 0), several(false), "all fields at their default");
        assert_eq!(
            FrameCoding::read(&packed(&[(0, 1), (0, 2), (1, 1)]), true, 0),
            Some(FrameCoding::Modular)
        );
        // Flags in their long form, upsampling of the colours and two extra channels, scales, passes.
        let start = [(0, 1), (0, 2), (0, 1)];
        let flags = [(3, 2), (0x81, 12), (1, 1), (7, 8), (0, 1)];
        for passes in [0, 1, 3] {
            let rest = [(1, 2), (0, 2), (2, 2), (3, 3), (2, 3), (passes, 2)];
            let header = packed(&[&start[..], &flags, &rest].concat());
            assert_eq!(FrameCoding::read(&header, true, 2), several(passes != 0));
        }
        // Original colours in YCbCr with subsampling.
        let ycbcr = packed(&[&start[..], &[(0, 2), (1, 1), (0x15, 6), (0, 2), (1, 2)]].concat());
        assert_eq!(FrameCoding::read(&ycbcr, false, 0), several(true));
        assert_eq!(FrameCoding::read(&ycbcr[..1], false, 0), None);
    }
}
