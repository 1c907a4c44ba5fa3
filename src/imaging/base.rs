//! The decoded source, upright: what all thumbnails start from.
//!
//! Thumbnails are drawn from the largest to the smallest, and the source is averaged smaller on the way as
//! far as the rest allow, so that small ones do not pay for the resolution of large ones.

use std::time::Instant;

use super::canvas;
use super::color::Profile;
use super::decode::Decoded;
use super::encode;
use super::geometry::{Finish, Plan, Size, Window};
use super::limits::{Budget, Cancel};
use super::picture::Picture;
use super::reduce::Reducer;
use super::resize;
use super::{Error, SourceFormat, Thumbnail, Timings};
use crate::recipe::Recipe;

/// The decoded source and what is known of it.
pub(super) struct Base {
    view: View,
    /// Size of the source at full resolution, upright.
    pub(super) full: Size,
    pub(super) format: SourceFormat,
    profile: Profile,
    /// What the source was compressed with, when it is a JPEG.
    quality: Option<u8>,
}

/// The source at some resolution.
struct View {
    picture: Picture,
    /// Part of `picture` that is the source; its last column and row may be wider than what they show.
    extent: Window,
}

impl Base {
    /// Turns the source upright.
    pub(super) fn new(decoded: Decoded, budget: &mut Budget) -> Result<Self, Error> {
        let Decoded { picture, full, reduction, orientation, profile, format, quality, damage: _ } = decoded;
        let profile = Profile::new(profile.as_deref(), picture.layout, picture.depth);
        let stored = Window {
            x: 0.0,
            y: 0.0,
            width: f64::from(full.width) / reduction.across,
            height: f64::from(full.height) / reduction.down,
        };
        budget.settle(picture.bytes());
        // Turned, the picture is there twice for a moment.
        budget.reserve(picture.bytes())?;
        let extent = orientation.window(stored, picture.size);
        let view = View { picture: orientation.apply(picture), extent };
        budget.release(view.picture.bytes());
        Ok(Self { view, full: orientation.size(full), format, profile, quality })
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
        for (place, recipe) in recipes.iter().enumerate() {
            jobs.push(Job { place, recipe, plan: Plan::new(self.full, &recipe.steps) });
        }
        jobs.sort_by(|a, b| b.plan.ratio().total_cmp(&a.plan.ratio()));
        let mut done = Vec::new();
        for job in &jobs {
            let start = Instant::now();
            let shrunk = self.shrink(job.plan.ratio(), budget);
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
        let View { picture, extent } = &self.view;
        let size =
            Size { width: picture.size.width.div_ceil(cell), height: picture.size.height.div_ceil(cell) };
        let working = resize::averaging_bytes(picture, size);
        budget.reserve(working)?;
        let shrunk = resize::average(picture, size)?;
        let across = f64::from(size.width) / f64::from(picture.size.width);
        let down = f64::from(size.height) / f64::from(picture.size.height);
        let extent = extent.scaled(across, down);
        budget.release(picture.bytes().saturating_add(working).saturating_sub(shrunk.bytes()));
        self.view = View { picture: shrunk, extent };
        Ok(())
    }

    fn thumbnail(
        &self,
        job: &Job<'_>,
        budget: &mut Budget,
        cancel: &Cancel,
        timings: &mut Timings,
    ) -> Result<Thumbnail, Error> {
        let start = Instant::now();
        let working = resize::working_bytes(&self.view.picture, &job.plan);
        budget.reserve(working)?;
        let picture = self.draw(job, cancel);
        timings.resize += start.elapsed();

        let start = Instant::now();
        let thumbnail = picture.and_then(|picture| {
            cancel.check()?;
            encode::encode(picture, job.recipe, self.format, self.quality)
        });
        timings.encode += start.elapsed();
        budget.release(working);
        if let Ok(thumbnail) = &thumbnail {
            budget.reserve(u64::try_from(thumbnail.bytes.len()).unwrap_or(u64::MAX))?;
        }
        thumbnail
    }

    /// The pixels of one thumbnail: sRGB, eight bits, alpha only where something shows through.
    fn draw(&self, job: &Job<'_>, cancel: &Cancel) -> Result<Picture, Error> {
        let mut drawn: Option<Picture> = None;
        for stage in &job.plan.stages {
            cancel.check()?;
            let picture = match &drawn {
                None => {
                    let cut = resize::cut(&self.view.picture, self.locate(stage.window), stage.size)?;
                    self.profile.to_srgb(cut).drop_opaque_alpha()
                }
                Some(before) => resize::cut(before, stage.window, stage.size)?,
            };
            let picture = stage.turn.apply(picture);
            drawn = Some(match stage.finish {
                None => picture,
                Some(Finish::Pad { size, color }) => {
                    canvas::pad(picture, size, color.unwrap_or(job.recipe.background))
                }
                Some(Finish::Rotate { degrees, size }) => canvas::rotate(picture, degrees, size),
            });
        }
        // A plan has at least one stage.
        Ok(drawn.unwrap_or_else(|| self.profile.to_srgb(self.view.picture.clone())).drop_opaque_alpha())
    }

    /// A window of the source in pixels of the view.
    fn locate(&self, window: Window) -> Window {
        let extent = self.view.extent;
        let across = extent.width / f64::from(self.full.width);
        let down = extent.height / f64::from(self.full.height);
        let scaled = window.scaled(across, down);
        Window { x: extent.x + scaled.x, y: extent.y + scaled.y, ..scaled }
    }
}

/// One thumbnail to be drawn.
struct Job<'a> {
    /// Where it stands among the recipes.
    place: usize,
    recipe: &'a Recipe,
    plan: Plan,
}
