//! Random numbers from a seed.

pub struct Random(fastrand::Rng);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0.usize(..bound)
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
