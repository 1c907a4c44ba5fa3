//! Rows of pixels to rows of `YCbCr` (JFIF 1.02, page 3; ITU-T T.871, section 7).
//!
//! Samples are signed numbers of 16 bits with [`FRACTION_BITS`] bits of fraction, and 128 is taken off luma as
//! section A.3.1 of T.81 asks for: -2048 to 2040. The fraction spares them the rounding to whole levels. Chroma is
//! a linear function of the pixel, so that of a mean of pixels is computed from the sum of these pixels.

use crate::vector::{I16x8, I32x4, U8x16};

/// Fraction bits of samples.
pub(super) const FRACTION_BITS: i32 = 4;

/// Pixels converted at a time: rows of samples have whole chunks.
pub(super) const CHUNK: usize = 16;

/// The channels of a chunk of pixels, at even and at odd places.
type Rgb = [[I16x8; 2]; 3];

/// Rows of luma and chroma that pixels are converted to, of whole chunks.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    pub(super) luma: &'a mut [i16],
    pub(super) cb: &'a mut [i16],
    pub(super) cr: &'a mut [i16],
}

/// Converts a row of grey pixels.
pub(super) fn convert_grey(grey: &[u8], luma: &mut [i16]) {
    let (chunks, end) = grey.as_chunks::<CHUNK>();
    let places = luma.as_chunks_mut::<CHUNK>().0.iter_mut();
    let last = padded::<1, CHUNK>(end);
    for (chunk, place) in chunks.iter().chain(last.as_ref()).zip(places) {
        *place = chunk.map(|sample| (i16::from(sample) - 128) << FRACTION_BITS);
    }
}

/// Converts a row to as many samples of each component.
pub(super) fn convert_full(rgb: &[u8], rows: &mut Rows<'_>) {
    let chunks = rows.cb.as_chunks_mut::<CHUNK>().0.iter_mut().zip(rows.cr.as_chunks_mut::<CHUNK>().0);
    let places = rows.luma.as_chunks_mut::<CHUNK>().0.iter_mut().zip(chunks);
    let (pixels, end) = rgb.as_chunks();
    let last = padded::<3, { 3 * CHUNK }>(end);
    for (chunk, (y, (cb, cr))) in pixels.iter().chain(last.as_ref()).zip(places) {
        let rgb = channels(chunk);
        put(luma(rgb), y);
        let [even, odd] =
            [0, 1].map(|place| chroma::<11>(rgb.map(|[even, odd]| if place == 0 { even } else { odd })));
        let ([cb_even, cr_even], [cb_odd, cr_odd]) = (even, odd);
        put([cb_even.zip_low(cb_odd), cb_even.zip_high(cb_odd)], cb);
        put([cr_even.zip_low(cr_odd), cr_even.zip_high(cr_odd)], cr);
    }
}

/// Converts a row to half as many samples of chroma.
pub(super) fn convert_half(rgb: &[u8], rows: &mut Rows<'_>) {
    let chunks = rows.cb.as_chunks_mut::<8>().0.iter_mut().zip(rows.cr.as_chunks_mut::<8>().0);
    let places = rows.luma.as_chunks_mut::<CHUNK>().0.iter_mut().zip(chunks);
    let (pixels, end) = rgb.as_chunks();
    let last = padded::<3, { 3 * CHUNK }>(end);
    for (chunk, (y, (cb, cr))) in pixels.iter().chain(last.as_ref()).zip(places) {
        let rgb = channels(chunk);
        put(luma(rgb), y);
        [*cb, *cr] = chroma::<12>(rgb.map(|[even, odd]| even.add(odd))).map(I16x8::numbers);
    }
}

