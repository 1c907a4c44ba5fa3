//! GIF decoder: the first frame on its canvas, and the frames after it if a recipe keeps the animation.
//!
//! LZW is decoded by the crate `gif`; frames are composed here (GIF89a, sections 18 to 23). The canvas is transparent
//! where no frame has drawn.
//!
//! Memory: one byte per pixel of a frame, and the scaler. Animations also take 8 bytes per pixel of the
//! canvas.

use std::io::{Chain, Cursor, ErrorKind, Read};
use std::num::NonZeroU64;
use std::time::Duration;

use gif::{ColorOutput, DecodeOptions, DecodingError, DisposalMethod, Frame, MemoryLimit, Repeat};

use crate::imaging::damage::Damage;
use crate::imaging::decode::animation_screen::{Blend, Disposal, FrameRect, Screen, TRANSPARENT};
use crate::imaging::decoded::Decoded;
use crate::imaging::draw::frames::AnimationSink;
use crate::imaging::error::Error;
use crate::imaging::input::source::{FullReads, SourceReader, TRUNCATED};
use crate::imaging::limits::{Budget, to_u64};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::picture::{Depth, Layout, side};
use crate::imaging::pixels::source_rows::SourceRows;
use crate::imaging::pixels::source_scaler::{ScaledSource, SourceScaler};
use crate::imaging::plan::demand::Demand;
use crate::imaging::source_format::SourceFormat;

/// The only orientation of the format.
const UPRIGHT: Option<Orientation> = Some(Orientation::UPRIGHT);

/// Longest profile and longest XMP, bytes.
const LONGEST_METADATA: NonZeroU64 = NonZeroU64::new(1_000_000).unwrap();

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
    let header = with_palette(source)?;
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    // Unknown blocks are skipped (GIF89a, section 24).
    options.allow_unknown_blocks(true);
    options.set_memory_limit(MemoryLimit::Bytes(LONGEST_METADATA));
    // Profile and XMP, each in a vector that doubles.
    budget.reserve(LONGEST_METADATA.get().saturating_mul(4))?;
    // The result for an invalid LZW code at the end of a frame depends on the bytes that the decoder sees with it.
    // `FullReads` makes them independent of the sizes in which the file arrives.
    let file = Cursor::new(header).chain(FullReads(source));
    let mut decoder = options.read_info(file).map_err(|error| decode_error(&error))?;
    let screen = Size { width: decoder.width().into(), height: decoder.height().into() };
    let frame = decoder.next_frame_info().map_err(|error| decode_error(&error))?;
    let frame = frame.ok_or_else(|| Error::damaged(SourceFormat::Gif, "it has no frame"))?.clone();
    // Some writers declare an empty canvas and rely on the size of the frame.
    let canvas_is_frame = screen.pixels() == 0;
    let full = if canvas_is_frame { size_of(&frame) } else { grown(screen, &frame) };
    if full.pixels() == 0 {
        return Err(Error::damaged(SourceFormat::Gif, "it has no pixels"));
    }
    budget.admit(full)?;
    let mut file = GifFrames { decoder, full, canvas_is_frame };
    if animation.is_wanted(SourceFormat::Gif) {
        return file.decode_animation(&frame, demand, budget, animation);
    }
    let rows = SourceRows::all(full, Layout::RgbAlpha, Depth::Eight);
    let mut scaler = SourceScaler::new(rows, demand, UPRIGHT, budget)?;
    let mut indices = Vec::new();
    let pixels = file.read_frame(&frame, &mut indices, budget)?;
    let damage = Damage::after(pixels.end, pixels.missing)?;
    let FrameRect { left, top, .. } = file.rect(&frame);
    let mut row = vec![TRANSPARENT; side(full.width)];
    let frame_width = usize::from(frame.width).max(1);
    for y in 0..side(full.height) {
        cancel.check()?;
        row.fill(TRANSPARENT);
        let frame_row = y.checked_sub(side(top)).and_then(|y| indices.chunks_exact(frame_width).nth(y));
        for (pixel, index) in row.iter_mut().skip(side(left)).zip(frame_row.unwrap_or_default()) {
            *pixel = pixels.palette.color(*index);
        }
        scaler.push(row.as_flattened());
    }
    Ok(Decoded { damage, ..file.decoded(scaler.finish()) })
}

