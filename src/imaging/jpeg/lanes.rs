//! Several places of an entropy-coded stream, decoded in turns.
//!
//! Decoding one place is a chain of look-ups, each of which waits for the one before. Independent places
//! fill that time: three of them take little more than half the time that they take one after another.

use std::hint::select_unpredictable;

use super::lookup::{ENTRIES, Entry, INDEX, Lookup, STATES, UNCLEAR};

/// Steps between looks at the limits; their bits fit in one reservoir.
const STEPS: usize = 3;

/// Bytes past its limit that a lane may read.
pub(super) const OVERRUN: usize = 24;

/// A place in the stream and what was decoded on the way there.
#[derive(Debug)]
pub(super) struct Lane {
    place: Place,
    /// Bit of the data where decoding began.
    pub(super) start: usize,
    /// Bit of the data behind each complete block.
    ends: Vec<u32>,
    /// Coefficients of each block, zero where none came; DC as differences.
    coefficients: Vec<i16>,
    stride: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// The next bits, from the top.
    reservoir: u64,
    /// Bit of the data.
    bit: usize,
    /// Next coefficient, zigzag order; 0 for DC.
    position: usize,
    /// Number of the block in its MCU.
    block: usize,
    /// Complete blocks.
    count: usize,
    state: usize,
}

/// How far a lane goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    /// Bit of the data.
    pub(super) bit: usize,
    /// Blocks.
    pub(super) blocks: usize,
}

/// Why decoding paused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Pause {
    /// A lane is at its limit.
    Limit,
    /// No code begins at the place of this lane.
    BadCode(usize),
}

impl Lane {
    /// A lane with room for so many blocks.
    pub(super) fn new(capacity: usize, lookup: &Lookup<'_>) -> Self {
        let room = capacity + STEPS + 1;
        let stride = lookup.stride;
        Self {
            place: Place::default(),
            start: 0,
            ends: vec![0; room],
            coefficients: vec![0; room * stride],
            stride,
        }
    }

    /// Puts the lane before an MCU that begins at a bit, and empties it.
    pub(super) fn seat(&mut self, bit: usize, lookup: &Lookup<'_>) {
        let used = (self.place.count + 1) * self.stride;
        if let Some(used) = self.coefficients.get_mut(..used) {
            used.fill(0);
        }
        self.start = bit;
        self.place = Place { bit, state: usize::from(lookup.start()), ..Place::default() };
    }

    /// Complete blocks.
    pub(super) fn count(&self) -> usize {
        self.place.count
    }

    /// Bit of the data.
    pub(super) fn bit(&self) -> usize {
        self.place.bit
    }

    pub(super) fn is_at(&self, limit: Limit) -> bool {
        self.place.bit >= limit.bit || self.place.count >= limit.blocks
    }

    /// Bit of the data where a block begins.
    pub(super) fn start_of(&self, block: usize) -> usize {
        match block.checked_sub(1) {
            None => self.start,
            Some(before) => self.ends.get(before).map_or(usize::MAX, |end| wide(*end)),
        }
    }

    /// Coefficients of blocks, [`Lookup::stride`] each.
    pub(super) fn coefficients(&mut self, first: usize, count: usize) -> &mut [i16] {
        let (first, count) = (first * self.stride, count * self.stride);
        self.coefficients.get_mut(first..first + count).unwrap_or_default()
    }
}

fn wide(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// The bits from `bit` on; 57 of them are there at least.
pub(super) fn reservoir(data: &[u8], bit: usize) -> u64 {
    let bytes = data.get(bit / 8..).and_then(<[u8]>::first_chunk);
    bytes.map_or(0, |bytes| u64::from_be_bytes(*bytes) << (bit % 8))
}

/// Decodes with all lanes until one is at its limit.
#[expect(clippy::indexing_slicing, reason = "lanes are indexed below N, tables below their constant lengths")]
pub(super) fn run<const N: usize>(
    lookup: &Lookup<'_>,
    data: &[u8],
    lanes: [&mut Lane; N],
    limits: [Limit; N],
) -> Pause {
    let mut places: [Place; N] = std::array::from_fn(|i| lanes[i].place);
    let stride = lookup.stride;
    let mut pause = Pause::Limit;
    'run: while (0..N).all(|i| places[i].bit < limits[i].bit && places[i].count < limits[i].blocks) {
        for place in &mut places {
            place.reservoir = reservoir(data, place.bit);
        }
        for _ in 0..STEPS {
            for i in 0..N {
                let place = &mut places[i];
                let index = usize::try_from(place.reservoir >> (64 - INDEX)).unwrap_or(0);
                let mut entry = lookup.entries[(place.state + index) % ENTRIES];
                let mut position = place.position + entry.advance();
                if position & UNCLEAR != 0 {
                    let bits = u32::try_from(reservoir(data, place.bit) >> 32).unwrap_or(0);
                    let Some(symbol) = lookup.symbol(place.block, place.position, bits) else {
                        pause = Pause::BadCode(i);
                        break 'run;
                    };
                    position = place.position + symbol.advance();
                    place.bit += symbol.bits();
                    place.reservoir = reservoir(data, place.bit);
                    entry = Entry::new(0, 0, symbol.value());
                }
                place.reservoir <<= entry.bits() % 64;
                place.bit += entry.bits();
                let state = (place.block << 8 | position) % STATES;
                let slot = place.count * stride + usize::from(lookup.slots[state]);
                if let Some(coefficient) = lanes[i].coefficients.get_mut(slot) {
                    *coefficient = entry.value();
                }
                if let Some(end) = lanes[i].ends.get_mut(place.count) {
                    *end = u32::try_from(place.bit).unwrap_or(u32::MAX);
                }
                place.state = usize::from(lookup.states[state]);
                let is_done = position >> 7;
                place.position = position & is_done.wrapping_sub(1);
                place.count += is_done;
                let next = usize::from(lookup.next[place.block % 16]);
                place.block = select_unpredictable(is_done != 0, next, place.block);
            }
        }
    }
    for (lane, place) in lanes.into_iter().zip(places) {
        lane.place = place;
    }
    pause
}
