//! Colours given by numbers instead of an ICC profile: the code points of video (ITU-T H.273), which AVIF and PNG
//! carry, and PNG's older chunks gAMA and cHRM.
//!
//! A [`Colorimetry`] is gamut, transfer curve and range. It is converted to an ICC profile, so that the rest of the
//! program knows profiles only. High dynamic range (PQ, HLG) is tone mapped to sRGB's range within the curve of that
//! profile. The matrix from luma and chroma to RGB is the decoder's business.

use std::ops::Range;

use moxcms::{Chromaticity, CicpColorPrimaries, ColorPrimaries, ColorProfile, Matrix3d, ToneReprCurve};

use crate::imaging::color::srgb::srgb_to_linear;
use crate::imaging::picture::Layout;

/// The meaning of samples: gamut, transfer curve and range.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Colorimetry {
    /// `None` is the gamut of sRGB.
    gamut: Option<Gamut>,
    curve: TransferCurve,
    /// Black and white as fractions of the largest sample.
    range: [f64; 2],
}

/// The white point and the three primaries, as chromaticities x and y (CIE 1931).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Gamut {
    pub(crate) white: [f32; 2],
    pub(crate) red: [f32; 2],
    pub(crate) green: [f32; 2],
    pub(crate) blue: [f32; 2],
}

/// A transfer curve, from samples to linear light.
#[derive(Clone, Copy, Debug, PartialEq)]
enum TransferCurve {
    /// HLG (ITU-R BT.2100), tone mapped.
    HybridLogGamma,
    /// PQ (SMPTE ST 2084), tone mapped.
    PerceptualQuantizer,
    /// Light is this power of the sample.
    Power(f64),
    Srgb,
}

impl Colorimetry {
    /// `true` if both code points specify colours (ITU-T H.273, sections 8.1 and 8.2): value 2 is unspecified, and most
    /// others are reserved.
    pub(crate) fn is_specified_by(primaries: u8, transfer: u8) -> bool {
        Gamut::by_code_point(primaries).is_some() && matches!(transfer, 1 | 4..=6 | 8 | 11..=16 | 18)
    }

    /// The colours of these code points in the full range; sRGB's where they are unspecified.
    ///
    /// The curves of video cameras count as sRGB's, as in browsers.
    pub(crate) fn by_code_points(primaries: u8, transfer: u8) -> Self {
        let curve = match transfer {
            4 => TransferCurve::Power(2.2),
            5 => TransferCurve::Power(2.8),
            8 => TransferCurve::Power(1.0),
            16 => TransferCurve::PerceptualQuantizer,
            18 => TransferCurve::HybridLogGamma,
            _ => TransferCurve::Srgb,
        };
        let gamut = if primaries == 1 { None } else { Gamut::by_code_point(primaries) };
        Self { gamut, curve, range: FULL_RANGE }
    }

    /// The same colours for samples of `bits` bits in the narrow range: black at 16 and white at 235 of 255, scaled by
    /// `2^(bits - 8)` (ITU-T H.273, equations 20 to 22).
    pub(crate) fn narrow(self, bits: u8) -> Self {
        let step = 2_f64.powi(i32::from(bits) - 8);
        let largest = 2_f64.powi(i32::from(bits)) - 1.0;
        Self { range: [16.0 * step / largest, 235.0 * step / largest], ..self }
    }

    /// The colours of PNG's chunks: `power` of gAMA, by which samples are a power of light (PNG, section 11.3.2.2), and
    /// `gamut` of cHRM (11.3.2.1).
    ///
    /// The power of sRGB's own chunk, 1 / 2.2, stands for sRGB's curve. Powers outside of 0.1 to 10, which no screen
    /// can have had, and impossible gamuts are ignored as mistakes.
    pub(crate) fn by_measures(power: Option<f64>, gamut: Option<Gamut>) -> Self {
        let is_srgb = |power: f64| (power - 0.454_55).abs() < 0.000_05;
        let power = power.filter(|power| (0.1..=10.0).contains(power) && !is_srgb(*power));
        let curve = power.map_or(TransferCurve::Srgb, |power| TransferCurve::Power(power.recip()));
        Self { gamut: gamut.filter(|gamut| gamut.is_possible()), curve, range: FULL_RANGE }
    }

