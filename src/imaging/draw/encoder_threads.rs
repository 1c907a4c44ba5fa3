//! Encoding of thumbnails on threads, while the next ones are drawn.
//!
//! Drawing stays on the calling thread, since all thumbnails share one decoded picture. Encoding a thumbnail needs only
//! its own pixels, so up to `threads - 1` of them are encoded beside it. Time and memory differ with the number of
//! threads; the thumbnails do not.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::thread::{Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use crate::imaging::draw::job::{DrawJob, DrawnPicture};
use crate::imaging::encode;
use crate::imaging::encode::KeptMetadata;
use crate::imaging::encode::avif::speed::Speed;
use crate::imaging::error::Error;
use crate::imaging::limits::{Budget, Cancel};
use crate::imaging::rendering::{Motion, SourcePart, Thumbnail};
use crate::imaging::source_properties::SourceProperties;

/// The result of one recipe, with the index of the recipe.
pub(crate) type IndexedThumbnail = (usize, Result<Thumbnail, Error>);

/// Pixels from which a thread pays: fewer are encoded in the time that it takes a thread to start.
const MIN_PIXELS_FOR_THREAD: u64 = 1 << 16;

/// Encodes thumbnails, on this thread or on others, and collects the results.
pub(crate) struct EncoderThreads<'s, 'e> {
    scope: &'s Scope<'s, 'e>,
    properties: &'e SourceProperties,
    cancel: &'e Cancel,
    /// Most threads beside the calling one.
    max_threads: usize,
    /// In the order they were started.
    running: VecDeque<RunningEncoder<'s>>,
    finished: Vec<IndexedThumbnail>,
    /// Time of all encoders together.
    encode_time: Duration,
}

/// A thumbnail that is being encoded on a thread.
struct RunningEncoder<'s> {
    known: KnownThumbnail,
    handle: ScopedJoinHandle<'s, EncodeResult>,
}

/// What is known of a thumbnail before it is encoded.
struct KnownThumbnail {
    index: usize,
    motion: Motion,
    part: Option<SourcePart>,
    /// Bytes reserved for it.
    working_bytes: u64,
}

/// The file of one thumbnail and the time that it took.
struct EncodeResult {
    thumbnail: Result<Thumbnail, Error>,
    encode_time: Duration,
}

impl<'s, 'e> EncoderThreads<'s, 'e> {
    /// No thumbnails yet. `threads` counts the calling thread.
    pub(crate) fn new(
        scope: &'s Scope<'s, 'e>,
        properties: &'e SourceProperties,
        cancel: &'e Cancel,
        threads: NonZeroUsize,
    ) -> Self {
        Self {
            scope,
            properties,
            cancel,
            max_threads: threads.get() - 1,
            running: VecDeque::new(),
            finished: Vec::new(),
            encode_time: Duration::ZERO,
        }
    }

    /// Encodes a drawn picture: on a thread if `more` are to be drawn meanwhile and it pays, else at once.
    pub(crate) fn encode(
        &mut self,
        job: &DrawJob<'e>,
        motion: Motion,
        drawn: DrawnPicture,
        more: bool,
        budget: &mut Budget,
    ) {
        let DrawnPicture { picture, working_bytes } = drawn;
        let recipe = job.recipe;
        let known = KnownThumbnail { index: job.index, motion, part: job.source_part(), working_bytes };
        let (properties, cancel) = (self.properties, self.cancel);
        let pixels = picture.size.pixels();
        let encode = move || {
            let start = Instant::now();
            let metadata = KeptMetadata::of(properties, recipe);
            // The formats that have speeds are not encoded here.
            let (source_file, speed) = (properties.source_file(), Speed::default());
            let thumbnail = cancel
                .check()
                .and_then(|()| encode::encode(picture, recipe, &source_file, &metadata, speed, cancel));
            EncodeResult { thumbnail, encode_time: start.elapsed() }
        };
        if !more || self.max_threads == 0 || pixels < MIN_PIXELS_FOR_THREAD {
            let result = encode();
            self.collect(known, result, budget);
            return;
        }
        if self.running.len() >= self.max_threads {
            self.wait_for_first(budget);
        }
        let handle = self.scope.spawn(encode);
        self.running.push_back(RunningEncoder { known, handle });
    }

    /// Waits for the encoder that was started first, which releases its memory. `false` if none is running.
    pub(crate) fn wait_for_first(&mut self, budget: &mut Budget) -> bool {
        let Some(RunningEncoder { known, handle }) = self.running.pop_front() else {
            return false;
        };
        // A panic continues on the calling thread, as without threads.
        let result = handle.join().unwrap_or_else(|payload| resume_unwind(payload));
        self.collect(known, result, budget);
        true
    }

    fn collect(&mut self, known: KnownThumbnail, result: EncodeResult, budget: &mut Budget) {
        let KnownThumbnail { index, motion, part, working_bytes } = known;
        self.encode_time += result.encode_time;
        budget.release(working_bytes);
        let thumbnail = result.thumbnail.and_then(|thumbnail| {
            budget.reserve(thumbnail.length())?;
            Ok(Thumbnail { motion, part, ..thumbnail })
        });
        self.finished.push((index, thumbnail));
    }

    /// All results, in no order, and the time of all encoders together.
    pub(crate) fn finish(mut self, budget: &mut Budget) -> (Vec<IndexedThumbnail>, Duration) {
        while self.wait_for_first(budget) {}
        (self.finished, self.encode_time)
    }
}
