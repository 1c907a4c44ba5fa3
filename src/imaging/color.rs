//! Colours to sRGB: embedded ICC profiles, and what stands in where there is none.
//!
//! Conversion comes after the first resampling, so that few pixels pay for it and sixteen bits are rounded
//! once, to eight. A profile that cannot be read, or that is for other samples than the picture's, is taken
//! for sRGB (CMYK: for the plain formula below): a picture in slightly wrong colours beats none.

use std::fmt;
use std::sync::Arc;

use moxcms::{
    Chromaticity, CicpColorPrimaries, ColorPrimaries, ColorProfile, DataColorSpace, Matrix3d, ToneReprCurve,
    Transform8BitExecutor, Transform16BitExecutor, TransformOptions,
};

use super::picture::{Depth, Layout, Picture};

/// How the samples of one source become sRGB.
pub(super) enum Profile {
    /// Transform of eight-bit samples to RGB, with alpha where the source has it.
    Eight(Arc<Transform8BitExecutor>),
    Sixteen(Arc<Transform16BitExecutor>),
    /// They are sRGB already, grey on sRGB's curve, or CMYK without a profile.
    Srgb,
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Eight(_) => "Eight",
            Self::Sixteen(_) => "Sixteen",
            Self::Srgb => "Srgb",
        })
    }
}

impl Profile {
    /// Reads the profile embedded in a picture of this layout and depth.
    pub(super) fn new(icc: Option<&[u8]>, layout: Layout, depth: Depth) -> Self {
        icc.and_then(|icc| Self::parse(icc, layout, depth)).unwrap_or(Self::Srgb)
    }

    /// Whether a profile can be read and is for RGB.
    pub(super) fn is_rgb(icc: &[u8]) -> bool {
        ColorProfile::new_from_slice(icc).is_ok_and(|profile| profile.color_space == DataColorSpace::Rgb)
    }

    fn parse(icc: &[u8], layout: Layout, depth: Depth) -> Option<Self> {
        let profile = ColorProfile::new_from_slice(icc).ok()?;
        let (space, from) = match layout {
            // The library names layouts by their number of samples.
            Layout::Cmyk => (DataColorSpace::Cmyk, moxcms::Layout::Rgba),
            Layout::Grey => (DataColorSpace::Gray, moxcms::Layout::Gray),
            Layout::GreyAlpha => (DataColorSpace::Gray, moxcms::Layout::GrayAlpha),
            Layout::Rgb => (DataColorSpace::Rgb, moxcms::Layout::Rgb),
            Layout::RgbAlpha => (DataColorSpace::Rgb, moxcms::Layout::Rgba),
        };
        if profile.color_space != space {
            return None;
        }
        let to = if layout.has_alpha() { moxcms::Layout::Rgba } else { moxcms::Layout::Rgb };
        let (srgb, options) = (ColorProfile::new_srgb(), TransformOptions::default());
        if space == DataColorSpace::Rgb && is_srgb(&profile, &srgb, options) {
            return None;
        }
        Some(match depth {
            Depth::Eight => Self::Eight(profile.create_transform_8bit(from, &srgb, to, options).ok()?),
            Depth::Sixteen => Self::Sixteen(profile.create_transform_16bit(from, &srgb, to, options).ok()?),
        })
    }

    /// The picture in sRGB or grey, eight bits.
    pub(super) fn to_srgb(&self, picture: Picture) -> Picture {
        let converted = match self {
            Self::Eight(transform) => {
                let mut converted = converted_blank(&picture);
                transform.transform(&picture.samples, &mut converted.samples).ok().map(|()| converted)
            }
            Self::Sixteen(transform) => {
                let (pairs, _) = picture.samples.as_chunks::<2>();
                let samples: Vec<u16> = pairs.iter().map(|pair| u16::from_ne_bytes(*pair)).collect();
                let mut converted = converted_blank(&picture);
                let mut wide = vec![0_u16; converted.samples.len()];
                let done = transform.transform(&samples, &mut wide).ok();
                for (place, sample) in converted.samples.iter_mut().zip(wide) {
                    *place = rounded(sample);
                }
                done.map(|()| converted)
            }
            Self::Srgb => None,
        };
        match (converted, picture.layout) {
            // What was grey comes back as equal channels.
            (Some(converted), Layout::Grey) => converted.map(Layout::Grey, |[r, _, _]| [r]),
            (Some(converted), Layout::GreyAlpha) => converted.map(Layout::GreyAlpha, |[r, _, _, a]| [r, a]),
            (Some(converted), Layout::Cmyk | Layout::Rgb | Layout::RgbAlpha) => converted,
            (None, _) => plain(eight_bits(picture)),
        }
    }
}

