//! Sequential scans: the data cut into lanes, and their results put together again
//! (ITU-T T.81, sections E.2 and F.2).
//!
//! Behind a restart marker every lane knows where it stands. Elsewhere only the first one does; the others begin
//! anywhere, as if an MCU began there, and guess. Huffman codes fall into step by themselves after a few hundred
//! bits: a decoder in the wrong place reads codes of the wrong lengths until, by chance, one ends where a true code
//! ends at the start of an MCU. A guess counts only from a bit at which the lane before, whose place is known, begins
//! an MCU as well; [`threads`](crate::entropy::threads) says why the two cannot differ from there on. So the result
//! is always what one lane alone would have found, and a guess that never falls into step costs only time.

use std::io::BufRead;
use std::num::NonZeroUsize;
use std::thread;

use crate::entropy::filler::{self, Filler, FillerStart, SegmentEnding};
use crate::entropy::lanes::{Lane, LaneLimit, MOST_SYMBOL_BITS, OVERRUN};
use crate::entropy::lookup::Lookup;
use crate::entropy::mcus::{DecodedMcus, McuSink};
use crate::entropy::threads::{LaneRange, LaneThreads, SYNCHRONISATION_BITS};
use crate::entropy::window::Window;
use crate::error::Error;
use crate::syntax::input::{BETWEEN_POLLS, Input};

/// Shortest stretch of a lane, bits: what it decodes twice to find out where it joins is a quarter of it.
const SHORTEST_STRETCH: usize = 4 * SYNCHRONISATION_BITS;

/// Longest stretch of a lane, bits.
const LONGEST_STRETCH: usize = 32 * 1024 * 8;

/// More bytes than an MCU can have.
const LONGEST_MCU: usize = 4096;

// The states of a lookup end at sixteen blocks.
const _: () = assert!(16 * 64 * (MOST_SYMBOL_BITS as usize) < LONGEST_MCU * 8);

/// A scan in which each block comes whole.
#[derive(Debug)]
pub(crate) struct SequentialScan<'a> {
    pub(crate) lookup: &'a Lookup<'a>,
    /// For each block of an MCU, which DC predictor it uses.
    pub(crate) predictor_of: Vec<usize>,
    /// Number of MCUs.
    pub(crate) total: usize,
    /// MCUs between restart markers; 0 when there are none.
    pub(crate) interval: usize,
    /// Most threads that decode it.
    pub(crate) threads: NonZeroUsize,
}

impl SequentialScan<'_> {
    /// Decodes the scan; gives the number of MCUs that were lost.
    pub(crate) fn decode<R: BufRead>(
        self,
        input: &mut Input<R>,
        window: &mut Window,
        sink: &mut impl McuSink,
    ) -> Result<usize, Error> {
        thread::scope(|scope| {
            let lanes = LaneThreads::new(scope, self.lookup, self.threads);
            SequentialDecoder::new(self, lanes).decode(input, window, sink)
        })
    }
}

/// A scan and how far it is decoded.
#[derive(Debug)]
struct SequentialDecoder<'s, 'e> {
    lookup: &'e Lookup<'e>,
    predictor_of: Vec<usize>,
    /// DC of the last block of each component.
    predictors: [i16; 4],
    lanes: LaneThreads<'s, 'e>,
    /// MCUs that each lane has room for.
    capacity: usize,
    total: usize,
    /// MCUs between restart markers; `total` when there are none.
    interval: usize,
    /// MCUs done.
    done: usize,
    /// Number of the restart interval, from 0 on.
    number: usize,
    /// MCUs left in it.
    left: usize,
    /// Bit of the window where the next MCU begins.
    bit: usize,
    /// Bits of a lane that its room is likely to suffice for.
    stretch: usize,
    /// Filler in the current segment.
    filler: Filler,
    /// Bits of the last MCU.
    mcu_bits: usize,
    lost: usize,
}

