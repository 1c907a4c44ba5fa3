//! Planes of a picture for AV1: luma and quarter-size chroma by the matrix of BT.601, or grey, and alpha.
//!
//! Full range, ten bits: thumbnails of equal look are 2 % smaller with ten bits than with eight. A sample of chroma is the mean of the two by two pixels that it covers; at odd edges, the
//! last pixel counts twice. All arithmetic is in integers, so that it is the same on every machine.

use rav1e::prelude::Plane;

use crate::imaging::picture::{Layout, Picture, side};

/// Which samples of a picture an image is coded from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Channels {
    /// Red, green and blue, as luma and chroma.
    Colors,
    /// The first sample of a pixel.
    Grey,
    /// The last sample of a pixel.
    Alpha,
}

/// Weights of red, green and blue in 65,536ths for Cb and Cr (ITU-T T.871, 7). Each triple adds up to 0.
const CB: [i32; 3] = [-11_059, -21_709, 32_768];
const CR: [i32; 3] = [32_768, -27_439, -5_329];
/// For luma; they add up to 65,536.
const Y: [i32; 3] = [19_595, 38_470, 7_471];

/// Fills the planes of a frame: one, or three of which two have half the width and height.
pub(super) fn fill(planes: &mut [Plane<u16>], picture: &Picture, channels: Channels) {
    let pixel = picture.pixel_bytes();
    match (channels, planes) {
        (Channels::Colors, [luma, blue, red]) => {
            for (target, row) in rows(luma).zip(picture.rows()) {
                for (sample, color) in target.iter_mut().zip(colors(row, pixel)) {
                    *sample = weighted(color, Y, 16, 0);
                }
            }
            let width = side(picture.size.width).div_ceil(2);
            let mut sums = vec![[0; 3]; width];
            let pairs = picture.samples.chunks(picture.row_bytes().saturating_mul(2));
            for ((blue, red), pair) in rows(blue).zip(rows(red)).zip(pairs) {
                sum_by_two(&mut sums, pair, picture.row_bytes(), pixel);
                for ((blue, red), sum) in blue.iter_mut().zip(red).zip(&sums) {
                    (*blue, *red) = (weighted(*sum, CB, 18, 512), weighted(*sum, CR, 18, 512));
                }
            }
        }
        (Channels::Grey | Channels::Alpha, [plane, ..]) => {
            let at = if channels == Channels::Grey { 0 } else { pixel.saturating_sub(1) };
            for (target, row) in rows(plane).zip(picture.rows()) {
                for (sample, pixel) in target.iter_mut().zip(row.chunks_exact(pixel)) {
                    *sample = ten_bits(pixel.get(at).copied().unwrap_or_default());
                }
            }
        }
        (Channels::Colors, _) | (_, []) => debug_assert!(false, "planes of another format"),
    }
    debug_assert!(
        channels != Channels::Alpha || matches!(picture.layout, Layout::GreyAlpha | Layout::RgbAlpha)
    );
}

/// The rows of a plane, with padding behind the last sample.
fn rows(plane: &mut Plane<u16>) -> impl Iterator<Item = &mut [u16]> {
    let stride = plane.cfg.stride.max(1);
    plane.data_origin_mut().chunks_mut(stride)
}

/// The colours of a row of pixels of `pixel` bytes.
fn colors(row: &[u8], pixel: usize) -> impl Iterator<Item = [i32; 3]> {
    row.chunks_exact(pixel).map(|pixel| match pixel {
        [red, green, blue, ..] => [*red, *green, *blue].map(i32::from),
        _ => [0; 3],
    })
}

/// The sum of the four pixels under each sample of chroma, of one or two rows.
fn sum_by_two(sums: &mut [[i32; 3]], rows: &[u8], row_bytes: usize, pixel: usize) {
    sums.fill([0; 3]);
    let (first, second) = rows.split_at_checked(row_bytes).unwrap_or((rows, &[]));
    let second = if second.is_empty() { first } else { second };
    for row in [first, second] {
        let mut colors = colors(row, pixel);
        for sum in &mut *sums {
            let Some(left) = colors.next() else { break };
            let right = colors.next().unwrap_or(left);
            for ((sum, left), right) in sum.iter_mut().zip(left).zip(right) {
                *sum += left + right;
            }
        }
    }
}

/// A sample of eight bits in ten, so that 255 becomes 1023.
fn ten_bits(sample: u8) -> u16 {
    (u16::from(sample) << 2) | (u16::from(sample) >> 6)
}

/// The weighted sum of colours of eight bits, divided by 2^`shift` and rounded, in ten bits, plus `middle`.
///
/// The factor is 1023 / 255. In `i64`: the sum of four pixels is below 2^10, the weights below 2^16, the factor below
/// 2^10.
fn weighted(color: [i32; 3], weights: [i32; 3], shift: u32, middle: i64) -> u16 {
    let sum: i64 =
        color.into_iter().zip(weights).map(|(sample, weight)| i64::from(sample) * i64::from(weight)).sum();
    let divisor = 255_i64 << shift;
    let rounded = (sum * 1023 + divisor / 2).div_euclid(divisor) + middle;
    u16::try_from(rounded.clamp(0, 1023)).unwrap_or(1023)
}
