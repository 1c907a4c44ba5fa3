//! Lanes: several places of an entropy-coded stream, decoded in turns on one thread.
//!
//! Decoding one place is a chain of look-ups, each of which waits for the one before. Independent places fill that
//! time: three of them take little more than half the time that they take one after another. That holds only while
//! all that a step needs is in registers, so a [`Cursor`] is four numbers and no more.

use crate::entropy::lookup::{Lookup, STATES, boxed};
use crate::entropy::step_tables::{INDEX_BITS, MOST_STEP_BITS, SLOW_STEP, StepEntry};
use crate::entropy::window::{RESERVOIR_BITS, reservoir};
use crate::index::index;

/// Steps between looks at the limits.
const STEPS: u32 = 3;

// The steps of a round take their bits from one reservoir: all but the last drop theirs, and the last needs an index.
const _: () = assert!((STEPS - 1) * MOST_STEP_BITS + INDEX_BITS <= RESERVOIR_BITS);

/// Most bits of one symbol: a code of 16 and a value of 15.
pub(crate) const MOST_SYMBOL_BITS: u32 = 16 + 15;

/// Bytes past its limit that a lane may read: a round begins before the limit, its last step begins after the bits of
/// the others, and loads eight bytes. Steps from tables drop less than those of one symbol may.
pub(crate) const OVERRUN: usize = 24;

const _: () = assert!(((STEPS - 1) * MOST_SYMBOL_BITS / 8 + 1 + 8) as usize <= OVERRUN);

/// Numbers that a lane has room for, as many as the 16 bits for the start of a block can tell. Three lanes of 128 KiB
/// stay in the second-level cache.
const ROOM: usize = 1 << 16;

/// Numbers that a slot can reach behind the first number of a block. With so many more behind the room no check is
/// needed.
const SLOTS: usize = 1 << 8;

/// Decoded MCUs, laid out as [`McuLayout`](crate::entropy::lookup::McuLayout) says: of each block the lowest 16 bits
/// of the bit of the data behind it, then its coefficients, zero where none came, DC as difference.
type Numbers = [i16; ROOM + SLOTS];

/// A position in the stream, and what was decoded on the way there.
#[derive(Debug)]
pub(crate) struct Lane {
    cursor: Cursor,
    /// Bit of the data where decoding began.
    pub(crate) start: usize,
    numbers: Box<Numbers>,
    /// Numbers of an MCU, and of its last block.
    mcu: (usize, usize),
}

/// A position in the stream between two steps.
#[derive(Clone, Copy, Debug, Default)]
struct Cursor {
    /// The next bits, from the highest on.
    reservoir: u64,
    /// Bit of the data.
    bit: u32,
    /// From the lowest bit: 8 bits for the position in the block; 4 for the number of the block in its MCU; 4 unused,
    /// always zero; 16 for the first number of the block in [`Numbers`].
    state: u32,
    /// The [table](crate::entropy::lookup::Transition::table) for the next step.
    table: u16,
}

/// End of the work of a lane, whichever comes first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LaneLimit {
    /// Bit of the data.
    pub(crate) bit: usize,
    /// MCUs.
    pub(crate) mcus: usize,
}

/// Reason for a pause in decoding.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Pause {
    /// A lane has reached its limit.
    Limit,
    /// No code begins where this lane is.
    InvalidCode(usize),
}

impl Lane {
    /// MCUs that a lane has room for.
    ///
    /// A round begins before its limit of MCUs, each of its steps may end a block, and the last one writes into the
    /// block behind that: so much room stays free.
    pub(crate) fn capacity(lookup: &Lookup<'_>) -> usize {
        ROOM.saturating_sub((index(STEPS) + 1) * lookup.mcu.longest) / lookup.mcu.length.max(1)
    }

    pub(crate) fn new(lookup: &Lookup<'_>) -> Self {
        let mcu = (lookup.mcu.length.max(1), lookup.mcu.last);
        Self { cursor: Cursor::default(), start: 0, numbers: boxed(0), mcu }
    }

    /// Puts the lane at the start of an MCU, at a bit of the data, and empties it.
    pub(crate) fn restart(&mut self, bit: usize, lookup: &Lookup<'_>) {
        let used = (index(self.cursor.state >> 16) + lookup.mcu.longest).min(ROOM);
        if let Some(used) = self.numbers.get_mut(..used) {
            used.fill(0);
        }
        self.start = bit;
        let bit = u32::try_from(bit).unwrap_or(u32::MAX);
        self.cursor = Cursor { bit, table: lookup.start, ..Cursor::default() };
    }

    /// Number of complete MCUs.
    pub(crate) fn count(&self) -> usize {
        index(self.cursor.state >> 16) / self.mcu.0
    }

    /// Bit of the data that comes next.
    pub(crate) fn bit(&self) -> usize {
        index(self.cursor.bit)
    }