    /// The ICC profile of these colours for a layout; `None` if they are sRGB's, and for CMYK.
    pub(crate) fn profile(&self, layout: Layout) -> Option<Vec<u8>> {
        let curve = self.profile_curve();
        let profile = match layout {
            Layout::Cmyk => return None,
            Layout::Grey | Layout::GreyAlpha => {
                let mut profile = ColorProfile::new_gray_with_gamma(1.0);
                profile.gray_trc = Some(curve?);
                profile
            }
            Layout::Rgb | Layout::RgbAlpha => {
                if self.gamut.is_none() && curve.is_none() {
                    return None;
                }
                let mut profile = ColorProfile::new_srgb();
                if let Some(gamut) = self.gamut {
                    profile.update_rgb_colorimetry(gamut.white().to_xyyb(), gamut.primaries());
                }
                // The code points of the sRGB profile that this one started from no longer hold.
                profile.cicp = None;
                if let Some(curve) = curve {
                    profile.red_trc = Some(curve.clone());
                    profile.green_trc = Some(curve.clone());
                    profile.blue_trc = Some(curve);
                }
                profile
            }
        };
        let mut bytes = profile.encode().ok()?;
        bytes.get_mut(CREATION)?.copy_from_slice(&CREATED);
        Some(bytes)
    }

    /// Curve and range as one curve of a profile; `None` is sRGB's.
    fn profile_curve(&self) -> Option<ToneReprCurve> {
        let is_full = self.range == FULL_RANGE;
        match self.curve {
            TransferCurve::Srgb if is_full => None,
            #[expect(clippy::cast_possible_truncation, reason = "profiles have fewer digits")]
            TransferCurve::Power(power) if is_full => Some(ToneReprCurve::Parametric(vec![power as f32])),
            curve => {
                let [black, white] = self.range;
                let light = |code: f64| curve.light(((code - black) / (white - black)).clamp(0.0, 1.0));
                Some(ToneReprCurve::Lut(curve_table(light)))
            }
        }
    }
}

/// Place of the time of creation in a profile (ICC.1:2022, 7.2).
const CREATION: Range<usize> = 24..36;

/// The first second of 2000. The time at which moxcms writes a profile would make another file of each thumbnail that keeps
/// it.
const CREATED: [u8; 12] = [7, 208, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0];

/// The full range: black is 0, and white is the largest sample.
const FULL_RANGE: [f64; 2] = [0.0, 1.0];

impl Gamut {
    /// The gamut of a code point (ITU-T H.273, table 2); `None` if it is unspecified or reserved.
    fn by_code_point(primaries: u8) -> Option<Self> {
        if primaries == 2 {
            return None;
        }
        let points: ColorPrimaries = CicpColorPrimaries::try_from(primaries).ok()?.try_into().ok()?;
        let white = match primaries {
            4 | 8 => [0.31, 0.316],
            10 => [1.0 / 3.0, 1.0 / 3.0],
            11 => [0.314, 0.351],
            _ => [0.3127, 0.329],
        };
        let [red, green, blue] = [points.red, points.green, points.blue].map(|point| [point.x, point.y]);
        Some(Self { white, red, green, blue })
    }

    /// `true` if the primaries can be mixed to white: the white point lies inside their triangle, and no y is 0.
    /// Otherwise the conversion to XYZ would divide by 0.
    fn is_possible(&self) -> bool {
        const LEAST: f32 = 1e-4;
        // The cross product of an edge and the vector from its start to white. Its sign tells the side of the edge.
        let cross = |from: [f32; 2], to: [f32; 2]| {
            (to[0] - from[0]) * (self.white[1] - from[1]) - (to[1] - from[1]) * (self.white[0] - from[0])
        };
        let sides = [cross(self.red, self.green), cross(self.green, self.blue), cross(self.blue, self.red)];
        let is_inside = sides.iter().all(|side| *side > LEAST) || sides.iter().all(|side| *side < -LEAST);
        is_inside && [self.white, self.red, self.green, self.blue].iter().all(|[_, y]| *y > LEAST)
    }

    fn white(&self) -> Chromaticity {
        let [x, y] = self.white;
        Chromaticity { x, y }
    }

    fn primaries(&self) -> ColorPrimaries {
        let [red, green, blue] = [self.red, self.green, self.blue].map(|[x, y]| Chromaticity { x, y });
        ColorPrimaries { red, green, blue }
    }
}

/// The weights of red and blue in luma for these primaries (ITU-T H.273, equations 32 to 37); `None` if they are
/// unspecified or reserved.
///
/// They are the Y of red and blue when all three primaries together give white with Y = 1: the second row of the matrix
/// from RGB to XYZ.
pub(crate) fn luma_weights(primaries: u8) -> Option<[f32; 2]> {
    let gamut = Gamut::by_code_point(primaries)?;
    let points = gamut.primaries();
    let [red, green, blue] = [points.red, points.green, points.blue].map(|point| point.to_xyzd());
    let matrix =
        Matrix3d { v: [[red.x, green.x, blue.x], [red.y, green.y, blue.y], [red.z, green.z, blue.z]] };
    let [_, [red, _, blue], _] = ColorProfile::rgb_to_xyz_d(matrix, gamut.white().to_xyyb().to_xyzd()).v;
    #[expect(clippy::cast_possible_truncation, reason = "weights need no more digits")]
    let weights = [red as f32, blue as f32];
    Some(weights)
}

