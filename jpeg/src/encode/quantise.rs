//! Coefficients to whole steps (ITU-T T.81, section A.3.4).
//!
//! # Arithmetic
//!
//! A magnitude in steps, with [`FRACTION`] bits of fraction, is the upper half of the 32-bit product of four times the
//! coefficient, which has four bits of fraction, and `2^16 / step`, rounded up: `4 · 16 c / step`. Four times
//! [`MOST_MAGNITUDE`](crate::encode::transform::MOST_MAGNITUDE) is 65 500, so with a step of 1 and an offset of at most
//! 35 the sum fits in 16 unsigned bits, and levels stay within the 1023 that a baseline file can hold.
//!
//! # Rounding
//!
//! Coefficients of photographs are more often near zero than far from it, and small levels cost fewer bits. So a
//! magnitude below 1 becomes 1 only from 0.66 on, and others are rounded up from 0.55 on. DC, whose differences are
//! coded, is rounded to the nearest.

use std::cell::Cell;
use std::collections::TryReserveError;

use crate::encode::transform::Block;
use crate::encode::transformed::Plane;
use crate::encode::trellis::{Candidate, FRACTION, Rates, Trellis};
use crate::index::index;
use crate::syntax::frame::NATURAL;
use crate::vector::{I16x8, I32x4};

/// 0.34 and 0.45 steps: added before the fraction is cut off.
const OFFSET_BELOW_ONE: i16 = 22;
const OFFSET: i16 = 29;

/// Half a step.
const HALF: i16 = 32;

/// Where each coefficient in zigzag order stands in a [`Block`], which has its columns one after the other.
#[expect(clippy::indexing_slicing, reason = "computed when compiled")]
const STORED: [u8; 64] = {
    let (mut stored, mut at) = ([0; 64], 0);
    while at < 64 {
        let (row, column) = (NATURAL[at] / 8, NATURAL[at] % 8);
        stored[at] = column * 8 + row;
        at += 1;
    }
    stored
};

/// The zigzag index of each coefficient of a [`Block`].
#[expect(clippy::indexing_slicing, reason = "computed when compiled")]
const ZIGZAG: [u8; 64] = {
    let (mut zigzag, mut at) = ([0; 64], 0_u8);
    while at < 64 {
        zigzag[STORED[at as usize] as usize] = at;
        at += 1;
    }
    zigzag
};

/// The levels of one component: quantised coefficients, without the zeros.
#[derive(Clone, Debug)]
pub(super) struct Levels {
    /// Blocks across and down.
    pub(super) count: (usize, usize),
    /// The blocks, row by row.
    pub(super) blocks: Vec<LevelBlock>,
    /// AC levels of all blocks that are not zero, zigzag order.
    pub(super) values: Vec<i16>,
}

/// One block of [`Levels`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LevelBlock {
    /// A bit for each AC level that is not zero, by its zigzag index.
    pub(super) mask: u64,
    /// Index of the first AC level in the values.
    pub(super) start: u32,
    /// The DC level.
    pub(super) dc: i16,
}

impl Levels {
    /// The AC levels of a block.
    #[inline(always)]
    pub(super) fn values_of(&self, block: &LevelBlock) -> &[i16] {
        usize::try_from(block.start).ok().and_then(|start| self.values.get(start..)).unwrap_or_default()
    }

    /// Quantises a component by steps in natural order: with rates, the levels that cost least ([`Trellis`]), without
    /// them rounded ones.
    pub(super) fn new(
        plane: &Plane,
        steps: &[u8; 64],
        rates: Option<&Rates>,
    ) -> Result<Self, TryReserveError> {
        let mut values = Vec::new();
        // Untouched pages of a large reservation take no memory.
        values.try_reserve_exact(plane.blocks.len() * 63)?;
        let blocks = quantised(plane.blocks.iter().copied(), steps, rates, |_, found| {
            values.extend_from_slice(found);
        })?;
        Ok(Self { count: plane.count, blocks, values })
    }

