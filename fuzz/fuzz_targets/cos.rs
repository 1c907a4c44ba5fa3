//! See `properties/cos.rs`.

#![no_main]

#[path = "../properties/answers.rs"]
mod answers;
#[path = "../properties/cos.rs"]
mod cos;

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus { if cos::check(data) { Corpus::Keep } else { Corpus::Reject } });