fn converted_blank(picture: &Picture) -> Picture {
    let layout = if picture.layout.has_alpha() { Layout::RgbAlpha } else { Layout::Rgb };
    Picture::blank(picture.size, layout, Depth::Eight)
}

/// Whether a profile says the same as sRGB, to one step in 255, on a grid of 9 x 9 x 9 colours.
fn is_srgb(profile: &ColorProfile, srgb: &ColorProfile, options: TransformOptions) -> bool {
    const GRID: [u8; 9] = [0, 32, 64, 96, 128, 160, 192, 224, 255];
    let layout = moxcms::Layout::Rgb;
    let Ok(transform) = profile.create_transform_8bit(layout, srgb, layout, options) else { return false };
    let colors = GRID.iter().flat_map(|r| GRID.iter().flat_map(move |g| GRID.map(|b| [*r, *g, b])));
    let colors: Vec<u8> = colors.flatten().collect();
    let mut converted = vec![0; colors.len()];
    transform.transform(&colors, &mut converted).is_ok()
        && colors.iter().zip(&converted).all(|(before, after)| before.abs_diff(*after) <= 1)
}

/// The profile of colours that are described by code points (ITU-T H.273, sections 8.1 and 8.2); `None` where they
/// are sRGB's, or not described. The curves of video are taken for sRGB's, as browsers take them.
pub(super) fn profile_of(primaries: u8, transfer: u8) -> Option<Vec<u8>> {
    let curve = match transfer {
        4 => Some(curve_of(|code| code.powf(2.2))),
        5 => Some(curve_of(|code| code.powf(2.8))),
        8 => Some(curve_of(|code| code)),
        16 => Some(curve_of(|code| shown(perceptual(code) / REFERENCE_WHITE))),
        18 => Some(curve_of(|code| shown(hybrid(code) / REFERENCE_WHITE))),
        _ => None,
    };
    let points = (!matches!(primaries, 1 | 2)).then(|| chromaticities(primaries)).flatten();
    if curve.is_none() && points.is_none() {
        return None;
    }
    let mut profile = ColorProfile::new_srgb();
    if let Some((white, points)) = points {
        profile.update_rgb_colorimetry(white.to_xyyb(), points);
    }
    profile.cicp = None;
    if let Some(curve) = curve {
        let curve = ToneReprCurve::Lut(curve);
        profile.red_trc = Some(curve.clone());
        profile.green_trc = Some(curve.clone());
        profile.blue_trc = Some(curve);
    }
    profile.encode().ok()
}

/// What red and blue contribute to luma with these primaries (ITU-T H.273, equations 32 to 37).
pub(super) fn luma_weights(primaries: u8) -> Option<[f32; 2]> {
    let (white, points) = chromaticities(primaries)?;
    let [red, green, blue] = [points.red, points.green, points.blue].map(|point| point.to_xyzd());
    let matrix =
        Matrix3d { v: [[red.x, green.x, blue.x], [red.y, green.y, blue.y], [red.z, green.z, blue.z]] };
    let [_, [red, _, blue], _] = ColorProfile::rgb_to_xyz_d(matrix, white.to_xyyb().to_xyzd()).v;
    #[expect(clippy::cast_possible_truncation, reason = "weights need no more digits")]
    let weights = [red as f32, blue as f32];
    Some(weights)
}

fn chromaticities(primaries: u8) -> Option<(Chromaticity, ColorPrimaries)> {
    let points = CicpColorPrimaries::try_from(primaries).ok()?.try_into().ok()?;
    let (x, y) = match primaries {
        4 | 8 => (0.31, 0.316),
        10 => (1.0 / 3.0, 1.0 / 3.0),
        11 => (0.314, 0.351),
        _ => (0.3127, 0.329),
    };
    Some((Chromaticity { x, y }, points))
}

/// Light of diffuse white, cd/m² (ITU-R BT.2408, section 2.1).
const REFERENCE_WHITE: f64 = 203.0;

/// The brightest light that is still told apart, in shares of diffuse white: that of a screen with 1,000 cd/m².
const PEAK: f64 = 1000.0 / REFERENCE_WHITE;

/// Light that is shown as it is, in shares of diffuse white.
const KNEE: f64 = 0.5;

