//! Sharpening by unsharp masking: a share of the difference between a pixel and its blurred surroundings is added.
//!
//! The blur is the binomial kernel 1 2 1 in both directions, three by three pixels with the weights 1, 2 and 4 of 16.
//! Pixels past the edge repeat the edge. Alpha weights the colours, so transparent pixels do not count, and stays
//! unchanged itself. All arithmetic is in integers.

use crate::imaging::picture::{Layout, Picture};

/// Sharpens the colours of a picture of eight bits that is not CMYK. `percent` is the share of the difference added.
pub(crate) fn sharpen(picture: &Picture, percent: u16) -> Picture {
    match picture.layout {
        Layout::Grey => sharpened::<1, 1>(picture, percent),
        Layout::GreyAlpha => sharpened::<2, 1>(picture, percent),
        Layout::Rgb => sharpened::<3, 3>(picture, percent),
        Layout::Cmyk | Layout::RgbAlpha => sharpened::<4, 3>(picture, percent),
    }
}

/// [`sharpen`] for pixels of `C` samples: `COLORS` colours, then alpha if `C` is larger.
fn sharpened<const C: usize, const COLORS: usize>(picture: &Picture, percent: u16) -> Picture {
    debug_assert_eq!(picture.pixel_bytes(), C);
    let rows: Vec<&[[u8; C]]> = picture.rows().map(|row| row.as_chunks::<C>().0).collect();
    let mut sharp = picture.clone();
    let row_bytes = picture.row_bytes();
    for (y, row) in sharp.samples.chunks_exact_mut(row_bytes).enumerate() {
        let source_row = |y: usize| rows.get(y).copied().unwrap_or_default();
        let (above, own) = (source_row(y.saturating_sub(1)), source_row(y));
        let below = if y + 1 < rows.len() { source_row(y + 1) } else { own };
        // The kernel is separable: sums down the columns first, then across.
        let columns: Vec<[u32; C]> = above
            .iter()
            .zip(own)
            .zip(below)
            .map(|((above, own), below)| {
                binomial(
                    premultiplied::<C, COLORS>(above),
                    premultiplied::<C, COLORS>(own),
                    premultiplied::<C, COLORS>(below),
                )
            })
            .collect();
        let (pixels, _) = row.as_chunks_mut::<C>();
        for (x, pixel) in pixels.iter_mut().enumerate() {
            let column = |x: usize| columns.get(x).copied().unwrap_or([0; C]);
            let right = if x + 1 < columns.len() { x + 1 } else { x };
            let sums = binomial(column(x.saturating_sub(1)), column(x), column(right));
            *pixel = sharpened_pixel::<C, COLORS>(*pixel, sums, percent);
        }
    }
    sharp
}

/// Colours times alpha where there is alpha: at most 255^2, and 16 * 255^2 in the sum of all nine pixels, below 2^20.
#[expect(clippy::indexing_slicing, reason = "constant index below the constant length C")]
fn premultiplied<const C: usize, const COLORS: usize>(pixel: &[u8; C]) -> [u32; C] {
    let mut premultiplied = pixel.map(u32::from);
    if C > COLORS {
        let alpha = premultiplied[C - 1];
        premultiplied.iter_mut().take(COLORS).for_each(|color| *color *= alpha);
    }
    premultiplied
}

/// The sum of three neighbours with the weights 1, 2, 1.
fn binomial<const C: usize>(before: [u32; C], own: [u32; C], after: [u32; C]) -> [u32; C] {
    let mut sum = own.map(|sample| sample * 2);
    for (sum, (before, after)) in sum.iter_mut().zip(before.iter().zip(after)) {
        *sum += before + after;
    }
    sum
}

/// The pixel plus `percent` of its difference to the blur, which is `sums` over their weight.
#[expect(clippy::indexing_slicing, reason = "constant index below the constant length C")]
fn sharpened_pixel<const C: usize, const COLORS: usize>(
    pixel: [u8; C],
    sums: [u32; C],
    percent: u16,
) -> [u8; C] {
    // The kernel's weights add up to 16, and with alpha to the sum of alpha by these weights.
    let weight = if C > COLORS { i64::from(sums[C - 1]) } else { 16 };
    let mut sharp = pixel;
    if weight == 0 {
        return sharp;
    }
    for (sample, sum) in sharp.iter_mut().zip(sums).take(COLORS) {
        // sample + (sample - sum / weight) * percent / 100, over the common denominator 100 * weight; adding half of
        // the denominator and rounding down rounds half up.
        let own = i64::from(*sample) * weight;
        let numerator = own * 100 + (own - i64::from(sum)) * i64::from(percent);
        let value = (numerator + 50 * weight).div_euclid(100 * weight);
        *sample = u8::try_from(value.clamp(0, 255)).unwrap_or(u8::MAX);
    }
    sharp
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::picture::Depth;
    use crate::imaging::picture::geometry::Size;

    fn picture(layout: Layout, width: u32, samples: &[u8]) -> Picture {
        let height = u32::try_from(samples.len() / layout.channels()).unwrap() / width;
        Picture { size: Size { width, height }, layout, depth: Depth::Eight, samples: samples.to_vec() }
    }

    #[test]
    fn flat_areas_stay_and_edges_gain_contrast() {
        let flat = picture(Layout::Rgb, 2, &[9; 12]);
        assert_eq!(sharpen(&flat, 300), flat);
        // 100 between 60s: the blur is 80, and half of the difference of 20 is added.
        let line = picture(Layout::Grey, 3, &[60, 100, 60]);
        assert_eq!(sharpen(&line, 50).samples, [55, 110, 55]);
        assert_eq!(sharpen(&picture(Layout::Grey, 3, &[0, 255, 0]), 100).samples, [0, 255, 0]);
    }

    #[test]
    fn transparent_neighbours_do_not_count() {
        let line = picture(Layout::GreyAlpha, 3, &[0, 0, 100, 255, 100, 255]);
        assert_eq!(sharpen(&line, 300), line);
        let blank = picture(Layout::RgbAlpha, 1, &[1, 2, 3, 0]);
        assert_eq!(sharpen(&blank, 300), blank);
    }
}
