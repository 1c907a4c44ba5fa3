//! Public suites of pictures that try every corner of their format.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its fixture has failed")]

use std::path::Path;

use cos_thumbnailer::imaging::{Error, Thumbnail};
use cos_thumbnailer::recipe::{Format, Recipe};
use image::RgbaImage;
use sha1::{Digest as _, Sha1};

use crate::chunks::edited;
use crate::fixture::{data, run};

/// The names of a suite's pictures that begin and end so.
fn names(suite: &str, start: &str, end: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(suite);
    let entries =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> =
        entries.filter(|name| name.starts_with(start) && name.ends_with(end)).collect();
    names.sort();
    names
}

/// A picture of a suite, fitted inside a square. Of a PNG the samples as they are stored: most of its suite has a
/// power of light, of which the sums know nothing.
fn thumbnail(suite: &str, name: &str, side: u32) -> Thumbnail {
    let recipe = Recipe { format: Some(Format::Png), ..Recipe::fit_inside(side, side) };
    let mut file = data(&format!("{suite}/{name}"));
    if suite == "pngsuite" {
        file = edited(&file, &[b"gAMA"], &[]);
    }
    let mut rendering = run(&file, &[&recipe]).unwrap_or_else(|error| panic!("{name}: {error}"));
    rendering.thumbnails.remove(0).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A picture of a suite, of the size it has.
fn pixels(suite: &str, name: &str) -> RgbaImage {
    image::load_from_memory(&thumbnail(suite, name, 10_000).bytes).unwrap().into_rgba8()
}

/// Samples that differ by more than a level.
fn differences(left: &RgbaImage, right: &RgbaImage) -> usize {
    assert_eq!(left.dimensions(), right.dimensions());
    left.iter().zip(right.iter()).filter(|(left, right)| left.abs_diff(**right) > 1).count()
}

/// The sums were made from what other decoders see (`make.py`). A picture without one must be refused by name.
#[test]
fn png_and_tiff_of_every_kind_have_the_pixels_that_others_see() {
    let sums = String::from_utf8(data("checksums.txt")).unwrap();
    let sums: Vec<Vec<&str>> = sums.lines().map(|line| line.split(' ').collect()).collect();
    let recipe = Recipe::fit_inside(100, 100);
    let pictures = names("pngsuite", "", ".png").into_iter().map(|name| ("pngsuite", name));
    let pictures = pictures.chain(names("tiffsuite", "", "f").into_iter().map(|name| ("tiffsuite", name)));
    let (mut seen, mut refused) = (0, 0);
    for (suite, name) in pictures.filter(|(_, name)| !name.contains("jpeg")) {
        let path = format!("{suite}/{name}");
        let Some(sum) = sums.iter().find(|sum| sum[0] == path) else {
            let refusal = run(&data(&path), &[&recipe]).map(|_| ());
            let is_clear = match suite {
                "pngsuite" => matches!(refusal, Err(Error::Damaged { .. } | Error::NotAnImage)),
                _ => matches!(refusal, Err(Error::Unsupported { .. })),
            };
            assert!(is_clear, "{path}: {refusal:?}");
            refused += 1;
            continue;
        };
        let pixels = pixels(suite, &name);
        let have =
            (format!("{}x{}", pixels.width(), pixels.height()), hex::encode(Sha1::digest(pixels.as_raw())));
        assert_eq!(have, (sum[1].to_owned(), sum[2].to_owned()), "{path}");
        seen += 1;
    }
    assert_eq!((seen, refused), (sums.len(), 14 + 12));
}

#[test]
fn tiles_of_jpeg_have_the_pixels_of_their_reference() {
    let reference = image::load_from_memory(&data("reference/tiled-jpeg-ycbcr.png")).unwrap().into_rgba8();
    assert_eq!(differences(&pixels("tiffsuite", "tiled-jpeg-ycbcr.tif"), &reference), 0);
}

/// The suite has each colour type and depth, and sizes from 1 to 40, both ways.
#[test]
fn interlaced_pictures_give_what_others_give() {
    let mut pairs = 0;
    for interlaced in names("pngsuite", "basi", ".png").into_iter().chain(names("pngsuite", "s", ".png")) {
        let plain = match interlaced.strip_prefix("basi") {
            Some(rest) => format!("basn{rest}"),
            None if interlaced.get(3..4) == Some("i") => interlaced.replacen('i', "n", 1),
            None => continue,
        };
        for side in [40, 9, 5, 2, 1] {
            // Sources of different length may have their thumbnails packed with more or less care.
            let [one, other] = [&interlaced, &plain]
                .map(|name| image::load_from_memory(&thumbnail("pngsuite", name, side).bytes).unwrap());
            assert_eq!(one, other, "{interlaced} and {plain} at {side}");
        }
        pairs += 1;
    }
    assert_eq!(pairs, 33);
}

/// The references are those of another decoder.
#[test]
fn bmp_of_every_kind_has_the_pixels_of_its_reference() {
    let pictures = names("bmpsuite", "", ".bmp");
    assert_eq!(pictures.len(), 53);
    for name in pictures {
        let reference = data(&format!("bmpsuite/reference/{}", name.replace(".bmp", ".png")));
        let mut reference = image::load_from_memory(&reference).unwrap().into_rgba8();
        // Where alpha is 0 everywhere it was never meant.
        if reference.pixels().all(|pixel| pixel.0[3] == 0) {
            reference.pixels_mut().for_each(|pixel| pixel.0[3] = 255);
        }
        // Those with a profile may round otherwise.
        assert_eq!(differences(&pixels("bmpsuite", &name), &reference), 0, "{name}");
    }
}

/// `small/KIND.png` and `small/KIND.VARIETY.EXTENSION` have the same pixels.
#[test]
fn same_pixels_give_the_same_thumbnail_in_every_format() {
    let pictures = names("small", "", "");
    for name in pictures.iter().filter(|name| !name.ends_with(".png")) {
        let plain = format!("{}.png", name.split('.').next().unwrap());
        for side in [48, 11, 5, 1] {
            let (one, other) = (thumbnail("small", name, side), thumbnail("small", &plain, side));
            let open =
                |thumbnail: &Thumbnail| image::load_from_memory(&thumbnail.bytes).unwrap().into_rgba8();
            assert_eq!(open(&one), open(&other), "{name} and {plain} at {side}");
        }
    }
}
