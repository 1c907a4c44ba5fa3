//! Resampling to any size: Lanczos3 or a box kernel, on premultiplied alpha, with the SIMD that the machine has.
//!
//! The kernel is separable, so `thumbnail_resample` convolves in two passes, one per axis, with a picture between them.
//! When it shrinks, the kernel is stretched to three pixels of the result on either side.
//!
//! # Correction of averaged pictures
//!
//! Decoding to an eighth and box averaging give means over the area of a pixel, which are blurred. With `f` periods
//! per pixel, a mean passes `sinc(f) = sin(πf) / πf`, about `1 - (πf)²/6`. Subtracting the part `g` of the second
//! difference, `s - g (s₋₁ - 2s + s₊₁)`, passes `1 + 4g sin²(πf)`, about `1 + 4g (πf)²`. The product is flat at low
//! frequencies for `g = 1/24`; see [`SHARPENING`] for the value used.
//!
//! The correction costs nothing, since convolution is associative: resampling corrected samples with the kernel `L` is
//! resampling the original samples with `L(x) - g (L(x-d) - 2L(x) + L(x+d))`, where `d` is the spacing of the samples.

use thumbnail_resample::{Crop, Filter, FilterType, PixelType, Pixels, PixelsMut};

use crate::imaging::error::Error;
use crate::imaging::picture::geometry::{Size, Window};
use crate::imaging::picture::{Depth, Layout, Picture, Sampling, side};
use crate::imaging::pixels::split_alpha::SplitAlpha;
use crate::imaging::plan::DrawPlan;

/// The part of the second difference that is subtracted. 1/24 would restore low frequencies fully, but part of the
/// high ones is aliasing: by SSIMULACRA2 on photographs of 24 and 48 MP, 0.03 is best.
const SHARPENING: f64 = 0.03;

/// Step in which corrected kernels know the spacing of source pixels, in pixels of the result.
const SPACING_STEP: f64 = 0.05;

/// Half-width of the corrected kernels: Lanczos's 3, and the largest spacing, 10 steps.
const CORRECTED_SUPPORT: f64 = 3.5;

/// Half-width of the box kernel.
const BOX_SUPPORT: f64 = 0.5;

/// Bytes per pixel after the first resampling and the conversion of colours: at most RGBA of eight bits.
const CONVERTED_PIXEL_BYTES: u64 = 4;

/// Bytes that it takes to draw a plan from this picture and to encode the result; the picture itself is not counted.
///
/// `encoder_bytes` is per pixel of the result, the result included. The estimate is the largest of three phases:
/// - each resampling: the premultiplied copy of its input, what [`resampling_bytes`] counts, and its output; from the
///   second stage on also the input itself;
/// - the steps on whole pictures: two pictures of the largest size on the way;
/// - the encoder.
pub(crate) fn working_bytes(picture: &Picture, plan: &DrawPlan, encoder_bytes: u64) -> u64 {
    let pixel = u64::try_from(picture.pixel_bytes()).unwrap_or(u64::MAX);
    let premultiplied = if needs_copy(picture) { pixel } else { 0 };
    let mut worst = 0_u64;
    let mut previous: Option<Size> = None;
    for stage in &plan.stages {
        let (from, kept, premultiplied, pixel, depth) = match previous {
            // The decoded picture stays, and was reserved by its decoder.
            None => (picture.size, 0, premultiplied, pixel, picture.depth),
            Some(size) => {
                (size, CONVERTED_PIXEL_BYTES, CONVERTED_PIXEL_BYTES, CONVERTED_PIXEL_BYTES, Depth::Eight)
            }
        };
        let input = from.pixels().saturating_mul(kept.saturating_add(premultiplied));
        let output = stage.size.pixels().saturating_mul(pixel);
        let passes = resampling_bytes(from, stage.size, depth, pixel, CORRECTED_SUPPORT);
        worst = worst.max(input.saturating_add(output).saturating_add(passes));
        previous = Some(stage.final_size());
    }
    // Converting, sharpening, orienting and padding each hold a picture before and after.
    let before_and_after = pixel.max(CONVERTED_PIXEL_BYTES).saturating_add(CONVERTED_PIXEL_BYTES);
    worst.max(plan.peak_pixels().saturating_mul(before_and_after.max(encoder_bytes)))
}

