//! The largest images that fit in the memory, and the time that a photograph takes.
//!
//! Sizes are found by the memory model that refuses images: the decoders are given headers of sample images. The time
//! is that for a JPEG of one colour.

use std::fmt;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use super::finding::{Check, Finding, Status};
use super::sample_image::{SampleFormat, jpeg};
use crate::config::Rule;
use crate::error;
use crate::imaging::{Cancel, Error, Limits, Tolerance, Upright, memory_for_jpeg, render};
use crate::pipeline::MemoryPool;
use crate::recipe::Recipe;

/// Sizes of photographs from phones: 12, 24 and 48 megapixels.
const PHOTOS: [(u32, u32); 3] = [(4000, 3000), (5657, 4243), (8000, 6000)];

const MEGA: u64 = 1_000_000;

/// A trial of the recipes of one rule in a memory of this size.
pub(super) struct MemoryTrial<'a> {
    recipes: Vec<&'a Recipe>,
    limits: Limits,
    memory_mb: u64,
    /// Bytes that watermarks take beside the images.
    watermark_bytes: u64,
}

impl<'a> MemoryTrial<'a> {
    pub(super) fn new(rule: &'a Rule, memory_mb: u64, max_pixels: u64, watermark_bytes: u64) -> Self {
        let recipes = rule.thumbnails().iter().map(|thumbnail| &thumbnail.recipe).collect();
        let memory = MemoryPool::for_pixels(memory_mb).saturating_sub(watermark_bytes);
        Self {
            recipes,
            limits: Limits { max_pixels, memory, damage: Tolerance::Nothing, threads: NonZeroUsize::MIN },
            memory_mb,
            watermark_bytes,
        }
    }

    /// Finds the images that the rule of this name takes. Returns the time that a photograph took.
    pub(super) fn try_images(
        &self,
        label: &str,
        cancel: &Cancel,
        findings: &mut Vec<Finding>,
    ) -> Option<Duration> {
        let limit = self.limits.max_pixels;
        let is_allowed = |sides: &(u32, u32)| u64::from(sides.0) * u64::from(sides.1) <= limit;
        let mut smallest = None;
        let photos = PHOTOS.into_iter().filter(is_allowed).map(|sides| (sides, ""));
        for (sides, remark) in photos.chain([(sides(limit), ", which MAX_PIXELS allows,")]) {
            match self.needed(SampleFormat::Jpeg, sides) {
                Some(needed) if needed > self.limits.memory => {
                    findings.push(self.refused(label, sides, remark, needed));
                }
                Some(_) => smallest = smallest.or(Some(sides)),
                None => {}
            }
        }
        let sides = smallest?;
        let (finding, took) = match self.render(sides, cancel) {
            Ok(took) => (self.taken(label, sides, took), Some(took)),
            Err(error) => {
                let sentence =
                    format!("{label}: a JPEG of {} could not be tried: {error}", Megapixels(sides));
                (Finding::note(Check::Memory, sentence), None)
            }
        };
        findings.push(finding);
        took
    }

    fn taken(&self, label: &str, tried: (u32, u32), took: Duration) -> Finding {
        let most = SampleFormat::ALL.map(|kind| {
            let about = if kind.is_jpeg() { "" } else { "about " };
            format!("{} up to {about}{}", kind.name(), self.most(kind))
        });
        let (memory, most, took) = (self.memory_mb, most.join(", "), took.as_millis());
        let sentence = format!(
            "{label}: {memory} MB take {most} megapixels; a JPEG of {}, of one colour, took {took} ms",
            Megapixels(tried)
        );
        Finding::ok(Check::Memory, sentence)
    }

    fn refused(&self, label: &str, sides: (u32, u32), remark: &str, needed: u64) -> Finding {
        let needed = MemoryPool::function_mb_for(needed.saturating_add(self.watermark_bytes));
        let refusal = error::Error::TooMuchMemory { needed, have: self.memory_mb };
        let what = Megapixels(sides);
        let text = format!("{label}: a JPEG of {what}{remark} would be refused: {refusal}");
        Finding::of_sentence(Check::Memory, Status::Warning, &text)
    }

    /// Makes the thumbnails of a JPEG of one colour.
    fn render(&self, (width, height): (u32, u32), cancel: &Cancel) -> Result<Duration, Error> {
        let start = Instant::now();
        render(jpeg(width, height), None, &self.recipes, Upright::ByExif, &self.limits, cancel)
            .map(|_| start.elapsed())
    }

