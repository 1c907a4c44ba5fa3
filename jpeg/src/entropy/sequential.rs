//! Sequential scans: the stream cut into lanes, and their results put together again
//! (ITU-T T.81, sections E.2 and F.2).
//!
//! Between restart markers every lane knows where it stands. Elsewhere only the first does; the others begin
//! anywhere and guess. Huffman codes fall into step by themselves after a few hundred bits, and a guess
//! counts only from where the lane before arrives at the very same bit at the start of an MCU: from there on
//! the two could not differ. So what comes out is always what one lane alone would have found.

use std::io::BufRead;
use std::num::NonZeroUsize;
use std::thread;

use crate::entropy::lanes::{Lane, Limit, OVERRUN};
use crate::entropy::lookup::{Lookup, Unit};
use crate::entropy::threads::{Piece, SYNCHRONISATION, Team};
use crate::entropy::window::Window;
use crate::error::Error;
use crate::syntax::input::Input;

/// Bits of a lane that are worth its synchronisation.
const SHORTEST_LANE: usize = 4 * SYNCHRONISATION;

/// Longest stretch of a lane, bits.
const LONGEST_LANE: usize = 32 * 1024 * 8;

/// More bytes than an MCU can have: ten blocks of 64 symbols of 31 bits.
const LONGEST_MCU: usize = 4096;

/// Whoever takes what is decoded.
pub(crate) trait Target {
    /// Takes the next MCUs in order.
    fn mcus(&mut self, mcus: Mcus<'_>) -> Result<(), Error>;

    /// Makes up for the next MCU, which is lost.
    fn lost(&mut self) -> Result<(), Error>;
}

/// MCUs one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mcus<'a> {
    /// See [`Unit`].
    numbers: &'a [i16],
    unit: &'a Unit,
}

impl<'a> Mcus<'a> {
    pub(crate) fn new(numbers: &'a [i16], unit: &'a Unit) -> Self {
        Self { numbers, unit }
    }

    pub(crate) fn count(&self) -> usize {
        self.numbers.len() / self.unit.length.max(1)
    }

    /// The first `count`, and the rest.
    pub(crate) fn split(self, count: usize) -> (Self, Self) {
        let at = (count * self.unit.length).min(self.numbers.len());
        let (first, rest) = self.numbers.split_at_checked(at).unwrap_or((self.numbers, &[]));
        (Self { numbers: first, ..self }, Self { numbers: rest, ..self })
    }

    /// All numbers from the coefficients of a block of the first MCU on.
    pub(crate) fn block(&self, number: usize) -> &'a [i16] {
        let start = self.unit.starts.get(number).map_or(usize::MAX, |start| start + 1);
        self.numbers.get(start..).unwrap_or_default()
    }

    /// For each MCU its blocks: their coefficients row by row, as many as are kept, and more behind them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = impl Iterator<Item = &'a [i16]>> {
        let unit = self.unit;
        self.numbers.chunks_exact(unit.length.max(1)).map(move |numbers| {
            unit.starts.iter().map(move |start| numbers.get(start + 1..).unwrap_or_default())
        })
    }
}

/// A scan of whole blocks.
#[derive(Debug)]
pub(crate) struct Scan<'a> {
    pub(crate) lookup: &'a Lookup<'a>,
    /// For each block of an MCU, which DC predictor it uses.
    pub(crate) predictor_of: Vec<usize>,
    /// Its MCUs.
    pub(crate) total: usize,
    /// MCUs between restart markers; 0 when there are none.
    pub(crate) interval: usize,
    /// Most threads that decode it.
    pub(crate) threads: NonZeroUsize,
}

impl Scan<'_> {
    /// Decodes the scan; gives the number of MCUs that were lost.
    pub(crate) fn decode<R: BufRead>(
        self,
        input: &mut Input<R>,
        window: &mut Window,
        target: &mut impl Target,
    ) -> Result<usize, Error> {
        thread::scope(|scope| {
            let team = Team::new(scope, self.lookup, self.threads);
            Sequential::new(self, team).decode(input, window, target)
        })
    }
}

