//! QOI decoder (The Quite OK Image Format Specification, version 1.0).
//!
//! Pixels are decoded in order while the file arrives. Memory: the reduced picture and one row. The header's colour
//! space field is informative by the specification and is ignored.

use std::io::Read;

use crate::imaging::damage::{Damage, PartialRow};
use crate::imaging::decoded::Decoded;
use crate::imaging::error::Error;
use crate::imaging::input::forward::ForwardReader;
use crate::imaging::input::source::SourceReader;
use crate::imaging::limits::{Budget, to_u64};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::orientation::Orientation;
use crate::imaging::picture::{Depth, Layout, side};
use crate::imaging::pixels::source_rows::SourceRows;
use crate::imaging::pixels::source_scaler::SourceScaler;
use crate::imaging::plan::demand::Demand;
use crate::imaging::source_format::SourceFormat;

const FORMAT: SourceFormat = SourceFormat::Qoi;

/// Decodes a QOI.
///
/// # Errors
/// As [`decode::decode`](crate::imaging::decode::decode).
pub(super) fn decode<R: Read>(
    source: &mut SourceReader<'_, R>,
    demand: Demand<'_>,
    budget: &mut Budget,
) -> Result<Decoded, Error> {
    let cancel = source.cancel();
    let mut file = ForwardReader::new(source, FORMAT);
    let [_magic, width, height] = [file.array()?, file.array()?, file.array()?].map(u32::from_be_bytes);
    let full = Size { width, height };
    if full.pixels() == 0 {
        return Err(file.damaged("it has no pixels"));
    }
    budget.admit(full)?;
    let layout = match file.array()? {
        [3, _] => Layout::Rgb,
        [4, _] => Layout::RgbAlpha,
        [channels, _] => return Err(file.damaged(&format!("it has {channels} channels, which are 3 or 4"))),
    };
    let length = side(width).saturating_mul(layout.channels());
    budget.reserve(to_u64(length))?;
    let rows = SourceRows::all(full, layout, Depth::Eight);
    let mut scaler = SourceScaler::new(rows, demand, Some(Orientation::UPRIGHT), budget)?;
    let mut row = vec![0; length];
    let mut pixels = PixelDecoder::default();
    let end = (0..height).try_for_each(|_| {
        cancel.check()?;
        let decoded = match layout {
            Layout::RgbAlpha => pixels.decode(row.as_chunks_mut::<4>().0, &mut file),
            _ => pixels.decode(row.as_chunks_mut::<3>().0, &mut file),
        };
        scaler.push_decoded(&mut row, decoded)
    });
    let damage = Damage::after(end, scaler.missing())?;
    Ok(Decoded { damage, ..Decoded::plain(FORMAT, scaler.finish()) })
}

/// State that chunks refer to.
struct PixelDecoder {
    /// Previous pixel, RGBA.
    last: [u8; 4],
    /// Repetitions of `last` that are left of a QOI_OP_RUN chunk.
    repeats: u8,
    /// Recent pixels; each stands at the hash of its samples.
    recent: [[u8; 4]; 64],
}

impl Default for PixelDecoder {
    fn default() -> Self {
        Self { last: [0, 0, 0, u8::MAX], repeats: 0, recent: [[0; 4]; 64] }
    }
}

impl PixelDecoder {
    /// Fills `pixels` with the next pixels, dropping alpha where `C` is 3.
    fn decode<const C: usize, R: Read>(
        &mut self,
        pixels: &mut [[u8; C]],
        file: &mut ForwardReader<'_, '_, R>,
    ) -> Result<(), PartialRow> {
        for (number, pixel) in pixels.iter_mut().enumerate() {
            match self.repeats.checked_sub(1) {
                Some(left) => self.repeats = left,
                None => {
                    let chunk = Self::read_chunk(file);
                    self.apply(chunk.map_err(|error| PartialRow { pixels: number, error })?);
                }
            }
            pixel.iter_mut().zip(self.last).for_each(|(target, sample)| *target = sample);
        }
        Ok(())
    }

    /// Reads the next chunk, of one to five bytes. Bytes after its end are arbitrary.
    fn read_chunk<R: Read>(file: &mut ForwardReader<'_, '_, R>) -> Result<[u8; 5], Error> {
        let bytes_after = |tag| match tag {
            0xff => 4,
            0xfe => 3,
            0x80..=0xbf => 1,
            _ => 0,
        };
        if let Some(chunk) = file.buffered().first_chunk::<5>().copied() {
            let [tag, ..] = chunk;
            file.consume(1 + bytes_after(tag));
            return Ok(chunk);
        }
        let mut chunk = [file.byte()?, 0, 0, 0, 0];
        let [tag, rest @ ..] = &mut chunk;
        rest.iter_mut()
            .take(bytes_after(*tag))
            .try_for_each(|target| file.byte().map(|byte| *target = byte))?;
        Ok(chunk)
    }

    /// Applies a chunk to the state. The two highest bits of the tag, or all eight, name the kind of chunk.
    fn apply(&mut self, [tag, first, second, third, fourth]: [u8; 5]) {
        let [r, g, b, a] = self.last;
        // Differences are stored as unsigned numbers plus a bias, and wrap around at 256.
        let add = |sample: u8, bits: u8, bias: u8| sample.wrapping_add(bits).wrapping_sub(bias);
        let low = tag & 0x3f;
        self.last = match tag >> 6 {
            // QOI_OP_RGBA
            3 if tag == 0xff => [first, second, third, fourth],
            // QOI_OP_RGB
            3 if tag == 0xfe => [first, second, third, a],
            // QOI_OP_RUN: the run length has a bias of -1, so `low` repetitions follow this pixel.
            3 => {
                self.repeats = low;
                self.last
            }
            // QOI_OP_LUMA: red and blue are stored relative to the change of green.
            2 => {
                let green = add(g, low, 32);
                let green_change = green.wrapping_sub(g);
                [
                    add(r, first >> 4, 8).wrapping_add(green_change),
                    green,
                    add(b, first & 0xf, 8).wrapping_add(green_change),
                    a,
                ]
            }
            // QOI_OP_DIFF
            1 => [add(r, low >> 4, 2), add(g, low >> 2 & 3, 2), add(b, low & 3, 2), a],
            // QOI_OP_INDEX
            _ => self.recent.get(usize::from(low)).copied().unwrap_or_default(),
        };
        let [r, g, b, a] = self.last.map(usize::from);
        if let Some(recent) = self.recent.get_mut((r * 3 + g * 5 + b * 7 + a * 11) % 64) {
            *recent = self.last;
        }
    }
}
