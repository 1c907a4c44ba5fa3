//! Seeds and findings of fuzzing as ordinary tests: the fuzzed properties hold for every file.

#[path = "../../fuzz/properties/formats.rs"]
mod formats;

use std::path::Path;

/// Files in `fuzz/<folder>`; none if the folder does not exist.
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
        // The last name printed is that of the file that panicked.
        println!("{name}");
        property(&bytes);
    }
}

#[test]
fn rendering_survives_seeds_and_findings() {
    check("formats", "formats", formats::check);
}
