//! Rows of components to rows of pixels (JFIF 1.02, page 3; libjpeg's `jdcolor`, bit by bit).

use crate::syntax::frame::Frame;
use crate::syntax::metadata::Metadata;
use crate::vector::{I16x8, I32x4, U8x16};

/// Colour space of the components.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Color {
    /// One component.
    Grey,
    /// Red, green and blue.
    Rgb,
    /// `YCbCr`.
    Ycc,
    /// Inks.
    Cmyk {
        /// True when 0 is full ink.
        inverted: bool,
    },
    /// CMY as `YCbCr`, and black; 0 is full ink.
    Ycck,
}

impl Color {
    /// The colour space that libjpeg takes a file to be in (`default_decompress_parms`).
    ///
    /// No standard says which number is full ink. Adobe's programs write 0 (TN 5116, section 18), and others followed:
    /// Chromium and Pillow take 0 for it in every file, whether it has Adobe's segment or not.
    pub(crate) fn of(frame: &Frame, metadata: &Metadata) -> Self {
        let names: Vec<u8> = frame.components.iter().map(|component| component.name).collect();
        let inverted = !metadata.has_tiff_inks;
        match (names.as_slice(), metadata.adobe) {
            ([_], _) => Self::Grey,
            ([_, _, _], _) if metadata.is_jfif => Self::Ycc,
            ([_, _, _], Some(0)) | ([b'R', b'G', b'B'], None) => Self::Rgb,
            ([_, _, _], _) => Self::Ycc,
            (_, Some(0) | None) => Self::Cmyk { inverted },
            (_, Some(_)) => Self::Ycck,
        }
    }

    /// Writes a row of pixels from a row of samples of each component, all of the same width. Inks become 0 for none.
    pub(super) fn convert(self, samples: &[&[u8]], pixels: &mut [u8]) {
        match (self, samples) {
            (Self::Grey, [grey]) => pixels.copy_from_slice(grey),
            (Self::Rgb, &[r, g, b]) => {
                interleave3([r, g, b], pixels, |rgb| U8x16::interleave3(rgb.map(U8x16::widen)));
            }
            (Self::Ycc, &[y, cb, cr]) => {
                interleave3([y, cb, cr], pixels, |ycc| U8x16::interleave3(rgb(ycc)));
            }
            (Self::Cmyk { inverted }, &[c, m, y, k]) => {
                let mask = if inverted { 0xff } else { 0 };
                interleave4([c, m, y, k], pixels, |inks| U8x16::interleave4(inks.map(|ink| ink.flip(mask))));
            }
            (Self::Ycck, &[y, cb, cr, k]) => {
                // YCbCr stands for 255 less C, M and Y (libjpeg's `ycck_cmyk_convert`), and these for 255 less ink.
                interleave4([y, cb, cr, k], pixels, |[y, cb, cr, k]| {
                    let [c, m, y] = rgb([y, cb, cr]).map(U8x16::narrow);
                    U8x16::interleave4([c, m, y, k.flip(0xff)])
                });
            }
            _ => (),
        }
    }
}

impl Color {
    /// The samples of [`Self::convert`], each channel by itself: a row of the first, then one of the next.
    pub(super) fn convert_planes(self, samples: &[&[u8]], planes: &mut [u8]) {
        let width = samples.first().map_or(0, |row| row.len());
        let flip = |row: &[u8], plane: &mut [u8], mask: u8| {
            plane.iter_mut().zip(row).for_each(|(place, sample)| *place = sample ^ mask);
        };
        let mask = if self == (Self::Cmyk { inverted: true }) { 0xff } else { 0 };
        match (self, samples) {
            (Self::Ycc, &[y, cb, cr]) => rgb_planes([y, cb, cr], planes),
            (Self::Ycck, &[y, cb, cr, k]) => {
                let (colors, black) = planes.split_at_mut(planes.len().min(width * 3));
                rgb_planes([y, cb, cr], colors);
                flip(k, black, 0xff);
            }
            (_, rows) => {
                let planes = planes.chunks_exact_mut(width.max(1));
                planes.zip(rows).for_each(|(plane, row)| flip(row, plane, mask));
            }
        }
    }
}

