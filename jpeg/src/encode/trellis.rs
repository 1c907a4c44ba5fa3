//! The levels of a block that cost least: rate–distortion optimisation over runs of zeros.
//!
//! A level that is not zero costs the code of the zeros before it and of its size, and a level next to zero often costs
//! more bits than its distortion is worth. Which levels to keep depends on each other by the runs of zeros between them.
//! A path through the coefficients is cheapest up to a kept one if it is cheapest up to the one kept before that, so the
//! best path is found step by step (the trellis of Ramchandran and Vetterli, "Rate-distortion optimal fast thresholding
//! with complete JPEG/MPEG decoder compatibility", 1994).
//!
//! # Cost
//!
//! Bits plus [`WEIGHT`] times the squared error in steps; errors in steps, because the tables already say how much each
//! frequency shows. Where a block has much energy, errors show less: the weight is divided by `1 + energy /`
//! [`MASKING`], the mean square of the AC coefficients.
//!
//! Everything is in whole numbers, so that each processor chooses the same levels: magnitudes have 6 bits of fraction,
//! weights 10, costs 8.
//!
//! # Choices
//!
//! A coefficient below half a step is zero: no code is shorter than that of zero, nor its error smaller. Levels of one
//! size have codes of one length, so of each size only the level nearest to the coefficient can be best, and a level
//! two sizes smaller is too far off. That leaves zero, the nearest level, and, if that is a power of two, the one below.

use crate::encode::huffman::Code;
use crate::index::index;

/// Fraction bits of magnitudes in steps.
pub(super) const FRACTION: u32 = 6;

/// Bits that a squared error of one step is worth in a flat block.
const WEIGHT: u64 = 19;

/// Mean square of AC coefficients at which errors count half.
const MASKING: u64 = 1448;

const WEIGHT_BITS: u32 = 10;

const COST_BITS: u32 = 8;

/// Kept coefficients before one, of which each may be its predecessor.
const LOOK_BACK: usize = 5;

/// Lengths of the codes of AC levels, with their extra bits, in 2^-[`COST_BITS`] bits.
#[derive(Clone, Debug)]
pub(super) struct Rates {
    /// By run of zeros, 0 to 62, and size, 1 to 10; longer runs include the codes of sixteen zeros.
    levels: Box<[[u16; 16]; 64]>,
    end: u16,
}

impl Rates {
    /// The rates of a code that has all symbols of AC levels.
    pub(super) fn new(code: &Code) -> Self {
        let length = |symbol: u8| u16::from(code.length(symbol));
        let mut levels = Box::new([[0; 16]; 64]);
        for (run, sizes) in (0_u8..).zip(levels.iter_mut()) {
            for (size, rate) in (0_u8..).zip(sizes) {
                let bits =
                    u16::from(run / 16) * length(0xf0) + length((run % 16) << 4 | size) + u16::from(size);
                *rate = bits << COST_BITS;
            }
        }
        Self { levels, end: length(0) << COST_BITS }
    }

    #[inline(always)]
    fn level(&self, run: usize, size: u32) -> i64 {
        let rate = self.levels.get(run).and_then(|sizes| sizes.get(index(size)));
        i64::from(rate.copied().unwrap_or(u16::MAX))
    }
}

/// A coefficient that may be kept.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Candidate {
    /// Zigzag index.
    pub(super) position: usize,
    /// Magnitude in steps, with 6 bits of fraction: 32 or more.
    pub(super) magnitude: u16,
    pub(super) is_negative: bool,
}

/// A kept coefficient at the end of the cheapest path to it.
#[derive(Clone, Copy, Debug, Default)]
struct Node {
    position: usize,
    /// Cost of the path, less that of making all candidates zero up to here.
    open: i64,
    /// Node before this one.
    from: usize,
    level: i16,
}

/// The trellis of one block after another.
#[derive(Clone, Debug)]
pub(super) struct Trellis<'a> {
    rates: &'a Rates,
    weight: u64,
    /// The start, and a node for each candidate.
    nodes: [Node; 64],
    count: usize,
    /// Cost of making all candidates zero so far.
    zeros: i64,
}