/// Consumes the header of a file, up to the logical screen descriptor, and returns it. A file without a global palette
/// gets one, so that frames have a palette in any case: GIF89a, section 19, leaves it to the decoder then, and suggests
/// black and white.
fn with_palette<R: Read>(source: &mut SourceReader<'_, R>) -> Result<Vec<u8>, Error> {
    let truncated = |_| Error::damaged(SourceFormat::Gif, TRUNCATED);
    let mut header = [0; 13];
    source.read_exact(&mut header).map_err(truncated)?;
    let [.., flags, _background, _aspect] = &mut header;
    let palette: &[u8] = if *flags & 0x80 == 0 {
        // A table of 2 to the power of (lowest three bits + 1) colours.
        *flags = *flags & 0x78 | 0x80;
        &[0, 0, 0, 255, 255, 255]
    } else {
        &[]
    };
    Ok([&header, palette].concat())
}

/// A screen enlarged to hold the first frame, as browsers show it. Later frames are cut at its edges.
fn grown(screen: Size, frame: &Frame<'static>) -> Size {
    let Size { width, height } = screen;
    let (right, bottom) =
        (u32::from(frame.left) + u32::from(frame.width), u32::from(frame.top) + u32::from(frame.height));
    Size { width: width.max(right), height: height.max(bottom) }
}

/// A file whose first frame is about to be read.
struct GifFrames<'s, 'a, R: Read> {
    decoder: gif::Decoder<Chain<Cursor<Vec<u8>>, FullReads<'s, 'a, R>>>,
    /// Size of the canvas.
    full: Size,
    /// `true` if the file declares an empty canvas, so that the first frame is the canvas.
    canvas_is_frame: bool,
}

impl<R: Read> GifFrames<'_, '_, R> {
    /// Hands frames to `animation` until it wants no more, and returns the first.
    fn decode_animation(
        &mut self,
        first: &Frame<'static>,
        demand: Demand<'_>,
        budget: &mut Budget,
        animation: &mut AnimationSink<'_>,
    ) -> Result<Decoded, Error> {
        let mut screen = Screen::new(self.full, budget)?;
        let mut indices = Vec::new();
        let duration = duration_of(first);
        let (end, missing) = self.draw(first, &mut screen, &mut indices, budget)?;
        let damage = Damage::after(end, missing)?;
        let decoded = Decoded { damage, ..self.decoded(screen.scaled(demand, UPRIGHT, budget)?) };
        let recipes = animation.frame_recipes(SourceFormat::Gif);
        let demand = Demand { recipes: &recipes, ..demand };
        // The file stores the repetitions after the first play. 0 plays mean an endless loop.
        let plays = match self.decoder.repeat() {
            Repeat::Finite(repetitions) => repetitions.saturating_add(1),
            Repeat::Infinite => 0,
        };
        animation.begin(&decoded, plays, None, budget);
        let mut wants_more =
            animation.push_decoded(screen.scaled(demand, UPRIGHT, budget), duration, budget)?;
        while wants_more {
            wants_more = match self.decoder.next_frame_info() {
                Ok(None) => false,
                Err(error) if is_truncated(&error) => animation.end_early(),
                Ok(Some(frame)) => {
                    let frame = frame.clone();
                    let drawn = self.draw(&frame, &mut screen, &mut indices, budget);
                    let scaled = drawn.and_then(|(end, _)| end);
                    let scaled = scaled.and_then(|()| screen.scaled(demand, UPRIGHT, budget));
                    animation.push_decoded(scaled, duration_of(&frame), budget)?
                }
                Err(error) => animation.fail(decode_error(&error))?,
            };
        }
        Ok(decoded)
    }

    /// Draws a frame on the screen as far as it came. Returns the reason if it ended early, and its missing pixels.
    fn draw(
        &mut self,
        frame: &Frame<'static>,
        screen: &mut Screen,
        indices: &mut Vec<u8>,
        budget: &mut Budget,
    ) -> Result<(Result<(), Error>, Damage), Error> {
        let FramePixels { palette, end, missing } = self.read_frame(frame, indices, budget)?;
        let disposal = match frame.dispose {
            DisposalMethod::Any | DisposalMethod::Keep => Disposal::Keep,
            DisposalMethod::Background => Disposal::Clear,
            DisposalMethod::Previous => Disposal::Restore,
        };
        let rows = indices
            .chunks_exact(usize::from(frame.width).max(1))
            .map(|row| row.iter().map(|index| palette.color(*index)));
        screen.draw_frame(self.rect(frame), (Blend::Over, disposal), rows);
        Ok((end, missing))
    }

