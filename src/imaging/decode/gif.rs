//! GIF decoder: the first frame on its canvas, and the frames after it if a recipe keeps the animation.
//!
//! LZW is decoded by the crate `gif`; frames are composed here (GIF89a, sections 18 to 23). The canvas is transparent
//! where no frame has drawn.
//!
//! Memory: one byte per pixel of a frame, and the reduced picture. Animations also take 8 bytes per pixel of the
//! canvas.

use std::io::{ErrorKind, Read};
use std::time::Duration;

use gif::{ColorOutput, DecodeOptions, DecodingError, DisposalMethod, Frame, Repeat};

use crate::imaging::decode::animation_screen::{Blend, Disposal, FrameRect, Screen, TRANSPARENT};
use crate::imaging::decoded::Decoded;
use crate::imaging::draw::frames::AnimationSink;
use crate::imaging::error::Error;
use crate::imaging::input::source::{FullReads, SourceReader, TRUNCATED};
use crate::imaging::limits::{Budget, to_u64};
use crate::imaging::picture::geometry::{Cell, Size};
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::picture::{Depth, Layout, Picture, side};
use crate::imaging::pixels::reduce::Reducer;
use crate::imaging::plan::demand::Demand;
use crate::imaging::source_format::SourceFormat;

/// Decodes the first frame, and hands the others to `animation` if it wants them.
///
/// # Errors
/// As [`decode::decode`](crate::imaging::decode::decode).
pub(super) fn decode<R: Read>(
    source: &mut SourceReader<'_, R>,
    demand: Demand<'_>,
    budget: &mut Budget,
    animation: &mut AnimationSink<'_>,
) -> Result<Decoded, Error> {
    source.rewind();
    let cancel = source.cancel();
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    // The result for an invalid LZW code at the end of a frame depends on the bytes that the decoder sees with it.
    // `FullReads` makes them independent of the sizes in which the file arrives.
    let mut decoder = options.read_info(FullReads(source)).map_err(|error| decode_error(&error))?;
    let screen = Size { width: decoder.width().into(), height: decoder.height().into() };
    let frame = decoder.next_frame_info().map_err(|error| decode_error(&error))?;
    let frame = frame.ok_or_else(|| Error::damaged(SourceFormat::Gif, "it has no frame"))?.clone();
    // Some writers declare an empty canvas and rely on the size of the frame.
    let canvas_is_frame = screen.pixels() == 0;
    let full = if canvas_is_frame { size_of(&frame) } else { screen };
    if full.pixels() == 0 {
        return Err(Error::damaged(SourceFormat::Gif, "it has no pixels"));
    }
    budget.admit(full)?;
    let cell = Reducer::cell(demand.ratio(full, Orientation::default()));
    let mut file = GifFrames { decoder, full, canvas_is_frame, cell };
    if animation.is_wanted(SourceFormat::Gif) {
        return file.decode_animation(&frame, budget, animation);
    }
    let length = pixel_count(&frame);
    budget.reserve(to_u64(length))?;
    let mut reducer = Reducer::new(full, Layout::RgbAlpha, Depth::Eight, cell, budget)?;
    let mut indices = vec![0; length];
    let palette = file.read_frame(&frame, &mut indices)?;
    let FrameRect { left, top, .. } = file.rect(&frame);
    let frame_width = usize::from(frame.width).max(1);
    let mut row = vec![TRANSPARENT; side(full.width)];
    for y in 0..side(full.height) {
        cancel.check()?;
        row.fill(TRANSPARENT);
        let frame_row = y.checked_sub(side(top)).and_then(|y| indices.chunks_exact(frame_width).nth(y));
        for (pixel, index) in row.iter_mut().skip(side(left)).zip(frame_row.unwrap_or_default()) {
            *pixel = palette.color(*index);
        }
        reducer.push(row.as_flattened());
    }
    Ok(file.decoded(reducer.finish()))
}

/// A file whose first frame is about to be read.
struct GifFrames<'s, 'a, R: Read> {
    decoder: gif::Decoder<FullReads<'s, 'a, R>>,
    /// Size of the canvas.
    full: Size,
    /// `true` if the file declares an empty canvas, so that the first frame is the canvas.
    canvas_is_frame: bool,
    /// Side of the cells that are averaged.
    cell: Cell,
}

