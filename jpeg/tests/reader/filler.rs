//! Files in which one byte stands for data that was lost: behind a cut, or in a hole.

use thumbnail_jpeg::{Head, Scale};

use crate::faults::{coefficients, markers};
use crate::writer::{self, Huffman, Picture, Process, Writing};
use crate::{SCALES, data, read};

/// Share that is lost, which is the same at each scale of a sequential file.
fn lost(file: &[u8]) -> f64 {
    let [lost, others @ ..] = SCALES.map(|(scale, _)| read(file, scale).unwrap().0.lost);
    assert!(others.iter().all(|other| *other == lost), "{lost} {others:?}");
    assert_eq!(coefficients(file).unwrap().lost, lost, "kept block by block");
    lost
}

/// Position of a share of the data of a file's only scan.
fn part(file: &[u8], percent: usize) -> usize {
    let start = Head::read(file).unwrap().length as usize;
    start + (file.len() - start) * percent / 100
}

/// The file with the same byte from a position on, or so many times.
fn filled(file: &[u8], from: usize, count: usize, byte: u8) -> Vec<u8> {
    let mut file = file.to_vec();
    let end = file.len().min(from + count);
    file[from..end].fill(byte);
    file
}

/// The coefficients of a photo of 640 by 416.
fn photo() -> Picture {
    let file = data("portrait.jpg");
    let head = Head::read(file.as_slice()).unwrap();
    let sampling: Vec<(u8, u8)> = head
        .frame
        .components
        .iter()
        .map(|component| (component.across as u8, component.down as u8))
        .collect();
    let found = coefficients(&file).unwrap();
    let tables = found.components.iter().map(|component| component.steps).collect();
    let size = (head.frame.width as usize, head.frame.height as usize);
    let mut picture = Picture::grey(size.0, size.1, &sampling, tables);
    for (component, found) in picture.components.iter_mut().zip(&found.components) {
        for (number, block) in component.blocks.iter_mut().enumerate() {
            let (column, row) = (number % found.count.0, number / found.count.0);
            block.copy_from_slice(found.block(column, row).unwrap());
        }
    }
    picture
}

/// A picture of grey levels, in colour or not.
fn drawing(is_color: bool, level: impl Fn(usize, usize) -> f64) -> Picture {
    let sampling = [(2, 2), (1, 1), (1, 1)];
    let sampling = if is_color { sampling.as_slice() } else { &sampling[1..2] };
    let sample = |component, x, y| if component == 0 { level(x, y) } else { 128.0 };
    Picture::from_samples(1200, 1600, sampling, vec![[12; 64]; sampling.len()], sample)
}

/// The picture in one scan.
fn coded(picture: &Picture, huffman: Huffman, interval: u16) -> Vec<u8> {
    let writing = Writing::new(Process::Baseline, writer::together(picture));
    writer::write(picture, &Writing { huffman, restarts: vec![interval], ..writing })
}

/// A photo, coded in several ways.
fn photos() -> Vec<(&'static str, Vec<u8>)> {
    let photo = photo();
    let grey = Picture { components: vec![photo.components[0].clone()], ..photo.clone() };
    let row = photo.components[2].blocks_wide as u16;
    vec![
        ("annex K", coded(&photo, Huffman::Standard, 0)),
        ("optimised", coded(&photo, Huffman::Optimal, 0)),
        ("optimised, grey", coded(&grey, Huffman::Optimal, 0)),
        ("restarts", coded(&photo, Huffman::Optimal, row)),
    ]
}

#[test]
fn file_that_was_cut_and_filled_with_zeros_is_lost_from_the_cut_on() {
    let file = data("faults/jpeg-cut-then-zeros.jpg");
    let share = lost(&file);
    assert!((0.2..0.22).contains(&share), "{share}");
    let data_end = file.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    assert!((lost(&file[..data_end]) - share).abs() < 0.02);
}

