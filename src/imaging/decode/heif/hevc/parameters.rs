//! Sequence parameter sets, read before decoding to plan memory (ITU-T H.265, section 7.3.2.2).
//!
//! Fields are named as in the recommendation where they are skipped. Nothing is allocated.

use crate::imaging::decode::heif::bits::BitReader;
use crate::imaging::decode::heif::container::property::CodePoints;
use crate::imaging::decode::heif::planes::{ChromaSubsampling, PlaneFormat};
use crate::imaging::picture::geometry::Size;

/// Most short-term reference picture sets (section 7.4.3.2.1).
const MOST_REFERENCE_SETS: u32 = 64;

/// Most pictures of such a set: sps_max_dec_pic_buffering_minus1 is at most 15.
const MOST_REFERENCES: u32 = 16;

/// Properties of all pictures that refer to a parameter set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct SequenceParameters {
    /// Size of the decoded picture, luma samples.
    pub(super) coded: Size,
    /// Size of the part that is shown.
    pub(super) size: Size,
    pub(super) format: PlaneFormat,
    /// `true` if chroma has as many bits as luma.
    pub(super) has_one_depth: bool,
    /// Code points of the video usability information, else unspecified ones.
    pub(super) color: CodePoints,
}

impl SequenceParameters {
    /// Reads the content of a parameter set; `None` if it is cut or broken.
    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let bits = &mut BitReader::new(content);
        // sps_video_parameter_set_id
        bits.take(4)?;
        let more_layers = bits.take(3)?;
        // sps_temporal_id_nesting_flag
        bits.take(1)?;
        skip_profile(bits, more_layers)?;
        // sps_seq_parameter_set_id
        bits.exp_golomb()?;
        let chroma_format = bits.exp_golomb()?;
        // separate_colour_plane_flag: three planes, each decoded as luma.
        if chroma_format == 3 && bits.flag()? {
            return None;
        }
        let chroma = match chroma_format {
            0 => None,
            1 => Some(ChromaSubsampling { across: true, down: true }),
            2 => Some(ChromaSubsampling { across: true, down: false }),
            3 => Some(ChromaSubsampling { across: false, down: false }),
            _ => return None,
        };
        let coded = Size { width: bits.exp_golomb()?, height: bits.exp_golomb()? };
        let size = if bits.flag()? { cropped(bits, coded, chroma)? } else { coded };
        let [luma, of_chroma] = [bits.exp_golomb()?, bits.exp_golomb()?];
        let has_one_depth = luma == of_chroma || chroma.is_none();
        let format = PlaneFormat { bits: u8::try_from(luma.checked_add(8)?).ok()?, chroma };
        if size.pixels() == 0 || format.bits > 16 {
            return None;
        }
        let color = color(bits, more_layers).flatten();
        let unspecified = CodePoints { primaries: 2, transfer: 2, matrix: 2, full_range: false };
        Some(Self { coded, size, format, has_one_depth, color: color.unwrap_or(unspecified) })
    }
}

/// Skips profile_tier_level (section 7.3.3).
fn skip_profile(bits: &mut BitReader<'_>, more_layers: u32) -> Option<()> {
    const PROFILE_BITS: u32 = 88;
    const LEVEL_BITS: u32 = 8;
    bits.skip(PROFILE_BITS + LEVEL_BITS)?;
    let mut skipped = 0;
    for _ in 0..more_layers {
        // sub_layer_profile_present_flag, sub_layer_level_present_flag
        skipped += u32::from(bits.flag()?) * PROFILE_BITS;
        skipped += u32::from(bits.flag()?) * LEVEL_BITS;
    }
    if more_layers > 0 {
        // reserved_zero_2bits for layers up to 8
        bits.skip(2 * 8_u32.saturating_sub(more_layers))?;
    }
    bits.skip(skipped)
}

/// Reads the conformance window: the size of the part that is shown.
fn cropped(bits: &mut BitReader<'_>, coded: Size, chroma: Option<ChromaSubsampling>) -> Option<Size> {
    let unit = |halved: Option<bool>| if halved == Some(true) { 2 } else { 1 };
    let (across, down) = (unit(chroma.map(|chroma| chroma.across)), unit(chroma.map(|chroma| chroma.down)));
    let mut rest = |side: u32, unit: u32| {
        let both = bits.exp_golomb()?.checked_add(bits.exp_golomb()?)?;
        side.checked_sub(both.checked_mul(unit)?)
    };
    Some(Size { width: rest(coded.width, across)?, height: rest(coded.height, down)? })
}

/// Reads on from the bit depths up to the colours in the video usability information (annex E.2.1). `None` if the set
/// ends before, `Some(None)` if it has none.
fn color(bits: &mut BitReader<'_>, more_layers: u32) -> Option<Option<CodePoints>> {
    // log2_max_pic_order_cnt_lsb_minus4
    let order_bits = bits.exp_golomb()?.checked_add(4)?;
    // sps_sub_layer_ordering_info_present_flag; then three numbers for each layer
    let layers = if bits.flag()? { more_layers + 1 } else { 1 };
    for _ in 0..layers * 3 {
        bits.exp_golomb()?;
    }
    // Six block sizes and depths of transforms.
    for _ in 0..6 {
        bits.exp_golomb()?;
    }
    // scaling_list_enabled_flag, sps_scaling_list_data_present_flag
    if bits.flag()? && bits.flag()? {
        skip_scaling_lists(bits)?;
    }
    // amp_enabled_flag, sample_adaptive_offset_enabled_flag
    bits.skip(2)?;
    // pcm_enabled_flag
    if bits.flag()? {
        bits.skip(8)?;
        bits.exp_golomb()?;
        bits.exp_golomb()?;
        bits.skip(1)?;
    }
    skip_reference_sets(bits)?;
    // long_term_ref_pics_present_flag
    if bits.flag()? {
        for _ in 0..bits.exp_golomb()? {
            bits.skip(order_bits.checked_add(1)?)?;
        }
    }
    // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
    bits.skip(2)?;
    // vui_parameters_present_flag
    if !bits.flag()? {
        return Some(None);
    }
    // aspect_ratio_info_present_flag, aspect_ratio_idc of EXTENDED_SAR
    if bits.flag()? && bits.take(8)? == 255 {
        bits.skip(32)?;
    }
    // overscan_info_present_flag
    if bits.flag()? {
        bits.skip(1)?;
    }
    // video_signal_type_present_flag
    if !bits.flag()? {
        return Some(None);
    }
    // video_format
    bits.skip(3)?;
    let full_range = bits.flag()?;
    let [primaries, transfer, matrix] =
        if bits.flag()? { [bits.byte()?, bits.byte()?, bits.byte()?] } else { [2; 3] };
    Some(Some(CodePoints { primaries, transfer, matrix, full_range }))
}