/// A scan and how far it is decoded.
#[derive(Debug)]
struct Sequential<'s, 'e> {
    lookup: &'e Lookup<'e>,
    predictor_of: Vec<usize>,
    predictors: [i16; 4],
    team: Team<'s, 'e>,
    /// MCUs that each lane has room for.
    capacity: usize,
    total: usize,
    /// MCUs between restart markers; `total` when there are none.
    interval: usize,
    /// MCUs done.
    done: usize,
    /// Number of the restart interval.
    number: usize,
    /// MCUs left in it.
    left: usize,
    /// Bit of the window where the next MCU begins.
    bit: usize,
    /// Bits of a lane that its room is likely to suffice for.
    stretch: usize,
    lost: usize,
}

impl<'s, 'e> Sequential<'s, 'e> {
    fn new(scan: Scan<'e>, team: Team<'s, 'e>) -> Self {
        let Scan { lookup, predictor_of, total, interval, .. } = scan;
        let interval = if interval == 0 { total } else { interval };
        Self {
            lookup,
            predictor_of,
            predictors: [0; 4],
            team,
            capacity: Lane::capacity(lookup),
            total,
            interval,
            done: 0,
            number: 0,
            left: interval.min(total),
            bit: 0,
            stretch: SHORTEST_LANE,
            lost: 0,
        }
    }

    fn decode<R: BufRead>(
        mut self,
        input: &mut Input<R>,
        window: &mut Window,
        target: &mut impl Target,
    ) -> Result<usize, Error> {
        while self.done < self.total {
            self.prepare(input, window)?;
            let before = self.done;
            match self.cohort(window) {
                2.. => self.decode_segments(input, window, target)?,
                _ => self.decode_stretch(input, window, target)?,
            }
            // Every round gives an MCU or gives one up; this is in case it ever should not.
            if self.done == before {
                self.resume(input, window, target)?;
            }
        }
        Ok(self.lost)
    }

    /// Makes sure that there is a stretch for every lane. Data is moved to the front of the window only as often as
    /// as much of it has been used.
    fn prepare<R: BufRead>(&mut self, input: &mut Input<R>, window: &mut Window) -> Result<(), Error> {
        let wanted = self.team.size() * self.stretch / 8 + LONGEST_MCU;
        if window.length().saturating_sub(self.bit / 8) < wanted && !window.has_ended() {
            window.discard(self.bit / 8);
            self.bit %= 8;
            window.fill(input, 2 * wanted)?;
        }
        Ok(())
    }

    /// Whole restart intervals at the head of the window, at most one a lane.
    fn cohort(&self, window: &Window) -> usize {
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
        (0..self.team.size()).take_while(|index| is_ready(*index)).count()
    }

    /// A lane for each of the next restart intervals.
    fn decode_segments<R: BufRead>(
        &mut self,
        input: &mut Input<R>,
        window: &mut Window,
        target: &mut impl Target,
    ) -> Result<(), Error> {
        let mut limits = Vec::with_capacity(self.team.size());
        for index in 0..self.cohort(window) {
            let (Some(segment), Some(lane)) = (window.segment(index), self.team.lane_mut(index)) else {
                break;
            };
            lane.seat(segment.start * 8, self.lookup);
            let first = (self.number + index) * self.interval;
            let mcus = self.interval.min(self.total.saturating_sub(first));
            let bit = segment.end.unwrap_or(segment.start) * 8;
            limits.push(Limit { bit, mcus });
        }
        self.team.begin(window.data(), &limits, true);
        let mut is_over = false;
        for part in self.team.parts() {
            self.team.finish(&part, window.data())?;
            for index in part {
                let lane = self.team.lane(index).filter(|_| !is_over);
                // After damage the next segment may not be the one that the lane began with.
                let lane = lane.filter(|lane| lane.start == self.bit).zip(window.segment(0));
                let Some((lane, segment)) = lane else {
                    is_over = true;
                    continue;
                };
                let end = lane.count();
                self.commit(Piece { lane: index, first: 0, end }, segment.end, target)?;
                is_over = self.done == self.total;
                if !is_over {
                    self.resume(input, window, target)?;
                }
            }
        }
        Ok(())
    }