    /// The same in the memory of the coefficients: levels of a block are at most 63, and those of all blocks up to one
    /// take no more than its coefficients and those before it.
    pub(super) fn in_place(
        plane: Plane,
        steps: &[u8; 64],
        rates: Option<&Rates>,
    ) -> Result<Self, TryReserveError> {
        let Plane { count, blocks } = plane;
        let number = blocks.len();
        let mut values = blocks.into_flattened();
        let coefficients = Cell::from_mut(values.as_mut_slice()).as_slice_of_cells();
        let sources = coefficients.as_chunks::<64>().0.iter().map(|block| block.each_ref().map(Cell::get));
        let blocks = quantised(sources.take(number), steps, rates, |start, found| {
            let places = coefficients.get(start..).unwrap_or_default();
            places.iter().zip(found).for_each(|(place, level)| place.set(*level));
        })?;
        let length = blocks.last().map_or(0, |last| index(last.start) + index(last.mask.count_ones()));
        values.truncate(length);
        Ok(Self { count, blocks, values })
    }

    /// Counts the symbols of the AC levels that rounding gives.
    pub(super) fn count_rounded(plane: &Plane, steps: &[u8; 64], mut count: impl FnMut(u64, &[i16])) {
        let quantiser = Quantiser::new(steps);
        let mut found = [0; 64];
        for block in &plane.blocks {
            let mask = quantiser.round(block, &mut found);
            count(mask, found.get(..index(mask.count_ones())).unwrap_or_default());
        }
    }
}

/// Quantises blocks. `put` takes the AC levels of each that are not zero, and their number before it.
fn quantised(
    sources: impl ExactSizeIterator<Item = Block>,
    steps: &[u8; 64],
    rates: Option<&Rates>,
    mut put: impl FnMut(usize, &[i16]),
) -> Result<Vec<LevelBlock>, TryReserveError> {
    let mut blocks = Vec::new();
    blocks.try_reserve_exact(sources.len())?;
    let quantiser = Quantiser::new(steps);
    let mut trellis = rates.map(Trellis::new);
    let (mut start, mut found) = (0, [0; 64]);
    for block in sources {
        let mask = match &mut trellis {
            None => quantiser.round(&block, &mut found),
            Some(trellis) => quantiser.choose(&block, trellis, &mut found),
        };
        // 2^13 by 2^13 blocks have fewer than 2^32 coefficients.
        blocks.push(LevelBlock { mask, start, dc: quantiser.dc(&block) });
        put(index(start), found.get(..index(mask.count_ones())).unwrap_or_default());
        start += mask.count_ones();
    }
    Ok(blocks)
}

/// Factors for magnitudes in steps.
struct Quantiser {
    /// `2^16 / step`, unsigned, in the order of a [`Block`].
    factors: [[i16; 8]; 8],
}

impl Quantiser {
    fn new(steps: &[u8; 64]) -> Self {
        let mut factors = [[0; 8]; 8];
        for (at, place) in factors.as_flattened_mut().iter_mut().enumerate() {
            let step = steps.get(at % 8 * 8 + at / 8).copied().unwrap_or(1).max(1);
            let factor = (1_u32 << 16).div_ceil(u32::from(step));
            *place = u16::try_from(factor).unwrap_or(u16::MAX).cast_signed();
        }
        Self { factors }
    }

    /// Magnitudes in steps, and the coefficients themselves.
    #[inline(always)]
    fn magnitudes(&self, block: &Block) -> [(I16x8, I16x8); 8] {
        let columns = block.as_chunks::<8>().0;
        let mut pairs = columns.iter().zip(&self.factors);
        [I16x8::splat(0); 8].map(|zero| {
            let Some((column, factors)) = pairs.next() else { return (zero, zero) };
            let column = I16x8::new(*column);
            let sign = column.shift::<15>();
            let magnitude = column.xor(sign).sub(sign);
            (magnitude.shift_left::<2>().mul_high_unsigned(I16x8::new(*factors)), column)
        })
    }

    #[inline(always)]
    fn dc(&self, block: &Block) -> i16 {
        let ([coefficient, ..], [[factor, ..], ..]) = (block, &self.factors);
        let product = u32::from(coefficient.unsigned_abs() << 2) * u32::from(factor.cast_unsigned());
        let level = ((product >> 16) + HALF.cast_unsigned() as u32) >> FRACTION;
        let level = i16::try_from(level).unwrap_or(0);
        if *coefficient < 0 { -level } else { level }
    }

