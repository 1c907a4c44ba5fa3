//! Entropy-coded data to coefficients.

pub(crate) mod lanes;
pub(crate) mod lookup;
pub(crate) mod sequential;
mod step_tables;
mod threads;
pub(crate) mod units;
pub(crate) mod window;