    /// One stretch of the current restart interval, cut into lanes.
    fn decode_stretch<R: BufRead>(
        &mut self,
        input: &mut Input<R>,
        window: &mut Window,
        target: &mut impl Target,
    ) -> Result<(), Error> {
        let segment_end = window.segment(0).and_then(|segment| segment.end);
        let end = segment_end.unwrap_or_else(|| window.length().saturating_sub(OVERRUN)) * 8;
        let available = end.saturating_sub(self.bit);
        let count = (available / SHORTEST_LANE).clamp(1, self.team.size());
        let stretch = (available / count).min(self.stretch);
        let mut limits = Vec::with_capacity(count);
        for index in 0..count {
            let Some(lane) = self.team.lane_mut(index) else { break };
            lane.seat(self.bit + index * stretch, self.lookup);
            let bit = if index + 1 < count {
                self.bit + (index + 1) * stretch + SYNCHRONISATION
            } else if stretch == available / count {
                end
            } else {
                self.bit + count * stretch
            };
            let mcus = if index == 0 { self.left } else { usize::MAX };
            limits.push(Limit { bit: bit.min(end), mcus: mcus.min(self.capacity) });
        }
        self.team.begin(window.data(), &limits, false);
        let from = self.bit;
        let mut mcus = 0;
        for part in self.team.parts() {
            self.team.finish(&part, window.data())?;
            for piece in self.team.join(&part, window.data()) {
                self.commit(piece, segment_end, target)?;
                mcus += piece.end.saturating_sub(piece.first);
            }
        }
        let is_spent = self.team.bit() >= end && segment_end.is_some();
        if let Some(per_mcu) = self.bit.saturating_sub(from).checked_div(mcus) {
            let fitting = per_mcu.max(1) * self.capacity / 4 * 3;
            self.stretch = fitting.clamp(SHORTEST_LANE, LONGEST_LANE);
        }
        if self.done < self.total && (self.left == 0 || self.team.is_bad() || is_spent) {
            self.resume(input, window, target)?;
        }
        Ok(())
    }

    /// Hands on the whole MCUs of a piece, as far as they belong to the restart interval.
    fn commit(
        &mut self,
        piece: Piece,
        segment_end: Option<usize>,
        target: &mut impl Target,
    ) -> Result<(), Error> {
        let Some(lane) = self.team.lane_mut(piece.lane) else { return Ok(()) };
        let end = segment_end.map_or(usize::MAX, |end| end * 8);
        let most = piece.end.saturating_sub(piece.first).min(self.left);
        let starts = lane.starts().skip(piece.first + 1).take(most);
        // Only the last MCUs can be past the end.
        let (count, last) =
            starts.take_while(|bit| *bit <= end).fold((0, self.bit), |(n, _), bit| (n + 1, bit));
        let unit = &self.lookup.unit;
        let numbers = lane.mcus(piece.first, count);
        for mcu in numbers.chunks_exact_mut(unit.length.max(1)) {
            for (start, predictor) in unit.starts.iter().zip(&self.predictor_of) {
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
        target.mcus(Mcus::new(numbers, unit))
    }

    /// Goes on at the next restart marker: the current interval is done, or given up.
    fn resume<R: BufRead>(
        &mut self,
        input: &mut Input<R>,
        window: &mut Window,
        target: &mut impl Target,
    ) -> Result<(), Error> {
        let Some(bit) = window.resume(input, &mut self.number)? else { return self.lose(self.total, target) };
        let first = self.number.saturating_mul(self.interval).min(self.total);
        self.lose(first, target)?;
        self.left = self.interval.min(self.total - first);
        self.predictors = [0; 4];
        self.bit = bit;
        Ok(())
    }

    /// Gives up what comes before an MCU.
    fn lose(&mut self, end: usize, target: &mut impl Target) -> Result<(), Error> {
        while self.done < end {
            target.lost()?;
            self.done += 1;
            self.lost += 1;
        }
        Ok(())
    }
}
