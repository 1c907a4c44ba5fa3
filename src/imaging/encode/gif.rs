//! GIF: one frame, up to 256 colours, pixels either opaque or transparent.

use gif::{Encoder, Frame};

use crate::imaging::encode::short;
use crate::imaging::picture::{Layout, Picture};
use crate::recipe::Rgb;

/// NeuQuant looks at every tenth pixel: the balance its authors recommend.
pub(super) const SPEED: i32 = 10;

pub(super) fn encode(picture: Picture, background: Rgb) -> Result<Vec<u8>, String> {
    let (width, height) = (short(picture.size.width), short(picture.size.height));
    let mut pixels = masked(picture, background).samples;
    let mut frame = Frame::from_rgba_speed(width, height, &mut pixels, SPEED);
    frame.make_lzw_pre_encoded();
    let palette = frame.palette.take().unwrap_or_default();
    let mut bytes = Vec::new();
    let written = Encoder::new(&mut bytes, width, height, &palette)
        .and_then(|mut encoder| encoder.write_lzw_pre_encoded_frame(&frame));
    written.map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// RGBA with alpha 0 or 255; what is half transparent at least shows the background through.
pub(super) fn masked(picture: Picture, background: Rgb) -> Picture {
    let picture = picture.colored().with_alpha();
    let flat = picture.clone().flatten(background.0);
    let mut masked = picture.map(Layout::RgbAlpha, |[_, _, _, a]| [0, 0, 0, if a < 128 { 0 } else { 255 }]);
    let (places, _) = masked.samples.as_chunks_mut::<4>();
    for ([r, g, b, a], color) in places.iter_mut().zip(flat.samples.as_chunks::<3>().0) {
        if *a != 0 {
            [*r, *g, *b] = *color;
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::picture::Depth;
    use crate::imaging::picture::geometry::Size;

    #[test]
    fn alpha_becomes_all_or_nothing_over_the_background() {
        let size = Size { width: 3, height: 1 };
        let samples = [[10, 10, 10, 127], [10, 10, 10, 255], [0, 0, 0, 128]].concat();
        let picture = Picture { size, layout: Layout::RgbAlpha, depth: Depth::Eight, samples };
        let masked = masked(picture, Rgb([255; 3]));
        assert_eq!(masked.samples, [[0, 0, 0, 0], [10, 10, 10, 255], [127, 127, 127, 255]].concat());
    }
}
