//! Animated PNG (PNG, section 11.3.8): frames laid on a screen. The picture that other viewers show may be none of them.
//!
//! Memory: 8 bytes a pixel of the canvas, one frame as it is stored, and the reduced picture.

use std::io::Read;
use std::time::Duration;

use png::{AnimationControl, BlendOp, DisposeOp, FrameControl, Reader};

use crate::imaging::decode::animation_screen::{Blend, Disposal, FrameRect, Screen};
use crate::imaging::decode::png::{DecodePlan, refusal};
use crate::imaging::decoded::Decoded;
use crate::imaging::draw::frames::AnimationSink;
use crate::imaging::error::Error;
use crate::imaging::input::source::SourceReader;
use crate::imaging::limits::{Budget, to_u64};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::{Depth, Layout, Picture, side};
use crate::imaging::source_format::SourceFormat;

/// All frames, as far as they are wanted; the picture that stands for them comes back.
pub(super) fn play<R: Read>(
    reader: &mut Reader<&mut SourceReader<'_, R>>,
    control: AnimationControl,
    plan: &DecodePlan,
    budget: &mut Budget,
    animation: &mut AnimationSink<'_>,
) -> Result<Decoded, Error> {
    let length = reader.output_buffer_size();
    let length =
        length.ok_or_else(|| Error::damaged(SourceFormat::Png, "its pixels are more than memory"))?;
    budget.reserve(to_u64(length))?;
    let mut frames =
        PngFrames { reader, plan, samples: vec![0; length], screen: Screen::new(plan.full, budget)? };
    let (picture, shown) = frames.next(budget)?;
    let decoded = plan.decoded(frames.reader, (picture, plan.cell));
    let mut left = control.num_frames;
    let plays = u16::try_from(control.num_plays).unwrap_or(0);
    animation.begin(&decoded, plays, Some(control.num_frames), budget);
    let mut wants_more = match shown {
        Some(shown) => {
            left = left.saturating_sub(1);
            animation.push_first(&decoded.picture, shown, budget)?
        }
        None => true,
    };
    while wants_more && left > 0 {
        left -= 1;
        wants_more = match frames.next(budget) {
            Ok((picture, shown)) => animation.push(picture, shown.unwrap_or_default(), budget)?,
            Err(error) => animation.fail(error)?,
        };
    }
    Ok(decoded)
}

struct PngFrames<'r, 's, 'a, R: Read> {
    reader: &'r mut Reader<&'s mut SourceReader<'a, R>>,
    plan: &'r DecodePlan,
    /// One frame as it is stored.
    samples: Vec<u8>,
    screen: Screen,
}

impl<R: Read> PngFrames<'_, '_, '_, R> {
    /// What is seen with the next frame, and for how long; a picture that is no frame has no time.
    fn next(&mut self, budget: &mut Budget) -> Result<(Picture, Option<Duration>), Error> {
        let info = self.reader.next_frame(&mut self.samples).map_err(refusal)?;
        let control = self.reader.info().frame_control;
        let DecodePlan { full, layout, depth, cell, .. } = *self.plan;
        let place = FrameRect {
            left: control.map_or(0, |control| control.x_offset),
            top: control.map_or(0, |control| control.y_offset),
            size: Size { width: info.width, height: info.height },
        };
        // The rows of interlaced frames lie as far apart as those of the canvas.
        let apart = if self.reader.info().interlaced {
            self.reader.output_line_size(full.width).unwrap_or(info.line_size)
        } else {
            info.line_size
        };
        let pixel = layout.channels() * depth.bytes();
        let rows = self.samples.chunks(apart.max(1)).take(side(info.height));
        let rows =
            rows.map(|row| row.chunks_exact(pixel).take(side(info.width)).map(|p| color(p, layout, depth)));
        self.screen.lay(place, how(control), rows);
        let (picture, _) = self.screen.picture(cell, budget)?;
        Ok((picture, control.map(shown)))
    }
}

/// Without a control it is a picture of its own.
fn how(control: Option<FrameControl>) -> (Blend, Disposal) {
    let blend = match control.map(|control| control.blend_op) {
        Some(BlendOp::Over) => Blend::Over,
        Some(BlendOp::Source) | None => Blend::Replace,
    };
    let disposal = match control.map(|control| control.dispose_op) {
        Some(DisposeOp::None) => Disposal::Keep,
        Some(DisposeOp::Previous) => Disposal::Restore,
        Some(DisposeOp::Background) | None => Disposal::Clear,
    };
    (blend, disposal)
}

/// A part of a second; a denominator of 0 means hundredths.
fn shown(control: FrameControl) -> Duration {
    let denominator = match control.delay_den {
        0 => 100,
        other => u32::from(other),
    };
    Duration::from_secs(control.delay_num.into()) / denominator
}

/// A pixel in eight bits with alpha. Samples of sixteen bits have their high byte first.
fn color(pixel: &[u8], layout: Layout, depth: Depth) -> [u8; 4] {
    let sample = |number: usize| pixel.get(number * depth.bytes()).copied().unwrap_or_default();
    match layout {
        Layout::Grey => [sample(0), sample(0), sample(0), 255],
        Layout::GreyAlpha => [sample(0), sample(0), sample(0), sample(1)],
        Layout::Rgb => [sample(0), sample(1), sample(2), 255],
        Layout::Cmyk | Layout::RgbAlpha => [sample(0), sample(1), sample(2), sample(3)],
    }
}
