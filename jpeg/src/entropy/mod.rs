//! Entropy-coded data of sequential scans to coefficients.
//!
//! A [`window`] holds the data of a scan in memory, for all processes. [`units`] says which blocks come in which
//! order. [`lookup`] makes `step_tables` that decode or skip several codes at once; [`lanes`] decode with them at
//! several places, `threads` have groups of lanes, and [`sequential`] puts their results together to the MCUs of the
//! scan, in order. [`filler`] tells data from what stands in its place. Nothing here knows what becomes of them ([`mcus::McuSink`]).

pub(crate) mod binary;
pub(crate) mod filler;
pub(crate) mod lanes;
pub(crate) mod lookup;
pub(crate) mod mcus;
pub(crate) mod sequential;
mod step_tables;
mod threads;
pub(crate) mod units;
pub(crate) mod window;
