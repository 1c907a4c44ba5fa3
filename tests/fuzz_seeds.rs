//! What fuzzing starts from, and what it has found, as ordinary tests: the properties hold for all of it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../fuzz/properties/formats.rs"]
mod formats;
#[path = "../fuzz/properties/jpeg_reader.rs"]
mod jpeg_reader;

use std::path::Path;

/// Every file in `fuzz/<kind>/<target>`.
fn files(kind: &str, target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(kind).join(target);
    let paths = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    paths.map(|path| (path.display().to_string(), std::fs::read(&path).unwrap())).collect()
}

#[test]
fn the_reader_survives_seeds_and_findings() {
    let seeds = files("seeds", "jpeg_reader");
    assert!(seeds.len() > 20, "{} seeds", seeds.len());
    for (name, bytes) in seeds.into_iter().chain(files("findings", "jpeg_reader")) {
        // The name is printed with a panic's message.
        println!("{name}");
        jpeg_reader::check(&bytes);
    }
}

#[test]
fn rendering_survives_seeds_and_findings() {
    let seeds = files("seeds", "formats");
    assert!(seeds.len() > 100, "{} seeds", seeds.len());
    for (name, bytes) in seeds.into_iter().chain(files("findings", "formats")) {
        println!("{name}");
        formats::check(&bytes);
    }
}
