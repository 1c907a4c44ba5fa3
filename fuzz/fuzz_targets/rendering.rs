//! See `properties/rendering.rs`. In addition, no rendering may allocate much more than it is allowed.

#![no_main]

#[path = "../properties/allocation.rs"]
mod allocation;
#[path = "../properties/limits.rs"]
mod limits;
#[path = "../properties/rendering.rs"]
mod rendering;

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus { allocation::check(rendering::check, data) });
