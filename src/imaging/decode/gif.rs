//! GIF: the first frame on its canvas, which is transparent where the frame does not reach, and the frames after it
//! where they are wanted.
//!
//! Memory: one byte a pixel of the frame, and the reduced canvas; where all frames are wanted, also 8 bytes a pixel
//! of the canvas.

use std::io::{ErrorKind, Read};
use std::time::Duration;

use gif::{ColorOutput, DecodeOptions, DecodingError, DisposalMethod, Frame, Repeat};

use crate::imaging::decode::animation_screen::{Blend, CLEAR, Disposal, FrameRect, Screen};
use crate::imaging::decoded::Decoded;
use crate::imaging::draw::frames::AnimationSink;
use crate::imaging::error::Error;
use crate::imaging::input::source::{FullReads, SourceReader, TRUNCATED};
use crate::imaging::limits::{Budget, to_u64};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::{Depth, Layout, Picture, side};
use crate::imaging::pixels::reduce::Reducer;
use crate::imaging::plan::demand::Demand;
use crate::imaging::source_format::SourceFormat;

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
    // A code that does not exist counts for the decoder if it is seen together with the last pixel.
    let mut decoder = options.read_info(FullReads(source)).map_err(|error| refusal(&error))?;
    let screen = Size { width: decoder.width().into(), height: decoder.height().into() };
    let frame = decoder.next_frame_info().map_err(|error| refusal(&error))?;
    let frame = frame.ok_or_else(|| Error::damaged(SourceFormat::Gif, "it has no frame"))?.clone();
    // Some writers leave the canvas empty and mean the frame.
    let empty = screen.pixels() == 0;
    let full = if empty { size_of(&frame) } else { screen };
    if full.pixels() == 0 {
        return Err(Error::damaged(SourceFormat::Gif, "it has no pixels"));
    }
    budget.admit(full)?;
    let cell = Reducer::cell(demand.ratio(full));
    let mut file = GifFrames { decoder, full, empty, cell };
    if animation.is_wanted(SourceFormat::Gif) {
        return file.play(&frame, budget, animation);
    }
    let length = length_of(&frame);
    budget.reserve(to_u64(length))?;
    let mut reducer = Reducer::new(full, Layout::RgbAlpha, Depth::Eight, cell, budget)?;
    let mut indices = vec![0; length];
    let palette = file.read(&frame, &mut indices)?;
    let FrameRect { left, top, .. } = file.place(&frame);
    let frame_width = usize::from(frame.width).max(1);
    let mut row = vec![CLEAR; side(full.width)];
    for y in 0..side(full.height) {
        cancel.check()?;
        row.fill(CLEAR);
        let line = y.checked_sub(side(top)).and_then(|y| indices.chunks_exact(frame_width).nth(y));
        for (place, index) in row.iter_mut().skip(side(left)).zip(line.unwrap_or_default()) {
            *place = palette.color(*index);
        }
        reducer.push(row.as_flattened());
    }
    Ok(file.decoded(reducer.finish()))
}

/// A file whose first frame is about to be read.
struct GifFrames<'s, 'a, R: Read> {
    decoder: gif::Decoder<FullReads<'s, 'a, R>>,
    full: Size,
    /// Whether the canvas is that of the first frame.
    empty: bool,
    cell: u32,
}

impl<R: Read> GifFrames<'_, '_, R> {
    /// All frames, as far as they are wanted; the first comes back.
    fn play(
        &mut self,
        first: &Frame<'static>,
        budget: &mut Budget,
        animation: &mut AnimationSink<'_>,
    ) -> Result<Decoded, Error> {
        let mut screen = Screen::new(self.full, budget)?;
        let mut indices = Vec::new();
        let shown = shown(first);
        let picture = self.next(first, &mut screen, &mut indices, budget)?;
        let decoded = self.decoded(picture);
        // How often they are shown again is counted, but for ever.
        let plays = match self.decoder.repeat() {
            Repeat::Finite(again) => again.saturating_add(1),
            Repeat::Infinite => 0,
        };
        animation.begin(&decoded, plays, None, budget);
        let mut wants_more = animation.push_first(&decoded.picture, shown, budget)?;
        while wants_more {
            wants_more = match self.decoder.next_frame_info() {
                Ok(None) => false,
                Err(error) if is_cut_short(&error) => animation.end_early(),
                Ok(Some(frame)) => {
                    let frame = frame.clone();
                    match self.next(&frame, &mut screen, &mut indices, budget) {
                        Ok((picture, _)) => animation.push(picture, self::shown(&frame), budget)?,
                        Err(error) => animation.fail(error)?,
                    }
                }
                Err(error) => animation.fail(refusal(&error))?,
            };
        }
        Ok(decoded)
    }