impl<'a> Trellis<'a> {
    pub(super) fn new(rates: &'a Rates) -> Self {
        Self { rates, weight: 0, nodes: [Node::default(); 64], count: 1, zeros: 0 }
    }

    /// Begins a block. `energy` is the sum of the squares of its AC coefficients, with 8 bits of fraction.
    #[inline(always)]
    pub(super) fn begin(&mut self, energy: i32) {
        let whole = (MASKING * 63) << 8;
        let energy = u64::try_from(energy).unwrap_or(0);
        self.weight = (WEIGHT << WEIGHT_BITS) * whole / (whole + energy);
        (self.count, self.zeros) = (1, 0);
    }

    /// Cost of a level for a magnitude.
    #[inline(always)]
    fn distortion(&self, magnitude: u16, level: u16) -> i64 {
        let error = u64::from(magnitude.abs_diff(level << FRACTION));
        ((error * error * self.weight) >> (2 * FRACTION + WEIGHT_BITS - COST_BITS)).cast_signed()
    }

    /// Adds a candidate behind the others.
    #[inline(always)]
    pub(super) fn push(&mut self, candidate: Candidate) {
        let Candidate { position, magnitude, is_negative } = candidate;
        let nearest = (magnitude.saturating_add(32) >> FRACTION).min(1023);
        let size = 16 - nearest.leading_zeros();
        let below = nearest - 1;
        let has_choice = nearest.is_power_of_two() && below > 0;
        let first = self.count.saturating_sub(LOOK_BACK);
        let (mut best, mut best_below) = ((i64::MAX, 0), (i64::MAX, 0));
        for (at, node) in self.nodes.iter().enumerate().take(self.count).skip(first) {
            let run = position - node.position - 1;
            best = best.min((node.open + self.rates.level(run, size), at));
            if has_choice {
                best_below = best_below.min((node.open + self.rates.level(run, size - 1), at));
            }
        }
        let mut cost = best.0 + self.distortion(magnitude, nearest);
        let (mut from, mut level) = (best.1, nearest);
        if has_choice {
            let other = best_below.0 + self.distortion(magnitude, below);
            if other < cost {
                (cost, from, level) = (other, best_below.1, below);
            }
        }
        // Costs up to here hold the zeros before this candidate, and paths from here on those behind it.
        self.zeros += self.distortion(magnitude, 0);
        let open = cost - self.distortion(magnitude, 0);
        let level = level.cast_signed();
        let node = Node { position, open, from, level: if is_negative { -level } else { level } };
        if let Some(place) = self.nodes.get_mut(self.count) {
            *place = node;
            self.count += 1;
        }
    }

    /// Finds the levels of the cheapest path. Returns their mask, by zigzag index.
    #[inline(always)]
    pub(super) fn finish(&self, found: &mut [i16; 64]) -> u64 {
        let (mut best, mut last) = (i64::MAX, 0);
        for (at, node) in self.nodes.iter().enumerate().take(self.count) {
            let end = if node.position == 63 { 0 } else { i64::from(self.rates.end) };
            if node.open + end < best {
                (best, last) = (node.open + end, at);
            }
        }
        let (mut mask, mut count) = (0, 0);
        while last != 0 {
            let Some(node) = self.nodes.get(last) else { break };
            mask |= 1 << (node.position & 63);
            if let Some(place) = found.get_mut(count) {
                *place = node.level;
            }
            count += 1;
            last = node.from;
        }
        found.get_mut(..count).unwrap_or_default().reverse();
        mask
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "small numbers")]
mod tests {
    use super::*;

    fn random(seed: &mut u32, below: u32) -> u32 {
        *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (*seed >> 10) % below
    }

    fn any_rates(seed: &mut u32) -> Rates {
        let counts = std::array::from_fn(|symbol| {
            let (run, size) = (symbol as u32 / 16, symbol as u32 % 16);
            // Long runs and large levels are rare.
            if size > 10 { 0 } else { 1 + random(seed, 1 + (1 << 16) / ((1 + run) << (2 * size))) }
        });
        Rates::new(&Code::optimal(&counts))
    }

