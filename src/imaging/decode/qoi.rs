//! QOI, pixel by pixel as it arrives (The Quite OK Image Format Specification, version 1.0).
//!
//! Memory: the reduced picture and one row. Its word on the colour space says nothing of how pixels are to be shown,
//! and is not heeded.

use std::io::Read;

use crate::imaging::decoded::Decoded;
use crate::imaging::error::Error;
use crate::imaging::input::forward::ForwardReader;
use crate::imaging::input::source::SourceReader;
use crate::imaging::limits::{Budget, to_u64};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::{Depth, Layout, side};
use crate::imaging::pixels::reduce::Reducer;
use crate::imaging::plan::demand::Demand;
use crate::imaging::source_format::SourceFormat;

const FORMAT: SourceFormat = SourceFormat::Qoi;

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
    let cell = Reducer::cell(demand.ratio(full));
    let mut reducer = Reducer::new(full, layout, Depth::Eight, cell, budget)?;
    let mut row = vec![0; length];
    let mut pixels = RecentPixels::default();
    for _ in 0..height {
        cancel.check()?;
        match layout {
            Layout::RgbAlpha => pixels.fill(row.as_chunks_mut::<4>().0, &mut file)?,
            _ => pixels.fill(row.as_chunks_mut::<3>().0, &mut file)?,
        }
        reducer.push(&row);
    }
    let (picture, reduction) = reducer.finish();
    Ok(Decoded::plain(FORMAT, picture, full, reduction))
}

/// What the next pixel may refer to.
struct RecentPixels {
    /// The pixel before.
    last: [u8; 4],
    /// Times it comes again.
    repeats: u8,
    /// Pixels seen lately, by a hash of their samples.
    seen: [[u8; 4]; 64],
}

impl Default for RecentPixels {
    fn default() -> Self {
        Self { last: [0, 0, 0, u8::MAX], repeats: 0, seen: [[0; 4]; 64] }
    }
}

impl RecentPixels {
    /// The next pixels, without alpha where there is no room for it.
    fn fill<const C: usize, R: Read>(
        &mut self,
        places: &mut [[u8; C]],
        file: &mut ForwardReader<'_, '_, R>,
    ) -> Result<(), Error> {
        for place in places {
            match self.repeats.checked_sub(1) {
                Some(left) => self.repeats = left,
                None => self.step(Self::operation(file)?),
            }
            place.iter_mut().zip(self.last).for_each(|(place, sample)| *place = sample);
        }
        Ok(())
    }

    /// The next operation, which is up to five bytes; behind its end anything.
    fn operation<R: Read>(file: &mut ForwardReader<'_, '_, R>) -> Result<[u8; 5], Error> {
        let more = |tag| match tag {
            0xff => 4,
            0xfe => 3,
            0x80..=0xbf => 1,
            _ => 0,
        };
        if let Some(operation) = file.buffered().first_chunk::<5>().copied() {
            let [tag, ..] = operation;
            file.consume(1 + more(tag));
            return Ok(operation);
        }
        let mut operation = [file.byte()?, 0, 0, 0, 0];
        let [tag, rest @ ..] = &mut operation;
        rest.iter_mut().take(more(*tag)).try_for_each(|place| file.byte().map(|byte| *place = byte))?;
        Ok(operation)
    }

    fn step(&mut self, [tag, first, second, third, fourth]: [u8; 5]) {
        let [r, g, b, a] = self.last;
        // Differences are stored with a bias.
        let moved = |sample: u8, bits: u8, bias: u8| sample.wrapping_add(bits).wrapping_sub(bias);
        let low = tag & 0x3f;
        self.last = match tag >> 6 {
            3 if tag == 0xff => [first, second, third, fourth],
            3 if tag == 0xfe => [first, second, third, a],
            3 => {
                self.repeats = low;
                self.last
            }
            2 => {
                let green = moved(g, low, 32);
                let along = green.wrapping_sub(g);
                [
                    moved(r, first >> 4, 8).wrapping_add(along),
                    green,
                    moved(b, first & 0xf, 8).wrapping_add(along),
                    a,
                ]
            }
            1 => [moved(r, low >> 4, 2), moved(g, low >> 2 & 3, 2), moved(b, low & 3, 2), a],
            _ => self.seen.get(usize::from(low)).copied().unwrap_or_default(),
        };
        let [r, g, b, a] = self.last.map(usize::from);
        if let Some(place) = self.seen.get_mut((r * 3 + g * 5 + b * 7 + a * 11) % 64) {
            *place = self.last;
        }
    }
}
