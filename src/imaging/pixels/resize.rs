//! Resampling: Lanczos with three lobes, alpha weighing the colours, SIMD as the machine has it.
//!
//! A picture of means, which is what decoding to an eighth and averaging give, has lost some of its fine detail:
//! the mean over a pixel's width passes `sinc(f)` of what has f periods a pixel, or about `1 - (pi f)^2 / 6`. What
//! the thumbnail can show of that is given back by a kernel that has a part of its own second difference taken
//! off, at no cost: one convolution after the other is one convolution.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{U8, U8x2, U8x3, U8x4, U16, U16x3};
use fast_image_resize::{Filter, FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};

use crate::imaging::error::Error;
use crate::imaging::picture::geometry::{Size, Window};
use crate::imaging::picture::{Depth, Layout, Picture, Sampling, side};
use crate::imaging::pixels::split_alpha::SplitAlpha;
use crate::imaging::plan::DrawPlan;

/// Part of the second difference that is taken off. To undo all that a mean takes of low frequencies it would be
/// 1/24; but part of what is there in high ones is aliases, and by SSIMULACRA2 on photographs of 24 and 48 MP, 0.03
/// is best.
const GIVEN_BACK: f64 = 0.03;

/// The distance of the pixels of the source is known to kernels in steps of this part of those of the thumbnail.
const DISTANCE: f64 = 0.05;

/// Bytes a pixel after the first cut, when colours have been converted.
const DRAWN: u64 = 4;

/// Bytes that drawing a plan from this picture and writing it takes, at the worst of its stages. `written` is what
/// the encoder takes a pixel, its picture included.
pub(crate) fn working_bytes(picture: &Picture, plan: &DrawPlan, written: u64) -> u64 {
    let pixel = u64::try_from(picture.pixel_bytes()).unwrap_or(u64::MAX);
    let premultiplied = if is_copied(picture) { pixel } else { 0 };
    let mut worst = 0_u64;
    let mut before: Option<Size> = None;
    for stage in &plan.stages {
        let (from, kept, premultiplied, pixel) = match before {
            // The picture itself stays, and is counted where it was made.
            None => (picture.size, 0, premultiplied, pixel),
            Some(size) => (size, DRAWN, DRAWN, DRAWN),
        };
        let half_way = Size { width: stage.size.width, height: from.height };
        let source = from.pixels().saturating_mul(kept.saturating_add(premultiplied));
        let made = half_way.pixels().saturating_add(stage.size.pixels()).saturating_mul(pixel);
        worst = worst.max(source.saturating_add(made));
        before = Some(stage.final_size());
    }
    // While it is converted, sharpened, turned or laid on a canvas, a picture is there as it was and as it will be.
    let drawn = pixel.max(DRAWN).saturating_add(DRAWN);
    worst.max(plan.peak_pixels().saturating_mul(drawn.max(written)))
}

/// Bytes that [`average`] takes: a copy with premultiplied alpha, a half-way picture and the result.
pub(crate) fn averaging_bytes(picture: &Picture, size: Size) -> u64 {
    let pixel = u64::try_from(picture.pixel_bytes()).unwrap_or(u64::MAX);
    let half_way = u64::from(size.width).saturating_mul(u64::from(picture.size.height));
    let premultiplied = if is_copied(picture) { picture.bytes() } else { 0 };
    half_way.saturating_add(size.pixels()).saturating_mul(pixel).saturating_add(premultiplied)
}

/// Whether a picture is there a second time while it is scaled: weighed by its alpha, or apart from its last channel.
fn is_copied(picture: &Picture) -> bool {
    picture.layout.has_alpha() || (picture.depth == Depth::Sixteen && picture.layout == Layout::Cmyk)
}

/// The whole picture as means of boxes: a fraction of the work of [`cut`], for pictures that are much too
/// large.
pub(crate) fn average(picture: &Picture, size: Size) -> Result<Picture, Error> {
    if picture.is_hollow() {
        return Ok(Picture::placeholder(size, picture.layout, picture.depth));
    }
    resample(picture, Window::whole(picture.size), size, FilterType::Box)
}

/// The window of a picture, scaled to a size. Pixels next to the window count at its edges, as they would
/// had the picture been scaled first and cut then.
pub(crate) fn cut(
    picture: &Picture,
    window: Window,
    size: Size,
    sampling: Sampling,
) -> Result<Picture, Error> {
    if let Some(cut) = copy(picture, window, size) {
        return Ok(cut);
    }
    let filter = match sampling {
        Sampling::Averaged => sharpened(f64::from(size.width) / window.width),
        Sampling::Points => FilterType::Lanczos3,
    };
    resample(picture, window, size, filter)
}

/// The kernel for means that lie `distance` pixels of the thumbnail apart.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
fn sharpened(distance: f64) -> FilterType {
    const KERNELS: [fn(f64) -> f64; 9] = [
        kernel::<2>,
        kernel::<3>,
        kernel::<4>,
        kernel::<5>,
        kernel::<6>,
        kernel::<7>,
        kernel::<8>,
        kernel::<9>,
        kernel::<10>,
    ];
    let steps = (distance / DISTANCE).round() as usize;
    // So close together that nothing is lost, or so far apart that hardly anything is averaged away again.
    let Some(place) = steps.checked_sub(2) else { return FilterType::Lanczos3 };
    let kernel = KERNELS.get(place).copied().unwrap_or(kernel::<10>);
    Filter::new("sharpened Lanczos", kernel, 3.5).map_or(FilterType::Lanczos3, FilterType::Custom)
}

