//! See `properties/jpeg_reader.rs`.

#![no_main]

#[path = "../properties/jpeg_input.rs"]
mod jpeg_input;
#[path = "../properties/jpeg_reader.rs"]
mod jpeg_reader;

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    if jpeg_reader::check(data) { Corpus::Keep } else { Corpus::Reject }
});
