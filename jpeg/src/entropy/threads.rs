//! The lanes of a scan: some for each thread, decoded side by side, and joined to what one of them alone would give.
//!
//! This thread has the first lanes. What they give is handed on while other threads are still at work on those behind
//! them, which hides that another thread needs a moment to begin.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, Scope};

use crate::entropy::lanes::{Lane, Limit, Pause, run};
use crate::entropy::lookup::Lookup;
use crate::error::Error;

/// Lanes that one thread decodes in turns. Four are hardly faster than three.
const LANES: usize = 3;

/// Most threads. Each has 400 KB in its lanes.
const MOST_THREADS: usize = 4;

/// Bits that all lanes of another thread must have before them: it takes as long to wake as to decode some kilobytes.
const WORTH_A_THREAD: usize = 24 * 1024 * 8;

/// Bits after which a guess is usually in step; the lane before goes on so far to find out.
pub(crate) const SYNCHRONISATION: usize = 2048;

/// Times that a guess may run into a code that does not exist.
const TRIES: u32 = 64;

/// The lanes of a scan. They are numbered in their order, whosever they are.
#[derive(Debug)]
pub(crate) struct Team<'s, 'e> {
    scope: &'s Scope<'s, 'e>,
    lookup: &'e Lookup<'e>,
    shifts: Vec<Shift>,
    /// Threads of the shifts behind the first, as far as they were needed.
    threads: Vec<Thread>,
    /// Where the last of the joined lanes ends.
    joint: Joint,
    /// Bit at which the last lane ends.
    end: usize,
}

/// What one thread does of a stretch.
#[derive(Debug)]
struct Shift {
    /// Empty while another thread has them.
    lanes: Vec<Lane>,
    /// Of the lanes that have something to do.
    limits: Vec<Limit>,
    /// How many of them, the first ones, begin where an MCU does. The others guess.
    exact: usize,
    /// Which lanes met a code that does not exist, when all are done.
    bad: Vec<bool>,
}

/// Another thread, and what it is given and gives back.
#[derive(Debug)]
struct Thread {
    send: Sender<(Shift, Arc<Vec<u8>>)>,
    receive: Receiver<Shift>,
}

/// A lane and how many of its MCUs were taken.
#[derive(Clone, Copy, Debug, Default)]
struct Joint {
    lane: usize,
    taken: usize,
}

/// MCUs of a lane that count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub(crate) lane: usize,
    pub(crate) first: usize,
    pub(crate) end: usize,
}

impl<'s, 'e> Team<'s, 'e> {
    pub(crate) fn new(scope: &'s Scope<'s, 'e>, lookup: &'e Lookup<'e>, threads: NonZeroUsize) -> Self {
        let shifts = (0..threads.get().min(MOST_THREADS)).map(|_| Shift::new(lookup)).collect();
        Self { scope, lookup, shifts, threads: Vec::new(), joint: Joint::default(), end: 0 }
    }

    /// Lanes there are.
    pub(crate) fn size(&self) -> usize {
        self.shifts.len() * LANES
    }

    pub(crate) fn lane(&self, index: usize) -> Option<&Lane> {
        self.shifts.get(index / LANES)?.lanes.get(index % LANES)
    }

    pub(crate) fn lane_mut(&mut self, index: usize) -> Option<&mut Lane> {
        self.shifts.get_mut(index / LANES)?.lanes.get_mut(index % LANES)
    }

    /// Begins to decode with a lane for each limit, all of which are here. Where not all are `exact`, the first is.
    pub(crate) fn begin(&mut self, data: &Arc<Vec<u8>>, limits: &[Limit], all_exact: bool) {
        self.joint = Joint::default();
        self.end = limits.last().map_or(0, |limit| limit.bit);
        let mut limits = limits.chunks(LANES);
        for (index, shift) in self.shifts.iter_mut().enumerate() {
            shift.limits = limits.next().unwrap_or_default().to_vec();
            shift.exact = if all_exact { LANES } else { usize::from(index == 0) };
            shift.bad = Vec::new();
        }
        for index in 1..self.shifts.len() {
            self.hand_out(index, data);
        }
    }

