//! Thumbnails written side by side where there are cores for it, while the next ones are drawn.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::thread::{Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use crate::imaging::draw::job::{DrawJob, DrawnPicture};
use crate::imaging::encode;
use crate::imaging::encode::KeptMetadata;
use crate::imaging::error::Error;
use crate::imaging::limits::{Budget, Cancel};
use crate::imaging::rendering::{Motion, Thumbnail};
use crate::imaging::source_properties::SourceProperties;

/// A thumbnail and the place of its recipe.
pub(crate) type Placed = (usize, Result<Thumbnail, Error>);

/// Fewer pixels are written before a thread has begun.
const WORTH_A_THREAD: u64 = 1 << 16;

/// Those who write.
pub(crate) struct EncoderThreads<'s, 'e> {
    scope: &'s Scope<'s, 'e>,
    properties: &'e SourceProperties,
    cancel: &'e Cancel,
    /// Most threads beside this one.
    most: usize,
    running: VecDeque<RunningEncoder<'s>>,
    done: Vec<Placed>,
    /// Time of all writers together.
    took: Duration,
}

/// A thumbnail that is being written.
struct RunningEncoder<'s> {
    place: usize,
    motion: Motion,
    /// Bytes that are reserved for it.
    working: u64,
    handle: ScopedJoinHandle<'s, EncodeResult>,
}

struct EncodeResult {
    thumbnail: Result<Thumbnail, Error>,
    took: Duration,
}

impl<'s, 'e> EncoderThreads<'s, 'e> {
    pub(crate) fn new(
        scope: &'s Scope<'s, 'e>,
        properties: &'e SourceProperties,
        cancel: &'e Cancel,
        threads: NonZeroUsize,
    ) -> Self {
        let (running, done) = (VecDeque::new(), Vec::new());
        Self { scope, properties, cancel, most: threads.get() - 1, running, done, took: Duration::ZERO }
    }

    /// Writes what was drawn: at once, or on a thread of its own while `more` is drawn.
    pub(crate) fn write(
        &mut self,
        job: &DrawJob<'e>,
        motion: Motion,
        drawn: DrawnPicture,
        more: bool,
        budget: &mut Budget,
    ) {
        let DrawnPicture { picture, working } = drawn;
        let (place, recipe) = (job.place, job.recipe);
        let (properties, cancel) = (self.properties, self.cancel);
        let pixels = picture.size.pixels();
        let write = move || {
            let start = Instant::now();
            let metadata = KeptMetadata::of(properties, recipe);
            let thumbnail = cancel
                .check()
                .and_then(|()| encode::encode(picture, recipe, &properties.source_file(), &metadata, cancel));
            EncodeResult { thumbnail, took: start.elapsed() }
        };
        if !more || self.most == 0 || pixels < WORTH_A_THREAD {
            let written = write();
            self.take(place, motion, working, written, budget);
            return;
        }
        if self.running.len() >= self.most {
            self.wait_for_first(budget);
        }
        let handle = self.scope.spawn(write);
        self.running.push_back(RunningEncoder { place, motion, working, handle });
    }

    /// Waits for the thumbnail that was begun first, whose memory is free then. `false` when there is none.
    pub(crate) fn wait_for_first(&mut self, budget: &mut Budget) -> bool {
        let Some(RunningEncoder { place, motion, working, handle }) = self.running.pop_front() else {
            return false;
        };
        // A panic goes on where it would have been without threads.
        let written = handle.join().unwrap_or_else(|payload| resume_unwind(payload));
        self.take(place, motion, working, written, budget);
        true
    }

    fn take(
        &mut self,
        place: usize,
        motion: Motion,
        working: u64,
        written: EncodeResult,
        budget: &mut Budget,
    ) {
        self.took += written.took;
        budget.release(working);
        let thumbnail = written.thumbnail.and_then(|thumbnail| {
            budget.reserve(thumbnail.length())?;
            Ok(Thumbnail { motion, ..thumbnail })
        });
        self.done.push((place, thumbnail));
    }

    /// All that was written by the places of its recipes, and the time it took.
    pub(crate) fn finish(mut self, budget: &mut Budget) -> (Vec<Placed>, Duration) {
        while self.wait_for_first(budget) {}
        (self.done, self.took)
    }
}
