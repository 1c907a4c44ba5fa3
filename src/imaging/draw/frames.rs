//! The frames of a source that moves, on their way from its decoder to the thumbnails that move too.
//!
//! Frames come one after the other, each as a whole picture of the canvas; memory holds one of them, and of each
//! thumbnail the file so far and two of its frames. Whatever stands in the way of a moving thumbnail makes it a still
//! one of the first frame, and is told.

use std::time::{Duration, Instant};

use crate::imaging::decoded::Decoded;
use crate::imaging::draw::Renderer;
use crate::imaging::draw::job::{DrawJob, DrawnPicture};
use crate::imaging::encode::KeptMetadata;
use crate::imaging::encode::animation::{AnimationEncoder, animated_format};
use crate::imaging::error::Error;
use crate::imaging::limits::{Budget, Cancel};
use crate::imaging::picture::Picture;
use crate::imaging::picture::geometry::Size;
use crate::imaging::plan::demand::Demand;
use crate::imaging::rendering::{AnimatedThumbnails, NotAnimated};
use crate::imaging::rendering::{Thumbnail, Timings};
use crate::imaging::source_format::SourceFormat;
use crate::imaging::source_properties::SourceProperties;
use crate::recipe::{Animation, Format, Recipe};

/// Most frames of a thumbnail.
pub(crate) const MOST_FRAMES: u32 = 1000;

/// Most pixels of all frames together. No setting changes it: under one stamp there is one thumbnail.
const MOST_PIXELS: u64 = 1_000_000_000;

/// Frames for which no longer time is asked for are shown for [`DEFAULT_DURATION`] by every browser.
const TOO_SHORT: Duration = Duration::from_millis(10);
const DEFAULT_DURATION: Duration = Duration::from_millis(100);

/// What takes frames.
pub(crate) struct AnimationSink<'a> {
    demand: Demand<'a>,
    /// Length of the source, if it is known.
    bytes: Option<u64>,
    cancel: &'a Cancel,
    properties: Option<SourceProperties>,
    outputs: Vec<AnimatedOutput<'a>>,
    frames: u32,
    failed: bool,
    /// Bytes reserved for the decoder and the first frame, which stay from frame to frame.
    floor: u64,
    timings: Timings,
}

/// A thumbnail that moves so far.
struct AnimatedOutput<'a> {
    job: DrawJob<'a>,
    encoder: Result<AnimationEncoder, NotAnimated>,
}

impl<'a> AnimationSink<'a> {
    /// `bytes` is the length of the file, if it is known.
    pub(crate) fn new(demand: Demand<'a>, bytes: Option<u64>, cancel: &'a Cancel) -> Self {
        Self {
            demand,
            bytes,
            cancel,
            properties: None,
            outputs: Vec::new(),
            frames: 0,
            failed: false,
            floor: 0,
            timings: Timings::default(),
        }
    }

    /// Whether frames after the first are wanted of a source of this format.
    pub(crate) fn is_wanted(&self, format: SourceFormat) -> bool {
        self.demand.recipes.iter().any(|recipe| kept_format(recipe, format).is_some())
    }

    /// Begins with what is known once the first frame is decoded; its memory and the decoder's are reserved.
    /// `plays` is how often all frames are duration, 0 for ever, and `announced` how many there are, where the file says so
    /// at its beginning.
    pub(crate) fn begin(&mut self, first: &Decoded, plays: u16, announced: Option<u32>, budget: &Budget) {
        let properties = SourceProperties::new(first, self.bytes, self.demand);
        let (jobs, _) = DrawJob::all(properties.full, self.demand.recipes);
        self.outputs = jobs
            .into_iter()
            .filter_map(|job| {
                let format = kept_format(job.recipe, properties.format)?;
                let encoder = Ok(AnimationEncoder::new(format, job.recipe, plays));
                Some(AnimatedOutput { job, encoder })
            })
            .collect();
        let limit_exceeded = announced.and_then(|frames| limit_exceeded(properties.full, frames));
        self.properties = Some(properties);
        self.floor = budget.used();
        if let Some(reason) = limit_exceeded {
            self.stop(&reason);
        }
    }

    /// [`Self::show`] for a copy of the first frame.
    pub(crate) fn push_first(
        &mut self,
        picture: &Picture,
        duration: Duration,
        budget: &mut Budget,
    ) -> Result<bool, Error> {
        if let Err(error) = budget.reserve(picture.bytes()) {
            self.frames = 1;
            return Ok(self.stop(&NotAnimated::from(&error)));
        }
        self.push(picture.clone(), duration, budget)
    }

