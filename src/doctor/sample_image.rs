//! Sample images for measurements: the header of an image of any size, and a whole JPEG of one colour.

use std::io::{Cursor, Read, repeat};

/// A format of sample images.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum SampleFormat {
    Jpeg,
    Png,
    ProgressiveJpeg,
    WebP,
}

impl SampleFormat {
    pub(super) const ALL: [Self; 4] = [Self::Jpeg, Self::ProgressiveJpeg, Self::Png, Self::WebP];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::ProgressiveJpeg => "progressive JPEG",
            Self::WebP => "WebP",
        }
    }

    pub(super) fn is_jpeg(self) -> bool {
        matches!(self, Self::Jpeg | Self::ProgressiveJpeg)
    }

    /// Longest side that its header can express, pixels.
    pub(super) fn longest_side(self) -> u32 {
        match self {
            Self::Jpeg | Self::ProgressiveJpeg => 0xffff,
            Self::Png => 0x7fff_ffff,
            Self::WebP => 0x3fff,
        }
    }

    /// A header with everything that a decoder plans by, and no image data: 8 bits, RGB or YCbCr 4:2:0, lossy WebP.
    pub(super) fn header(self, width: u32, height: u32) -> Vec<u8> {
        let [.., w1, w0] = width.to_be_bytes();
        let [.., h1, h0] = height.to_be_bytes();
        match self {
            Self::Jpeg | Self::ProgressiveJpeg => {
                let (frame, last) = if self == Self::Jpeg { (0xc0, 63) } else { (0xc2, 0) };
                let parts: [&[u8]; 6] = [
                    b"\xff\xd8\xff\xdb\0\x43\0",
                    &[1; 64],
                    &[0xff, frame, 0, 17, 8, h1, h0, w1, w0, 3, 1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0],
                    // One code each, a single zero: no difference, and end of block.
                    b"\xff\xc4\0\x26\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                    b"\x10\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                    &[0xff, 0xda, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, last, 0],
                ];
                parts.concat()
            }
            Self::Png => {
                let mut bytes = Vec::new();
                let mut encoder = png::Encoder::new(&mut bytes, width, height);
                encoder.set_color(png::ColorType::Rgb);
                // Nothing can go wrong in memory.
                drop(encoder.write_header());
                bytes.truncate(33);
                // The data is not deflate.
                [bytes.as_slice(), b"\x7f\xff\xff\xffIDAT", &[0xff; 64]].concat()
            }
            Self::WebP => {
                let start = b"RIFF\xfe\xff\xff\x7fWEBPVP8 \xf0\xff\xff\x7f\x10\0\0\x9d\x01\x2a";
                [start.as_slice(), &[w0, w1, h0, h1], &[0; 64]].concat()
            }
        }
    }
}

/// A whole JPEG of one colour: each of the six blocks for 16 by 16 pixels is two zero bits.
pub(super) fn jpeg(width: u32, height: u32) -> impl Read + Send {
    let units = u64::from(width.div_ceil(16)) * u64::from(height.div_ceil(16));
    let zeros = repeat(0).take((units * 12).div_ceil(8));
    Cursor::new(SampleFormat::Jpeg.header(width, height)).chain(zeros).chain(b"\xff\xd9".as_slice())
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;
    use crate::imaging::{Cancel, Limits, Tolerance, Upright, render};
    use crate::recipe::Recipe;

    #[test]
    fn the_jpeg_of_one_colour_is_whole() {
        let threads = NonZeroUsize::MIN;
        let limits = Limits { max_pixels: 1 << 20, memory: 1 << 24, damage: Tolerance::Nothing, threads };
        for (width, height) in [(1, 1), (100, 75), (333, 250)] {
            let recipe = Recipe::fit_inside(20, 20);
            let rendering =
                render(jpeg(width, height), None, &[&recipe], Upright::ByExif, &limits, &Cancel::default())
                    .unwrap();
            assert_eq!((rendering.source.width, rendering.source.height), (width, height));
            assert!(rendering.thumbnails[0].is_ok());
        }
    }
}
