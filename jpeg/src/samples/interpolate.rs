//! Linear interpolation along a row, at any ratio that occurs, eight samples at a time.
//!
//! Four output samples in a row lie between five input samples at most, for there are no fewer output samples than
//! input samples. So the inputs before them are among four neighbours, and a shuffle within four numbers brings each to
//! its place; those after them are moved by the same shuffle one input further on. Shuffles and weights recur after a
//! period of as many output samples as make whole vectors and whole patterns of the ratio. They are computed when the
//! program is compiled, so each ratio has code of its own.

use crate::vector::I16x8;

/// Samples that a row has before its first: one, which is the same.
pub(super) const BEFORE: usize = 1;

/// Samples that a row has behind its last, all the same as it: those of a period, and what the last vector reads.
pub(super) const BEHIND: usize = 40;

/// Samples that there is room for behind the output, to write whole periods.
pub(super) const ROOM: usize = 64;

/// Four output samples.
struct Four {
    /// The input sample before the first of them, counted from the one before the first of the row.
    at: usize,
    /// How far each is behind the first, inputs, two bits each.
    shuffle: i32,
    /// Weights of the inputs before them.
    before: [i16; 4],
    /// Weights of the inputs after them.
    after: [i16; 4],
}

impl Four {
    /// The output samples `first` to `first + 3`, where `output` samples come of `input`: see
    /// [`Ratio::position`](crate::samples::upsample::Ratio::position).
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::indexing_slicing,
        reason = "small numbers, and computed by the compiler"
    )]
    const fn new(output: usize, input: usize, first: usize) -> Self {
        let total = 2 * output;
        let at = ((2 * first + 1) * input + output) / total;
        let mut four = Self { at, shuffle: 0, before: [0; 4], after: [0; 4] };
        let mut lane = 0;
        while lane < 4 {
            let place = (2 * (first + lane) + 1) * input + output;
            let (behind, weight) = (place / total - at, place % total);
            assert!(behind < 4);
            four.shuffle |= (behind << (2 * lane)) as i32;
            four.before[lane] = (total - weight) as i16;
            four.after[lane] = weight as i16;
            lane += 1;
        }
        four
    }
}

/// Division of numbers up to 65 535, rounded to the nearest.
struct Division {
    /// Added before: half the divisor, and one where the factor is too small.
    bias: I16x8,
    factor: I16x8,
    shift: u32,
}

impl Division {
    /// By an even number `d` from 4 to 2^15.
    ///
    /// With `2^k < d <= 2^(k + 1)`, a number `n` is multiplied by `2^(16 + k) / d`, rounded to 16 bits, and `16 + k`
    /// bits are dropped. A factor rounded up by `e / d` gives `⌊n / d⌋` as long as `n e < 2^(16 + k)`, and one rounded
    /// down by it does of `n + 1` as long as `(n + 1) e < 2^(16 + k)` and `e` is not 0. Rounded to the nearest, `e` is
    /// `d / 2` at most, which is `2^k` at most.
    fn by(divisor: u32) -> Self {
        debug_assert!(divisor.is_multiple_of(2) && (4..=1 << 15).contains(&divisor), "{divisor}");
        let shift = divisor.max(2).next_power_of_two().ilog2() - 1;
        let (factor, rest) = ((1 << (16 + shift)) / divisor.max(2), (1 << (16 + shift)) % divisor.max(2));
        let is_low = rest > 0 && rest <= divisor / 2;
        let factor = if rest > divisor / 2 { factor + 1 } else { factor };
        let splat = |number: u32| I16x8::splat(u16::try_from(number).unwrap_or(u16::MAX).cast_signed());
        Self { bias: splat(divisor / 2 + u32::from(is_low)), factor: splat(factor), shift }
    }

    #[inline(always)]
    fn of(&self, numbers: I16x8) -> I16x8 {
        numbers.add(self.bias).mul_high_unsigned(self.factor).shift_unsigned(self.shift)
    }
}

