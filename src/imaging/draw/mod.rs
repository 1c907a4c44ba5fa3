//! Drawing: from one decoded picture of a source to the thumbnails of all recipes.
//!
//! [`Renderer`] holds the decoded source, upright. For each recipe it resamples a window of the source, converts
//! colours, applies the remaining steps and hands the pixels to an encoder. It draws from the largest thumbnail to the
//! smallest. On the way it averages the source as far as the rest allow: small thumbnails do not pay for the resolution
//! of large ones.
//!
//! - [`job`]: one recipe with its plan, and the drawing order;
//! - [`frames`]: the frames of an animated source;
//! - [`encoder_threads`]: encoding beside drawing.
//!
//! Invariant: memory is reserved from the [`Budget`] before it is allocated, and released when it is free.

pub(crate) mod encoder_threads;
pub(crate) mod frames;
pub(crate) mod job;

use std::thread;
use std::time::Instant;

use crate::imaging::color::Profile;
use crate::imaging::draw::encoder_threads::EncoderThreads;
use crate::imaging::draw::job::{DrawJob, DrawnPicture};
use crate::imaging::encode;
use crate::imaging::error::Error;
use crate::imaging::limits::{Budget, Cancel};
use crate::imaging::picture::geometry::{Cell, Ratio, Size, Window};
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::picture::{Layout, Picture, Sampling};
use crate::imaging::pixels::reduce::Reducer;
use crate::imaging::pixels::{canvas, linear_light, resize, sharpen, subject};
use crate::imaging::plan::{DrawPlan, Finish, Stage};
use crate::imaging::rendering::{AnimatedThumbnails, Motion, NotAnimated, Thumbnail, Timings};
use crate::imaging::source_properties::SourceProperties;
use crate::recipe::Recipe;

/// Draws thumbnails from one decoded picture of a source.
pub(super) struct Renderer<'p> {
    source: ScaledSource,
    properties: &'p SourceProperties,
}

/// The source, upright, at some resolution.
struct ScaledSource {
    picture: Picture,
    sampling: Sampling,
    /// The part of `picture` that the source covers, pixels of `picture`. The last column and row of an averaged
    /// picture may be covered in part.
    extent: Window,
    /// `true` if samples are proportional to light, not on sRGB's curve.
    is_linear: bool,
}

impl<'p> Renderer<'p> {
    /// Orients a decoded picture, whose bytes are reserved.
    ///
    /// # Errors
    /// [`Error::TooMuchMemory`] if the budget does not allow for a second picture where one has to be oriented.
    pub(super) fn new(
        picture: Picture,
        properties: &'p SourceProperties,
        budget: &mut Budget,
    ) -> Result<Self, Error> {
        // The stored and the oriented picture are in memory at once.
        let is_upright = properties.orientation == Orientation::default();
        let copy_bytes = if is_upright { 0 } else { picture.bytes() };
        budget.reserve(copy_bytes)?;
        let extent = properties.orientation.window(properties.stored_extent, picture.size);
        let source = ScaledSource {
            picture: properties.orientation.apply(picture),
            sampling: properties.sampling,
            extent,
            is_linear: false,
        };
        budget.release(copy_bytes);
        Ok(Self { source, properties })
    }

