//! Sync: all sources of a bucket.
//!
//! - `simulated`: the real driver in a model of the platform, in virtual time: quotas, throttling, kills, duplicates.
//! - `live`: the real program against the local SCF and COS.
//! - `keys`: the same, with target keys that sources share, and buckets that a segment of the source key names.
//! - `endurance`: the same for a long time, with a look at what the processes hold.
//! - `verify`: the same, by what it looks at.
//! - `mishaps`: the same, where something is wrong from the beginning, or the user changes their mind.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    unreachable_pub,
    reason = "a test may panic and print, and `setup` is shared with another root"
)]

mod endurance;
mod keys;
mod live;
mod manifests;
mod mishaps;
mod platform;
#[allow(dead_code, reason = "the tests of protocols use the rest")]
#[path = "../support/setup.rs"]
mod setup;
mod simulated;
mod store;
#[allow(dead_code, reason = "the tests of protocols use the rest")]
#[path = "../support/usage.rs"]
mod usage;
mod verify;

#[global_allocator]
static ALLOCATOR: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;
