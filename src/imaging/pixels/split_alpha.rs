//! Colours and the channel beside them as two pictures of sixteen bits, which are scaled one by one.
//!
//! The resampler would take them together, and bring a table of half a megabyte with it to undo alpha: a sixteenth of
//! the program, for pictures that hardly anybody uploads.

use crate::imaging::picture::{Depth, Layout, Picture};

/// A picture in two.
pub(crate) struct SplitAlpha {
    /// Weighed by alpha, where that is what stands beside them.
    pub(crate) colors: Picture,
    pub(crate) last: Picture,
}

const OPAQUE: u32 = u16::MAX as u32;

impl SplitAlpha {
    /// Takes a picture of sixteen bits apart that has two or four channels.
    pub(crate) fn of(picture: &Picture) -> Option<Self> {
        match (picture.depth, picture.layout) {
            (Depth::Sixteen, Layout::GreyAlpha) => Some(Self::split::<2>(picture, Layout::Grey)),
            (Depth::Sixteen, Layout::Cmyk | Layout::RgbAlpha) => Some(Self::split::<4>(picture, Layout::Rgb)),
            _ => None,
        }
    }

    fn split<const CHANNELS: usize>(picture: &Picture, layout: Layout) -> Self {
        let blank = |layout| Picture::blank(picture.size, layout, Depth::Sixteen);
        let mut apart = Self { colors: blank(layout), last: blank(Layout::Grey) };
        let (samples, _) = picture.samples.as_chunks::<2>();
        let (pixels, _) = samples.as_chunks::<CHANNELS>();
        let colors = apart.colors.samples.as_chunks_mut::<2>().0.chunks_exact_mut(CHANNELS - 1);
        let weighed = picture.layout.has_alpha();
        for ((pixel, colors), place) in
            pixels.iter().zip(colors).zip(apart.last.samples.as_chunks_mut::<2>().0)
        {
            let [rest @ .., last] = pixel.as_slice() else { continue };
            *place = *last;
            let alpha = if weighed { u32::from(u16::from_ne_bytes(*last)) } else { OPAQUE };
            for (place, sample) in colors.iter_mut().zip(rest) {
                let product = u32::from(u16::from_ne_bytes(*sample)) * alpha;
                *place = narrow((product + OPAQUE / 2) / OPAQUE);
            }
        }
        apart
    }

    /// Both together, in the layout that the picture had.
    pub(crate) fn joined(&self, layout: Layout) -> Picture {
        let mut joined = Picture::blank(self.colors.size, layout, Depth::Sixteen);
        let channels = layout.channels();
        let pixels = joined.samples.as_chunks_mut::<2>().0.chunks_exact_mut(channels);
        let colors = self.colors.samples.as_chunks::<2>().0.chunks_exact(channels - 1);
        for ((pixel, colors), last) in pixels.zip(colors).zip(self.last.samples.as_chunks::<2>().0) {
            let [places @ .., place] = pixel else { continue };
            *place = *last;
            let alpha = if layout.has_alpha() { u32::from(u16::from_ne_bytes(*last)) } else { OPAQUE };
            for (place, sample) in places.iter_mut().zip(colors) {
                // Both fit: a sample times the largest one is less than 2 to the power of 32.
                let sum = u32::from(u16::from_ne_bytes(*sample)) * OPAQUE + alpha / 2;
                *place = narrow(sum.checked_div(alpha).unwrap_or(0));
            }
        }
        joined
    }
}

/// What overshot is cut off.
fn narrow(sample: u32) -> [u8; 2] {
    u16::try_from(sample).unwrap_or(u16::MAX).to_ne_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::picture::geometry::Size;

    fn picture(layout: Layout, samples: &[u16]) -> Picture {
        let width = u32::try_from(samples.len() / layout.channels()).unwrap();
        let samples = samples.iter().flat_map(|sample| sample.to_ne_bytes()).collect();
        Picture { size: Size { width, height: 1 }, layout, depth: Depth::Sixteen, samples }
    }

    #[test]
    fn what_was_taken_apart_is_put_together_again() {
        for (layout, samples) in [
            (Layout::GreyAlpha, &[0_u16, 65_535, 65_535, 65_535, 1234, 65_535][..]),
            (Layout::RgbAlpha, &[1, 2, 65_535, 65_535, 60_000, 30_000, 0, 65_535]),
            (Layout::Cmyk, &[1, 2, 3, 0, 65_535, 30_000, 0, 4]),
        ] {
            let whole = picture(layout, samples);
            let apart = SplitAlpha::of(&whole).unwrap();
            assert_eq!(apart.joined(layout), whole, "{layout:?}");
        }
        assert!(SplitAlpha::of(&picture(Layout::Rgb, &[1, 2, 3])).is_none());
        assert!(
            SplitAlpha::of(&Picture::blank(Size { width: 1, height: 1 }, Layout::RgbAlpha, Depth::Eight))
                .is_none()
        );
    }

    #[test]
    fn colours_weigh_by_their_alpha() {
        let apart = SplitAlpha::of(&picture(Layout::GreyAlpha, &[40_000, 32_768, 40_000, 0])).unwrap();
        assert_eq!(apart.colors, picture(Layout::Grey, &[20_000, 0]));
        assert_eq!(apart.joined(Layout::GreyAlpha), picture(Layout::GreyAlpha, &[39_999, 32_768, 0, 0]));
        let overshot =
            SplitAlpha { colors: picture(Layout::Grey, &[300]), last: picture(Layout::Grey, &[200]) };
        assert_eq!(overshot.joined(Layout::GreyAlpha), picture(Layout::GreyAlpha, &[65_535, 200]));
    }
}
