//! Pixels of an encoded picture as readers show them, from the frames that the encoder has reconstructed.
//!
//! An encoder of AV1 makes the samples that every decoder makes, since later frames are predicted from them. Chroma is
//! interpolated linearly between the centres of its samples, as browsers and our own decoder do. All arithmetic is in
//! integers, so that a score is the same on every machine.

use std::sync::Arc;

use rav1e::prelude::{Frame, Plane};

use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::{Depth, Layout, Picture, side};

/// The frames of a picture.
pub(in crate::imaging::encode) struct Reconstruction {
    pub(super) size: Size,
    /// That of the picture.
    pub(super) layout: Layout,
    /// Luma and chroma of ten bits, or grey.
    pub(super) colors: Arc<Frame<u16>>,
    pub(super) alpha: Option<Arc<Frame<u16>>>,
}

impl Reconstruction {
    /// The pixels, of eight bits.
    pub(in crate::imaging::encode) fn pixels(&self) -> Picture {
        let mut picture = Picture::blank(self.size, self.layout, Depth::Eight);
        let pixel = picture.pixel_bytes();
        let [luma, blue, red] = &self.colors.planes;
        match self.layout {
            Layout::Grey | Layout::GreyAlpha => store(luma, &mut picture, 0),
            Layout::Cmyk | Layout::Rgb | Layout::RgbAlpha => {
                let row_bytes = picture.row_bytes().max(1);
                let [mut blue, mut red] = [blue, red].map(|plane| ChromaRows::new(plane, self.size));
                let rows = picture.samples.chunks_exact_mut(row_bytes).zip(rows(luma));
                for (y, (row, luma)) in rows.enumerate() {
                    let chroma = blue.row(y).iter().zip(red.row(y));
                    for ((pixel, luma), (blue, red)) in row.chunks_exact_mut(pixel).zip(luma).zip(chroma) {
                        if let Some(target) = pixel.first_chunk_mut() {
                            *target = colors(*luma, *blue, *red);
                        }
                    }
                }
            }
        }
        if let Some(alpha) = &self.alpha {
            let [plane, ..] = &alpha.planes;
            store(plane, &mut picture, pixel.saturating_sub(1));
        }
        picture
    }
}

/// The rows of a plane, with padding behind the last sample.
fn rows(plane: &Plane<u16>) -> impl Iterator<Item = &[u16]> {
    plane.data_origin().chunks(plane.cfg.stride.max(1))
}

/// Writes a plane to the samples at `channel` of each pixel.
fn store(plane: &Plane<u16>, picture: &mut Picture, channel: usize) {
    let (pixel, row_bytes) = (picture.pixel_bytes(), picture.row_bytes().max(1));
    for (row, samples) in picture.samples.chunks_exact_mut(row_bytes).zip(rows(plane)) {
        for (target, sample) in row.iter_mut().skip(channel).step_by(pixel).zip(samples) {
            *target = eight_bits(i64::from(*sample), 0);
        }
    }
}

/// A plane of chroma, read row by row at the resolution of luma.
struct ChromaRows<'a> {
    rows: Vec<&'a [u16]>,
    /// Two neighbouring rows in the ratio 3 to 1, in quarters.
    between: Vec<i64>,
    /// Offsets from grey, in sixteenths.
    values: Vec<i64>,
}

impl<'a> ChromaRows<'a> {
    /// `size` is that of luma.
    fn new(plane: &'a Plane<u16>, size: Size) -> Self {
        let [width, height] = [size.width, size.height].map(|luma| side(luma.div_ceil(2)));
        let rows = rows(plane).take(height).map(|row| row.get(..width).unwrap_or(row)).collect();
        Self { rows, between: Vec::new(), values: Vec::new() }
    }

    /// Row `y` of luma. A sample of luma lies a quarter away from the nearest sample of chroma along each axis, and three
    /// quarters from the one on its other side; at an edge both are the same.
    fn row(&mut self, y: usize) -> &[i64] {
        let near = y / 2;
        let far = if y.is_multiple_of(2) { near.saturating_sub(1) } else { near + 1 };
        let last = self.rows.len().saturating_sub(1);
        let [near, far] = [near, far].map(|at| self.rows.get(at.min(last)).copied().unwrap_or_default());
        self.between.clear();
        self.between
            .extend(near.iter().zip(far).map(|(near, far)| 3 * i64::from(*near) + i64::from(*far) - 4 * 512));
        let ends = (self.between.first().copied(), self.between.last().copied());
        let befores = ends.0.into_iter().chain(self.between.iter().copied());
        let afters = self.between.iter().skip(1).copied().chain(ends.1);
        self.values.clear();
        for ((before, here), after) in befores.zip(&self.between).zip(afters) {
            self.values.extend([3 * here + before, 3 * here + after]);
        }
        &self.values
    }
}

/// Red, green and blue by the matrix of BT.601 (ITU-T T.871, 7), from luma and offsets of chroma in sixteenths. Weights are
/// 65,536ths.
fn colors(luma: u16, blue: i64, red: i64) -> [u8; 3] {
    let luma = i64::from(luma) << 20;
    [91_881 * red, -22_554 * blue - 46_802 * red, 116_130 * blue].map(|chroma| eight_bits(luma + chroma, 20))
}