/// Lanczos less a part of its second difference over `STEPS` steps of [`DISTANCE`].
fn kernel<const STEPS: u8>(x: f64) -> f64 {
    let distance = f64::from(STEPS) * DISTANCE;
    let sides = lanczos(x - distance) + lanczos(x + distance);
    lanczos(x) * (1.0 + 2.0 * GIVEN_BACK) - sides * GIVEN_BACK
}

/// The sinc under the main lobe of another, three times as wide.
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
    // The arithmetic of windows may overshoot the edge by a rounding error, which the resampler refuses.
    let left = window.x.clamp(0.0, width);
    let top = window.y.clamp(0.0, height);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(filter))
        .use_alpha(picture.layout.has_alpha())
        .crop(left, top, window.width.min(width - left), window.height.min(height - top));
    let mut scaled = Picture::blank(size, picture.layout, picture.depth);
    let done = match (picture.depth, picture.layout) {
        (Depth::Eight, Layout::Grey) => typed::<U8>(picture, &mut scaled, &options),
        (Depth::Eight, Layout::GreyAlpha) => typed::<U8x2>(picture, &mut scaled, &options),
        (Depth::Eight, Layout::Rgb) => typed::<U8x3>(picture, &mut scaled, &options),
        (Depth::Eight, Layout::Cmyk | Layout::RgbAlpha) => typed::<U8x4>(picture, &mut scaled, &options),
        (Depth::Sixteen, Layout::Grey) => typed::<U16>(picture, &mut scaled, &options),
        // Others of this depth have been taken apart.
        (Depth::Sixteen, _) => typed::<U16x3>(picture, &mut scaled, &options),
    };
    done.map_err(|detail| Error::Resize { detail })?;
    Ok(scaled)
}

/// By the kind of pixel, so that those kinds that no picture has are not part of the program: of 2 MB, a third.
fn typed<P: PixelTrait>(from: &Picture, to: &mut Picture, options: &ResizeOptions) -> Result<(), String> {
    let source = TypedImageRef::<P>::from_buffer(from.size.width, from.size.height, &from.samples)
        .map_err(|error| error.to_string())?;
    let mut target = TypedImage::<P>::from_buffer(to.size.width, to.size.height, &mut to.samples)
        .map_err(|error| error.to_string())?;
    Resizer::new().resize_typed(&source, &mut target, options).map_err(|error| error.to_string())
}

/// [`cut`] where nothing is scaled: whole pixels, as they are.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
fn copy(picture: &Picture, window: Window, size: Size) -> Option<Picture> {
    let (x, y) = (window.x.round(), window.y.round());
    let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
    let whole = near(window.width, f64::from(size.width))
        && near(window.height, f64::from(size.height))
        && near(window.x, x)
        && near(window.y, y);
    if !whole {
        return None;
    }
    if size == picture.size {
        return Some(picture.clone());
    }
    let pixel = picture.pixel_bytes();
    let from = (x as usize).checked_mul(pixel)?;
    let length = side(size.width).checked_mul(pixel)?;
    let rows = picture.rows().skip(y as usize).take(side(size.height));
    let rows: Option<Vec<&[u8]>> = rows.map(|row| row.get(from..from.checked_add(length)?)).collect();
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
            cut(&picture, window, Size { width: 2, height: 1 }, Sampling::Points).unwrap(),
            grey(2, 1, &[5, 6])
        );
    }

    #[test]
    fn flat_colour_stays_itself_in_every_layout() {
        for layout in [Layout::Cmyk, Layout::Grey, Layout::GreyAlpha, Layout::Rgb, Layout::RgbAlpha] {
            for depth in [Depth::Eight, Depth::Sixteen] {
                let mut picture = Picture::blank(Size { width: 40, height: 30 }, layout, depth);
                picture.samples.fill(200);
                let small = Size { width: 7, height: 5 };
                let scaled = cut(&picture, Window::whole(picture.size), small, Sampling::Averaged).unwrap();
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
            cut(&picture, Window::whole(size), Size { width: 2, height: 1 }, Sampling::Points).unwrap();
        for pixel in scaled.samples.chunks_exact(4) {
            assert!(pixel[0] > 250 && pixel[1] < 5, "{pixel:?}");
        }
    }

    /// A fine pattern that was averaged on the way comes out with more of its contrast.
    #[test]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 28 and 228")]
    fn means_get_back_what_averaging_took() {
        let pattern = |x: f64| 128.0 + 100.0 * (x * std::f64::consts::PI / 12.0).sin();
        let size = Size { width: 400, height: 1 };
        let samples = (0..400).map(|x| pattern(f64::from(x) + 0.5) as u8).collect();
        let fine = Picture { size, layout: Layout::Grey, depth: Depth::Eight, samples };
        let coarse = average(&fine, Size { width: 80, height: 1 }).unwrap();
        let small = Size { width: 50, height: 1 };
        let contrast = |picture: &Picture, sampling| {
            let cut = cut(picture, Window::whole(picture.size), small, sampling).unwrap();
            let middle = &cut.samples[5..45];
            middle.iter().max().unwrap() - middle.iter().min().unwrap()
        };
        let [exact, dull, sharp] =
            [(&fine, Sampling::Points), (&coarse, Sampling::Points), (&coarse, Sampling::Averaged)]
                .map(|(picture, sampling)| contrast(picture, sampling));
        assert!(dull + 5 < exact && dull + 2 < sharp && sharp <= exact + 2, "{exact} {dull} {sharp}");
    }
}
