//! Several places of an entropy-coded stream, decoded in turns.
//!
//! Decoding one place is a chain of look-ups, each of which waits for the one before. Independent places
//! fill that time: three of them take little more than half the time that they take one after another. That
//! holds only while all that a step needs is in registers, so a place is four numbers and no more.

use crate::entropy::lookup::{Lookup, STATES, UNCLEAR, boxed};
use crate::entropy::step_tables::{Entry, INDEX};

/// Steps between looks at the limits; their bits fit in one reservoir.
const STEPS: usize = 3;

/// Bytes past its limit that a lane may read.
pub(crate) const OVERRUN: usize = 24;

/// Numbers that a lane has room for, so that what all lanes hold stays in the second-level cache.
const ROOM: usize = 1 << 16;

/// Decoded MCUs, laid out as [`Unit`](super::lookup::Unit) has it: of each block the lowest 16 bits of the bit of
/// the data behind it, then its coefficients, zero where none came, DC as difference.
type Blocks = [i16; ROOM];

/// A place in the stream and what was decoded on the way there.
#[derive(Debug)]
pub(crate) struct Lane {
    place: Place,
    /// Bit of the data where decoding began.
    pub(crate) start: usize,
    blocks: Box<Blocks>,
    /// Numbers of an MCU, and of its last block.
    unit: (usize, usize),
}

/// A place between two steps.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// The next bits, from the top.
    reservoir: u64,
    /// Bit of the data.
    bit: u32,
    /// From the lowest bit: 8 bits for the next coefficient, in zigzag order and 0 for DC; 4 for the number of
    /// the block in its MCU; 4 of nothing; 16 for the place of the block in [`Blocks`].
    state: u32,
    /// The [table](super::lookup::Move::table) for the next step.
    table: u16,
}

/// How far a lane goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    /// Bit of the data.
    pub(crate) bit: usize,
    /// MCUs.
    pub(crate) mcus: usize,
}

/// Why decoding paused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Pause {
    /// A lane is at its limit.
    Limit,
    /// No code begins at the place of this lane.
    BadCode(usize),
}

impl Lane {
    /// MCUs that a lane has room for. It may go on for some steps, none of which ends more than a block.
    pub(crate) fn capacity(lookup: &Lookup<'_>) -> usize {
        ROOM.saturating_sub((STEPS + 1) * lookup.unit.longest) / lookup.unit.length.max(1)
    }

    pub(crate) fn new(lookup: &Lookup<'_>) -> Self {
        let unit = (lookup.unit.length.max(1), lookup.unit.last);
        Self { place: Place::default(), start: 0, blocks: boxed(0), unit }
    }

    /// Puts the lane before an MCU that begins at a bit, and empties it.
    pub(crate) fn seat(&mut self, bit: usize, lookup: &Lookup<'_>) {
        let used = (wide(self.place.state >> 16) + lookup.unit.longest).min(ROOM);
        if let Some(used) = self.blocks.get_mut(..used) {
            used.fill(0);
        }
        self.start = bit;
        let bit = u32::try_from(bit).unwrap_or(u32::MAX);
        self.place = Place { bit, table: lookup.start, ..Place::default() };
    }

    /// Complete MCUs.
    pub(crate) fn count(&self) -> usize {
        wide(self.place.state >> 16) / self.unit.0
    }

    /// Bit of the data.
    pub(crate) fn bit(&self) -> usize {
        wide(self.place.bit)
    }

    pub(crate) fn is_at(&self, limit: Limit) -> bool {
        self.bit() >= limit.bit || self.count() >= limit.mcus
    }

    /// Bits of the data where MCUs begin, complete ones and the one behind them.
    pub(crate) fn starts(&self) -> impl Iterator<Item = usize> {
        let (unit, last) = self.unit;
        let ends = (1..=self.count()).map(move |number| {
            let end = self.blocks.get(number * unit - last);
            end.map_or(0, |end| end.cast_unsigned())
        });
        let mut bit = u32::try_from(self.start).unwrap_or(u32::MAX);
        // No MCU is as long as 2^16 bits.
        let starts = ends.map(move |end| {
            let [low, high, ..] = bit.to_le_bytes();
            bit += u32::from(end.wrapping_sub(u16::from_le_bytes([low, high])));
            wide(bit)
        });
        std::iter::once(self.start).chain(starts)
    }