    pub(crate) fn has_reached(&self, limit: LaneLimit) -> bool {
        self.bit() >= limit.bit || self.count() >= limit.mcus
    }

    /// Bits of the data where MCUs begin: those of complete MCUs, and of the one behind them.
    ///
    /// Each MCU has the lowest 16 bits of its end. No MCU has 2^16 bits: sixteen blocks of 64 symbols of 31
    /// bits have 31 744. So the difference of two neighbours, modulo 2^16, is the length of the MCU between them.
    pub(crate) fn mcu_starts(&self) -> impl Iterator<Item = usize> {
        let (length, last) = self.mcu;
        let ends = (1..=self.count()).map(move |number| {
            let end = self.numbers.get(number * length - last);
            end.map_or(0, |end| end.cast_unsigned())
        });
        let mut bit = u32::try_from(self.start).unwrap_or(u32::MAX);
        let starts = ends.map(move |end| {
            let [low, high, ..] = bit.to_le_bytes();
            bit += u32::from(end.wrapping_sub(u16::from_le_bytes([low, high])));
            index(bit)
        });
        std::iter::once(self.start).chain(starts)
    }

    /// The numbers of some MCUs.
    pub(crate) fn mcus(&mut self, first: usize, count: usize) -> &mut [i16] {
        let (first, count) = (first * self.mcu.0, count * self.mcu.0);
        self.numbers.get_mut(first..first + count).unwrap_or_default()
    }
}

/// Decodes with all lanes, four at most, until one of them is at its limit.
#[expect(clippy::indexing_slicing, reason = "lanes are indexed below N")]
pub(crate) fn run<const N: usize>(
    lookup: &Lookup<'_>,
    data: &[u8],
    lanes: [&mut Lane; N],
    limits: [LaneLimit; N],
) -> Pause {
    const { assert!(N <= 4) };
    let mut cursors: [Cursor; N] = std::array::from_fn(|i| lanes[i].cursor);
    let bits = limits.map(|limit| u32::try_from(limit.bit).unwrap_or(u32::MAX));
    let rooms = limits.map(|limit| (limit.mcus.saturating_mul(lookup.mcu.length)).min(ROOM - 1));
    let mut pause = Pause::Limit;
    'run: while (0..N).all(|i| cursors[i].bit < bits[i] && index(cursors[i].state >> 16) < rooms[i]) {
        for cursor in &mut cursors {
            cursor.reservoir = reservoir(data, index(cursor.bit));
        }
        for _ in 0..STEPS {
            // Written out: in a loop that is not unrolled the cursors would be in memory instead of registers.
            macro_rules! step {
                ($i:literal) => {
                    if $i < N && step(&mut cursors[$i], lookup, data, &mut lanes[$i].numbers).is_none() {
                        pause = Pause::InvalidCode($i);
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
    for (lane, cursor) in lanes.into_iter().zip(cursors) {
        lane.cursor = cursor;
    }
    pause
}

/// One step of a lane; `None` if no code begins there.
///
/// Every step does the same: it adds a value to a coefficient and notes where it ended at the head of the block. Most
/// values are zero, and all but the last of the notes of a block are overwritten.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "all is indexed below its constant length")]
fn step(cursor: &mut Cursor, lookup: &Lookup<'_>, data: &[u8], numbers: &mut Numbers) -> Option<()> {
    let index_bits = usize::try_from(cursor.reservoir >> (64 - INDEX_BITS)).unwrap_or(0);
    let mut entry = lookup.entry(cursor.table, index_bits);
    let mut state = cursor.state + entry.advance();
    if state & SLOW_STEP == 0 {
        cursor.reservoir <<= entry.bits() % 64;
        cursor.bit += entry.bits();
    } else {
        entry = slow_step(lookup, data, *cursor)?;
        state = cursor.state + entry.advance();
        cursor.bit += entry.bits();
        cursor.reservoir = reservoir(data, index(cursor.bit));
    }
    let next = lookup.transitions[index(state) % STATES];
    let start = index(state >> 16);
    debug_assert!(start + lookup.mcu.longest <= ROOM, "a lane went past its room");
    let slot = start + usize::from(next.slot);
    numbers[slot] = numbers[slot].wrapping_add(entry.value());
    let [low, high, ..] = cursor.bit.to_le_bytes();
    numbers[start] = i16::from_le_bytes([low, high]);
    cursor.state = state.wrapping_add(next.change);
    cursor.table = next.table;
    Some(())
}

/// A step that the tables do not have.
#[cold]
#[inline(never)]
fn slow_step(lookup: &Lookup<'_>, data: &[u8], cursor: Cursor) -> Option<StepEntry> {
    let bits = u32::try_from(reservoir(data, index(cursor.bit)) >> 32).unwrap_or(0);
    let [position, block, ..] = cursor.state.to_le_bytes().map(usize::from);
    lookup.slow_step(block, position, bits)
}