#[test]
fn any_byte_in_place_of_the_rest_loses_as_much_as_the_cut() {
    for (name, file) in photos() {
        assert_eq!(lost(&file), 0.0, "{name}");
        for percent in [96, 75, 40] {
            let cut = part(&file, percent);
            let expected = lost(&file[..cut]);
            for byte in [0, 0x20, 0x55, 0xaa, 0xfe, 0xff] {
                let share = lost(&filled(&file, cut, file.len(), byte));
                assert!(
                    (share - expected).abs() < 0.02,
                    "{name}, {byte:#x} from {percent} %: {share} for {expected}"
                );
                // A file system fills up the last block of a file.
                let longer = [&file[..cut], &vec![byte; 3000 + file.len() - cut]].concat();
                let share = lost(&longer);
                assert!((share - expected).abs() < 0.02, "{name}, longer, {byte:#x}: {share} for {expected}");
            }
        }
    }
}

/// Behind a hole nobody knows where the data belongs, up to the next restart marker.
#[test]
fn hole_loses_all_to_the_next_restart_marker() {
    for (name, file) in photos() {
        let has_restarts = name == "restarts";
        for (percent, length) in [(30, 4096), (30, 512), (60, 4096), (85, 2048)] {
            for byte in [0, 0x55, 0xf6] {
                let from = part(&file, percent);
                let share = lost(&filled(&file, from, length, byte));
                let hole = length as f64 / file.len() as f64;
                let (least, most) = if has_restarts {
                    // An interval is a row of MCUs, one of 26.
                    (0.5 * hole, 2.0 * hole + 2.0 / 26.0)
                } else {
                    let rest = lost(&file[..from]);
                    (rest - 0.02, rest + 0.02)
                };
                assert!(
                    (least..=most).contains(&share),
                    "{name}, {byte:#x} at {percent} %: {share} for {least} to {most}"
                );
            }
        }
    }
}

/// Pictures whose own data has runs of zeros: the codes of blocks like those before have zeros only.
#[test]
fn flat_pictures_are_whole() {
    let is_written = |x: usize, y: usize| {
        (300..600).contains(&y) && (100..1100).contains(&x) && y % 24 < 14 && (x * 7 + y / 24) % 11 < 5
    };
    for is_color in [false, true] {
        for (name, picture) in [
            ("white", drawing(is_color, |_, _| 255.0)),
            ("page", drawing(is_color, |x, y| if is_written(x, y) { 20.0 } else { 255.0 })),
        ] {
            for interval in [0, 75] {
                let file = coded(&picture, Huffman::Optimal, interval);
                if interval == 0 {
                    assert!(file.windows(200).any(|run| run == [0; 200]), "{name} has no run of zeros");
                }
                assert_eq!(lost(&file), 0.0, "{name}");
                assert_eq!(lost(&file[..file.len() - 2]), 0.0, "{name} without its end marker");
                // Extraneous bytes, as some cameras write them.
                let padded = [&file[..file.len() - 2], &[0; 12], b"\xff\xd9"].concat();
                assert_eq!(lost(&padded), 0.0, "{name} with bytes before its end marker");
                // What is missing of it is lost, and no more.
                let cut = lost(&file[..file.len() - 20]);
                assert!(cut > 0.0 && cut < 0.1, "{name} without its last bytes: {cut}");
            }
        }
    }
}

/// The first scan of a progressive file alone is enough for a small picture, and must not be taken for whole.
#[test]
fn filler_in_the_first_scan_of_a_progressive_file_is_loss() {
    let file = data("photo-2048x878-progressive.jpg");
    let scans: Vec<usize> =
        markers(&file).into_iter().filter(|(code, _)| *code == 0xda).map(|(_, at)| at).collect();
    for percent in [20, 50, 80] {
        let cut = scans[0] + (scans[1] - scans[0]) * percent / 100;
        let expected = read(&file[..cut], Scale::Eighth).unwrap().0.lost;
        for byte in [0, 0x55, 0xff] {
            let share = read(&filled(&file, cut, file.len(), byte), Scale::Eighth).unwrap().0.lost;
            assert!((share - expected).abs() < 0.03, "{byte:#x} from {percent} %: {share} for {expected}");
        }
    }
}
