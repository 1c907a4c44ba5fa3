//! Memory of the decoder, and the runner of its work, which accounts for frames that are not shown.
//!
//! The crate bounds the samples of a frame and not its memory. What it keeps depends on the coding of the frame. A file
//! may have frames that are not shown before the first that is: layers, patches, and smaller versions of the picture.
//! They may be of any coding, and up to four of them are kept.

use jxl::api::{JxlParallelRunner, JxlParallelRunnerFun};
use jxl::error::Error as JxlError;

use crate::imaging::decode::jxl::frame_header::FrameCoding;
use crate::imaging::error::Error;
use crate::imaging::limits::{Budget, Cancel};
use crate::imaging::picture::Depth;
use crate::imaging::picture::geometry::Size;

/// Bytes of tables, and of the window of repeated numbers.
const FIXED_BYTES: u64 = 6 * 1024 * 1024;

/// Bytes per extra channel, whatever the size.
const BYTES_PER_CHANNEL: u64 = 16 * 1024;

/// Bytes per pixel of VarDCT: an eighth of the picture each way, its side information, and rows on their way.
const VAR_DCT: u64 = 2;

/// Bytes per pixel of the coefficients that are kept until the last pass.
const COEFFICIENTS: u64 = 12;

/// Bytes per sample of Modular in eight bits, and of any coding. A wavelet transform has its input and its output in
/// memory. Colours wait for extra channels.
const MODULAR_EIGHT: u64 = 5;
const ANY_CODING: u64 = 8;

/// Bytes per sample of a frame that is kept: one `f32`.
const KEPT_FRAME: u64 = 4;

/// Most frames that are kept at a time.
const MOST_KEPT_FRAMES: u64 = 4;

/// The picture may be smaller than this, and its hidden frames not.
const LEAST_PIXELS: u64 = 256 * 256;

/// Narrower rows take as much.
const LEAST_WIDTH: u32 = 16;

/// The memory that frames of one file take at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameMemory {
    /// Pixels of the largest frame.
    pixels: u64,
    /// Channels of colours, which are three even for grey, and others.
    channels: u64,
    depth: Depth,
}

impl FrameMemory {
    /// The memory for a picture of this size.
    pub(super) fn new(size: Size, extra_channels: usize, depth: Depth) -> Self {
        let channels = u64::try_from(extra_channels).unwrap_or(u64::MAX).saturating_add(3);
        let size = Size { width: size.width.max(LEAST_WIDTH), ..size };
        Self { pixels: size.pixels().max(LEAST_PIXELS), channels, depth }
    }

    /// Limit of pixels times channels for the decoder, which refuses frames that reach it.
    pub(super) fn sample_limit(self) -> usize {
        usize::try_from(self.samples().saturating_add(1)).unwrap_or(usize::MAX)
    }

    /// Bytes that any frame takes, of an animation with the copy for later frames.
    pub(super) fn least_bytes(self, is_animated: bool) -> u64 {
        let kept = if is_animated { self.kept_frame_bytes() } else { 0 };
        let fixed = FIXED_BYTES.saturating_add(self.channels.saturating_mul(BYTES_PER_CHANNEL));
        fixed.saturating_add(self.pixels.saturating_mul(VAR_DCT)).saturating_add(kept)
    }

    /// Bytes that a frame of this coding takes beyond the least; `None` is any coding.
    pub(super) fn more_bytes(self, coding: Option<FrameCoding>) -> u64 {
        match coding {
            Some(FrameCoding::VarDct { has_several_passes: false }) if self.channels == 3 => 0,
            Some(FrameCoding::VarDct { .. }) if self.channels == 3 => {
                self.pixels.saturating_mul(COEFFICIENTS)
            }
            Some(FrameCoding::Modular) if self.channels == 3 && self.depth == Depth::Eight => {
                self.samples().saturating_mul(MODULAR_EIGHT)
            }
            _ => self.samples().saturating_mul(ANY_CODING),
        }
    }

    fn kept_frame_bytes(self) -> u64 {
        self.samples().saturating_mul(KEPT_FRAME)
    }

    fn samples(self) -> u64 {
        self.pixels.saturating_mul(self.channels)
    }
}

/// Frames before the first that is shown, as far as they are known by the decoder's work on them.
#[derive(Debug)]
pub(super) struct HiddenFrames {
    memory: FrameMemory,
    /// Times that work has begun, which is at least once for each frame.
    runs: u64,
}

impl HiddenFrames {
    /// No hidden frames so far.
    pub(super) fn new(memory: FrameMemory) -> Self {
        Self { memory, runs: 0 }
    }

    /// `true` if there are any.
    pub(super) fn are_there(&self) -> bool {
        self.runs > 0
    }

    /// Reserves what one more frame may take. The decoder has allocated zeroed pages for it by then, and touched none: they
    /// are not in memory.
    fn reserve(&mut self, budget: &mut Budget) -> Result<(), Error> {
        if self.runs == 0 {
            budget.reserve(self.memory.more_bytes(None))?;
        }
        if self.runs < MOST_KEPT_FRAMES {
            budget.reserve(self.memory.kept_frame_bytes())?;
        }
        self.runs = self.runs.saturating_add(1);
        Ok(())
    }
}

/// Runs the decoder's work on the calling thread, until it is cancelled.
pub(super) struct MeteredRunner<'a> {
    budget: &'a mut Budget,
    cancel: &'a Cancel,
    /// The frames at work, if the first that is shown has not begun.
    hidden: Option<&'a mut HiddenFrames>,
    failure: Option<Error>,
}

impl<'a> MeteredRunner<'a> {
    /// A runner for work on `hidden` frames, or on the one that is shown.
    pub(super) fn new(
        budget: &'a mut Budget,
        cancel: &'a Cancel,
        hidden: Option<&'a mut HiddenFrames>,
    ) -> Self {
        Self { budget, cancel, hidden, failure: None }
    }

    /// The reason why the runner ended the work.
    pub(super) fn failure(self) -> Option<Error> {
        self.failure
    }

    /// The error that ends the decoder's work, for the reason that is kept.
    fn ended(&mut self, failure: Error) -> JxlError {
        self.failure = Some(failure);
        JxlError::ApiUsageError("the work was ended")
    }
}

impl JxlParallelRunner for MeteredRunner<'_> {
    fn run(&mut self, count: usize, work: &JxlParallelRunnerFun<'_>) -> Result<(), JxlError> {
        let reserved = self.hidden.as_mut().map_or(Ok(()), |hidden| hidden.reserve(self.budget));
        reserved.map_err(|failure| self.ended(failure))?;
        (0..count).try_for_each(|number| {
            self.cancel.check().map_err(|failure| self.ended(failure))?;
            work(number)
        })
    }

    fn num_threads(&self) -> usize {
        1
    }

    fn run_ordered(
        &mut self,
        count: usize,
        _: Option<usize>,
        work: &JxlParallelRunnerFun<'_>,
    ) -> Result<(), JxlError> {
        self.run(count, work)
    }
}
