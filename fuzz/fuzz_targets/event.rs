//! See `properties/event.rs`.

#![no_main]

#[path = "../properties/event.rs"]
mod event;

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus { if event::check(data) { Corpus::Keep } else { Corpus::Reject } });
