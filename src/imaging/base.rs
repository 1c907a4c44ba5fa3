//! The decoded source, upright: what all thumbnails start from.
//!
//! Thumbnails are drawn from the largest to the smallest, and the source is averaged smaller on the way as
//! far as the rest allow, so that small ones do not pay for the resolution of large ones.

use std::time::Instant;

use super::canvas;
use super::color::Profile;
use super::credits::Credits;
use super::decode::Decoded;
use super::encode::{self, Carried, Origin};
use super::geometry::{Demand, Finish, Plan, Size, Stage, Window};
use super::light;
use super::limits::{Budget, Cancel};
use super::orient::Orientation;
use super::picture::{Grain, Layout, Picture};
use super::reduce::Reducer;
use super::resize;
use super::saliency;
use super::sharpen;
use super::{Error, SourceFormat, Thumbnail, Timings};
use crate::recipe::Recipe;

/// The decoded source and what is known of it.
pub(super) struct Base {
    view: View,
    /// Size of the source at full resolution, upright.
    pub(super) full: Size,
    pub(super) format: SourceFormat,
    profile: Profile,
    /// The profile itself, where a recipe keeps it and the pixels are RGB.
    kept: Option<Vec<u8>>,
    credits: Credits,
    /// What the source was compressed with, when it is a JPEG.
    quality: Option<u8>,
    /// Length of the source, if it is known.
    bytes: Option<u64>,
}

/// The source at some resolution.
struct View {
    picture: Picture,
    grain: Grain,
    /// Part of `picture` that is the source; its last column and row may be wider than what they show.
    extent: Window,
    /// Whether samples are proportional to light.
    light: bool,
}

impl Base {
    /// Turns the source upright. `bytes` is the length of the file, if it is known.
    pub(super) fn new(
        decoded: Decoded,
        bytes: Option<u64>,
        demand: Demand<'_>,
        budget: &mut Budget,
    ) -> Result<Self, Error> {
        let Decoded {
            picture,
            full,
            reduction,
            grain,
            orientation,
            profile: icc,
            credits,
            format,
            quality,
            damage: _,
        } = decoded;
        let profile = Profile::new(icc.as_deref(), picture.layout, picture.depth);
        let is_rgb = matches!(picture.layout, Layout::Rgb | Layout::RgbAlpha);
        let kept = icc.filter(|icc| demand.keeps_profile() && is_rgb && Profile::is_rgb(icc));
        let stored = Window {
            x: 0.0,
            y: 0.0,
            width: f64::from(full.width) / reduction.across,
            height: f64::from(full.height) / reduction.down,
        };
        budget.settle(picture.bytes());
        budget.reserve(kept.as_ref().map_or(0, |icc| u64::try_from(icc.len()).unwrap_or(u64::MAX)))?;
        // Turned, the picture is there twice for a moment.
        let twin = if orientation == Orientation::default() { 0 } else { picture.bytes() };
        budget.reserve(twin)?;
        let extent = orientation.window(stored, picture.size);
        let view = View { picture: orientation.apply(picture), grain, extent, light: false };
        budget.release(twin);
        Ok(Self { view, full: orientation.size(full), format, profile, kept, credits, quality, bytes })
    }

    /// One thumbnail for each recipe, in their order.
    pub(super) fn thumbnails(
        mut self,
        recipes: &[&Recipe],
        budget: &mut Budget,
        cancel: &Cancel,
        timings: &mut Timings,
    ) -> Vec<Result<Thumbnail, Error>> {
        let mut jobs: Vec<Job<'_>> = Vec::new();
        let mut done = Vec::new();
        for (place, recipe) in recipes.iter().enumerate() {
            match Plan::new(self.full, &recipe.steps) {
                Ok(plan) => jobs.push(Job { place, recipe, plan }),
                Err(refusal) => done.push((place, Err(refusal))),
            }
        }
        // Light is averaged from the source itself.
        let is_later = |job: &Job<'_>| !job.recipe.linear;
        jobs.sort_by(|a, b| is_later(a).cmp(&is_later(b)).then(b.plan.ratio().total_cmp(&a.plan.ratio())));
        for job in &jobs {
            let start = Instant::now();
            let shrunk = if job.recipe.linear { Ok(()) } else { self.shrink(job.plan.ratio(), budget) };
            timings.resize += start.elapsed();
            done.push((job.place, shrunk.and_then(|()| self.thumbnail(job, budget, cancel, timings))));
        }
        done.sort_by_key(|(place, _)| *place);
        done.into_iter().map(|(_, thumbnail)| thumbnail).collect()
    }

