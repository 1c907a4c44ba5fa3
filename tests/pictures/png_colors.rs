//! The colour chunks of PNG, against the formulas of their standards.

use cos_thumbnailer::recipe::{Format, Keep, Recipe};
use image::RgbaImage;

use crate::comparison::difference;
use crate::files::{edited_png, png, png_header};
use crate::fixture::{data, open, run};

/// Chunks that describe colours.
const COLORS: [&[u8; 4]; 5] = [b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM"];

/// Display P3 in the chunk cHRM, and in cICP.
const P3: [u32; 8] = [31_270, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000];
const P3_CODE_POINTS: &[u8] = &[12, 13, 0, 1];

fn pixels(file: &[u8]) -> RgbaImage {
    let recipe = Recipe { format: Some(Format::Png), ..Recipe::fit_inside(1000, 1000) };
    let mut rendering = run(file, &[&recipe]).unwrap();
    open(&rendering.thumbnails.remove(0).unwrap().bytes)
}

/// A fixture with only these colour chunks.
fn with(name: &str, chunks: &[(&[u8; 4], &[u8])]) -> RgbaImage {
    pixels(&edited_png(&data(name), &COLORS, chunks))
}

/// Content of a chunk of numbers.
fn numbers(chunk: &[u32]) -> Vec<u8> {
    chunk.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// The sRGB value, 0 to 1, of linear light (IEC 61966-2-1).
fn srgb(light: f64) -> f64 {
    if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

#[test]
fn gamma_is_converted_to_srgb_at_every_depth_and_colour_type() {
    let mut seen = 0;
    for gamma in ["03", "04", "05", "07", "10", "25"] {
        for kind in ["0g16", "2c08", "3p04"] {
            let name = format!("pngsuite/g{gamma}n{kind}.png");
            let exact = match gamma {
                "03" => 0.35,
                "05" => 0.55,
                // gAMA 45455 stands for the sRGB curve; another test covers it.
                "04" => continue,
                gamma => gamma.parse::<f64>().unwrap() / 10.0,
            };
            let (stored, shown) = (with(&name, &[]), pixels(&data(&name)));
            for (stored, shown) in stored.pixels().zip(shown.pixels()) {
                for (stored, shown) in stored.0.iter().zip(shown.0).take(3) {
                    // A sample of sixteen bits may lie half a level beside the eight bits that are read here.
                    let exactly =
                        |stored: f64| srgb((stored / 255.0).clamp(0.0, 1.0).powf(1.0 / exact)) * 255.0;
                    let range =
                        exactly(f64::from(*stored) - 0.5) - 1.0..exactly(f64::from(*stored) + 0.5) + 1.0;
                    assert!(
                        range.contains(&f64::from(shown)),
                        "{name}: {stored} is {shown}, not in {range:?}"
                    );
                }
            }
            seen += 1;
        }
    }
    assert_eq!(seen, 15);
}

/// The files of the suite show the same colours, stored with different gammas.
#[test]
fn one_image_stored_with_different_gammas_looks_the_same() {
    for kind in ["0g16", "2c08"] {
        let images =
            ["04", "05", "07", "10"].map(|gamma| pixels(&data(&format!("pngsuite/g{gamma}n{kind}.png"))));
        for image in &images[1..] {
            let (mean, _) = difference(image, &images[0]);
            println!("{kind}: mean {mean:.2}");
            assert!(mean < 5.0, "{kind}: mean {mean:.2}");
        }
    }
}

#[test]
fn gamma_of_srgb_changes_nothing() {
    assert_eq!(with("p3.png", &[(b"gAMA", &numbers(&[45_455]))]), with("p3.png", &[]));
    assert_eq!(with("p3.png", &[(b"sRGB", &[0])]), with("p3.png", &[]));
}

/// `p3.png` has a profile with the same primaries as the chunks.
#[test]
fn primaries_of_the_chunk_equal_those_of_the_profile() {
    let (gamut, gamma) = (numbers(&P3), numbers(&[45_454]));
    let by_chunks = with("p3.png", &[(b"cHRM", &gamut), (b"gAMA", &gamma)]);
    let by_profile = pixels(&data("p3.png"));
    assert!(difference(&by_chunks, &with("p3.png", &[])).1 > 10.0, "the primaries have no effect");
    let by_code_points = with("p3.png", &[(b"cICP", P3_CODE_POINTS)]);
    assert!(difference(&by_chunks, &by_code_points).1 <= 1.0);
    // gAMA 45454 stands for the sRGB curve; the profile has a gamma of 2.2.
    let (mean, _) = difference(&by_chunks, &by_profile);
    assert!(mean < 2.0, "mean {mean:.2}");
}

#[test]
fn cicp_takes_precedence_over_iccp_and_srgb() {
    let profile = {
        let file = data("p3.png");
        let at = file.windows(4).position(|name| name == b"iCCP").unwrap();
        let length = u32::from_be_bytes(file[at - 4..at].try_into().unwrap());
        file[at + 4..][..usize::try_from(length).unwrap()].to_vec()
    };
    let (gamut, gamma) = (numbers(&P3), numbers(&[100_000]));
    let points: (&[u8; 4], &[u8]) = (b"cICP", P3_CODE_POINTS);
    let unspecified: (&[u8; 4], &[u8]) = (b"cICP", &[2, 2, 0, 1]);
    let profile: (&[u8; 4], &[u8]) = (b"iCCP", &profile);
    let srgb: (&[u8; 4], &[u8]) = (b"sRGB", &[0]);
    let measured: [(&[u8; 4], &[u8]); 2] = [(b"gAMA", &gamma), (b"cHRM", &gamut)];
    for (name, all, winner) in [
        ("cICP", [&[points, profile][..], &measured].concat(), points),
        ("iCCP", [&[unspecified, profile, srgb][..], &measured].concat(), profile),
        ("sRGB", [&[srgb][..], &measured].concat(), srgb),
    ] {
        assert_eq!(with("p3.png", &all), with("p3.png", &[winner]), "{name}");
    }
    let [one, other, both] = [points, measured[0], profile].map(|chunk| with("p3.png", &[chunk]));
    assert!(one != other && other != both && one != both, "the chunks must describe different colours");
}

/// Diffuse white of both curves (ITU-R BT.2408, table 1) becomes bright but not white, and black stays dark.
#[test]
fn high_dynamic_range_is_mapped_to_srgb() {
    let grey = |sample: u8, transfer: u8| {
        let row = [0, sample, sample, sample];
        let file = png(&[
            (b"IHDR", &png_header([1, 1], 8, 2, false)),
            (b"cICP", &[9, transfer, 0, 1]),
            (b"IDAT", &fdeflate::compress_to_vec(&row)),
            (b"IEND", &[]),
        ]);
        pixels(&file).get_pixel(0, 0).0
    };
    for (transfer, diffuse, black_to) in [(16, 148, 8), (18, 191, 8)] {
        let [red, green, blue, _] = grey(diffuse, transfer);
        assert!(
            (200..=240).contains(&green) && red.abs_diff(green) <= 1 && blue.abs_diff(green) <= 1,
            "{transfer}: {green}"
        );
        assert_eq!(grey(255, transfer)[..3], [255; 3], "{transfer}");
        assert!(grey(0, transfer)[0] < black_to, "{transfer}");
        let steps: Vec<u8> = (0..=255_u8).step_by(15).map(|sample| grey(sample, transfer)[1]).collect();
        assert!(steps.is_sorted(), "{transfer}: {steps:?}");
    }
}

/// The thumbnail has unconverted pixels, and a profile of the colours that the chunks described.
#[test]
fn colours_of_chunks_are_kept_as_a_profile() {
    let keep = Keep { profile: true, ..Keep::default() };
    let recipe = Recipe { format: Some(Format::Png), keep, ..Recipe::fit_inside(1000, 1000) };
    let file = edited_png(&data("p3.png"), &COLORS, &[(b"cICP", P3_CODE_POINTS)]);
    let kept = run(&file, &[&recipe]).unwrap().thumbnails.remove(0).unwrap().bytes;
    assert!(kept.windows(4).any(|name| name == b"iCCP"));
    assert_eq!(open(&kept), with("p3.png", &[]), "the pixels were converted");
    assert!(difference(&pixels(&kept), &pixels(&file)).1 <= 1.0, "the profile describes other colours");
}