    /// The numbers of MCUs.
    pub(crate) fn mcus(&mut self, first: usize, count: usize) -> &mut [i16] {
        let (first, count) = (first * self.unit.0, count * self.unit.0);
        self.blocks.get_mut(first..first + count).unwrap_or_default()
    }
}

fn wide(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// The bits from `bit` on; 57 of them are there at least.
#[inline(always)]
pub(crate) fn reservoir(data: &[u8], bit: usize) -> u64 {
    let bytes = data.get(bit / 8..).and_then(<[u8]>::first_chunk);
    bytes.map_or(0, |bytes| u64::from_be_bytes(*bytes)) << (bit % 8)
}

/// Decodes with all lanes, four at most, until one is at its limit.
#[expect(clippy::indexing_slicing, reason = "lanes are indexed below N")]
pub(crate) fn run<const N: usize>(
    lookup: &Lookup<'_>,
    data: &[u8],
    lanes: [&mut Lane; N],
    limits: [Limit; N],
) -> Pause {
    let mut places: [Place; N] = std::array::from_fn(|i| lanes[i].place);
    let bits = limits.map(|limit| u32::try_from(limit.bit).unwrap_or(u32::MAX));
    let rooms = limits.map(|limit| (limit.mcus.saturating_mul(lookup.unit.length)).min(ROOM - 1));
    let mut pause = Pause::Limit;
    'run: while (0..N).all(|i| places[i].bit < bits[i] && wide(places[i].state >> 16) < rooms[i]) {
        for place in &mut places {
            place.reservoir = reservoir(data, wide(place.bit));
        }
        for _ in 0..STEPS {
            // Written out, since the places of a loop that is not unrolled are in memory.
            macro_rules! step {
                ($i:literal) => {
                    if $i < N && step(&mut places[$i], lookup, data, &mut lanes[$i].blocks).is_none() {
                        pause = Pause::BadCode($i);
                        break 'run;
                    }
                };
            }
            step!(0);
            step!(1);
            step!(2);
            step!(3);
        }
    }
    for (lane, place) in lanes.into_iter().zip(places) {
        lane.place = place;
    }
    pause
}

/// One step of a lane; `None` if no code begins at its place.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "all is indexed below its constant length")]
fn step(place: &mut Place, lookup: &Lookup<'_>, data: &[u8], blocks: &mut Blocks) -> Option<()> {
    let index = usize::try_from(place.reservoir >> (64 - INDEX)).unwrap_or(0);
    let mut entry = lookup.entry(place.table, index);
    let mut state = place.state + entry.advance();
    if state & UNCLEAR == 0 {
        place.reservoir <<= entry.bits() % 64;
        place.bit += entry.bits();
    } else {
        entry = unclear(lookup, data, *place)?;
        state = place.state + entry.advance();
        place.bit += entry.bits();
        place.reservoir = reservoir(data, wide(place.bit));
    }
    let next = lookup.moves[wide(state) % STATES];
    let start = wide(state >> 16);
    let slot = (start + usize::from(next.slot)) % ROOM;
    // Most steps have no value: zero.
    blocks[slot] = blocks[slot].wrapping_add(entry.value());
    let [low, high, ..] = place.bit.to_le_bytes();
    blocks[start] = i16::from_le_bytes([low, high]);
    place.state = state.wrapping_add(next.change);
    place.table = next.table;
    Some(())
}

/// A step that the tables do not have.
#[cold]
#[inline(never)]
fn unclear(lookup: &Lookup<'_>, data: &[u8], place: Place) -> Option<Entry> {
    let bits = u32::try_from(reservoir(data, wide(place.bit)) >> 32).unwrap_or(0);
    let [position, block, ..] = place.state.to_le_bytes().map(usize::from);
    lookup.symbol(block, position, bits)
}
