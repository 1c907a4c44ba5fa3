//! The frames of an animated source, on their way from its decoder to the animated thumbnails.
//!
//! A decoder pushes its frames one by one, each scaled to the sizes of the animated thumbnails. Memory holds one of
//! them, and per thumbnail the file so far and two of its frames. The still thumbnails come from the first frame, by
//! [`Renderer::thumbnails`].
//!
//! Invariant: whatever prevents an animated thumbnail ends it with a [`NotAnimated`] and leaves the others alone. Only
//! cancellation is an error.

use std::time::{Duration, Instant};

use crate::imaging::decoded::Decoded;
use crate::imaging::draw::Renderer;
use crate::imaging::draw::job::{DrawJob, DrawnPicture};
use crate::imaging::encode::KeptMetadata;
use crate::imaging::encode::animation::{AnimationEncoder, animated_format};
use crate::imaging::error::Error;
use crate::imaging::limits::{Budget, Cancel};
use crate::imaging::pixels::source_scaler::ScaledSource;
use crate::imaging::plan::demand::Demand;
use crate::imaging::plan::target::Target;
use crate::imaging::rendering::{AnimatedThumbnails, NotAnimated};
use crate::imaging::rendering::{Thumbnail, Timings};
use crate::imaging::source_format::SourceFormat;
use crate::imaging::source_properties::SourceProperties;
use crate::recipe::{Animation, Format, Recipe};

/// Most frames of an animated thumbnail.
pub(crate) const MOST_FRAMES: u32 = 1000;

/// Most pixels of all frames together, those of the source and of its animated thumbnails. Constants and not settings,
/// since the same stamp must mean the same thumbnail.
///
/// A pixel takes some 6 ns, so that an animation takes 1.5 s of processor time and 1 s for each MB of its file: frames
/// that differ in one pixel have 20 bytes each, however large the screen is.
const MOST_PIXELS: u64 = 1_000_000_000;
const FREE_PIXELS: u64 = 250_000_000;
const PIXELS_PER_BYTE: u64 = 150;

/// Durations up to this are replaced by [`DEFAULT_DURATION`], as every browser does.
const SHORTEST_DURATION: Duration = Duration::from_millis(10);
const DEFAULT_DURATION: Duration = Duration::from_millis(100);

/// Takes the frames of a source from its decoder and draws each for every animated thumbnail.
pub(crate) struct AnimationSink<'a> {
    demand: Demand<'a>,
    /// Length of the source, bytes, if known.
    bytes: Option<u64>,
    cancel: &'a Cancel,
    /// Known from [`Self::begin`] on.
    properties: Option<SourceProperties>,
    outputs: Vec<AnimatedOutput<'a>>,
    /// Pixels of a frame of the source and of all animated thumbnails.
    frame_pixels: u64,
    /// Frames pushed so far, one that failed included.
    frames: u32,
    /// A frame could not be decoded, or the file ended early.
    has_failed: bool,
    /// Bytes reserved for the decoder and the first frame, which stay from frame to frame.
    decoder_bytes: u64,
    timings: Timings,
}

/// One animated thumbnail: its encoder, or the reason why it is not animated any more.
struct AnimatedOutput<'a> {
    job: DrawJob<'a>,
    encoder: Result<AnimationEncoder, NotAnimated>,
}

impl<'a> AnimationSink<'a> {
    /// A sink without frames. `bytes` is the length of the source, if known.
    pub(crate) fn new(demand: Demand<'a>, bytes: Option<u64>, cancel: &'a Cancel) -> Self {
        Self {
            demand,
            bytes,
            cancel,
            properties: None,
            outputs: Vec::new(),
            frame_pixels: 0,
            frames: 0,
            has_failed: false,
            decoder_bytes: 0,
            timings: Timings::default(),
        }
    }

    /// `true` if any recipe keeps the animation of a source of this format.
    pub(crate) fn is_wanted(&self, format: SourceFormat) -> bool {
        self.demand.recipes.iter().any(|recipe| kept_format(recipe, format).is_some())
    }

