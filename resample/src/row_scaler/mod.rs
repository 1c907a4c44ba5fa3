//! Scaling of rows as they come: first down, then across.
//!
//! A row of the target needs some rows of the source, those under the kernel. They are kept in a ring; older ones make
//! place for newer ones. Once the last of them has come, they are convolved down, to one row of the source's width in
//! sixteen bits. Eight such rows are a band. A band is transposed, so that one vector holds a column of it, and convolved
//! across. The result is rounded there, once.
//!
//! Channels are kept apart, each as a plane of its own, since vectors then hold samples of one kind whatever their number.

use crate::lanes::{self, LANES, Lanes, Sample, Work, packed};
use crate::weights::{Axis, Weights};

/// Samples of a plane are padded to a multiple of this.
const CHUNK: usize = 64;

/// Takes the rows of a picture and makes a smaller or larger one.
#[derive(Debug)]
pub struct RowScaler<S> {
    channels: usize,
    across: Weights,
    down: Weights,
    /// Samples of a plane's row: those that count, and padding.
    stride: usize,
    /// The row before, if it is the first of a pair.
    first: Vec<S>,
    /// Pairs of rows: samples of both side by side, plane by plane.
    ring: Vec<[S; 2]>,
    /// Pairs that the ring has room for.
    capacity: usize,
    /// Rows of the source that came.
    came: u32,
    /// Rows of the target that are convolved down.
    done: usize,
    /// Rows convolved down, [`LANES`] of them, each plane by plane.
    band: Vec<i16>,
    columns: Columns,
    width: usize,
    height: usize,
    /// Rows of a band that are convolved across, plane by plane, each of a multiple of four samples.
    scaled: Vec<S>,
    /// Rows of the target, pixel by pixel.
    samples: Vec<S>,
}

/// The type of a row's samples.
pub trait RowSample: Sample {}

impl RowSample for u8 {}
impl RowSample for u16 {}

impl<S: RowSample> RowScaler<S> {
    /// Most bytes that a scaler takes, its target included.
    #[must_use]
    pub fn bytes(across: &Axis, down: &Axis, channels: usize) -> u64 {
        let bytes = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        let sample = bytes(size_of::<S>());
        let row = (u64::from(across.source) + bytes(CHUNK)).saturating_mul(bytes(channels));
        let ring = row.saturating_mul(2 * sample).saturating_mul(down.most_pairs() + 1);
        // The row before, a band, and the band transposed; a band of the target comes on top.
        let rows = row.saturating_mul(sample + bytes(LANES) * 2 * 2);
        let scaled =
            (u64::from(across.target) + 3).saturating_mul(bytes(channels * LANES)).saturating_mul(sample);
        let target =
            u64::from(across.target).saturating_mul(down.target.into()).saturating_mul(bytes(channels));
        [rows, scaled, across.weight_bytes(), down.weight_bytes(), target.saturating_mul(sample)]
            .into_iter()
            .fold(ring, u64::saturating_add)
    }

    /// A scaler of rows of `channels` samples a pixel, 1 to 4. It allocates all that it needs.
    #[must_use]
    pub fn new(across: &Axis, down: &Axis, channels: usize) -> Self {
        let channels = channels.clamp(1, 4);
        let (width, height) = (length(across.target), length(down.target));
        let (across, down) = (Weights::new(across), Weights::new(down));
        let stride = length(across.count).next_multiple_of(CHUNK);
        let row = stride.saturating_mul(channels);
        let capacity = down.pairs + 1;
        Self {
            channels,
            stride,
            first: vec![S::default(); row],
            ring: vec![[S::default(); 2]; row.saturating_mul(capacity)],
            capacity,
            came: 0,
            done: 0,
            band: vec![0; row.saturating_mul(LANES)],
            columns: Columns(vec![[[0; 2]; LANES]; row / 2]),
            scaled: vec![S::default(); width.next_multiple_of(4).saturating_mul(LANES * channels)],
            samples: vec![S::default(); width.saturating_mul(height).saturating_mul(channels)],
            width,
            height,
            across,
            down,
        }
    }

    /// Takes the next row of the source, pixel by pixel.
    pub fn push(&mut self, row: &[S]) {
        self.push_row(SourceRow::Pixels(row));
    }

    /// Takes the next row of the source, whose channels come one after the other.
    pub fn push_planes(&mut self, row: &[S]) {
        self.push_row(SourceRow::Planes(row));
    }

