//! See `properties/formats.rs`. In addition, no rendering may allocate much more than it is allowed.

#![no_main]

#[path = "../properties/allocation.rs"]
mod allocation;
#[path = "../properties/chunks.rs"]
mod chunks;
#[path = "../properties/formats.rs"]
mod formats;
#[path = "../properties/limits.rs"]
mod limits;

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus { allocation::check(formats::check, data) });
