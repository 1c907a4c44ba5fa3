//! The lanes of a scan on several threads, and how their results are joined to what one lane alone would give.
//!
//! Each thread has a group of lanes. This thread has the first group: what it gives is handed on while other threads
//! are still at work on the groups behind, which hides that another thread needs a moment to begin.
//!
//! # Joining
//!
//! All but the first lane may have begun anywhere (see `sequential`). The state of a
//! lane at the start of an MCU is its bit of the data and nothing else: DC is kept as differences, so even predictors
//! do not enter. So from the first bit at which two lanes both begin an MCU they decode the same, and the MCUs of the
//! second lane count from there. The lane before decodes [`SYNCHRONISATION_BITS`] past the start of the next one, and
//! further while they have not met.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, Scope};

use crate::entropy::lanes::{Lane, LaneLimit, Pause, run};
use crate::entropy::lookup::Lookup;
use crate::error::Error;

/// Lanes that one thread decodes in turns. Four are hardly faster than three.
const LANES_PER_THREAD: usize = 3;

/// Most threads. Each has 400 KB in its lanes.
const MOST_THREADS: usize = 4;

/// Bits that the lanes of another thread must have to decode together: it takes as long to wake a thread as to decode
/// some kilobytes.
const LEAST_BITS_FOR_A_THREAD: usize = 24 * 1024 * 8;

/// Bits after which a lane that began anywhere is usually in step with the stream.
pub(crate) const SYNCHRONISATION_BITS: usize = 2048;

/// Times that the lanes of a group may begin anew behind bits that are no code.
const MOST_RESTARTS: u32 = 64;

/// The lanes of a scan. They are numbered in the order of the data, whichever thread has them.
#[derive(Debug)]
pub(crate) struct LaneThreads<'s, 'e> {
    scope: &'s Scope<'s, 'e>,
    lookup: &'e Lookup<'e>,
    groups: Vec<LaneGroup>,
    /// Threads for the groups behind the first, as far as they were needed.
    workers: Vec<Worker>,
    /// The last of the lanes that are joined.
    joined: JoinedLane,
    /// Bit at which the last lane ends.
    end: usize,
}

/// The lanes of one thread, and what they are to do.
#[derive(Debug)]
struct LaneGroup {
    /// Empty while another thread has them.
    lanes: Vec<Lane>,
    /// The limit of each lane that has something to do.
    limits: Vec<LaneLimit>,
    /// Number of lanes, the first ones, that begin where an MCU is known to begin.
    exact: usize,
    /// Lanes that met an invalid code, by their numbers in the group, when all are done.
    invalid: Vec<bool>,
}

/// Another thread: the ends of the channels to it.
#[derive(Debug)]
struct Worker {
    send: Sender<(LaneGroup, Arc<Vec<u8>>)>,
    receive: Receiver<LaneGroup>,
}

/// A lane and the number of its MCUs that were taken.
#[derive(Clone, Copy, Debug, Default)]
struct JoinedLane {
    lane: usize,
    taken: usize,
}

/// MCUs of a lane that count: those from `first` to before `end`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LaneRange {
    pub(crate) lane: usize,
    pub(crate) first: usize,
    pub(crate) end: usize,
}

impl<'s, 'e> LaneThreads<'s, 'e> {
    pub(crate) fn new(scope: &'s Scope<'s, 'e>, lookup: &'e Lookup<'e>, threads: NonZeroUsize) -> Self {
        let groups = (0..threads.get().min(MOST_THREADS)).map(|_| LaneGroup::new(lookup)).collect();
        Self { scope, lookup, groups, workers: Vec::new(), joined: JoinedLane::default(), end: 0 }
    }

    /// Number of lanes.
    pub(crate) fn lane_count(&self) -> usize {
        self.groups.len() * LANES_PER_THREAD
    }

    pub(crate) fn lane(&self, number: usize) -> Option<&Lane> {
        self.groups.get(number / LANES_PER_THREAD)?.lanes.get(number % LANES_PER_THREAD)
    }

    pub(crate) fn lane_mut(&mut self, number: usize) -> Option<&mut Lane> {
        self.groups.get_mut(number / LANES_PER_THREAD)?.lanes.get_mut(number % LANES_PER_THREAD)
    }