    fn push_row(&mut self, row: SourceRow<'_, S>) {
        let number = self.came;
        self.came = self.came.saturating_add(1);
        let Some(number) = number.checked_sub(self.down.first).filter(|number| *number < self.down.count)
        else {
            return;
        };
        lanes::run(Taking { scaler: self, row, number });
    }

    /// The target, row by row and pixel by pixel, once all rows of the source came.
    #[must_use]
    pub fn finish(self) -> Vec<S> {
        self.samples
    }

    /// Takes a row that counts.
    #[inline(always)]
    fn take(&mut self, lanes: impl Lanes, row: SourceRow<'_, S>, number: u32) {
        let (first, count) = (length(self.across.first), length(self.across.count));
        let row = RowPart { row, first, count, channels: self.channels, stride: self.stride };
        let is_last = number + 1 == self.down.count;
        if number.is_multiple_of(2) && !is_last {
            row.split(&mut self.first);
            return;
        }
        let pair = length(number / 2);
        let size = self.first.len();
        let at = pair % self.capacity * size;
        let Some(places) = self.ring.get_mut(at..at + size) else { return };
        if number.is_multiple_of(2) {
            // The last row has no other one; the weight of that is zero.
            row.split(&mut self.first);
            places.iter_mut().zip(&self.first).for_each(|(place, first)| *place = [*first; 2]);
        } else {
            row.join(&self.first, places);
        }
        while self.done < self.height && self.down.of(self.done).0 + self.down.pairs <= pair + 1 {
            self.scale_down(lanes);
            self.done += 1;
            if self.done.is_multiple_of(LANES) || self.done == self.height {
                self.scale_across(lanes);
            }
        }
    }

    /// Convolves the next row of the target down.
    #[inline(always)]
    fn scale_down(&mut self, lanes: impl Lanes) {
        let (start, weights) = self.down.of(self.done);
        let size = self.first.len();
        let Some(target) = self.band.get_mut(self.done % LANES * size..) else { return };
        let mut rows: [&[[[S; 2]; CHUNK]]; 64] = [&[]; 64];
        let (target, _) = target.as_chunks_mut::<CHUNK>();
        let bias = lanes.splat(1 << (S::DOWN_SHIFT - 1));
        let row = |number: usize| {
            let at = (start + number) % self.capacity * size;
            self.ring.get(at..at + size).unwrap_or_default().as_chunks::<CHUNK>().0
        };
        if weights.len() > rows.len() {
            let numbers = 0..weights.len();
            for (place, target) in target.iter_mut().take(size / CHUNK).enumerate() {
                let chunk = |number| row(number).get(place);
                *target = convolve_down(lanes, bias, numbers.clone().map_while(chunk).zip(weights));
            }
            return;
        }
        rows.iter_mut().zip(0..weights.len()).for_each(|(place, number)| *place = row(number));
        let rows = rows.get(..weights.len()).unwrap_or_default();
        for (place, target) in target.iter_mut().take(size / CHUNK).enumerate() {
            *target = convolve_down(lanes, bias, rows.iter().map_while(|row| row.get(place)).zip(weights));
        }
    }

    /// Convolves the rows of the band across, to the last rows of the target that are convolved down.
    #[inline(always)]
    fn scale_across(&mut self, lanes: impl Lanes) {
        match self.channels {
            1 => self.scale_planes_across::<1>(lanes),
            2 => self.scale_planes_across::<2>(lanes),
            3 => self.scale_planes_across::<3>(lanes),
            _ => self.scale_planes_across::<4>(lanes),
        }
    }

