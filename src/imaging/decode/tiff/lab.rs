//! CIE L\*a\*b\* as the light of sRGB's primaries (TIFF 6.0, section 23; ICCLAB of Adobe's Photoshop TIFF Technical Notes).
//!
//! The white point is D50, as in ICC profiles and Photoshop. sRGB's is D65, to which the matrix adapts by Bradford's
//! method.

/// Coding of L\*, a\* and b\* as samples of 8 or 16 bits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum LabCoding {
    /// L\* fills the range of a sample; a\* and b\* are signed.
    Cie,
    /// The coding of ICC profiles of version 2: a\* and b\* have an offset, and white is 0xff00 at sixteen bits.
    Icc,
}

/// White of ICC's profile connection space, D50, as X and Z; Y is 1.
const WHITE: [f64; 2] = [0.9642, 0.8249];

/// Linear sRGB of X, Y and Z relative to D50: the inverse of sRGB's primaries, adapted by Bradford's matrix.
const TO_LINEAR: [[f64; 3]; 3] = [
    [3.133_856_1, -1.616_866_7, -0.490_614_6],
    [-0.978_768_4, 1.916_141_5, 0.033_454_0],
    [0.071_945_3, -0.228_991_4, 1.405_242_7],
];

impl LabCoding {
    /// Red, green and blue light, 0 to 1, of three samples with `bits` bits, 8 or 16. Colours outside of sRGB are cut to
    /// it.
    pub(super) fn to_light(self, samples: [u32; 3], bits: u32) -> [f64; 3] {
        let [lightness, a, b] = samples;
        let unit = f64::from(1_u32 << (bits - 8));
        let signed = |sample: u32| {
            let half = 1 << (bits - 1);
            let offset = match self {
                // The lower half of the samples are the positive numbers.
                Self::Cie => sample ^ half,
                Self::Icc => sample,
            };
            (f64::from(offset) - f64::from(half)) / unit
        };
        let white = match (self, bits) {
            (Self::Icc, 16) => 65_280.0,
            _ => f64::from((1_u32 << bits) - 1),
        };
        to_light([f64::from(lightness) * 100.0 / white, signed(a), signed(b)])
    }
}

/// Red, green and blue light of a colour.
fn to_light([lightness, a, b]: [f64; 3]) -> [f64; 3] {
    let y = (lightness + 16.0) / 116.0;
    let [white_x, white_z] = WHITE;
    let xyz = [white_x * light(y + a / 500.0), light(y), white_z * light(y - b / 200.0)];
    TO_LINEAR.map(|row| {
        let linear: f64 = row.iter().zip(xyz).map(|(weight, light)| weight * light).sum();
        linear.clamp(0.0, 1.0)
    })
}

/// The inverse of CIE's cube root, which is a line near black.
fn light(root: f64) -> f64 {
    const KNEE: f64 = 6.0 / 29.0;
    if root > KNEE { root.powi(3) } else { 3.0 * KNEE * KNEE * (root - 4.0 / 29.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::color::srgb::linear_to_srgb;

    /// Checks a colour, within three levels of 255.
    fn check(coding: LabCoding, samples: [u32; 3], bits: u32, rgb: [u8; 3]) {
        let have = coding.to_light(samples, bits).map(|light| linear_to_srgb(light) * 255.0);
        let is_near = have.iter().zip(rgb).all(|(have, want)| (have - f64::from(want)).abs() < 3.0);
        assert!(is_near, "{coding:?} {samples:?}: {have:?}");
    }

    /// The samples are sRGB's white, black, red and blue.
    #[test]
    fn known_colors_are_converted() {
        check(LabCoding::Cie, [255, 0, 0], 8, [255; 3]);
        check(LabCoding::Cie, [0, 0, 0], 8, [0; 3]);
        check(LabCoding::Cie, [65_535, 0, 0], 16, [255; 3]);
        check(LabCoding::Icc, [65_280, 32_768, 32_768], 16, [255; 3]);
        check(LabCoding::Icc, [138, 209, 198], 8, [255, 0, 0]);
        check(LabCoding::Cie, [75, 68, 144], 8, [0, 0, 255]);
    }
}
