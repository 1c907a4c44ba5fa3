//! Where the subject of a picture seems to be: by edges, colour of skin and strong colours, without a model.
//!
//! The ideas are those of smartcrop.js: what is drawn sharply, and more so what is skin or colourful as well,
//! is looked at. A map of that is made of a small version of the picture; every window on the map is weighed
//! by a table of sums, in whole numbers, so that the same picture always gives the same window.

use crate::imaging::error::Error;
use crate::imaging::picture::geometry::{Size, Window};
use crate::imaging::picture::{Picture, side};
use crate::imaging::pixels::resize;

/// Longer side of the map, pixels: faces of a tenth of the picture still have some, and the map costs a few
/// tenths of a millisecond.
const LONGEST: u32 = 96;

/// The part of a window that counts twice, so that a subject comes to its middle.
const CORE: (usize, usize) = (3, 5);

/// How many thousandths of its weight a window loses far from where subjects usually are.
const FAR_LOSS: u64 = 150;

/// What of the free space lies before a window where subjects usually are: heads are above the middle.
const DEFAULT_DURATION: (usize, usize) = (2, 3);

/// Edge from which on more makes no difference, else grass and gravel would outweigh faces.
const STRONG: f32 = 0.3;

/// Colour of skin under white light, of length one; its shades differ in brightness far more than in hue.
const SKIN: [f32; 3] = [0.78, 0.57, 0.44];

/// The window of this size that shows the subject best. The picture is sRGB of eight bits, not CMYK, and not
/// smaller.
pub(crate) fn pick(picture: &Picture, size: Size) -> Result<Window, Error> {
    let map = Map::new(picture)?;
    let part = |length: u32, whole: u32, cells: usize| {
        let cells = u64::try_from(cells).unwrap_or(u64::MAX);
        let scaled = (u64::from(length) * cells + u64::from(whole) / 2) / u64::from(whole.max(1));
        usize::try_from(scaled.clamp(1, cells)).unwrap_or(1)
    };
    let columns = part(size.width, picture.size.width, map.columns);
    let rows = part(size.height, picture.size.height, map.rows);
    let (x, y) = map.heaviest(columns, rows);
    Ok(Window {
        x: place(x, map.columns - columns, picture.size.width.saturating_sub(size.width)),
        y: place(y, map.rows - rows, picture.size.height.saturating_sub(size.height)),
        ..Window::whole(size)
    })
}

/// A place on the map as one in the picture, whole pixels: from edge to edge in both.
fn place(at: usize, free: usize, pixels: u32) -> f64 {
    let (at, free) = (u64::try_from(at).unwrap_or(0), u64::try_from(free).unwrap_or(0));
    let scaled = (at * u64::from(pixels) * 2 + free).checked_div(free * 2);
    // Where the map leaves nothing free, the picture leaves half a cell at most.
    let scaled = scaled.unwrap_or_else(|| u64::from(pixels) / 2);
    f64::from(u32::try_from(scaled).unwrap_or(pixels).min(pixels))
}

/// How much each cell of a picture is worth looking at.
struct Map {
    columns: usize,
    rows: usize,
    /// Sums of all cells above and to the left, one column and row more than there are cells.
    sums: Vec<u64>,
}

impl Map {
    fn new(picture: &Picture) -> Result<Self, Error> {
        let Size { width, height } = picture.size;
        let longest = width.max(height);
        let scaled = |side: u32| {
            let cells = u64::from(side) * u64::from(LONGEST) / u64::from(longest.max(1));
            u32::try_from(cells).unwrap_or(LONGEST).max(1)
        };
        let small = if longest <= LONGEST {
            picture.clone()
        } else {
            resize::average(picture, Size { width: scaled(width), height: scaled(height) })?
        };
        let (columns, rows) = (side(small.size.width), side(small.size.height));
        // On grey, what is transparent has no colour, and a weak edge to all others.
        let small = small.flatten([128; 3]).colored();
        let (pixels, _) = small.samples.as_chunks::<3>();
        let weights = weights(pixels, columns.max(1));
        Ok(Self { columns, rows, sums: sums(&weights, columns.max(1)) })
    }

