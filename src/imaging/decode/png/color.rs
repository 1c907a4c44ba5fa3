//! Colour profiles from the chunks of a PNG, in their order of precedence: cICP, iCCP, sRGB, then gAMA and cHRM (PNG,
//! third edition, section 4.3).

use png::{Info, ScaledFloat};

use crate::imaging::color::code_points::{Colorimetry, Gamut};
use crate::imaging::picture::{Depth, Layout};

/// The ICC profile of a PNG's colours; `None` for sRGB or without colour information.
pub(super) fn profile(info: &Info<'_>, layout: Layout, depth: Depth) -> Option<Vec<u8>> {
    if let Some(points) = info.coding_independent_code_points
        && Colorimetry::is_specified_by(points.color_primaries, points.transfer_function)
    {
        let full = Colorimetry::by_code_points(points.color_primaries, points.transfer_function);
        let bits = match depth {
            Depth::Eight => 8,
            Depth::Sixteen => 16,
        };
        let is_full = points.is_video_full_range_image;
        return if is_full { full } else { full.narrow(bits) }.profile(layout);
    }
    if let Some(icc) = &info.icc_profile {
        return Some(icc.to_vec());
    }
    if info.srgb.is_some() {
        return None;
    }
    let gamut = info.chrm_chunk.map(|points| Gamut {
        white: point(points.white),
        red: point(points.red),
        green: point(points.green),
        blue: point(points.blue),
    });
    let power = info.gama_chunk.map(|power| f64::from(power.into_scaled()) / f64::from(ScaledFloat::SCALING));
    Colorimetry::by_measures(power, gamut).profile(layout)
}

/// CIE xy coordinates of a point.
fn point((x, y): (ScaledFloat, ScaledFloat)) -> [f32; 2] {
    [x, y].map(ScaledFloat::into_value)
}
