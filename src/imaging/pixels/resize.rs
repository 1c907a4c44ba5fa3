//! Resampling of small pictures of eight bits: Lanczos-3 or a box kernel.
//!
//! Opaque pictures are scaled as sources are, by rows and with sixteen bits between the passes
//! ([`source_scaler`](crate::imaging::pixels::source_scaler)). Pictures with alpha, and averages, are left to
//! `fast_image_resize`, which multiplies by alpha itself.

use thumbnail_resample::{Axis, Crop, FilterType, PixelType, Pixels, PixelsMut, RowScaler};

use crate::imaging::error::Error;
use crate::imaging::limits::to_u64;
use crate::imaging::picture::geometry::{Size, Window};
use crate::imaging::picture::{Depth, Layout, Picture, side};
use crate::imaging::pixels::blur;
use crate::imaging::plan::{DrawPlan, Finish};

/// Half-width of Lanczos-3.
const LANCZOS_SUPPORT: f64 = 3.0;

/// Bytes per pixel after the first resampling and the conversion of colours: at most RGBA of eight bits.
const CONVERTED_PIXEL_BYTES: u64 = 4;

/// Bytes that it takes to draw a plan and to encode the result. `first` is the picture of which the first stage is made, if
/// it is not at hand; the picture itself is not counted.
///
/// `pixel_bytes` are those of the source, `encoder_bytes` those per pixel of the result, the result included. The estimate
/// is the largest of three phases:
/// - each resampling: the premultiplied copy of its input, what [`resampling_bytes`] counts, and its output; from the
///   second stage on also the input itself;
/// - the steps on whole pictures: two pictures of the largest size on the way, or one and what a blur takes;
/// - the encoder.
pub(crate) fn working_bytes(
    first: Option<&Picture>,
    pixel_bytes: u64,
    plan: &DrawPlan,
    encoder_bytes: u64,
) -> u64 {
    let mut worst = 0_u64;
    let mut previous = first.map(|picture| {
        let pixel = to_u64(picture.pixel_bytes());
        (picture.size, 0, if picture.layout.has_alpha() { pixel } else { 0 }, pixel)
    });
    for stage in &plan.stages {
        if let Some((from, kept, premultiplied, pixel)) =
            previous.filter(|(from, ..)| !stage.takes_whole(*from))
        {
            let input = from.pixels().saturating_mul(kept + premultiplied);
            let output = stage.size.pixels().saturating_mul(pixel);
            let passes = resampling_bytes(from, stage.size, pixel);
            worst = worst.max(input.saturating_add(output).saturating_add(passes));
        }
        previous =
            Some((stage.final_size(), CONVERTED_PIXEL_BYTES, CONVERTED_PIXEL_BYTES, CONVERTED_PIXEL_BYTES));
    }
    // Converting, sharpening, orienting and padding each hold a picture before and after.
    let before_and_after = pixel_bytes.max(CONVERTED_PIXEL_BYTES).saturating_add(CONVERTED_PIXEL_BYTES);
    let blurs = plan.stages.iter().map(|stage| match stage.finish {
        Some(Finish::Blur(blur)) => blur::working_bytes(stage.final_size(), blur),
        Some(_) | None => 0,
    });
    let whole = plan.peak_pixels().saturating_mul(before_and_after.max(encoder_bytes));
    worst.max(whole.saturating_add(blurs.max().unwrap_or(0)))
}

/// Bytes that a resampling takes beside its input and output: the picture between its passes, of which the vertical one
/// is the first, and the weights of both axes; or what a scaler of rows takes. `pixel` is bytes per pixel.
fn resampling_bytes(from: Size, to: Size, pixel: u64) -> u64 {
    let between_passes = Size { height: to.height, ..from };
    let (across, down) = axes(from, Window::whole(from), to);
    let channels = usize::try_from(pixel).unwrap_or(usize::MAX).min(4);
    let by_rows = RowScaler::<u8>::bytes(&across, &down, channels);
    let at_once = between_passes
        .pixels()
        .saturating_mul(pixel)
        .saturating_add(weight_bytes(from.width, to.width))
        .saturating_add(weight_bytes(from.height, to.height));
    at_once.max(by_rows.saturating_sub(to.pixels().saturating_mul(pixel)))
}