impl<'s, 'e> SequentialDecoder<'s, 'e> {
    fn new(scan: SequentialScan<'e>, lanes: LaneThreads<'s, 'e>) -> Self {
        let SequentialScan { lookup, predictor_of, total, interval, .. } = scan;
        let interval = if interval == 0 { total } else { interval };
        Self {
            lookup,
            predictor_of,
            predictors: [0; 4],
            lanes,
            capacity: Lane::capacity(lookup),
            total,
            interval,
            done: 0,
            number: 0,
            left: interval.min(total),
            bit: 0,
            stretch: SHORTEST_STRETCH,
            filler: Filler::default(),
            mcu_bits: 0,
            lost: 0,
        }
    }

    fn decode<R: BufRead>(
        mut self,
        input: &mut Input<R>,
        window: &mut Window,
        sink: &mut impl McuSink,
    ) -> Result<usize, Error> {
        while self.done < self.total {
            self.fill_window(input, window)?;
            let before = self.done;
            match self.ready_intervals(window) {
                2.. => self.decode_intervals(input, window, sink)?,
                _ => self.decode_stretch(input, window, sink)?,
            }
            // Every round gives an MCU or gives one up; this is in case it ever should not.
            if self.done == before {
                self.resume(input, window, sink)?;
            }
        }
        self.end_segment(input, window, sink)?;
        Ok(self.lost)
    }

    /// Makes sure that there is a stretch for every lane. Two such portions are read at once, so that each byte is
    /// moved to the front of the window once at most in the mean.
    fn fill_window<R: BufRead>(&mut self, input: &mut Input<R>, window: &mut Window) -> Result<(), Error> {
        let wanted = self.lanes.lane_count() * self.stretch / 8 + LONGEST_MCU;
        if window.length().saturating_sub(self.bit / 8) < wanted && !window.has_ended() {
            window.discard(self.bit / 8);
            self.bit %= 8;
            window.fill(input, 2 * wanted)?;
        }
        Ok(())
    }

    /// Number of whole restart intervals at the head of the window, at most one for each lane.
    fn ready_intervals(&self, window: &Window) -> usize {
        let is_ready = |index: usize| {
            window.segment(index).is_some_and(|segment| {
                let expected = (self.number + index).wrapping_sub(1) % 8;
                segment.end.is_some() && (index == 0 || segment.restart.map(usize::from) == Some(expected))
            })
        };
        let start = window.segment(0).map(|segment| segment.start * 8);
        let is_fresh = start == Some(self.bit) && self.left == self.interval.min(self.total - self.done);
        if !is_fresh || self.interval > self.capacity {
            return 0;
        }
        (0..self.lanes.lane_count()).take_while(|index| is_ready(*index)).count()
    }

    /// Decodes the next restart intervals, a lane for each.
    fn decode_intervals<R: BufRead>(
        &mut self,
        input: &mut Input<R>,
        window: &mut Window,
        sink: &mut impl McuSink,
    ) -> Result<(), Error> {
        let mut limits = Vec::with_capacity(self.lanes.lane_count());
        for index in 0..self.ready_intervals(window) {
            let (Some(segment), Some(lane)) = (window.segment(index), self.lanes.lane_mut(index)) else {
                break;
            };
            lane.restart(segment.start * 8, self.lookup);
            let first = (self.number + index) * self.interval;
            let mcus = self.interval.min(self.total.saturating_sub(first));
            let bit = segment.end.unwrap_or(segment.start) * 8;
            limits.push(LaneLimit { bit, mcus });
        }
        self.lanes.start(window.data(), &limits, true);
        let mut is_over = false;
        for lanes in self.lanes.busy_lanes() {
            self.lanes.finish(&lanes, window.data())?;
            for number in lanes {
                let lane = self.lanes.lane(number).filter(|_| !is_over);
                // After damage the next segment may not be the one that the lane began with.
                let lane = lane.filter(|lane| lane.start == self.bit).zip(window.segment(0));
                let Some((lane, segment)) = lane else {
                    is_over = true;
                    continue;
                };
                let end = lane.count();
                self.commit(LaneRange { lane: number, first: 0, end }, segment.end, window, sink)?;
                is_over = self.done == self.total;
                if !is_over {
                    self.resume(input, window, sink)?;
                }
            }
        }
        Ok(())
    }