    /// Gives a shift to its thread if that is worth it. Where no thread can begin, this one does all.
    fn hand_out(&mut self, index: usize, data: &Arc<Vec<u8>>) {
        let Some(shift) = self.shifts.get_mut(index).filter(|shift| shift.bits() >= WORTH_A_THREAD) else {
            return;
        };
        if self.threads.len() < index {
            self.threads.extend(Thread::begin(self.scope, self.lookup));
        }
        if let Some(thread) = self.threads.get(index - 1) {
            let lanes = std::mem::take(&mut shift.lanes);
            let away = Shift { lanes, limits: shift.limits.clone(), exact: shift.exact, bad: Vec::new() };
            // A thread that is gone has panicked, which shows when the shift is not given back.
            let _ = thread.send.send((away, Arc::clone(data)));
        }
    }

    /// Numbers of the lanes of each thread that have something to do.
    pub(crate) fn parts(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let counts: Vec<usize> = self.shifts.iter().map(|shift| shift.limits.len()).collect();
        let starts = (0..).step_by(LANES);
        starts.zip(counts).map(|(start, count)| start..start + count).filter(|part| !part.is_empty())
    }

    /// Decodes with some lanes to their limits, or waits for the thread that does.
    pub(crate) fn finish(&mut self, part: &Range<usize>, data: &[u8]) -> Result<(), Error> {
        let index = part.start / LANES;
        let Some(shift) = self.shifts.get_mut(index) else { return Ok(()) };
        if shift.lanes.is_empty() {
            let thread = index.checked_sub(1).and_then(|index| self.threads.get(index));
            *shift = thread.and_then(|thread| thread.receive.recv().ok()).ok_or(Error::Stopped)?;
        } else {
            shift.drive(self.lookup, data);
        }
        Ok(())
    }

    /// Finds where lanes that are finished fall into step with those before them, and so what of each of them counts.
    pub(crate) fn join(&mut self, part: &Range<usize>, data: &[u8]) -> Vec<Piece> {
        let mut pieces = Vec::with_capacity(LANES);
        for next in part.clone().filter(|next| *next > 0) {
            while let Some((lane, other)) = self.lane(self.joint.lane).zip(self.lane(next)) {
                // Behind a code that does not exist nothing is in step.
                if self.is_bad() {
                    break;
                }
                if let Some((here, there)) = meeting(lane, other, self.joint.taken) {
                    pieces.push(Piece { lane: self.joint.lane, first: self.joint.taken, end: here });
                    self.joint = Joint { lane: next, taken: there };
                    break;
                }
                if lane.bit() > other.bit() || !self.go_on(data) {
                    break;
                }
            }
        }
        let end = self.lane(self.joint.lane).map_or(0, Lane::count);
        pieces.push(Piece { lane: self.joint.lane, first: self.joint.taken, end });
        self.joint.taken = end;
        pieces
    }

    /// Whether the last of the joined lanes met a code that does not exist.
    pub(crate) fn is_bad(&self) -> bool {
        let Joint { lane, .. } = self.joint;
        self.shifts.get(lane / LANES).and_then(|shift| shift.bad.get(lane % LANES)) == Some(&true)
    }

    /// Bit that the last of the joined lanes is at.
    pub(crate) fn bit(&self) -> usize {
        self.lane(self.joint.lane).map_or(0, Lane::bit)
    }

