//! The decoded source, upright: what all thumbnails start from.
//!
//! Thumbnails are drawn from the largest to the smallest, and the source is averaged smaller on the way as
//! far as the rest allow, so that small ones do not pay for the resolution of large ones.

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
use crate::imaging::picture::geometry::{Size, Window};
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::picture::{Layout, Picture, Sampling};
use crate::imaging::pixels::reduce::Reducer;
use crate::imaging::pixels::{canvas, linear_light, resize, sharpen, subject};
use crate::imaging::plan::{DrawPlan, Finish, Stage};
use crate::imaging::rendering::{AnimatedThumbnails, Motion, NotAnimated, Thumbnail, Timings};
use crate::imaging::source_properties::SourceProperties;
use crate::recipe::Recipe;

/// One decoded picture of a source, and what is known of the source.
pub(super) struct Renderer<'f> {
    view: ScaledSource,
    properties: &'f SourceProperties,
}

/// The source at some resolution.
struct ScaledSource {
    picture: Picture,
    sampling: Sampling,
    /// Part of `picture` that is the source; its last column and row may be wider than what they show.
    extent: Window,
    /// Whether samples are proportional to light.
    light: bool,
}

impl<'f> Renderer<'f> {
    /// Turns a decoded picture upright, whose bytes are reserved.
    pub(super) fn new(
        picture: Picture,
        properties: &'f SourceProperties,
        budget: &mut Budget,
    ) -> Result<Self, Error> {
        // Turned, the picture is there twice for a moment.
        let is_upright = properties.orientation == Orientation::default();
        let twin = if is_upright { 0 } else { picture.bytes() };
        budget.reserve(twin)?;
        let extent = properties.orientation.window(properties.stored, picture.size);
        let view = ScaledSource {
            picture: properties.orientation.apply(picture),
            sampling: properties.sampling,
            extent,
            light: false,
        };
        budget.release(twin);
        Ok(Self { view, properties })
    }

    /// One thumbnail for each recipe, in their order: those that move as they are, by the places of their recipes, and
    /// still ones for the rest.
    pub(super) fn thumbnails(
        mut self,
        recipes: &[&Recipe],
        mut moving: AnimatedThumbnails,
        budget: &mut Budget,
        cancel: &Cancel,
        timings: &mut Timings,
    ) -> Vec<Result<Thumbnail, Error>> {
        let properties = self.properties;
        let (jobs, refused) = DrawJob::all(properties.full, recipes);
        let mut done: Vec<_> = refused.into_iter().map(|(place, refusal)| (place, Err(refusal))).collect();
        thread::scope(|scope| {
            let mut writers = EncoderThreads::new(scope, properties, cancel, budget.threads());
            let mut jobs = jobs.into_iter().peekable();
            while let Some(mut job) = jobs.next() {
                let motion = match moving.remove(&job.place) {
                    Some(Ok(thumbnail)) => {
                        done.push((job.place, Ok(thumbnail)));
                        continue;
                    }
                    Some(Err(NotAnimated::Memory { needed, allowed })) => {
                        done.push((job.place, Err(Error::TooMuchMemory { needed, allowed })));
                        continue;
                    }
                    Some(Err(reason)) => Motion::NotAnimated(reason),
                    None => Motion::Still,
                };
                let start = Instant::now();
                let mut drawn = self.draw(&mut job, budget, cancel);
                while matches!(drawn, Err(Error::TooMuchMemory { .. })) && writers.wait_for_first(budget) {
                    drawn = self.draw(&mut job, budget, cancel);
                }
                timings.resize += start.elapsed();
                match drawn {
                    Ok(drawn) => writers.write(&job, motion, drawn, jobs.peek().is_some(), budget),
                    Err(error) => done.push((job.place, Err(error))),
                }
            }
            let (written, took) = writers.finish(budget);
            timings.encode += took;
            done.extend(written);
        });
        done.sort_by_key(|(place, _)| *place);
        done.into_iter().map(|(_, thumbnail)| thumbnail).collect()
    }

    /// The pixels of one thumbnail. Those of a larger one cannot be drawn any more.
    pub(super) fn draw(
        &mut self,
        job: &mut DrawJob<'_>,
        budget: &mut Budget,
        cancel: &Cancel,
    ) -> Result<DrawnPicture, Error> {
        if !job.recipe.linear {
            self.shrink(job.plan.ratio(), budget)?;
        }
        let left = budget.left();
        let lit = if job.recipe.linear { self.lit(job.plan.ratio(), budget)? } else { None };
        let taken = left.saturating_sub(budget.left());
        let view = lit.as_ref().unwrap_or(&self.view);
        let (plan, source_file) = (&job.plan, self.properties.source_file());
        let made = plan.stages.last().map_or(self.properties.full, Stage::final_size);
        let written = encode::working_bytes_per_pixel(job.recipe, &source_file, self.layout_of(plan), made);
        let working = resize::working_bytes(&view.picture, plan, written);
        let picture = budget
            .reserve(working)
            .and_then(|()| self.follow(view, job, cancel).inspect_err(|_| budget.release(working)));
        drop(lit);
        budget.release(taken);
        Ok(DrawnPicture { picture: picture?, working })
    }

