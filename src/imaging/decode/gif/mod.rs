//! GIF decoder: the first frame on its canvas, and the frames after it if a recipe keeps the animation.
//!
//! Frames are composed here (GIF89a, sections 18 to 23). The canvas is transparent where no frame has drawn.
//!
//! Memory: one byte per pixel of a frame, and the scaler. Animations also take 8 bytes per pixel of the
//! canvas.

mod blocks;

use std::io::Read;

use crate::imaging::damage::Damage;
use crate::imaging::decode::animation_screen::{Blend, FrameRect, Screen, TRANSPARENT};
use crate::imaging::decode::gif::blocks::{GifBlocks, GifFrame, LONGEST_PROFILE};
use crate::imaging::decode::lzw::{LZW_SPACE, LzwDecoder, LzwStop, LzwVariety};
use crate::imaging::decoded::Decoded;
use crate::imaging::draw::frames::AnimationSink;
use crate::imaging::error::Error;
use crate::imaging::input::source::{SourceReader, TRUNCATED};
use crate::imaging::limits::{Budget, to_u64};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::picture::{Depth, Layout, side};
use crate::imaging::pixels::source_rows::SourceRows;
use crate::imaging::pixels::source_scaler::{ScaledSource, SourceScaler};
use crate::imaging::plan::demand::Demand;
use crate::imaging::provenance::{LONGEST_STREAMED_PACKET, Provenance};
use crate::imaging::source_format::SourceFormat;

/// The only orientation of the format.
const UPRIGHT: Option<Orientation> = Some(Orientation::UPRIGHT);

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
    let cancel = source.cancel();
    // A profile in a vector that doubles, that vector before, and the copy that is returned. XMP in a vector that
    // doubles, and that vector before.
    budget.reserve(to_u64(LONGEST_PROFILE * 4 + LONGEST_STREAMED_PACKET * 3))?;
    let mut blocks = GifBlocks::read(source)?;
    let frame = blocks.next_frame()?;
    let frame = frame.ok_or_else(|| Error::damaged(SourceFormat::Gif, "it has no frame"))?;
    let screen = blocks.screen;
    // Some writers declare an empty canvas and rely on the size of the frame.
    let canvas_is_frame = screen.pixels() == 0;
    let full = if canvas_is_frame { frame.size } else { grown(screen, &frame) };
    if full.pixels() == 0 {
        return Err(Error::damaged(SourceFormat::Gif, "it has no pixels"));
    }
    budget.admit(full)?;
    let decoder = LzwDecoder::new(LzwVariety::LowestBitFirst, frame.literal_bits);
    let mut provenance = Provenance::new(blocks.has_c2pa);
    provenance.read_xmp(&blocks.xmp, budget)?;
    let mut file = GifFrames { blocks, provenance, decoder, indices: Vec::new(), full, canvas_is_frame };
    if animation.is_wanted(SourceFormat::Gif) {
        return file.decode_animation(&frame, demand, budget, animation);
    }
    let rows = SourceRows::all(full, Layout::RgbAlpha, Depth::Eight);
    let mut scaler = SourceScaler::new(rows, demand, UPRIGHT, budget)?;
    let rect = file.rect(&frame);
    let pixels = file.read_frame(&frame, budget)?;
    let damage = Damage::after(pixels.end, pixels.missing)?;
    let mut row = vec![TRANSPARENT; side(full.width)];
    for y in 0..full.height {
        cancel.check()?;
        row.fill(TRANSPARENT);
        let frame_row = y.checked_sub(rect.top).and_then(|y| pixels.rows.get(side(y)).copied());
        for (pixel, index) in row.iter_mut().skip(side(rect.left)).zip(frame_row.unwrap_or_default()) {
            *pixel = pixels.palette.color(*index);
        }
        scaler.push(row.as_flattened());
    }
    Ok(Decoded { damage, ..file.decoded(scaler.finish()) })
}

/// A screen enlarged to hold the first frame, as browsers show it. Later frames are cut at its edges.
fn grown(screen: Size, frame: &GifFrame) -> Size {
    let Size { width, height } = screen;
    let (right, bottom) = (frame.left + frame.size.width, frame.top + frame.size.height);
    Size { width: width.max(right), height: height.max(bottom) }
}

/// A file whose first frame is about to be read.
struct GifFrames<'s, 'a, R> {
    blocks: GifBlocks<'s, 'a, R>,
    provenance: Provenance,
    decoder: LzwDecoder,
    /// The palette indices of a frame, in the order of the file, and space for the decoder.
    indices: Vec<u8>,
    /// Size of the canvas.
    full: Size,
    /// `true` if the file declares an empty canvas, so that the first frame is the canvas.
    canvas_is_frame: bool,
}

impl<R: Read> GifFrames<'_, '_, R> {
    /// Hands frames to `animation` until it wants no more, and returns the first.
    fn decode_animation(
        &mut self,
        first: &GifFrame,
        demand: Demand<'_>,
        budget: &mut Budget,
        animation: &mut AnimationSink<'_>,
    ) -> Result<Decoded, Error> {
        let mut screen = Screen::new(self.full, budget)?;
        let duration = first.duration();
        let (end, missing) = self.draw(first, &mut screen, budget)?;
        let damage = Damage::after(end, missing)?;
        let decoded = Decoded { damage, ..self.decoded(screen.scaled(demand, UPRIGHT, budget)?) };
        let recipes = animation.frame_recipes(SourceFormat::Gif);
        let demand = Demand { recipes: &recipes, ..demand };
        animation.begin(&decoded, self.blocks.plays, None, budget);
        let mut wants_more =
            animation.push_decoded(screen.scaled(demand, UPRIGHT, budget), duration, budget)?;
        while wants_more {
            wants_more = match self.blocks.next_frame() {
                Ok(None) => false,
                Err(Error::Damaged { detail, .. }) if detail == TRUNCATED => animation.end_early(),
                Ok(Some(frame)) => {
                    let drawn = self.draw(&frame, &mut screen, budget);
                    let scaled = drawn.and_then(|(end, _)| end);
                    let scaled = scaled.and_then(|()| screen.scaled(demand, UPRIGHT, budget));
                    animation.push_decoded(scaled, frame.duration(), budget)?
                }
                Err(error) => animation.fail(error)?,
            };
        }
        Ok(decoded)
    }

