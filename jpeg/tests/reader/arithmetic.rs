//! Arithmetic coding: files that libjpeg-turbo's `jpegtran` made of others have the coefficients of those.

use thumbnail_jpeg::{Coding, Error, Head, Scale};

use crate::faults::{coefficients, places};
use crate::writer::Random;
use crate::{SCALES, data, read};

/// Files, and those that they were made of.
const FILES: [(&str, &str); 3] = [
    ("arithmetic-grey", "grey-progressive"),
    ("arithmetic-progressive", "progressive-444"),
    ("arithmetic-restart", "restart-3"),
];

fn file(name: &str) -> Vec<u8> {
    data(&format!("conformance/{name}.jpg"))
}

#[test]
fn coefficients_are_those_of_the_file_with_huffman_codes() {
    for (name, original) in FILES {
        let (file, original) = (file(name), file(original));
        assert_eq!(Head::read(file.as_slice()).unwrap().frame.coding, Coding::Arithmetic, "{name}");
        for (scale, _) in SCALES {
            let read = |file: &[u8]| {
                let mut rest = file;
                Head::read(&mut rest).unwrap().coefficients(rest, scale).unwrap()
            };
            let (found, expected) = (read(&file), read(&original));
            assert_eq!(found.lost, 0.0, "{name} {scale:?}");
            assert!(found.components == expected.components, "{name} {scale:?}");
        }
    }
}

/// The file without its end.
#[test]
fn file_that_was_cut_loses_what_is_missing() {
    let file = file("arithmetic");
    let start = Head::read(file.as_slice()).unwrap().length as usize;
    let mut least = 1.0;
    for percent in (10..100).step_by(10) {
        let cut = start + (file.len() - start) * percent / 100;
        let lost = read(&file[..cut], Scale::Full).unwrap().0.lost;
        assert!(lost <= least && (lost + percent as f64 / 100.0 - 1.0).abs() < 0.2, "{percent} %: {lost}");
        least = lost;
    }
    assert!(least > 0.0 && least < 0.2, "{least}");
    // Encoders leave out zeros at the end, and some programs the end marker.
    assert!(read(&file[..file.len() - 2], Scale::Full).unwrap().0.lost < 0.02);
}

#[test]
fn damage_in_an_interval_stays_in_it() {
    let mut file = file("arithmetic-restart");
    let expected = coefficients(&file).unwrap();
    let restarts = places(&file, 0xd0..=0xd7);
    file[restarts[1] + 2] ^= 0x15;
    let found = coefficients(&file).unwrap();
    for (found, expected) in found.components.iter().zip(&expected.components) {
        let blocks = (0..found.count.1).flat_map(|y| (0..found.count.0).map(move |x| (x, y)));
        let differing = blocks.clone().filter(|(x, y)| found.block(*x, *y) != expected.block(*x, *y));
        // One of the intervals has two MCUs.
        assert!(differing.count() * restarts.len() <= blocks.count());
    }
}

#[test]
fn any_bits_give_a_picture_or_an_error() {
    for (name, _) in FILES {
        let file = file(name);
        for seed in 0..150 {
            let mut random = Random::new(seed);
            let mut flipped = file.clone();
            for _ in 0..=random.below(4) {
                let at = random.below(file.len());
                flipped[at] ^= 1 << random.below(8);
            }
            let Ok(head) = Head::read(flipped.as_slice()) else { continue };
            if u64::from(head.frame.width) * u64::from(head.frame.height) < 1 << 20 {
                let _ = read(&flipped, SCALES[seed as usize % 8].0);
            }
        }
    }
}

/// A few bytes may stand for any number of decisions: zeros for what is most probable, without end.
#[test]
fn end_of_a_file_ends_the_work() {
    let mut file = file("arithmetic-grey");
    let frame = places(&file, 0xc9..=0xc9)[0];
    file[frame + 5..frame + 9].copy_from_slice(&[0x27, 0x10, 0x27, 0x10]);
    file.truncate(Head::read(file.as_slice()).unwrap().length as usize);
    file.extend([0; 8]);
    match read(&file, Scale::Eighth) {
        Ok((summary, _)) => assert!(summary.lost > 0.9, "{}", summary.lost),
        Err(error) => assert!(matches!(error, Error::Damaged(_)), "{error}"),
    }
}