/// Bytes that [`average`] takes: a premultiplied copy, what [`resampling_bytes`] counts, and the result.
pub(crate) fn averaging_bytes(picture: &Picture, size: Size) -> u64 {
    let pixel = u64::try_from(picture.pixel_bytes()).unwrap_or(u64::MAX);
    let premultiplied = if needs_copy(picture) { picture.bytes() } else { 0 };
    let passes = resampling_bytes(picture.size, size, picture.depth, pixel, BOX_SUPPORT);
    size.pixels().saturating_mul(pixel).saturating_add(passes).saturating_add(premultiplied)
}

/// Bytes that a resampling takes beside its input and output: the picture between its passes, and the weights of both
/// axes. The vertical pass is the first one at eight bits, the second one at sixteen.
///
/// `pixel` is bytes per pixel, `support` half the width of the kernel in pixels of the coarser side.
fn resampling_bytes(from: Size, to: Size, depth: Depth, pixel: u64, support: f64) -> u64 {
    let between_passes = match depth {
        Depth::Eight => Size { height: to.height, ..from },
        Depth::Sixteen => Size { width: to.width, ..from },
    };
    between_passes
        .pixels()
        .saturating_mul(pixel)
        .saturating_add(weight_bytes(from.width, to.width, support))
        .saturating_add(weight_bytes(from.height, to.height, support))
}

/// Bytes of the weights along one axis. For each pixel of the result there is one weight per pixel under the kernel, as
/// a double and as a whole number of 4 bytes at most. A window smaller than the picture has fewer of them.
///
/// They matter where one side of the picture is long and the other short: a strip of a million pixels takes 84 MB for its
/// weights. [`Reducer`](crate::imaging::pixels::reduce::Reducer) therefore averages along one axis alone as well.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
fn weight_bytes(from: u32, to: u32, support: f64) -> u64 {
    const PER_WEIGHT: u64 = 12;
    const PER_PIXEL: u64 = 64;
    let scale = (f64::from(from) / f64::from(to.max(1))).max(1.0);
    let weights = ((support * scale).ceil() * 2.0 + 1.0) as u64;
    u64::from(to).saturating_mul(weights.saturating_mul(PER_WEIGHT).saturating_add(PER_PIXEL))
}

/// `true` if resampling copies the whole picture first: premultiplied, or split by [`SplitAlpha`].
fn needs_copy(picture: &Picture) -> bool {
    picture.layout.has_alpha() || (picture.depth == Depth::Sixteen && picture.layout == Layout::Cmyk)
}

/// The whole picture averaged by a box kernel: a fraction of the work of [`scale_window`], for pictures that are much
/// too large.
///
/// # Errors
/// [`Error::Resize`] if the resampler refuses the size.
pub(crate) fn average(picture: &Picture, size: Size) -> Result<Picture, Error> {
    if picture.is_placeholder() {
        return Ok(Picture::placeholder(size, picture.layout, picture.depth));
    }
    resample(picture, Window::whole(picture.size), size, FilterType::Box)
}

/// A window of a picture, scaled to `size` pixels.
///
/// At the window's edges the kernel reads pixels outside of it, as if the whole picture had been scaled and then
/// cropped.
///
/// # Errors
/// [`Error::Resize`] if the resampler refuses the window or the size.
pub(crate) fn scale_window(
    picture: &Picture,
    window: Window,
    size: Size,
    sampling: Sampling,
) -> Result<Picture, Error> {
    if let Some(copy) = copy_window(picture, window, size) {
        return Ok(copy);
    }
    let filter = match sampling {
        Sampling::Averaged => corrected_filter(f64::from(size.width) / window.width),
        Sampling::Points => FilterType::Lanczos3,
    };
    resample(picture, window, size, filter)
}