impl TransferCurve {
    /// Linear light of a sample, both 0 to 1. High dynamic range is tone mapped.
    fn light(self, code: f64) -> f64 {
        match self {
            Self::HybridLogGamma => tone_mapped(hybrid_log_gamma(code) / REFERENCE_WHITE),
            Self::PerceptualQuantizer => tone_mapped(perceptual_quantizer(code) / REFERENCE_WHITE),
            Self::Power(power) => code.powf(power),
            Self::Srgb => srgb_to_linear(code),
        }
    }
}

/// Luminance of diffuse white, cd/m² (ITU-R BT.2408, section 2.1).
const REFERENCE_WHITE: f64 = 203.0;

/// The luminance that tone mapping maps to white, relative to diffuse white: that of a display with 1,000 cd/m².
const PEAK: f64 = 1000.0 / REFERENCE_WHITE;

/// The luminance up to which tone mapping changes nothing, relative to diffuse white.
const KNEE: f64 = 0.5;

/// Tone mapping: light of high dynamic range, relative to diffuse white, as light from 0 to 1.
///
/// Light above the knee is compressed by the extended Reinhard curve, per channel. With `a` and `p`, the light and the
/// peak above the knee in units of `1 - KNEE`, the curve is `r(a) = a (1 + a / p²) / (1 + a)`:
/// - `r(0) = 0` and `r'(0) = 1`, so value and slope are continuous at the knee;
/// - `r(p) = p (1 + 1 / p) / (1 + p) = 1`, so the peak becomes white;
/// - `r'(a) = (1 + 2a / p² + a² / p²) / (1 + a)² > 0`, so the order of lights is kept. Light above the peak is white.
fn tone_mapped(light: f64) -> f64 {
    if light <= KNEE {
        return light;
    }
    let above_knee = |light: f64| (light - KNEE) / (1.0 - KNEE);
    let (above, peak) = (above_knee(light), above_knee(PEAK));
    (KNEE + (1.0 - KNEE) * above * (1.0 + above / (peak * peak)) / (1.0 + above)).min(1.0)
}

/// Luminance of a PQ sample, 0 to 10,000 cd/m² (SMPTE ST 2084).
fn perceptual_quantizer(code: f64) -> f64 {
    // 1 / m2 with m2 = 2523 / 32, c1 = 3424 / 4096, c2 = 2413 / 128, c3 = 2392 / 128, and 1 / m1 with m1 = 1305 / 8192.
    let root = code.powf(32.0 / 2523.0);
    let numerator = (root - 0.835_937_5).max(0.0);
    10_000.0 * (numerator / (18.851_562_5 - 18.6875 * root)).powf(8192.0 / 1305.0)
}

/// Luminance of an HLG sample on a display with 1,000 cd/m² (ITU-R BT.2100, table 5).
///
/// The system gamma of 1.2 is applied per channel instead of to luminance.
fn hybrid_log_gamma(code: f64) -> f64 {
    const A: f64 = 0.178_832_77;
    const B: f64 = 0.284_668_92;
    const C: f64 = 0.559_910_73;
    let scene = if code <= 0.5 { code * code / 3.0 } else { (((code - C) / A).exp() + B) / 12.0 };
    1000.0 * scene.powf(1.2)
}

