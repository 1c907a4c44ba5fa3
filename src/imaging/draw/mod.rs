//! Drawing: from a source at the sizes of its largest thumbnails to the thumbnails of all recipes.
//!
//! The first stage of a plan is a part of the source at some size. Decoding made the large ones of them, row by row; a
//! smaller one is made of the smallest that has twice its resolution. The [`Renderer`] draws from the largest thumbnail
//! to the smallest: it converts colours, turns the picture upright, applies the remaining steps and hands the pixels to
//! an encoder.
//!
//! - [`job`]: one recipe with its plan, and the drawing order;
//! - [`frames`]: the frames of an animated source;
//! - [`encoder_threads`]: encoding beside drawing;
//! - [`unencoded`]: thumbnails that are encoded later, because that takes long.
//!
//! Invariant: memory is reserved from the [`Budget`] before it is allocated, and released when it is free.

pub(crate) mod encoder_threads;
pub(crate) mod frames;
pub(crate) mod job;
pub(crate) mod unencoded;

use std::thread;
use std::time::Instant;

use crate::imaging::color::Profile;
use crate::imaging::draw::encoder_threads::EncoderThreads;
use crate::imaging::draw::job::{DrawJob, DrawnPicture};
use crate::imaging::draw::unencoded::{DraftThumbnail, UnencodedThumbnail};
use crate::imaging::encode;
use crate::imaging::encode::avif::estimate;
use crate::imaging::error::Error;
use crate::imaging::limits::{Budget, Cancel, to_u64};
use crate::imaging::picture::geometry::Window;
use crate::imaging::picture::{Layout, Picture};
use crate::imaging::pixels::source_scaler::{RefusedTarget, ScaledPicture, ScaledSource};
use crate::imaging::pixels::{blur, canvas, corners, overlay, resize, sharpen, subject};
use crate::imaging::plan::target::Target;
use crate::imaging::plan::{DrawPlan, Finish, Stage};
use crate::imaging::rendering::{AnimatedThumbnails, Motion, NotAnimated, Timings};
use crate::imaging::source_properties::SourceProperties;
use crate::recipe::Recipe;

/// Draws thumbnails from one source.
pub(super) struct Renderer<'p> {
    /// The source at several sizes, in drawing order.
    sources: Vec<ScaledPicture>,
    refused: Vec<RefusedTarget>,
    properties: &'p SourceProperties,
}

impl<'p> Renderer<'p> {
    /// A renderer of a source, whose bytes are reserved.
    pub(super) fn new(source: ScaledSource, properties: &'p SourceProperties) -> Self {
        Self { sources: source.pictures, refused: source.refused, properties }
    }

    /// One result per recipe, in their order: the animated thumbnails as they are, and stills for the other recipes, those in
    /// slow formats not encoded. The budget then holds all that is encoded and drawn, and is known to have room to encode
    /// the rest one after the other.
    ///
    /// If memory runs out while encoders are running, drawing waits for them and tries again.
    pub(super) fn thumbnails(
        mut self,
        recipes: &[&Recipe],
        mut animated: AnimatedThumbnails,
        budget: &mut Budget,
        cancel: &Cancel,
        timings: &mut Timings,
    ) -> Vec<Result<DraftThumbnail, Error>> {
        let properties = self.properties;
        let (jobs, refused) = DrawJob::all(properties.full, properties.orientation, recipes);
        let targets: Vec<Target> = jobs.iter().map(|job| job.target).collect();
        let mut finished: Vec<(usize, Result<DraftThumbnail, Error>)> =
            refused.into_iter().map(|(index, refusal)| (index, Err(refusal))).collect();
        thread::scope(|scope| {
            let mut encoders = EncoderThreads::new(scope, properties, cancel, budget.threads());
            for (number, mut job) in jobs.into_iter().enumerate() {
                let later = targets.get(number + 1..).unwrap_or_default();
                let motion = match animated.remove(&job.index) {
                    Some(Ok(thumbnail)) => {
                        finished.push((job.index, Ok(DraftThumbnail::Encoded(thumbnail))));
                        continue;
                    }
                    Some(Err(NotAnimated::Memory { needed, allowed })) => {
                        finished.push((job.index, Err(Error::TooMuchMemory { needed, allowed })));
                        continue;
                    }
                    Some(Err(reason)) => Motion::NotAnimated(reason),
                    None => Motion::Still,
                };
                let start = Instant::now();
                let mut drawn = self.draw(&mut job, later, budget, cancel);
                while matches!(drawn, Err(Error::TooMuchMemory { .. })) && encoders.wait_for_first(budget) {
                    drawn = self.draw(&mut job, later, budget, cancel);
                }
                timings.resize += start.elapsed();
                match drawn {
                    Ok(drawn) if encode::is_slow(job.recipe) => {
                        finished.push((job.index, self.unencoded(drawn, &job, motion, budget)));
                    }
                    Ok(drawn) => encoders.encode(&job, motion, drawn, !later.is_empty(), budget),
                    Err(error) => finished.push((job.index, Err(error))),
                }
            }
            let (encoded, encode_time) = encoders.finish(budget);
            timings.encode += encode_time;
            let encoded = encoded.into_iter();
            finished.extend(encoded.map(|(index, made)| (index, made.map(DraftThumbnail::Encoded))));
        });
        reserve_for_encoding(finished.iter_mut().map(|(_, made)| made), budget);
        finished.sort_by_key(|(index, _)| *index);
        debug_assert_eq!(finished.len(), recipes.len());
        finished.into_iter().map(|(_, thumbnail)| thumbnail).collect()
    }

