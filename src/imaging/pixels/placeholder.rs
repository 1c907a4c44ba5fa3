//! Placeholder of a thumbnail: its ThumbHash and its dominant colour.
//!
//! Both are computed from the thumbnail averaged to at most 100 x 100 pixels, which is the largest that a ThumbHash takes.
//! That takes less than 400 KB, whatever the thumbnail is.

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
    // Below 100, because both factors are below 2^32 and the quotient is below `to`.
    let place = |at: u64, to: u32, from: u32| {
        usize::try_from(at * u64::from(to) / u64::from(from.max(1))).unwrap_or(usize::MAX)
    };
    let mut cells: Vec<(Sums, u64)> = vec![([0; 4], 0); side(size.width) * side(size.height)];
    for (y, row) in (0..).zip(picture.rows()) {
        let cell_row = cells.chunks_exact_mut(side(size.width)).nth(place(y, size.height, height));
        let Some(cell_row) = cell_row else { break };
        for (x, pixel) in (0..).zip(row.chunks_exact(picture.pixel_bytes())) {
            let Some((sums, count)) = cell_row.get_mut(place(x, size.width, width)) else { break };
            let [r, g, b, alpha] = rgba(pixel, picture.layout).map(u64::from);
            for (sum, value) in sums.iter_mut().zip([r * alpha, g * alpha, b * alpha, alpha]) {
                *sum += value;
            }
            *count += 1;
        }
    }
    (size, cells.into_iter().map(|(sums, count)| mean(sums, count)).collect())
}

/// A pixel of eight bits as RGBA.
fn rgba(pixel: &[u8], layout: Layout) -> [u8; 4] {
    match (layout, pixel) {
        (Layout::Grey, &[y]) => [y, y, y, 255],
        (Layout::GreyAlpha, &[y, alpha]) => [y, y, y, alpha],
        (Layout::Rgb, &[r, g, b]) => [r, g, b, 255],
        (Layout::RgbAlpha, &[r, g, b, alpha]) => [r, g, b, alpha],
        // Unreachable: the caller has pixels of eight bits that are not CMYK.
        _ => [0; 4],
    }
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
        let [r, g, b, alpha] = [r, g, b, alpha].map(u64::from);
        for (sum, value) in sums.iter_mut().zip([r * alpha, g * alpha, b * alpha, alpha]) {
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

    fn photograph(width: u32) -> Picture {
        let file = image::open("tests/data/kodim23-768x512.png").unwrap();
        let photograph = file.resize(width, width, image::imageops::FilterType::Triangle).into_rgb8();
        let size = Size { width: photograph.width(), height: photograph.height() };
        picture(size, Layout::Rgb, photograph.into_raw())
    }

    #[test]
    fn the_hash_has_28_characters_and_keeps_its_look_at_every_size() {
        let of = |width| placeholder(&photograph(width)).unwrap();
        let small = of(99);
        assert_eq!(small.thumbhash.len(), 28, "{}", small.thumbhash);
        let (one, other) = (BASE64.decode(small.thumbhash).unwrap(), BASE64.decode(of(768).thumbhash).unwrap());
        // The mean colour, the first three bytes but for the two lowest bits of each of their members.
        assert_eq!(one[3..5], other[3..5]);
        assert_eq!(one.len(), other.len());
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