    #[inline(always)]
    fn scale_planes_across<const C: usize>(&mut self, lanes: impl Lanes) {
        let rows = (self.done - 1) % LANES + 1;
        let line = self.width * C;
        let at = (self.done - rows) * line;
        let Some(target) = self.samples.get_mut(at..at + rows * line) else { return };
        self.columns.transpose::<C>(lanes, &self.band, self.stride);
        let (columns, _) = self.columns.0.as_chunks::<C>();
        let bias = lanes.splat(1 << (S::ACROSS_SHIFT - 1));
        let width = self.width.next_multiple_of(4);
        let mut planes: [_; C] = std::array::from_fn(|_| Default::default());
        let mut rest = self.scaled.as_mut_slice();
        for plane in &mut planes {
            let (first, after) = rest.split_at_mut(width * LANES);
            (*plane, rest) = (first, after);
        }
        for (number, weights) in self.across.fours().enumerate() {
            let mut sums = [[bias; 4]; C];
            for (x, (start, weights)) in weights.into_iter().enumerate() {
                let column = convolve_across(lanes, bias, columns.get(start..).unwrap_or_default(), weights);
                for (sums, sum) in sums.iter_mut().zip(column) {
                    if let Some(place) = sums.get_mut(x) {
                        *place = sum;
                    }
                }
            }
            for (plane, sums) in planes.iter_mut().zip(sums) {
                let rows = S::rows(lanes, sums);
                for (place, row) in plane.chunks_exact_mut(width).zip(rows) {
                    if let Some(place) = place.get_mut(number * 4..).and_then(|place| place.first_chunk_mut())
                    {
                        *place = row;
                    }
                }
            }
        }
        for (number, target) in target.chunks_exact_mut(line).enumerate() {
            merge::<S, C>(
                planes.each_ref().map(|plane| plane.get(number * width..).unwrap_or_default()),
                target,
            );
        }
    }
}

/// The sums of pairs times weights, for a column of each channel.
#[inline(always)]
fn convolve_across<L: Lanes, const C: usize>(
    lanes: L,
    bias: L::Numbers,
    columns: &[[[[i16; 2]; LANES]; C]],
    weights: &[[i16; 2]],
) -> [L::Numbers; C] {
    let mut sums = [bias; C];
    for (columns, weights) in columns.iter().zip(weights) {
        let weights = lanes.splat(packed(*weights));
        for (sum, column) in sums.iter_mut().zip(columns) {
            *sum = lanes.add_wide_products(*sum, column, weights);
        }
    }
    sums
}

/// A band transposed: for each pair of samples of a row, and for each channel, those of [`LANES`] rows.
#[derive(Debug)]
struct Columns(Vec<[[i16; 2]; LANES]>);

impl Columns {
    #[inline(always)]
    fn transpose<const C: usize>(&mut self, lanes: impl Lanes, band: &[i16], stride: usize) {
        let size = stride * C;
        for channel in 0..C {
            let planes: [&[[[i16; 2]; LANES]]; LANES] = std::array::from_fn(|row| {
                let at = row * size + channel * stride;
                band.get(at..at + stride).unwrap_or_default().as_chunks::<2>().0.as_chunks::<LANES>().0
            });
            let blank = [[0; 2]; LANES];
            for (number, columns) in self.0.chunks_exact_mut(LANES * C).enumerate() {
                let block = lanes.transpose(planes.map(|plane| plane.get(number).unwrap_or(&blank)));
                for (place, column) in columns.iter_mut().skip(channel).step_by(C).zip(block) {
                    *place = column;
                }
            }
        }
    }
}

/// A row that counts, on its way into a scaler.
struct Taking<'a, S> {
    scaler: &'a mut RowScaler<S>,
    row: SourceRow<'a, S>,
    /// Its number among the rows that count.
    number: u32,
}

impl<S: RowSample> Work for Taking<'_, S> {
    #[inline(always)]
    fn run(self, lanes: impl Lanes) {
        self.scaler.take(lanes, self.row, self.number);
    }
}

/// The sums of pairs times weights, for a chunk of columns.
#[inline(always)]
fn convolve_down<'a, L: Lanes, S: Sample>(
    lanes: L,
    bias: L::Numbers,
    pairs: impl Iterator<Item = (&'a [[S; 2]; CHUNK], &'a [i16; 2])>,
) -> [i16; CHUNK] {
    let mut sums = [bias; CHUNK / 8];
    for (pairs, weights) in pairs {
        let weights = lanes.splat(packed(*weights));
        for (sum, pairs) in sums.iter_mut().zip(pairs.as_chunks::<8>().0) {
            *sum = lanes.add_products(*sum, pairs, weights);
        }
    }
    let mut narrow = [0; CHUNK];
    for (place, [low, high]) in narrow.as_chunks_mut::<16>().0.iter_mut().zip(sums.as_chunks::<2>().0) {
        *place = S::narrow(lanes, *low, *high);
    }
    narrow
}

