//! Random numbers from a seed: Marsaglia's xorshift64.

pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        // Multiplication spreads seeds that differ in one bit; the state must not be zero.
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        for (left, shift) in [(true, 13), (false, 7), (true, 17)] {
            self.0 ^= if left { self.0 << shift } else { self.0 >> shift };
        }
        usize::try_from((self.0 >> 16) % u64::try_from(bound).unwrap()).unwrap()
    }

    /// True with a probability of 1 / `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

/// The seeds of the range, or only that of `CONVERGENCE_SEED`.
pub fn seeds(range: std::ops::Range<u64>) -> Vec<u64> {
    match std::env::var("CONVERGENCE_SEED") {
        Ok(seed) => vec![seed.parse().expect("CONVERGENCE_SEED is a number")],
        Err(_) => range.collect(),
    }
}
