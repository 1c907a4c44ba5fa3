//! The formats and protocols of the platform: events, COS requests, and the real program against the local SCF and COS.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    unreachable_pub,
    reason = "a test may panic, and its modules are its own"
)]

mod command_line;
mod cos_client;
mod end_to_end;
mod events;
mod render;
#[path = "../support/world.rs"]
mod world;
