//! The colours of the decoded samples as an ICC profile.

use jxl::api::{JxlColorEncoding, JxlColorProfile, JxlPrimaries, JxlTransferFunction};

use crate::imaging::color::code_points::Colorimetry;
use crate::imaging::picture::Layout;

/// The ICC profile of samples in these colours; `None` if they are sRGB's.
///
/// High dynamic range goes by code points, which [`Colorimetry`] tone maps. Primaries of the file's own count as those
/// of BT.2100 then.
pub(super) fn icc(profile: &JxlColorProfile, layout: Layout) -> Option<Vec<u8>> {
    let is_srgb =
        |is_grey| profile.same_color_encoding(&JxlColorProfile::Simple(JxlColorEncoding::srgb(is_grey)));
    if is_srgb(false) || is_srgb(true) {
        return None;
    }
    let encoding = match profile {
        JxlColorProfile::Icc(icc) => return Some(icc.clone()),
        JxlColorProfile::Simple(encoding) => encoding,
    };
    let (primaries, transfer) = match encoding {
        JxlColorEncoding::RgbColorSpace { primaries, transfer_function, .. } => {
            (primaries, transfer_function)
        }
        JxlColorEncoding::GrayscaleColorSpace { transfer_function, .. } => {
            (&JxlPrimaries::SRGB, transfer_function)
        }
        JxlColorEncoding::XYB { .. } => return None,
    };
    // ITU-T H.273, tables 2 and 3.
    let primaries = match primaries {
        JxlPrimaries::SRGB => 1,
        JxlPrimaries::BT2100 | JxlPrimaries::Chromaticities { .. } => 9,
        JxlPrimaries::P3 => 12,
    };
    match transfer {
        JxlTransferFunction::PQ => Colorimetry::by_code_points(primaries, 16).profile(layout),
        JxlTransferFunction::HLG => Colorimetry::by_code_points(primaries, 18).profile(layout),
        _ => profile.try_as_icc().map(std::borrow::Cow::into_owned),
    }
}