/// A sample of ten bits and `fraction` more, in eight bits, rounded to nearest.
fn eight_bits(sample: i64, fraction: u32) -> u8 {
    let whole = 1023_i64 << fraction;
    let rounded = (sample.clamp(0, whole) * 255 + whole / 2) / whole;
    u8::try_from(rounded).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use re_rav1d::dav1d::{Decoder, PlanarImageComponent, Settings};

    use super::*;
    use crate::imaging::encode::KeptMetadata;
    use crate::imaging::encode::avif::container::CodedImage;
    use crate::imaging::encode::avif::planes::Channels;
    use crate::imaging::encode::avif::speed::Speed;
    use crate::imaging::encode::avif::{encode, frame, quality};

    /// Waves in every channel, with noise on them.
    fn picture(width: u32, height: u32, layout: Layout) -> Picture {
        let mut picture = Picture::blank(Size { width, height }, layout, Depth::Eight);
        let mut state = 9_u32;
        for (at, sample) in (0_u32..).zip(&mut picture.samples) {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (x, y) = (at / 3 % width, at / 3 / width);
            *sample = u8::try_from((x * x / 9 + y * 3 + (state >> 28)) % 256).unwrap();
        }
        picture
    }

    fn assert_decoded_alike(image: &CodedImage, frame: &Frame<u16>, size: Size) {
        let mut settings = Settings::new();
        settings.set_n_threads(1);
        settings.set_max_frame_delay(1);
        let mut decoder = Decoder::with_settings(&settings).unwrap();
        decoder.send_data(image.units.clone(), None, None, None).unwrap();
        let decoded = decoder.get_picture().unwrap();
        let halved = Size { width: size.width.div_ceil(2), height: size.height.div_ceil(2) };
        let planes = [
            (PlanarImageComponent::Y, size),
            (PlanarImageComponent::U, halved),
            (PlanarImageComponent::V, halved),
        ];
        for ((component, size), own) in planes.into_iter().zip(&frame.planes).take(image.planes.into()) {
            let (samples, stride) = (decoded.plane(component), decoded.stride(component) as usize);
            for (y, own) in rows(own).take(side(size.height)).enumerate() {
                let row = samples[y * stride..][..side(size.width) * 2].as_chunks::<2>().0;
                let row: Vec<u16> = row.iter().map(|sample| u16::from_ne_bytes(*sample)).collect();
                assert_eq!(row, own[..row.len()], "row {y}");
            }
        }
    }

    #[test]
    fn the_encoder_has_the_samples_of_a_decoder() {
        for (width, height) in [(64, 64), (131, 77), (1, 3)] {
            let picture = picture(width, height, Layout::RgbAlpha);
            for speed in Speed::ALL {
                for quality in [20, 80, 98] {
                    for channels in [Channels::Colors, Channels::Grey, Channels::Alpha] {
                        let quantizer = quality::quantizer(quality);
                        let frame = frame::encode(&picture, channels, quantizer, speed, false).unwrap();
                        assert_decoded_alike(&frame.image, &frame.decoded, picture.size);
                    }
                }
            }
        }
    }

    #[test]
    fn pixels_are_near_those_that_were_encoded_in_every_layout() {
        for layout in [Layout::Grey, Layout::GreyAlpha, Layout::Rgb, Layout::RgbAlpha] {
            let mut flat = Picture::blank(Size { width: 33, height: 21 }, layout, Depth::Eight);
            let pixel = flat.pixel_bytes();
            for pixel in flat.samples.chunks_exact_mut(pixel) {
                pixel.copy_from_slice(&[200, 90, 40, 128][4 - pixel.len()..]);
            }
            let file = encode(&flat, 95, Speed::Quickest, &KeptMetadata::default()).unwrap();
            let pixels = file.reconstruction.pixels();
            assert_eq!((pixels.size, pixels.layout), (flat.size, layout));
            let most =
                pixels.samples.iter().zip(&flat.samples).map(|(one, other)| one.abs_diff(*other)).max();
            assert!(most <= Some(2), "{layout:?}: {most:?}");
        }
    }

    #[test]
    fn chroma_is_interpolated_between_its_centres() {
        let mut plane = Plane::from_slice(&[512, 528, 544, 560], 2);
        plane.cfg.stride = 2;
        let mut rows = ChromaRows::new(&plane, Size { width: 3, height: 4 });
        let row = |rows: &mut ChromaRows<'_>, y| rows.row(y)[..3].to_vec();
        assert_eq!(row(&mut rows, 0), [0, 64, 192]);
        assert_eq!(row(&mut rows, 1), [128, 192, 320]);
        assert_eq!(row(&mut rows, 3), [512, 576, 704]);
        assert_eq!(colors(1023, 0, 0), [255; 3]);
        assert_eq!(colors(306, -172 * 16, 512 * 16), [255, 0, 0]);
    }
}