/// A curve sampled at 4,096 points, in sixteen bits.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
fn curve_table(light: impl Fn(f64) -> f64) -> Vec<u16> {
    const LAST: u16 = 4095;
    (0..=LAST).map(|step| (light(f64::from(step) / f64::from(LAST)) * 65_535.0).round() as u16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::color::Profile;
    use crate::imaging::picture::geometry::Size;
    use crate::imaging::picture::{Depth, Picture};

    /// The samples of a pixel, converted to sRGB by a profile.
    fn converted(icc: &[u8], layout: Layout, samples: &[u8]) -> Vec<u8> {
        let size = Size { width: 1, height: 1 };
        let pixel = Picture { size, layout, depth: Depth::Eight, samples: samples.to_vec() };
        Profile::new(Some(icc), layout, Depth::Eight).to_srgb(pixel).samples
    }

    fn near(have: &[u8], want: &[u8]) -> bool {
        have.len() == want.len() && have.iter().zip(want).all(|(have, want)| have.abs_diff(*want) <= 1)
    }

    #[test]
    fn code_points_of_srgb_and_unknown_ones_need_no_profile() {
        for (primaries, transfer) in [(1, 13), (2, 2), (1, 1), (1, 6), (200, 13), (1, 200)] {
            for layout in [Layout::Grey, Layout::Rgb] {
                let profile = Colorimetry::by_code_points(primaries, transfer).profile(layout);
                assert_eq!(profile, None, "{primaries} {transfer} {layout:?}");
            }
        }
    }

    #[test]
    fn code_points_convert_like_the_profile_they_name() {
        let by_points = |primaries, transfer, layout, samples: &[u8]| {
            let profile = Colorimetry::by_code_points(primaries, transfer).profile(layout).unwrap();
            converted(&profile, layout, samples)
        };
        let p3 = by_points(12, 13, Layout::Rgb, &[200, 100, 50]);
        let named = ColorProfile::new_display_p3().encode().unwrap();
        let named = converted(&named, Layout::Rgb, &[200, 100, 50]);
        assert!(near(&p3, &named), "{p3:?} {named:?}");
        // 200, 100 and 50 of 255 on sRGB's curve.
        let linear = by_points(1, 8, Layout::Rgb, &[200, 100, 50]);
        assert!(near(&linear, &[228, 168, 122]), "{linear:?}");
        let grey = by_points(9, 8, Layout::GreyAlpha, &[100, 7]);
        assert!(near(&grey, &[168, 7]), "{grey:?}");
    }

    /// Black and white of the narrow range, and samples outside of it.
    #[test]
    fn narrow_range_is_expanded() {
        let narrow = Colorimetry::by_code_points(1, 13).narrow(8).profile(Layout::Rgb).unwrap();
        for (samples, expected) in [([16, 235, 126], [0, 255, 128]), ([0, 255, 71], [0, 255, 64])] {
            let have = converted(&narrow, Layout::Rgb, &samples);
            assert!(near(&have, &expected), "{samples:?}: {have:?}");
        }
        let [black, white] = Colorimetry::by_code_points(1, 13).narrow(16).range;
        assert!((black * 65_535.0 - 4_096.0).abs() < 1e-6 && (white * 65_535.0 - 60_160.0).abs() < 1e-6);
    }

    #[test]
    fn measures_of_srgb_and_impossible_ones_need_no_profile() {
        let srgb = Gamut { white: [0.3127, 0.329], red: [0.64, 0.33], green: [0.3, 0.6], blue: [0.15, 0.06] };
        let on_a_line = Gamut { green: [0.3, 0.2], red: [0.4, 0.3], blue: [0.5, 0.4], ..srgb };
        let white_outside = Gamut { white: [0.7, 0.7], ..srgb };
        let nowhere = Gamut { white: [0.0; 2], red: [0.0; 2], green: [0.0; 2], blue: [0.0; 2] };
        for (power, gamut) in [
            (None, None),
            (Some(0.454_55), None),
            (Some(0.0), None),
            (Some(42_949.0), None),
            (None, Some(on_a_line)),
            (None, Some(white_outside)),
            (None, Some(nowhere)),
        ] {
            for layout in [Layout::Grey, Layout::Rgb] {
                assert_eq!(
                    Colorimetry::by_measures(power, gamut).profile(layout),
                    None,
                    "{power:?} {gamut:?}"
                );
            }
        }
        let same = Colorimetry::by_measures(None, Some(srgb)).profile(Layout::Rgb).unwrap();
        assert_eq!(converted(&same, Layout::Rgb, &[200, 100, 50]), [200, 100, 50]);
    }

    #[test]
    fn a_profile_does_not_tell_when_it_was_made() {
        for layout in [Layout::Grey, Layout::Rgb] {
            let profile = Colorimetry::by_code_points(9, 16).profile(layout).unwrap();
            assert_eq!(profile[CREATION], CREATED, "{layout:?}");
            assert!(ColorProfile::new_from_slice(&profile).is_ok(), "{layout:?}");
        }
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
    fn bright_lights_are_tone_mapped_below_white() {
        assert!((perceptual_quantizer(0.58) - 203.0).abs() < 3.0, "{}", perceptual_quantizer(0.58));
        assert!((hybrid_log_gamma(0.75) - 203.0).abs() < 3.0, "{}", hybrid_log_gamma(0.75));
        assert!((tone_mapped(0.3) - 0.3).abs() < 1e-9 && (tone_mapped(PEAK) - 1.0).abs() < 1e-9);
        let steps: Vec<f64> = (0..100).map(|step| tone_mapped(f64::from(step) / 10.0)).collect();
        assert!(steps.is_sorted() && steps.iter().all(|light| *light <= 1.0));
    }
}
