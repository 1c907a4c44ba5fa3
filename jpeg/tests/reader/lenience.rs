//! Files that break rules of T.81, and that libjpeg and browsers show all the same.

use thumbnail_jpeg::{Error, Scale};

use crate::faults::{coefficients, markers, places};
use crate::writer::{self, Picture, Process, Random, Writing};
use crate::{any, data, read, reference};

const SAMPLING: [(u8, u8); 3] = [(2, 1), (1, 1), (1, 1)];

fn picture() -> Picture {
    Picture::random(8, 90, 70, &SAMPLING, 0.4)
}

/// The segment at a position, its marker included.
fn segment(file: &[u8], at: usize) -> std::ops::Range<usize> {
    at..at + 2 + usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]))
}

#[test]
fn segment_that_is_shorter_than_its_own_length_is_empty() {
    let file = data("faults/jpeg-segment-of-length-0.jpg");
    let (summary, _) = read(&file, Scale::Full).unwrap();
    assert_eq!((summary.width, summary.height, summary.lost), (192, 128, 0.0));
    for seed in 0..40 {
        let Some((picture, writing)) = any(seed) else { continue };
        let file = writer::write(&picture, &writing);
        let expected = coefficients(&file);
        for (_, at) in
            markers(&file).into_iter().filter(|(code, _)| matches!(code, 0xc0..=0xcf | 0xda..=0xdd))
        {
            for (length, marker) in [(0, 0xe5), (1, 0xe0), (0, 0xfe), (1, 0xee), (0, 0xc4), (1, 0xdb)] {
                let spoiled = [&file[..at], &[0xff, marker, 0, length], &file[at..]].concat();
                assert!(
                    coefficients(&spoiled).ok() == expected.as_ref().ok().cloned(),
                    "seed {seed} at {at}"
                );
            }
        }
    }
}

#[test]
fn components_of_one_name_are_taken_in_their_order() {
    for process in [Process::Baseline, Process::Progressive] {
        for names in [[1, 1, 1], [1, 2, 2], [0, 0, 1], [7, 7, 7]] {
            let mut picture = picture();
            let scans = match process {
                Process::Baseline => writer::together(&picture),
                _ => vec![writer::successive_progression(&picture, 0).remove(0)],
            };
            let writing = Writing::new(process, scans);
            let expected = coefficients(&writer::write(&picture, &writing)).unwrap();
            picture.components.iter_mut().zip(names).for_each(|(component, name)| component.id = name);
            let found = coefficients(&writer::write(&picture, &writing)).unwrap();
            assert!(found == expected, "{process:?} {names:?}");
        }
    }
}

#[test]
fn components_of_a_scan_may_come_in_any_order() {
    for (process, order) in [(Process::Baseline, [2, 0, 1]), (Process::Extended, [1, 2, 0])] {
        let picture = picture();
        let mut writing = Writing::new(process, writer::together(&picture));
        writing.scans[0].components = order.to_vec();
        let file = writer::write(&picture, &writing);
        let found = coefficients(&file).unwrap();
        for (component, expected) in found.components.iter().zip(&picture.components) {
            for (number, block) in expected.blocks.iter().enumerate() {
                let (column, row) = (number % component.count.0, number / component.count.0);
                assert_eq!(component.block(column, row), Some(block.as_slice()), "{order:?}");
            }
        }
        // At once as when it is kept.
        let (summary, _) = read(&file, Scale::Full).unwrap();
        assert_eq!(summary.lost, 0.0);
    }
    let twice = Writing { scans: vec![writer::Scan::sequential(&[0, 1, 1])], ..plain(&picture()) };
    let refusal = coefficients(&writer::write(&picture(), &twice)).unwrap_err().to_string();
    assert_eq!(refusal, "a damaged JPEG: a scan names a component twice");
}

fn plain(picture: &Picture) -> Writing {
    Writing::new(Process::Baseline, writer::together(picture))
}

