//! See `properties/inventory.rs`.

#![no_main]

#[path = "../properties/chunks.rs"]
mod chunks;
#[path = "../properties/inventory.rs"]
mod inventory;

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus { if inventory::check(data) { Corpus::Keep } else { Corpus::Reject } });
