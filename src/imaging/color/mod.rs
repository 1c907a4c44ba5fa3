//! Conversion of decoded samples to sRGB of eight bits, by the ICC profile of the source.
//!
//! Conversion comes after the first resampling, so that few pixels pay for it and sixteen bits are rounded only once,
//! to eight. Colours given by code points or chunks become profiles in [`code_points`].
//!
//! A profile that cannot be read, or that does not match the channels of the picture, is ignored. The samples then
//! count as sRGB, and CMYK is converted by a simple formula: an image in slightly wrong colours is better than none.

pub(crate) mod code_points;
pub(crate) mod srgb;

use std::fmt;
use std::sync::Arc;

use moxcms::{
    CmsError, ColorProfile, DataColorSpace, Transform8BitExecutor, Transform16BitExecutor, TransformOptions,
};

use crate::imaging::picture::{Depth, Layout, Picture};

/// The conversion of one source's samples to sRGB.
pub(super) enum Profile {
    /// A transform of eight-bit samples to RGB, or RGBA if the source has alpha.
    Eight(Arc<Transform8BitExecutor>),
    /// The same for sixteen bits.
    Sixteen(Arc<Transform16BitExecutor>),
    /// No transform: sRGB, grey on sRGB's curve, or CMYK without a profile.
    Srgb,
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Eight(_) => "Eight",
            Self::Sixteen(_) => "Sixteen",
            Self::Srgb => "Srgb",
        })
    }
}

impl Profile {
    /// The conversion by an embedded profile, for pictures of this layout and depth.
    pub(super) fn new(icc: Option<&[u8]>, layout: Layout, depth: Depth) -> Self {
        icc.and_then(|icc| Self::parse(icc, layout, depth)).unwrap_or(Self::Srgb)
    }

    /// `true` if a profile can be read and is for RGB.
    pub(super) fn is_rgb(icc: &[u8]) -> bool {
        ColorProfile::new_from_slice(icc).is_ok_and(|profile| profile.color_space == DataColorSpace::Rgb)
    }

    fn parse(icc: &[u8], layout: Layout, depth: Depth) -> Option<Self> {
        let profile = ColorProfile::new_from_slice(icc).ok()?;
        let (space, from) = match layout {
            // The library has no CMYK layout; Rgba stands for any four samples.
            Layout::Cmyk => (DataColorSpace::Cmyk, moxcms::Layout::Rgba),
            Layout::Grey => (DataColorSpace::Gray, moxcms::Layout::Gray),
            Layout::GreyAlpha => (DataColorSpace::Gray, moxcms::Layout::GrayAlpha),
            Layout::Rgb => (DataColorSpace::Rgb, moxcms::Layout::Rgb),
            Layout::RgbAlpha => (DataColorSpace::Rgb, moxcms::Layout::Rgba),
        };
        if profile.color_space != space {
            return None;
        }
        let to = if layout.has_alpha() { moxcms::Layout::Rgba } else { moxcms::Layout::Rgb };
        let (srgb, options) = (ColorProfile::new_srgb(), TransformOptions::default());
        if space == DataColorSpace::Rgb && is_srgb(&profile, &srgb, options) {
            return None;
        }
        Some(match depth {
            Depth::Eight => Self::Eight(profile.create_transform_8bit(from, &srgb, to, options).ok()?),
            Depth::Sixteen => Self::Sixteen(profile.create_transform_16bit(from, &srgb, to, options).ok()?),
        })
    }

    /// The picture in sRGB of eight bits: RGB, or grey if it was grey, with its alpha.
    pub(super) fn to_srgb(&self, picture: Picture) -> Picture {
        let converted = match self {
            Self::Eight(transform) => {
                let mut converted = converted_blank(&picture);
                transform.transform(&picture.samples, &mut converted.samples).ok().map(|()| converted)
            }
            Self::Sixteen(transform) => {
                let mut converted = converted_blank(&picture);
                let length = converted.row_bytes();
                let mut wide = vec![0_u16; length];
                let mut rows = picture.rows().zip(converted.samples.chunks_exact_mut(length));
                let done = rows.try_for_each(|(row, targets)| {
                    let (pairs, _) = row.as_chunks::<2>();
                    let samples: Vec<u16> = pairs.iter().map(|pair| u16::from_ne_bytes(*pair)).collect();
                    transform.transform(&samples, &mut wide)?;
                    targets
                        .iter_mut()
                        .zip(&wide)
                        .for_each(|(target, sample)| *target = to_eight_bits(*sample));
                    Ok::<_, CmsError>(())
                });
                done.ok().map(|()| converted)
            }
            Self::Srgb => None,
        };
        match (converted, picture.layout) {
            // Transforms of grey give three equal channels.
            (Some(converted), Layout::Grey) => converted.map(Layout::Grey, |[r, _, _]| [r]),
            (Some(converted), Layout::GreyAlpha) => converted.map(Layout::GreyAlpha, |[r, _, _, a]| [r, a]),
            (Some(converted), Layout::Cmyk | Layout::Rgb | Layout::RgbAlpha) => converted,
            (None, _) => cmyk_to_rgb(in_eight_bits(picture)),
        }
    }
}

/// A blank picture for the output of a transform: RGB or RGBA of eight bits.
fn converted_blank(picture: &Picture) -> Picture {
    let layout = if picture.layout.has_alpha() { Layout::RgbAlpha } else { Layout::Rgb };
    Picture::blank(picture.size, layout, Depth::Eight)
}

