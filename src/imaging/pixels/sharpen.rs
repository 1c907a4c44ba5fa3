//! Sharpening: what a small blur takes away is given back, some percent of it.

use crate::imaging::picture::{Layout, Picture};

/// Sharpens the colours of a picture of eight bits, not CMYK; alpha stays. The blur is binomial, over three by
/// three pixels, those beyond the edge as at the edge; transparent pixels do not count.
pub(crate) fn sharpen(picture: &Picture, percent: u16) -> Picture {
    match picture.layout {
        Layout::Grey => sharpened::<1, 1>(picture, percent),
        Layout::GreyAlpha => sharpened::<2, 1>(picture, percent),
        Layout::Rgb => sharpened::<3, 3>(picture, percent),
        Layout::Cmyk | Layout::RgbAlpha => sharpened::<4, 3>(picture, percent),
    }
}

/// [`sharpen`] for pixels of `C` samples, of which the first `COLORS` are colours and the last, if more, alpha.
fn sharpened<const C: usize, const COLORS: usize>(picture: &Picture, percent: u16) -> Picture {
    let rows: Vec<&[[u8; C]]> = picture.rows().map(|row| row.as_chunks::<C>().0).collect();
    let mut sharp = picture.clone();
    let row_bytes = picture.row_bytes();
    for (y, places) in sharp.samples.chunks_exact_mut(row_bytes).enumerate() {
        let row = |y: usize| rows.get(y).copied().unwrap_or_default();
        let (above, own) = (row(y.saturating_sub(1)), row(y));
        let below = if y + 1 < rows.len() { row(y + 1) } else { own };
        let columns: Vec<[u32; C]> = above
            .iter()
            .zip(own)
            .zip(below)
            .map(|((above, own), below)| {
                add(weighted::<C, COLORS>(above), weighted::<C, COLORS>(own), weighted::<C, COLORS>(below))
            })
            .collect();
        let (places, _) = places.as_chunks_mut::<C>();
        for (x, place) in places.iter_mut().enumerate() {
            let column = |x: usize| columns.get(x).copied().unwrap_or([0; C]);
            let right = if x + 1 < columns.len() { x + 1 } else { x };
            let sums = add(column(x.saturating_sub(1)), column(x), column(right));
            *place = raised::<C, COLORS>(*place, sums, percent);
        }
    }
    sharp
}

/// Colours times alpha, where there is alpha.
#[expect(clippy::indexing_slicing, reason = "constant index below the constant length C")]
fn weighted<const C: usize, const COLORS: usize>(pixel: &[u8; C]) -> [u32; C] {
    let mut weighted = pixel.map(u32::from);
    if C > COLORS {
        let alpha = weighted[C - 1];
        weighted.iter_mut().take(COLORS).for_each(|color| *color *= alpha);
    }
    weighted
}

/// The binomial sum of three neighbours.
fn add<const C: usize>(before: [u32; C], own: [u32; C], after: [u32; C]) -> [u32; C] {
    let mut sum = own.map(|sample| sample * 2);
    for (sum, (before, after)) in sum.iter_mut().zip(before.iter().zip(after)) {
        *sum += before + after;
    }
    sum
}

/// The pixel, moved away from the mean of its surroundings.
#[expect(clippy::indexing_slicing, reason = "constant index below the constant length C")]
fn raised<const C: usize, const COLORS: usize>(pixel: [u8; C], sums: [u32; C], percent: u16) -> [u8; C] {
    let weight = if C > COLORS { i64::from(sums[C - 1]) } else { 16 };
    let mut raised = pixel;
    if weight == 0 {
        return raised;
    }
    for (sample, sum) in raised.iter_mut().zip(sums).take(COLORS) {
        // sample + (sample - sum / weight) * percent / 100, rounded half up.
        let own = i64::from(*sample) * weight;
        let numerator = own * 100 + (own - i64::from(sum)) * i64::from(percent);
        let value = (numerator + 50 * weight).div_euclid(100 * weight);
        *sample = u8::try_from(value.clamp(0, 255)).unwrap_or(u8::MAX);
    }
    raised
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
    fn plain_areas_stay_and_edges_are_raised() {
        let flat = picture(Layout::Rgb, 2, &[9; 12]);
        assert_eq!(sharpen(&flat, 300), flat);
        // 100 between 60s: its blur is 80, and half of the 20 that are missing come on top.
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
