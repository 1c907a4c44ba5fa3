//! The real program, started as the platform starts it, against the local SCF and COS over loopback.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    unreachable_pub,
    reason = "a test may panic, and its modules are its own"
)]

mod batches;
mod changes;
mod configured;
mod damage;
mod doctor;
mod faults;
mod heic;
mod keys;
mod platform;
mod rights;
mod sources;