    /// Draws one thumbnail. `later` are the targets of those to be drawn after it.
    ///
    /// # Errors
    /// [`Error::TooMuchMemory`], [`Error::Cancelled`], or [`Error::Resize`].
    pub(super) fn draw(
        &mut self,
        job: &mut DrawJob<'_>,
        later: &[Target],
        budget: &mut Budget,
        cancel: &Cancel,
    ) -> Result<DrawnPicture, Error> {
        if let Some(refused) = self.refused.iter().find(|refused| refused.target == job.target) {
            let RefusedTarget { needed, allowed, .. } = *refused;
            return Err(Error::TooMuchMemory { needed, allowed });
        }
        let SourceProperties { layout, depth, full, .. } = *self.properties;
        let (plan, source_file) = (&job.plan, self.properties.source_file());
        let final_size = plan.stages.last().map_or(full, Stage::final_size);
        let encoder_bytes =
            encode::working_bytes_per_pixel(job.recipe, &source_file, self.final_layout(plan), final_size);
        let source = self.source_of(&job.target).filter(|source| source.target != job.target);
        let pixel = to_u64(layout.channels() * depth.bytes());
        let working_bytes =
            resize::working_bytes(source.map(|source| &source.picture), pixel, plan, encoder_bytes);
        budget.reserve(working_bytes)?;
        let drawn = cancel.check().and_then(|()| {
            let first = self.first_stage(&job.target, later, budget)?;
            self.run_plan(first, job, cancel)
        });
        match drawn {
            Ok(picture) => Ok(DrawnPicture { picture, working_bytes }),
            Err(error) => {
                budget.release(working_bytes);
                Err(error)
            }
        }
    }

    /// A drawn picture that waits for its encoder, with what it needs of the source. It keeps the memory of its pixels.
    fn unencoded(
        &self,
        drawn: DrawnPicture,
        job: &DrawJob<'_>,
        motion: Motion,
        budget: &mut Budget,
    ) -> Result<DraftThumbnail, Error> {
        let DrawnPicture { picture, working_bytes } = drawn;
        // Here, because the thread that asks for estimates does not compute.
        estimate::measure();
        let thumbnail = UnencodedThumbnail::new(picture, job, motion, self.properties);
        budget.release(working_bytes);
        budget.reserve(thumbnail.held_bytes())?;
        Ok(DraftThumbnail::Drawn(Box::new(thumbnail)))
    }

    /// The picture of which a target is made: itself, or the smallest that serves it.
    fn source_of(&self, target: &Target) -> Option<&ScaledPicture> {
        let itself = self.sources.iter().find(|source| source.target == *target);
        itself.or_else(|| self.sources.iter().rev().find(|source| source.target.serves(target)))
    }

    /// A part of the source at the size of a target, as it is stored. It is kept if a later one is made of it.
    fn first_stage(
        &mut self,
        target: &Target,
        later: &[Target],
        budget: &mut Budget,
    ) -> Result<Picture, Error> {
        let is_kept = later.iter().any(|later| target == later || target.serves(later));
        let at = self.sources.iter().position(|source| source.target == *target);
        if let Some(at) = at.filter(|_| !is_kept) {
            let ScaledPicture { picture, .. } = self.sources.remove(at);
            budget.release(picture.bytes());
            return Ok(picture);
        }
        let Some(source) = self.source_of(target) else {
            // Unreachable: a plan has a first stage, and its target or one that serves it was made.
            return Err(Error::Resize { detail: "its source is missing".to_owned() });
        };
        if at.is_some() || source.picture.is_placeholder() {
            let Picture { layout, depth, .. } = source.picture;
            let placeholder = || Picture::placeholder(target.size, layout, depth);
            return Ok(if at.is_some() { source.picture.clone() } else { placeholder() });
        }
        let window = source.target.locate(target.window);
        let picture = resize::scale_window(&source.picture, window, target.size)?;
        if is_kept {
            budget.reserve(picture.bytes())?;
            self.sources.push(ScaledPicture { target: *target, picture: picture.clone() });
        }
        Ok(picture)
    }

