//! Pictures of few colours: a palette, and an index for each pixel.
//!
//! A picture of at most 256 colours is indexed as it is. Others are quantised: opaque ones by k-means in Oklab with the
//! dithering of Floyd and Steinberg, those with alpha by `NeuQuant` without dithering, which would fray soft edges.

use std::collections::HashMap;

use color_quant::NeuQuant;
use quantette::deps::palette::Srgb;
use quantette::dither::FloydSteinberg;
use quantette::{ImageRef, PaletteSize, Pipeline, QuantizeMethod};

use crate::imaging::picture::Picture;

/// Most colours of a palette: an index has eight bits.
const MOST_COLORS: usize = 256;

/// `NeuQuant`'s sampling factor: it learns from every pixel.
const EVERY_PIXEL: i32 = 1;

/// A palette and an index of it for each pixel.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct IndexedPicture {
    /// RGBA, those with the least alpha first; at least one, at most 256.
    pub(super) colors: Vec<[u8; 4]>,
    pub(super) indices: Vec<u8>,
}

impl IndexedPicture {
    /// The picture as it is, if it has at most 256 colours; those under transparency count.
    pub(super) fn exact(picture: &Picture) -> Option<Self> {
        Self::of(colors_of(picture))
    }

    fn of(pixels: impl Iterator<Item = [u8; 4]>) -> Option<Self> {
        let mut places = HashMap::new();
        let mut colors = Vec::new();
        let mut last = None;
        let mut indices = Vec::new();
        for color in pixels {
            let index = match last {
                Some((previous, index)) if previous == color => index,
                _ => *places.entry(color).or_insert_with(|| {
                    colors.push(color);
                    colors.len() - 1
                }),
            };
            if index >= MOST_COLORS {
                return None;
            }
            last = Some((color, index));
            indices.push(u8::try_from(index).ok()?);
        }
        Some(Self { colors, indices }.sorted())
    }

    /// The picture with at most this many colours, 2 to 256. All transparent pixels are of one.
    ///
    /// # Errors
    /// The description of what the quantiser refuses.
    pub(super) fn quantised(picture: &Picture, most: u16) -> Result<Self, String> {
        let exact = Self::of(visible_colors_of(picture));
        if let Some(exact) = exact.filter(|exact| exact.colors.len() <= usize::from(most)) {
            return Ok(exact);
        }
        let indexed = if picture.layout.has_alpha() {
            Self::by_neuquant(picture, most)
        } else {
            Self::by_k_means(picture, most)?
        };
        Ok(indexed.sorted())
    }

    fn by_k_means(picture: &Picture, most: u16) -> Result<Self, String> {
        let pixels: Vec<Srgb<u8>> =
            visible_colors_of(picture).map(|[r, g, b, _]| Srgb::new(r, g, b)).collect();
        let image = ImageRef::new(picture.size.width, picture.size.height, &pixels)
            .map_err(|error| error.to_string())?;
        let (colors, indices) = Pipeline::new()
            .palette_size(PaletteSize::from_u16_clamped(most))
            .quantize_method(QuantizeMethod::kmeans())
            .ditherer(FloydSteinberg::new())
            .input_image(image)
            .output_srgb8_indexed_image()
            .into_parts();
        let colors = colors.into_iter().map(|color| [color.red, color.green, color.blue, 255]).collect();
        Ok(Self { colors, indices })
    }

    fn by_neuquant(picture: &Picture, most: u16) -> Self {
        let pixels: Vec<u8> = visible_colors_of(picture).flatten().collect();
        let network = NeuQuant::new(EVERY_PIXEL, usize::from(most), &pixels);
        let (pixels, _) = pixels.as_chunks::<4>();
        let indices = pixels.iter().map(|pixel| u8::try_from(network.index_of(pixel)).unwrap_or(u8::MAX));
        let indices = indices.collect();
        let colors = network.color_map_rgba().as_chunks::<4>().0.to_vec();
        Self { colors, indices }
    }

    /// The same picture without colours that no pixel has, in the order of alpha and then of brightness, so that PNG
    /// stores few alphas and neighbours in the picture are neighbours in the palette.
    fn sorted(self) -> Self {
        let mut is_used = [false; MOST_COLORS];
        for index in &self.indices {
            if let Some(is_used) = is_used.get_mut(usize::from(*index)) {
                *is_used = true;
            }
        }
        let mut order: Vec<(usize, [u8; 4])> = self
            .colors
            .iter()
            .copied()
            .enumerate()
            .filter(|(index, _)| is_used.get(*index).is_some_and(|is_used| *is_used))
            .collect();
        order.sort_by_key(|(_, [r, g, b, a])| (*a, 2 * u16::from(*r) + 4 * u16::from(*g) + u16::from(*b)));
        let mut places = [0_u8; MOST_COLORS];
        for (place, (index, _)) in (0..=u8::MAX).zip(&order) {
            if let Some(new) = places.get_mut(*index) {
                *new = place;
            }
        }
        let place = |index: u8| places.get(usize::from(index)).copied().unwrap_or_default();
        Self {
            colors: order.into_iter().map(|(_, color)| color).collect(),
            indices: self.indices.into_iter().map(place).collect(),
        }
    }
}

