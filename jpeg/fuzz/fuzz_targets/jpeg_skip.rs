//! See `properties/jpeg_skip.rs`.

#![no_main]

#[path = "../properties/jpeg_input.rs"]
mod jpeg_input;
#[path = "../properties/jpeg_skip.rs"]
mod jpeg_skip;

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus { if jpeg_skip::check(data) { Corpus::Keep } else { Corpus::Reject } });
