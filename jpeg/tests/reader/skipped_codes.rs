//! Skipping codes gives the same coefficients as decoding all of them.

#[path = "../../fuzz/properties/jpeg_input.rs"]
mod jpeg_input;
#[path = "../../fuzz/properties/jpeg_skip.rs"]
mod property;

use thumbnail_jpeg::{Coefficients, Head, Scale, height_at_end};

use crate::writer::{self, Random};
use crate::{SCALES, any, reference};

fn coefficients(mut file: &[u8], scale: Scale) -> Coefficients {
    let whole = file;
    let mut head = Head::read(&mut file).unwrap();
    if head.frame.height == 0 {
        head.frame.height = height_at_end(whole).unwrap();
    }
    head.coefficients(file, scale).unwrap()
}

/// Compares the coefficients that each scale keeps with those of the reference reader; gives their number.
pub fn compare(name: &str, file: &[u8], expected: &reference::Frame) -> usize {
    let mut compared = 0;
    for (scale, samples) in SCALES {
        let found = coefficients(file, scale);
        assert_eq!(found.lost, 0.0, "{name} {scale:?}");
        assert_eq!(found.components.len(), expected.components.len(), "{name} {scale:?}");
        for (c, (found, expected)) in found.components.iter().zip(&expected.components).enumerate() {
            assert_eq!(found.count, (expected.blocks_wide, expected.blocks_high), "{name} {scale:?} {c}");
            assert_eq!(found.steps, expected.table, "{name} {scale:?} {c}");
            let (across, down) = found.size;
            assert!(across >= samples as usize && down >= samples as usize, "{name} {scale:?} {c}");
            for (number, block) in expected.blocks.iter().enumerate() {
                let (column, row) = (number % found.count.0, number / found.count.0);
                let found = found.block(column, row).unwrap();
                let wanted = block.chunks(8).take(down).flat_map(|row| &row[..across]);
                assert!(
                    found.iter().eq(wanted),
                    "{name} {scale:?} {c} block {column}, {row}: {found:?} of {block:?}"
                );
                compared += found.len();
            }
            assert_eq!(found.block(found.count.0, 0), None);
            assert_eq!(found.block(0, found.count.1), None);
        }
    }
    compared
}

#[test]
fn every_scale_keeps_the_coefficients_of_odd_files() {
    let mut compared = 0;
    for seed in 0..1000 {
        let Some((picture, writing)) = any(seed) else { continue };
        let file = writer::write(&picture, &writing);
        compared += compare(&format!("seed {seed}"), &file, &reference::read(&file).unwrap());
    }
    assert!(compared > 2_000_000, "only {compared} coefficients were compared");
}

#[test]
fn every_scale_keeps_the_coefficients_of_real_files() {
    let mut compared = 0;
    for entry in std::fs::read_dir("../tests/data").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "jpg")
            && let file = std::fs::read(&path).unwrap()
            && let Ok(expected) = reference::read(&file)
        {
            compare(&path.display().to_string(), &file, &expected);
            compared += 1;
        }
    }
    assert!(compared > 15, "only {compared} files were compared");
}

/// A damaged sequential file loses the same at each scale.
#[test]
fn damage_is_the_same_whatever_is_skipped() {
    for seed in 0..300 {
        let Some((picture, writing)) = any(seed) else { continue };
        let file = writer::write(&picture, &writing);
        let mut random = Random::new(seed + 1);
        for choice in 0..9 {
            let mut damaged = [&[choice, random.below(256) as u8], file.as_slice()].concat();
            for _ in 0..random.below(3) {
                let at = 2 + random.below(file.len());
                damaged[at] ^= 1 << random.below(8);
            }
            damaged.truncate(if random.one_in(2) { damaged.len() } else { 2 + random.below(file.len()) });
            println!("seed {seed}, {choice}");
            property::check(&damaged);
        }
    }
}