/// RGB of `YCbCr`, plane after plane.
fn rgb_planes(samples: [&[u8]; 3], planes: &mut [u8]) {
    let width = samples.map(<[u8]>::len).into_iter().min().unwrap_or(0);
    let (red, rest) = planes.split_at_mut(planes.len().min(width));
    let (green, blue) = rest.split_at_mut(rest.len().min(width));
    let [(y, y_end), (cb, cb_end), (cr, cr_end)]: [Chunks<'_>; 3] = samples.map(<[u8]>::as_chunks);
    let (red, red_end) = red.as_chunks_mut::<CHUNK>();
    let (green, green_end) = green.as_chunks_mut::<CHUNK>();
    let (blue, blue_end) = blue.as_chunks_mut::<CHUNK>();
    let places = red.iter_mut().zip(green).zip(blue);
    for (((y, cb), cr), ((red, green), blue)) in y.iter().zip(cb).zip(cr).zip(places) {
        let [r, g, b] = rgb([y, cb, cr].map(U8x16::new)).map(U8x16::narrow);
        (*red, *green, *blue) = (r.samples(), g.samples(), b.samples());
    }
    let ends = rgb([y_end, cb_end, cr_end].map(padded)).map(U8x16::narrow);
    for (place, end) in [red_end, green_end, blue_end].into_iter().zip(ends) {
        place.iter_mut().zip(end.samples()).for_each(|(place, sample)| *place = sample);
    }
}

/// Pixels made at a time.
const CHUNK: usize = 16;

/// Samples of a row that are made pixels of at a time, and those behind them.
type Chunks<'a> = (&'a [[u8; CHUNK]], &'a [u8]);

/// Makes pixels of three samples each from as many rows of samples.
#[inline(always)]
fn interleave3(samples: [&[u8]; 3], pixels: &mut [u8], interleaved: impl Fn([U8x16; 3]) -> [U8x16; 3]) {
    let [(a, a_end), (b, b_end), (c, c_end)]: [Chunks<'_>; 3] = samples.map(<[u8]>::as_chunks);
    let chunks = a.iter().zip(b).zip(c).map(|((a, b), c)| [a, b, c]);
    interleave(chunks, [a_end, b_end, c_end], pixels, interleaved);
}

/// Makes pixels of four samples each from as many rows of samples.
#[inline(always)]
fn interleave4(samples: [&[u8]; 4], pixels: &mut [u8], interleaved: impl Fn([U8x16; 4]) -> [U8x16; 4]) {
    let [(a, a_end), (b, b_end), (c, c_end), (d, d_end)]: [Chunks<'_>; 4] = samples.map(<[u8]>::as_chunks);
    let chunks = a.iter().zip(b).zip(c).zip(d).map(|(((a, b), c), d)| [a, b, c, d]);
    interleave(chunks, [a_end, b_end, c_end, d_end], pixels, interleaved);
}

/// Makes pixels of `N` samples each from as many rows of samples.
#[inline(always)]
fn interleave<'a, const N: usize>(
    chunks: impl Iterator<Item = [&'a [u8; CHUNK]; N]>,
    ends: [&[u8]; N],
    pixels: &mut [u8],
    interleaved: impl Fn([U8x16; N]) -> [U8x16; N],
) {
    let mut places = pixels.chunks_exact_mut(N * CHUNK);
    for (chunk, place) in chunks.zip(&mut places) {
        put(interleaved(chunk.map(U8x16::new)), place);
    }
    let place = places.into_remainder();
    if !place.is_empty() {
        let mut last = [[0; CHUNK]; N];
        put(interleaved(ends.map(padded)), last.as_flattened_mut());
        place.iter_mut().zip(last.as_flattened()).for_each(|(place, sample)| *place = *sample);
    }
}

#[inline(always)]
fn put<const N: usize>(interleaved: [U8x16; N], place: &mut [u8]) {
    let halves = interleaved.map(U8x16::halves);
    for (place, half) in place.as_chunks_mut().0.iter_mut().zip(halves.as_flattened()) {
        *place = half.to_le_bytes();
    }
}

fn padded(rest: &[u8]) -> U8x16 {
    let mut samples = [0; CHUNK];
    samples.iter_mut().zip(rest).for_each(|(place, sample)| *place = *sample);
    U8x16::new(&samples)
}

/// RGB of `YCbCr`, at even places and at odd places: see [`rgb_half`].
#[inline(always)]
fn rgb(ycc: [U8x16; 3]) -> [[I16x8; 2]; 3] {
    let middle = I16x8::splat(128);
    let [[y_even, y_odd], [cb_even, cb_odd], [cr_even, cr_odd]] = ycc.map(U8x16::widen);
    let [r_even, g_even, b_even] = rgb_half(y_even, cb_even.sub(middle), cr_even.sub(middle));
    let [r_odd, g_odd, b_odd] = rgb_half(y_odd, cb_odd.sub(middle), cr_odd.sub(middle));
    [[r_even, r_odd], [g_even, g_odd], [b_even, b_odd]]
}

/// RGB of luma and chroma, the latter from -128 to 127.
///
/// Libjpeg multiplies by constants of 16 bits of fraction and rounds once for each output: red is
/// `y + (91881 cr + 2^15 >> 16)`. Constants above 2^15 do not fit in the 16 bits of a vector's numbers, so whole
/// multiples of 2^16 are taken out and added as they are, which changes no rounding:
///
/// | factor | constant | instead |
/// |---|--:|--:|
/// | red, 1.402 `cr` | 91881 | `cr` and 26345 |
/// | green, -0.714 `cr` | -46802 | `-cr` and 18734 |
/// | green, -0.344 `cb` | -22554 | |
/// | blue, 1.772 `cb` | 116130 | 2 `cb` and -14942 |
#[inline(always)]
fn rgb_half(y: I16x8, cb: I16x8, cr: I16x8) -> [I16x8; 3] {
    // `mul_high` rounds down. With twice the chroma it gives f = ⌊c · factor / 2^15⌋, and ⌊(f + 1) / 2⌋ is
    // ⌊(c · factor + 2^15) / 2^16⌋: the product, rounded to the nearest.
    let scaled = |chroma: I16x8, factor| chroma.add(chroma).mul_high(factor).add(I16x8::splat(1)).half();
    let half = I32x4::splat(1 << 15);
    let green = |pairs: I16x8| pairs.dot(-22554, 18734).add(half).shift::<16>();
    let green = I32x4::saturate(green(cb.zip_low(cr)), green(cb.zip_high(cr)));
    let (red, blue) = (scaled(cr, 26345).add(cr), scaled(cb, -14942).add(cb).add(cb));
    [y.add(red), y.add(green).sub(cr), y.add(blue)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::frame::{Coding, Component, Process};

    /// T.871, section 7, with the constants of libjpeg.
    fn light(y: u8, cb: u8, cr: u8) -> [u8; 3] {
        let (y, u, v) = (i32::from(y), i32::from(cb) - 128, i32::from(cr) - 128);
        let clamp = |value: i32| value.clamp(0, 255) as u8;
        [
            clamp(y + ((91881 * v + 32768) >> 16)),
            clamp(y + ((-22554 * u - 46802 * v + 32768) >> 16)),
            clamp(y + ((116_130 * u + 32768) >> 16)),
        ]
    }

    fn converted<const N: usize>(color: Color, rows: [&[u8]; N]) -> Vec<[u8; N]> {
        let mut pixels = vec![0; rows[0].len() * N];
        color.convert(&rows, &mut pixels);
        let mut planes = vec![0; pixels.len()];
        color.convert_planes(&rows, &mut planes);
        for (channel, plane) in planes.chunks(rows[0].len().max(1)).enumerate() {
            assert!(pixels.iter().skip(channel).step_by(N).eq(plane), "{color:?}, channel {channel}");
        }
        pixels.as_chunks().0.to_vec()
    }

    #[test]
    fn conversion_is_libjpegs() {
        let all: Vec<u8> = (0..=255).collect();
        for (y, cb) in [0, 1, 77, 128, 254, 255].into_iter().flat_map(|y| (0..=255).map(move |cb| (y, cb))) {
            let pixels = converted(Color::Ycc, [&[y; 256], &[cb; 256], &all]);
            for (cr, pixel) in (0..=255).zip(pixels) {
                assert_eq!(pixel, light(y, cb, cr), "{y} {cb} {cr}");
            }
        }
    }

    #[test]
    fn rows_of_any_length_are_converted_whole() {
        let ramp = |from: u8| move |x: u8| from.wrapping_add(x.wrapping_mul(7));
        for length in 0..=70 {
            let [a, b, c, d] = [3, 90, 160, 250].map(|from| (0..length).map(ramp(from)).collect::<Vec<u8>>());
            let at = |x: usize| (a[x], b[x], c[x], d[x]);
            for (x, pixel) in converted(Color::Rgb, [&a, &b, &c]).into_iter().enumerate() {
                assert_eq!(pixel, [at(x).0, at(x).1, at(x).2]);
            }
            for (x, pixel) in converted(Color::Ycc, [&a, &b, &c]).into_iter().enumerate() {
                assert_eq!(pixel, light(at(x).0, at(x).1, at(x).2));
            }
            for (inverted, mask) in [(false, 0), (true, 255)] {
                for (x, pixel) in
                    converted(Color::Cmyk { inverted }, [&a, &b, &c, &d]).into_iter().enumerate()
                {
                    let (a, b, c, d) = at(x);
                    assert_eq!(pixel, [a, b, c, d].map(|ink| ink ^ mask));
                }
            }
            for (x, pixel) in converted(Color::Ycck, [&a, &b, &c, &d]).into_iter().enumerate() {
                let [red, green, blue] = light(at(x).0, at(x).1, at(x).2);
                assert_eq!(pixel, [red, green, blue, !at(x).3]);
            }
        }
    }

    /// A frame whose components have these names.
    fn frame(names: &[u8]) -> Frame {
        let components = names.iter().map(|name| Component { name: *name, across: 1, down: 1, table: 0 });
        let (process, coding) = (Process::Sequential, Coding::Huffman);
        Frame { width: 8, height: 8, process, coding, components: components.collect() }
    }

    #[test]
    fn colour_space_is_that_which_libjpeg_assumes() {
        let inverted = Color::Cmyk { inverted: true };
        for (names, is_jfif, adobe, expected) in [
            ([1].as_slice(), false, Some(2), Color::Grey),
            (&[1, 2, 3], false, None, Color::Ycc),
            (&[0, 1, 2], false, None, Color::Ycc),
            (b"RGB", false, None, Color::Rgb),
            (b"RGB", true, None, Color::Ycc),
            (b"RGB", false, Some(1), Color::Ycc),
            (&[1, 2, 3], false, Some(0), Color::Rgb),
            (&[1, 2, 3], true, Some(0), Color::Ycc),
            (&[1, 2, 3, 4], false, None, inverted),
            (b"CMYK", false, None, inverted),
            (b"CMYK", true, None, inverted),
            (b"CMYK", false, Some(0), inverted),
            (&[1, 2, 3, 4], true, Some(2), Color::Ycck),
            (&[1, 2, 3, 4], false, Some(1), Color::Ycck),
        ] {
            let mut metadata = Metadata::default();
            (metadata.is_jfif, metadata.adobe) = (is_jfif, adobe);
            assert_eq!(Color::of(&frame(names), &metadata), expected, "{names:?} {is_jfif} {adobe:?}");
        }
        let mut tiff = Metadata::default();
        tiff.has_tiff_inks = true;
        assert_eq!(Color::of(&frame(b"CMYK"), &tiff), Color::Cmyk { inverted: false });
    }
}