/// Skips scaling_list_data (section 7.3.4).
fn skip_scaling_lists(bits: &mut BitReader<'_>) -> Option<()> {
    for size in 0..4_u32 {
        let matrices = if size == 3 { 2 } else { 6 };
        for _ in 0..matrices {
            // scaling_list_pred_mode_flag, else scaling_list_pred_matrix_id_delta
            if !bits.flag()? {
                bits.exp_golomb()?;
                continue;
            }
            // scaling_list_dc_coef_minus8, then differences of coefficients
            let numbers = (16_u32 << (2 * size)).min(64) + u32::from(size > 1);
            for _ in 0..numbers {
                bits.exp_golomb()?;
            }
        }
    }
    Some(())
}

/// Skips the short-term reference picture sets (section 7.3.7).
fn skip_reference_sets(bits: &mut BitReader<'_>) -> Option<()> {
    let sets = bits.exp_golomb().filter(|sets| *sets <= MOST_REFERENCE_SETS)?;
    let mut pictures = 0_u32;
    for set in 0..sets {
        // inter_ref_pic_set_prediction_flag
        if set > 0 && bits.flag()? {
            // delta_rps_sign, abs_delta_rps_minus1
            bits.skip(1)?;
            bits.exp_golomb()?;
            let before = std::mem::take(&mut pictures);
            for _ in 0..=before {
                // used_by_curr_pic_flag, else use_delta_flag
                pictures += u32::from(bits.flag()? || bits.flag()?);
            }
        } else {
            // num_negative_pics, num_positive_pics; then delta_poc and used_by_curr_pic_flag of each
            pictures = bits.exp_golomb()?.checked_add(bits.exp_golomb()?)?;
            for _ in 0..pictures {
                bits.exp_golomb()?;
                bits.skip(1)?;
            }
        }
        if pictures > MOST_REFERENCES {
            return None;
        }
    }
    Some(())
}

impl BitReader<'_> {
    /// The next unsigned Exp-Golomb number (section 9.2): n zeros, a one, and n bits. A signed one takes the same bits.
    fn exp_golomb(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
        }
        // 2^n − 1 and n bits more.
        let base = 1_u32.checked_shl(zeros)?.checked_sub(1)?;
        base.checked_add(self.take(zeros)?)
    }

    /// Skips bits.
    fn skip(&mut self, mut count: u32) -> Option<()> {
        while count > 0 {
            let some = count.min(32);
            self.take(some)?;
            count -= some;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parameters by x265 of an image of 1198 x 1228 pixels, without header and emulation prevention.
    const PARAMETERS: [u8; 39] = [
        0x01, 0x03, 0x70, 0x00, 0x00, 0x00, 0x90, 0x00, 0x00, 0x00, 0x00, 0x00, 0x78, 0xa0, 0x02, 0x58, 0x80,
        0x13, 0x47, 0x57, 0x96, 0xea, 0x49, 0x29, 0xae, 0x6e, 0x04, 0x04, 0x0c, 0x08, 0x00, 0x00, 0x00, 0x08,
        0x00, 0x00, 0x00, 0x08, 0x40,
    ];

    #[test]
    fn size_format_and_code_points_are_read() {
        let parameters = SequenceParameters::read(&PARAMETERS).unwrap();
        assert_eq!(parameters.coded, Size { width: 1200, height: 1232 });
        assert_eq!(parameters.size, Size { width: 1198, height: 1228 });
        let chroma = Some(ChromaSubsampling { across: true, down: true });
        assert_eq!(parameters.format, PlaneFormat { bits: 8, chroma });
        assert!(parameters.has_one_depth);
        let color = CodePoints { primaries: 2, transfer: 2, matrix: 6, full_range: true };
        assert_eq!(parameters.color, color);
    }

    #[test]
    fn cut_parameters_are_none_or_lack_the_code_points() {
        assert_eq!(SequenceParameters::read(&PARAMETERS[..18]), None);
        let cut = SequenceParameters::read(&PARAMETERS[..24]).unwrap();
        assert_eq!((cut.coded.width, cut.color.matrix, cut.color.full_range), (1200, 2, false));
    }

    #[test]
    fn exp_golomb_numbers_are_read() {
        // 1, 010, 011, 00100, then zeros without an end.
        let mut bits = BitReader::new(&[0b1010_0110, 0b0100_0000, 0, 0, 0, 0]);
        let numbers: Vec<_> = std::iter::from_fn(|| bits.exp_golomb()).collect();
        assert_eq!(numbers, [0, 1, 2, 3]);
    }
}