    /// The recipes whose thumbnails take all frames of a source of this format.
    pub(crate) fn frame_recipes(&self, format: SourceFormat) -> Vec<&'a Recipe> {
        self.demand.recipes.iter().copied().filter(|recipe| kept_format(recipe, format).is_some()).collect()
    }

    /// Starts the animated thumbnails once the first frame is decoded and its memory and the decoder's are reserved.
    ///
    /// `plays` is the number of times the animation is played, 0 for ever. `announced` is the number of frames, if the
    /// file states it at its beginning.
    pub(crate) fn begin(&mut self, first: &Decoded, plays: u16, announced: Option<u32>, budget: &Budget) {
        let properties = SourceProperties::new(first, self.bytes, self.demand);
        let (jobs, _) = DrawJob::all(properties.full, properties.orientation, self.demand.recipes);
        self.outputs = jobs
            .into_iter()
            .filter_map(|job| {
                let format = kept_format(job.recipe, properties.format)?;
                let encoder = Ok(AnimationEncoder::new(format, job.recipe, plays));
                Some(AnimatedOutput { job, encoder })
            })
            .collect();
        let drawn = self.outputs.iter().filter_map(|output| output.job.plan.stages.last());
        let drawn: u64 = drawn.map(|stage| stage.final_size().pixels()).sum();
        self.frame_pixels = properties.full.pixels().saturating_add(drawn);
        let limit_exceeded = announced.and_then(|frames| self.limit_exceeded(frames));
        self.properties = Some(properties);
        self.decoder_bytes = budget.used();
        if let Some(reason) = limit_exceeded {
            self.stop(&reason);
        }
    }

    /// [`Self::push`] for a frame that may not have been scaled, which ends the animated thumbnails.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub(crate) fn push_decoded(
        &mut self,
        frame: Result<ScaledSource, Error>,
        duration: Duration,
        budget: &mut Budget,
    ) -> Result<bool, Error> {
        match frame {
            Ok(frame) => self.push(frame, duration, budget),
            Err(error @ Error::TooMuchMemory { .. }) => {
                self.frames = self.frames.saturating_add(1);
                Ok(self.stop(&NotAnimated::from(&error)))
            }
            Err(error) => self.fail(error),
        }
    }

    /// Takes the next frame and releases the memory reserved for it. `false` if no more frames are wanted.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub(crate) fn push(
        &mut self,
        frame: ScaledSource,
        duration: Duration,
        budget: &mut Budget,
    ) -> Result<bool, Error> {
        let Some(properties) = &self.properties else { return Ok(false) };
        self.frames = self.frames.saturating_add(1);
        if let Some(reason) = self.limit_exceeded(self.frames) {
            return Ok(self.stop(&reason));
        }
        let duration = if duration <= SHORTEST_DURATION { DEFAULT_DURATION } else { duration };
        let start = Instant::now();
        let mut renderer = Renderer::new(frame, properties);
        let targets: Vec<Target> = self.outputs.iter().map(|output| output.job.target).collect();
        for (number, output) in (1..).zip(&mut self.outputs) {
            self.cancel.check()?;
            let later = targets.get(number..).unwrap_or_default();
            output.push(&mut renderer, later, duration, budget, self.cancel, &mut self.timings)?;
        }
        self.timings.resize += start.elapsed();
        let held = self
            .outputs
            .iter()
            .filter_map(|output| output.encoder.as_ref().ok())
            .map(AnimationEncoder::held_bytes)
            .sum();
        // Between two frames memory holds the decoder, the first frame, and the state of the encoders.
        budget.reset_to(self.decoder_bytes);
        if let Err(error) = budget.reserve(held) {
            return Ok(self.stop(&NotAnimated::from(&error)));
        }
        Ok(self.wants_more())
    }

    /// Ends all animated thumbnails, since the next frame cannot be decoded. Always `false`: no more are wanted.
    ///
    /// # Errors
    /// [`Error::Cancelled`], if that is the error.
    pub(crate) fn fail(&mut self, error: Error) -> Result<bool, Error> {
        self.has_failed = true;
        self.frames = self.frames.saturating_add(1);
        self.stop(&match error {
            Error::Cancelled => return Err(Error::Cancelled),
            Error::Damaged { detail, .. } => NotAnimated::Damaged { frame: self.frames, detail },
            error @ Error::TooMuchMemory { .. } => NotAnimated::from(&error),
            other => NotAnimated::Damaged { frame: self.frames, detail: other.to_string() },
        });
        Ok(false)
    }

    /// Notes that the file ends between two frames without an end marker. Always `false`: no more frames come. The
    /// thumbnails keep the frames so far.
    pub(crate) fn end_early(&mut self) -> bool {
        self.has_failed = true;
        false
    }

    /// `true` if a frame failed or the file ended early. The cause may be the download instead of the file.
    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// The limit that `frames` frames exceed.
    fn limit_exceeded(&self, frames: u32) -> Option<NotAnimated> {
        if frames > MOST_FRAMES {
            return Some(NotAnimated::Frames(MOST_FRAMES));
        }
        // The function always knows the length.
        let by_length =
            self.bytes.map(|bytes| FREE_PIXELS.saturating_add(bytes.saturating_mul(PIXELS_PER_BYTE)));
        let allowed = by_length.map_or(MOST_PIXELS, |pixels| pixels.min(MOST_PIXELS));
        (self.frame_pixels.saturating_mul(frames.into()) > allowed).then_some(NotAnimated::Pixels(allowed))
    }

    /// Ends all animated thumbnails for this reason. The result is that of [`Self::wants_more`].
    fn stop(&mut self, reason: &NotAnimated) -> bool {
        for output in self.outputs.iter_mut().filter(|output| output.encoder.is_ok()) {
            output.encoder = Err(reason.clone());
        }
        self.wants_more()
    }

    /// `true` if an encoder takes more frames, or if the second frame has to show that the source is animated at all.
    fn wants_more(&self) -> bool {
        self.frames < 2 || self.outputs.iter().any(|output| output.encoder.is_ok())
    }

    /// The animated thumbnails or the reasons against them, by recipe; none for a source with one frame.
    pub(crate) fn finish(self, timings: &mut Timings) -> AnimatedThumbnails {
        let (Some(properties), 2..) = (&self.properties, self.frames) else {
            return AnimatedThumbnails::new();
        };
        timings.resize += self.timings.resize.saturating_sub(self.timings.encode);
        timings.encode += self.timings.encode;
        // Frames were drawn and encoded within the time of decoding.
        timings.decode = timings.decode.saturating_sub(self.timings.resize);
        let start = Instant::now();
        let finished =
            self.outputs.into_iter().map(|output| (output.job.index, output.finish(properties))).collect();
        timings.encode += start.elapsed();
        finished
    }
}

