//! See `properties/jpeg_writer.rs`.

#![no_main]

#[path = "../properties/jpeg_writer.rs"]
mod jpeg_writer;

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    if jpeg_writer::check(data) { Corpus::Keep } else { Corpus::Reject }
});
