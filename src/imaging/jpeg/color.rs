//! Rows of components to rows of pixels (JFIF 1.02, page 3; libjpeg's `jdcolor`, bit by bit).

use super::frame::Frame;
use super::metadata::Metadata;

/// What the components of a JPEG mean.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Color {
    Grey,
    Rgb,
    Ycc,
    /// Inks; `inverted` when 0 is full ink, as Adobe's programs have it.
    Cmyk {
        inverted: bool,
    },
    /// CMY as YCC, and black.
    Ycck {
        inverted: bool,
    },
}

impl Color {
    /// Decides it as libjpeg does (`default_decompress_parms`).
    pub(super) fn of(frame: &Frame, metadata: &Metadata) -> Self {
        let names: Vec<u8> = frame.components.iter().map(|component| component.name).collect();
        let inverted = metadata.adobe.is_some();
        match (names.as_slice(), metadata.adobe) {
            ([_], _) => Self::Grey,
            ([_, _, _], _) if metadata.is_jfif => Self::Ycc,
            ([_, _, _], Some(0)) | ([b'R', b'G', b'B'], None) => Self::Rgb,
            ([_, _, _], _) => Self::Ycc,
            (_, Some(0) | None) => Self::Cmyk { inverted },
            (_, Some(_)) => Self::Ycck { inverted },
        }
    }

    /// Writes a row of pixels; every row of samples is as wide as it. Inks come out as 0 for none.
    pub(super) fn convert(self, samples: &[&[u8]], pixels: &mut [u8]) {
        match (self, samples) {
            (Self::Grey, [grey]) => pixels.copy_from_slice(grey),
            (Self::Rgb, [r, g, b]) => {
                for (pixel, ((r, g), b)) in
                    pixels.as_chunks_mut::<3>().0.iter_mut().zip(r.iter().zip(*g).zip(*b))
                {
                    *pixel = [*r, *g, *b];
                }
            }
            (Self::Ycc, [y, cb, cr]) => ycc(y, cb, cr, pixels),
            (Self::Cmyk { inverted }, [c, m, y, k]) => {
                let turned = if inverted { 0xff } else { 0 };
                let inks = c.iter().zip(*m).zip(*y).zip(*k);
                for (pixel, (((c, m), y), k)) in pixels.as_chunks_mut::<4>().0.iter_mut().zip(inks) {
                    *pixel = [*c, *m, *y, *k].map(|ink| ink ^ turned);
                }
            }
            (Self::Ycck { inverted }, [y, cb, cr, k]) => {
                let turned = if inverted { 0xff } else { 0 };
                let inks = y.iter().zip(*cb).zip(*cr).zip(*k);
                for (pixel, (((y, cb), cr), k)) in pixels.as_chunks_mut::<4>().0.iter_mut().zip(inks) {
                    let [r, g, b] = rgb(*y, *cb, *cr);
                    *pixel = [255 - r, 255 - g, 255 - b, *k].map(|ink| ink ^ turned);
                }
            }
            _ => (),
        }
    }
}

/// Pixels converted at a time, so that the arithmetic runs on vectors before bytes are interleaved.
const CHUNK: usize = 32;

fn ycc(y: &[u8], cb: &[u8], cr: &[u8], pixels: &mut [u8]) {
    let (ys, y_rest) = y.as_chunks::<CHUNK>();
    let ((cbs, cb_rest), (crs, cr_rest)) = (cb.as_chunks::<CHUNK>(), cr.as_chunks::<CHUNK>());
    let done = ys.len() * CHUNK * 3;
    let Some((chunks, pixel_rest)) = pixels.split_at_mut_checked(done) else { return };
    for (target, ((y, cb), cr)) in chunks.chunks_exact_mut(CHUNK * 3).zip(ys.iter().zip(cbs).zip(crs)) {
        let (mut r, mut g, mut b) = ([0; CHUNK], [0; CHUNK], [0; CHUNK]);
        let places = r.iter_mut().zip(&mut g).zip(&mut b);
        for (((r, g), b), ((y, cb), cr)) in places.zip(y.iter().zip(cb).zip(cr)) {
            [*r, *g, *b] = rgb(*y, *cb, *cr);
        }
        for (pixel, ((r, g), b)) in target.as_chunks_mut::<3>().0.iter_mut().zip(r.iter().zip(&g).zip(&b)) {
            *pixel = [*r, *g, *b];
        }
    }
    let rest = y_rest.iter().zip(cb_rest).zip(cr_rest);
    for (pixel, ((y, cb), cr)) in pixel_rest.as_chunks_mut::<3>().0.iter_mut().zip(rest) {
        *pixel = rgb(*y, *cb, *cr);
    }
}

/// 1.402 is taken as 1 + 0.402, 1.772 as 2 - 0.228 and 0.71414 as 1 - 0.28586, so that the constants fit in
/// sixteen bits and multiply in vectors.
#[inline(always)]
fn rgb(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    let (y, cb, cr) = (i32::from(y), i32::from(cb) - 128, i32::from(cr) - 128);
    let red = y + cr + ((26345 * cr + 32768) >> 16);
    let green = y - cr + ((18734 * cr - 22554 * cb + 32768) >> 16);
    let blue = y + 2 * cb + ((32768 - 14942 * cb) >> 16);
    [red, green, blue].map(|value| u8::try_from(value.clamp(0, 255)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T.871, section 7, with the constants of libjpeg.
    #[test]
    fn conversion_is_libjpegs() {
        for y in [0, 1, 77, 128, 254, 255] {
            for (cb, cr) in (0..=255).flat_map(|cb| (0..=255).map(move |cr| (cb, cr))) {
                let (u, v) = (i32::from(cb) - 128, i32::from(cr) - 128);
                let clamp = |value: i32| value.clamp(0, 255) as u8;
                let expected = [
                    clamp(i32::from(y) + ((91881 * v + 32768) >> 16)),
                    clamp(i32::from(y) + ((-22554 * u - 46802 * v + 32768) >> 16)),
                    clamp(i32::from(y) + ((116_130 * u + 32768) >> 16)),
                ];
                assert_eq!(rgb(y, cb, cr), expected, "{y} {cb} {cr}");
            }
        }
    }

    #[test]
    fn rows_of_any_length_are_converted_whole() {
        for length in [1, 31, 32, 33, 100] {
            let (y, cb, cr) = (vec![100; length], vec![90; length], vec![200; length]);
            let mut pixels = vec![0; length * 3];
            Color::Ycc.convert(&[&y, &cb, &cr], &mut pixels);
            assert!(pixels.chunks(3).all(|pixel| pixel == rgb(100, 90, 200)), "{length}");
        }
    }
}