    /// Averages the view smaller, if a plan of this ratio and all smaller ones can do with less.
    fn shrink(&mut self, ratio: f64, budget: &mut Budget) -> Result<(), Error> {
        let reduction = f64::from(self.properties.full.width) / self.view.extent.width;
        let cell = Reducer::cell(ratio * reduction);
        if cell < 2 {
            return Ok(());
        }
        let ScaledSource { picture, extent, .. } = &self.view;
        let size =
            Size { width: picture.size.width.div_ceil(cell), height: picture.size.height.div_ceil(cell) };
        let working = resize::averaging_bytes(picture, size);
        budget.reserve(working)?;
        let shrunk = resize::average(picture, size)?;
        let across = f64::from(size.width) / f64::from(picture.size.width);
        let down = f64::from(size.height) / f64::from(picture.size.height);
        let extent = extent.scaled(across, down);
        budget.release(picture.bytes().saturating_add(working).saturating_sub(shrunk.bytes()));
        self.view = ScaledSource { picture: shrunk, sampling: Sampling::Averaged, extent, light: false };
        Ok(())
    }

    /// The view as light, averaged as far as a plan of this ratio allows; `None` where there is no light.
    fn lit(&self, ratio: f64, budget: &mut Budget) -> Result<Option<ScaledSource>, Error> {
        let ScaledSource { picture, extent, sampling, .. } = &self.view;
        if !linear_light::applies_to(picture.layout) {
            return Ok(None);
        }
        let cell = Reducer::cell(ratio * f64::from(self.properties.full.width) / extent.width);
        let picture = linear_light::to_linear(picture, cell, budget)?;
        let scale = 1.0 / f64::from(cell);
        let sampling = if cell > 1 { Sampling::Averaged } else { *sampling };
        Ok(Some(ScaledSource { picture, sampling, extent: extent.scaled(scale, scale), light: true }))
    }

    /// sRGB or of the kept profile, eight bits, alpha only where something shows through.
    fn follow(&self, view: &ScaledSource, job: &mut DrawJob<'_>, cancel: &Cancel) -> Result<Picture, Error> {
        let DrawJob { recipe, plan, subject_windows, .. } = job;
        if view.picture.is_placeholder() {
            return Ok(view.picture.clone());
        }
        // A plan has at least one stage.
        let Some((first, later)) = plan.stages.split_first() else {
            return Ok(self.converted(recipe, self.view.picture.clone()));
        };
        cancel.check()?;
        let ScaledSource { picture, sampling, extent, light } = view;
        let cut = resize::scale_window(picture, self.locate(first.window, *extent), first.size, *sampling)?;
        let cut = if *light { linear_light::from_linear(&cut, self.view.picture.depth) } else { cut };
        let sharpened = |picture: Picture, number: usize| match recipe.sharpen {
            // Once, when it has its size, and before there is a border.
            Some(percent) if number == later.len() => sharpen::sharpen(&picture, percent),
            Some(_) | None => picture,
        };
        let picture = sharpened(self.converted(recipe, cut).drop_opaque_alpha(), 0);
        let mut subject_windows = subject_windows.iter_mut();
        let mut drawn = finished(picture, first, recipe, subject_windows.next())?;
        for (number, stage) in (1..).zip(later) {
            cancel.check()?;
            let picture =
                sharpened(resize::scale_window(&drawn, stage.window, stage.size, Sampling::Points)?, number);
            drawn = finished(picture, stage, recipe, subject_windows.next())?;
        }
        let drawn = if recipe.greyscale { drawn.greyed() } else { drawn };
        Ok(drawn.drop_opaque_alpha())
    }

    /// How the thumbnail will be laid out, at most: a canvas around a turned picture is transparent.
    fn layout_of(&self, plan: &DrawPlan) -> Layout {
        let is_turned = |stage: &Stage| matches!(stage.finish, Some(Finish::Rotate { .. }));
        if plan.stages.iter().any(is_turned) { Layout::RgbAlpha } else { self.view.picture.layout }
    }

    /// In the colours that the recipe wants, eight bits.
    fn converted(&self, recipe: &Recipe, picture: Picture) -> Picture {
        let profile = if self.properties.kept_profile(recipe).is_some() {
            &Profile::Srgb
        } else {
            &self.properties.profile
        };
        profile.to_srgb(picture)
    }

    /// A window of the source in pixels of a view whose part of it is `extent`.
    fn locate(&self, window: Window, extent: Window) -> Window {
        let across = extent.width / f64::from(self.properties.full.width);
        let down = extent.height / f64::from(self.properties.full.height);
        let scaled = window.scaled(across, down);
        Window { x: extent.x + scaled.x, y: extent.y + scaled.y, ..scaled }
    }
}

/// Turns a picture and ends its stage. What was picked out of the first frame is picked out of all.
fn finished(
    picture: Picture,
    stage: &Stage,
    recipe: &Recipe,
    pick: Option<&mut Option<Window>>,
) -> Result<Picture, Error> {
    let picture = stage.turn.apply(picture);
    Ok(match stage.finish {
        None => picture,
        Some(Finish::Pad { size, color }) => canvas::pad(picture, size, color.unwrap_or(recipe.background)),
        Some(Finish::CropToSubject { size }) => {
            let window = match pick.as_deref() {
                Some(Some(window)) => *window,
                Some(None) | None => subject::find(&picture, size)?,
            };
            if let Some(pick) = pick {
                *pick = Some(window);
            }
            resize::scale_window(&picture, window, size, Sampling::Points)?
        }
        Some(Finish::Rotate { degrees, size }) => canvas::rotate(picture, degrees, size),
    })
}
