//! Uncompressed images in memory: their samples, and the conversions between layouts.
//!
//! [`Picture`] is what every decoder gives, every step of drawing takes and gives, and every encoder takes. This module
//! copies and blends pixels of one size; scaling and rotation are in [`pixels`](crate::imaging::pixels), colour
//! profiles in [`color`](crate::imaging::color).
//!
//! Invariant: `samples` has exactly `width * height` pixels of `layout` and `depth`, rows from the top, without
//! padding. Alpha is straight, not premultiplied. A placeholder, which has no samples at all, is the one exception.

pub(crate) mod geometry;
pub(crate) mod orientation;

use crate::imaging::picture::geometry::Size;

/// The channels of a pixel, in their order. Alpha is straight, not premultiplied.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Layout {
    /// Four inks; sample 0 is no ink.
    Cmyk,
    Grey,
    GreyAlpha,
    Rgb,
    RgbAlpha,
}

impl Layout {
    /// Samples per pixel, alpha included.
    pub(super) fn channels(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::GreyAlpha => 2,
            Self::Rgb => 3,
            Self::Cmyk | Self::RgbAlpha => 4,
        }
    }

    /// `true` if the last channel is alpha.
    pub(super) fn has_alpha(self) -> bool {
        match self {
            Self::GreyAlpha | Self::RgbAlpha => true,
            Self::Cmyk | Self::Grey | Self::Rgb => false,
        }
    }
}

/// Bits per sample.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Depth {
    Eight,
    /// In the machine's byte order.
    Sixteen,
}

impl Depth {
    /// Bytes per sample.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Eight => 1,
            Self::Sixteen => 2,
        }
    }
}

/// An uncompressed image: rows from the top, without padding.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Picture {
    pub(super) size: Size,
    pub(super) layout: Layout,
    pub(super) depth: Depth,
    /// [`Self::bytes`] bytes, or none in a placeholder.
    pub(super) samples: Vec<u8>,
}

impl Picture {
    /// A picture of zeros: black, and transparent where there is alpha.
    pub(super) fn blank(size: Size, layout: Layout, depth: Depth) -> Self {
        let mut picture = Self { size, layout, depth, samples: Vec::new() };
        picture.samples = vec![0; picture.row_bytes().saturating_mul(side(size.height))];
        picture
    }

    /// Bytes per pixel: 1 to 8.
    pub(super) fn pixel_bytes(&self) -> usize {
        self.layout.channels() * self.depth.bytes()
    }

    /// A picture without samples, for estimates of memory: only size, layout and depth count. Pictures drawn from a
    /// placeholder are placeholders.
    pub(super) fn placeholder(size: Size, layout: Layout, depth: Depth) -> Self {
        Self { size, layout, depth, samples: Vec::new() }
    }

    /// `true` if there are no samples; see [`Self::placeholder`].
    pub(super) fn is_placeholder(&self) -> bool {
        self.samples.is_empty()
    }

    /// Bytes of all pixels, also of a placeholder's.
    pub(super) fn bytes(&self) -> u64 {
        self.size.pixels().saturating_mul(u64::try_from(self.pixel_bytes()).unwrap_or(u64::MAX))
    }

    /// Bytes per row; at least 1, so that it can be a chunk length.
    pub(super) fn row_bytes(&self) -> usize {
        self.pixel_bytes().saturating_mul(side(self.size.width)).max(1)
    }

    /// The rows, from the top.
    pub(super) fn rows(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.samples.chunks_exact(self.row_bytes())
    }

    /// The picture in grey, if all its colours are; `None` if not, or if it is in grey already.
    pub(super) fn as_grey(&self) -> Option<Self> {
        let is_grey = |[r, g, b]: [u8; 3]| r == g && g == b;
        match self.layout {
            Layout::Rgb => {
                let (pixels, _) = self.samples.as_chunks::<3>();
                pixels.iter().all(|pixel| is_grey(*pixel)).then(|| self.map(Layout::Grey, |[r, _, _]| [r]))
            }
            Layout::RgbAlpha => {
                let (pixels, _) = self.samples.as_chunks::<4>();
                let is_grey = pixels.iter().all(|[r, g, b, _]| is_grey([*r, *g, *b]));
                is_grey.then(|| self.map(Layout::GreyAlpha, |[r, _, _, a]| [r, a]))
            }
            Layout::Cmyk | Layout::Grey | Layout::GreyAlpha => None,
        }
    }

