//! Whatever the order, repetition and crashes of events, the target bucket ends up right.
//!
//! Three proofs, from small and complete to large and real: every interleaving of two visits with up to three changes of
//! the source (`explorer`), random histories of the same logic over a model of COS (`histories`), and random histories
//! of the real program, two instances of it and `kill -9` included (`live`). A failure prints its seed, and
//! `CONVERGENCE_SEED=<seed>` runs that history alone.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test may panic, and its modules are its own"
)]

mod counting;
mod explorer;
mod handler;
mod histories;
mod live;
mod model;
mod random;
#[allow(dead_code, reason = "the other tests use the rest")]
#[path = "../support/world.rs"]
mod world;
