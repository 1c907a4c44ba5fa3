//! Placeholder of a thumbnail: its ThumbHash and its dominant colour.
//!
//! Both are computed from the thumbnail averaged to at most 100 x 100 pixels, which is the largest that a ThumbHash takes.
//! That takes less than 700 KB, whatever the thumbnail is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use thumbhash::rgba_to_thumb_hash;

use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::{Layout, Picture, side};
use crate::imaging::rendering::Placeholder;
use crate::recipe::Rgb;

/// Longest side of the picture that a ThumbHash is computed from, pixels.
const LONGEST_SIDE: u32 = 100;

/// Bits of each channel that tell the colours of a histogram apart: 512 colours.
const COLOR_BITS: u32 = 3;

/// Sums over the pixels that become one: red, green and blue times alpha, and alpha.
type Sums = [u64; 4];

/// Computes the placeholder of a picture of eight bits that is not CMYK; `None` if it has no pixels.
pub(crate) fn placeholder(picture: &Picture) -> Option<Placeholder> {
    if picture.is_placeholder() {
        return None;
    }
    let (size, pixels) = averaged(picture);
    let rgba = pixels.as_flattened();
    let hash = rgba_to_thumb_hash(side(size.width), side(size.height), rgba);
    Some(Placeholder { thumbhash: BASE64.encode(hash), color: dominant_color(&pixels) })
}

/// The picture averaged to at most 100 x 100 pixels, as RGBA with straight alpha. A pixel belongs to the one that its top
/// left corner lies in.
fn averaged(picture: &Picture) -> (Size, Vec<[u8; 4]>) {
    let Size { width, height } = picture.size;
    let longer = width.max(height).max(1);
    let reduced = |length: u32| {
        let scaled = u64::from(length) * u64::from(LONGEST_SIDE) / u64::from(longer);
        u32::try_from(scaled).unwrap_or(LONGEST_SIDE).min(length).max(1)
    };
    let size = Size { width: reduced(width), height: reduced(height) };
    let (columns, rows) = (cell_lengths(width, size.width), cell_lengths(height, size.height));
    let mut pixels = Vec::with_capacity(side(size.width) * side(size.height));
    let mut lines = picture.rows();
    for rows in rows {
        let mut cells: Vec<Sums> = vec![[0; 4]; columns.len()];
        for line in lines.by_ref().take(rows) {
            add_line(&mut cells, &columns, line, picture.layout);
        }
        let count = |columns: usize| u64::try_from(rows.saturating_mul(columns)).unwrap_or(u64::MAX);
        pixels.extend(cells.into_iter().zip(&columns).map(|(sums, columns)| mean(sums, count(*columns))));
    }
    (size, pixels)
}

/// The numbers of pixels along an axis that become each of `to`: pixel `x` becomes `x * to / from`.
fn cell_lengths(from: u32, to: u32) -> Vec<usize> {
    // The first pixel of a cell is the smallest `x` with `x * to >= cell * from`.
    let start = |cell: u32| (u64::from(cell) * u64::from(from)).div_ceil(u64::from(to.max(1)));
    (0..to).map(|cell| usize::try_from(start(cell + 1) - start(cell)).unwrap_or(usize::MAX)).collect()
}

/// Adds a row of pixels to the sums of its cells.
fn add_line(cells: &mut [Sums], columns: &[usize], line: &[u8], layout: Layout) {
    match layout {
        Layout::Grey => add(cells, columns, line.as_chunks().0, |[y]| [y, y, y, 255]),
        Layout::GreyAlpha => add(cells, columns, line.as_chunks().0, |[y, alpha]| [y, y, y, alpha]),
        Layout::Rgb => add(cells, columns, line.as_chunks().0, |[r, g, b]| [r, g, b, 255]),
        // CMYK does not come here.
        Layout::Cmyk | Layout::RgbAlpha => add(cells, columns, line.as_chunks().0, |rgba| rgba),
    }
}

fn add<const N: usize>(
    cells: &mut [Sums],
    columns: &[usize],
    mut line: &[[u8; N]],
    rgba: impl Fn([u8; N]) -> [u8; 4],
) {
    for (sums, columns) in cells.iter_mut().zip(columns) {
        let (cell, rest) = line.split_at_checked(*columns).unwrap_or((line, &[]));
        line = rest;
        for pixel in cell {
            for (sum, value) in sums.iter_mut().zip(weighted(rgba(*pixel))) {
                *sum += value;
            }
        }
    }
}

/// A pixel as it is summed: its colours times alpha, and alpha.
fn weighted([r, g, b, alpha]: [u8; 4]) -> Sums {
    let [r, g, b, alpha] = [r, g, b, alpha].map(u64::from);
    [r * alpha, g * alpha, b * alpha, alpha]
}

/// The mean of `count` pixels, rounded to the nearest.
fn mean([r, g, b, alpha]: Sums, count: u64) -> [u8; 4] {
    let rounded = |sum: u64, by: u64| {
        let by = by.max(1);
        u8::try_from((sum + by / 2) / by).unwrap_or(u8::MAX)
    };
    [rounded(r, alpha), rounded(g, alpha), rounded(b, alpha), rounded(alpha, count)]
}

