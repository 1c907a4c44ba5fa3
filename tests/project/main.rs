//! The repository itself: its documents, deployment scripts, zip and fuzzing seeds fit the program.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod configuration;
mod deploy;
mod fuzz_seeds;
mod layering;
mod package;
mod readme;
mod settings;