    /// Runs all stages of a plan, the first of which is scaled. The result is sRGB or of the kept profile, eight bits, with
    /// alpha only if any pixel is not opaque.
    fn run_plan(&self, scaled: Picture, job: &mut DrawJob<'_>, cancel: &Cancel) -> Result<Picture, Error> {
        let DrawJob { recipe, plan, subject_windows, .. } = job;
        if scaled.is_placeholder() {
            return Ok(scaled);
        }
        // Sharpening is applied once: at the final scale, and before padding, whose border would bleed into the image.
        let sharpened_stage = plan.sharpened_stage();
        let sharpened = |picture: Picture, stage: usize| match recipe.sharpen {
            Some(percent) if stage == sharpened_stage => sharpen::sharpen(&picture, percent),
            Some(_) | None => picture,
        };
        let mut drawn = self.converted(recipe, scaled).drop_opaque_alpha();
        let mut subject_windows = subject_windows.iter_mut();
        for (number, stage) in plan.stages.iter().enumerate() {
            cancel.check()?;
            let mut orientation = stage.orientation;
            if number == 0 {
                orientation = self.properties.orientation.then(orientation);
            } else if !stage.takes_whole(drawn.size) {
                drawn = resize::scale_window(&drawn, stage.window, stage.size)?;
            }
            drawn = orientation.apply(sharpened(drawn, number));
            drawn = finish_stage(drawn, stage, recipe, subject_windows.next(), cancel)?;
        }
        let drawn = if recipe.greyscale { drawn.greyed() } else { drawn };
        Ok(drawn.drop_opaque_alpha())
    }

    /// The layout with the most channels that the thumbnail can have: rotation adds a transparent canvas, round corners
    /// are transparent, and watermarks may have colours.
    fn final_layout(&self, plan: &DrawPlan) -> Layout {
        plan.stages.iter().fold(self.properties.layout, |layout, stage| match (&stage.finish, layout) {
            (Some(Finish::Rotate { .. } | Finish::Round { .. }), _)
            | (Some(Finish::Watermark(_)), Layout::GreyAlpha) => Layout::RgbAlpha,
            (Some(Finish::Watermark(_)), Layout::Grey) => Layout::Rgb,
            (None | Some(_), layout) => layout,
        })
    }

    /// The picture in eight bits and in sRGB, or with the source's colours if the recipe keeps its profile.
    fn converted(&self, recipe: &Recipe, picture: Picture) -> Picture {
        let keeps_profile = self.properties.kept_profile(recipe).is_some();
        let profile = if keeps_profile { &Profile::Srgb } else { &self.properties.profile };
        profile.to_srgb(picture)
    }
}

/// Reserves the most memory that one of the waiting thumbnails needs to be encoded while all of them are held, and releases
/// it. Those that need more fail, the largest first.
fn reserve_for_encoding<'a>(
    thumbnails: impl Iterator<Item = &'a mut Result<DraftThumbnail, Error>>,
    budget: &mut Budget,
) {
    let mut waiting: Vec<_> = thumbnails
        .filter_map(|made| match made {
            Ok(DraftThumbnail::Drawn(drawn)) => Some((drawn.encoding_bytes(), drawn.held_bytes(), made)),
            Ok(DraftThumbnail::Encoded(_)) | Err(_) => None,
        })
        .collect();
    waiting.sort_by_key(|(encoding, ..)| std::cmp::Reverse(*encoding));
    for (encoding, held, made) in waiting {
        match budget.reserve(encoding) {
            Ok(()) => return budget.release(encoding),
            Err(error) => {
                budget.release(held);
                *made = Err(error);
            }
        }
    }
}

/// Applies the operation that ends a stage to its picture.
///
/// The window of a crop to the subject is found in the first frame of an animation and kept for the others.
fn finish_stage(
    picture: Picture,
    stage: &Stage,
    recipe: &Recipe,
    subject_window: Option<&mut Option<Window>>,
    cancel: &Cancel,
) -> Result<Picture, Error> {
    Ok(match stage.finish {
        None => picture,
        Some(Finish::Blur(blur)) => blur::blur(picture, blur, cancel)?,
        Some(Finish::Pad { size, color }) => canvas::pad(picture, size, color.unwrap_or(recipe.background)),
        Some(Finish::CropToSubject { size }) => {
            let window = match subject_window.as_deref() {
                Some(Some(window)) => *window,
                Some(None) | None => subject::find(&picture, size)?,
            };
            if let Some(subject_window) = subject_window {
                *subject_window = Some(window);
            }
            resize::scale_window(&picture, window, size)?
        }
        Some(Finish::Rotate { degrees, size }) => canvas::rotate(picture, degrees, size),
        Some(Finish::Round { radius }) => corners::round(picture, radius),
        Some(Finish::Watermark(ref watermark)) => overlay::overlay(picture, watermark),
    })
}
