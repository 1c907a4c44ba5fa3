//! GIF (89a): one frame with up to 256 colours, every pixel either opaque or transparent.
//!
//! XMP stands before the first frame. Its packet is not cut into sub-blocks: readers that know nothing of it take its
//! bytes for lengths, and a trailer leads them to its end wherever they come out (XMP, part 3, section 1.1.2).
//!
//! Colours are quantised by NeuQuant where there are more than 256, without dithering. Animated GIF is in
//! [`animation`](crate::imaging::encode::animation), and shares the palette's speed and the one-bit alpha.

use gif::{Encoder, Frame};

use crate::imaging::encode::side_u16;
use crate::imaging::picture::{Layout, Picture};
use crate::recipe::Rgb;

/// NeuQuant's sampling factor: it learns from every tenth pixel, the balance that its authors recommend.
pub(super) const SPEED: i32 = 10;

/// Beginning of an extension that says how often an animation is played, and its length.
const LOOP: &[u8] = b"!\xff\x0bNETSCAPE2.0";
const LOOP_BYTES: usize = 19;

/// Encodes a picture. Half-transparent pixels are composited over `background`.
///
/// # Errors
/// The encoder's description.
pub(super) fn encode(picture: Picture, background: Rgb, xmp: Option<&[u8]>) -> Result<Vec<u8>, String> {
    let (width, height) = (side_u16(picture.size.width), side_u16(picture.size.height));
    let mut pixels = with_binary_alpha(picture, background).samples;
    let mut frame = Frame::from_rgba_speed(width, height, &mut pixels, SPEED);
    frame.make_lzw_pre_encoded();
    // The palette of the only frame becomes the global one.
    let palette = frame.palette.take().unwrap_or_default();
    let mut bytes = Vec::new();
    let written = Encoder::new(&mut bytes, width, height, &palette)
        .and_then(|mut encoder| encoder.write_lzw_pre_encoded_frame(&frame));
    written.map_err(|error| error.to_string())?;
    Ok(with_xmp(bytes, xmp))
}

/// The file with a packet of XMP, which has no zeros.
pub(super) fn with_xmp(gif: Vec<u8>, xmp: Option<&[u8]>) -> Vec<u8> {
    let Some(xmp) = xmp else { return gif };
    // Signature, size of the screen, and flags of which the lowest three give the length of the palette.
    let palette = gif.get(10).map_or(0, |flags| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) });
    let header = 13 + palette;
    let has_loop = gif.get(header..).is_some_and(|blocks| blocks.starts_with(LOOP));
    let (before, after) = gif.split_at(gif.len().min(header + if has_loop { LOOP_BYTES } else { 0 }));
    let trailer: Vec<u8> = (0..=u8::MAX).rev().collect();
    [before, b"!\xff\x0bXMP DataXMP", xmp, &[1], &trailer, &[0], after].concat()
}

/// The picture in RGBA with alpha 0 or 255.
///
/// Pixels with alpha below 128 become `[0; 4]`. The others are composited over `background` and become opaque.
pub(super) fn with_binary_alpha(picture: Picture, background: Rgb) -> Picture {
    let picture = picture.colored().with_alpha();
    let flat = picture.clone().flatten(background.0);
    let mut binary = picture.map(Layout::RgbAlpha, |[_, _, _, a]| [0, 0, 0, if a < 128 { 0 } else { 255 }]);
    let (pixels, _) = binary.samples.as_chunks_mut::<4>();
    for ([r, g, b, a], color) in pixels.iter_mut().zip(flat.samples.as_chunks::<3>().0) {
        if *a != 0 {
            [*r, *g, *b] = *color;
        }
    }
    binary
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::picture::Depth;
    use crate::imaging::picture::geometry::Size;

    #[test]
    fn alpha_becomes_binary_over_the_background() {
        let size = Size { width: 3, height: 1 };
        let samples = [[10, 10, 10, 127], [10, 10, 10, 255], [0, 0, 0, 128]].concat();
        let picture = Picture { size, layout: Layout::RgbAlpha, depth: Depth::Eight, samples };
        let binary = with_binary_alpha(picture, Rgb([255; 3]));
        assert_eq!(binary.samples, [[0, 0, 0, 0], [10, 10, 10, 255], [127, 127, 127, 255]].concat());
    }
}