    /// Megapixels of the largest image, 4 to 3, that is not refused. Other formats decode to images of about the size
    /// that JPEG does, from which thumbnails take the same memory.
    fn most(&self, kind: SampleFormat) -> u64 {
        let (mut fits, mut too_large) = (0, self.limits.max_pixels / MEGA + 1);
        while too_large - fits > 1 {
            let middle = u64::midpoint(fits, too_large);
            let sides = sides(middle * MEGA);
            let estimate = self.needed(if kind.is_jpeg() { kind } else { SampleFormat::Jpeg }, sides);
            if sides.0 <= kind.longest_side()
                && estimate.is_some_and(|needed| needed <= self.limits.memory)
                && (kind.is_jpeg() || self.admits(kind, sides))
            {
                fits = middle;
            } else {
                too_large = middle;
            }
        }
        fits
    }

    /// Bytes that a JPEG takes.
    fn needed(&self, kind: SampleFormat, (width, height): (u32, u32)) -> Option<u64> {
        memory_for_jpeg(&kind.header(width, height), &self.recipes).ok()
    }

    /// True if the header of an image is admitted: then the decoder goes on, and finds no image data. Assumes a WebP of
    /// two bits a pixel.
    fn admits(&self, kind: SampleFormat, (width, height): (u32, u32)) -> bool {
        let length = (kind == SampleFormat::WebP).then(|| u64::from(width) * u64::from(height) / 4);
        let header = kind.header(width, height);
        let refusal = render(
            header.as_slice(),
            length,
            &self.recipes,
            Upright::ByExif,
            &self.limits,
            &Cancel::default(),
        )
        .err();
        matches!(refusal, Some(Error::Damaged { .. }))
    }
}

/// A size in megapixels, for people.
struct Megapixels((u32, u32));

impl fmt::Display for Megapixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pixels = u64::from(self.0.0) * u64::from(self.0.1);
        write!(f, "{} megapixels", pixels.div_ceil(MEGA / 2) / 2)
    }
}

/// Sides of an image of so many pixels, 4 to 3.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "sides"
)]
fn sides(pixels: u64) -> (u32, u32) {
    let width = (pixels as f64 * 4.0 / 3.0).sqrt();
    (width as u32, (width * 0.75) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Environment};

    fn try_images(thumbnails: &str, memory_mb: u64, max_pixels: u64) -> Vec<String> {
        let config = Config::load(&Environment::from_pairs([("THUMBNAILS", thumbnails)]), None).unwrap();
        let mut findings = Vec::new();
        let trial = MemoryTrial::new(&config.rules()[0], memory_mb, max_pixels, 0);
        trial.try_images("r", &Cancel::default(), &mut findings);
        findings.iter().map(|finding| format!("{} {finding}", finding.status.name())).collect()
    }

    #[test]
    fn a_photograph_that_would_be_refused_comes_with_the_memory_that_would_do() {
        let findings = try_images("8000x8000", 256, 250_000_000);
        assert_eq!(findings.len(), 4, "{findings:#?}");
        assert!(
            findings[0]
                .starts_with("warning r: a JPEG of 24 megapixels would be refused: this picture needs 36"),
            "{findings:#?}"
        );
        assert!(findings[0].ends_with("this function has 256 MB; set 384 MB"), "{findings:#?}");
        assert!(findings[2].contains("of 250 megapixels, which MAX_PIXELS allows, would"), "{findings:#?}");
        assert!(findings[3].contains("a JPEG of 12 megapixels, of one colour, took"), "{findings:#?}");
        let findings = try_images("8000x8000", 384, 250_000_000);
        assert!(findings[0].contains("48 megapixels would be refused"), "384 MB do for 24: {findings:#?}");
    }

    #[test]
    fn ordinary_thumbnails_fit_a_small_function() {
        let findings = try_images("300x300", 128, 90_000_000);
        assert_eq!(findings.len(), 1, "{findings:#?}");
        assert!(
            findings[0].starts_with(
                "ok r: 128 MB take JPEG up to 90, progressive JPEG up to 90, PNG up to about 90"
            ),
            "{findings:#?}"
        );
    }

    #[test]
    fn images_larger_than_max_pixels_are_not_mentioned() {
        let findings = try_images("8000x8000", 256, 12_000_000);
        assert!(findings.len() == 1 && findings[0].contains("JPEG up to 12,"), "{findings:#?}");
    }

    #[test]
    fn every_sample_is_admitted_or_refused_by_its_header() {
        let config = Config::load(&Environment::from_pairs([("THUMBNAILS", "600x600")]), None).unwrap();
        let (small, large) =
            [0, 3072].map(|mb| MemoryTrial::new(&config.rules()[0], mb, 250_000_000, 0)).into();
        for kind in [SampleFormat::Png, SampleFormat::WebP] {
            assert!(large.admits(kind, (12_000, 9000)), "{}", kind.name());
            assert!(!large.admits(kind, (16_000, 16_000)), "{}: too many pixels", kind.name());
        }
        assert!(!small.admits(SampleFormat::WebP, (12_000, 9000)), "a file of 27 MB");
        assert!(!small.admits(SampleFormat::Png, (2_000_000, 100)), "rows of 20 MB");
    }
}