    /// Takes the next frame, and gives back the memory reserved for it. `false` when no more are wanted.
    pub(crate) fn push(
        &mut self,
        picture: Picture,
        duration: Duration,
        budget: &mut Budget,
    ) -> Result<bool, Error> {
        let Some(properties) = &self.properties else { return Ok(false) };
        self.frames = self.frames.saturating_add(1);
        if let Some(reason) = limit_exceeded(properties.full, self.frames) {
            return Ok(self.stop(&reason));
        }
        let duration = if duration <= TOO_SHORT { DEFAULT_DURATION } else { duration };
        let start = Instant::now();
        let mut renderer = match Renderer::new(picture, properties, budget) {
            Ok(renderer) => renderer,
            Err(error) => return Ok(self.stop(&NotAnimated::from(&error))),
        };
        for output in &mut self.outputs {
            self.cancel.check()?;
            output.take(&mut renderer, duration, budget, self.cancel, &mut self.timings)?;
        }
        self.timings.resize += start.elapsed();
        let held = self
            .outputs
            .iter()
            .filter_map(|output| output.encoder.as_ref().ok())
            .map(AnimationEncoder::held)
            .sum();
        budget.settle(self.floor);
        if let Err(error) = budget.reserve(held) {
            return Ok(self.stop(&NotAnimated::from(&error)));
        }
        Ok(self.wants_more())
    }

    /// The frame after those duration cannot be decoded; no more are wanted.
    pub(crate) fn fail(&mut self, error: Error) -> Result<bool, Error> {
        self.failed = true;
        self.frames = self.frames.saturating_add(1);
        self.stop(&match error {
            Error::Cancelled => return Err(Error::Cancelled),
            Error::Damaged { detail, .. } => NotAnimated::Damaged { frame: self.frames, detail },
            short @ Error::TooMuchMemory { .. } => NotAnimated::from(&short),
            other => NotAnimated::Damaged { frame: self.frames, detail: other.to_string() },
        });
        Ok(false)
    }

    /// The file ends between two frames, without the mark of its end.
    pub(crate) fn end_early(&mut self) -> bool {
        self.failed = true;
        false
    }

    /// Whether the file ended as none should: it may have been the download.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed
    }

    /// No encoder takes more frames. Whether more are wanted all the same.
    fn stop(&mut self, reason: &NotAnimated) -> bool {
        for output in self.outputs.iter_mut().filter(|output| output.encoder.is_ok()) {
            output.encoder = Err(reason.clone());
        }
        self.wants_more()
    }

    /// Whether a encoder takes more frames, or it is not known yet whether the source moves at all.
    fn wants_more(&self) -> bool {
        self.frames < 2 || self.outputs.iter().any(|output| output.encoder.is_ok())
    }

    /// What came of it: nothing of a source that has one frame.
    pub(crate) fn finish(self, timings: &mut Timings) -> AnimatedThumbnails {
        let (Some(properties), 2..) = (&self.properties, self.frames) else {
            return AnimatedThumbnails::new();
        };
        timings.resize += self.timings.resize.saturating_sub(self.timings.encode);
        timings.encode += self.timings.encode;
        // What was duration was decoded in between.
        timings.decode = timings.decode.saturating_sub(self.timings.resize);
        let start = Instant::now();
        let finished =
            self.outputs.into_iter().map(|output| (output.job.place, output.finish(properties))).collect();
        timings.encode += start.elapsed();
        finished
    }
}

impl AnimatedOutput<'_> {
    fn take(
        &mut self,
        renderer: &mut Renderer<'_>,
        duration: Duration,
        budget: &mut Budget,
        cancel: &Cancel,
        timings: &mut Timings,
    ) -> Result<(), Error> {
        let Ok(encoder) = &mut self.encoder else { return Ok(()) };
        let pushed =
            renderer.draw(&mut self.job, budget, cancel).and_then(|DrawnPicture { picture, working }| {
                let start = Instant::now();
                let pushed = encoder.push(picture, duration);
                timings.encode += start.elapsed();
                budget.release(working);
                pushed
            });
        let allowed = self.job.recipe.max_bytes;
        self.encoder = match pushed {
            Ok(()) if allowed.is_none_or(|allowed| encoder.written() <= allowed) => return Ok(()),
            Ok(()) => Err(NotAnimated::Bytes(allowed.unwrap_or_default())),
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(other) => Err(NotAnimated::from(&other)),
        };
        Ok(())
    }

    fn finish(self, properties: &SourceProperties) -> Result<Thumbnail, NotAnimated> {
        let recipe = self.job.recipe;
        let finished = self.encoder?.finish(&KeptMetadata::of(properties, recipe));
        let thumbnail = finished.map_err(|error| NotAnimated::Encode(error.to_string()))?;
        match recipe.max_bytes {
            Some(allowed) if thumbnail.length() > allowed => Err(NotAnimated::Bytes(allowed)),
            Some(_) | None => Ok(thumbnail),
        }
    }
}

/// Why so many frames of this size are too many.
fn limit_exceeded(full: Size, frames: u32) -> Option<NotAnimated> {
    if frames > MOST_FRAMES {
        Some(NotAnimated::Frames(MOST_FRAMES))
    } else if full.pixels().saturating_mul(frames.into()) > MOST_PIXELS {
        Some(NotAnimated::Pixels(MOST_PIXELS))
    } else {
        None
    }
}

/// The format in which a recipe's thumbnails go on moving.
fn kept_format(recipe: &Recipe, source: SourceFormat) -> Option<Format> {
    match recipe.animation {
        Animation::First => None,
        Animation::Keep => animated_format(recipe, source),
    }
}
