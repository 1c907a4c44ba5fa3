//! The frames of a source that moves, on their way from its decoder to the thumbnails that move too.
//!
//! Frames come one after the other, each as a whole picture of the canvas; memory holds one of them, and of each
//! thumbnail the file so far and two of its frames. Whatever stands in the way of a moving thumbnail makes it a still
//! one of the first frame, and is told.

use std::time::{Duration, Instant};

use crate::imaging::decoded::Decoded;
use crate::imaging::draw::Base;
use crate::imaging::draw::facts::Facts;
use crate::imaging::draw::job::{Drawn, Job};
use crate::imaging::encode::Carried;
use crate::imaging::encode::animation::{Reel, moves_in};
use crate::imaging::error::Error;
use crate::imaging::limits::{Budget, Cancel};
use crate::imaging::picture::Picture;
use crate::imaging::picture::geometry::Size;
use crate::imaging::plan::demand::Demand;
use crate::imaging::rendering::{Dropped, Moving};
use crate::imaging::rendering::{Thumbnail, Timings};
use crate::imaging::source_format::SourceFormat;
use crate::recipe::{Animation, Format, Recipe};

/// Most frames of a thumbnail.
pub(crate) const MOST_FRAMES: u32 = 1000;

/// Most pixels of all frames together. No setting changes it: under one stamp there is one thumbnail.
const MOST_PIXELS: u64 = 1_000_000_000;

/// Frames for which no longer time is asked for are shown for [`USUAL`] by every browser.
const HASTE: Duration = Duration::from_millis(10);
const USUAL: Duration = Duration::from_millis(100);

/// What takes frames.
pub(crate) struct Film<'a> {
    demand: Demand<'a>,
    /// Length of the source, if it is known.
    bytes: Option<u64>,
    cancel: &'a Cancel,
    facts: Option<Facts>,
    shots: Vec<Shot<'a>>,
    frames: u32,
    torn: bool,
    /// Bytes reserved for the decoder and the first frame, which stay from frame to frame.
    floor: u64,
    timings: Timings,
}

/// A thumbnail that moves so far.
struct Shot<'a> {
    job: Job<'a>,
    reel: Result<Reel, Dropped>,
}

impl<'a> Film<'a> {
    /// `bytes` is the length of the file, if it is known.
    pub(crate) fn new(demand: Demand<'a>, bytes: Option<u64>, cancel: &'a Cancel) -> Self {
        Self {
            demand,
            bytes,
            cancel,
            facts: None,
            shots: Vec::new(),
            frames: 0,
            torn: false,
            floor: 0,
            timings: Timings::default(),
        }
    }

    /// Whether frames after the first are wanted of a source of this format.
    pub(crate) fn is_wanted(&self, format: SourceFormat) -> bool {
        self.demand.recipes.iter().any(|recipe| keeps(recipe, format).is_some())
    }

    /// Begins with what is known once the first frame is decoded; its memory and the decoder's are reserved.
    /// `plays` is how often all frames are shown, 0 for ever, and `announced` how many there are, where the file says so
    /// at its beginning.
    pub(crate) fn open(&mut self, first: &Decoded, plays: u16, announced: Option<u32>, budget: &Budget) {
        let facts = Facts::new(first, self.bytes, self.demand);
        let (jobs, _) = Job::all(facts.full, self.demand.recipes);
        self.shots = jobs
            .into_iter()
            .filter_map(|job| {
                let format = keeps(job.recipe, facts.format)?;
                let reel = Ok(Reel::new(format, job.recipe, plays));
                Some(Shot { job, reel })
            })
            .collect();
        let excess = announced.and_then(|frames| excess(facts.full, frames));
        self.facts = Some(facts);
        self.floor = budget.used();
        if let Some(reason) = excess {
            self.stop(&reason);
        }
    }

    /// [`Self::show`] for a copy of the first frame.
    pub(crate) fn show_first(
        &mut self,
        picture: &Picture,
        shown: Duration,
        budget: &mut Budget,
    ) -> Result<bool, Error> {
        if let Err(error) = budget.reserve(picture.bytes()) {
            self.frames = 1;
            return Ok(self.stop(&Dropped::from(&error)));
        }
        self.show(picture.clone(), shown, budget)
    }