    /// The last of the joined lanes goes on, if it can, to find the next one.
    fn go_on(&mut self, data: &[u8]) -> bool {
        let (index, place) = (self.joint.lane / LANES, self.joint.lane % LANES);
        let Some(Shift { lanes, limits, bad, .. }) = self.shifts.get_mut(index) else { return false };
        let (Some(lane), Some(limit), Some(bad)) =
            (lanes.get_mut(place), limits.get_mut(place), bad.get_mut(place))
        else {
            return false;
        };
        if lane.count() >= limit.mcus {
            return false;
        }
        limit.bit = (lane.bit() + SYNCHRONISATION).min(self.end);
        if lane.is_at(*limit) {
            return false;
        }
        *bad = run(self.lookup, data, [lane], [*limit]) == Pause::BadCode(0);
        true
    }
}

impl Shift {
    fn new(lookup: &Lookup<'_>) -> Self {
        let lanes = (0..LANES).map(|_| Lane::new(lookup)).collect();
        Self { lanes, limits: Vec::new(), exact: 0, bad: Vec::new() }
    }

    /// Bits to decode.
    fn bits(&self) -> usize {
        self.lanes.iter().zip(&self.limits).map(|(lane, limit)| limit.bit.saturating_sub(lane.bit())).sum()
    }

    /// Decodes to the limits. Lanes that guess try again a bit further on where no code is.
    #[expect(clippy::indexing_slicing, reason = "numbers of lanes, of which there are as many as limits")]
    fn drive(&mut self, lookup: &Lookup<'_>, data: &[u8]) {
        self.bad = vec![false; self.limits.len()];
        let mut tries = 0;
        loop {
            let is_active =
                |index: &usize| !self.bad[*index] && !self.lanes[*index].is_at(self.limits[*index]);
            let active: Vec<usize> = (0..self.bad.len()).filter(is_active).collect();
            let pause = match *active.as_slice() {
                [] => return,
                [a] => self.run(lookup, data, [a]),
                [a, b] => self.run(lookup, data, [a, b]),
                [a, b, c, ..] => self.run(lookup, data, [a, b, c]),
            };
            let Pause::BadCode(which) = pause else { continue };
            let index = active[which];
            tries += 1;
            if index < self.exact || tries > TRIES {
                self.bad[index] = true;
            } else {
                let lane = &mut self.lanes[index];
                lane.seat(lane.bit() + 1, lookup);
            }
        }
    }

    #[expect(clippy::indexing_slicing, reason = "numbers of lanes, of which there are as many as limits")]
    fn run<const N: usize>(&mut self, lookup: &Lookup<'_>, data: &[u8], which: [usize; N]) -> Pause {
        let limits = which.map(|index| self.limits[index]);
        match self.lanes.get_disjoint_mut(which) {
            Ok(lanes) => run(lookup, data, lanes, limits),
            Err(_) => Pause::BadCode(0),
        }
    }
}

impl Thread {
    /// A thread that ends when nobody can give it anything any more; `None` when there can be none.
    fn begin<'s, 'e>(scope: &'s Scope<'s, 'e>, lookup: &'e Lookup<'e>) -> Option<Self> {
        let (send, given) = channel::<(Shift, Arc<Vec<u8>>)>();
        let (done, receive) = channel();
        let work = move || {
            for (mut shift, data) in given {
                shift.drive(lookup, &data);
                // Who has the shift back may want to change the data.
                drop(data);
                if done.send(shift).is_err() {
                    return;
                }
            }
        };
        Builder::new().name("jpeg".to_owned()).spawn_scoped(scope, work).ok()?;
        Some(Self { send, receive })
    }
}

/// The first MCUs at which two lanes arrive at the same bit.
fn meeting(lane: &Lane, next: &Lane, first: usize) -> Option<(usize, usize)> {
    let mut theirs = next.starts().enumerate().peekable();
    for (here, bit) in lane.starts().enumerate().skip(first) {
        while theirs.next_if(|(_, start)| *start < bit).is_some() {}
        match theirs.peek() {
            Some((there, start)) if *start == bit => return Some((here, *there)),
            Some(_) => (),
            None => return None,
        }
    }
    None
}
