//! The transfer function of sRGB (IEC 61966-2-1).

/// IEC 61966-2-1, samples to light, both 0 to 1.
pub(crate) fn light(code: f64) -> f64 {
    if code <= 0.04045 { code / 12.92 } else { ((code + 0.055) / 1.055).powf(2.4) }
}

/// And back.
pub(crate) fn code(light: f64) -> f64 {
    if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}
