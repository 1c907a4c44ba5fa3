//! Animated PNG decoder (PNG, third edition, section 11.3.8): frames composed on a screen.
//!
//! The default image, which viewers without APNG show, need not be a frame.
//!
//! Memory: 8 bytes per pixel of the canvas, one frame as it is stored, and the scaler.

use std::io::Read;
use std::time::Duration;

use png::{AnimationControl, BlendOp, DisposeOp, FrameControl};

use crate::imaging::decode::animation_screen::{Blend, Disposal, FrameRect, Screen};
use crate::imaging::decode::png::{DecodePlan, PngReader, decode_error};
use crate::imaging::decoded::Decoded;
use crate::imaging::draw::frames::AnimationSink;
use crate::imaging::error::Error;
use crate::imaging::limits::{Budget, to_u64};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::{Depth, Layout, side};
use crate::imaging::plan::demand::Demand;
use crate::imaging::source_format::SourceFormat;

/// Hands frames to `animation` until it wants no more, and returns the default image.
///
/// # Errors
/// As [`decode::decode`](crate::imaging::decode::decode), for the default image. Later frames only end the animation.
pub(super) fn decode_animation<R: Read>(
    reader: &mut PngReader<'_, '_, '_, R>,
    control: AnimationControl,
    plan: &DecodePlan<'_>,
    demand: Demand<'_>,
    budget: &mut Budget,
    animation: &mut AnimationSink<'_>,
) -> Result<Decoded, Error> {
    let length = reader.output_buffer_size();
    let length =
        length.ok_or_else(|| Error::damaged(SourceFormat::Png, "its pixels are more than memory"))?;
    budget.reserve(to_u64(length))?;
    let screen = Screen::new(plan.full, budget)?;
    let mut frames = PngFrames { reader, plan, samples: vec![0; length], screen };
    let duration = frames.next()?;
    let scaled = frames.screen.scaled(demand, plan.orientation, budget)?;
    let decoded = plan.decoded(frames.reader, scaled, budget)?;
    let recipes = animation.frame_recipes(SourceFormat::Png);
    let demand = Demand { recipes: &recipes, ..demand };
    let mut remaining = control.num_frames;
    let plays = u16::try_from(control.num_plays).unwrap_or(0);
    animation.begin(&decoded, plays, Some(control.num_frames), budget);
    let mut wants_more = match duration {
        Some(duration) => {
            remaining = remaining.saturating_sub(1);
            let first = frames.screen.scaled(demand, plan.orientation, budget);
            animation.push_decoded(first, duration, budget)?
        }
        None => true,
    };
    while wants_more && remaining > 0 {
        remaining -= 1;
        let duration = frames.next();
        let scaled = duration
            .and_then(|duration| Ok((duration, frames.screen.scaled(demand, plan.orientation, budget)?)));
        wants_more = match scaled {
            Ok((duration, scaled)) => animation.push(scaled, duration.unwrap_or_default(), budget)?,
            Err(error) => animation.fail(error)?,
        };
    }
    Ok(decoded)
}

/// The default image and the frames of a file, in order.
struct PngFrames<'r, 'c, 's, 'a, R: Read> {
    reader: &'r mut PngReader<'c, 's, 'a, R>,
    plan: &'r DecodePlan<'r>,
    /// One frame, as the decoder writes it.
    samples: Vec<u8>,
    screen: Screen,
}

impl<R: Read> PngFrames<'_, '_, '_, '_, R> {
    /// Draws the next frame on the screen, and returns its duration. A default image that is not a frame has none.
    fn next(&mut self) -> Result<Option<Duration>, Error> {
        let info = self.reader.next_frame(&mut self.samples).map_err(|error| decode_error(&error))?;
        let control = self.reader.info().frame_control;
        let DecodePlan { full, layout, depth, .. } = *self.plan;
        let rect = FrameRect {
            left: control.map_or(0, |control| control.x_offset),
            top: control.map_or(0, |control| control.y_offset),
            size: Size { width: info.width, height: info.height },
        };
        // The decoder writes the rows of interlaced frames at the stride of the canvas.
        let stride = if self.reader.info().interlaced {
            self.reader.output_line_size(full.width).unwrap_or(info.line_size)
        } else {
            info.line_size
        };
        let pixel = layout.channels() * depth.bytes();
        let rows = self.samples.chunks(stride.max(1)).take(side(info.height));
        let rows =
            rows.map(|row| row.chunks_exact(pixel).take(side(info.width)).map(|p| rgba(p, layout, depth)));
        self.screen.draw_frame(rect, blend_and_disposal(control), rows);
        Ok(control.map(duration_of))
    }
}

/// Blending and disposal of a frame. A default image without frame control is shown alone, and cleared before the
/// frames.
fn blend_and_disposal(control: Option<FrameControl>) -> (Blend, Disposal) {
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

/// Display time: a fraction of a second; a denominator of 0 means hundredths.
fn duration_of(control: FrameControl) -> Duration {
    let denominator = match control.delay_den {
        0 => 100,
        other => u32::from(other),
    };
    Duration::from_secs(control.delay_num.into()) / denominator
}

/// A pixel as RGBA of 8 bits. 16-bit samples are stored high byte first, so their first byte is taken.
fn rgba(pixel: &[u8], layout: Layout, depth: Depth) -> [u8; 4] {
    let sample = |number: usize| pixel.get(number * depth.bytes()).copied().unwrap_or_default();
    match layout {
        Layout::Grey => [sample(0), sample(0), sample(0), 255],
        Layout::GreyAlpha => [sample(0), sample(0), sample(0), sample(1)],
        Layout::Rgb => [sample(0), sample(1), sample(2), 255],
        Layout::Cmyk | Layout::RgbAlpha => [sample(0), sample(1), sample(2), sample(3)],
    }
}
