//! HEIC, of a program with its decoder: against libheif, at every kind of samples, and hostile files.

use cos_thumbnailer::imaging::{Cancel, Error, Limits, SourceFormat, Upright, refuse_heic, render};
use cos_thumbnailer::recipe::{Format, Keep, Recipe};
use image::RgbaImage;

use crate::comparison::difference;
use crate::fixture::{LIMITS, data, open, run};

/// File, its reference by libheif, and the largest mean difference. Files without halved chroma differ by rounding only.
/// libheif repeats halved chroma samples, which are interpolated here.
const FILES: [(&str, &str, f64); 11] = [
    ("deep-10.heic", "deep-10", 0.3),
    ("deep-12.heic", "deep-12", 0.3),
    ("grey-alpha-29x100.heif", "grey-alpha-29x100", 0.0),
    ("grey.heic", "grey", 0.0),
    ("grid.heic", "grid", 2.5),
    ("orientation-6.heic", "orientation-6", 0.0),
    ("pug.heic", "pug", 0.0),
    ("rgb-420.heic", "rgb-420", 2.5),
    ("rgb-444.heic", "rgb-444", 0.0),
    ("rgba-10-29x100.heif", "rgba-10-29x100", 1.5),
    ("rgba.heic", "rgba", 0.0),
];

fn file(name: &str) -> Vec<u8> {
    data(&format!("heic/{name}"))
}

/// The pixels of a file at its own size.
fn pixels(bytes: &[u8]) -> RgbaImage {
    let recipe = Recipe { format: Some(Format::Png), ..Recipe::default() };
    open(&run(bytes, &[&recipe]).unwrap().thumbnails[0].as_ref().unwrap().bytes)
}

#[test]
fn pixels_are_those_of_libheif() {
    for (name, reference, allowed) in FILES {
        let (have, want) = (pixels(&file(name)), open(&file(&format!("{reference}.png"))));
        assert_eq!(have.dimensions(), want.dimensions(), "{name}");
        let (mean, most) = difference(&have, &want);
        assert!(mean <= allowed && (allowed > 1.0 || most <= 1.0), "{name}: {mean} {most}");
    }
}

#[test]
fn heic_is_named_and_its_variety_if_it_is_not_decoded() {
    let recipe = Recipe::fit_inside(50, 50);
    let source = run(&file("rgb-420.heic"), &[&recipe]).unwrap().source;
    assert_eq!((source.format, source.width, source.height), (SourceFormat::Heic, 122, 90));
    let refusal = run(&file("rgb-422.heic"), &[&recipe]).unwrap_err().to_string();
    assert!(refusal.starts_with("this variety of HEIC (4:2:2) cannot be decoded"), "{refusal}");
}

#[test]
fn heic_is_refused_for_rules_that_do_not_have_it_decoded() {
    for (name, ..) in FILES {
        assert!(matches!(refuse_heic(file(name).as_slice()), Err(Error::Heic)), "{name}");
    }
    assert!(refuse_heic(data("rgb.avif").as_slice()).is_ok());
}

#[test]
fn copyright_is_kept_and_the_orientation_in_exif_is_not_applied_twice() {
    let keep = Keep { copyright: true, ..Keep::default() };
    let recipe = Recipe { keep, format: Some(Format::Png), ..Recipe::fit_inside(50, 50) };
    let bytes = run(&file("orientation-6.heic"), &[&recipe]).unwrap().thumbnails.remove(0).unwrap().bytes;
    assert!(bytes.windows(9).any(|window| window == b"A. Author"));
    assert_eq!(open(&bytes).dimensions(), (37, 50));
}

/// A small thumbnail, or the error.
fn outcome(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, Error> {
    let recipe = Recipe::fit_inside(16, 16);
    let length = u64::try_from(bytes.len()).ok();
    let mut rendering = render(bytes, length, &[&recipe], Upright::ByExif, limits, &Cancel::default())?;
    rendering.thumbnails.remove(0).map(|thumbnail| thumbnail.bytes.to_vec())
}

/// What follows the coded picture, such as EXIF, may be missing.
#[test]
fn cut_files_are_damaged_or_lack_nothing_of_the_picture() {
    for (name, ..) in FILES {
        let whole = file(name);
        let thumbnail = outcome(&whole, &LIMITS).unwrap();
        let mut damaged = 0;
        for length in (100..whole.len()).step_by(whole.len() / 60) {
            match outcome(&whole[..length], &LIMITS) {
                Ok(cut) => assert!(cut == thumbnail, "{name} cut to {length} bytes"),
                Err(Error::Damaged { format: SourceFormat::Heic, .. }) => damaged += 1,
                Err(refusal) => panic!("{name} cut to {length} bytes: {refusal}"),
            }
        }
        assert!(damaged > 30, "{name}: {damaged}");
    }
}

/// Some hundred files with wrong bits, most of them in the coded picture. None panics, and none takes more pixels or
/// memory than is allowed.
#[test]
fn wrong_bits_are_survived() {
    let limits = Limits { max_pixels: 1 << 18, memory: 8_000_000, ..LIMITS };
    let mut random = fastrand::Rng::with_seed(1);
    let (mut good, mut bad) = (0, 0);
    for (name, ..) in FILES {
        let whole = file(name);
        for _ in 0..40 {
            let mut bytes = whole.clone();
            for _ in 0..random.usize(1..6) {
                let at = random.usize(0..bytes.len());
                bytes[at] ^= 1 << random.u8(0..8);
            }
            match outcome(&bytes, &limits) {
                Ok(_) => good += 1,
                Err(_) => bad += 1,
            }
        }
    }
    assert!(good > 20 && bad > 100, "{good} {bad}");
}

#[test]
fn memory_is_admitted_from_the_parameters_of_the_bitstream() {
    let whole = file("rgb-444.heic");
    let limits = |memory| Limits { memory, ..LIMITS };
    assert!(outcome(&whole, &limits(1 << 20)).is_ok());
    let refusal = outcome(&whole, &limits(100_000)).unwrap_err();
    assert!(matches!(refusal, Error::TooMuchMemory { .. }), "{refusal}");
    let few = Limits { max_pixels: 1000, ..LIMITS };
    assert!(matches!(outcome(&whole, &few), Err(Error::TooManyPixels { .. })));
}