    /// One result per recipe, in their order: the animated thumbnails as they are, and stills for the other recipes.
    ///
    /// If memory runs out while encoders are running, drawing waits for them and tries again.
    pub(super) fn thumbnails(
        mut self,
        recipes: &[&Recipe],
        mut animated: AnimatedThumbnails,
        budget: &mut Budget,
        cancel: &Cancel,
        timings: &mut Timings,
    ) -> Vec<Result<Thumbnail, Error>> {
        let properties = self.properties;
        let (jobs, refused) = DrawJob::all(properties.full, recipes);
        let mut finished: Vec<_> =
            refused.into_iter().map(|(index, refusal)| (index, Err(refusal))).collect();
        thread::scope(|scope| {
            let mut encoders = EncoderThreads::new(scope, properties, cancel, budget.threads());
            let mut jobs = jobs.into_iter().peekable();
            while let Some(mut job) = jobs.next() {
                let motion = match animated.remove(&job.index) {
                    Some(Ok(thumbnail)) => {
                        finished.push((job.index, Ok(thumbnail)));
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
                let mut drawn = self.draw(&mut job, budget, cancel);
                while matches!(drawn, Err(Error::TooMuchMemory { .. })) && encoders.wait_for_first(budget) {
                    drawn = self.draw(&mut job, budget, cancel);
                }
                timings.resize += start.elapsed();
                match drawn {
                    Ok(drawn) => encoders.encode(&job, motion, drawn, jobs.peek().is_some(), budget),
                    Err(error) => finished.push((job.index, Err(error))),
                }
            }
            let (encoded, encode_time) = encoders.finish(budget);
            timings.encode += encode_time;
            finished.extend(encoded);
        });
        finished.sort_by_key(|(index, _)| *index);
        debug_assert_eq!(finished.len(), recipes.len());
        finished.into_iter().map(|(_, thumbnail)| thumbnail).collect()
    }

    /// Draws one thumbnail. It may average the source for it, so larger thumbnails cannot be drawn afterwards.
    ///
    /// # Errors
    /// [`Error::TooMuchMemory`], [`Error::Cancelled`], or [`Error::Resize`].
    pub(super) fn draw(
        &mut self,
        job: &mut DrawJob<'_>,
        budget: &mut Budget,
        cancel: &Cancel,
    ) -> Result<DrawnPicture, Error> {
        if !job.recipe.linear {
            self.average(job.demand, budget)?;
        }
        let left = budget.left();
        let linear = if job.recipe.linear { self.linear_source(job.plan.ratio(), budget)? } else { None };
        let linear_bytes = left.saturating_sub(budget.left());
        let source = linear.as_ref().unwrap_or(&self.source);
        let (plan, source_file) = (&job.plan, self.properties.source_file());
        let final_size = plan.stages.last().map_or(self.properties.full, Stage::final_size);
        let encoder_bytes =
            encode::working_bytes_per_pixel(job.recipe, &source_file, self.final_layout(plan), final_size);
        let working_bytes = resize::working_bytes(&source.picture, plan, encoder_bytes);
        let picture = budget
            .reserve(working_bytes)
            .and_then(|()| self.run_plan(source, job, cancel).inspect_err(|_| budget.release(working_bytes)));
        drop(linear);
        budget.release(linear_bytes);
        Ok(DrawnPicture { picture: picture?, working_bytes })
    }

    /// Replaces the source by its average, if fewer pixels meet the demand.
    fn average(&mut self, demand: Ratio, budget: &mut Budget) -> Result<(), Error> {
        let cell = self.cell(demand);
        if cell == Cell::PIXEL {
            return Ok(());
        }
        let ScaledSource { picture, extent, .. } = &self.source;
        let size = cell.reduced(picture.size);
        let working_bytes = resize::averaging_bytes(picture, size);
        budget.reserve(working_bytes)?;
        let averaged = resize::average(picture, size)?;
        let across = f64::from(size.width) / f64::from(picture.size.width);
        let down = f64::from(size.height) / f64::from(picture.size.height);
        let extent = extent.scaled(across, down);
        // The smaller picture stays reserved instead of the larger one.
        budget.release(picture.bytes().saturating_add(working_bytes).saturating_sub(averaged.bytes()));
        let sampling = Sampling::of(cell);
        self.source = ScaledSource { picture: averaged, sampling, extent, is_linear: false };
        Ok(())
    }

    /// The cells over which the picture held may be averaged for this resolution of the full source.
    fn cell(&self, ratio: Ratio) -> Cell {
        // Per pixel of the picture held, the ratio is larger by the reduction so far.
        let (Size { width, height }, extent) = (self.properties.full, self.source.extent);
        Reducer::cell(ratio.times(f64::from(width) / extent.width, f64::from(height) / extent.height))
    }

    /// The source in linear light, averaged as far as a plan of this ratio allows; `None` for CMYK.
    fn linear_source(&self, ratio: Ratio, budget: &mut Budget) -> Result<Option<ScaledSource>, Error> {
        let ScaledSource { picture, extent, sampling, .. } = &self.source;
        if !linear_light::applies_to(picture.layout) {
            return Ok(None);
        }
        let cell = self.cell(ratio);
        let picture = linear_light::to_linear(picture, cell, budget)?;
        let extent = extent.scaled(1.0 / f64::from(cell.across), 1.0 / f64::from(cell.down));
        let sampling = if cell == Cell::PIXEL { *sampling } else { Sampling::of(cell) };
        Ok(Some(ScaledSource { picture, sampling, extent, is_linear: true }))
    }

    /// Runs all stages of a plan. The result is sRGB or of the kept profile, eight bits, with alpha only if any pixel
    /// is not opaque.
    fn run_plan(
        &self,
        source: &ScaledSource,
        job: &mut DrawJob<'_>,
        cancel: &Cancel,
    ) -> Result<Picture, Error> {
        let DrawJob { recipe, plan, subject_windows, .. } = job;
        if source.picture.is_placeholder() {
            return Ok(source.picture.clone());
        }
        let Some((first, later)) = plan.stages.split_first() else {
            // Unreachable: a plan has at least one stage.
            return Ok(self.converted(recipe, self.source.picture.clone()));
        };
        cancel.check()?;
        let ScaledSource { picture, sampling, extent, is_linear } = source;
        let window = self.locate(first.window, *extent);
        let scaled = resize::scale_window(picture, window, first.size, *sampling)?;
        let scaled =
            if *is_linear { linear_light::from_linear(&scaled, self.source.picture.depth) } else { scaled };
        // Sharpening is applied once: at the final scale, and before padding, whose border would bleed into the image.
        let sharpened = |picture: Picture, number: usize| match recipe.sharpen {
            Some(percent) if number == later.len() => sharpen::sharpen(&picture, percent),
            Some(_) | None => picture,
        };
        let picture = sharpened(self.converted(recipe, scaled).drop_opaque_alpha(), 0);
        let mut subject_windows = subject_windows.iter_mut();
        let mut drawn = finish_stage(picture, first, recipe, subject_windows.next())?;
        for (number, stage) in (1..).zip(later) {
            cancel.check()?;
            let scaled = resize::scale_window(&drawn, stage.window, stage.size, Sampling::Points)?;
            drawn = finish_stage(sharpened(scaled, number), stage, recipe, subject_windows.next())?;
        }
        let drawn = if recipe.greyscale { drawn.greyed() } else { drawn };
        Ok(drawn.drop_opaque_alpha())
    }

    /// The layout with the most channels that the thumbnail can have: rotation adds a transparent canvas.
    fn final_layout(&self, plan: &DrawPlan) -> Layout {
        let rotates = |stage: &Stage| matches!(stage.finish, Some(Finish::Rotate { .. }));
        if plan.stages.iter().any(rotates) { Layout::RgbAlpha } else { self.source.picture.layout }
    }

    /// The picture in eight bits and in sRGB, or with the source's colours if the recipe keeps its profile.
    fn converted(&self, recipe: &Recipe, picture: Picture) -> Picture {
        let keeps_profile = self.properties.kept_profile(recipe).is_some();
        let profile = if keeps_profile { &Profile::Srgb } else { &self.properties.profile };
        profile.to_srgb(picture)
    }

    /// A window of the full source in pixels of a picture that the source covers by `extent`.
    fn locate(&self, window: Window, extent: Window) -> Window {
        let across = extent.width / f64::from(self.properties.full.width);
        let down = extent.height / f64::from(self.properties.full.height);
        let scaled = window.scaled(across, down);
        Window { x: extent.x + scaled.x, y: extent.y + scaled.y, ..scaled }
    }
}

/// Orients the scaled picture of a stage and applies the operation that ends it.
///
/// The window of a crop to the subject is found in the first frame of an animation and kept for the others.
fn finish_stage(
    picture: Picture,
    stage: &Stage,
    recipe: &Recipe,
    subject_window: Option<&mut Option<Window>>,
) -> Result<Picture, Error> {
    let picture = stage.orientation.apply(picture);
    Ok(match stage.finish {
        None => picture,
        Some(Finish::Pad { size, color }) => canvas::pad(picture, size, color.unwrap_or(recipe.background)),
        Some(Finish::CropToSubject { size }) => {
            let window = match subject_window.as_deref() {
                Some(Some(window)) => *window,
                Some(None) | None => subject::find(&picture, size)?,
            };
            if let Some(subject_window) = subject_window {
                *subject_window = Some(window);
            }
            resize::scale_window(&picture, window, size, Sampling::Points)?
        }
        Some(Finish::Rotate { degrees, size }) => canvas::rotate(picture, degrees, size),
    })
}