/// Converts two rows, one below the other, to two rows of luma and one of half as many samples of chroma.
pub(super) fn convert_quarter([top, bottom]: [&[u8]; 2], rows: &mut Rows<'_>, luma_below: &mut [i16]) {
    let chunks = rows.cb.as_chunks_mut::<8>().0.iter_mut().zip(rows.cr.as_chunks_mut::<8>().0);
    let lumas = rows.luma.as_chunks_mut::<CHUNK>().0.iter_mut().zip(luma_below.as_chunks_mut::<CHUNK>().0);
    let ((top, top_end), (bottom, bottom_end)) = (top.as_chunks(), bottom.as_chunks());
    let last = [padded::<3, { 3 * CHUNK }>(top_end), padded::<3, { 3 * CHUNK }>(bottom_end)];
    let [top_last, bottom_last] = &last;
    let pixels = top.iter().chain(top_last).zip(bottom.iter().chain(bottom_last));
    for ((above, below), ((y, y_below), (cb, cr))) in pixels.zip(lumas.zip(chunks)) {
        let (above, below) = (channels(above), channels(below));
        put(luma(above), y);
        put(luma(below), y_below);
        let mut below = below.into_iter();
        let sums = above.map(|[a, b]| {
            let [c, d] = below.next().unwrap_or([a, b]);
            a.add(b).add(c.add(d))
        });
        [*cb, *cr] = chroma::<13>(sums).map(I16x8::numbers);
    }
}

#[inline(always)]
fn put([low, high]: [I16x8; 2], place: &mut [i16; CHUNK]) {
    for (place, numbers) in place.as_chunks_mut().0.iter_mut().zip([low, high]) {
        *place = numbers.numbers();
    }
}

/// The rest of a row as a chunk of pixels, of which the last is repeated; nothing if there is no rest.
fn padded<const CHANNELS: usize, const LENGTH: usize>(rest: &[u8]) -> Option<[u8; LENGTH]> {
    let last = rest.last_chunk::<CHANNELS>()?;
    let mut samples = rest.iter().chain(last.iter().cycle());
    Some(std::array::from_fn(|_| samples.next().copied().unwrap_or(0)))
}

#[inline(always)]
fn channels(pixels: &[u8; 3 * CHUNK]) -> Rgb {
    let mut chunks = pixels.as_chunks().0.iter();
    let vectors = [0; 3].map(|_| U8x16::new(chunks.next().unwrap_or(&[0; 16])));
    U8x16::deinterleave3(vectors).map(U8x16::widen)
}

/// Luma of pixels, in order.
///
/// The factors 0.299, 0.587 and 0.114 have 16 bits of fraction and add up to 2^16. Each product keeps 8 bits of
/// fraction, rounded down, so that the sum is at most 2 too small. With 1 for that and 8 to round to the nearest, grey
/// pixels get their own level exactly: `256 v - 2 + 9` and `256 v + 9` give `16 v`.
#[inline(always)]
fn luma(rgb: Rgb) -> [I16x8; 2] {
    let [[r_even, r_odd], [g_even, g_odd], [b_even, b_odd]] = rgb;
    let of = |r: I16x8, g: I16x8, b: I16x8| {
        let product = |channel: I16x8, factor: u16| {
            channel.shift_left::<8>().mul_high_unsigned(I16x8::splat(factor.cast_signed()))
        };
        let sum = product(r, 19_595).add(product(g, 38_470)).add(product(b, 7471));
        // 2^15 is 128 with 8 bits of fraction: what is left fits in signed numbers.
        sum.add(I16x8::splat(i16::MIN + 9)).shift::<4>()
    };
    let (even, odd) = (of(r_even, g_even, b_even), of(r_odd, g_odd, b_odd));
    [even.zip_low(odd), even.zip_high(odd)]
}

