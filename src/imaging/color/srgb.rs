//! The transfer function of sRGB (IEC 61966-2-1).

/// Linear light of an sRGB sample (IEC 61966-2-1), both 0 to 1.
pub(crate) fn srgb_to_linear(code: f64) -> f64 {
    if code <= 0.04045 { code / 12.92 } else { ((code + 0.055) / 1.055).powf(2.4) }
}

/// The inverse of [`srgb_to_linear`].
pub(crate) fn linear_to_srgb(light: f64) -> f64 {
    if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

/// [`linear_to_srgb`] as a table, for samples of sixteen bits.
///
/// A step of light is at most 12.92 steps of code, which is 0.05 of an eight-bit level.
#[derive(Debug)]
pub(crate) struct SrgbTable(Vec<u16>);

impl SrgbTable {
    /// The table: 128 KB.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 65,535")]
    pub(crate) fn new() -> Self {
        let code = |light: u16| linear_to_srgb(f64::from(light) / 65_535.0) * 65_535.0 + 0.5;
        Self((0..=u16::MAX).map(|light| code(light) as u16).collect())
    }

    /// The sample for light, 0 to 1.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 65,535")]
    pub(crate) fn sample(&self, light: f64) -> u16 {
        let index = (light.clamp(0.0, 1.0) * 65_535.0 + 0.5) as usize;
        self.0.get(index).copied().unwrap_or(0)
    }
}
