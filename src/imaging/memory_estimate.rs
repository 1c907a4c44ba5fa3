//! Estimate of the memory that a JPEG takes, from its header alone.
//!
//! The estimate runs the same code as rendering, on placeholders: pictures that have a size and no pixels. Every step
//! reserves what it would reserve with pixels, so the peak of the budget is the memory needed. Nothing is decoded and
//! no large buffer is allocated.

use std::num::NonZeroUsize;

use crate::imaging::damage::Tolerance;
use crate::imaging::decode;
use crate::imaging::draw::Renderer;
use crate::imaging::draw::job::DrawJob;
use crate::imaging::draw::unencoded::UnencodedThumbnail;
use crate::imaging::encode;
use crate::imaging::error::Error;
use crate::imaging::limits::{Budget, Cancel, Limits};
use crate::imaging::plan::demand::{Demand, Upright};
use crate::imaging::plan::target::Target;
use crate::imaging::rendering::Motion;
use crate::imaging::source_properties::SourceProperties;
use crate::recipe::Recipe;

/// Bytes of memory that [`render`](crate::imaging::render) needs for a JPEG with this header.
///
/// `header` ends at the first entropy-coded byte. One thread is assumed to be at work. The files written come on top:
/// kilobytes.
///
/// # Errors
/// [`Error`] if the header is not that of a JPEG. A recipe that an image of this size cannot satisfy counts as 0 bytes.
pub fn memory_for_jpeg(header: &[u8], recipes: &[&Recipe]) -> Result<u64, Error> {
    let demand = Demand { recipes, upright: Upright::ByExif, propagate_id: None };
    let limits = Limits {
        max_pixels: u64::MAX,
        memory: u64::MAX,
        damage: Tolerance::default(),
        threads: NonZeroUsize::MIN,
    };
    let mut budget = Budget::new(limits);
    let decoded = decode::estimate_jpeg(header, demand, &mut budget)?;
    let properties = SourceProperties::new(&decoded, None, demand);
    budget.reset_to(decoded.scaled.bytes());
    let mut renderer = Renderer::new(decoded.scaled, &properties);
    let (jobs, _) = DrawJob::all(properties.full, properties.orientation, recipes);
    let targets: Vec<Target> = jobs.iter().map(|job| job.target).collect();
    let mut most_encoding = 0;
    for (number, mut job) in (1..).zip(jobs) {
        let later = targets.get(number..).unwrap_or_default();
        let drawn = renderer.draw(&mut job, later, &mut budget, &Cancel::default())?;
        budget.release(drawn.working_bytes);
        if encode::is_slow(job.recipe) {
            let waiting = UnencodedThumbnail::new(drawn.picture, &job, Motion::Still, &properties);
            budget.reserve(waiting.held_bytes())?;
            most_encoding = most_encoding.max(waiting.encoding_bytes());
        }
    }
    budget.reserve(most_encoding)?;
    Ok(budget.peak())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::render;
    use crate::recipe::{Format, Geometry, Scaling, Step};

    const SIZE: (u16, u16) = (2000, 1500);

    fn jpeg(progressive: bool) -> (Vec<u8>, usize) {
        let mut file = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut file, 80);
        encoder.set_progressive(progressive);
        encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
        let samples = vec![128; usize::from(SIZE.0) * usize::from(SIZE.1) * 3];
        encoder.encode(&samples, SIZE.0, SIZE.1, jpeg_encoder::ColorType::Rgb).unwrap();
        let scan = file.windows(2).position(|marker| marker == [0xff, 0xda]).unwrap();
        let length = usize::from(u16::from_be_bytes([file[scan + 2], file[scan + 3]]));
        (file, scan + 2 + length)
    }

    #[test]
    fn the_estimate_is_what_rendering_takes() {
        let fit = |side, format| Recipe { format, ..Recipe::fit_inside(side, side) };
        let light = Recipe { linear: true, ..Recipe::fit_inside(500, 500) };
        let whole = Geometry::Fit { width: Some(9000), height: None, scaling: Scaling::ShrinkOnly };
        let whole = Recipe { steps: vec![Step::Thumbnail(whole)], ..Recipe::default() };
        let sets: [&[&Recipe]; 6] = [
            &[&fit(300, None)],
            &[&fit(1600, Some(Format::WebP)), &fit(150, None), &fit(800, Some(Format::Png))],
            &[&light, &fit(1000, None)],
            &[&whole],
            &[&Recipe::default()],
            &[&fit(400, Some(Format::Avif)), &fit(300, Some(Format::Avif)), &fit(100, None)],
        ];
        for (number, recipes) in sets.into_iter().enumerate() {
            for progressive in [false, true] {
                let (file, header) = jpeg(progressive);
                let needed = memory_for_jpeg(&file[..header], recipes).unwrap();
                let fits = |memory| {
                    let (max_pixels, threads) = (u64::MAX, NonZeroUsize::MIN);
                    let limits = Limits { max_pixels, memory, damage: Tolerance::Nothing, threads };
                    let made =
                        render(file.as_slice(), None, recipes, Upright::ByExif, &limits, &Cancel::default());
                    made.is_ok_and(|made| made.thumbnails.iter().all(Result::is_ok))
                };
                assert!(fits(needed + (1 << 16)), "set {number}, progressive {progressive}: {needed}");
                // To 300 px a photograph is decoded at 3/8, and the estimate is for graphics, at 1/2.
                let is_estimated_for_graphics = number == 0;
                let less = needed / 100 * 97;
                assert!(
                    is_estimated_for_graphics || !fits(less),
                    "set {number}, progressive {progressive}: {less} is enough"
                );
            }
        }
    }
}