    /// Draws a frame on the screen as far as it came. Returns the reason if it ended early, and its missing pixels.
    fn draw(
        &mut self,
        frame: &GifFrame,
        screen: &mut Screen,
        budget: &mut Budget,
    ) -> Result<(Result<(), Error>, Damage), Error> {
        let rect = self.rect(frame);
        let FramePixels { rows, palette, end, missing } = self.read_frame(frame, budget)?;
        let rows = rows.iter().map(|row| row.iter().map(|index| palette.color(*index)));
        screen.draw_frame(rect, (Blend::Over, frame.disposal()), rows);
        Ok((end, missing))
    }

    /// Reads the frame that was announced. Rows of an interlaced frame that never came are copies of the row above.
    fn read_frame(&mut self, frame: &GifFrame, budget: &mut Budget) -> Result<FramePixels<'_>, Error> {
        let (width, height) = (side(frame.size.width), side(frame.size.height));
        let space = width.saturating_mul(height).saturating_add(LZW_SPACE);
        budget.reserve(to_u64(space.max(self.indices.capacity())).saturating_add(to_u64(height * 16)))?;
        self.indices.resize(space.max(self.indices.len()), 0);
        let (written, end) = self.read_indices(frame, space - LZW_SPACE);
        let mut lines = self.indices.chunks_exact(width.max(1)).take(written.checked_div(width).unwrap_or(0));
        let came = lines.len();
        let mut rows: Vec<&[u8]> = vec![&[]; height];
        for (y, line) in row_order(frame).zip(lines.by_ref()) {
            rows.get_mut(y).into_iter().for_each(|row| *row = line);
        }
        if frame.is_interlaced && came > 0 {
            // The first row of all is row 0, which came.
            let mut above: &[u8] = &[];
            for row in &mut rows {
                if row.is_empty() {
                    *row = above;
                }
                above = row;
            }
        } else {
            rows.truncate(came);
        }
        let missing = Damage { lost: to_u64(width * (height - came)), total: to_u64(width * height) };
        Ok(FramePixels { rows, palette: GifPalette::new(&frame.palette, frame.transparent()), end, missing })
    }

    /// Decodes the indices of a frame, of which there are `wanted`. Returns how many came, and the reason if some are
    /// missing.
    fn read_indices(&mut self, frame: &GifFrame, wanted: usize) -> (usize, Result<(), Error>) {
        self.decoder.restart(LzwVariety::LowestBitFirst, frame.literal_bits);
        let mut data = Vec::new();
        let (mut consumed, mut written, mut end) = (0, 0, Ok(()));
        while written < wanted {
            let mut input = data.get(consumed..).unwrap_or_default();
            if input.is_empty() {
                data.clear();
                consumed = 0;
                // What came before an error is good.
                end = end.and_then(|()| self.blocks.read_data(&mut data));
                input = &data;
            }
            if input.is_empty() {
                return (written, end.and_then(|()| Err(Error::damaged(SourceFormat::Gif, TRUNCATED))));
            }
            let step = self.decoder.decode(input, self.indices.get_mut(written..).unwrap_or_default());
            consumed += step.consumed;
            written += step.written;
            let detail = match step.stop {
                LzwStop::Open => continue,
                _ if written >= wanted => break,
                LzwStop::Corrupt => "its pixel data cannot be decompressed",
                LzwStop::End => TRUNCATED,
            };
            return (written, Err(Error::damaged(SourceFormat::Gif, detail)));
        }
        (wanted, Ok(()))
    }

    fn rect(&self, frame: &GifFrame) -> FrameRect {
        let (left, top) = if self.canvas_is_frame { (0, 0) } else { (frame.left, frame.top) };
        FrameRect { left, top, size: frame.size }
    }

    fn decoded(&self, scaled: ScaledSource) -> Decoded {
        Decoded {
            profile: self.blocks.profile.clone(),
            provenance: self.provenance.clone(),
            ..Decoded::plain(SourceFormat::Gif, scaled)
        }
    }
}

/// The rows of a frame in the order of the file (GIF89a, appendix E). Each entry of `PASSES` is the first row and the
/// step to the next.
fn row_order(frame: &GifFrame) -> impl Iterator<Item = usize> + use<> {
    const PASSES: [(usize, usize); 4] = [(0, 8), (4, 8), (2, 4), (1, 2)];
    let passes = if frame.is_interlaced { PASSES.as_slice() } else { &[(0, 1)] };
    let height = side(frame.size.height);
    passes.iter().flat_map(move |(first, step)| (*first..height).step_by(*step))
}

/// A frame that was read.
struct FramePixels<'i> {
    /// The palette indices of the rows from the top that can be shown.
    rows: Vec<&'i [u8]>,
    palette: GifPalette,
    /// The reason if the frame ended early.
    end: Result<(), Error>,
    /// Pixels of the frame that never came.
    missing: Damage,
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
