//! What fuzzing starts from, and what it has found, as ordinary tests: the properties hold for all of it.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a test may panic, and then say with what")]

#[path = "../../fuzz/properties/formats.rs"]
mod formats;
use std::path::Path;

/// Every file in `fuzz/<folder>`, which need not exist.
fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(folder);
    let paths = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    paths.map(|path| (path.display().to_string(), std::fs::read(&path).unwrap())).collect()
}

/// Checks a folder of seeds, and what was found with a target.
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
fn rendering_survives_seeds_and_findings() {
    check("formats", "formats", formats::check);
}
