//! Convergence: the target bucket ends up right after any order of events, with duplicates and crashes.
//!
//! - `explorer`: every interleaving of two visits with up to three changes of the source.
//! - `histories`: random histories of the same logic over a model of COS.
//! - `live`: random histories of two instances of the real program, with faults and `kill -9`.
//! - `counting`: the requests of each case, against the table of `docs/guarantees.md`.
//!
//! A failure prints its seed; `CONVERGENCE_SEED=<seed>` runs that history alone.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test may panic and print, and `setup` is shared with another root"
)]

#[path = "../support/collision.rs"]
mod collision;
mod counting;
mod explorer;
mod handler;
mod histories;
mod live;
mod model;
mod random;
#[allow(dead_code, reason = "the tests of protocols use the rest")]
#[path = "../support/setup.rs"]
mod setup;