impl AnimatedOutput<'_> {
    /// Draws and encodes the renderer's frame. Any error but cancellation ends this thumbnail alone.
    fn push(
        &mut self,
        renderer: &mut Renderer<'_>,
        later: &[Target],
        duration: Duration,
        budget: &mut Budget,
        cancel: &Cancel,
        timings: &mut Timings,
    ) -> Result<(), Error> {
        let Ok(encoder) = &mut self.encoder else { return Ok(()) };
        let drawn = renderer.draw(&mut self.job, later, budget, cancel);
        let pushed = drawn.and_then(|DrawnPicture { picture, working_bytes }| {
            let start = Instant::now();
            let pushed = encoder.push(picture, duration);
            timings.encode += start.elapsed();
            budget.release(working_bytes);
            pushed
        });
        let allowed = self.job.recipe.max_bytes;
        self.encoder = match pushed {
            Ok(()) if allowed.is_none_or(|allowed| encoder.written_bytes() <= allowed) => return Ok(()),
            Ok(()) => Err(NotAnimated::Bytes(allowed.unwrap_or_default())),
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(other) => Err(NotAnimated::from(&other)),
        };
        Ok(())
    }

    fn finish(self, properties: &SourceProperties) -> Result<Thumbnail, NotAnimated> {
        let (recipe, part) = (self.job.recipe, self.job.source_part());
        let finished = self.encoder?.finish(&KeptMetadata::of(properties, recipe));
        let thumbnail = finished.map_err(|error| NotAnimated::Encode(error.to_string()))?;
        match recipe.max_bytes {
            Some(allowed) if thumbnail.length() > allowed => Err(NotAnimated::Bytes(allowed)),
            Some(_) | None => Ok(Thumbnail { part, ..thumbnail }),
        }
    }
}

/// The format of a recipe's animated thumbnails; `None` if the recipe makes stills, or its format is never animated.
fn kept_format(recipe: &Recipe, source: SourceFormat) -> Option<Format> {
    match recipe.animation {
        Animation::First => None,
        Animation::Keep => animated_format(recipe, source),
    }
}