/// The mean of the pixels whose colour is the most frequent among 512, by the sum of their alpha.
fn dominant_color(pixels: &[[u8; 4]]) -> Rgb {
    let mut histogram: Vec<Sums> = vec![[0; 4]; 1 << (3 * COLOR_BITS)];
    for &[r, g, b, alpha] in pixels {
        let index = [r, g, b].into_iter().fold(0, |index, channel| {
            (index << COLOR_BITS) | usize::from(channel >> (u8::BITS - COLOR_BITS))
        });
        let Some(sums) = histogram.get_mut(index) else { continue };
        for (sum, value) in sums.iter_mut().zip(weighted([r, g, b, alpha])) {
            *sum += value;
        }
    }
    // The last of equals is the lightest.
    let most = histogram.into_iter().max_by_key(|[.., alpha]| *alpha).unwrap_or_default();
    let [r, g, b, _] = mean(most, 1);
    Rgb([r, g, b])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::picture::Depth;

    fn picture(size: Size, layout: Layout, samples: Vec<u8>) -> Picture {
        Picture { size, layout, depth: Depth::Eight, samples }
    }

    fn read(file: &str) -> Picture {
        let file = image::open(format!("tests/data/{file}")).unwrap().into_rgba8();
        let size = Size { width: file.width(), height: file.height() };
        picture(size, Layout::RgbAlpha, file.into_raw()).drop_opaque_alpha()
    }

    /// The numbers in a hash in base64: those of the head, and one in each four bits after that.
    fn numbers(hash: &str) -> Vec<u32> {
        let hash = BASE64.decode(hash).unwrap();
        let (head, rest) = hash.split_at(5);
        let first = u32::from_le_bytes([head[0], head[1], head[2], 0]);
        let second = u32::from_le_bytes([head[3], head[4], 0, 0]);
        let bits = |number: u32, (at, length): (u32, u32)| number >> at & ((1 << length) - 1);
        let first = [(0, 6), (6, 6), (12, 6), (18, 5), (23, 1)].map(|place| bits(first, place));
        let second = [(0, 3), (3, 6), (9, 6), (15, 1)].map(|place| bits(second, place));
        let rest = rest.iter().flat_map(|byte| [byte & 15, byte >> 4]).map(u32::from);
        first.into_iter().chain(second).chain(rest).collect()
    }

    /// The means of 4 x 3 cells of RGBA pixels.
    fn cells(picture: &Picture) -> Vec<[u8; 4]> {
        let (size, pixels) = averaged(picture);
        let mut cells = vec![([0_u64; 4], 0_u64); 12];
        for (index, pixel) in pixels.iter().enumerate() {
            let (x, y) = (index % side(size.width), index / side(size.width));
            let cell = &mut cells[y * 3 / side(size.height) * 4 + x * 4 / side(size.width)];
            let [r, g, b, alpha] = pixel.map(u64::from);
            cell.0 = [cell.0[0] + r * alpha, cell.0[1] + g * alpha, cell.0[2] + b * alpha, cell.0[3] + alpha];
            cell.1 += 1;
        }
        cells.into_iter().map(|(sums, count)| mean(sums, count)).collect()
    }

    #[test]
    fn another_program_computes_the_same_hashes_and_sees_the_picture_in_them() {
        let vectors = std::fs::read_to_string("tests/data/thumbhash.txt").unwrap();
        assert_eq!(vectors.lines().count(), 5);
        for line in vectors.lines() {
            let (file, [hash, grid @ ..]) =
                (line.split(' ').next().unwrap(), &line.split(' ').collect::<Vec<_>>()[1..])
            else {
                panic!("{line}");
            };
            let picture = read(file);
            let made = placeholder(&picture).unwrap().thumbhash;
            let (ours, theirs) = (numbers(&made), numbers(hash));
            assert_eq!(ours.len(), theirs.len(), "{file}");
            // One computes with 32 bits and the other with 64.
            assert!(ours.iter().zip(&theirs).all(|(a, b)| a.abs_diff(*b) <= 1), "{file}: {made}, {hash}");
            let decoded = grid.iter().map(|cell| hex::decode(cell).unwrap());
            let off: u32 = decoded
                .zip(cells(&picture))
                .flat_map(|(decoded, cell)| {
                    let weight = u32::from(cell[3]);
                    (0..4).map(move |at| {
                        let weight = if at == 3 { 255 } else { weight };
                        u32::from(decoded[at].abs_diff(cell[at])) * weight / 255
                    })
                })
                .sum();
            assert!(off / 48 < 12, "{file}: {} off in the mean", off / 48);
        }
    }

    #[test]
    fn a_landscape_has_28_characters() {
        let hash = placeholder(&read("kodim23-768x512.png")).unwrap().thumbhash;
        assert_eq!(hash.len(), 28, "{hash}");
    }

    #[test]
    fn long_and_tiny_pictures_have_one_too() {
        for (width, height) in [(1, 1), (10_000, 1), (1, 3000), (101, 99)] {
            let size = Size { width, height };
            let samples = vec![200; side(width) * side(height)];
            let made = placeholder(&picture(size, Layout::Grey, samples)).unwrap();
            assert_eq!(made.color, Rgb([200; 3]), "{width} x {height}");
            assert!((20..=36).contains(&made.thumbhash.len()), "{made:?}");
        }
    }

    #[test]
    fn the_dominant_colour_is_that_of_most_opaque_pixels() {
        let (red, blue, clear) = ([220, 10, 10, 255], [10, 20, 230, 255], [0, 255, 0, 0]);
        let samples = [red, blue, blue, clear, clear, clear].concat();
        let size = Size { width: 6, height: 1 };
        assert_eq!(placeholder(&picture(size, Layout::RgbAlpha, samples)).unwrap().color, Rgb([10, 20, 230]));
    }

    #[test]
    fn a_picture_without_pixels_has_none() {
        let size = Size { width: 9, height: 9 };
        assert_eq!(placeholder(&Picture::placeholder(size, Layout::Rgb, Depth::Eight)), None);
    }
}