    /// Begins to decode with a lane for each limit, all of which are on this thread. The first lane begins where an
    /// MCU does, and so do all others if they are `all_exact`.
    pub(crate) fn start(&mut self, data: &Arc<Vec<u8>>, limits: &[LaneLimit], all_exact: bool) {
        self.joined = JoinedLane::default();
        self.end = limits.last().map_or(0, |limit| limit.bit);
        let mut limits = limits.chunks(LANES_PER_THREAD);
        for (number, group) in self.groups.iter_mut().enumerate() {
            group.limits = limits.next().unwrap_or_default().to_vec();
            group.exact = if all_exact { LANES_PER_THREAD } else { usize::from(number == 0) };
            group.invalid = Vec::new();
        }
        for number in 1..self.groups.len() {
            self.dispatch(number, data);
        }
    }

    /// Gives a group to its thread if that is worth it. Where no thread can be started, this one does its work.
    fn dispatch(&mut self, number: usize, data: &Arc<Vec<u8>>) {
        let Some(group) = self.groups.get_mut(number).filter(|group| group.bits() >= LEAST_BITS_FOR_A_THREAD)
        else {
            return;
        };
        if self.workers.len() < number {
            self.workers.extend(Worker::start(self.scope, self.lookup));
        }
        if let Some(worker) = self.workers.get(number - 1) {
            let lanes = std::mem::take(&mut group.lanes);
            let away =
                LaneGroup { lanes, limits: group.limits.clone(), exact: group.exact, invalid: Vec::new() };
            // A thread that is gone has panicked, which shows when the group does not come back.
            let _ = worker.send.send((away, Arc::clone(data)));
        }
    }

    /// For each thread, the numbers of its lanes that have something to do.
    pub(crate) fn busy_lanes(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let counts: Vec<usize> = self.groups.iter().map(|group| group.limits.len()).collect();
        let starts = (0..).step_by(LANES_PER_THREAD);
        starts.zip(counts).map(|(start, count)| start..start + count).filter(|lanes| !lanes.is_empty())
    }

    /// Decodes with the lanes of a group to their limits, or waits for the thread that does.
    pub(crate) fn finish(&mut self, lanes: &Range<usize>, data: &[u8]) -> Result<(), Error> {
        let number = lanes.start / LANES_PER_THREAD;
        let Some(group) = self.groups.get_mut(number) else { return Ok(()) };
        if group.lanes.is_empty() {
            let worker = number.checked_sub(1).and_then(|number| self.workers.get(number));
            *group = worker.and_then(|worker| worker.receive.recv().ok()).ok_or(Error::Stopped)?;
        } else {
            group.decode(self.lookup, data);
        }
        Ok(())
    }

    /// Finds where lanes that are finished fall into step with those before them, and so which of their MCUs count.
    pub(crate) fn join(&mut self, lanes: &Range<usize>, data: &[u8]) -> Vec<LaneRange> {
        let mut ranges = Vec::with_capacity(LANES_PER_THREAD);
        for next in lanes.clone().filter(|next| *next > 0) {
            while let Some((lane, other)) = self.lane(self.joined.lane).zip(self.lane(next)) {
                // Behind an invalid code nothing is in step.
                if self.has_invalid_code() {
                    break;
                }
                if let Some((here, there)) = meeting(lane, other, self.joined.taken) {
                    ranges.push(LaneRange { lane: self.joined.lane, first: self.joined.taken, end: here });
                    self.joined = JoinedLane { lane: next, taken: there };
                    break;
                }
                if lane.bit() > other.bit() || !self.extend(data) {
                    break;
                }
            }
        }
        let end = self.lane(self.joined.lane).map_or(0, Lane::count);
        ranges.push(LaneRange { lane: self.joined.lane, first: self.joined.taken, end });
        self.joined.taken = end;
        ranges
    }

    /// True when the last of the joined lanes met an invalid code.
    pub(crate) fn has_invalid_code(&self) -> bool {
        let JoinedLane { lane, .. } = self.joined;
        let group = self.groups.get(lane / LANES_PER_THREAD);
        group.and_then(|group| group.invalid.get(lane % LANES_PER_THREAD)) == Some(&true)
    }

    /// Bit that the last of the joined lanes is at.
    pub(crate) fn bit(&self) -> usize {
        self.lane(self.joined.lane).map_or(0, Lane::bit)
    }

