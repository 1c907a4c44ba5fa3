//! See `properties/recipe.rs`.

#![no_main]

#[path = "../properties/recipe.rs"]
mod recipe;

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus { if recipe::check(data) { Corpus::Keep } else { Corpus::Reject } });