#[test]
fn each_huffman_table_that_is_missing_is_that_of_annex_k() {
    let file = writer::write(&picture(), &plain(&picture()));
    let expected = coefficients(&file).unwrap();
    let tables = places(&file, 0xc4..=0xc4);
    assert_eq!(tables.len(), 4);
    for at in tables {
        let mut bare = file.clone();
        bare.drain(segment(&file, at));
        assert_eq!(coefficients(&bare).unwrap(), expected);
    }
}

/// A refinement means nothing without the scans before it: it is passed over, and what came is shown.
#[test]
fn progression_that_lacks_a_scan_of_ac_is_shown_without_its_coefficients() {
    let picture = Picture::random(3, 80, 80, &[(1, 1)], 0.5);
    // DC, AC in two bands down to bit 1, and their last bits.
    let mut scans = writer::libjpeg_progression(&picture);
    scans.retain(|scan| scan.al < 2 || scan.ss > 0);
    let file = writer::write(&picture, &Writing::new(Process::Progressive, scans.clone()));
    let starts = places(&file, 0xda..=0xda);
    let whole = coefficients(&file).unwrap();
    for (missing, scan) in scans.iter().enumerate().filter(|(_, scan)| scan.ss > 0) {
        let end = starts.get(missing + 1).copied().unwrap_or(file.len() - 2);
        let spoiled = [&file[..starts[missing]], &file[end..]].concat();
        let found = coefficients(&spoiled).unwrap();
        let is_last = scan.al == 0;
        assert_eq!(found.lost, if is_last { 0.0 } else { 0.01 }, "without {scan:?}");
        for number in 0..100 {
            let block = |of: &thumbnail_jpeg::Coefficients| {
                of.components[0].block(number % 10, number / 10).unwrap().to_vec()
            };
            let (have, want) = (block(&found), block(&whole));
            assert_eq!(have[0], want[0], "DC without {scan:?}");
            // Bits are missing, and none is wrong.
            assert!(have.iter().zip(&want).all(|(have, want)| have.abs() <= want.abs() && have * want >= 0));
        }
    }
    // A scan that comes twice changes nothing.
    for (again, start) in starts.iter().enumerate().take(2) {
        let doubled = [&file[..starts[again + 1]], &file[*start..]].concat();
        assert!(coefficients(&doubled).unwrap() == whole, "scan {again} twice");
    }
    // Refinements of DC stand on their own.
    let dc = scans.iter().rposition(|scan| scan.ss == 0).unwrap();
    let without = [&file[..starts[dc]], &file[starts[dc + 1]..]].concat();
    assert_eq!(coefficients(&without).unwrap().lost, 0.0);
}

/// The picture of a sequential file whose headers say something else of bands and bits.
#[test]
fn bands_in_a_sequential_scan_mean_nothing() {
    let file = writer::write(&picture(), &plain(&picture()));
    let expected = coefficients(&file).unwrap();
    let header = segment(&file, places(&file, 0xda..=0xda)[0]);
    for parameters in [[0, 0, 0], [1, 5, 0x21], [63, 0, 0xff]] {
        let mut odd = file.clone();
        odd[header.end - 3..header.end].copy_from_slice(&parameters);
        assert!(coefficients(&odd).unwrap() == expected, "{parameters:?}");
    }
}

#[test]
fn application_segments_that_are_cut_short_say_nothing_of_colours() {
    let picture = Picture::random(8, 40, 40, &[(1, 1); 3], 0.4);
    let writing = Writing { adobe: Some(0), ..plain(&picture) };
    let file = writer::write(&picture, &writing);
    let (_, expected) = read(&file, Scale::Full).unwrap();
    let quantisation = places(&file, 0xdb..=0xdb)[0];
    for segment in [b"\xff\xee\0\x0aAdobe\0\x64\0".as_slice(), b"\xff\xe0\0\x07JFIF\0"] {
        let spoiled = [&file[..quantisation], segment, &file[quantisation..]].concat();
        assert!(read(&spoiled, Scale::Full).unwrap().1 == expected);
    }
}