/// The kernel for averaged samples that lie `spacing` pixels of the result apart.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
fn corrected_filter(spacing: f64) -> FilterType {
    // A custom filter is a plain function pointer without state, so each spacing has a function of its own.
    const KERNELS: [fn(f64) -> f64; 9] = [
        corrected_lanczos::<2>,
        corrected_lanczos::<3>,
        corrected_lanczos::<4>,
        corrected_lanczos::<5>,
        corrected_lanczos::<6>,
        corrected_lanczos::<7>,
        corrected_lanczos::<8>,
        corrected_lanczos::<9>,
        corrected_lanczos::<10>,
    ];
    let steps = (spacing / SPACING_STEP).round() as usize;
    // Below 1.5 steps, the finest detail of the result has f = spacing / 2 < 0.04 periods per source pixel: the means
    // have lost less than (πf)²/6 = 0.3 % of it. Above 10 steps, the kernel of 10 corrects a part of the loss.
    let Some(index) = steps.checked_sub(2) else { return FilterType::Lanczos3 };
    let kernel = KERNELS.get(index).copied().unwrap_or(corrected_lanczos::<10>);
    Filter::new("sharpened Lanczos", kernel, CORRECTED_SUPPORT)
        .map_or(FilterType::Lanczos3, FilterType::Custom)
}

/// Lanczos3 less [`SHARPENING`] of its second difference over `STEPS` steps of [`SPACING_STEP`].
fn corrected_lanczos<const STEPS: u8>(x: f64) -> f64 {
    let spacing = f64::from(STEPS) * SPACING_STEP;
    debug_assert!(3.0 + spacing <= CORRECTED_SUPPORT + 1e-9);
    let sides = lanczos(x - spacing) + lanczos(x + spacing);
    lanczos(x) * (1.0 + 2.0 * SHARPENING) - sides * SHARPENING
}

/// Lanczos3: the sinc, windowed by the main lobe of a sinc three times as wide; zero from 3 on.
fn lanczos(x: f64) -> f64 {
    let sinc = |x: f64| {
        let x = x * std::f64::consts::PI;
        if x == 0.0 { 1.0 } else { x.sin() / x }
    };
    if x.abs() < 3.0 { sinc(x) * sinc(x / 3.0) } else { 0.0 }
}

fn resample(picture: &Picture, window: Window, size: Size, filter: FilterType) -> Result<Picture, Error> {
    if let Some(SplitAlpha { colors, last }) = SplitAlpha::of(picture) {
        let colors = resample(&colors, window, size, filter)?;
        let last = resample(&last, window, size, filter)?;
        return Ok(SplitAlpha { colors, last }.joined(picture.layout));
    }
    let (width, height) = (f64::from(picture.size.width), f64::from(picture.size.height));
    // A window may exceed the edge by a rounding error, which the resampler refuses.
    let left = window.x.clamp(0.0, width);
    let top = window.y.clamp(0.0, height);
    let crop =
        Crop { left, top, width: window.width.min(width - left), height: window.height.min(height - top) };
    let pixel = match (picture.depth, picture.layout) {
        (Depth::Eight, Layout::Grey) => PixelType::U8,
        (Depth::Eight, Layout::GreyAlpha) => PixelType::U8Alpha,
        (Depth::Eight, Layout::Rgb) => PixelType::U8x3,
        (Depth::Eight, Layout::RgbAlpha) => PixelType::U8x3Alpha,
        (Depth::Eight, Layout::Cmyk) => PixelType::U8x4,
        (Depth::Sixteen, Layout::Grey) => PixelType::U16,
        // The other layouts of sixteen bits were split above.
        (Depth::Sixteen, _) => PixelType::U16x3,
    };
    let mut scaled = Picture::blank(size, picture.layout, picture.depth);
    let source = Pixels { width: picture.size.width, height: picture.size.height, samples: &picture.samples };
    let target = PixelsMut { width: size.width, height: size.height, samples: &mut scaled.samples };
    thumbnail_resample::resample(pixel, &source, crop, target, filter)
        .map_err(|error| Error::Resize { detail: error.to_string() })?;
    Ok(scaled)
}