    /// The sum of a rectangle of cells.
    fn sum(&self, x: usize, y: usize, columns: usize, rows: usize) -> u64 {
        let at = |x: usize, y: usize| self.sums.get(y * (self.columns + 1) + x).copied().unwrap_or(0);
        let (right, bottom) = (x + columns, y + rows);
        (at(right, bottom) + at(x, y)).saturating_sub(at(right, y) + at(x, bottom))
    }

    /// The best place for a window of so many cells; of several the one nearest to the usual one.
    fn heaviest(&self, columns: usize, rows: usize) -> (usize, usize) {
        let (free_x, free_y) = (self.columns - columns, self.rows - rows);
        let (margin_x, margin_y) = (margin(columns), margin(rows));
        let places = (0..=free_y).flat_map(|y| (0..=free_x).map(move |x| (x, y)));
        let weigh = |&(x, y): &(usize, usize)| {
            let core = self.sum(x + margin_x, y + margin_y, columns - 2 * margin_x, rows - 2 * margin_y);
            let away = away(x, free_x, DEFAULT_DURATION.0).max(away(y, free_y, DEFAULT_DURATION.1));
            ((self.sum(x, y, columns, rows) + core + 1) * (1000 * 1000 - FAR_LOSS * away), 1000 - away)
        };
        places.max_by_key(weigh).unwrap_or((0, 0))
    }
}

/// Cells of a side of a window that lie before its core.
fn margin(cells: usize) -> usize {
    (cells - cells * CORE.0 / CORE.1) / 2
}

/// How far a place is from the one that leaves a `part`th of the free cells before it, in thousandths of all.
fn away(at: usize, free: usize, part: usize) -> u64 {
    let away = (at * part).abs_diff(free) * 1000;
    u64::try_from(away.checked_div(free * part).unwrap_or(0)).unwrap_or(0)
}

/// The weight of every cell, up to some thousands.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to some thousands")]
fn weights(pixels: &[[u8; 3]], columns: usize) -> Vec<u32> {
    let luma: Vec<f32> = pixels.iter().map(luma).collect();
    let at = |index: usize, otherwise: f32| luma.get(index).copied().unwrap_or(otherwise);
    let weigh = |(index, (pixel, own)): (usize, (&[u8; 3], &f32))| {
        // Beyond the edge all is as at the edge.
        let left = if index % columns == 0 { *own } else { at(index.wrapping_sub(1), *own) };
        let right = if (index + 1) % columns == 0 { *own } else { at(index + 1, *own) };
        let above = at(index.wrapping_sub(columns), *own);
        let below = at(index + columns, *own);
        let edge = (4.0 * own - left - right - above - below).abs().min(STRONG);
        // Skin and strong colours count where something is drawn in them, not as plain areas.
        let worth = edge + 4.0 * skin(pixel, *own) * (edge + 0.05) + saturation(pixel, *own) * (edge + 0.1);
        (worth * 1000.0) as u32
    };
    pixels.iter().zip(&luma).enumerate().map(weigh).collect()
}

/// Brightness, 0 to 1 (ITU-R BT.601).
fn luma([r, g, b]: &[u8; 3]) -> f32 {
    (f32::from(*r) * 0.299 + f32::from(*g) * 0.587 + f32::from(*b) * 0.114) / 255.0
}

/// How much a colour is like skin, 0 to 1.
fn skin(pixel: &[u8; 3], luma: f32) -> f32 {
    let length = pixel.iter().map(|sample| f32::from(*sample).powi(2)).sum::<f32>().sqrt();
    if length == 0.0 || !(0.2..=0.95).contains(&luma) {
        return 0.0;
    }
    let away = pixel.iter().zip(SKIN).map(|(sample, skin)| (f32::from(*sample) / length - skin).powi(2));
    (1.0 - away.sum::<f32>().sqrt() / 0.2).max(0.0)
}

