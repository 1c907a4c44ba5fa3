//! Smart crop: the window that shows the subject of an image, found by edges, skin and saturated colours.
//!
//! The approach is that of smartcrop.js, without a trained model: sharp detail attracts the eye, and more so if it has
//! the colour of skin or a saturated colour. A saliency map of at most 96 x 96 cells is made from a small version of
//! the image. Every window position on the map is scored through an integral image.
//!
//! Scores are compared in whole numbers, so the same picture always gives the same window.

use crate::imaging::error::Error;
use crate::imaging::picture::geometry::{Size, Window};
use crate::imaging::picture::{Picture, side};
use crate::imaging::pixels::resize;

/// Longer side of the map, cells: a face of a tenth of the image still covers some, and the map costs a few tenths of
/// a millisecond.
const LONGEST_MAP_SIDE: u32 = 96;

/// The share of each side of a window that counts twice, centred, so that the subject comes to the middle.
const CORE_SHARE: (usize, usize) = (3, 5);

/// Thousandths of its score that a window would lose at a distance of the whole free space from the usual position.
const DISTANCE_PENALTY: u64 = 150;

/// The usual position of a window, across and down: a half and a third of the free space lie before it, since heads
/// are above the middle.
const USUAL_POSITION: (usize, usize) = (2, 3);

/// The largest edge that counts; without the limit, grass and gravel would outweigh faces.
const EDGE_LIMIT: f32 = 0.3;

/// The colour of skin under white light as a unit vector of RGB: shades of skin differ in brightness far more than in
/// hue.
const SKIN: [f32; 3] = [0.78, 0.57, 0.44];

/// The window of `size` pixels that shows the subject best.
///
/// The picture is sRGB of eight bits, not CMYK, and has at least `size` pixels in both directions.
///
/// # Errors
/// [`Error::Resize`] if the picture cannot be averaged to the size of the map.
pub(crate) fn find(picture: &Picture, size: Size) -> Result<Window, Error> {
    debug_assert!(size.width <= picture.size.width && size.height <= picture.size.height);
    let map = SaliencyMap::new(picture)?;
    let to_cells = |length: u32, whole: u32, cells: usize| {
        let cells = u64::try_from(cells).unwrap_or(u64::MAX);
        let scaled = (u64::from(length) * cells + u64::from(whole) / 2) / u64::from(whole.max(1));
        usize::try_from(scaled.clamp(1, cells)).unwrap_or(1)
    };
    let columns = to_cells(size.width, picture.size.width, map.columns);
    let rows = to_cells(size.height, picture.size.height, map.rows);
    let (x, y) = map.best_position(columns, rows);
    Ok(Window {
        x: to_pixels(x, map.columns - columns, picture.size.width.saturating_sub(size.width)),
        y: to_pixels(y, map.rows - rows, picture.size.height.saturating_sub(size.height)),
        ..Window::whole(size)
    })
}

/// A position from 0 to `free_cells` on the map as one from 0 to `free_pixels` in the picture, rounded half up.
fn to_pixels(position: usize, free_cells: usize, free_pixels: u32) -> f64 {
    let (position, free_cells) =
        (u64::try_from(position).unwrap_or(0), u64::try_from(free_cells).unwrap_or(0));
    // position * free_pixels / free_cells, with half of the denominator added before the division.
    let scaled = (position * u64::from(free_pixels) * 2 + free_cells).checked_div(free_cells * 2);
    // If no cell is free, at most half a cell is free in the picture: centre the window in it.
    let scaled = scaled.unwrap_or_else(|| u64::from(free_pixels) / 2);
    f64::from(u32::try_from(scaled).unwrap_or(free_pixels).min(free_pixels))
}

/// The saliency of each cell of an image, as an integral image.
struct SaliencyMap {
    columns: usize,
    rows: usize,
    /// `(columns + 1) * (rows + 1)` sums; the one at (x, y) is over all cells above y and left of x.
    integral: Vec<u64>,
}

impl SaliencyMap {
    fn new(picture: &Picture) -> Result<Self, Error> {
        let Size { width, height } = picture.size;
        let longest = width.max(height);
        let scaled = |side: u32| {
            let cells = u64::from(side) * u64::from(LONGEST_MAP_SIDE) / u64::from(longest.max(1));
            u32::try_from(cells).unwrap_or(LONGEST_MAP_SIDE).max(1)
        };
        let small = if longest <= LONGEST_MAP_SIDE {
            picture.clone()
        } else {
            resize::average(picture, Size { width: scaled(width), height: scaled(height) })?
        };
        let (columns, rows) = (side(small.size.width), side(small.size.height));
        // Transparent pixels become grey: no colour, and a weak edge to any other.
        let small = small.flatten([128; 3]).colored();
        let (pixels, _) = small.samples.as_chunks::<3>();
        let saliency = saliency(pixels, columns.max(1));
        Ok(Self { columns, rows, integral: integral_image(&saliency, columns.max(1)) })
    }