    /// Decodes a part of the current restart interval, cut into stretches, a lane for each.
    fn decode_stretch<R: BufRead>(
        &mut self,
        input: &mut Input<R>,
        window: &mut Window,
        sink: &mut impl McuSink,
    ) -> Result<(), Error> {
        let segment_end = window.segment(0).and_then(|segment| segment.end);
        // Where the end is not in memory yet, lanes may read OVERRUN bytes past their limit: into data, not padding.
        let end = segment_end.unwrap_or_else(|| window.length().saturating_sub(OVERRUN)) * 8;
        let limits = self.place_lanes(end);
        self.lanes.start(window.data(), &limits, false);
        let from = self.bit;
        let mut mcus = 0;
        for lanes in self.lanes.busy_lanes() {
            self.lanes.finish(&lanes, window.data())?;
            for range in self.lanes.join(&lanes, window.data()) {
                self.commit(range, segment_end, window, sink)?;
                mcus += range.end.saturating_sub(range.first);
            }
        }
        let is_spent = self.lanes.bit() >= end && segment_end.is_some();
        if let Some(bits_per_mcu) = self.bit.saturating_sub(from).checked_div(mcus) {
            // A quarter of the room is left for MCUs that are shorter than the mean.
            let fitting = bits_per_mcu.max(1) * self.capacity / 4 * 3;
            self.stretch = fitting.clamp(SHORTEST_STRETCH, LONGEST_STRETCH);
        }
        if self.done < self.total && (self.left == 0 || self.lanes.has_invalid_code() || is_spent) {
            self.resume(input, window, sink)?;
        }
        Ok(())
    }

    /// Puts lanes on the data from the present bit to `end`; gives their limits. Each goes on into the stretch of the
    /// next, to be joined with it, but the last one.
    fn place_lanes(&mut self, end: usize) -> Vec<LaneLimit> {
        let available = end.saturating_sub(self.bit);
        let count = (available / SHORTEST_STRETCH).clamp(1, self.lanes.lane_count());
        let stretch = (available / count).min(self.stretch);
        let mut limits = Vec::with_capacity(count);
        for index in 0..count {
            let Some(lane) = self.lanes.lane_mut(index) else { break };
            lane.restart(self.bit + index * stretch, self.lookup);
            let bit = if index + 1 < count {
                self.bit + (index + 1) * stretch + SYNCHRONISATION_BITS
            } else if stretch == available / count {
                end
            } else {
                self.bit + count * stretch
            };
            let mcus = if index == 0 { self.left } else { usize::MAX };
            limits.push(LaneLimit { bit: bit.min(end), mcus: mcus.min(self.capacity) });
        }
        limits
    }

