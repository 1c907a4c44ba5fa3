//! Alpha while pixels are scaled: colours are multiplied by it before, and divided by it afterwards.
//!
//! Without that the colours of transparent pixels would show beside opaque ones. Products keep all their bits: at eight
//! bits they are up to 255², and alpha is raised to the same range. At sixteen bits they are rounded to sixteen.

use crate::imaging::picture::{Depth, Layout};

/// Appends the samples of a row as numbers of sixteen bits, colours times alpha where there is alpha.
pub(crate) fn premultiplied(row: &[u8], layout: Layout, depth: Depth, numbers: &mut Vec<u16>) {
    numbers.clear();
    match (layout, depth) {
        (Layout::GreyAlpha, Depth::Eight) => bytes::<2>(row, numbers),
        (Layout::RgbAlpha, Depth::Eight) => bytes::<4>(row, numbers),
        (Layout::GreyAlpha, Depth::Sixteen) => words::<2>(row, numbers),
        (Layout::RgbAlpha, Depth::Sixteen) => words::<4>(row, numbers),
        (_, Depth::Eight) => numbers.extend(row.iter().map(|sample| u16::from(*sample))),
        (_, Depth::Sixteen) => numbers.extend(words_of(row)),
    }
}

/// The numbers of [`premultiplied`] as samples again.
pub(crate) fn straight(numbers: &[u16], layout: Layout, depth: Depth) -> Vec<u8> {
    match (layout, depth) {
        (Layout::GreyAlpha, Depth::Eight) => straight_bytes::<2>(numbers),
        (Layout::RgbAlpha, Depth::Eight) => straight_bytes::<4>(numbers),
        (Layout::GreyAlpha, Depth::Sixteen) => straight_words::<2>(numbers),
        (Layout::RgbAlpha, Depth::Sixteen) => straight_words::<4>(numbers),
        (_, Depth::Eight) => numbers.iter().map(|number| u8::try_from(*number).unwrap_or(u8::MAX)).collect(),
        (_, Depth::Sixteen) => numbers.iter().flat_map(|number| number.to_ne_bytes()).collect(),
    }
}

fn words_of(row: &[u8]) -> impl Iterator<Item = u16> {
    row.as_chunks::<2>().0.iter().map(|pair| u16::from_ne_bytes(*pair))
}

fn bytes<const C: usize>(row: &[u8], numbers: &mut Vec<u16>) {
    for pixel in row.as_chunks::<C>().0 {
        let mut pixel = pixel.map(u16::from);
        if let Some((alpha, colors)) = pixel.split_last_mut() {
            colors.iter_mut().for_each(|color| *color *= *alpha);
            *alpha *= 255;
        }
        numbers.extend_from_slice(&pixel);
    }
}

fn words<const C: usize>(row: &[u8], numbers: &mut Vec<u16>) {
    for pixel in row.as_chunks::<2>().0.as_chunks::<C>().0 {
        let mut pixel = pixel.map(u16::from_ne_bytes);
        if let Some((alpha, colors)) = pixel.split_last_mut() {
            for color in colors {
                // At most 65,535² + 32,767, below 2^32.
                let product = u32::from(*color) * u32::from(*alpha) + 32_767;
                *color = u16::try_from(product / 65_535).unwrap_or(u16::MAX);
            }
        }
        numbers.extend_from_slice(&pixel);
    }
}

/// A colour as a share of its alpha, of `full`, rounded to the nearest. Kernels overshoot, so it may be above.
fn share(color: u16, alpha: u16, full: u32) -> u16 {
    let alpha = u32::from(alpha);
    let share = (u32::from(color) * full + alpha / 2).checked_div(alpha).unwrap_or_default();
    u16::try_from(share.min(full)).unwrap_or(u16::MAX)
}

fn straight_bytes<const C: usize>(numbers: &[u16]) -> Vec<u8> {
    let pixel = |pixel: &[u16; C]| {
        let alpha = pixel.last().copied().unwrap_or_default();
        let mut straight = pixel.map(|color| u8::try_from(share(color, alpha, 255)).unwrap_or(u8::MAX));
        if let Some(place) = straight.last_mut() {
            *place = u8::try_from((u32::from(alpha) + 127) / 255).unwrap_or(u8::MAX);
        }
        // Where nothing shows, colours mean nothing.
        if straight.last() == Some(&0) { [0; C] } else { straight }
    };
    numbers.as_chunks::<C>().0.iter().flat_map(pixel).collect()
}

fn straight_words<const C: usize>(numbers: &[u16]) -> Vec<u8> {
    let pixel = |pixel: &[u16; C]| {
        let alpha = pixel.last().copied().unwrap_or_default();
        let mut straight = pixel.map(|color| share(color, alpha, 65_535));
        if let Some(place) = straight.last_mut() {
            *place = alpha;
        }
        straight
    };
    numbers.as_chunks::<C>().0.iter().flat_map(pixel).flat_map(u16::to_ne_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_come_back_from_their_products() {
        let mut numbers = Vec::new();
        for alpha in 1..=255 {
            let row: Vec<u8> = (0..=255).flat_map(|color| [color, alpha]).collect();
            premultiplied(&row, Layout::GreyAlpha, Depth::Eight, &mut numbers);
            assert_eq!(straight(&numbers, Layout::GreyAlpha, Depth::Eight), row);
        }
        let row: Vec<u8> = [[0_u16, 1, 40_000, 65_535], [65_535; 4]]
            .as_flattened()
            .iter()
            .flat_map(|n| n.to_ne_bytes())
            .collect();
        premultiplied(&row, Layout::RgbAlpha, Depth::Sixteen, &mut numbers);
        assert_eq!(straight(&numbers, Layout::RgbAlpha, Depth::Sixteen), row);
    }

    #[test]
    fn transparent_pixels_are_black() {
        assert_eq!(straight(&[9, 0], Layout::GreyAlpha, Depth::Eight), [0, 0]);
    }

    #[test]
    fn colours_without_alpha_are_unchanged() {
        let mut numbers = Vec::new();
        premultiplied(&[1, 2, 3], Layout::Rgb, Depth::Eight, &mut numbers);
        assert_eq!(numbers, [1, 2, 3]);
        assert_eq!(straight(&numbers, Layout::Rgb, Depth::Eight), [1, 2, 3]);
    }
}