    /// The sum over a rectangle of cells, from the four corners of the integral image.
    fn sum(&self, x: usize, y: usize, columns: usize, rows: usize) -> u64 {
        let at = |x: usize, y: usize| self.integral.get(y * (self.columns + 1) + x).copied().unwrap_or(0);
        let (right, bottom) = (x + columns, y + rows);
        (at(right, bottom) + at(x, y)).saturating_sub(at(right, y) + at(x, bottom))
    }

    /// The position of the window of `columns` x `rows` cells with the highest score.
    ///
    /// The score is `(sum of the window + sum of its core + 1) * (10^6 - DISTANCE_PENALTY * distance)`, where
    /// `distance` is the larger of both axes in thousandths. The 1 lets the distance decide in an empty image; equal
    /// scores go to the smaller distance, then to the lower and the right position. A cell has at most 2,100, so a sum
    /// over 96 x 96 cells is below 2^25, and a score below 2^46.
    fn best_position(&self, columns: usize, rows: usize) -> (usize, usize) {
        let (free_x, free_y) = (self.columns - columns, self.rows - rows);
        let (margin_x, margin_y) = (core_margin(columns), core_margin(rows));
        let positions = (0..=free_y).flat_map(|y| (0..=free_x).map(move |x| (x, y)));
        let score = |&(x, y): &(usize, usize)| {
            let core = self.sum(x + margin_x, y + margin_y, columns - 2 * margin_x, rows - 2 * margin_y);
            let distance = distance(x, free_x, USUAL_POSITION.0).max(distance(y, free_y, USUAL_POSITION.1));
            let sum = self.sum(x, y, columns, rows) + core + 1;
            (sum * (1000 * 1000 - DISTANCE_PENALTY * distance), 1000 - distance)
        };
        positions.max_by_key(score).unwrap_or((0, 0))
    }
}

/// Cells between the edge of a window and its core, on one side.
fn core_margin(cells: usize) -> usize {
    (cells - cells * CORE_SHARE.0 / CORE_SHARE.1) / 2
}

/// The distance of a position from `free / divisor`, in thousandths of `free`:
/// `|position / free - 1 / divisor| * 1000`.
fn distance(position: usize, free: usize, divisor: usize) -> u64 {
    let distance = (position * divisor).abs_diff(free) * 1000;
    u64::try_from(distance.checked_div(free * divisor).unwrap_or(0)).unwrap_or(0)
}

/// The saliency of every cell, 0 to 2,100.
///
/// Skin counts four times, saturation once; both are multiplied by the edge plus a little, so that plain areas of
/// them count little. The largest value is 1,000 times `0.3 + 4 * (0.3 + 0.05) + (0.3 + 0.1)`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 2,100")]
fn saliency(pixels: &[[u8; 3]], columns: usize) -> Vec<u32> {
    let luma: Vec<f32> = pixels.iter().map(luma).collect();
    let at = |index: usize, otherwise: f32| luma.get(index).copied().unwrap_or(otherwise);
    let cell = |(index, (pixel, own)): (usize, (&[u8; 3], &f32))| {
        // Neighbours past the edge repeat the cell itself.
        let left = if index % columns == 0 { *own } else { at(index.wrapping_sub(1), *own) };
        let right = if (index + 1) % columns == 0 { *own } else { at(index + 1, *own) };
        let above = at(index.wrapping_sub(columns), *own);
        let below = at(index + columns, *own);
        // The discrete Laplacian.
        let edge = (4.0 * own - left - right - above - below).abs().min(EDGE_LIMIT);
        let value = edge + 4.0 * skin(pixel, *own) * (edge + 0.05) + saturation(pixel, *own) * (edge + 0.1);
        (value * 1000.0) as u32
    };
    pixels.iter().zip(&luma).enumerate().map(cell).collect()
}

/// Luma, 0 to 1 (ITU-R BT.601).
fn luma([r, g, b]: &[u8; 3]) -> f32 {
    (f32::from(*r) * 0.299 + f32::from(*g) * 0.587 + f32::from(*b) * 0.114) / 255.0
}

/// Similarity of a colour to skin, 0 to 1: it falls linearly with the distance of the unit vectors, to 0 at 0.2.
fn skin(pixel: &[u8; 3], luma: f32) -> f32 {
    let length = pixel.iter().map(|sample| f32::from(*sample).powi(2)).sum::<f32>().sqrt();
    if length == 0.0 || !(0.2..=0.95).contains(&luma) {
        return 0.0;
    }
    let squares = pixel.iter().zip(SKIN).map(|(sample, skin)| (f32::from(*sample) / length - skin).powi(2));
    (1.0 - squares.sum::<f32>().sqrt() / 0.2).max(0.0)
}

