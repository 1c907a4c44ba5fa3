//! Alpha while pixels are scaled: colours are multiplied by it before, and divided by it afterwards.
//!
//! Without that the colours of transparent pixels would show beside opaque ones. Products are rounded to the depth of the
//! samples. Half a level that is lost there is half a level at most where the pixel is shown, since that multiplies by alpha
//! again. Opaque pixels are unchanged.

use crate::imaging::picture::Layout;

/// Colours of a row of eight bits times their alpha, in `products` unless no pixel changes.
pub(crate) fn premultiplied<'r>(row: &'r [u8], layout: Layout, products: &'r mut Vec<u8>) -> &'r [u8] {
    match layout {
        Layout::GreyAlpha => premultiplied_bytes::<2>(row, products),
        Layout::RgbAlpha => premultiplied_bytes::<4>(row, products),
        Layout::Cmyk | Layout::Grey | Layout::Rgb => row,
    }
}

/// Divides the colours of pixels of eight bits by their alpha.
pub(crate) fn straighten(samples: &mut [u8], layout: Layout) {
    match layout {
        Layout::GreyAlpha => straighten_bytes::<2>(samples),
        Layout::RgbAlpha => straighten_bytes::<4>(samples),
        Layout::Cmyk | Layout::Grey | Layout::Rgb => (),
    }
}

/// Sets `products` to the samples of a row of sixteen bits, colours times alpha.
pub(crate) fn premultiplied_words(row: &[u8], layout: Layout, products: &mut Vec<u16>) {
    products.clear();
    let samples = row.as_chunks::<2>().0.iter().map(|pair| u16::from_ne_bytes(*pair));
    products.extend(samples);
    match layout {
        Layout::GreyAlpha => premultiply_words::<2>(products),
        Layout::RgbAlpha => premultiply_words::<4>(products),
        Layout::Cmyk | Layout::Grey | Layout::Rgb => (),
    }
}

/// Divides the colours of pixels of sixteen bits by their alpha.
pub(crate) fn straighten_words(samples: &mut [u16], layout: Layout) {
    match layout {
        Layout::GreyAlpha => straighten_words_of::<2>(samples),
        Layout::RgbAlpha => straighten_words_of::<4>(samples),
        Layout::Cmyk | Layout::Grey | Layout::Rgb => (),
    }
}

fn premultiplied_bytes<'r, const C: usize>(row: &'r [u8], products: &'r mut Vec<u8>) -> &'r [u8] {
    let (pixels, _) = row.as_chunks::<C>();
    if pixels.iter().all(|pixel| pixel.last() == Some(&u8::MAX)) {
        return row;
    }
    products.resize(row.len(), 0);
    for (product, pixel) in products.as_chunks_mut::<C>().0.iter_mut().zip(pixels) {
        let alpha = pixel.last().copied().unwrap_or_default();
        *product = pixel.map(|color| scaled(color, alpha));
        if let Some(last) = product.last_mut() {
            *last = alpha;
        }
    }
    products
}

/// A colour times alpha, rounded to the nearest.
fn scaled(color: u8, alpha: u8) -> u8 {
    // 257/65536 is 1/255 but for 2^-16, which is too little to change the rounded quotient of a number below 2^16.
    let product = u32::from(color) * u32::from(alpha) + 127;
    u8::try_from((product * 257 + 257) >> 16).unwrap_or(u8::MAX)
}

fn straighten_bytes<const C: usize>(samples: &mut [u8]) {
    for pixel in samples.as_chunks_mut::<C>().0 {
        if let Some((alpha, colors)) = pixel.split_last_mut()
            && *alpha < u8::MAX
        {
            let alpha = u32::from(*alpha);
            for color in colors {
                *color = u8::try_from(share(u32::from(*color), alpha, 255)).unwrap_or(u8::MAX);
            }
        }
    }
}

fn premultiply_words<const C: usize>(samples: &mut [u16]) {
    for pixel in samples.as_chunks_mut::<C>().0 {
        if let Some((alpha, colors)) = pixel.split_last_mut()
            && *alpha < u16::MAX
        {
            for color in colors {
                // At most 65,535² + 32,767, below 2^32.
                let product = u32::from(*color) * u32::from(*alpha) + 32_767;
                *color = u16::try_from(product / 65_535).unwrap_or(u16::MAX);
            }
        }
    }
}

fn straighten_words_of<const C: usize>(samples: &mut [u16]) {
    for pixel in samples.as_chunks_mut::<C>().0 {
        if let Some((alpha, colors)) = pixel.split_last_mut()
            && *alpha < u16::MAX
        {
            let alpha = u32::from(*alpha);
            for color in colors {
                *color = u16::try_from(share(u32::from(*color), alpha, 65_535)).unwrap_or(u16::MAX);
            }
        }
    }
}

/// A colour as a share of its alpha, of `full`, rounded to the nearest. Kernels overshoot, so it may be above. Where alpha
/// is 0 colours mean nothing, and are black.
fn share(color: u32, alpha: u32, full: u32) -> u32 {
    // 65,535² + 32,767 is below 2^32.
    (color * full + alpha / 2).checked_div(alpha).unwrap_or_default().min(full)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_rounded_to_the_nearest() {
        for (color, alpha) in (0..=255).flat_map(|color| (0..=255).map(move |alpha| (color, alpha))) {
            let exact = f64::from(color) * f64::from(alpha) / 255.0;
            assert_eq!(f64::from(scaled(color, alpha)), exact.round(), "{color} {alpha}");
        }
    }

    #[test]
    fn pixels_look_the_same_after_both_steps() {
        for alpha in 0..=255_u8 {
            let row: Vec<u8> = (0..=255).flat_map(|color| [color, alpha]).collect();
            let mut products = Vec::new();
            let mut straight = premultiplied(&row, Layout::GreyAlpha, &mut products).to_vec();
            straighten(&mut straight, Layout::GreyAlpha);
            for (before, after) in row.as_chunks::<2>().0.iter().zip(straight.as_chunks::<2>().0) {
                assert_eq!(after[1], alpha);
                assert_eq!(scaled(after[0], alpha), scaled(before[0], alpha), "{before:?} {after:?}");
            }
            assert!(alpha < 255 || straight == row);
        }
        let row = [[0_u16, 1, 40_000, 65_535], [65_535, 9, 5, 0]];
        let bytes: Vec<u8> = row.as_flattened().iter().flat_map(|sample| sample.to_ne_bytes()).collect();
        let mut products = Vec::new();
        premultiplied_words(&bytes, Layout::RgbAlpha, &mut products);
        straighten_words(&mut products, Layout::RgbAlpha);
        assert_eq!(products, [0, 1, 40_000, 65_535, 0, 0, 0, 0]);
    }

    #[test]
    fn colours_without_alpha_are_unchanged() {
        let mut products = Vec::new();
        assert_eq!(premultiplied(&[1, 2, 3], Layout::Rgb, &mut products), [1, 2, 3]);
        let mut samples = [1, 2, 3];
        straighten(&mut samples, Layout::Rgb);
        assert_eq!(samples, [1, 2, 3]);
    }
}
