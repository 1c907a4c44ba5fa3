//! Gaussian blur, across and then down.
//!
//! Pixels past the edge repeat the edge. Alpha weights the colours, so the colour of transparent pixels does not count.
//! Weights are whole numbers that add up to one, so the same picture gives the same bytes on every machine.
//!
//! The picture is blurred in place: a ring keeps the rows around the current one, blurred across, and when a row is
//! replaced, no later one reads it.

use crate::imaging::error::Error;
use crate::imaging::limits::{Cancel, to_u64};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::{Layout, Picture, side};
use crate::recipe::Blur;

/// Sum of all weights of a kernel.
const ONE: u32 = 1 << 16;

/// Value of an opaque white sample in the ring: colour times alpha.
const WHITE: u32 = 255 * 255;

/// Bytes beside a picture of this size that blurring it takes: the ring, and four rows of sums and samples.
pub(crate) fn working_bytes(size: Size, blur: Blur) -> u64 {
    const MOST_CHANNELS: u64 = 4;
    let radius = u64::from(blur.radius);
    let ring = u64::from(size.width).saturating_mul(MOST_CHANNELS).saturating_mul(2 * radius + 1) * 2;
    let rows = u64::from(size.width).saturating_add(2 * radius).saturating_mul(MOST_CHANNELS * 4 * 4);
    ring.saturating_add(rows).saturating_add(radius * to_u64(size_of::<u32>()))
}

/// Blurs a picture of eight bits that is not CMYK.
///
/// # Errors
/// [`Error::Cancelled`].
pub(crate) fn blur(mut picture: Picture, blur: Blur, cancel: &Cancel) -> Result<Picture, Error> {
    let weights = weights(blur);
    match picture.layout {
        Layout::Grey => blur_in_place::<1, 1>(&mut picture, &weights, cancel)?,
        Layout::GreyAlpha => blur_in_place::<2, 1>(&mut picture, &weights, cancel)?,
        Layout::Rgb => blur_in_place::<3, 3>(&mut picture, &weights, cancel)?,
        Layout::Cmyk | Layout::RgbAlpha => blur_in_place::<4, 3>(&mut picture, &weights, cancel)?,
    }
    Ok(picture)
}

/// Weights of the pixel itself and of those at each distance from it, as far as they are not zero. With those at a
/// distance counted twice, for both sides, they add up to [`ONE`].
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 2^16")]
fn weights(blur: Blur) -> Vec<u32> {
    let sigma = f64::from(blur.sigma.max(1)) / 100.0;
    let bell: Vec<f64> =
        (0..=blur.radius).map(|distance| (-0.5 * (f64::from(distance) / sigma).powi(2)).exp()).collect();
    let sum = bell.iter().skip(1).sum::<f64>() * 2.0 + 1.0;
    let mut weights: Vec<u32> =
        bell.iter().map(|weight| (weight / sum * f64::from(ONE)).round() as u32).collect();
    // What rounding leaves goes to the pixel itself. It is less than one for each distance.
    let around = weights.iter().skip(1).sum::<u32>() * 2;
    if let Some(own) = weights.first_mut() {
        *own = ONE.saturating_sub(around);
    }
    while weights.len() > 1 && weights.last() == Some(&0) {
        weights.pop();
    }
    weights
}

/// [`blur`] for pixels of `C` samples: `COLORS` colours, then alpha if `C` is larger.
fn blur_in_place<const C: usize, const COLORS: usize>(
    picture: &mut Picture,
    weights: &[u32],
    cancel: &Cancel,
) -> Result<(), Error> {
    debug_assert_eq!(picture.pixel_bytes(), C);
    let (height, row_bytes) = (side(picture.size.height), picture.row_bytes());
    let radius = weights.len().saturating_sub(1);
    let mut across = AcrossKernel::<C, COLORS>::new(row_bytes, radius);
    // The row y of the picture is at y modulo the length.
    let length = (2 * radius + 1).min(height).max(1);
    let mut ring = vec![vec![0_u16; row_bytes]; length];
    let mut sums = vec![0_u32; row_bytes];
    let mut next = 0;
    for y in 0..height {
        cancel.check()?;
        while next < height && next <= y + radius {
            let row = picture.samples.get(next * row_bytes..(next + 1) * row_bytes).unwrap_or_default();
            if let Some(place) = ring.get_mut(next % length) {
                across.blur(row, weights, place);
            }
            next += 1;
        }
        sums.fill(0);
        let row = |at: usize| ring.get(at % length).map(Vec::as_slice).unwrap_or_default();
        for (distance, weight) in weights.iter().enumerate() {
            add(&mut sums, row(y.saturating_sub(distance)), *weight);
            if distance > 0 {
                add(&mut sums, row((y + distance).min(height - 1)), *weight);
            }
        }
        let row = picture.samples.get_mut(y * row_bytes..(y + 1) * row_bytes).unwrap_or_default();
        for (pixel, sums) in row.as_chunks_mut::<C>().0.iter_mut().zip(sums.as_chunks::<C>().0) {
            *pixel = straight::<C, COLORS>(*sums);
        }
    }
    Ok(())
}

/// Adds samples times a weight. A sample is at most [`WHITE`], and all weights add up to 2^16, so sums are below 2^32.
fn add(sums: &mut [u32], samples: &[u16], weight: u32) {
    for (sum, sample) in sums.iter_mut().zip(samples) {
        *sum += weight * u32::from(*sample);
    }
}

/// The pass across one row.
struct AcrossKernel<const C: usize, const COLORS: usize> {
    radius: usize,
    /// The row, colours times alpha, with its first and last pixel repeated `radius` times.
    padded: Vec<u16>,
    sums: Vec<u32>,
}

