//! Operations that put a picture on a canvas of another size: padding, and rotation by any angle.
//!
//! Both take and give pictures of eight bits that are not CMYK. They do not scale: a pixel of the picture stays as
//! large as a pixel of the canvas. The picture is centred on the canvas. Rotation by right angles is exact and belongs
//! to [`Orientation`](crate::imaging::picture::orientation::Orientation).

use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::{Depth, Layout, Picture, side};
use crate::recipe::Rgb;

/// Centres the picture in a box of `size` pixels filled with `color`.
///
/// Transparent pixels show the colour too. Rows and columns that do not fit are cropped, equally on both sides.
pub(crate) fn pad(picture: Picture, size: Size, color: Rgb) -> Picture {
    let Rgb([r, g, b]) = color;
    let mut picture = picture.flatten(color.0);
    if picture.layout == Layout::Grey && !(r == g && g == b) {
        picture = picture.colored();
    }
    let pixel_bytes = picture.pixel_bytes();
    let mut padded = Picture::blank(size, picture.layout, Depth::Eight);
    let background = [r, g, b];
    for pixel in padded.samples.chunks_exact_mut(pixel_bytes) {
        for (sample, background) in pixel.iter_mut().zip(background) {
            *sample = background;
        }
    }
    let across = Overlap::new(picture.size.width, size.width);
    let down = Overlap::new(picture.size.height, size.height);
    let row_bytes = padded.row_bytes();
    let targets = padded.samples.chunks_exact_mut(row_bytes).skip(down.to).take(down.length);
    for (target, row) in targets.zip(picture.rows().skip(down.from)) {
        let target = target.get_mut(across.to * pixel_bytes..).unwrap_or_default();
        let row = row.get(across.from * pixel_bytes..).unwrap_or_default();
        for (target, sample) in target.iter_mut().zip(row).take(across.length * pixel_bytes) {
            *target = *sample;
        }
    }
    padded
}

/// The common part of two lengths with the same centre, pixels. An odd difference leaves the extra pixel at the end.
struct Overlap {
    /// Start in the first length.
    from: usize,
    /// Start in the second length.
    to: usize,
    length: usize,
}

impl Overlap {
    fn new(from: u32, to: u32) -> Self {
        Self {
            from: side(from.saturating_sub(to) / 2),
            to: side(to.saturating_sub(from) / 2),
            length: side(from.min(to)),
        }
    }
}

/// Rotates the picture clockwise around the centre of a canvas of `size` pixels, whose corners stay transparent.
///
/// Interpolation is bicubic on premultiplied alpha, so that the slanted edges are smooth.
pub(crate) fn rotate(picture: Picture, degrees: u16, size: Size) -> Picture {
    let picture = picture.with_alpha();
    match picture.layout {
        Layout::GreyAlpha => rotated::<2>(&picture, degrees, size),
        Layout::Cmyk | Layout::Grey | Layout::Rgb | Layout::RgbAlpha => rotated::<4>(&picture, degrees, size),
    }
}

/// [`rotate`] for pixels of `C` samples, the last of them alpha.
fn rotated<const C: usize>(picture: &Picture, degrees: u16, size: Size) -> Picture {
    let (sin, cos) = f64::from(degrees).to_radians().sin_cos();
    let centre = |size: Size| (f64::from(size.width) / 2.0, f64::from(size.height) / 2.0);
    let ((from_x, from_y), (to_x, to_y)) = (centre(picture.size), centre(size));
    let mut canvas = Picture::blank(size, picture.layout, Depth::Eight);
    let (targets, _) = canvas.samples.as_chunks_mut::<C>();
    let rows = targets.chunks_exact_mut(side(size.width).max(1));
    for (y, row) in (0_u32..).zip(rows) {
        for (x, target) in (0_u32..).zip(row) {
            // Inverse mapping. With y downwards, clockwise rotation sends (u, v), counted from the centre, to
            // (u cos - v sin, u sin + v cos). So the canvas pixel at (dx, dy) shows (dx cos + dy sin, dy cos - dx sin).
            // The centre of pixel i is at i + 0.5.
            let (dx, dy) = (f64::from(x) + 0.5 - to_x, f64::from(y) + 0.5 - to_y);
            let across = dx * cos + dy * sin + from_x - 0.5;
            let down = dy * cos - dx * sin + from_y - 0.5;
            *target = interpolated::<C>(picture, across, down);
        }
    }
    canvas
}