/// Eight samples.
#[inline(always)]
fn eight<const LOW: i32, const HIGH: i32>(
    inputs: &[u16],
    low: &Four,
    high: &Four,
    division: &Division,
) -> [u8; 8] {
    let four = |at: usize| inputs.get(at..).and_then(<[u16]>::first_chunk).copied().unwrap_or_default();
    let both = |a: [i16; 4], b: [i16; 4]| {
        let ([a, b, c, d], [e, f, g, h]) = (a, b);
        I16x8::new([a, b, c, d, e, f, g, h])
    };
    let picked = |shift: usize| {
        let (low, high): ([u16; 4], [u16; 4]) = (four(low.at + shift), four(high.at + shift));
        both(low.map(u16::cast_signed), high.map(u16::cast_signed)).shuffle_fours::<LOW, HIGH>()
    };
    let before = picked(0).mul(both(low.before, high.before));
    let after = picked(1).mul(both(low.after, high.after));
    let samples = division.of(before.add(after));
    let [samples, _] = I16x8::saturate(samples, samples).halves();
    samples.to_le_bytes()
}

/// Interpolates with the vectors of a period, by their numbers.
macro_rules! periods {
    ($row:ident, $target:ident, $division:ident, $output:literal / $input:literal, $($vector:literal)*) => {{
        const VECTORS: usize = [$($vector),*].len();
        const INPUTS: usize = 8 * VECTORS * $input / $output;
        let count = $target.len().saturating_sub(ROOM).div_ceil(8 * VECTORS);
        let periods = $target.as_chunks_mut::<{ 8 * VECTORS }>().0.iter_mut();
        for (number, places) in periods.take(count).enumerate() {
            let inputs = $row.get(number * INPUTS..).and_then(<[u16]>::first_chunk::<{ INPUTS + 6 }>);
            let Some(inputs) = inputs else { return };
            let mut places = places.as_chunks_mut::<8>().0.iter_mut();
            $({
                const LOW: Four = Four::new($output, $input, 8 * $vector);
                const HIGH: Four = Four::new($output, $input, 8 * $vector + 4);
                if let Some(place) = places.next() {
                    *place = eight::<{ LOW.shuffle }, { HIGH.shuffle }>(inputs, &LOW, &HIGH, &$division);
                }
            })*
        }
    }};
}

/// Interpolates along a row of numbers that are `scale` times samples, at a ratio of `output` to `input`, and rounds
/// to the nearest. The row has [`BEFORE`] and [`BEHIND`] numbers more than there are samples, and `target` [`ROOM`].
pub(super) fn interpolate(row: &[u16], (output, input): (u32, u32), scale: u16, target: &mut [u8]) {
    // Weights add up to 14 at most, along both axes: 14 * 14 * 255 and half of 14 * 14 are below 2^16.
    let division = Division::by(2 * output * u32::from(scale));
    match (output, input) {
        (1, 1) => periods!(row, target, division, 1 / 1, 0),
        (2, 1) => periods!(row, target, division, 2 / 1, 0),
        (3, 1) => periods!(row, target, division, 3 / 1, 0 1 2),
        (3, 2) => periods!(row, target, division, 3 / 2, 0 1 2 3 4 5),
        (4, 1) => periods!(row, target, division, 4 / 1, 0),
        (4, 3) => periods!(row, target, division, 4 / 3, 0),
        (5, 2) => periods!(row, target, division, 5 / 2, 0 1 2 3 4),
        (5, 4) => periods!(row, target, division, 5 / 4, 0 1 2 3 4),
        (7, 2) => periods!(row, target, division, 7 / 2, 0 1 2 3 4 5 6),
        (7, 4) => periods!(row, target, division, 7 / 4, 0 1 2 3 4 5 6),
        _ => debug_assert!(false, "no component has {input} samples for {output}"),
    }
}
