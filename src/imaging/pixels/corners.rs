//! Rounded corners: alpha times the part of each pixel that lies inside of the shape.

use crate::imaging::picture::{Layout, Picture, side};

/// Strips into which a pixel on the edge is divided. The area of a strip is that of a trapezium, so that the whole is
/// exact to a thousandth.
const STRIPS: u32 = 32;

/// Rounds the corners of a picture of eight bits that is not CMYK. `radius` is in pixels, and at most half of the
/// shorter side counts, which is the radius without one.
pub(crate) fn round(picture: Picture, radius: Option<u32>) -> Picture {
    let (width, height) = (f64::from(picture.size.width), f64::from(picture.size.height));
    let most = width.min(height) / 2.0;
    let shape = Shape { width, height, radius: radius.map_or(most, |radius| f64::from(radius).min(most)) };
    let mut picture = picture.with_alpha();
    match picture.layout {
        Layout::GreyAlpha => cut::<2>(&mut picture, &shape),
        Layout::Cmyk | Layout::Grey | Layout::Rgb | Layout::RgbAlpha => cut::<4>(&mut picture, &shape),
    }
    picture
}

/// [`round`] for pixels of `C` samples, the last of them alpha.
fn cut<const C: usize>(picture: &mut Picture, shape: &Shape) {
    let row_bytes = picture.row_bytes();
    let width = picture.size.width;
    for (y, row) in (0_u32..).zip(picture.samples.chunks_exact_mut(row_bytes)) {
        let from_edge = f64::from(y).min(shape.height - 1.0 - f64::from(y));
        if from_edge >= shape.radius {
            continue;
        }
        let (pixels, _) = row.as_chunks_mut::<C>();
        for x in (0..width.div_ceil(2)).take_while(|x| f64::from(*x) < shape.radius) {
            let coverage = shape.coverage(f64::from(x), from_edge);
            let mirrored = width - 1 - x;
            for x in [x, mirrored].into_iter().take(if x == mirrored { 1 } else { 2 }) {
                if let Some(pixel) = pixels.get_mut(side(x)) {
                    *pixel = covered(*pixel, coverage);
                }
            }
        }
    }
}

/// The pixel with its alpha times the coverage. Pixels that become transparent become black, as they are elsewhere.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 255")]
#[expect(clippy::indexing_slicing, reason = "constant index below the constant length C")]
fn covered<const C: usize>(mut pixel: [u8; C], coverage: f64) -> [u8; C] {
    pixel[C - 1] = (f64::from(pixel[C - 1]) * coverage).round() as u8;
    if pixel[C - 1] == 0 { [0; C] } else { pixel }
}

/// A rectangle with round corners, pixels.
struct Shape {
    width: f64,
    height: f64,
    radius: f64,
}

impl Shape {
    /// The part of the pixel at these coordinates that lies inside, 0 to 1. The pixel is in the upper left quarter.
    ///
    /// It is cut into strips across the axis along which the edge is the steeper one: along the other, the length of a
    /// strip is then smooth, and the value in its middle is its mean.
    fn coverage(&self, x: f64, y: f64) -> f64 {
        if x > y {
            let turned = Self { width: self.height, height: self.width, radius: self.radius };
            return turned.strips(y, x);
        }
        self.strips(x, y)
    }

    /// [`Self::coverage`] in strips along x, each as high as the pixel.
    fn strips(&self, x: f64, y: f64) -> f64 {
        let strip = |number: u32| {
            let at = x + (f64::from(number) + 0.5) / f64::from(STRIPS);
            // Distance from the centres of the corners, beyond them. The circle begins below its height over them.
            let beyond = (self.radius - at).max(at - (self.width - self.radius)).max(0.0);
            let top = self.radius - (self.radius * self.radius - beyond * beyond).max(0.0).sqrt();
            ((y + 1.0).min(self.height - top) - y.max(top)).max(0.0)
        };
        (0..STRIPS).map(strip).sum::<f64>() / f64::from(STRIPS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::picture::Depth;
    use crate::imaging::picture::geometry::Size;

    fn alpha(width: u32, height: u32, radius: Option<u32>) -> Vec<u8> {
        let mut white = Picture::blank(Size { width, height }, Layout::Grey, Depth::Eight);
        white.samples.fill(255);
        round(white, radius).samples.as_chunks::<2>().0.iter().map(|[_, alpha]| *alpha).collect()
    }

    /// The alpha of all pixels adds up to the area of the shape.
    #[test]
    fn area_is_that_of_the_shape() {
        for (width, height, radius, corner) in [
            (1, 1, None, 0.5),
            (7, 7, None, 3.5),
            (200, 200, None, 100.0),
            (101, 60, Some(12), 12.0),
            (60, 101, Some(1), 1.0),
            (400, 300, Some(9999), 150.0),
            (50, 200, None, 25.0),
        ] {
            let sum: f64 = alpha(width, height, radius).into_iter().map(f64::from).sum();
            // A square minus its circle is what four corners lose.
            let lost = (4.0 - std::f64::consts::PI) * corner * corner;
            let area = f64::from(width) * f64::from(height) - lost;
            // Alpha is rounded, so each pixel of the edge may be off by half a level of 255.
            let allowed = 0.002 * (4.0 * corner + 1.0);
            assert!((sum / 255.0 - area).abs() <= allowed, "{width}x{height}: {} not {area}", sum / 255.0);
        }
    }

    #[test]
    fn all_corners_are_alike_and_the_rest_is_unchanged() {
        let alpha = alpha(31, 20, Some(6));
        let at = |x: usize, y: usize| alpha[y * 31 + x];
        for (x, y) in (0..31).flat_map(|x| (0..20).map(move |y| (x, y))) {
            assert_eq!(at(x, y), at(30 - x, y));
            assert_eq!(at(x, y), at(x, 19 - y));
            if (6..25).contains(&x) || (6..14).contains(&y) {
                assert_eq!(at(x, y), 255, "{x} {y}");
            }
        }
        assert_eq!(at(0, 0), 0);
        assert_eq!(at(0, 3), at(3, 0));
    }

    #[test]
    fn alpha_of_the_picture_is_kept_below_the_shape() {
        let size = Size { width: 1, height: 1 };
        let picture =
            Picture { size, layout: Layout::RgbAlpha, depth: Depth::Eight, samples: vec![9, 8, 7, 100] };
        assert_eq!(round(picture.clone(), Some(0)).samples, [9, 8, 7, 100]);
        // A circle has 0.785 of its square.
        assert_eq!(round(picture, None).samples, [9, 8, 7, 79]);
    }
}