/// Chroma of sums of 1, 2 or 4 pixels, for a `SHIFT` of 11, 12 or 13.
///
/// Factors have 15 bits of fraction, those of one component add up to zero, and the result keeps four. A sum of pixels
/// is below 2^10, so products stay below 2^24.
#[inline(always)]
fn chroma<const SHIFT: i32>([r, g, b]: [I16x8; 3]) -> [I16x8; 2] {
    let half = 1 << (SHIFT - 1);
    let one = I16x8::splat(1);
    let (rg, b) = ([r.zip_low(g), r.zip_high(g)], [b.zip_low(one), b.zip_high(one)]);
    let of = |red: i16, green: i16, blue: i16| {
        let ([rg_low, rg_high], [b_low, b_high]) = (rg, b);
        let sum = |rg: I16x8, b: I16x8| rg.dot(red, green).add(b.dot(blue, half)).shift::<SHIFT>();
        I32x4::saturate(sum(rg_low, b_low), sum(rg_high, b_high))
    };
    [of(-5529, -10_855, 16_384), of(16_384, -13_720, -2664)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T.871, section 7, without the 128 of luma, times 16.
    fn exact([r, g, b]: [f64; 3]) -> [f64; 3] {
        let luma = 0.299 * r + 0.587 * g + 0.114 * b;
        [luma - 128.0, (b - luma) / 1.772, (r - luma) / 1.402].map(|sample| sample * 16.0)
    }

    fn any_row(width: usize, seed: u32) -> Vec<u8> {
        let mut state = seed;
        let mut row: Vec<u8> = (0..width * 3)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state.to_be_bytes()[0]
            })
            .collect();
        row.iter_mut()
            .take(9)
            .zip([255, 255, 255, 0, 0, 0, 0, 0, 255])
            .for_each(|(place, level)| *place = level);
        row
    }

    fn mean(rows: [&[u8]; 2], columns: [usize; 2]) -> [f64; 3] {
        let last = rows[0].len() / 3 - 1;
        let at = |row: &[u8], x: usize, channel| f64::from(row[3 * x.min(last) + channel]);
        [0, 1, 2].map(|channel| {
            let sum: f64 = rows.iter().flat_map(|row| columns.map(|x| at(row, x, channel))).sum();
            sum / 4.0
        })
    }

    fn assert_near(found: &[i16], expected: impl Iterator<Item = f64>, name: &str) {
        for (x, (found, expected)) in found.iter().zip(expected).enumerate() {
            assert!((f64::from(*found) - expected).abs() < 1.1, "{name} at {x}: {found} for {expected}");
        }
    }

    #[test]
    fn samples_are_those_of_the_definition_and_the_last_pixel_is_repeated() {
        for width in 1..=40_usize {
            let (top, bottom) = (any_row(width, 1), any_row(width, 9));
            let stride = width.next_multiple_of(CHUNK);
            let [mut luma, mut below, mut cb, mut cr] = [0; 4].map(|_| vec![0; stride]);
            let component = |rows, columns: fn(usize) -> [usize; 2], number: usize| {
                (0..stride).map(move |x| exact(mean(rows, columns(x)))[number])
            };
            let (row, pair) = ([top.as_slice(); 2], [top.as_slice(), &bottom]);
            convert_full(&top, &mut Rows { luma: &mut luma, cb: &mut cb, cr: &mut cr });
            for (number, found) in [&luma, &cb, &cr].into_iter().enumerate() {
                assert_near(found, component(row, |x| [x, x], number), "full");
            }
            let (cb, cr) = (&mut cb[..stride / 2], &mut cr[..stride / 2]);
            convert_half(&top, &mut Rows { luma: &mut luma, cb, cr });
            for (number, found) in [&*cb, cr].into_iter().enumerate() {
                assert_near(found, component(row, |x| [2 * x, 2 * x + 1], 1 + number), "half");
            }
            convert_quarter(pair, &mut Rows { luma: &mut luma, cb, cr }, &mut below);
            for (number, found) in [&*cb, cr].into_iter().enumerate() {
                assert_near(found, component(pair, |x| [2 * x, 2 * x + 1], 1 + number), "quarter");
            }
            assert_near(&luma, component(row, |x| [x, x], 0), "luma");
            assert_near(&below, component([bottom.as_slice(); 2], |x| [x, x], 0), "luma below");
        }
    }

    #[test]
    fn grey_is_the_same_in_either_form() {
        let grey: Vec<u8> = (0..=255).collect();
        let rgb: Vec<u8> = grey.iter().flat_map(|level| [*level; 3]).collect();
        let [mut luma, mut of_grey, mut cb, mut cr] = [0; 4].map(|_| vec![0; 256]);
        convert_full(&rgb, &mut Rows { luma: &mut luma, cb: &mut cb, cr: &mut cr });
        convert_grey(&grey, &mut of_grey);
        assert_eq!(luma, of_grey);
        assert!(cb.iter().chain(&cr).all(|sample| *sample == 0));
    }
}
