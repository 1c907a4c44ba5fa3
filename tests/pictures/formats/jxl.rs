//! JPEG XL through `render`, against the output of libjxl (`tests/data/make.py`).

use std::num::NonZeroUsize;

use cos_thumbnailer::imaging::{Cancel, Error, Limits, SourceFormat, Tolerance, Upright, render};
use cos_thumbnailer::recipe::{Format, Keep, Recipe};
use image::RgbaImage;

use crate::comparison::difference;
use crate::fixture::{LIMITS, data, open, run};

fn suite() -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/jxlsuite");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
    names.retain(|name| name.ends_with(".jxl"));
    names.sort();
    names
}

fn pixels(name: &str, side: u32) -> RgbaImage {
    let recipe = Recipe { format: Some(Format::Png), ..Recipe::fit_inside(side, side) };
    let mut rendering = run(&data(name), &[&recipe]).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(rendering.source.format, SourceFormat::Jxl);
    open(&rendering.thumbnails.remove(0).unwrap().bytes)
}

/// Layers, blending, premultiplied alpha, patches, splines, upsampling, wavelets, original JPEG, animation, and all eight
/// orientations.
#[test]
fn every_file_of_the_suite_looks_as_libjxl_decodes_it() {
    let mut mistakes = Vec::new();
    for name in suite() {
        let path = format!("tests/data/jxlsuite/reference/{}", name.replace(".jxl", ".png"));
        let Ok(reference) = std::fs::read(path) else { continue };
        let reference = open(&reference);
        let (mean, most) = difference(&pixels(&format!("jxlsuite/{name}"), 64), &reference);
        println!("{name}: mean {mean:.3}, largest {most:.2}");
        if mean >= 1.0 {
            mistakes.push(format!("{name}: mean {mean:.3}, largest {most:.2}"));
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

/// The orientation of EXIF repeats that of the codestream.
#[test]
fn orientation_is_applied_once() {
    let image = pixels("orientation-6.jxl", 48);
    assert_eq!(image.dimensions(), (48, 32));
    for (x, y, color) in [(10, 8, [200, 30, 30]), (38, 8, [30, 180, 30]), (10, 24, [30, 30, 200])] {
        let pixel = image.get_pixel(x, y).0;
        let is_near = pixel.iter().zip(color).all(|(have, want)| have.abs_diff(want) < 12);
        assert!(is_near, "{pixel:?} at {x}, {y}");
    }
}

/// Brighter than diffuse white is still below white, and the ramp from black to white stays one.
#[test]
fn high_dynamic_range_is_tone_mapped() {
    for name in ["hlg", "pq"] {
        let image = pixels(&format!("jxlsuite/{name}.jxl"), 64);
        let bright = image.pixels().filter(|pixel| pixel.0[..3].iter().all(|sample| *sample > 250)).count();
        let all = image.pixels().count();
        assert!(bright < all / 2, "{name}: {bright} of {all} pixels are white");
    }
}

#[test]
fn copyright_and_profile_are_kept_on_request() {
    let keep = Keep { copyright: true, profile: true };
    let recipe = Recipe { format: Some(Format::Jpeg), keep, ..Recipe::fit_inside(64, 64) };
    let rendering = run(&data("adobe-rgb.jxl"), &[&recipe]).unwrap();
    let bytes = rendering.thumbnails[0].as_ref().unwrap().bytes.clone();
    let has = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    assert!(has(b"A. Artist"), "the EXIF of the container is lost");
}

#[test]
fn result_does_not_depend_on_the_sizes_of_reads() {
    struct Slow<'a>(&'a [u8], usize);
    impl std::io::Read for Slow<'_> {
        fn read(&mut self, target: &mut [u8]) -> std::io::Result<usize> {
            let count = target.len().min(self.1);
            self.0.read(&mut target[..count])
        }
    }
    let recipe = Recipe { format: Some(Format::Png), ..Recipe::default() };
    for name in ["rgb.jxl", "rgba.jxl", "jxlsuite/grey-alpha-patches.jxl", "jxlsuite/permuted.jxl"] {
        let file = data(name);
        let whole = run(&file, &[&recipe]).unwrap();
        for size in [7, 100] {
            let slow =
                render(Slow(&file, size), None, &[&recipe], Upright::ByExif, &LIMITS, &Cancel::default());
            let (slow, whole) = (&slow.unwrap().thumbnails[0], &whole.thumbnails[0]);
            assert_eq!(slow.as_ref().unwrap(), whole.as_ref().unwrap(), "{name} by {size}");
        }
    }
}

fn limited(file: &[u8], max_pixels: u64, memory: u64) -> Result<(), Error> {
    let limits = Limits { max_pixels, memory, damage: Tolerance::MostlyGood, threads: NonZeroUsize::MIN };
    let recipe = Recipe::fit_inside(50, 50);
    render(file, None, &[&recipe], Upright::ByExif, &limits, &Cancel::default()).map(|_| ())
}

/// A file of 61 bytes has a million pixels, and one of 145 has hidden layers that are all kept.
#[test]
fn size_and_memory_are_admitted_by_the_header() {
    let triangles = data("jxlsuite/alpha-triangles.jxl");
    let refusal = limited(&triangles, 1000, 256_000_000);
    assert!(matches!(refusal, Err(Error::TooManyPixels { width: 1024, height: 1024, .. })), "{refusal:?}");
    let refusal = limited(&triangles, 10_000_000, 10_000_000);
    assert!(matches!(refusal, Err(Error::TooMuchMemory { needed: 10_000_001.., .. })), "{refusal:?}");
    // Any coding takes 8 bytes for each of four samples of a pixel, and each kept layer 4.
    let layers = data("jxlsuite/blend-modes.jxl");
    let refusal = limited(&layers, 10_000_000, 1024 * 1024 * 4 * 9);
    assert!(matches!(refusal, Err(Error::TooMuchMemory { .. })), "{refusal:?}");
    assert!(limited(&layers, 10_000_000, 1024 * 1024 * 4 * 30).is_ok());
    // Its layers are 2048 pixels wide, and the picture 924.
    let refusal = limited(&data("jxlsuite/layers.jxl"), 10_000_000, 256_000_000);
    assert!(
        matches!(&refusal, Err(error @ Error::Unsupported { .. }) if error.to_string().contains("larger than the picture")),
        "{refusal:?}"
    );
}

/// Cut anywhere, and with any byte changed, a file is refused with its reason or shown.
#[test]
fn cut_and_changed_files_never_panic() {
    let recipe = Recipe::fit_inside(20, 20);
    for name in suite().iter().map(|name| format!("jxlsuite/{name}")).chain(["grey.jxl".to_owned()]) {
        let file = data(&name);
        if file.len() > 6000 {
            continue;
        }
        // Larger ones are refused by their size.
        let limits = Limits { max_pixels: 300_000, memory: 64_000_000, ..LIMITS };
        let shown = |file: &[u8]| {
            render(file, None, &[&recipe], Upright::ByExif, &limits, &Cancel::default()).map(|_| ())
        };
        for length in (0..file.len()).step_by(file.len() / 12 + 1) {
            let refusal = shown(&file[..length]);
            let is_clear = matches!(
                refusal,
                // An animation may be cut behind its first frame.
                Ok(())
                    | Err(Error::Damaged { .. }
                        | Error::Empty
                        | Error::NotAnImage
                        | Error::TooManyPixels { .. })
            );
            assert!(is_clear, "{name} cut to {length} bytes: {refusal:?}");
        }
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..12 {
            let mut changed = file.clone();
            let place = random.usize(2..changed.len());
            changed[place] ^= 1 << random.u32(0..8);
            let _ = shown(&changed);
        }
    }
}
