//! Colours told by numbers instead of a profile: the code points of video, which AVIF and PNG carry, and the older
//! chunks of PNG. They are made into an ICC profile, so that what follows knows profiles only.

use moxcms::{Chromaticity, CicpColorPrimaries, ColorPrimaries, ColorProfile, Matrix3d, ToneReprCurve};

use crate::imaging::color::srgb::srgb_to_linear;
use crate::imaging::picture::Layout;

/// What samples mean.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Colorimetry {
    /// `None` is sRGB's.
    gamut: Option<Gamut>,
    curve: TransferCurve,
    /// The samples of black and white, in parts of the largest.
    range: [f64; 2],
}

/// White, and the colours that red, green and blue stand for (CIE 1931).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Gamut {
    pub(crate) white: [f32; 2],
    pub(crate) red: [f32; 2],
    pub(crate) green: [f32; 2],
    pub(crate) blue: [f32; 2],
}

/// Samples to light.
#[derive(Clone, Copy, Debug, PartialEq)]
enum TransferCurve {
    Hybrid,
    Perceptual,
    Power(f64),
    Srgb,
}

impl Colorimetry {
    /// Whether the code points name colours (ITU-T H.273, sections 8.1 and 8.2): some leave it open, and most numbers
    /// are reserved.
    pub(crate) fn is_told_by(primaries: u8, transfer: u8) -> bool {
        Gamut::by_code_point(primaries).is_some() && matches!(transfer, 1 | 4..=6 | 8 | 11..=16 | 18)
    }

    /// Colours by code points; sRGB's where these leave it open. The curves of video are taken for sRGB's, as
    /// browsers take them.
    pub(crate) fn by_code_points(primaries: u8, transfer: u8) -> Self {
        let curve = match transfer {
            4 => TransferCurve::Power(2.2),
            5 => TransferCurve::Power(2.8),
            8 => TransferCurve::Power(1.0),
            16 => TransferCurve::Perceptual,
            18 => TransferCurve::Hybrid,
            _ => TransferCurve::Srgb,
        };
        let gamut = if primaries == 1 { None } else { Gamut::by_code_point(primaries) };
        Self { gamut, curve, range: FULL }
    }

    /// Samples of so many bits in the narrow range, from 16 to 235 of 255 (ITU-T H.273, equations 20 to 22).
    pub(crate) fn narrow(self, bits: u8) -> Self {
        let step = 2_f64.powi(i32::from(bits) - 8);
        let largest = 2_f64.powi(i32::from(bits)) - 1.0;
        Self { range: [16.0 * step / largest, 235.0 * step / largest], ..self }
    }

    /// Samples that are a power of light (PNG, section 11.3.2.2: the power of the chunk gAMA), and a gamut (11.3.2.1).
    /// The power of sRGB's own chunk, 1 / 2.2, stands for its curve; what no screen can have had is taken for a
    /// mistake.
    pub(crate) fn by_measures(power: Option<f64>, gamut: Option<Gamut>) -> Self {
        let is_srgb = |power: f64| (power - 0.454_55).abs() < 0.000_05;
        let power = power.filter(|power| (0.1..=10.0).contains(power) && !is_srgb(*power));
        let curve = power.map_or(TransferCurve::Srgb, |power| TransferCurve::Power(power.recip()));
        Self { gamut: gamut.filter(|gamut| gamut.is_sound()), curve, range: FULL }
    }

    /// The profile of these colours for a layout; `None` where they are sRGB's, and for inks.
    pub(crate) fn profile(&self, layout: Layout) -> Option<Vec<u8>> {
        let curve = self.tone_curve();
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
                profile.cicp = None;
                if let Some(curve) = curve {
                    profile.red_trc = Some(curve.clone());
                    profile.green_trc = Some(curve.clone());
                    profile.blue_trc = Some(curve);
                }
                profile
            }
        };
        profile.encode().ok()
    }

    /// `None` is sRGB's.
    fn tone_curve(&self) -> Option<ToneReprCurve> {
        let is_full = self.range == FULL;
        match self.curve {
            TransferCurve::Srgb if is_full => None,
            #[expect(clippy::cast_possible_truncation, reason = "profiles have fewer digits")]
            TransferCurve::Power(power) if is_full => Some(ToneReprCurve::Parametric(vec![power as f32])),
            curve => {
                let [black, white] = self.range;
                let light = |code: f64| curve.light(((code - black) / (white - black)).clamp(0.0, 1.0));
                Some(ToneReprCurve::Lut(table(light)))
            }
        }
    }
}

/// Black is 0, and white is the largest sample.
const FULL: [f64; 2] = [0.0, 1.0];

impl Gamut {
    /// ITU-T H.273, table 2; `None` of numbers that name none.
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

    /// Whether white can be mixed of the three colours; what follows divides by what is 0 else.
    fn is_sound(&self) -> bool {
        const LEAST: f32 = 1e-4;
        let side = |from: [f32; 2], to: [f32; 2]| {
            (to[0] - from[0]) * (self.white[1] - from[1]) - (to[1] - from[1]) * (self.white[0] - from[0])
        };
        let sides = [side(self.red, self.green), side(self.green, self.blue), side(self.blue, self.red)];
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

/// What red and blue contribute to luma with these primaries (ITU-T H.273, equations 32 to 37).
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
    /// The light of a sample, both from 0 to 1.
    fn light(self, code: f64) -> f64 {
        match self {
            Self::Hybrid => shown(hybrid(code) / REFERENCE_WHITE),
            Self::Perceptual => shown(perceptual(code) / REFERENCE_WHITE),
            Self::Power(power) => code.powf(power),
            Self::Srgb => srgb_to_linear(code),
        }
    }
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
fn table(light: impl Fn(f64) -> f64) -> Vec<u16> {
    const LAST: u16 = 4095;
    (0..=LAST).map(|step| (light(f64::from(step) / f64::from(LAST)) * 65_535.0).round() as u16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::color::Profile;
    use crate::imaging::picture::geometry::Size;
    use crate::imaging::picture::{Depth, Picture};

    /// The pixel in sRGB, by a profile.
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

    /// Diffuse white and black of the narrow range, and what lies beyond.
    #[test]
    fn narrow_range_is_widened() {
        let narrow = Colorimetry::by_code_points(1, 13).narrow(8).profile(Layout::Rgb).unwrap();
        for (samples, expected) in [([16, 235, 126], [0, 255, 128]), ([0, 255, 71], [0, 255, 64])] {
            let have = converted(&narrow, Layout::Rgb, &samples);
            assert!(near(&have, &expected), "{samples:?}: {have:?}");
        }
        let [black, white] = Colorimetry::by_code_points(1, 13).narrow(16).range;
        assert!((black * 65_535.0 - 4_096.0).abs() < 1e-6 && (white * 65_535.0 - 60_160.0).abs() < 1e-6);
    }

    #[test]
    fn measures_that_are_srgbs_or_senseless_need_no_profile() {
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