/// Light of a picture with high dynamic range in that of one without: lights above the knee are drawn together, so
/// that the peak comes out as white (extended Reinhard, per channel).
fn shown(light: f64) -> f64 {
    if light <= KNEE {
        return light;
    }
    let scaled = |light: f64| (light - KNEE) / (1.0 - KNEE);
    let (above, peak) = (scaled(light), scaled(PEAK));
    (KNEE + (1.0 - KNEE) * above * (1.0 + above / (peak * peak)) / (1.0 + above)).min(1.0)
}

/// Perceptual quantiser to cd/m² (SMPTE ST 2084).
fn perceptual(code: f64) -> f64 {
    let root = code.powf(32.0 / 2523.0);
    let numerator = (root - 0.835_937_5).max(0.0);
    10_000.0 * (numerator / (18.851_562_5 - 18.6875 * root)).powf(8192.0 / 1305.0)
}

/// Hybrid log-gamma to cd/m² of a screen with 1,000, its system gamma taken per channel (ITU-R BT.2100, table 5).
fn hybrid(code: f64) -> f64 {
    const A: f64 = 0.178_832_77;
    const B: f64 = 0.284_668_92;
    const C: f64 = 0.559_910_73;
    let scene = if code <= 0.5 { code * code / 3.0 } else { (((code - C) / A).exp() + B) / 12.0 };
    1000.0 * scene.powf(1.2)
}

/// A curve as a table of 16 bits.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
fn curve_of(light: impl Fn(f64) -> f64) -> Vec<u16> {
    const LAST: u16 = 4095;
    (0..=LAST).map(|step| (light(f64::from(step) / f64::from(LAST)) * 65_535.0).round() as u16).collect()
}

/// CMYK without a profile: ink lets light through in proportion, `(1 - c)(1 - k)`.
fn plain(picture: Picture) -> Picture {
    if picture.layout != Layout::Cmyk {
        return picture;
    }
    let light = |ink: u8, black: u8| {
        let product = u32::from(255 - ink) * u32::from(255 - black);
        u8::try_from((product + 127) / 255).unwrap_or(u8::MAX)
    };
    picture.map(Layout::Rgb, |[c, m, y, k]| [light(c, k), light(m, k), light(y, k)])
}

fn eight_bits(picture: Picture) -> Picture {
    if picture.depth == Depth::Eight {
        return picture;
    }
    let (pairs, _) = picture.samples.as_chunks::<2>();
    let samples = pairs.iter().map(|pair| rounded(u16::from_ne_bytes(*pair))).collect();
    Picture { depth: Depth::Eight, samples, ..picture }
}

