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
mod tests {
    use super::*;
    use crate::lanes::Plain;

    fn axis(source: u32, target: u32) -> Axis {
        Axis { source, start: 0.0, length: source.into(), target, sharpening: 0.0 }
    }

    fn noise(count: u32) -> impl Iterator<Item = u32> {
        (1..=count).map(|number| {
            let mixed = number.wrapping_mul(0x9e37_79b9);
            (mixed ^ mixed >> 15).wrapping_mul(0x85eb_ca6b) >> 16
        })
    }

    /// A picture whose samples are noise, or at an end of the range.
    fn picture<S: RowSample + From<u8>>(
        width: u32,
        height: u32,
        channels: usize,
        wide: fn(u32) -> S,
    ) -> Vec<S> {
        noise(width * height * u32::try_from(channels).unwrap()).map(wide).collect()
    }

    fn byte(noise: u32) -> u8 {
        let [low, high, ..] = noise.to_le_bytes();
        [0, 255, low, high][(noise >> 5) as usize % 4]
    }

    fn word(noise: u32) -> u16 {
        let [low, high, ..] = noise.to_le_bytes();
        let word = u16::from_le_bytes([low, high]);
        [0, u16::MAX, word, word][(noise >> 5) as usize % 4]
    }

    fn scaled<S: RowSample>(samples: &[S], across: &Axis, down: &Axis, channels: usize) -> Vec<S> {
        let mut scaler = RowScaler::new(across, down, channels);
        samples.chunks(across.source as usize * channels).for_each(|row| scaler.push(row));
        scaler.finish()
    }

    /// The same without vectors of the processor.
    fn plain<S: RowSample>(samples: &[S], across: &Axis, down: &Axis, channels: usize) -> Vec<S> {
        let mut scaler = RowScaler::new(across, down, channels);
        for (number, row) in (0..).zip(samples.chunks(across.source as usize * channels)) {
            if (scaler.down.first..scaler.down.first + scaler.down.count).contains(&number) {
                scaler.take(Plain, SourceRow::Pixels(row), number - scaler.down.first);
            }
        }
        scaler.finish()
    }

    fn kernel(x: f64) -> f64 {
        let sinc = |x: f64| {
            if x == 0.0 { 1.0 } else { (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x) }
        };
        if x.abs() < 3.0 { sinc(x) * sinc(x / 3.0) } else { 0.0 }
    }

    /// One axis in floating point, from the definition.
    fn exact_axis(samples: &[f64], axis: &Axis) -> Vec<f64> {
        let scale = (axis.length / f64::from(axis.target)).max(1.0);
        let value = |target: u32| {
            let center = axis.start + (f64::from(target) + 0.5) * axis.length / f64::from(axis.target);
            let weights: Vec<f64> =
                (0..samples.len()).map(|at| kernel((at as f64 + 0.5 - center) / scale)).collect();
            let sum: f64 = weights.iter().sum();
            weights.iter().zip(samples).map(|(weight, sample)| weight * sample).sum::<f64>() / sum
        };
        (0..axis.target).map(value).collect()
    }

    fn exact(samples: &[f64], across: &Axis, down: &Axis) -> Vec<f64> {
        let width = across.source as usize;
        let columns: Vec<Vec<f64>> = (0..width)
            .map(|x| exact_axis(&samples.iter().skip(x).step_by(width).copied().collect::<Vec<_>>(), down))
            .collect();
        (0..down.target as usize)
            .flat_map(|y| exact_axis(&columns.iter().map(|column| column[y]).collect::<Vec<_>>(), across))
            .collect()
    }

    /// Sizes that fill chunks and bands, and that do not; parts; enlarged pictures.
    fn axes() -> Vec<(Axis, Axis)> {
        let part = |source, start, length, target| Axis { start, length, ..axis(source, target) };
        vec![
            (axis(200, 53), axis(90, 24)),
            (axis(129, 40), axis(67, 33)),
            (axis(64, 64), axis(16, 16)),
            (axis(7, 31), axis(5, 22)),
            (part(150, 20.3, 77.7, 19), part(120, 41.0, 30.5, 8)),
            (axis(1, 3), axis(1, 1)),
            (axis(300, 1), axis(3, 2)),
            (axis(3, 9), axis(400, 2)),
        ]
    }

