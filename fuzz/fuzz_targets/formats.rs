//! See `properties/formats.rs`.

#![no_main]

#[path = "../properties/formats.rs"]
mod formats;

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus { if formats::check(data) { Corpus::Keep } else { Corpus::Reject } });