    /// The picture with its rows in the opposite order.
    pub(super) fn flipped(mut self) -> Self {
        let row = self.row_bytes();
        let (mut rows, half) = (self.samples.chunks_exact_mut(row), side(self.size.height / 2));
        for _ in 0..half {
            if let (Some(upper), Some(lower)) = (rows.next(), rows.next_back()) {
                upper.swap_with_slice(lower);
            }
        }
        self
    }

    /// The picture in another layout of eight bits: `convert` maps one pixel of `FROM` bytes to one of `TO` bytes.
    pub(super) fn map<const FROM: usize, const TO: usize>(
        &self,
        layout: Layout,
        convert: impl Fn([u8; FROM]) -> [u8; TO],
    ) -> Self {
        debug_assert_eq!((self.pixel_bytes(), layout.channels()), (FROM, TO));
        let mut mapped = Self::blank(self.size, layout, Depth::Eight);
        let (pixels, _) = self.samples.as_chunks::<FROM>();
        let (targets, _) = mapped.samples.as_chunks_mut::<TO>();
        for (target, pixel) in targets.iter_mut().zip(pixels) {
            *target = convert(*pixel);
        }
        mapped
    }

    /// The picture without its alpha channel if that is opaque everywhere, else unchanged. Eight bits only.
    pub(super) fn drop_opaque_alpha(self) -> Self {
        match self.layout {
            Layout::GreyAlpha if self.samples.as_chunks::<2>().0.iter().all(|p| p[1] == 255) => {
                self.map(Layout::Grey, |[y, _]| [y])
            }
            Layout::RgbAlpha if self.samples.as_chunks::<4>().0.iter().all(|p| p[3] == 255) => {
                self.map(Layout::Rgb, |[r, g, b, _]| [r, g, b])
            }
            Layout::Cmyk | Layout::Grey | Layout::GreyAlpha | Layout::Rgb | Layout::RgbAlpha => self,
        }
    }

    /// The picture composited over a colour, without alpha. Grey stays grey over a grey. Eight bits, not CMYK.
    pub(super) fn flatten(self, color: [u8; 3]) -> Self {
        let over = |top: u8, alpha: u8, background: u8| blend(top, background, alpha);
        let [r0, g0, b0] = color;
        match self.layout {
            Layout::GreyAlpha if r0 == g0 && g0 == b0 => self.map(Layout::Grey, |[y, a]| [over(y, a, r0)]),
            Layout::GreyAlpha => {
                self.map(Layout::Rgb, |[y, a]| [over(y, a, r0), over(y, a, g0), over(y, a, b0)])
            }
            Layout::RgbAlpha => {
                self.map(Layout::Rgb, |[r, g, b, a]| [over(r, a, r0), over(g, a, g0), over(b, a, b0)])
            }
            Layout::Cmyk | Layout::Grey | Layout::Rgb => self,
        }
    }

    /// The picture with three colour channels, and with its alpha. Eight bits, not CMYK.
    pub(super) fn colored(self) -> Self {
        match self.layout {
            Layout::Grey => self.map(Layout::Rgb, |[y]| [y, y, y]),
            Layout::GreyAlpha => self.map(Layout::RgbAlpha, |[y, a]| [y, y, y, a]),
            Layout::Cmyk | Layout::Rgb | Layout::RgbAlpha => self,
        }
    }

