//! AVIF thumbnails, read back by the decoder, which is another project's code than the encoder.

use std::process::Command;
use std::time::Duration;

use cos_thumbnailer::imaging::{Cancel, DraftThumbnail, Speed, Upright, draft, speed_within};
use cos_thumbnailer::recipe::{Format, Keep, Quality, Recipe};
use fast_ssim2::{PixelDescriptor, PixelSlice, Ssimulacra2Reference};
use image::RgbaImage;
use sha1::{Digest as _, Sha1};

use crate::comparison::difference;
use crate::fixture::{LIMITS, data, decoded, open, run};

fn recipe(side: u32) -> Recipe {
    Recipe { format: Some(Format::Avif), ..Recipe::fit_inside(side, side) }
}

/// The thumbnail of a fixture.
fn thumbnail(name: &str, recipe: &Recipe) -> Vec<u8> {
    run(&data(name), &[recipe]).unwrap().thumbnails[0].as_ref().unwrap().bytes.to_vec()
}

/// True if the file contains these bytes.
fn has(file: &[u8], mark: &[u8]) -> bool {
    file.windows(mark.len()).any(|window| window == mark)
}

#[test]
fn colours_grey_and_alpha_come_back_at_odd_sizes_too() {
    for (name, has_alpha) in [
        ("rgb.bmp", false),
        ("rgba.png", true),
        ("grey.jpg", false),
        ("grey-alpha.png", true),
        ("adobe-rgb.jpg", false),
    ] {
        for side in [1, 2, 15, 33, 80] {
            let avif = Recipe { quality: Quality::Fixed(95), ..recipe(side) };
            let png = Recipe { format: Some(Format::Png), ..avif.clone() };
            let file = thumbnail(name, &avif);
            let (mean, _) = difference(&decoded(&file), &open(&thumbnail(name, &png)));
            // One sample of chroma serves two by two pixels, which below some pixels are all that there are.
            let allowed = if side < 40 { 25.0 } else { 6.0 };
            assert!(mean < allowed, "{name} at {side} px: mean {mean:.2}");
            assert_eq!(has(&file, b"auxiliary:alpha"), has_alpha, "{name} at {side} px");
        }
    }
}

#[test]
fn better_quality_has_more_bytes_and_less_error() {
    let png = open(&thumbnail("rgb.bmp", &Recipe { format: Some(Format::Png), ..recipe(120) }));
    let mut last = (0, f64::MAX);
    for quality in [10, 40, 80, 100] {
        let file = thumbnail("rgb.bmp", &Recipe { quality: Quality::Fixed(quality), ..recipe(120) });
        let (mean, _) = difference(&decoded(&file), &png);
        assert!(file.len() > last.0 && mean < last.1, "{quality}: {} bytes, mean {mean:.2}", file.len());
        last = (file.len(), mean);
    }
}

#[test]
fn profile_and_copyright_are_kept_on_request() {
    let kept = Recipe { keep: Keep { profile: true, copyright: true }, ..recipe(80) };
    let file = thumbnail("p3.png", &kept);
    let source = png::Decoder::new(std::io::Cursor::new(data("p3.png"))).read_info().unwrap();
    let profile = source.info().icc_profile.clone().unwrap();
    assert!(has(&file, &profile), "the profile is stored as it is");
    // The pixels have the profile's colours, which reading it converts to those of the source in sRGB.
    let png = Recipe { format: Some(Format::Png), ..recipe(80) };
    let (mean, _) = difference(&decoded(&file), &open(&thumbnail("p3.png", &png)));
    assert!(mean < 6.0, "{mean:.2}");
    assert!(!has(&thumbnail("p3.png", &recipe(80)), &profile));
    let portrait = thumbnail("portrait.jpg", &kept);
    assert!(has(&portrait, b"Exif") && has(&portrait, b"Ann Artist\0") && !has(&portrait, b"SERIAL-0042"));
}

#[test]
fn every_speed_gives_the_same_size_and_look() {
    let avif = recipe(120);
    let png = open(&thumbnail("rgb.bmp", &Recipe { format: Some(Format::Png), ..recipe(120) }));
    let encoded = |speed| {
        let file = data("rgb.bmp");
        let made = draft(file.as_slice(), None, &[&avif], Upright::ByExif, None, &LIMITS, &Cancel::default());
        match made.unwrap().thumbnails.remove(0).unwrap() {
            DraftThumbnail::Drawn(drawn) => drawn.encode(speed, &Cancel::default()).0.unwrap().bytes,
            DraftThumbnail::Encoded(_) => panic!("AVIF is slow"),
        }
    };
    for speed in Speed::ALL {
        let file = encoded(speed);
        assert_eq!(file, encoded(speed), "{speed:?}: the same bytes");
        let (mean, _) = difference(&decoded(&file), &png);
        assert!(mean < 6.0, "{speed:?}: {mean:.2}");
    }
}