/// The pixels in RGBA, of which transparent ones are all the same.
fn visible_colors_of(picture: &Picture) -> impl Iterator<Item = [u8; 4]> {
    colors_of(picture).map(|color| if matches!(color, [.., 0]) { [0; 4] } else { color })
}

/// The pixels in RGBA.
fn colors_of(picture: &Picture) -> impl Iterator<Item = [u8; 4]> {
    picture.samples.chunks_exact(picture.pixel_bytes().max(1)).map(|pixel| match *pixel {
        [grey] => [grey, grey, grey, 255],
        [grey, a] => [grey, grey, grey, a],
        [r, g, b] => [r, g, b, 255],
        [r, g, b, a, ..] => [r, g, b, a],
        [] => [0; 4],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::picture::geometry::Size;
    use crate::imaging::picture::{Depth, Layout};

    fn picture(layout: Layout, pixel: impl Fn(u32, u32) -> [u8; 4]) -> Picture {
        let size = Size { width: 40, height: 30 };
        let samples = (0..size.height)
            .flat_map(|y| (0..size.width).map(move |x| (x, y)))
            .flat_map(|(x, y)| pixel(x, y).into_iter().take(layout.channels()))
            .collect();
        Picture { size, layout, depth: Depth::Eight, samples }
    }

    fn pixels(indexed: &IndexedPicture) -> Vec<[u8; 4]> {
        indexed.indices.iter().map(|index| indexed.colors[usize::from(*index)]).collect()
    }

    #[test]
    fn few_colours_are_kept_exactly() {
        let byte = |number: u32| u8::try_from(number % 256).unwrap();
        for layout in [Layout::Grey, Layout::GreyAlpha, Layout::Rgb, Layout::RgbAlpha] {
            let original = picture(layout, |x, y| [byte(x * 6), byte(y % 4 * 60), byte(x * 6), 200]);
            let indexed = IndexedPicture::exact(&original).unwrap();
            assert!(pixels(&indexed).into_iter().eq(colors_of(&original)), "{layout:?}");
            assert!(indexed.colors.is_sorted_by_key(|[_, _, _, a]| *a));
        }
    }

    #[test]
    fn transparent_pixels_share_one_colour_of_few_and_keep_theirs_otherwise() {
        let original = picture(Layout::RgbAlpha, |x, y| [u8::try_from(x * y % 256).unwrap(), 7, 8, 0]);
        assert_eq!(IndexedPicture::quantised(&original, 2).unwrap().colors, [[0; 4]]);
        let exact = IndexedPicture::exact(&original).unwrap();
        assert!(pixels(&exact).into_iter().eq(colors_of(&original)));
    }

    #[test]
    fn the_257th_colour_is_one_too_many() {
        let with = |count: u32| {
            picture(Layout::Rgb, |x, y| {
                let number = (y * 40 + x).min(count - 1);
                [u8::try_from(number % 256).unwrap(), u8::try_from(number / 256).unwrap(), 0, 0]
            })
        };
        assert_eq!(IndexedPicture::exact(&with(256)).unwrap().colors.len(), 256);
        assert_eq!(IndexedPicture::exact(&with(257)), None);
    }

    #[test]
    fn quantised_pictures_have_as_many_colours_as_wanted_and_look_alike() {
        for layout in [Layout::Rgb, Layout::RgbAlpha] {
            let byte = |number: u32| u8::try_from(number).unwrap();
            let original =
                picture(layout, |x, y| [byte(x * 6), byte(y * 8), byte((x + y) * 3), byte(255 - y)]);
            let errors = [2, 16, 256].map(|most| {
                let indexed = IndexedPicture::quantised(&original, most).unwrap();
                assert!(indexed.colors.len() <= usize::from(most), "{layout:?} {most}");
                let differences = pixels(&indexed).into_iter().zip(colors_of(&original));
                differences
                    .flat_map(|(one, other)| one.into_iter().zip(other))
                    .map(|(one, other)| f64::from(one.abs_diff(other)).powi(2))
                    .sum::<f64>()
            });
            assert!(errors.is_sorted_by(|few, many| few > many), "{layout:?} {errors:?}");
            assert!(errors[2] / 4800.0 < 150.0, "{layout:?} {errors:?}");
        }
    }
}