    /// The picture in shades of grey, JPEG's Y (ITU-R BT.601), and with its alpha. Eight bits, not CMYK.
    pub(super) fn greyed(self) -> Self {
        // 0.299, 0.587 and 0.114 in 65,536ths. They add up to 65,536, so white stays 255 and the sum is below 2^24.
        let luma = |r: u8, g: u8, b: u8| {
            let sum = 19_595 * u32::from(r) + 38_470 * u32::from(g) + 7_471 * u32::from(b);
            u8::try_from((sum + 32_768) >> 16).unwrap_or(u8::MAX)
        };
        match self.layout {
            Layout::Rgb => self.map(Layout::Grey, |[r, g, b]| [luma(r, g, b)]),
            Layout::RgbAlpha => self.map(Layout::GreyAlpha, |[r, g, b, a]| [luma(r, g, b), a]),
            Layout::Cmyk | Layout::Grey | Layout::GreyAlpha => self,
        }
    }

    /// The picture with an alpha channel, opaque if it had none. Eight bits, not CMYK.
    pub(super) fn with_alpha(self) -> Self {
        match self.layout {
            Layout::Grey => self.map(Layout::GreyAlpha, |[y]| [y, 255]),
            Layout::Rgb => self.map(Layout::RgbAlpha, |[r, g, b]| [r, g, b, 255]),
            Layout::Cmyk | Layout::GreyAlpha | Layout::RgbAlpha => self,
        }
    }
}

/// A side in pixels as a length in memory.
pub(super) fn side(pixels: u32) -> usize {
    usize::try_from(pixels).unwrap_or(usize::MAX)
}

/// One sample of straight alpha composited over an opaque background, rounded to the nearest.
fn blend(top: u8, background: u8, alpha: u8) -> u8 {
    let (top, background, alpha) = (u32::from(top), u32::from(background), u32::from(alpha));
    // 255 is odd, so no quotient ends in one half: adding 127 before the division rounds to the nearest.
    let sum = top * alpha + background * (255 - alpha) + 127;
    u8::try_from(sum / 255).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixel(layout: Layout, samples: &[u8]) -> Picture {
        let size = Size { width: 1, height: 1 };
        Picture { size, layout, depth: Depth::Eight, samples: samples.to_vec() }
    }

    #[test]
    fn opaque_alpha_is_dropped_and_other_alpha_kept() {
        assert_eq!(pixel(Layout::GreyAlpha, &[7, 255]).drop_opaque_alpha(), pixel(Layout::Grey, &[7]));
        assert_eq!(
            pixel(Layout::RgbAlpha, &[1, 2, 3, 255]).drop_opaque_alpha(),
            pixel(Layout::Rgb, &[1, 2, 3])
        );
        let translucent = pixel(Layout::RgbAlpha, &[1, 2, 3, 254]);
        assert_eq!(translucent.clone().drop_opaque_alpha(), translucent);
    }

    #[test]
    fn grey_is_the_luma_of_jpeg() {
        for (color, grey) in
            [([255; 3], 255), ([0; 3], 0), ([255, 0, 0], 76), ([0, 255, 0], 150), ([0, 0, 255], 29)]
        {
            assert_eq!(pixel(Layout::Rgb, &color).greyed(), pixel(Layout::Grey, &[grey]));
        }
        assert_eq!(pixel(Layout::RgbAlpha, &[9, 9, 9, 3]).greyed(), pixel(Layout::GreyAlpha, &[9, 3]));
    }

    #[test]
    fn flattening_composites_over_the_background() {
        for (alpha, expected) in [(255, 200), (0, 100), (128, 150)] {
            let flat = pixel(Layout::RgbAlpha, &[200, 200, 200, alpha]).flatten([100; 3]);
            assert_eq!(flat, pixel(Layout::Rgb, &[expected; 3]), "alpha {alpha}");
        }
        let grey = pixel(Layout::GreyAlpha, &[0, 0]);
        assert_eq!(grey.clone().flatten([9; 3]), pixel(Layout::Grey, &[9]));
        assert_eq!(grey.flatten([9, 8, 7]), pixel(Layout::Rgb, &[9, 8, 7]));
    }
}
