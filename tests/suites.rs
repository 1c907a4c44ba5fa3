//! Public suites of pictures that try every corner of their format.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its fixture has failed")]

mod fixture;

use std::path::Path;

use cos_thumbnailer::imaging::Thumbnail;
use cos_thumbnailer::recipe::{Format, Recipe};

use fixture::{data, run};

/// The names of a suite's pictures that begin so.
fn names(suite: &str, start: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(suite);
    let entries =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> =
        entries.filter(|name| name.starts_with(start) && name.ends_with(".png")).collect();
    names.sort();
    names
}

/// A picture of a suite, fitted inside a square.
fn thumbnail(suite: &str, name: &str, side: u32) -> Thumbnail {
    let recipe = Recipe { format: Some(Format::Png), ..Recipe::fit_inside(side, side) };
    let mut rendering =
        run(&data(&format!("{suite}/{name}")), &[&recipe]).unwrap_or_else(|error| panic!("{name}: {error}"));
    rendering.thumbnails.remove(0).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The suite has each colour type and depth, and sizes from 1 to 40, both ways.
#[test]
fn interlaced_pictures_give_what_others_give() {
    let mut pairs = 0;
    for interlaced in names("pngsuite", "basi").into_iter().chain(names("pngsuite", "s")) {
        let plain = match interlaced.strip_prefix("basi") {
            Some(rest) => format!("basn{rest}"),
            None if interlaced.get(3..4) == Some("i") => interlaced.replacen('i', "n", 1),
            None => continue,
        };
        for side in [40, 9, 5, 2, 1] {
            let (one, other) =
                (thumbnail("pngsuite", &interlaced, side), thumbnail("pngsuite", &plain, side));
            assert_eq!(one, other, "{interlaced} and {plain} at {side}");
        }
        pairs += 1;
    }
    assert_eq!(pairs, 33);
}