/// `true` if a profile converts a grid of 9 x 9 x 9 colours to themselves, within one level of eight bits.
fn is_srgb(profile: &ColorProfile, srgb: &ColorProfile, options: TransformOptions) -> bool {
    const GRID: [u8; 9] = [0, 32, 64, 96, 128, 160, 192, 224, 255];
    let layout = moxcms::Layout::Rgb;
    let Ok(transform) = profile.create_transform_8bit(layout, srgb, layout, options) else { return false };
    let colors = GRID.iter().flat_map(|r| GRID.iter().flat_map(move |g| GRID.map(|b| [*r, *g, b])));
    let colors: Vec<u8> = colors.flatten().collect();
    let mut converted = vec![0; colors.len()];
    transform.transform(&colors, &mut converted).is_ok()
        && colors.iter().zip(&converted).all(|(before, after)| before.abs_diff(*after) <= 1)
}

/// CMYK without a profile as RGB; other layouts unchanged.
///
/// Each ink absorbs one primary in proportion, and black absorbs all: red is `(1 - c)(1 - k)`.
fn cmyk_to_rgb(picture: Picture) -> Picture {
    if picture.layout != Layout::Cmyk {
        return picture;
    }
    let light = |ink: u8, black: u8| {
        let product = u32::from(255 - ink) * u32::from(255 - black);
        u8::try_from((product + 127) / 255).unwrap_or(u8::MAX)
    };
    picture.map(Layout::Rgb, |[c, m, y, k]| [light(c, k), light(m, k), light(y, k)])
}

fn in_eight_bits(picture: Picture) -> Picture {
    if picture.depth == Depth::Eight {
        return picture;
    }
    let (pairs, _) = picture.samples.as_chunks::<2>();
    let samples = pairs.iter().map(|pair| to_eight_bits(u16::from_ne_bytes(*pair))).collect();
    Picture { depth: Depth::Eight, samples, ..picture }
}

/// A sample of sixteen bits in eight, rounded to the nearest.
///
/// 65,535 = 257 * 255, so the quotient is `sample / 257`. 257 is odd, so no quotient ends in one half, and adding 128
/// before the division rounds to the nearest.
pub(super) fn to_eight_bits(sample: u16) -> u8 {
    u8::try_from((u32::from(sample) + 128) / 257).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::picture::geometry::Size;

    fn pixel(layout: Layout, depth: Depth, samples: &[u8]) -> Picture {
        Picture { size: Size { width: 1, height: 1 }, layout, depth, samples: samples.to_vec() }
    }

    #[test]
    fn sixteen_bits_are_rounded_to_the_nearest() {
        for (sample, expected) in [(0, 0), (128, 0), (129, 1), (65_535, 255), (32_768, 128), (65_406, 254)] {
            assert_eq!(to_eight_bits(sample), expected, "{sample}");
        }
    }

    #[test]
    fn cmyk_without_a_profile_follows_the_formula() {
        for (ink, rgb) in [
            ([0; 4], [255; 3]),
            ([0, 0, 0, 255], [0; 3]),
            ([255, 0, 0, 0], [0, 255, 255]),
            ([0, 128, 0, 128], [127, 63, 127]),
        ] {
            let picture = Profile::Srgb.to_srgb(pixel(Layout::Cmyk, Depth::Eight, &ink));
            assert_eq!(picture, pixel(Layout::Rgb, Depth::Eight, &rgb), "{ink:?}");
        }
    }

    #[test]
    fn srgb_itself_and_broken_profiles_convert_nothing() {
        let srgb = ColorProfile::new_srgb().encode().unwrap();
        for icc in [srgb.as_slice(), b"", b"not a profile", srgb.get(..200).unwrap()] {
            assert!(matches!(Profile::new(Some(icc), Layout::Rgb, Depth::Eight), Profile::Srgb));
        }
    }

    /// Half of the range on a linear curve is 188 on sRGB's.
    #[test]
    fn grey_profile_keeps_a_grey_picture_grey() {
        let linear = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
        for (layout, samples, expected) in
            [(Layout::Grey, &[128][..], &[188][..]), (Layout::GreyAlpha, &[128, 77], &[188, 77])]
        {
            let profile = Profile::new(Some(&linear), layout, Depth::Eight);
            let picture = profile.to_srgb(pixel(layout, Depth::Eight, samples));
            assert_eq!(picture, pixel(layout, Depth::Eight, expected));
        }
    }

    #[test]
    fn profile_for_other_channels_is_ignored() {
        let wide = ColorProfile::new_display_p3().encode().unwrap();
        assert!(matches!(Profile::new(Some(&wide), Layout::Grey, Depth::Eight), Profile::Srgb));
        assert!(matches!(Profile::new(Some(&wide), Layout::Rgb, Depth::Eight), Profile::Eight(_)));
    }

    /// (200, 100, 50) of Display P3 is (215, 93, 31) in sRGB, by the matrices of CSS Color 4.
    #[test]
    fn wide_gamut_is_converted_to_srgb_at_both_depths() {
        let wide = ColorProfile::new_display_p3().encode().unwrap();
        let near = |picture: &Picture| {
            let expected = [215, 93, 31];
            picture.samples.iter().zip(expected).all(|(have, want)| have.abs_diff(want) <= 1)
        };
        let eight = Profile::new(Some(&wide), Layout::Rgb, Depth::Eight);
        let picture = eight.to_srgb(pixel(Layout::Rgb, Depth::Eight, &[200, 100, 50]));
        assert!(near(&picture), "{picture:?}");
        let sixteen = Profile::new(Some(&wide), Layout::Rgb, Depth::Sixteen);
        let samples: Vec<u8> = [200_u16, 100, 50].iter().flat_map(|s| (s * 257).to_ne_bytes()).collect();
        let picture = sixteen.to_srgb(pixel(Layout::Rgb, Depth::Sixteen, &samples));
        assert!(near(&picture), "{picture:?}");
    }
}
