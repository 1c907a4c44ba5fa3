//! See `properties/keys.rs`.

#![no_main]

#[path = "../properties/keys.rs"]
mod keys;

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus { if keys::check(data) { Corpus::Keep } else { Corpus::Reject } });