/// 65,535 is 257 * 255.
fn rounded(sample: u16) -> u8 {
    u8::try_from((u32::from(sample) + 128) / 257).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::geometry::Size;
    use super::*;

    fn pixel(layout: Layout, depth: Depth, samples: &[u8]) -> Picture {
        Picture { size: Size { width: 1, height: 1 }, layout, depth, samples: samples.to_vec() }
    }

    #[test]
    fn sixteen_bits_are_rounded_to_the_nearest() {
        for (sample, expected) in [(0, 0), (128, 0), (129, 1), (65_535, 255), (32_768, 128), (65_406, 254)] {
            assert_eq!(rounded(sample), expected, "{sample}");
        }
    }

    #[test]
    fn ink_without_a_profile_follows_the_formula() {
        for (ink, rgb) in [
            ([0; 4], [255; 3]),
            ([0, 0, 0, 255], [0; 3]),
            ([255, 0, 0, 0], [0, 255, 255]),
            ([0, 128, 0, 128], [127, 63, 127]),
        ] {
            let picture = Profile::Srgb.to_srgb(pixel(Layout::Cmyk, Depth::Eight, &ink));
            assert_eq!(picture, pixel(Layout::Rgb, Depth::Eight, &rgb), "{ink:?}");
        }
    }

    #[test]
    fn srgb_itself_and_broken_profiles_convert_nothing() {
        let srgb = ColorProfile::new_srgb().encode().unwrap();
        for icc in [srgb.as_slice(), b"", b"not a profile", srgb.get(..200).unwrap()] {
            assert!(matches!(Profile::new(Some(icc), Layout::Rgb, Depth::Eight), Profile::Srgb));
        }
    }

    /// Half of full scale on a linear curve is 188 on sRGB's.
    #[test]
    fn grey_profile_keeps_a_grey_picture_grey() {
        let linear = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
        for (layout, samples, expected) in
            [(Layout::Grey, &[128][..], &[188][..]), (Layout::GreyAlpha, &[128, 77], &[188, 77])]
        {
            let profile = Profile::new(Some(&linear), layout, Depth::Eight);
            let picture = profile.to_srgb(pixel(layout, Depth::Eight, samples));
            assert_eq!(picture, pixel(layout, Depth::Eight, expected));
        }
    }

    #[test]
    fn profile_for_other_samples_is_ignored() {
        let wide = ColorProfile::new_display_p3().encode().unwrap();
        assert!(matches!(Profile::new(Some(&wide), Layout::Grey, Depth::Eight), Profile::Srgb));
        assert!(matches!(Profile::new(Some(&wide), Layout::Rgb, Depth::Eight), Profile::Eight(_)));
    }

    /// (200, 100, 50) of Display P3 is (215, 93, 31) in sRGB, by the matrices of CSS Color 4.
    #[test]
    fn wide_colours_are_moved_to_srgb_at_both_depths() {
        let wide = ColorProfile::new_display_p3().encode().unwrap();
        let near = |picture: &Picture| {
            let expected = [215, 93, 31];
            picture.samples.iter().zip(expected).all(|(have, want)| have.abs_diff(want) <= 1)
        };
        let eight = Profile::new(Some(&wide), Layout::Rgb, Depth::Eight);
        let picture = eight.to_srgb(pixel(Layout::Rgb, Depth::Eight, &[200, 100, 50]));
        assert!(near(&picture), "{picture:?}");
        let sixteen = Profile::new(Some(&wide), Layout::Rgb, Depth::Sixteen);
        let samples: Vec<u8> = [200_u16, 100, 50].iter().flat_map(|s| (s * 257).to_ne_bytes()).collect();
        let picture = sixteen.to_srgb(pixel(Layout::Rgb, Depth::Sixteen, &samples));
        assert!(near(&picture), "{picture:?}");
    }

    #[test]
    fn code_points_of_srgb_and_unknown_ones_need_no_profile() {
        for (primaries, transfer) in [(1, 13), (2, 2), (1, 1), (1, 6), (200, 13), (1, 200)] {
            assert_eq!(profile_of(primaries, transfer), None, "{primaries} {transfer}");
        }
    }

    #[test]
    fn code_points_convert_like_the_profile_they_name() {
        let convert = |icc: &[u8]| {
            let profile = Profile::new(Some(icc), Layout::Rgb, Depth::Eight);
            profile.to_srgb(pixel(Layout::Rgb, Depth::Eight, &[200, 100, 50])).samples
        };
        let p3 = convert(&profile_of(12, 13).unwrap());
        let named = convert(&ColorProfile::new_display_p3().encode().unwrap());
        assert!(p3.iter().zip(&named).all(|(a, b)| a.abs_diff(*b) <= 1), "{p3:?} {named:?}");
        let linear = convert(&profile_of(1, 8).unwrap());
        // 200, 100 and 50 of 255 on sRGB's curve.
        assert!(linear.iter().zip([228, 168, 122]).all(|(a, b)| a.abs_diff(b) <= 1), "{linear:?}");
    }

    #[test]
    fn luma_weights_follow_from_primaries() {
        for (primaries, red, blue) in [(1, 0.2126, 0.0722), (9, 0.2627, 0.0593)] {
            let [kr, kb] = luma_weights(primaries).unwrap();
            assert!((kr - red).abs() < 1e-3 && (kb - blue).abs() < 1e-3, "{primaries}: {kr} {kb}");
        }
    }

    /// 203 cd/m² are 58 % of the perceptual quantiser and 75 % of hybrid log-gamma (ITU-R BT.2408, table 1).
    #[test]
    fn bright_lights_are_drawn_together_below_white() {
        assert!((perceptual(0.58) - 203.0).abs() < 3.0, "{}", perceptual(0.58));
        assert!((hybrid(0.75) - 203.0).abs() < 3.0, "{}", hybrid(0.75));
        assert!((shown(0.3) - 0.3).abs() < 1e-9 && (shown(PEAK) - 1.0).abs() < 1e-9);
        let steps: Vec<f64> = (0..100).map(|step| shown(f64::from(step) / 10.0)).collect();
        assert!(steps.is_sorted() && steps.iter().all(|light| *light <= 1.0));
    }
}
