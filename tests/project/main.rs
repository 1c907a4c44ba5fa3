//! The repository itself: levels of modules, documents, crates of others, deployment scripts, zip and fuzzing seeds.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may panic and print"
)]

mod clients;
mod configuration;
mod dependencies;
mod deploy;
mod fuzz_seeds;
mod labels;
mod layering;
mod manual;
mod package;
mod python;
mod readme;
mod schema;