    /// Hands on the whole MCUs of a range, as far as they belong to the restart interval.
    fn commit(
        &mut self,
        range: LaneRange,
        segment_end: Option<usize>,
        window: &Window,
        sink: &mut impl McuSink,
    ) -> Result<(), Error> {
        let segment_start = self.segment_start();
        let Some(lane) = self.lanes.lane_mut(range.lane) else { return Ok(()) };
        let end = segment_end.map_or(usize::MAX, |end| end * 8);
        let most = range.end.saturating_sub(range.first).min(self.left);
        let ends = lane.mcu_starts().skip(range.first + 1).take(most);
        // Only the last MCUs can be past the end of the segment.
        let (count, before_last, last) = ends
            .take_while(|bit| *bit <= end)
            .fold((0, self.bit, self.bit), |(count, _, before), bit| (count + 1, before, bit));
        let data = window.data();
        let mut byte = self.bit / 8;
        while self.filler.next_run(data.get(..last / 8).unwrap_or_default(), &mut byte) {
            let starts = || lane.mcu_starts().skip(range.first).take(count + 1);
            let number = starts().take_while(|bit| *bit <= byte * 8).count().saturating_sub(1);
            let (bit, end) = (starts().nth(number).unwrap_or(self.bit), starts().nth(number + 1));
            // It may have begun in a part that is handed on. All MCUs of a run are about as long.
            let mcu_bits = end.map_or(0, |end| end - bit);
            let mcus = filler::SHORTEST * 8 / mcu_bits.max(1);
            let mcu = (self.done + number).saturating_sub(mcus).max(segment_start);
            self.filler.note(FillerStart { mcu, is_flat: self.lookup.is_flat_mcu(data, bit) });
        }
        if count > 0 {
            self.mcu_bits = last - before_last;
        }
        let layout = &self.lookup.mcu;
        let numbers = lane.mcus(range.first, count);
        for mcu in numbers.chunks_exact_mut(layout.length.max(1)) {
            for (start, predictor) in layout.starts.iter().zip(&self.predictor_of) {
                if let (Some(dc), Some(predictor)) =
                    (mcu.get_mut(start + 1), self.predictors.get_mut(*predictor))
                {
                    *predictor = predictor.wrapping_add(*dc);
                    *dc = *predictor;
                }
            }
        }
        self.bit = last;
        self.done += count;
        self.left -= count;
        sink.take(DecodedMcus::new(numbers, layout))
    }

    /// Goes on at the next restart marker: the current interval is done, or given up.
    fn resume<R: BufRead>(
        &mut self,
        input: &mut Input<R>,
        window: &mut Window,
        sink: &mut impl McuSink,
    ) -> Result<(), Error> {
        self.end_segment(input, window, sink)?;
        let Some(bit) = window.resume(input, &mut self.number)? else {
            return self.conceal_to(self.total, input, sink);
        };
        let first = self.number.saturating_mul(self.interval).min(self.total);
        self.conceal_to(first, input, sink)?;
        self.left = self.interval.min(self.total - first);
        self.predictors = [0; 4];
        self.bit = bit;
        Ok(())
    }

    /// Finds out at the end of a segment whether filler in it stands for MCUs that are lost.
    fn end_segment<R: BufRead>(
        &mut self,
        input: &mut Input<R>,
        window: &mut Window,
        sink: &mut impl McuSink,
    ) -> Result<(), Error> {
        let filler = std::mem::take(&mut self.filler);
        if !filler.is_suspected() {
            return Ok(());
        }
        window.fill(input, self.bit.div_ceil(8) + filler::SHORTEST)?;
        let left_over = window.rest_of_segment(self.bit.div_ceil(8)).len();
        let ending = SegmentEnding::new(self.left == 0, left_over);
        let rest = window.rest_of_segment(self.bit / 8);
        let first = match filler.begun(rest) {
            Some(bytes) if ending == SegmentEnding::LeftOver => {
                let mcus = (bytes * 8 / self.mcu_bits.max(1)).max(1);
                Some(self.done.saturating_sub(mcus).max(self.segment_start()))
            }
            _ => filler.first_lost(ending, rest),
        };
        if let Some(first) = first {
            for mcu in (first..self.done).step_by(BETWEEN_POLLS) {
                input.poll()?;
                sink.note_lost(mcu..self.done.min(mcu + BETWEEN_POLLS));
            }
            self.lost += self.done.saturating_sub(first);
        }
        Ok(())
    }

    /// The first MCU of the current segment.
    fn segment_start(&self) -> usize {
        self.number.saturating_mul(self.interval).min(self.done)
    }

    /// Gives up the MCUs before one.
    fn conceal_to<R: BufRead>(
        &mut self,
        end: usize,
        input: &mut Input<R>,
        sink: &mut impl McuSink,
    ) -> Result<(), Error> {
        while self.done < end {
            if self.done.is_multiple_of(BETWEEN_POLLS) {
                input.poll()?;
            }
            sink.conceal()?;
            self.done += 1;
            self.lost += 1;
        }
        Ok(())
    }
}