/// The pixels of a window that is not scaled and lies on whole pixels; `None` for other windows.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
fn copy_window(picture: &Picture, window: Window, size: Size) -> Option<Picture> {
    let (x, y) = (window.x.round(), window.y.round());
    let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
    let is_whole = near(window.width, f64::from(size.width))
        && near(window.height, f64::from(size.height))
        && near(window.x, x)
        && near(window.y, y);
    if !is_whole {
        return None;
    }
    if size == picture.size {
        return Some(picture.clone());
    }
    let pixel_bytes = picture.pixel_bytes();
    let start = (x as usize).checked_mul(pixel_bytes)?;
    let length = side(size.width).checked_mul(pixel_bytes)?;
    let rows = picture.rows().skip(y as usize).take(side(size.height));
    let rows: Option<Vec<&[u8]>> = rows.map(|row| row.get(start..start.checked_add(length)?)).collect();
    let samples = rows?.concat();
    Some(Picture { size, layout: picture.layout, depth: picture.depth, samples })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(width: u32, height: u32, samples: &[u8]) -> Picture {
        let size = Size { width, height };
        Picture { size, layout: Layout::Grey, depth: Depth::Eight, samples: samples.to_vec() }
    }

    #[test]
    fn whole_pixels_are_copied() {
        let picture = grey(3, 2, &[1, 2, 3, 4, 5, 6]);
        let window = Window { x: 1.0, y: 1.0, width: 2.0, height: 1.0 };
        assert_eq!(
            scale_window(&picture, window, Size { width: 2, height: 1 }, Sampling::Points).unwrap(),
            grey(2, 1, &[5, 6])
        );
    }

    #[test]
    fn flat_colour_is_unchanged_in_every_layout() {
        for layout in [Layout::Cmyk, Layout::Grey, Layout::GreyAlpha, Layout::Rgb, Layout::RgbAlpha] {
            for depth in [Depth::Eight, Depth::Sixteen] {
                let mut picture = Picture::blank(Size { width: 40, height: 30 }, layout, depth);
                picture.samples.fill(200);
                let small = Size { width: 7, height: 5 };
                let scaled =
                    scale_window(&picture, Window::whole(picture.size), small, Sampling::Averaged).unwrap();
                assert_eq!(scaled.samples.len(), 35 * picture.pixel_bytes());
                let off = scaled.samples.iter().filter(|s| s.abs_diff(200) > 1).count();
                assert_eq!(off, 0, "{layout:?} {depth:?}");
            }
        }
    }

    /// Red beside transparent green: no green may show.
    #[test]
    fn transparent_colour_does_not_bleed() {
        let size = Size { width: 8, height: 1 };
        let samples = [[255, 0, 0, 255], [0, 255, 0, 0]].repeat(4).concat();
        let picture = Picture { size, layout: Layout::RgbAlpha, depth: Depth::Eight, samples };
        let scaled =
            scale_window(&picture, Window::whole(size), Size { width: 2, height: 1 }, Sampling::Points)
                .unwrap();
        for pixel in scaled.samples.chunks_exact(4) {
            assert!(pixel[0] > 250 && pixel[1] < 5, "{pixel:?}");
        }
    }

    /// The corrected kernel restores contrast of a fine pattern that box averaging has blurred.
    #[test]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 28 and 228")]
    fn averaged_pictures_regain_contrast() {
        let pattern = |x: f64| 128.0 + 100.0 * (x * std::f64::consts::PI / 12.0).sin();
        let size = Size { width: 400, height: 1 };
        let samples = (0..400).map(|x| pattern(f64::from(x) + 0.5) as u8).collect();
        let fine = Picture { size, layout: Layout::Grey, depth: Depth::Eight, samples };
        let coarse = average(&fine, Size { width: 80, height: 1 }).unwrap();
        let small = Size { width: 50, height: 1 };
        let contrast = |picture: &Picture, sampling| {
            let scaled = scale_window(picture, Window::whole(picture.size), small, sampling).unwrap();
            let middle = &scaled.samples[5..45];
            middle.iter().max().unwrap() - middle.iter().min().unwrap()
        };
        let [exact, dull, sharp] =
            [(&fine, Sampling::Points), (&coarse, Sampling::Points), (&coarse, Sampling::Averaged)]
                .map(|(picture, sampling)| contrast(picture, sampling));
        assert!(dull + 5 < exact && dull + 2 < sharp && sharp <= exact + 2, "{exact} {dull} {sharp}");
    }
}