impl<R: Read> GifFrames<'_, '_, R> {
    /// Hands frames to `animation` until it wants no more, and returns the first.
    fn decode_animation(
        &mut self,
        first: &Frame<'static>,
        budget: &mut Budget,
        animation: &mut AnimationSink<'_>,
    ) -> Result<Decoded, Error> {
        let mut screen = Screen::new(self.full, budget)?;
        let mut indices = Vec::new();
        let duration = duration_of(first);
        let picture = self.next(first, &mut screen, &mut indices, budget)?;
        let decoded = self.decoded(picture);
        // The file stores the repetitions after the first play. 0 plays mean an endless loop.
        let plays = match self.decoder.repeat() {
            Repeat::Finite(repetitions) => repetitions.saturating_add(1),
            Repeat::Infinite => 0,
        };
        animation.begin(&decoded, plays, None, budget);
        let mut wants_more = animation.push_first(&decoded.picture, duration, budget)?;
        while wants_more {
            wants_more = match self.decoder.next_frame_info() {
                Ok(None) => false,
                Err(error) if is_truncated(&error) => animation.end_early(),
                Ok(Some(frame)) => {
                    let frame = frame.clone();
                    match self.next(&frame, &mut screen, &mut indices, budget) {
                        Ok((picture, _)) => animation.push(picture, duration_of(&frame), budget)?,
                        Err(error) => animation.fail(error)?,
                    }
                }
                Err(error) => animation.fail(decode_error(&error))?,
            };
        }
        Ok(decoded)
    }

    /// Draws a frame on the screen, and returns the screen averaged over cells, with their side.
    fn next(
        &mut self,
        frame: &Frame<'static>,
        screen: &mut Screen,
        indices: &mut Vec<u8>,
        budget: &mut Budget,
    ) -> Result<(Picture, Cell), Error> {
        let length = pixel_count(frame);
        budget.reserve(to_u64(length.max(indices.capacity())))?;
        indices.clear();
        indices.resize(length, 0);
        let palette = self.read_frame(frame, indices)?;
        let disposal = match frame.dispose {
            DisposalMethod::Any | DisposalMethod::Keep => Disposal::Keep,
            DisposalMethod::Background => Disposal::Clear,
            DisposalMethod::Previous => Disposal::Restore,
        };
        let rows = indices
            .chunks_exact(usize::from(frame.width).max(1))
            .map(|row| row.iter().map(|index| palette.color(*index)));
        screen.draw_frame(self.rect(frame), (Blend::Over, disposal), rows);
        screen.picture(self.cell, budget)
    }

    /// Reads the palette indices of the frame that was announced, and returns its palette.
    fn read_frame(&mut self, frame: &Frame<'static>, indices: &mut [u8]) -> Result<GifPalette, Error> {
        if !indices.is_empty() {
            self.decoder.read_into_buffer(indices).map_err(|error| decode_error(&error))?;
        }
        Ok(GifPalette::new(self.decoder.palette().map_err(|error| decode_error(&error))?, frame.transparent))
    }

    fn rect(&self, frame: &Frame<'static>) -> FrameRect {
        let (left, top) = if self.canvas_is_frame { (0, 0) } else { (frame.left.into(), frame.top.into()) };
        FrameRect { left, top, size: size_of(frame) }
    }

    fn decoded(&self, (picture, cell): (Picture, Cell)) -> Decoded {
        Decoded {
            profile: self.decoder.icc_profile().map(<[u8]>::to_vec),
            ..Decoded::plain(SourceFormat::Gif, picture, self.full, cell)
        }
    }
}

fn size_of(frame: &Frame<'static>) -> Size {
    Size { width: frame.width.into(), height: frame.height.into() }
}

fn pixel_count(frame: &Frame<'static>) -> usize {
    usize::from(frame.width) * usize::from(frame.height)
}

/// Display time of a frame, which is stored in hundredths of a second.
fn duration_of(frame: &Frame<'static>) -> Duration {
    Duration::from_millis(u64::from(frame.delay) * 10)
}

/// RGBA colour of every index. Indices past the end of the table, and the transparent one, are transparent.
struct GifPalette([[u8; 4]; 256]);

impl GifPalette {
    fn new(table: &[u8], transparent: Option<u8>) -> Self {
        let mut colors = [TRANSPARENT; 256];
        for (color, [r, g, b]) in colors.iter_mut().zip(table.as_chunks::<3>().0) {
            *color = [*r, *g, *b, 255];
        }
        if let Some(color) = transparent.and_then(|index| colors.get_mut(usize::from(index))) {
            *color = TRANSPARENT;
        }
        Self(colors)
    }

    fn color(&self, index: u8) -> [u8; 4] {
        self.0.get(usize::from(index)).copied().unwrap_or(TRANSPARENT)
    }
}

fn decode_error(error: &DecodingError) -> Error {
    if is_truncated(error) {
        Error::damaged(SourceFormat::Gif, TRUNCATED)
    } else {
        Error::damaged(SourceFormat::Gif, error.to_string())
    }
}

fn is_truncated(error: &DecodingError) -> bool {
    match error {
        DecodingError::UnexpectedEof => true,
        DecodingError::Io(error) => error.kind() == ErrorKind::UnexpectedEof,
        _ => false,
    }
}