    /// What is seen with the next frame.
    fn next(
        &mut self,
        frame: &Frame<'static>,
        screen: &mut Screen,
        indices: &mut Vec<u8>,
        budget: &mut Budget,
    ) -> Result<(Picture, u32), Error> {
        let length = length_of(frame);
        budget.reserve(to_u64(length.max(indices.capacity())))?;
        indices.clear();
        indices.resize(length, 0);
        let palette = self.read(frame, indices)?;
        let disposal = match frame.dispose {
            DisposalMethod::Any | DisposalMethod::Keep => Disposal::Keep,
            DisposalMethod::Background => Disposal::Clear,
            DisposalMethod::Previous => Disposal::Restore,
        };
        let rows = indices
            .chunks_exact(usize::from(frame.width).max(1))
            .map(|row| row.iter().map(|index| palette.color(*index)));
        screen.lay(self.place(frame), (Blend::Over, disposal), rows);
        screen.picture(self.cell, budget)
    }

    /// The pixels of the frame that was announced, and their colours.
    fn read(&mut self, frame: &Frame<'static>, indices: &mut [u8]) -> Result<GifPalette, Error> {
        if !indices.is_empty() {
            self.decoder.read_into_buffer(indices).map_err(|error| refusal(&error))?;
        }
        Ok(GifPalette::new(self.decoder.palette().map_err(|error| refusal(&error))?, frame.transparent))
    }

    fn place(&self, frame: &Frame<'static>) -> FrameRect {
        let (left, top) = if self.empty { (0, 0) } else { (frame.left.into(), frame.top.into()) };
        FrameRect { left, top, size: size_of(frame) }
    }

    fn decoded(&self, (picture, cell): (Picture, u32)) -> Decoded {
        Decoded {
            profile: self.decoder.icc_profile().map(<[u8]>::to_vec),
            ..Decoded::plain(SourceFormat::Gif, picture, self.full, cell)
        }
    }
}

fn size_of(frame: &Frame<'static>) -> Size {
    Size { width: frame.width.into(), height: frame.height.into() }
}

fn length_of(frame: &Frame<'static>) -> usize {
    usize::from(frame.width) * usize::from(frame.height)
}

/// Delays are in hundredths of a second.
fn shown(frame: &Frame<'static>) -> Duration {
    Duration::from_millis(u64::from(frame.delay) * 10)
}
/// The colour of every index; those past the end of the table, and the transparent one, are clear.
struct GifPalette([[u8; 4]; 256]);

impl GifPalette {
    fn new(table: &[u8], transparent: Option<u8>) -> Self {
        let mut colors = [CLEAR; 256];
        for (color, [r, g, b]) in colors.iter_mut().zip(table.as_chunks::<3>().0) {
            *color = [*r, *g, *b, 255];
        }
        if let Some(color) = transparent.and_then(|index| colors.get_mut(usize::from(index))) {
            *color = CLEAR;
        }
        Self(colors)
    }

    fn color(&self, index: u8) -> [u8; 4] {
        self.0.get(usize::from(index)).copied().unwrap_or(CLEAR)
    }
}

fn refusal(error: &DecodingError) -> Error {
    if is_cut_short(error) {
        Error::damaged(SourceFormat::Gif, TRUNCATED)
    } else {
        Error::damaged(SourceFormat::Gif, error.to_string())
    }
}

fn is_cut_short(error: &DecodingError) -> bool {
    match error {
        DecodingError::UnexpectedEof => true,
        DecodingError::Io(error) => error.kind() == ErrorKind::UnexpectedEof,
        _ => false,
    }
}