    #[test]
    fn results_are_the_kernel_rounded_once() {
        for (across, down) in axes() {
            let samples = picture(across.source, down.source, 1, byte);
            let wide: Vec<f64> = samples.iter().map(|sample| f64::from(*sample)).collect();
            let have = scaled(&samples, &across, &down, 1);
            for (have, exact) in have.iter().zip(exact(&wide, &across, &down)) {
                // Half a level, and what is lost of the weights: 2^-14 of each sample under the kernel, by turns.
                assert!(
                    (f64::from(*have) - exact.clamp(0.0, 255.0)).abs() < 0.75,
                    "{across:?}: {have} {exact}"
                );
            }
            let samples = picture(across.source, down.source, 1, word);
            let wide: Vec<f64> = samples.iter().map(|sample| f64::from(*sample)).collect();
            let have = scaled(&samples, &across, &down, 1);
            for (have, exact) in have.iter().zip(exact(&wide, &across, &down)) {
                assert!(
                    (f64::from(*have) - exact.clamp(0.0, 65_535.0)).abs() < 60.0,
                    "{across:?}: {have} {exact}"
                );
            }
        }
    }

    #[test]
    fn vectors_and_arrays_agree_for_all_numbers_of_channels() {
        for (across, down) in axes() {
            for channels in 1..=4 {
                let samples = picture(across.source, down.source, channels, byte);
                let same =
                    scaled(&samples, &across, &down, channels) == plain(&samples, &across, &down, channels);
                assert!(same, "bytes, {channels} channels, {across:?} {down:?}");
                let samples = picture(across.source, down.source, channels, word);
                let same =
                    scaled(&samples, &across, &down, channels) == plain(&samples, &across, &down, channels);
                assert!(same, "words, {channels} channels, {across:?} {down:?}");
            }
        }
    }

    #[test]
    fn channels_do_not_mix() {
        let (across, down) = (axis(40, 13), axis(30, 11));
        let samples = picture(40, 30, 3, byte);
        let together = scaled(&samples, &across, &down, 3);
        for channel in 0..3 {
            let one = |samples: &[u8]| samples.iter().skip(channel).step_by(3).copied().collect::<Vec<_>>();
            assert_eq!(one(&together), scaled(&one(&samples), &across, &down, 1));
        }
    }

    #[test]
    fn planes_give_the_same_as_pixels() {
        for (across, down) in axes() {
            let samples = picture(across.source, down.source, 3, byte);
            let mut scaler = RowScaler::new(&across, &down, 3);
            for row in samples.chunks(across.source as usize * 3) {
                let plane = |channel: usize| row.iter().skip(channel).step_by(3).copied();
                scaler.push_planes(&(0..3).flat_map(plane).collect::<Vec<u8>>());
            }
            assert!(scaler.finish() == scaled(&samples, &across, &down, 3), "{across:?} {down:?}");
        }
    }

    #[test]
    fn flat_pictures_keep_their_level() {
        for level in 0..=255_u8 {
            let scaled = scaled(&vec![level; 100 * 80], &axis(100, 30), &axis(80, 21), 1);
            assert_eq!(scaled, vec![level; 30 * 21]);
        }
        for level in [0, 1, 2, 999, 32_767, 32_768, 65_534, u16::MAX] {
            let scaled = scaled(&vec![level; 100 * 80], &axis(100, 30), &axis(80, 21), 1);
            // The pass down keeps fifteen bits.
            assert!(scaled.iter().all(|sample| sample.abs_diff(level) <= 1), "{level}: {scaled:?}");
        }
    }

    #[test]
    fn memory_is_not_more_than_stated() {
        for (across, down) in axes() {
            let scaler = RowScaler::<u8>::new(&across, &down, 3);
            let bytes = scaler.first.len()
                + scaler.ring.len() * 2
                + scaler.band.len() * 2
                + scaler.columns.0.len() * 32
                + scaler.scaled.len()
                + scaler.samples.len();
            // Rows are padded, by 64 samples at most.
            assert!(
                bytes as u64 <= RowScaler::<u8>::bytes(&across, &down, 3),
                "{across:?} {down:?}: {bytes}"
            );
        }
    }

    #[test]
    fn rows_past_the_end_are_ignored() {
        let mut scaler = RowScaler::<u8>::new(&axis(2, 1), &axis(2, 1), 1);
        for _ in 0..5 {
            scaler.push(&[9, 9]);
        }
        assert_eq!(scaler.finish(), [9]);
    }
}
