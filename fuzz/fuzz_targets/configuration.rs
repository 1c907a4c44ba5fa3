//! See `properties/configuration.rs`.

#![no_main]

#[path = "../properties/configuration.rs"]
mod configuration;
#[path = "../properties/validator.rs"]
mod validator;

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    if configuration::check(data) { Corpus::Keep } else { Corpus::Reject }
});
