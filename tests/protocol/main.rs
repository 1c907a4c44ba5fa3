//! The protocols of the platform: events, COS requests, commands, and the real program against the local SCF and COS.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    unreachable_pub,
    reason = "a test may panic and print, and `setup` is shared with another root"
)]

#[path = "../support/collision.rs"]
mod collision;
mod command_line;
mod cos_client;
mod end_to_end;
mod events;
mod examples;
mod manifest;
mod mistaken_events;
mod playground;
mod playground_events;
mod render;
mod scf_client;
mod settings;
#[path = "../support/setup.rs"]
mod setup;
mod soak;
#[path = "../support/usage.rs"]
mod usage;