    /// Decodes on with the last of the joined lanes, to find the next one; false when it can go no further.
    fn extend(&mut self, data: &[u8]) -> bool {
        let (number, member) = (self.joined.lane / LANES_PER_THREAD, self.joined.lane % LANES_PER_THREAD);
        let Some(LaneGroup { lanes, limits, invalid, .. }) = self.groups.get_mut(number) else {
            return false;
        };
        let (Some(lane), Some(limit), Some(invalid)) =
            (lanes.get_mut(member), limits.get_mut(member), invalid.get_mut(member))
        else {
            return false;
        };
        if lane.count() >= limit.mcus {
            return false;
        }
        limit.bit = (lane.bit() + SYNCHRONISATION_BITS).min(self.end);
        if lane.has_reached(*limit) {
            return false;
        }
        *invalid = run(self.lookup, data, [lane], [*limit]) == Pause::InvalidCode(0);
        true
    }
}

impl LaneGroup {
    fn new(lookup: &Lookup<'_>) -> Self {
        let lanes = (0..LANES_PER_THREAD).map(|_| Lane::new(lookup)).collect();
        Self { lanes, limits: Vec::new(), exact: 0, invalid: Vec::new() }
    }

    /// Bits to decode.
    fn bits(&self) -> usize {
        self.lanes.iter().zip(&self.limits).map(|(lane, limit)| limit.bit.saturating_sub(lane.bit())).sum()
    }

    /// Decodes to the limits. A lane that guesses and meets an invalid code begins anew one bit further on.
    #[expect(clippy::indexing_slicing, reason = "numbers of lanes, of which there are as many as limits")]
    fn decode(&mut self, lookup: &Lookup<'_>, data: &[u8]) {
        self.invalid = vec![false; self.limits.len()];
        let mut restarts = 0;
        loop {
            let is_active = |number: &usize| {
                !self.invalid[*number] && !self.lanes[*number].has_reached(self.limits[*number])
            };
            let active: Vec<usize> = (0..self.invalid.len()).filter(is_active).collect();
            let pause = match *active.as_slice() {
                [] => return,
                [a] => self.run(lookup, data, [a]),
                [a, b] => self.run(lookup, data, [a, b]),
                [a, b, c, ..] => self.run(lookup, data, [a, b, c]),
            };
            let Pause::InvalidCode(which) = pause else { continue };
            let number = active[which];
            restarts += 1;
            if number < self.exact || restarts > MOST_RESTARTS {
                self.invalid[number] = true;
            } else {
                let lane = &mut self.lanes[number];
                lane.restart(lane.bit() + 1, lookup);
            }
        }
    }

    /// Decodes with some of the lanes until one of them pauses.
    #[expect(clippy::indexing_slicing, reason = "numbers of lanes, of which there are as many as limits")]
    fn run<const N: usize>(&mut self, lookup: &Lookup<'_>, data: &[u8], which: [usize; N]) -> Pause {
        let limits = which.map(|number| self.limits[number]);
        match self.lanes.get_disjoint_mut(which) {
            Ok(lanes) => run(lookup, data, lanes, limits),
            Err(_) => Pause::InvalidCode(0),
        }
    }
}

impl Worker {
    /// Starts a thread that ends when its channel closes; `None` when the system grants none.
    fn start<'s, 'e>(scope: &'s Scope<'s, 'e>, lookup: &'e Lookup<'e>) -> Option<Self> {
        let (send, given) = channel::<(LaneGroup, Arc<Vec<u8>>)>();
        let (done, receive) = channel();
        let work = move || {
            for (mut group, data) in given {
                group.decode(lookup, &data);
                // The receiver changes the data in place, without a copy, once nobody else has it.
                drop(data);
                if done.send(group).is_err() {
                    return;
                }
            }
        };
        Builder::new().name("jpeg".to_owned()).spawn_scoped(scope, work).ok()?;
        Some(Self { send, receive })
    }
}

/// Numbers of the first MCUs of two lanes, from MCU `first` of `lane` on, that begin at the same bit.
fn meeting(lane: &Lane, next: &Lane, first: usize) -> Option<(usize, usize)> {
    let mut theirs = next.mcu_starts().enumerate().peekable();
    for (here, bit) in lane.mcu_starts().enumerate().skip(first) {
        while theirs.next_if(|(_, start)| *start < bit).is_some() {}
        match theirs.peek() {
            Some((there, start)) if *start == bit => return Some((here, *there)),
            Some(_) => (),
            None => return None,
        }
    }
    None
}