/// Saturation of a colour, 0 to 1; saturations below a third, which most of nature has, count as 0.
fn saturation(pixel: &[u8; 3], luma: f32) -> f32 {
    let most = f32::from(pixel.iter().copied().max().unwrap_or(0));
    let least = f32::from(pixel.iter().copied().min().unwrap_or(0));
    if most == 0.0 || !(0.05..=0.9).contains(&luma) {
        return 0.0;
    }
    (((most - least) / most - 1.0 / 3.0) * 1.5).max(0.0)
}

/// The integral image of a map, with a row and a column of zeros before the first.
fn integral_image(saliency: &[u32], columns: usize) -> Vec<u64> {
    let mut integral = vec![0; columns + 1];
    for row in saliency.chunks_exact(columns) {
        let above = integral.len() - columns - 1;
        integral.push(0);
        let mut row_sum = 0;
        for (x, value) in row.iter().enumerate() {
            row_sum += u64::from(*value);
            let sum_above = integral.get(above + x + 1).copied().unwrap_or(0);
            integral.push(sum_above + row_sum);
        }
    }
    integral
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::picture::{Depth, Layout};

    fn plain(width: u32, height: u32, color: [u8; 3]) -> Picture {
        let mut picture = Picture::blank(Size { width, height }, Layout::Rgb, Depth::Eight);
        picture.samples.as_chunks_mut::<3>().0.fill(color);
        picture
    }

    /// A checkerboard of two colours in squares of 8 pixels.
    fn draw_checkerboard(picture: &mut Picture, at: (usize, usize), length: usize, colors: [[u8; 3]; 2]) {
        let width = side(picture.size.width);
        let (pixels, _) = picture.samples.as_chunks_mut::<3>();
        for (x, y) in (0..length).flat_map(|y| (0..length).map(move |x| (x, y))) {
            pixels[(at.1 + y) * width + at.0 + x] = colors[(x / 8 + y / 8) % 2];
        }
    }

    fn square(length: u32) -> Size {
        Size { width: length, height: length }
    }

    #[test]
    fn an_empty_image_is_cropped_at_the_usual_position() {
        for color in [[0; 3], [255; 3], [90, 90, 90], [200, 30, 30]] {
            let window = find(&plain(400, 200, color), square(200)).unwrap();
            assert!((window.x - 100.0).abs() <= 3.0 && window.y == 0.0, "{window:?} {color:?}");
            let window = find(&plain(200, 500, color), square(200)).unwrap();
            assert!(window.x == 0.0 && (window.y - 100.0).abs() <= 3.0, "{window:?} {color:?}");
        }
    }

    #[test]
    fn the_only_object_is_inside_the_window() {
        for at in [(10, 20), (350, 20), (180, 120), (0, 0), (360, 160)] {
            let mut picture = plain(400, 200, [120, 120, 120]);
            draw_checkerboard(&mut picture, at, 40, [[40; 3], [220; 3]]);
            let window = find(&picture, square(120)).unwrap();
            let holds = |from: f64, length: f64, at: usize| {
                let at = at as f64;
                from <= at && at + 40.0 <= from + length
            };
            assert!(holds(window.x, 120.0, at.0) && holds(window.y, 120.0, at.1), "{window:?} {at:?}");
        }
    }

    #[test]
    fn skin_outweighs_other_texture() {
        let mut picture = plain(400, 200, [120, 120, 120]);
        draw_checkerboard(&mut picture, (20, 80), 60, [[60, 100, 140], [80, 120, 160]]);
        draw_checkerboard(&mut picture, (320, 80), 60, [[190, 140, 110], [210, 155, 120]]);
        let window = find(&picture, square(200)).unwrap();
        assert!(window.x > 150.0, "{window:?}");
    }

    #[test]
    fn saturated_colours_outweigh_dull_ones() {
        let mut picture = plain(400, 200, [120, 120, 120]);
        draw_checkerboard(&mut picture, (20, 80), 60, [[90, 90, 100], [130, 130, 140]]);
        draw_checkerboard(&mut picture, (320, 80), 60, [[20, 90, 220], [30, 130, 230]]);
        let window = find(&picture, square(200)).unwrap();
        assert!(window.x > 150.0, "{window:?}");
    }

    #[test]
    fn windows_lie_inside_images_of_any_shape() {
        for (from, to) in [
            ((1, 1), (1, 1)),
            ((10_000, 1), (1, 1)),
            ((3, 5000), (2, 4999)),
            ((97, 96), (96, 96)),
            ((300, 300), (300, 299)),
        ] {
            let mut picture = plain(from.0, from.1, [7, 7, 7]);
            *picture.samples.last_mut().unwrap() = 255;
            let window = find(&picture, Size { width: to.0, height: to.1 }).unwrap();
            assert!(window.x >= 0.0 && window.x + window.width <= f64::from(from.0), "{window:?}");
            assert!(window.y >= 0.0 && window.y + window.height <= f64::from(from.1), "{window:?}");
        }
    }
}