/// How strong a colour is, 0 to 1; nothing below a third, in which most of nature lies.
fn saturation(pixel: &[u8; 3], luma: f32) -> f32 {
    let most = f32::from(pixel.iter().copied().max().unwrap_or(0));
    let least = f32::from(pixel.iter().copied().min().unwrap_or(0));
    if most == 0.0 || !(0.05..=0.9).contains(&luma) {
        return 0.0;
    }
    (((most - least) / most - 1.0 / 3.0) * 1.5).max(0.0)
}

/// The table of sums, with a row and a column of zeros before the first.
fn sums(weights: &[u32], columns: usize) -> Vec<u64> {
    let mut sums = vec![0; columns + 1];
    for row in weights.chunks_exact(columns) {
        let above = sums.len() - columns - 1;
        sums.push(0);
        let mut so_far = 0;
        for (x, weight) in row.iter().enumerate() {
            so_far += u64::from(*weight);
            let over = sums.get(above + x + 1).copied().unwrap_or(0);
            sums.push(over + so_far);
        }
    }
    sums
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

    /// A square of two colours by turns.
    fn draw(picture: &mut Picture, at: (usize, usize), length: usize, colors: [[u8; 3]; 2]) {
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
    fn nothing_to_see_is_cut_where_subjects_usually_are() {
        for color in [[0; 3], [255; 3], [90, 90, 90], [200, 30, 30]] {
            let window = pick(&plain(400, 200, color), square(200)).unwrap();
            assert!((window.x - 100.0).abs() <= 3.0 && window.y == 0.0, "{window:?} {color:?}");
            let window = pick(&plain(200, 500, color), square(200)).unwrap();
            assert!(window.x == 0.0 && (window.y - 100.0).abs() <= 3.0, "{window:?} {color:?}");
        }
    }

    #[test]
    fn the_only_thing_there_is_comes_into_the_window() {
        for at in [(10, 20), (350, 20), (180, 120), (0, 0), (360, 160)] {
            let mut picture = plain(400, 200, [120, 120, 120]);
            draw(&mut picture, at, 40, [[40; 3], [220; 3]]);
            let window = pick(&picture, square(120)).unwrap();
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
        draw(&mut picture, (20, 80), 60, [[60, 100, 140], [80, 120, 160]]);
        draw(&mut picture, (320, 80), 60, [[190, 140, 110], [210, 155, 120]]);
        let window = pick(&picture, square(200)).unwrap();
        assert!(window.x > 150.0, "{window:?}");
    }

    #[test]
    fn strong_colours_outweigh_weak_ones() {
        let mut picture = plain(400, 200, [120, 120, 120]);
        draw(&mut picture, (20, 80), 60, [[90, 90, 100], [130, 130, 140]]);
        draw(&mut picture, (320, 80), 60, [[20, 90, 220], [30, 130, 230]]);
        let window = pick(&picture, square(200)).unwrap();
        assert!(window.x > 150.0, "{window:?}");
    }

    #[test]
    fn windows_lie_inside_whatever_the_shape() {
        for (from, to) in [
            ((1, 1), (1, 1)),
            ((10_000, 1), (1, 1)),
            ((3, 5000), (2, 4999)),
            ((97, 96), (96, 96)),
            ((300, 300), (300, 299)),
        ] {
            let mut picture = plain(from.0, from.1, [7, 7, 7]);
            *picture.samples.last_mut().unwrap() = 255;
            let window = pick(&picture, Size { width: to.0, height: to.1 }).unwrap();
            assert!(window.x >= 0.0 && window.x + window.width <= f64::from(from.0), "{window:?}");
            assert!(window.y >= 0.0 && window.y + window.height <= f64::from(from.1), "{window:?}");
        }
    }
}