    /// Rounds the AC coefficients, and finds the levels that are not zero. Returns their mask.
    #[inline(always)]
    fn round(&self, block: &Block, found: &mut [i16; 64]) -> u64 {
        let zero = I16x8::splat(0);
        let levels = self.magnitudes(block).map(|(magnitude, column)| {
            let is_below =
                magnitude.add(I16x8::splat(OFFSET_BELOW_ONE)).shift_unsigned(FRACTION).equals(zero);
            let level = magnitude.add(I16x8::splat(OFFSET)).shift_unsigned(FRACTION);
            // Of magnitudes below one, those that one offset makes 1 and the other does not.
            let level = level.sub(level.and(is_below));
            let sign = column.shift::<15>();
            level.xor(sign).sub(sign)
        });
        let mut stored = [0; 64];
        put(levels, &mut stored);
        let mask = zigzag_mask(mask(levels) & !1);
        let mut rest = mask;
        for place in found {
            if rest == 0 {
                break;
            }
            let stored_at = STORED.get(trailing(rest)).copied().unwrap_or(0);
            *place = stored.get(usize::from(stored_at)).copied().unwrap_or(0);
            rest &= rest - 1;
        }
        mask
    }

    /// Chooses AC levels by a trellis, and finds those that are not zero. Returns their mask.
    #[inline(always)]
    fn choose(&self, block: &Block, trellis: &mut Trellis<'_>, found: &mut [i16; 64]) -> u64 {
        let magnitudes = self.magnitudes(block);
        let nearest =
            magnitudes.map(|(magnitude, _)| magnitude.add(I16x8::splat(HALF)).shift_unsigned(FRACTION));
        let mut rest = zigzag_mask(mask(nearest) & !1);
        if rest == 0 {
            return 0;
        }
        let mut stored = [0; 64];
        put(magnitudes.map(|(magnitude, _)| magnitude), &mut stored);
        let squares = magnitudes.map(|(_, column)| column.squares());
        let energy = squares.into_iter().fold(I32x4::splat(0), I32x4::add).numbers();
        let energy = energy.into_iter().fold(0, i32::wrapping_add);
        let [dc, ..] = block;
        trellis.begin(energy.wrapping_sub(i32::from(*dc) * i32::from(*dc)));
        while rest != 0 {
            let position = trailing(rest);
            let place = usize::from(STORED.get(position).copied().unwrap_or(0));
            let magnitude = stored.get(place).copied().unwrap_or(0).cast_unsigned();
            let is_negative = block.get(place).is_some_and(|coefficient| *coefficient < 0);
            trellis.push(Candidate { position, magnitude, is_negative });
            rest &= rest - 1;
        }
        trellis.finish(found)
    }
}

#[inline(always)]
fn put(columns: [I16x8; 8], stored: &mut Block) {
    for (place, column) in stored.as_chunks_mut().0.iter_mut().zip(columns) {
        *place = column.numbers();
    }
}

/// A bit for each number that is not zero, in the order of a [`Block`].
#[inline(always)]
fn mask(columns: [I16x8; 8]) -> u64 {
    let [a, b, c, d, e, f, g, h] = columns;
    let parts = [(a, b), (c, d), (e, f), (g, h)].map(|(low, high)| I16x8::non_zero(low, high));
    parts.into_iter().rev().fold(0, |mask, part| mask << 16 | u64::from(part))
}

/// The bits of a mask in zigzag order.
#[inline(always)]
fn zigzag_mask(mut mask: u64) -> u64 {
    let mut zigzag = 0;
    while mask != 0 {
        zigzag |= 1_u64 << (ZIGZAG.get(trailing(mask)).copied().unwrap_or(0) & 63);
        mask &= mask - 1;
    }
    zigzag
}

/// The number of the lowest bit of a mask that is not zero.
#[inline(always)]
fn trailing(mask: u64) -> usize {
    index(mask.trailing_zeros() & 63)
}
