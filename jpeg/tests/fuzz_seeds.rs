//! The seeds and findings of fuzzing as ordinary tests: the properties hold for all of them.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a test may panic, and then say with what")]

#[path = "../fuzz/properties/jpeg_input.rs"]
mod jpeg_input;
#[path = "../fuzz/properties/jpeg_reader.rs"]
mod jpeg_reader;
#[path = "../fuzz/properties/jpeg_skip.rs"]
mod jpeg_skip;
#[path = "../fuzz/properties/jpeg_writer.rs"]
mod jpeg_writer;

use std::path::Path;

/// All files in `fuzz/<folder>`; none if it does not exist.
fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(folder);
    let paths = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    paths.map(|path| (path.display().to_string(), std::fs::read(&path).unwrap())).collect()
}

/// Checks a property on a folder of seeds and on the findings of a target.
fn check(seeds: &str, target: &str, property: fn(&[u8]) -> bool) {
    let seeds = files(&format!("seeds/{seeds}"));
    assert!(seeds.len() > 20, "{} seeds", seeds.len());
    for (name, bytes) in seeds.into_iter().chain(files(&format!("findings/{target}"))) {
        // The name is printed with a panic's message.
        println!("{name}");
        property(&bytes);
    }
}

#[test]
fn the_reader_survives_seeds_and_findings() {
    check("jpeg", "jpeg_reader", jpeg_reader::check);
}

#[test]
fn skipping_codes_changes_nothing_in_seeds_and_findings() {
    check("jpeg", "jpeg_skip", jpeg_skip::check);
}

#[test]
fn what_is_written_of_seeds_and_findings_is_read_back() {
    for (number, (name, bytes)) in (0..=255_u8).cycle().zip(files("seeds/jpeg")) {
        println!("{name}");
        // Choices of size, kind, effort, quality and steps before the samples.
        let choices = [31, 17, 5, 1, 41, 7, 3].map(|factor: u8| number.wrapping_mul(factor));
        assert!(jpeg_writer::check(&[&choices, bytes.as_slice()].concat()));
    }
    for (name, bytes) in files("findings/jpeg_writer") {
        println!("{name}");
        jpeg_writer::check(&bytes);
    }
}
