//! See `properties/runtime.rs`.

#![no_main]

#[path = "../properties/answers.rs"]
mod answers;
#[path = "../properties/runtime.rs"]
mod runtime;

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus { if runtime::check(data) { Corpus::Keep } else { Corpus::Reject } });
