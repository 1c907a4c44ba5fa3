//! What puts a picture on a canvas of another size: padding, and turning by any angle.

use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::{Depth, Layout, Picture, side};
use crate::recipe::Rgb;

/// The picture in the middle of a box. What it does not cover shows the colour, what is transparent in it
/// too; what does not fit is cut off on both sides.
pub(crate) fn pad(picture: Picture, size: Size, color: Rgb) -> Picture {
    let Rgb([r, g, b]) = color;
    let mut picture = picture.flatten(color.0);
    if picture.layout == Layout::Grey && !(r == g && g == b) {
        picture = picture.colored();
    }
    let pixel = picture.pixel_bytes();
    let mut padded = Picture::blank(size, picture.layout, Depth::Eight);
    let ground = [r, g, b];
    for place in padded.samples.chunks_exact_mut(pixel) {
        for (sample, ground) in place.iter_mut().zip(ground) {
            *sample = ground;
        }
    }
    let across = Overlap::new(picture.size.width, size.width);
    let down = Overlap::new(picture.size.height, size.height);
    let row_bytes = padded.row_bytes();
    let places = padded.samples.chunks_exact_mut(row_bytes).skip(down.to).take(down.length);
    for (place, row) in places.zip(picture.rows().skip(down.from)) {
        let place = place.get_mut(across.to * pixel..).unwrap_or_default();
        let row = row.get(across.from * pixel..).unwrap_or_default();
        for (place, sample) in place.iter_mut().zip(row).take(across.length * pixel) {
            *place = *sample;
        }
    }
    padded
}

/// Two centred lengths over each other.
struct Overlap {
    from: usize,
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

/// The picture turned clockwise around the middle of a larger canvas, whose corners are transparent.
/// Bicubic, on premultiplied alpha, so that the slanted edges are smooth.
pub(crate) fn rotate(picture: Picture, degrees: u16, size: Size) -> Picture {
    let picture = picture.with_alpha();
    match picture.layout {
        Layout::GreyAlpha => turned::<2>(&picture, degrees, size),
        Layout::Cmyk | Layout::Grey | Layout::Rgb | Layout::RgbAlpha => turned::<4>(&picture, degrees, size),
    }
}

/// [`rotate`] for pixels of `C` samples, the last of them alpha.
fn turned<const C: usize>(picture: &Picture, degrees: u16, size: Size) -> Picture {
    let (sin, cos) = f64::from(degrees).to_radians().sin_cos();
    let middle = |size: Size| (f64::from(size.width) / 2.0, f64::from(size.height) / 2.0);
    let ((from_x, from_y), (to_x, to_y)) = (middle(picture.size), middle(size));
    let mut canvas = Picture::blank(size, picture.layout, Depth::Eight);
    let (places, _) = canvas.samples.as_chunks_mut::<C>();
    let rows = places.chunks_exact_mut(side(size.width).max(1));
    for (y, row) in (0_u32..).zip(rows) {
        for (x, place) in (0_u32..).zip(row) {
            let (dx, dy) = (f64::from(x) + 0.5 - to_x, f64::from(y) + 0.5 - to_y);
            let across = dx * cos + dy * sin + from_x - 0.5;
            let down = dy * cos - dx * sin + from_y - 0.5;
            *place = sample::<C>(picture, across, down);
        }
    }
    canvas
}

/// The pixel at a place between pixels; outside of the picture all is transparent.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
#[expect(clippy::indexing_slicing, reason = "constant indices below the constant length C")]
fn sample<const C: usize>(picture: &Picture, across: f64, down: f64) -> [u8; C] {
    let (left, top) = (across.floor(), down.floor());
    let (columns, rows) = (weights(across - left), weights(down - top));
    let mut sums = [0.0; C];
    for (dy, row_weight) in (-1_i32..).zip(rows) {
        for (dx, column_weight) in (-1_i32..).zip(columns) {
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

/// Catmull and Rom's weights of the four neighbours of a place, from its fraction.
fn weights(t: f64) -> [f64; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [
        (2.0 * t2 - t - t3) / 2.0,
        (2.0 - 5.0 * t2 + 3.0 * t3) / 2.0,
        (t + 4.0 * t2 - 3.0 * t3) / 2.0,
        (t3 - t2) / 2.0,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(width: u32, height: u32, samples: &[u8]) -> Picture {
        let size = Size { width, height };
        Picture { size, layout: Layout::Grey, depth: Depth::Eight, samples: samples.to_vec() }
    }

    #[test]
    fn padding_centres_and_cuts() {
        let padded = pad(grey(2, 1, &[1, 2]), Size { width: 4, height: 3 }, Rgb([9; 3]));
        assert_eq!(padded, grey(4, 3, &[9, 9, 9, 9, 9, 1, 2, 9, 9, 9, 9, 9]));
        let cut = pad(grey(4, 1, &[1, 2, 3, 4]), Size { width: 2, height: 1 }, Rgb([9; 3]));
        assert_eq!(cut, grey(2, 1, &[2, 3]));
    }

    #[test]
    fn coloured_border_makes_a_grey_picture_coloured() {
        let padded = pad(grey(1, 1, &[5]), Size { width: 2, height: 1 }, Rgb([1, 2, 3]));
        assert_eq!(padded.layout, Layout::Rgb);
        assert_eq!(padded.samples, [5, 5, 5, 1, 2, 3]);
    }

    /// At a right angle every pixel falls on a pixel, so the general way must agree with the exact one.
    #[test]
    fn turning_is_clockwise_and_exact_where_it_can_be() {
        let picture = grey(3, 2, &[1, 2, 3, 4, 5, 6]);
        let turned = rotate(picture.clone(), 90, Size { width: 2, height: 3 });
        let exact = crate::imaging::picture::orientation::Orientation::quarters(1).apply(picture);
        assert_eq!(turned.drop_opaque_alpha(), exact);
    }

    #[test]
    fn corners_of_a_slanted_picture_are_transparent() {
        let turned = rotate(grey(40, 40, &[255; 1600]), 45, Size { width: 57, height: 57 });
        let alpha = |x: usize, y: usize| turned.samples[(y * 57 + x) * 2 + 1];
        assert_eq!([alpha(0, 0), alpha(56, 0), alpha(0, 56), alpha(56, 56)], [0; 4]);
        assert_eq!(alpha(28, 28), 255);
    }
}