impl<const C: usize, const COLORS: usize> AcrossKernel<C, COLORS> {
    fn new(row_bytes: usize, radius: usize) -> Self {
        Self { radius, padded: Vec::with_capacity(row_bytes + 2 * radius * C), sums: vec![0; row_bytes] }
    }

    /// Writes a row of the picture, blurred across, to `target`.
    fn blur(&mut self, row: &[u8], weights: &[u32], target: &mut [u16]) {
        let (pixels, _) = row.as_chunks::<C>();
        let edge = |pixel: Option<&[u8; C]>| pixel.map(premultiplied::<C, COLORS>).unwrap_or([0; C]);
        let (first, last) = (edge(pixels.first()), edge(pixels.last()));
        self.padded.clear();
        self.padded.extend(std::iter::repeat_n(first, self.radius).flatten());
        self.padded.extend(pixels.iter().flat_map(premultiplied::<C, COLORS>));
        self.padded.extend(std::iter::repeat_n(last, self.radius).flatten());
        self.sums.fill(0);
        for (distance, weight) in weights.iter().enumerate() {
            let from = |pixels: usize| self.padded.get(pixels * C..).unwrap_or_default();
            add(&mut self.sums, from(self.radius - distance), *weight);
            if distance > 0 {
                add(&mut self.sums, from(self.radius + distance), *weight);
            }
        }
        for (target, sum) in target.iter_mut().zip(&self.sums) {
            // Rounded down this can be 1/255 of a level too low, which half a unit more avoids.
            *target =
                u16::try_from((u64::from(*sum) + u64::from(ONE / 2)) / u64::from(ONE)).unwrap_or(u16::MAX);
        }
    }
}

/// Colours times alpha, and alpha times 255: at most [`WHITE`] each.
#[expect(clippy::indexing_slicing, reason = "constant index below the constant length C")]
fn premultiplied<const C: usize, const COLORS: usize>(pixel: &[u8; C]) -> [u16; C] {
    let alpha = if C > COLORS { u16::from(pixel[C - 1]) } else { 255 };
    let mut product = pixel.map(|sample| u16::from(sample) * alpha);
    if C > COLORS {
        product[C - 1] = alpha * 255;
    }
    product
}

/// The pixel of weighted sums, each rounded to the nearest.
#[expect(clippy::indexing_slicing, reason = "constant index below the constant length C")]
fn straight<const C: usize, const COLORS: usize>(sums: [u32; C]) -> [u8; C] {
    let rounded = |sum: u32, whole: u64| {
        let whole = whole.max(1);
        u8::try_from((u64::from(sum) * 255 + whole / 2) / whole).unwrap_or(u8::MAX)
    };
    let full = u64::from(WHITE) * u64::from(ONE);
    // Colours are shares of alpha: where nothing is transparent, of all weights.
    let alpha = if C > COLORS { u64::from(sums[C - 1]) } else { full };
    let mut pixel = sums.map(|sum| rounded(sum, alpha));
    if C > COLORS {
        pixel[C - 1] = rounded(sums[C - 1], full);
        if pixel[C - 1] == 0 {
            pixel = [0; C];
        }
    }
    pixel
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::picture::Depth;

    fn picture(layout: Layout, width: u32, samples: &[u8]) -> Picture {
        let height = u32::try_from(samples.len() / layout.channels()).unwrap() / width;
        Picture { size: Size { width, height }, layout, depth: Depth::Eight, samples: samples.to_vec() }
    }

    fn blurred(picture: &Picture, radius: u16, sigma: u16) -> Vec<u8> {
        blur(picture.clone(), Blur { radius, sigma }, &Cancel::default()).unwrap().samples
    }

    #[test]
    fn weights_add_up_to_one() {
        for (radius, sigma) in [(1, 1), (1, 10_000), (50, 500), (75, 2500), (50, 10_000)] {
            let weights = weights(Blur { radius, sigma });
            assert_eq!(weights[0] + weights.iter().skip(1).sum::<u32>() * 2, ONE, "{radius} {sigma}");
            assert!(weights.is_sorted_by(|near, far| near + 100 > *far), "{weights:?}");
        }
        assert_eq!(weights(Blur { radius: 50, sigma: 10 }).len(), 1, "nothing around the pixel counts");
    }

    #[test]
    fn flat_colour_is_unchanged_in_every_layout() {
        for layout in [Layout::Grey, Layout::GreyAlpha, Layout::Rgb, Layout::RgbAlpha] {
            let flat = picture(layout, 5, &[200; 60]);
            assert_eq!(blurred(&flat, 50, 10_000), flat.samples, "{layout:?}");
        }
    }

    /// With a deviation far above the radius, all weights are equal.
    #[test]
    fn edges_repeat() {
        let line = picture(Layout::Grey, 3, &[30, 60, 120]);
        assert_eq!(blurred(&line, 1, 10_000), [40, 70, 100]);
        let column = picture(Layout::Grey, 1, &[30, 60, 120]);
        assert_eq!(blurred(&column, 1, 10_000), [40, 70, 100]);
    }

    #[test]
    fn transparent_colour_does_not_bleed() {
        let line = picture(Layout::RgbAlpha, 2, &[255, 0, 0, 255, 0, 255, 0, 0]);
        for pixel in blurred(&line, 3, 200).chunks_exact(4) {
            assert_eq!(pixel[..3], [255, 0, 0]);
            assert!((1..255).contains(&pixel[3]), "{pixel:?}");
        }
    }

    #[test]
    fn cancelling_ends_it() {
        let cancel = Cancel::default();
        cancel.cancel();
        let flat = picture(Layout::Grey, 5, &[1; 50]);
        let ended = blur(flat, Blur { radius: 1, sigma: 100 }, &cancel);
        assert!(matches!(ended, Err(Error::Cancelled)), "{ended:?}");
    }
}