/// Bytes of the weights along one axis. For each pixel of the result there is one weight per pixel under the kernel, as
/// a double and as a whole number of 4 bytes at most. A window smaller than the picture has fewer of them.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
fn weight_bytes(from: u32, to: u32) -> u64 {
    const PER_WEIGHT: u64 = 12;
    const PER_PIXEL: u64 = 64;
    let scale = (f64::from(from) / f64::from(to.max(1))).max(1.0);
    let weights = ((LANCZOS_SUPPORT * scale).ceil() * 2.0 + 1.0) as u64;
    u64::from(to).saturating_mul(weights.saturating_mul(PER_WEIGHT).saturating_add(PER_PIXEL))
}

/// The whole picture averaged by a box kernel: a fraction of the work of [`scale_window`].
///
/// # Errors
/// [`Error::Resize`] if the resampler refuses the size.
pub(crate) fn average(picture: &Picture, size: Size) -> Result<Picture, Error> {
    resample(picture, Window::whole(picture.size), size, FilterType::Box)
}

/// A window of a picture of eight bits, scaled to `size` pixels.
///
/// At the window's edges the kernel reads pixels outside of it, as if the whole picture had been scaled and then
/// cropped.
///
/// # Errors
/// [`Error::Resize`] if the resampler refuses the window or the size.
pub(crate) fn scale_window(picture: &Picture, window: Window, size: Size) -> Result<Picture, Error> {
    if let Some(copy) = copy_window(picture, window, size) {
        return Ok(copy);
    }
    if picture.layout.has_alpha() {
        return resample(picture, window, size, FilterType::Lanczos3);
    }
    let (across, down) = axes(picture.size, window, size);
    let mut scaler = RowScaler::<u8>::new(&across, &down, picture.layout.channels());
    picture.rows().for_each(|row| scaler.push(row));
    Ok(Picture { size, layout: picture.layout, depth: picture.depth, samples: scaler.finish() })
}

/// Both axes of a window that is scaled to `size`.
fn axes(picture: Size, window: Window, size: Size) -> (Axis, Axis) {
    let axis = |source, start, length, target| Axis { source, start, length, target, sharpening: 0.0 };
    (
        axis(picture.width, window.x, window.width, size.width),
        axis(picture.height, window.y, window.height, size.height),
    )
}

fn resample(picture: &Picture, window: Window, size: Size, filter: FilterType) -> Result<Picture, Error> {
    debug_assert_eq!(picture.depth, Depth::Eight);
    let (width, height) = (f64::from(picture.size.width), f64::from(picture.size.height));
    // A window may exceed the edge by a rounding error, which the resampler refuses.
    let left = window.x.clamp(0.0, width);
    let top = window.y.clamp(0.0, height);
    let crop =
        Crop { left, top, width: window.width.min(width - left), height: window.height.min(height - top) };
    let pixel = match picture.layout {
        Layout::Grey => PixelType::U8,
        Layout::GreyAlpha => PixelType::U8Alpha,
        Layout::Rgb => PixelType::U8x3,
        Layout::RgbAlpha => PixelType::U8x3Alpha,
        Layout::Cmyk => PixelType::U8x4,
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
            scale_window(&picture, window, Size { width: 2, height: 1 }).unwrap(),
            grey(2, 1, &[5, 6])
        );
    }

    #[test]
    fn flat_colour_is_unchanged_in_every_layout() {
        for layout in [Layout::Cmyk, Layout::Grey, Layout::GreyAlpha, Layout::Rgb, Layout::RgbAlpha] {
            let mut picture = Picture::blank(Size { width: 40, height: 30 }, layout, Depth::Eight);
            picture.samples.fill(200);
            let small = Size { width: 7, height: 5 };
            let scaled = scale_window(&picture, Window::whole(picture.size), small).unwrap();
            assert_eq!(scaled.samples.len(), 35 * picture.pixel_bytes());
            let off = scaled.samples.iter().filter(|s| s.abs_diff(200) > 1).count();
            assert_eq!(off, 0, "{layout:?}");
        }
    }

    /// Red beside transparent green: no green may show.
    #[test]
    fn transparent_colour_does_not_bleed() {
        let size = Size { width: 8, height: 1 };
        let samples = [[255, 0, 0, 255], [0, 255, 0, 0]].repeat(4).concat();
        let picture = Picture { size, layout: Layout::RgbAlpha, depth: Depth::Eight, samples };
        let scaled = scale_window(&picture, Window::whole(size), Size { width: 2, height: 1 }).unwrap();
        for pixel in scaled.samples.chunks_exact(4) {
            assert!(pixel[0] > 250 && pixel[1] < 5, "{pixel:?}");
        }
    }
}