    fn any_candidates(seed: &mut u32) -> Vec<Candidate> {
        let mut position = 0;
        let count = 1 + random(seed, 6);
        let mut candidates = Vec::new();
        for _ in 0..count {
            position += 1 + random(seed, 10) as usize;
            let most = [70, 300, 3000][random(seed, 3) as usize];
            let magnitude = 32 + random(seed, most) as u16;
            candidates.push(Candidate { position, magnitude, is_negative: random(seed, 2) == 1 });
        }
        candidates.last_mut().unwrap().position = position.min(63);
        candidates
    }

    /// Cost of levels by the definition.
    fn cost(trellis: &Trellis<'_>, candidates: &[Candidate], levels: &[i16]) -> i64 {
        let (mut cost, mut last) = (0, 0);
        for (candidate, level) in candidates.iter().zip(levels) {
            cost += trellis.distortion(candidate.magnitude, level.unsigned_abs());
            if *level != 0 {
                let size = 16 - level.unsigned_abs().leading_zeros();
                cost += trellis.rates.level(candidate.position - last - 1, size);
                last = candidate.position;
            }
        }
        if last < 63 { cost + i64::from(trellis.rates.end) } else { cost }
    }

    /// Levels of all candidates.
    fn chosen(trellis: &mut Trellis<'_>, energy: i32, candidates: &[Candidate]) -> Vec<i16> {
        trellis.begin(energy);
        candidates.iter().for_each(|candidate| trellis.push(*candidate));
        let mut values = [0; 64];
        let mask = trellis.finish(&mut values);
        let mut values = values.into_iter().take(mask.count_ones() as usize);
        let level = |candidate: &Candidate| {
            if mask >> candidate.position & 1 == 1 { values.next().unwrap() } else { 0 }
        };
        candidates.iter().map(level).collect()
    }

    /// The least cost of zero, the nearest level and the one below it for each candidate.
    fn least(trellis: &Trellis<'_>, candidates: &[Candidate], levels: &mut Vec<i16>) -> i64 {
        let Some(candidate) = candidates.get(levels.len()) else { return cost(trellis, candidates, levels) };
        let nearest = i16::try_from((candidate.magnitude + 32) >> FRACTION).unwrap();
        let mut best = i64::MAX;
        for level in [0, nearest - 1, nearest] {
            levels.push(level);
            best = best.min(least(trellis, candidates, levels));
            levels.pop();
        }
        best
    }

    #[test]
    fn no_other_choice_costs_less() {
        let mut seed = 5;
        for _ in 0..150 {
            let rates = any_rates(&mut seed);
            let mut trellis = Trellis::new(&rates);
            let mut candidates = any_candidates(&mut seed);
            candidates.truncate(5);
            let energy = i32::try_from(random(&mut seed, 1 << 22)).unwrap() << 4;
            let levels = chosen(&mut trellis, energy, &candidates);
            let signs = candidates.iter().zip(&levels);
            assert!(
                signs.clone().all(|(candidate, level)| *level == 0 || candidate.is_negative == (*level < 0))
            );
            let found = cost(&trellis, &candidates, &levels);
            assert_eq!(found, least(&trellis, &candidates, &mut Vec::new()), "{candidates:?}: {levels:?}");
        }
    }

    #[test]
    fn rounding_never_costs_less() {
        let mut seed = 11;
        for _ in 0..3000 {
            let rates = any_rates(&mut seed);
            let mut trellis = Trellis::new(&rates);
            // All coefficients of a block.
            let mut candidates = Vec::new();
            for position in 1..64_u16 {
                let most = (4000 / (position * position)).max(60);
                let magnitude = 32 + random(&mut seed, u32::from(most)) as u16;
                if random(&mut seed, 3) > 0 {
                    candidates.push(Candidate { position: position.into(), magnitude, is_negative: false });
                }
            }
            let levels = chosen(&mut trellis, 1 << 24, &candidates);
            let rounded = candidates
                .iter()
                .map(|candidate| i16::try_from((candidate.magnitude + 32) >> FRACTION).unwrap());
            let rounded: Vec<i16> = rounded.collect();
            assert!(cost(&trellis, &candidates, &levels) <= cost(&trellis, &candidates, &rounded));
        }
    }
}