#[test]
fn less_time_chooses_a_quicker_speed() {
    let avif = recipe(160);
    let file = data("rgb.bmp");
    let made =
        draft(file.as_slice(), None, &[&avif], Upright::ByExif, None, &LIMITS, &Cancel::default()).unwrap();
    let drawn: Vec<_> = made
        .thumbnails
        .iter()
        .filter_map(|made| match made {
            Ok(DraftThumbnail::Drawn(drawn)) => Some(drawn.as_ref()),
            Ok(DraftThumbnail::Encoded(_)) | Err(_) => None,
        })
        .collect();
    let speed = |time| speed_within(&drawn, time);
    assert_eq!(speed(Duration::from_secs(3600)), Speed::Small);
    assert_eq!(speed(Duration::ZERO), Speed::Quickest);
    let estimates: Vec<Duration> = Speed::ALL.iter().map(|speed| drawn[0].estimate(*speed)).collect();
    assert!(estimates.is_sorted_by(|slow, quick| slow > quick), "{estimates:?}");
}

/// SSIMULACRA2 of opaque pixels.
fn score(original: &RgbaImage, other: &RgbaImage) -> f64 {
    fn slice(pixels: &RgbaImage) -> PixelSlice<'_> {
        let (width, height) = pixels.dimensions();
        PixelSlice::new(pixels, width, height, width as usize * 4, PixelDescriptor::RGBA8_SRGB).unwrap()
    }
    Ssimulacra2Reference::new(&slice(original)).unwrap().compare(&slice(other)).unwrap()
}

#[test]
fn the_quality_of_a_photograph_follows_from_its_score() {
    for (name, side) in [("photo-2048x1365.jpg", 300), ("kodim23-768x512.png", 160)] {
        let png = open(&thumbnail(name, &Recipe { format: Some(Format::Png), ..recipe(side) }));
        let mut bytes = 0;
        for wanted in [60, 75] {
            let auto = Recipe { quality: Quality::Auto(wanted), ..recipe(side) };
            let made = run(&data(name), &[&auto]).unwrap().thumbnails.remove(0).unwrap();
            let (quality, stated) = (made.quality.unwrap(), made.score.unwrap());
            // What the encoder has reconstructed is what another project's decoder shows.
            let seen = score(&png, &decoded(&made.bytes));
            assert!((seen - stated).abs() < 0.1, "{name} {wanted}: {seen:.2}, and {stated:.2} is stated");
            let is_met = (stated - f64::from(wanted)).abs() <= 1.0;
            let is_best = quality == 100 && stated < f64::from(wanted);
            // Strong colours in small pictures cannot have the score with chroma at half the resolution.
            assert!(is_met || is_best && side < 300, "{name} {wanted}: {stated:.2} with quality {quality}");
            assert!(made.bytes.len() > bytes, "{name} {wanted}: a higher score takes more bytes");
            bytes = made.bytes.len();
        }
    }
}

#[test]
fn a_score_that_no_quality_reaches_takes_the_highest() {
    let auto = Recipe { quality: Quality::Auto(95), ..recipe(60) };
    let made = run(&data("rgb.bmp"), &[&auto]).unwrap().thumbnails.remove(0).unwrap();
    let limited = Recipe { max_bytes: Some(made.bytes.len() as u64 - 1), ..auto };
    let smaller = run(&data("rgb.bmp"), &[&limited]).unwrap().thumbnails.remove(0).unwrap();
    assert!(made.score.unwrap() < 95.0 && made.quality == Some(100), "{:?} {:?}", made.score, made.quality);
    assert!(smaller.bytes.len() < made.bytes.len() && smaller.quality < made.quality);
}

/// Colours and alpha of `rgba.png`, not scaled, in the quality of the default.
const BYTES_OF_RGBA: &str = "72cb2bfa3b1fb6700ac9d2c6d12082181c5a3b9b";

/// In a build without the assembler every file is as `rust` writes it, so that this test in both builds compares them.
#[test]
fn the_assembler_changes_no_byte() {
    let folder = tempfile::tempdir().unwrap();
    let (source, target) = (folder.path().join("rgba.png"), folder.path().join("thumbnail.avif"));
    std::fs::write(&source, data("rgba.png")).unwrap();
    for instructions in ["rust", "sse2", "ssse3", "sse4_1", "avx2", "avx512icl"] {
        let status = Command::new(env!("CARGO_BIN_EXE_cos-thumbnailer"))
            .args(["render", "--box", "192"])
            .args([&source, &target])
            .env("RAV1E_CPU_TARGET", instructions)
            .status()
            .unwrap();
        assert!(status.success(), "{instructions}");
        let digest = hex::encode(Sha1::digest(std::fs::read(&target).unwrap()));
        assert_eq!(digest, BYTES_OF_RGBA, "{instructions}");
    }
}
