//! Colours that the chunks of a PNG tell, against the formulas of their standards.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its fixture has failed")]

use cos_thumbnailer::recipe::{Format, Keep, Recipe};
use image::RgbaImage;

use crate::chunks::edited;
use crate::fixture::{data, run};

/// All that says something of colours.
const COLORS: [&[u8; 4]; 5] = [b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM"];

/// Display P3 as the chunk cHRM has it, and as cICP.
const P3: [u32; 8] = [31_270, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000];
const P3_POINTS: &[u8] = &[12, 13, 0, 1];

fn pixels(file: &[u8]) -> RgbaImage {
    let recipe = Recipe { format: Some(Format::Png), ..Recipe::fit_inside(1000, 1000) };
    let mut rendering = run(file, &[&recipe]).unwrap();
    image::load_from_memory(&rendering.thumbnails.remove(0).unwrap().bytes).unwrap().into_rgba8()
}

/// A fixture that says of its colours just this.
fn with(name: &str, chunks: &[(&[u8; 4], &[u8])]) -> RgbaImage {
    pixels(&edited(&data(name), &COLORS, chunks))
}

fn measures(chunk: &[u32]) -> Vec<u8> {
    chunk.iter().flat_map(|measure| measure.to_be_bytes()).collect()
}

/// Largest difference of any sample.
fn difference(left: &RgbaImage, right: &RgbaImage) -> u8 {
    assert_eq!(left.dimensions(), right.dimensions());
    left.iter().zip(right.iter()).map(|(left, right)| left.abs_diff(*right)).max().unwrap()
}

/// A level of light, 0 to 1, on sRGB's curve (IEC 61966-2-1).
fn srgb(light: f64) -> f64 {
    if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

#[test]
fn power_of_light_is_undone_at_every_depth_and_colour_type() {
    let mut seen = 0;
    for power in ["03", "04", "05", "07", "10", "25"] {
        for kind in ["0g16", "2c08", "3p04"] {
            let name = format!("pngsuite/g{power}n{kind}.png");
            let exact = match power {
                "03" => 0.35,
                "05" => 0.55,
                // The chunk of sRGB itself, which stands for its curve.
                "04" => continue,
                power => power.parse::<f64>().unwrap() / 10.0,
            };
            let (stored, shown) = (with(&name, &[]), pixels(&data(&name)));
            for (stored, shown) in stored.pixels().zip(shown.pixels()) {
                for (stored, shown) in stored.0.iter().zip(shown.0).take(3) {
                    // What is stored may have had more bits.
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

/// All of them show the same colours, stored with different powers.
#[test]
fn one_picture_stored_with_different_powers_looks_the_same() {
    for kind in ["0g16", "2c08"] {
        let pictures =
            ["04", "05", "07", "10"].map(|power| pixels(&data(&format!("pngsuite/g{power}n{kind}.png"))));
        for picture in &pictures[1..] {
            let differences = picture.iter().zip(pictures[0].iter()).map(|(a, b)| f64::from(a.abs_diff(*b)));
            let mean = differences.sum::<f64>() / f64::from(picture.width() * picture.height() * 4);
            println!("{kind}: mean {mean:.2}");
            assert!(mean < 5.0, "{kind}: mean {mean:.2}");
        }
    }
}

#[test]
fn power_of_srgb_changes_nothing() {
    assert_eq!(with("p3.png", &[(b"gAMA", &measures(&[45_455]))]), with("p3.png", &[]));
    assert_eq!(with("p3.png", &[(b"sRGB", &[0])]), with("p3.png", &[]));
}

/// The reference is LittleCMS's, from the profile that these numbers describe.
#[test]
fn gamut_by_numbers_is_that_of_the_profile() {
    let (gamut, power) = (measures(&P3), measures(&[45_454]));
    let by_chunks = with("p3.png", &[(b"cHRM", &gamut), (b"gAMA", &power)]);
    let by_profile = pixels(&data("p3.png"));
    assert!(difference(&by_chunks, &with("p3.png", &[])) > 10, "the gamut does not show");
    // 45454 stands for sRGB's curve, and the profile for a power of 2.2.
    let by_points = with("p3.png", &[(b"cICP", P3_POINTS)]);
    assert!(difference(&by_chunks, &by_points) <= 1);
    let differences = by_chunks.iter().zip(by_profile.iter()).map(|(a, b)| f64::from(a.abs_diff(*b)));
    let mean = differences.sum::<f64>() / f64::from(by_chunks.width() * by_chunks.height() * 4);
    assert!(mean < 2.0, "mean {mean:.2}");
}

#[test]
fn the_more_exact_chunk_counts() {
    let profile = {
        let file = data("p3.png");
        let at = file.windows(4).position(|name| name == b"iCCP").unwrap();
        let length = u32::from_be_bytes(file[at - 4..at].try_into().unwrap());
        file[at + 4..][..usize::try_from(length).unwrap()].to_vec()
    };
    let (gamut, power) = (measures(&P3), measures(&[100_000]));
    let points: (&[u8; 4], &[u8]) = (b"cICP", P3_POINTS);
    let unspecified: (&[u8; 4], &[u8]) = (b"cICP", &[2, 2, 0, 1]);
    let profile: (&[u8; 4], &[u8]) = (b"iCCP", &profile);
    let srgb: (&[u8; 4], &[u8]) = (b"sRGB", &[0]);
    let measured: [(&[u8; 4], &[u8]); 2] = [(b"gAMA", &power), (b"cHRM", &gamut)];
    for (name, all, winner) in [
        ("cICP", [&[points, profile][..], &measured].concat(), points),
        ("iCCP", [&[unspecified, profile, srgb][..], &measured].concat(), profile),
        ("sRGB", [&[srgb][..], &measured].concat(), srgb),
    ] {
        assert_eq!(with("p3.png", &all), with("p3.png", &[winner]), "{name}");
    }
    let [one, other, both] = [points, measured[0], profile].map(|chunk| with("p3.png", &[chunk]));
    assert!(one != other && other != both && one != both, "the chunks say different things");
}

/// Diffuse white of both curves (ITU-R BT.2408, table 1) is bright and not white, and what is dark stays in place.
#[test]
fn high_dynamic_range_is_drawn_into_srgb() {
    let grey = |sample: u8, transfer: u8| {
        let row = [0, sample, sample, sample];
        let header = [1_u32.to_be_bytes().as_slice(), &1_u32.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
        let file = crate::chunks::png(&[
            (b"IHDR", &header),
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

/// What is written beside unconverted pixels says what the chunks said.
#[test]
fn kept_colours_are_written_as_a_profile() {
    let keep = Keep { profile: true, ..Keep::default() };
    let recipe = Recipe { format: Some(Format::Png), keep, ..Recipe::fit_inside(1000, 1000) };
    let file = edited(&data("p3.png"), &COLORS, &[(b"cICP", P3_POINTS)]);
    let kept = run(&file, &[&recipe]).unwrap().thumbnails.remove(0).unwrap().bytes;
    assert!(kept.windows(4).any(|name| name == b"iCCP"));
    let stored = image::load_from_memory(&kept).unwrap().into_rgba8();
    assert_eq!(stored, with("p3.png", &[]), "the pixels were converted");
    assert!(difference(&pixels(&kept), &pixels(&file)) <= 1, "the profile says something else");
}