/// A row of the source.
#[derive(Clone, Copy)]
enum SourceRow<'a, S> {
    /// Pixel by pixel.
    Pixels(&'a [S]),
    /// Channel after channel.
    Planes(&'a [S]),
}

/// The part of a row that counts, on its way to planes of `stride` samples each.
#[derive(Clone, Copy)]
struct RowPart<'a, S> {
    row: SourceRow<'a, S>,
    /// First pixel.
    first: usize,
    /// Pixels.
    count: usize,
    channels: usize,
    stride: usize,
}

impl<'a, S: Sample> RowPart<'a, S> {
    /// Splits the row into planes.
    #[inline(always)]
    fn split(self, planes: &mut [S]) {
        match (self.row, self.channels) {
            (SourceRow::Planes(row), _) => {
                for (plane, channel) in planes.chunks_exact_mut(self.stride).zip(self.channel_rows(row)) {
                    plane.iter_mut().zip(channel).for_each(|(place, sample)| *place = *sample);
                }
            }
            (SourceRow::Pixels(row), 1) => self.split_pixels::<1>(row, planes),
            (SourceRow::Pixels(row), 2) => self.split_pixels::<2>(row, planes),
            (SourceRow::Pixels(row), 3) => self.split_pixels::<3>(row, planes),
            (SourceRow::Pixels(row), _) => self.split_pixels::<4>(row, planes),
        }
    }

    /// Joins a row that is split already and this one to pairs.
    #[inline(always)]
    fn join(self, first: &[S], pairs: &mut [[S; 2]]) {
        match (self.row, self.channels) {
            (SourceRow::Planes(row), _) => {
                let planes = pairs.chunks_exact_mut(self.stride).zip(first.chunks_exact(self.stride));
                for ((pairs, first), channel) in planes.zip(self.channel_rows(row)) {
                    for (pair, (first, second)) in pairs.iter_mut().zip(first.iter().zip(channel)) {
                        *pair = [*first, *second];
                    }
                }
            }
            (SourceRow::Pixels(row), 1) => self.join_pixels::<1>(row, first, pairs),
            (SourceRow::Pixels(row), 2) => self.join_pixels::<2>(row, first, pairs),
            (SourceRow::Pixels(row), 3) => self.join_pixels::<3>(row, first, pairs),
            (SourceRow::Pixels(row), _) => self.join_pixels::<4>(row, first, pairs),
        }
    }

    /// The samples of each channel that count.
    #[inline(always)]
    fn channel_rows(self, row: &'a [S]) -> impl Iterator<Item = &'a [S]> {
        let width = row.len() / self.channels;
        let part = move |channel: &'a [S]| {
            let rest = channel.get(self.first..).unwrap_or_default();
            rest.get(..self.count).unwrap_or(rest)
        };
        row.chunks_exact(width.max(1)).map(part)
    }

    #[inline(always)]
    fn split_pixels<const C: usize>(self, row: &[S], planes: &mut [S]) {
        let pixels = row.as_chunks::<C>().0.get(self.first..).unwrap_or_default();
        for (channel, plane) in planes.chunks_exact_mut(self.stride).enumerate() {
            for (place, pixel) in plane.iter_mut().take(self.count).zip(pixels) {
                *place = pixel.get(channel).copied().unwrap_or_default();
            }
        }
    }

    #[inline(always)]
    fn join_pixels<const C: usize>(self, row: &[S], first: &[S], pairs: &mut [[S; 2]]) {
        let pixels = row.as_chunks::<C>().0.get(self.first..).unwrap_or_default();
        let planes = pairs.chunks_exact_mut(self.stride).zip(first.chunks_exact(self.stride));
        for (channel, (pairs, first)) in planes.enumerate() {
            for (place, (first, pixel)) in pairs.iter_mut().take(self.count).zip(first.iter().zip(pixels)) {
                *place = [*first, pixel.get(channel).copied().unwrap_or_default()];
            }
        }
    }
}

/// Merges a row of planes to pixels.
#[inline(always)]
fn merge<S: Sample, const C: usize>(planes: [&[S]; C], target: &mut [S]) {
    let mut planes = planes.map(|plane| plane.iter());
    for pixel in target.as_chunks_mut::<C>().0 {
        *pixel = planes.each_mut().map(|plane| plane.next().copied().unwrap_or_default());
    }
}

fn length(pixels: u32) -> usize {
    usize::try_from(pixels).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
