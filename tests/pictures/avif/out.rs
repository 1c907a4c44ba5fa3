//! AVIF thumbnails, read back by the decoder, which is another project's code than the encoder.

use std::time::Duration;

use cos_thumbnailer::imaging::{Cancel, DraftThumbnail, Speed, Upright, draft, speed_within};
use cos_thumbnailer::recipe::{Format, Keep, Quality, Recipe};

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
        let made = draft(file.as_slice(), None, &[&avif], Upright::ByExif, &LIMITS, &Cancel::default());
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
    let made = draft(file.as_slice(), None, &[&avif], Upright::ByExif, &LIMITS, &Cancel::default()).unwrap();
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
