//! Public suites of test images for PNG, TIFF and BMP.

use std::path::Path;

use cos_thumbnailer::imaging::{Error, Thumbnail};
use cos_thumbnailer::recipe::{Format, Recipe};
use image::RgbaImage;
use sha1::{Digest as _, Sha1};

use crate::comparison::difference;
use crate::files::edited_png;
use crate::fixture::{data, open, run};

/// Names of the files in a suite that begin with `start` and end with `end`.
fn names(suite: &str, start: &str, end: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(suite);
    let entries =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> =
        entries.filter(|name| name.starts_with(start) && name.ends_with(end)).collect();
    names.sort();
    names
}

/// A thumbnail of a file of a suite, fitted inside a square. The gamma of PNG files is removed first: the checksums are
/// of the samples as they are stored.
fn thumbnail(suite: &str, name: &str, side: u32) -> Thumbnail {
    let recipe = Recipe { format: Some(Format::Png), ..Recipe::fit_inside(side, side) };
    let mut file = data(&format!("{suite}/{name}"));
    if suite == "pngsuite" {
        file = edited_png(&file, &[b"gAMA"], &[]);
    }
    let mut rendering = run(&file, &[&recipe]).unwrap_or_else(|error| panic!("{name}: {error}"));
    rendering.thumbnails.remove(0).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The pixels of a file of a suite, at their own size.
fn pixels(suite: &str, name: &str) -> RgbaImage {
    open(&thumbnail(suite, name, 10_000).bytes)
}

/// Number of samples that differ by more than one level.
fn differences(left: &RgbaImage, right: &RgbaImage) -> usize {
    assert_eq!(left.dimensions(), right.dimensions());
    left.iter().zip(right.iter()).filter(|(left, right)| left.abs_diff(**right) > 1).count()
}

/// The checksums are of the pixels that other decoders read (`tests/data/make.py`). A file without one must be refused, or
/// shown as damaged.
#[test]
fn every_png_and_tiff_has_the_pixels_of_its_checksum() {
    let sums = String::from_utf8(data("checksums.txt")).unwrap();
    let sums: Vec<Vec<&str>> = sums.lines().map(|line| line.split(' ').collect()).collect();
    let recipe = Recipe::fit_inside(100, 100);
    let files = names("pngsuite", "", ".png").into_iter().map(|name| ("pngsuite", name));
    let files = files.chain(names("tiffsuite", "", "f").into_iter().map(|name| ("tiffsuite", name)));
    let (mut seen, mut refused) = (0, 0);
    let has_reference = |name: &str| tiff_reference(name).is_some() || name.contains("jpeg");
    for (suite, name) in files.filter(|(_, name)| !has_reference(name)) {
        let path = format!("{suite}/{name}");
        let Some(sum) = sums.iter().find(|sum| sum[0] == path) else {
            let refusal = run(&data(&path), &[&recipe]).map(|rendering| rendering.source.damaged);
            let is_clear = match name.as_str() {
                // The CRC of its pixels is wrong and Adler-32 is right.
                "xcsn0g01.png" => matches!(refusal, Ok(Some(_))),
                _ => matches!(refusal, Err(Error::Damaged { .. } | Error::NotAnImage)),
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
    assert_eq!((seen, refused), (sums.len(), 14));
}

/// The reference of a TIFF that other decoders round differently; `None` if it has a checksum.
fn tiff_reference(name: &str) -> Option<RgbaImage> {
    let stem = name.strip_suffix(".tif")?;
    let path = format!("tests/data/tiffsuite/reference/{stem}.png");
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).ok().map(|file| open(&file))
}

/// YCbCr as libtiff shows it, CIELAB as LittleCMS does, and JPEG of the old kind, for which libtiff repeats chroma.
#[test]
fn tiff_of_other_colors_is_near_its_reference() {
    let mut seen = 0;
    for name in names("tiffsuite", "", ".tif") {
        let Some(reference) = tiff_reference(&name) else { continue };
        let (mean, most) = difference(&pixels("tiffsuite", &name), &reference);
        let allowed = match name.as_str() {
            "smallliz.tif" | "zackthecat.tif" => (1.3, 40.0),
            // Colours outside of sRGB are cut in other ways.
            "lab8-lzw.tif" => (0.6, 30.0),
            // libtiff errs in the last rows of the last block.
            "flower-ycbcr44-contig-08.tif" => (0.5, 140.0),
            _ => (0.5, 2.0),
        };
        assert!(mean < allowed.0 && most < allowed.1, "{name}: mean {mean:.2}, largest {most}");
        seen += 1;
    }
    assert_eq!(seen, 10);
}

#[test]
fn tiff_of_jpeg_tiles_has_the_pixels_of_its_reference() {
    let reference = open(&data("reference/tiled-jpeg-ycbcr.png"));
    assert_eq!(differences(&pixels("tiffsuite", "tiled-jpeg-ycbcr.tif"), &reference), 0);
}

/// The suite has each colour type and depth, and sizes from 1 to 40, interlaced and not.
#[test]
fn interlaced_png_gives_the_thumbnail_of_the_plain_one() {
    let mut pairs = 0;
    for interlaced in names("pngsuite", "basi", ".png").into_iter().chain(names("pngsuite", "s", ".png")) {
        let plain = match interlaced.strip_prefix("basi") {
            Some(rest) => format!("basn{rest}"),
            None if interlaced.get(3..4) == Some("i") => interlaced.replacen('i', "n", 1),
            None => continue,
        };
        for side in [40, 9, 5, 2, 1] {
            // Pixels, not bytes: how hard a thumbnail is compressed depends on the length of its source.
            let [one, other] =
                [&interlaced, &plain].map(|name| open(&thumbnail("pngsuite", name, side).bytes));
            assert_eq!(one, other, "{interlaced} and {plain} at {side}");
        }
        pairs += 1;
    }
    assert_eq!(pairs, 33);
}

/// Another decoder made the references.
#[test]
fn every_bmp_has_the_pixels_of_its_reference() {
    let files = names("bmpsuite", "", ".bmp");
    assert_eq!(files.len(), 53);
    for name in files {
        let reference = data(&format!("bmpsuite/reference/{}", name.replace(".bmp", ".png")));
        let mut reference = open(&reference);
        // Alpha that is 0 everywhere is taken for an unused byte, and the image for opaque.
        if reference.pixels().all(|pixel| pixel.0[3] == 0) {
            reference.pixels_mut().for_each(|pixel| pixel.0[3] = 255);
        }
        // One level is allowed: conversion of a profile may round differently.
        assert_eq!(differences(&pixels("bmpsuite", &name), &reference), 0, "{name}");
    }
}

/// `small/KIND.VARIETY.EXTENSION` has the pixels of `small/KIND.png`.
#[test]
fn same_pixels_give_the_same_thumbnail_in_every_format() {
    let files = names("small", "", "");
    for name in files.iter().filter(|name| !name.ends_with(".png")) {
        let plain = format!("{}.png", name.split('.').next().unwrap());
        for side in [48, 11, 5, 1] {
            let (one, other) = (thumbnail("small", name, side), thumbnail("small", &plain, side));
            assert_eq!(open(&one.bytes), open(&other.bytes), "{name} and {plain} at {side}");
        }
    }
}