    /// Averages the view smaller, if a plan of this ratio and all smaller ones can do with less.
    fn shrink(&mut self, ratio: f64, budget: &mut Budget) -> Result<(), Error> {
        let reduction = f64::from(self.full.width) / self.view.extent.width;
        let cell = Reducer::cell(ratio * reduction);
        if cell < 2 {
            return Ok(());
        }
        let View { picture, extent, .. } = &self.view;
        let size =
            Size { width: picture.size.width.div_ceil(cell), height: picture.size.height.div_ceil(cell) };
        let working = resize::averaging_bytes(picture, size);
        budget.reserve(working)?;
        let shrunk = resize::average(picture, size)?;
        let across = f64::from(size.width) / f64::from(picture.size.width);
        let down = f64::from(size.height) / f64::from(picture.size.height);
        let extent = extent.scaled(across, down);
        budget.release(picture.bytes().saturating_add(working).saturating_sub(shrunk.bytes()));
        self.view = View { picture: shrunk, grain: Grain::Means, extent, light: false };
        Ok(())
    }

    /// The view as light, averaged as far as a plan of this ratio allows; `None` where there is no light.
    fn lit(&self, ratio: f64, budget: &mut Budget) -> Result<Option<View>, Error> {
        let View { picture, extent, grain, .. } = &self.view;
        if !light::has_light(picture.layout) {
            return Ok(None);
        }
        let cell = Reducer::cell(ratio * f64::from(self.full.width) / extent.width);
        let picture = light::averaged(picture, cell, budget)?;
        let scale = 1.0 / f64::from(cell);
        let grain = if cell > 1 { Grain::Means } else { *grain };
        Ok(Some(View { picture, grain, extent: extent.scaled(scale, scale), light: true }))
    }

    fn thumbnail(
        &self,
        job: &Job<'_>,
        budget: &mut Budget,
        cancel: &Cancel,
        timings: &mut Timings,
    ) -> Result<Thumbnail, Error> {
        let start = Instant::now();
        let left = budget.left();
        let lit = if job.recipe.linear { self.lit(job.plan.ratio(), budget)? } else { None };
        let taken = left.saturating_sub(budget.left());
        let view = lit.as_ref().unwrap_or(&self.view);
        let Self { format, full: size, quality, bytes, .. } = *self;
        let origin = Origin { format, size, quality, bytes };
        let made = job.plan.stages.last().map_or(size, Stage::final_size);
        let written = encode::bytes_a_pixel(job.recipe, &origin, self.layout_of(&job.plan), made);
        let working = resize::working_bytes(&view.picture, &job.plan, written);
        if let Err(refusal) = budget.reserve(working) {
            budget.release(taken);
            return Err(refusal);
        }
        let picture = self.draw(view, job, cancel);
        drop(lit);
        budget.release(taken);
        timings.resize += start.elapsed();

        let start = Instant::now();
        let thumbnail = picture.and_then(|picture| {
            cancel.check()?;
            encode::encode(picture, job.recipe, &origin, &self.carried(job.recipe), cancel)
        });
        timings.encode += start.elapsed();
        budget.release(working);
        if let Ok(thumbnail) = &thumbnail {
            budget.reserve(u64::try_from(thumbnail.bytes.len()).unwrap_or(u64::MAX))?;
        }
        thumbnail
    }

