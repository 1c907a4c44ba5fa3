//! Matrices from stored samples to RGB, by the code points of ITU-T H.273, section 8.3.
//!
//! All results are non-linear RGB from 0 to 1; transfer functions are not applied here.

use crate::imaging::color::code_points;
use crate::imaging::decode::heif::container::property::CodePoints;
use crate::imaging::error::Error;
use crate::imaging::source_format::SourceFormat;

/// Rows of YCgCo: R = Y − Cg + Co, G = Y + Cg, B = Y − Cg − Co.
const YCGCO: [[f32; 3]; 3] = [[1.0, -1.0, 1.0], [1.0, 1.0, 0.0], [1.0, -1.0, -1.0]];

/// A map from the samples of a pixel to red, green and blue from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Matrix {
    /// `true` if halves are rounded down, by [`Self::lifted`]. The map is affine otherwise.
    is_lifted: bool,
    /// Offset subtracted from a luma sample, and the factor for the difference.
    luma: [f32; 2],
    /// The same for chroma samples.
    chroma: [f32; 2],
    /// Rows of red, green and blue: the weights of luma, of the first and of the second chroma sample.
    rows: [[f32; 3]; 3],
}

impl Matrix {
    /// The matrix for samples of `bits` bits.
    ///
    /// Range: with s = 2^(`bits` − 8), full-range luma is sample / (2^`bits` − 1), and limited-range luma is
    /// (sample − 16·s) / (219·s). Chroma has its zero at 128·s, and the divisor 2^`bits` − 1 or 224·s.
    ///
    /// Weights: the standard defines, with Kr + Kg + Kb = 1:
    /// - Y = Kr·R + Kg·G + Kb·B
    /// - Cb = (B − Y) / (2·(1 − Kb))
    /// - Cr = (R − Y) / (2·(1 − Kr))
    ///
    /// Solved for RGB:
    /// - R = Y + 2·(1 − Kr)·Cr
    /// - B = Y + 2·(1 − Kb)·Cb
    /// - G = (Y − Kr·R − Kb·B) / Kg = Y − 2·(1 − Kb)·Kb/Kg·Cb − 2·(1 − Kr)·Kr/Kg·Cr
    ///
    /// # Errors
    /// [`Error::Unsupported`] for other matrix coefficients, and for those that follow from unknown primaries.
    pub(super) fn new(color: CodePoints, bits: u8, format: SourceFormat) -> Result<Self, Error> {
        let full = full_scale(bits);
        let step = f32::from(1_u16 << bits.saturating_sub(8).min(8));
        let middle = 128.0 * step;
        let (luma, chroma) = if color.full_range {
            ([0.0, 1.0 / full], [middle, 1.0 / full])
        } else {
            ([16.0 * step, 1.0 / (219.0 * step)], [middle, 1.0 / (224.0 * step)])
        };
        let weights = match color.matrix {
            // Identity: the planes are green, blue and red.
            0 => {
                let rows = [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
                return Ok(Self { is_lifted: false, luma, chroma: luma, rows });
            }
            // YCgCo: the planes are Y, Cg and Co.
            8 => return Ok(Self { is_lifted: false, luma, chroma, rows: YCGCO }),
            16 | 17 if color.full_range => return Ok(Self::lifted(color.matrix, bits)),
            1 => [0.2126, 0.0722],
            4 => [0.3, 0.11],
            // Unspecified is read as BT.601, like JPEG (MIAF, section 7.3.6.4).
            2 | 5 | 6 => [0.299, 0.114],
            7 => [0.212, 0.087],
            9 => [0.2627, 0.0593],
            12 => code_points::luma_weights(color.primaries)
                .ok_or_else(|| Error::unsupported(format, "a matrix that follows from unknown primaries"))?,
            other => {
                return Err(Error::unsupported(format, &format!("matrix coefficients {other}")));
            }
        };
        let [red, blue] = weights;
        let green = 1.0 - red - blue;
        let (to_red, to_blue) = (2.0 * (1.0 - red), 2.0 * (1.0 - blue));
        let rows =
            [[1.0, 0.0, to_red], [1.0, -to_blue * blue / green, -to_red * red / green], [1.0, to_blue, 0.0]];
        Ok(Self { is_lifted: false, luma, chroma, rows })
    }

    /// YCgCo-Re (16) and YCgCo-Ro (17), from which RGB of two bits and of one bit less returns without loss.
    ///
    /// With integers, and halves rounded down: t = Y − ⌊Cg / 2⌋, G = t + Cg, B = t − ⌊Co / 2⌋, R = B + Co. Without
    /// rounding this is YCgCo with chroma at half its value.
    fn lifted(code: u8, bits: u8) -> Self {
        let rgb_bits = bits.saturating_sub(if code == 16 { 2 } else { 1 });
        let scale = 1.0 / full_scale(rgb_bits.max(1));
        let middle = f32::from(1_u16 << bits.saturating_sub(1).min(15));
        Self { is_lifted: true, luma: [0.0, scale], chroma: [middle, scale / 2.0], rows: YCGCO }
    }

    /// Returns `true` if the mean of converted pixels is not the converted mean.
    pub(super) fn is_lifted(self) -> bool {
        self.is_lifted
    }

    /// Grey from 0 to 1 of a luma or alpha sample, without chroma.
    pub(super) fn grey(self, luma: f32) -> f32 {
        ((luma - self.luma[0]) * self.luma[1]).clamp(0.0, 1.0)
    }

    /// Red, green and blue from 0 to 1.
    pub(super) fn colors(self, luma: f32, first: f32, second: f32) -> [f32; 3] {
        let (luma, first, second) = (luma - self.luma[0], first - self.chroma[0], second - self.chroma[0]);
        if self.is_lifted {
            let rest = luma - (first / 2.0).floor();
            let blue = rest - (second / 2.0).floor();
            return [blue + second, rest + first, blue].map(|color| (color * self.luma[1]).clamp(0.0, 1.0));
        }
        let (luma, first, second) = (luma * self.luma[1], first * self.chroma[1], second * self.chroma[1]);
        self.rows.map(|[a, b, c]| (a * luma + b * first + c * second).clamp(0.0, 1.0))
    }
}

impl Matrix {
    /// The colours of [`Self::colors`] for a row of samples of each plane, in eight bits: all red, all green, all blue.
    /// The matrix must not be lifted.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 255.5")]
    pub(super) fn color_planes(self, luma: &[f32], first: &[f32], second: &[f32], planes: &mut [u8]) {
        debug_assert!(!self.is_lifted);
        for (plane, [a, b, c]) in planes.chunks_exact_mut(luma.len().max(1)).zip(self.rows) {
            for ((place, luma), (first, second)) in plane.iter_mut().zip(luma).zip(first.iter().zip(second)) {
                let luma = (luma - self.luma[0]) * self.luma[1];
                let (first, second) = (first - self.chroma[0], second - self.chroma[0]);
                let color = a * luma + b * (first * self.chroma[1]) + c * (second * self.chroma[1]);
                *place = (color.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
            }
        }
    }
}

/// Largest sample value of `bits` bits.
pub(super) fn full_scale(bits: u8) -> f32 {
    f32::from((1_u16 << bits.min(15)) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(matrix: u8, full_range: bool, bits: u8) -> Matrix {
        Matrix::new(CodePoints { primaries: 1, transfer: 13, matrix, full_range }, bits, SourceFormat::Avif)
            .unwrap()
    }

    /// The corners of the RGB cube, encoded by the equations of the standard.
    #[test]
    fn corners_of_the_rgb_cube_round_trip() {
        for (code, kr, kb) in
            [(1, 0.2126_f32, 0.0722_f32), (6, 0.299, 0.114), (9, 0.2627, 0.0593), (12, 0.2126, 0.0722)]
        {
            for (full, bits) in [(true, 8), (false, 8), (true, 10), (false, 12)] {
                let step = f32::from(1_u16 << (bits - 8));
                for corner in 0..8_u8 {
                    let [r, g, b] = [corner & 1, corner >> 1 & 1, corner >> 2].map(f32::from);
                    let luma = kr * r + (1.0 - kr - kb) * g + kb * b;
                    let chroma = [(b - luma) / (2.0 * (1.0 - kb)), (r - luma) / (2.0 * (1.0 - kr))];
                    let top = full_scale(bits);
                    let luma = if full { luma * top } else { (luma * 219.0 + 16.0) * step };
                    let chroma = chroma
                        .map(|c| if full { c * top + 128.0 * step } else { (c * 224.0 + 128.0) * step });
                    let back = matrix(code, full, bits).colors(luma, chroma[0], chroma[1]);
                    let near = back.iter().zip([r, g, b]).all(|(have, want)| (have - want).abs() < 1e-3);
                    assert!(near, "matrix {code}, {bits} bits: {back:?} for {r} {g} {b}");
                }
            }
        }
    }

    #[test]
    fn identity_and_ycgco_are_decoded() {
        let [r, g, b] = matrix(0, true, 8).colors(102.0, 51.0, 255.0);
        assert!(r > 0.999 && (g - 0.4).abs() < 1e-3 && (b - 0.2).abs() < 1e-3, "{r} {g} {b}");
        let [r, g, b] = matrix(8, true, 8).colors(127.5, 191.75, 64.25);
        assert!(r < 1e-2 && (g - 0.75).abs() < 1e-2 && (b - 0.5).abs() < 1e-2, "{r} {g} {b}");
    }

    /// Every colour of few bits, by the equations of the standard for the encoder.
    #[test]
    fn lossless_ycgco_returns_every_colour() {
        for (code, more) in [(16, 2), (17, 1)] {
            for value in 0..1_i32 << 12 {
                let [r, g, b] = [value & 15, value >> 4 & 15, value >> 8];
                let co = r - b;
                let t = b + (co >> 1);
                let cg = g - t;
                let y = t + (cg >> 1);
                let middle = 1 << (3 + more);
                let samples = [y, cg + middle, co + middle].map(|sample| sample as f32);
                let back = matrix(code, true, 4 + more).colors(samples[0], samples[1], samples[2]);
                assert_eq!(
                    back.map(|color| (color * 15.0).round()),
                    [r, g, b].map(|color| color as f32),
                    "{code}"
                );
            }
        }
    }

    #[test]
    fn unsupported_matrix_is_refused_by_number() {
        let color = CodePoints { primaries: 9, transfer: 16, matrix: 14, full_range: true };
        let refusal = Matrix::new(color, 10, SourceFormat::Avif).unwrap_err().to_string();
        assert!(refusal.contains("matrix coefficients 14"), "{refusal}");
    }
}
