//! The transfer function of sRGB (IEC 61966-2-1).

/// Linear light of an sRGB sample (IEC 61966-2-1), both 0 to 1.
pub(crate) fn srgb_to_linear(code: f64) -> f64 {
    if code <= 0.04045 { code / 12.92 } else { ((code + 0.055) / 1.055).powf(2.4) }
}

/// The inverse of [`srgb_to_linear`].
pub(crate) fn linear_to_srgb(light: f64) -> f64 {
    if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}