    /// Reads the palette indices of the frame that was announced, row by row, and its palette. `indices` holds the rows
    /// from the top that can be shown. Rows of an interlaced frame that never came are copies of the row above.
    fn read_frame(
        &mut self,
        frame: &Frame<'static>,
        indices: &mut Vec<u8>,
        budget: &mut Budget,
    ) -> Result<FramePixels, Error> {
        let (width, height) = (usize::from(frame.width), usize::from(frame.height));
        budget.reserve(to_u64((width * height).max(indices.capacity())))?;
        indices.clear();
        indices.resize(width * height, 0);
        let (mut came, mut end) = (0, Ok(()));
        for y in row_order(frame).take_while(|_| width > 0) {
            let row = indices.chunks_exact_mut(width).nth(y).unwrap_or_default();
            match self.decoder.fill_buffer(row) {
                Ok(true) => came += 1,
                Ok(false) => end = Err(Error::damaged(SourceFormat::Gif, TRUNCATED)),
                Err(error) => end = Err(decode_error(&error)),
            }
            if end.is_err() {
                break;
            }
        }
        if frame.interlaced && came > 0 {
            let mut missing: Vec<usize> = row_order(frame).skip(came).collect();
            missing.sort_unstable();
            for y in missing {
                // The first row of all is row 0, which came.
                indices.copy_within((y - 1) * width..y * width, y * width);
            }
        } else {
            indices.truncate(came * width);
        }
        let missing = Damage { lost: to_u64(width * (height - came)), total: to_u64(width * height) };
        let palette = self.decoder.palette().map_err(|error| decode_error(&error))?;
        Ok(FramePixels { palette: GifPalette::new(palette, frame.transparent), end, missing })
    }

    fn rect(&self, frame: &Frame<'static>) -> FrameRect {
        let (left, top) = if self.canvas_is_frame { (0, 0) } else { (frame.left.into(), frame.top.into()) };
        FrameRect { left, top, size: size_of(frame) }
    }

    fn decoded(&self, scaled: ScaledSource) -> Decoded {
        Decoded {
            profile: self.decoder.icc_profile().map(<[u8]>::to_vec),
            ..Decoded::plain(SourceFormat::Gif, scaled)
        }
    }
}

fn size_of(frame: &Frame<'static>) -> Size {
    Size { width: frame.width.into(), height: frame.height.into() }
}

/// The rows of a frame in the order of the file (GIF89a, appendix E). Each entry of `PASSES` is the first row and the
/// step to the next.
fn row_order(frame: &Frame<'static>) -> impl Iterator<Item = usize> + use<> {
    const PASSES: [(usize, usize); 4] = [(0, 8), (4, 8), (2, 4), (1, 2)];
    let passes = if frame.interlaced { PASSES.as_slice() } else { &[(0, 1)] };
    let height = usize::from(frame.height);
    passes.iter().flat_map(move |(first, step)| (*first..height).step_by(*step))
}

/// A frame that was read, beside its indices.
struct FramePixels {
    palette: GifPalette,
    /// The reason if the frame ended early.
    end: Result<(), Error>,
    /// Pixels of the frame that never came.
    missing: Damage,
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

/// An error of the crate `gif`, in words for users.
fn decode_error(error: &DecodingError) -> Error {
    let detail = match error {
        error if is_truncated(error) => TRUNCATED,
        // `decode::decode` replaces this if the reader failed.
        DecodingError::Io(_) => "it cannot be read",
        DecodingError::LzwError(_) => "its pixel data cannot be decompressed",
        DecodingError::MemoryLimit | DecodingError::OutOfMemory => "its metadata takes more than 1 MB",
        _ => "its blocks are not those of a GIF",
    };
    Error::damaged(SourceFormat::Gif, detail)
}

fn is_truncated(error: &DecodingError) -> bool {
    match error {
        DecodingError::UnexpectedEof => true,
        DecodingError::Io(error) => error.kind() == ErrorKind::UnexpectedEof,
        _ => false,
    }
}