    /// Takes the next frame, and gives back the memory reserved for it. `false` when no more are wanted.
    pub(crate) fn show(
        &mut self,
        picture: Picture,
        shown: Duration,
        budget: &mut Budget,
    ) -> Result<bool, Error> {
        let Some(facts) = &self.facts else { return Ok(false) };
        self.frames = self.frames.saturating_add(1);
        if let Some(reason) = excess(facts.full, self.frames) {
            return Ok(self.stop(&reason));
        }
        let shown = if shown <= HASTE { USUAL } else { shown };
        let start = Instant::now();
        let mut base = match Base::new(picture, facts, budget) {
            Ok(base) => base,
            Err(error) => return Ok(self.stop(&Dropped::from(&error))),
        };
        for shot in &mut self.shots {
            self.cancel.check()?;
            shot.take(&mut base, shown, budget, self.cancel, &mut self.timings)?;
        }
        self.timings.resize += start.elapsed();
        let held = self.shots.iter().filter_map(|shot| shot.reel.as_ref().ok()).map(Reel::held).sum();
        budget.settle(self.floor);
        if let Err(error) = budget.reserve(held) {
            return Ok(self.stop(&Dropped::from(&error)));
        }
        Ok(self.goes_on())
    }

    /// The frame after those shown cannot be decoded; no more are wanted.
    pub(crate) fn tear(&mut self, error: Error) -> Result<bool, Error> {
        self.torn = true;
        self.frames = self.frames.saturating_add(1);
        self.stop(&match error {
            Error::Cancelled => return Err(Error::Cancelled),
            Error::Damaged { detail, .. } => Dropped::Damaged { frame: self.frames, detail },
            short @ Error::TooMuchMemory { .. } => Dropped::from(&short),
            other => Dropped::Damaged { frame: self.frames, detail: other.to_string() },
        });
        Ok(false)
    }

    /// The file ends between two frames, without the mark of its end.
    pub(crate) fn end(&mut self) -> bool {
        self.torn = true;
        false
    }

    /// Whether the file ended as none should: it may have been the download.
    pub(crate) fn is_torn(&self) -> bool {
        self.torn
    }

    /// No reel takes more frames. Whether more are wanted all the same.
    fn stop(&mut self, reason: &Dropped) -> bool {
        for shot in self.shots.iter_mut().filter(|shot| shot.reel.is_ok()) {
            shot.reel = Err(reason.clone());
        }
        self.goes_on()
    }

    /// Whether a reel takes more frames, or it is not known yet whether the source moves at all.
    fn goes_on(&self) -> bool {
        self.frames < 2 || self.shots.iter().any(|shot| shot.reel.is_ok())
    }

    /// What came of it: nothing of a source that has one frame.
    pub(crate) fn finish(self, timings: &mut Timings) -> Moving {
        let (Some(facts), 2..) = (&self.facts, self.frames) else { return Moving::new() };
        timings.resize += self.timings.resize.saturating_sub(self.timings.encode);
        timings.encode += self.timings.encode;
        // What was shown was decoded in between.
        timings.decode = timings.decode.saturating_sub(self.timings.resize);
        let start = Instant::now();
        let finished = self.shots.into_iter().map(|shot| (shot.job.place, shot.finish(facts))).collect();
        timings.encode += start.elapsed();
        finished
    }
}

impl Shot<'_> {
    fn take(
        &mut self,
        base: &mut Base<'_>,
        shown: Duration,
        budget: &mut Budget,
        cancel: &Cancel,
        timings: &mut Timings,
    ) -> Result<(), Error> {
        let Ok(reel) = &mut self.reel else { return Ok(()) };
        let pushed = base.draw(&mut self.job, budget, cancel).and_then(|Drawn { picture, working }| {
            let start = Instant::now();
            let pushed = reel.push(picture, shown);
            timings.encode += start.elapsed();
            budget.release(working);
            pushed
        });
        let allowed = self.job.recipe.max_bytes;
        self.reel = match pushed {
            Ok(()) if allowed.is_none_or(|allowed| reel.written() <= allowed) => return Ok(()),
            Ok(()) => Err(Dropped::Bytes(allowed.unwrap_or_default())),
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(other) => Err(Dropped::from(&other)),
        };
        Ok(())
    }

    fn finish(self, facts: &Facts) -> Result<Thumbnail, Dropped> {
        let recipe = self.job.recipe;
        let finished = self.reel?.finish(&Carried::of(facts, recipe));
        let thumbnail = finished.map_err(|error| Dropped::Encode(error.to_string()))?;
        match recipe.max_bytes {
            Some(allowed) if thumbnail.length() > allowed => Err(Dropped::Bytes(allowed)),
            Some(_) | None => Ok(thumbnail),
        }
    }
}

/// Why so many frames of this size are too many.
fn excess(full: Size, frames: u32) -> Option<Dropped> {
    if frames > MOST_FRAMES {
        Some(Dropped::Frames(MOST_FRAMES))
    } else if full.pixels().saturating_mul(frames.into()) > MOST_PIXELS {
        Some(Dropped::Pixels(MOST_PIXELS))
    } else {
        None
    }
}

/// The format in which a recipe's thumbnails go on moving.
fn keeps(recipe: &Recipe, source: SourceFormat) -> Option<Format> {
    match recipe.animation {
        Animation::First => None,
        Animation::Keep => moves_in(recipe, source),
    }
}
