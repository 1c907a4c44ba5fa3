//! Splits a picture of sixteen bits into premultiplied colours and the last channel, which are resampled one by one.
//!
//! The last channel is alpha, or the black ink of CMYK, which does not weight the other inks. The resampler could take
//! the channels together, but it undoes alpha by a table of half a megabyte: a sixteenth of the program, for pictures
//! that are rarely uploaded. Pictures of eight bits are never split.

use crate::imaging::picture::{Depth, Layout, Picture};

/// One picture as two of the same size and sixteen bits.
pub(crate) struct SplitAlpha {
    /// One or three channels, premultiplied if the last channel is alpha.
    pub(crate) colors: Picture,
    /// The last channel, as [`Layout::Grey`].
    pub(crate) last: Picture,
}

const OPAQUE: u32 = u16::MAX as u32;

impl SplitAlpha {
    /// Splits a picture of sixteen bits with two or four channels; `None` for others.
    pub(crate) fn of(picture: &Picture) -> Option<Self> {
        match (picture.depth, picture.layout) {
            (Depth::Sixteen, Layout::GreyAlpha) => Some(Self::split::<2>(picture, Layout::Grey)),
            (Depth::Sixteen, Layout::Cmyk | Layout::RgbAlpha) => Some(Self::split::<4>(picture, Layout::Rgb)),
            _ => None,
        }
    }

    fn split<const CHANNELS: usize>(picture: &Picture, layout: Layout) -> Self {
        let blank = |layout| Picture::blank(picture.size, layout, Depth::Sixteen);
        let mut split = Self { colors: blank(layout), last: blank(Layout::Grey) };
        let (samples, _) = picture.samples.as_chunks::<2>();
        let (pixels, _) = samples.as_chunks::<CHANNELS>();
        let colors = split.colors.samples.as_chunks_mut::<2>().0.chunks_exact_mut(CHANNELS - 1);
        let has_alpha = picture.layout.has_alpha();
        for ((pixel, colors), target) in
            pixels.iter().zip(colors).zip(split.last.samples.as_chunks_mut::<2>().0)
        {
            let [rest @ .., last] = pixel.as_slice() else { continue };
            *target = *last;
            let alpha = if has_alpha { u32::from(u16::from_ne_bytes(*last)) } else { OPAQUE };
            for (target, sample) in colors.iter_mut().zip(rest) {
                // 65,535^2 + 32,767 is below 2^32. The divisor is odd, so half of it rounds to the nearest.
                let product = u32::from(u16::from_ne_bytes(*sample)) * alpha;
                *target = sample_bytes((product + OPAQUE / 2) / OPAQUE);
            }
        }
        split
    }

    /// Both parts as one picture of `layout`, the layout before splitting, with straight alpha again.
    pub(crate) fn joined(&self, layout: Layout) -> Picture {
        debug_assert_eq!(self.colors.size, self.last.size);
        let mut joined = Picture::blank(self.colors.size, layout, Depth::Sixteen);
        let channels = layout.channels();
        let pixels = joined.samples.as_chunks_mut::<2>().0.chunks_exact_mut(channels);
        let colors = self.colors.samples.as_chunks::<2>().0.chunks_exact(channels - 1);
        for ((pixel, colors), last) in pixels.zip(colors).zip(self.last.samples.as_chunks::<2>().0) {
            let [color_targets @ .., last_target] = pixel else { continue };
            *last_target = *last;
            let alpha = if layout.has_alpha() { u32::from(u16::from_ne_bytes(*last)) } else { OPAQUE };
            for (target, sample) in color_targets.iter_mut().zip(colors) {
                // At most 65,535^2 + 32,767, below 2^32.
                let sum = u32::from(u16::from_ne_bytes(*sample)) * OPAQUE + alpha / 2;
                *target = sample_bytes(sum.checked_div(alpha).unwrap_or(0));
            }
        }
        joined
    }
}

/// A sample in the machine's byte order. A colour larger than its alpha, from the kernel's overshoot, ends at white.
fn sample_bytes(sample: u32) -> [u8; 2] {
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
    fn opaque_pictures_and_inks_survive_splitting_and_joining() {
        for (layout, samples) in [
            (Layout::GreyAlpha, &[0_u16, 65_535, 65_535, 65_535, 1234, 65_535][..]),
            (Layout::RgbAlpha, &[1, 2, 65_535, 65_535, 60_000, 30_000, 0, 65_535]),
            (Layout::Cmyk, &[1, 2, 3, 0, 65_535, 30_000, 0, 4]),
        ] {
            let whole = picture(layout, samples);
            let split = SplitAlpha::of(&whole).unwrap();
            assert_eq!(split.joined(layout), whole, "{layout:?}");
        }
        assert!(SplitAlpha::of(&picture(Layout::Rgb, &[1, 2, 3])).is_none());
        assert!(
            SplitAlpha::of(&Picture::blank(Size { width: 1, height: 1 }, Layout::RgbAlpha, Depth::Eight))
                .is_none()
        );
    }

    #[test]
    fn colours_are_premultiplied_and_divided_again() {
        let split = SplitAlpha::of(&picture(Layout::GreyAlpha, &[40_000, 32_768, 40_000, 0])).unwrap();
        assert_eq!(split.colors, picture(Layout::Grey, &[20_000, 0]));
        assert_eq!(split.joined(Layout::GreyAlpha), picture(Layout::GreyAlpha, &[39_999, 32_768, 0, 0]));
        let overshot =
            SplitAlpha { colors: picture(Layout::Grey, &[300]), last: picture(Layout::Grey, &[200]) };
        assert_eq!(overshot.joined(Layout::GreyAlpha), picture(Layout::GreyAlpha, &[65_535, 200]));
    }
}
