//! Samples from coefficients, in `f64`.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use super::Component;

/// Samples of one component.
#[derive(Debug, Clone, PartialEq)]
pub struct Plane {
    /// Samples in a row, with the padding to whole blocks.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// The samples, row after row; levels from 0 to 255, or beyond where nothing clamped them.
    pub samples: Vec<f64>,
}

impl Component {
    /// The samples at `width` by `height` a block, each of 1 to 8: the inverse DCT of that many points
    /// of the lowest coefficients, with 8-point scaling, so that levels are the same at each size. At 8 by 8
    /// it is T.81 A.3.3. Nothing is rounded or clamped.
    pub fn plane(&self, width: usize, height: usize) -> Plane {
        let (across, down) = (cosines(width), cosines(height));
        let mut plane = Plane::empty(self.blocks_wide * width, self.blocks_high * height);
        for (index, block) in self.blocks.iter().enumerate() {
            let (left, top) = (index % self.blocks_wide * width, index / self.blocks_wide * height);
            let mut rows = [0.0; 64];
            for v in 0..height {
                for u in 0..width {
                    let dequantised = f64::from(block[v * 8 + u]) * f64::from(self.table[v * 8 + u]);
                    if dequantised != 0.0 {
                        (0..width).for_each(|x| rows[v * 8 + x] += across[u * 8 + x] * dequantised);
                    }
                }
            }
            for y in 0..height {
                for x in 0..width {
                    let level: f64 = (0..height).map(|v| down[v * 8 + y] * rows[v * 8 + x]).sum();
                    plane.samples[(top + y) * plane.width + left + x] = level + 128.0;
                }
            }
        }
        plane
    }

    /// The means of squares of the full inverse DCT, `n` by `n` a block, `n` one of 1, 2, 4, 8. Nothing is
    /// rounded or clamped; `plane(8, 8).clamped().mean(8 / n, 8 / n)` clamps before it averages.
    pub fn box_plane(&self, n: usize) -> Plane {
        self.plane(8, 8).mean(8 / n, 8 / n)
    }
}

/// `C(u) / 2 * cos((2x + 1) u pi / 2n)` at `u * 8 + x`.
fn cosines(n: usize) -> [f64; 64] {
    assert!((1..=8).contains(&n), "{n} samples a block");
    std::array::from_fn(|i| {
        let (u, x) = ((i / 8) as f64, (i % 8) as f64);
        let scale = if u == 0.0 { FRAC_1_SQRT_2 } else { 1.0 };
        scale / 2.0 * ((2.0 * x + 1.0) * u * PI / (2.0 * n as f64)).cos()
    })
}

impl Plane {
    fn empty(width: usize, height: usize) -> Self {
        Self { width, height, samples: vec![0.0; width * height] }
    }

    /// The sample at a column and row.
    pub fn at(&self, x: usize, y: usize) -> f64 {
        self.samples[y * self.width + x]
    }

    /// The same with levels from 0 to 255.
    pub fn clamped(&self) -> Self {
        let samples = self.samples.iter().map(|level| level.clamp(0.0, 255.0)).collect();
        Self { samples, ..*self }
    }

    /// Clamped and rounded to bytes.
    pub fn rounded(&self) -> Vec<u8> {
        self.samples.iter().map(|level| level.round().clamp(0.0, 255.0) as u8).collect()
    }

    /// The mean of each `wide` by `high` rectangle.
    pub fn mean(&self, wide: usize, high: usize) -> Self {
        let mut plane = Self::empty(self.width / wide, self.height / high);
        for (index, mean) in plane.samples.iter_mut().enumerate() {
            let (left, top) = (index % plane.width * wide, index / plane.width * high);
            let sum: f64 = (0..wide * high).map(|i| self.at(left + i % wide, top + i / wide)).sum();
            *mean = sum / (wide * high) as f64;
        }
        plane
    }
}