/// The pixel at fractional coordinates, pixels from the centre of the top left one. Outside, all is transparent.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
#[expect(clippy::indexing_slicing, reason = "constant indices below the constant length C")]
fn interpolated<const C: usize>(picture: &Picture, across: f64, down: f64) -> [u8; C] {
    let (left, top) = (across.floor(), down.floor());
    let (column_weights, row_weights) = (bicubic_weights(across - left), bicubic_weights(down - top));
    // Colours times alpha times weight, and alpha times weight.
    let mut sums = [0.0; C];
    for (dy, row_weight) in (-1_i32..).zip(row_weights) {
        for (dx, column_weight) in (-1_i32..).zip(column_weights) {
            let Some(pixel) = pixel::<C>(picture, left as i64 + i64::from(dx), top as i64 + i64::from(dy))
            else {
                continue;
            };
            let alpha = f64::from(pixel[C - 1]) * row_weight * column_weight;
            for (sum, sample) in sums.iter_mut().zip(pixel.iter().take(C - 1)) {
                *sum += f64::from(*sample) * alpha;
            }
            sums[C - 1] += alpha;
        }
    }
    let alpha = sums[C - 1];
    if alpha < 0.5 {
        return [0; C];
    }
    let mut mean = sums.map(|sum| (sum / alpha).round().clamp(0.0, 255.0) as u8);
    mean[C - 1] = alpha.round().clamp(0.0, 255.0) as u8;
    mean
}

fn pixel<const C: usize>(picture: &Picture, x: i64, y: i64) -> Option<&[u8; C]> {
    let (x, y) = (u32::try_from(x).ok()?, u32::try_from(y).ok()?);
    if x >= picture.size.width {
        return None;
    }
    let (pixels, _) = picture.samples.as_chunks::<C>();
    pixels.get(side(y).checked_mul(side(picture.size.width))?.checked_add(side(x))?)
}

/// Catmull-Rom weights of four neighbours at -1, 0, 1 and 2, for a point at `t` from 0 to 1.
///
/// The curve is the cubic Hermite spline from neighbour 0 to neighbour 1 with the central differences `(p1 - p-1) / 2`
/// and `(p2 - p0) / 2` as slopes. With the Hermite basis `h00 = 2t^3 - 3t^2 + 1`, `h10 = t^3 - 2t^2 + t`,
/// `h01 = 3t^2 - 2t^3` and `h11 = t^3 - t^2`, the weights are `-h10 / 2`, `h00 - h11 / 2`, `h01 + h10 / 2` and
/// `h11 / 2`. Their sum is `h00 + h01 = 1`, so flat colour stays as it is.
fn bicubic_weights(t: f64) -> [f64; 4] {
    let (t2, t3) = (t * t, t * t * t);
    let weights = [
        (2.0 * t2 - t - t3) / 2.0,
        (2.0 - 5.0 * t2 + 3.0 * t3) / 2.0,
        (t + 4.0 * t2 - 3.0 * t3) / 2.0,
        (t3 - t2) / 2.0,
    ];
    debug_assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{t}: {weights:?}");
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(width: u32, height: u32, samples: &[u8]) -> Picture {
        let size = Size { width, height };
        Picture { size, layout: Layout::Grey, depth: Depth::Eight, samples: samples.to_vec() }
    }

    #[test]
    fn padding_centres_and_crops() {
        let padded = pad(grey(2, 1, &[1, 2]), Size { width: 4, height: 3 }, Rgb([9; 3]));
        assert_eq!(padded, grey(4, 3, &[9, 9, 9, 9, 9, 1, 2, 9, 9, 9, 9, 9]));
        let cropped = pad(grey(4, 1, &[1, 2, 3, 4]), Size { width: 2, height: 1 }, Rgb([9; 3]));
        assert_eq!(cropped, grey(2, 1, &[2, 3]));
    }

    #[test]
    fn coloured_border_makes_a_grey_picture_coloured() {
        let padded = pad(grey(1, 1, &[5]), Size { width: 2, height: 1 }, Rgb([1, 2, 3]));
        assert_eq!(padded.layout, Layout::Rgb);
        assert_eq!(padded.samples, [5, 5, 5, 1, 2, 3]);
    }

    /// At a right angle every pixel falls on a pixel, so interpolation must agree with the exact rotation.
    #[test]
    fn rotation_is_clockwise_and_exact_at_right_angles() {
        let picture = grey(3, 2, &[1, 2, 3, 4, 5, 6]);
        let rotated = rotate(picture.clone(), 90, Size { width: 2, height: 3 });
        let exact = crate::imaging::picture::orientation::Orientation::quarters(1).apply(picture);
        assert_eq!(rotated.drop_opaque_alpha(), exact);
    }

    #[test]
    fn corners_of_a_rotated_picture_are_transparent() {
        let rotated = rotate(grey(40, 40, &[255; 1600]), 45, Size { width: 57, height: 57 });
        let alpha = |x: usize, y: usize| rotated.samples[(y * 57 + x) * 2 + 1];
        assert_eq!([alpha(0, 0), alpha(56, 0), alpha(0, 56), alpha(56, 56)], [0; 4]);
        assert_eq!(alpha(28, 28), 255);
    }
}