    /// The pixels of one thumbnail: sRGB or of the kept profile, eight bits, alpha only where something shows
    /// through.
    fn draw(&self, view: &View, job: &Job<'_>, cancel: &Cancel) -> Result<Picture, Error> {
        // A plan has at least one stage.
        let Some((first, later)) = job.plan.stages.split_first() else {
            return Ok(self.converted(job.recipe, self.view.picture.clone()));
        };
        cancel.check()?;
        let View { picture, grain, extent, light } = view;
        let cut = resize::cut(picture, self.locate(first.window, *extent), first.size, *grain)?;
        let cut = if *light { light::developed(&cut, self.view.picture.depth) } else { cut };
        let sharpened = |picture: Picture, number: usize| match job.recipe.sharpen {
            // Once, when it has its size, and before there is a border.
            Some(percent) if number == later.len() => sharpen::sharpen(&picture, percent),
            Some(_) | None => picture,
        };
        let picture = sharpened(self.converted(job.recipe, cut).drop_opaque_alpha(), 0);
        let mut drawn = finished(picture, first, job.recipe)?;
        for (number, stage) in (1..).zip(later) {
            cancel.check()?;
            let picture = sharpened(resize::cut(&drawn, stage.window, stage.size, Grain::Points)?, number);
            drawn = finished(picture, stage, job.recipe)?;
        }
        let drawn = if job.recipe.greyscale { drawn.greyed() } else { drawn };
        Ok(drawn.drop_opaque_alpha())
    }

    /// How the thumbnail will be laid out, at most: a canvas around a turned picture is transparent.
    fn layout_of(&self, plan: &Plan) -> Layout {
        let is_turned = |stage: &Stage| matches!(stage.finish, Some(Finish::Rotate { .. }));
        if plan.stages.iter().any(is_turned) { Layout::RgbAlpha } else { self.view.picture.layout }
    }

    /// In the colours that the recipe wants, eight bits.
    fn converted(&self, recipe: &Recipe, picture: Picture) -> Picture {
        let profile = if self.kept_for(recipe).is_some() { &Profile::Srgb } else { &self.profile };
        profile.to_srgb(picture)
    }

    /// The profile that a recipe's thumbnail keeps.
    fn kept_for(&self, recipe: &Recipe) -> Option<&[u8]> {
        let keeps = recipe.keep.profile && encode::carries_metadata(recipe, self.format);
        self.kept.as_deref().filter(|_| keeps)
    }

    /// What is written beside the picture.
    fn carried(&self, recipe: &Recipe) -> Carried<'_> {
        let keeps = recipe.keep.copyright && encode::carries_metadata(recipe, self.format);
        Carried { profile: self.kept_for(recipe), exif: if keeps { self.credits.to_exif() } else { None } }
    }

    /// A window of the source in pixels of a view whose part of it is `extent`.
    fn locate(&self, window: Window, extent: Window) -> Window {
        let across = extent.width / f64::from(self.full.width);
        let down = extent.height / f64::from(self.full.height);
        let scaled = window.scaled(across, down);
        Window { x: extent.x + scaled.x, y: extent.y + scaled.y, ..scaled }
    }
}

/// Turns a picture and ends its stage.
fn finished(picture: Picture, stage: &Stage, recipe: &Recipe) -> Result<Picture, Error> {
    let picture = stage.turn.apply(picture);
    Ok(match stage.finish {
        None => picture,
        Some(Finish::Pad { size, color }) => canvas::pad(picture, size, color.unwrap_or(recipe.background)),
        Some(Finish::Pick { size }) => {
            let window = saliency::pick(&picture, size)?;
            resize::cut(&picture, window, size, Grain::Points)?
        }
        Some(Finish::Rotate { degrees, size }) => canvas::rotate(picture, degrees, size),
    })
}

/// One thumbnail to be drawn.
struct Job<'a> {
    /// Where it stands among the recipes.
    place: usize,
    recipe: &'a Recipe,
    plan: Plan,
}
