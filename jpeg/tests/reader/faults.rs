//! Single faults in files whose coefficients are all known: each spoils what it must and nothing else.

use std::io::{self, BufReader, Read};

use thumbnail_jpeg::{Coefficients, Error, Head, Scale, Wanted};

use crate::writer::{self, Picture, Process, Random, Writing};
use crate::{SCALES, any, read};

pub(crate) fn coefficients(mut file: &[u8]) -> Result<Coefficients, Error> {
    Head::read(&mut file)?.coefficients(file, Scale::Full)
}

/// Code and position of every marker, restarts included.
pub(crate) fn markers(file: &[u8]) -> Vec<(u8, usize)> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at + 1 < file.len() {
        match file[at + 1] {
            code if file[at] == 0xff && !matches!(code, 0 | 0xff) => {
                found.push((code, at));
                let is_bare = matches!(code, 0xd0..=0xd9);
                at += 2 + if is_bare {
                    0
                } else {
                    usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]))
                };
            }
            _ => at += 1,
        }
    }
    found
}

pub(crate) fn places(file: &[u8], codes: std::ops::RangeInclusive<u8>) -> Vec<usize> {
    markers(file).into_iter().filter(|(code, _)| codes.contains(code)).map(|(_, at)| at).collect()
}

/// Numbers of the blocks of a component that differ.
fn differing(found: &Coefficients, expected: &Coefficients, component: usize) -> Vec<usize> {
    let (found, expected) = (&found.components[component], &expected.components[component]);
    let (across, down) = expected.count;
    let is_other = |number: &usize| {
        let (column, row) = (number % across, number / across);
        found.block(column, row).unwrap() != expected.block(column, row).unwrap()
    };
    (0..across * down).filter(is_other).collect()
}

/// A grey picture of 10 by 10 blocks and a restart marker behind each row of them, or none.
pub(crate) fn grey(process: Process, interval: u16) -> (Picture, Vec<u8>) {
    let picture = Picture::random(3, 80, 80, &[(1, 1)], 0.5);
    let scans = match process {
        Process::Progressive => writer::successive_progression(&picture, 2),
        _ => writer::together(&picture),
    };
    let writing = Writing { restarts: vec![interval], ..Writing::new(process, scans) };
    let file = writer::write(&picture, &writing);
    (picture, file)
}

#[test]
fn garbage_between_segments_is_passed_over() {
    for seed in 0..60 {
        let Some((picture, writing)) = any(seed) else { continue };
        let file = writer::write(&picture, &writing);
        let (scale, _) = SCALES[seed as usize % 8];
        let (_, expected) = read(&file, scale).unwrap();
        for (code, at) in markers(&file) {
            // Behind restart markers it would be data.
            if matches!(code, 0xd0..=0xd8) || at < 2 + writing.fill {
                continue;
            }
            let at = at - writing.fill;
            let spoiled = [&file[..at], &[7, 0xff, 0, 9], &file[at..]].concat();
            let (summary, pixels) = read(&spoiled, scale).unwrap();
            assert_eq!(summary.lost, 0.0, "seed {seed} before {code:#x} at {at}");
            assert!(pixels == expected, "seed {seed} before {code:#x} at {at}");
        }
    }
}

/// Frames of Motion JPEG are like that.
#[test]
fn file_without_huffman_tables_is_read_with_those_of_annex_k() {
    let picture = Picture::random(8, 90, 70, &[(2, 1), (1, 1), (1, 1)], 0.4);
    let file = writer::write(&picture, &Writing::new(Process::Baseline, writer::together(&picture)));
    let expected = coefficients(&file).unwrap();
    let mut bare = file.clone();
    for at in places(&file, 0xc4..=0xc4).into_iter().rev() {
        let length = 2 + usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
        bare.drain(at..at + length);
    }
    assert!(bare.len() + 400 < file.len());
    assert_eq!(coefficients(&bare).unwrap(), expected);
}

#[test]
fn restart_marker_of_a_wrong_number_spoils_nothing_while_the_next_is_right() {
    for process in [Process::Baseline, Process::Progressive] {
        let (_, file) = grey(process, 10);
        let expected = coefficients(&file).unwrap();
        let restarts = places(&file, 0xd0..=0xd7);
        for (number, at) in restarts.iter().enumerate().step_by(4) {
            for wrong in 0xd0..=0xd7 {
                let mut spoiled = file.clone();
                spoiled[at + 1] = wrong;
                let found = coefficients(&spoiled).unwrap();
                let is_last = number % 9 == 8;
                if !is_last {
                    assert!(found == expected, "{process:?}: marker {number} is {wrong:#x}");
                } else {
                    // Behind the last one there is no other to tell.
                    assert!(differing(&found, &expected, 0).iter().all(|block| *block >= 90));
                }
            }
        }
    }
}

#[test]
fn interval_that_is_missing_is_lost_and_no_other() {
    let (_, file) = grey(Process::Baseline, 10);
    let expected = coefficients(&file).unwrap();
    let restarts = places(&file, 0xd0..=0xd7);
    for (number, pair) in restarts.windows(2).enumerate() {
        let spoiled = [&file[..pair[0]], &file[pair[1]..]].concat();
        let found = coefficients(&spoiled).unwrap();
        assert_eq!(found.lost, 0.1);
        assert!(differing(&found, &expected, 0).iter().all(|block| block / 10 == number + 1));
    }
}

#[test]
fn damage_in_an_interval_stays_in_it() {
    for process in [Process::Baseline, Process::Extended, Process::Progressive] {
        let (_, file) = grey(process, 10);
        let expected = coefficients(&file).unwrap();
        let markers = markers(&file);
        let mut random = Random::new(9);
        // Stretches of data: behind a scan header or a restart marker.
        for (place, pair) in markers.windows(2).enumerate() {
            let ((code, start), (_, end)) = (pair[0], pair[1]);
            let header = if code == 0xda { 10 } else { 2 };
            if !matches!(code, 0xd0..=0xd7 | 0xda) || start + header >= end {
                continue;
            }
            let scans = markers[..=place].iter().rposition(|(code, _)| *code == 0xda).unwrap();
            let number = place - scans;
            for _ in 0..4 {
                let mut spoiled = file.clone();
                for _ in 0..=random.below(3) {
                    let at = start + header + random.below(end - start - header);
                    if spoiled[at - 1] != 0xff && spoiled[at] != 0xff {
                        spoiled[at] = random.below(255) as u8;
                    }
                }
                let found = coefficients(&spoiled).unwrap();
                assert!(found.lost <= 0.1);
                let differing = differing(&found, &expected, 0);
                assert!(
                    differing.iter().all(|block| block / 10 == number),
                    "{process:?}, interval {number}: {differing:?}"
                );
            }
        }
    }
}

#[test]
fn reserved_marker_in_the_data_spoils_one_interval() {
    for process in [Process::Baseline, Process::Progressive] {
        let (_, file) = grey(process, 10);
        let expected = coefficients(&file).unwrap();
        for pair in markers(&file).windows(2) {
            let ((code, start), (_, end)) = (pair[0], pair[1]);
            if !matches!(code, 0xd0..=0xd7) || end < start + 12 {
                continue;
            }
            for reserved in [0x01, 0x3a, 0xbf] {
                let mut spoiled = file.clone();
                spoiled[start + 6..start + 8].copy_from_slice(&[0xff, reserved]);
                let found = coefficients(&spoiled).unwrap();
                assert!(found.lost <= 0.1, "{process:?} at {start}: {}", found.lost);
                assert_eq!(found.components[0].count, expected.components[0].count);
            }
        }
    }
}

/// After a scan of AC that breaks off, later ones refine the blocks that came and leave the others alone.
#[test]
fn blocks_that_missed_a_scan_are_not_refined_with_the_bits_of_others() {
    let (picture, file) = grey(Process::Progressive, 0);
    let scans = places(&file, 0xda..=0xda);
    // DC, AC, then DC and AC by turns, a bit each.
    let (start, end) = (scans[1] + 10, scans[2]);
    for part in 1..8 {
        let cut = start + (end - start) * part / 8;
        let found = coefficients(&[&file[..cut], &file[end..]].concat()).unwrap();
        let mut lost = 0;
        for (number, expected) in picture.components[0].blocks.iter().enumerate() {
            let block = found.components[0].block(number % 10, number / 10).unwrap();
            assert_eq!(block[0], expected[0], "DC of block {number}");
            let is_lost = lost > 0 || block != expected;
            lost += usize::from(is_lost);
            // The block in which the data ends is neither.
            assert!(!is_lost || lost == 1 || block[1..] == [0; 63], "cut {part}: block {number} {block:?}");
        }
        assert!(lost > 0);
        assert_eq!(found.lost, lost as f64 / 100.0, "cut {part}");
    }
}

#[test]
fn picture_without_its_last_bits_is_damaged_by_one_unit() {
    let (picture, file) = grey(Process::Progressive, 0);
    let scans = places(&file, 0xda..=0xda);
    for (scan, low) in [(2, 2), (3, 2), (4, 1), (5, 1)] {
        let found = coefficients(&file[..scans[scan]]).unwrap();
        assert_eq!(found.lost, 0.01, "before scan {scan}");
        for (number, expected) in picture.components[0].blocks.iter().enumerate() {
            let block = found.components[0].block(number % 10, number / 10).unwrap();
            let is_close = |(have, want): (&i16, &i16)| have.abs_diff(*want) < 1 << low;
            assert!(block.iter().zip(expected).all(is_close), "before scan {scan}: block {number}");
        }
    }
    // Without the first scan of a coefficient that is kept, all is lost.
    assert_eq!(coefficients(&file[..scans[1]]).unwrap().lost, 1.0);
    // An end marker says that nothing more was to come.
    let closed = [&file[..scans[4]], &[0xff, 0xd9]].concat();
    assert_eq!(coefficients(&closed).unwrap().lost, 0.0);
    // But not after a scan that breaks off.
    let closed = [&file[..scans[3] + 30], &[0xff, 0xd9]].concat();
    assert_eq!(coefficients(&closed).unwrap().lost, 0.01);
    let closed = [&file[..scans[1] + 30], &[0xff, 0xd9]].concat();
    assert!(coefficients(&closed).unwrap().lost > 0.5);
}

#[test]
fn more_missing_bits_than_a_writer_leaves_are_loss() {
    let picture = Picture::random(3, 80, 80, &[(1, 1)], 0.5);
    for (low, lost) in [(3, 0.01), (4, 1.0)] {
        let scans = writer::successive_progression(&picture, low);
        let file = writer::write(&picture, &Writing::new(Process::Progressive, scans));
        let refinement = places(&file, 0xda..=0xda)[2];
        assert_eq!(coefficients(&file[..refinement]).unwrap().lost, lost, "{low} bits");
    }
}

#[test]
fn broken_header_ends_the_picture_as_the_end_of_the_file_does() {
    let (_, file) = grey(Process::Progressive, 0);
    let scans = places(&file, 0xda..=0xda);
    for (scan, at) in scans.iter().enumerate() {
        let mut spoiled = file.clone();
        // The name of the component of the scan.
        spoiled[at + 5] = 77;
        let found = coefficients(&spoiled);
        // Without AC all is lost.
        if scan < 2 {
            let refusal = found.unwrap_err().to_string();
            assert_eq!(refusal, "a damaged JPEG: a scan names a component that is not in the frame");
        } else {
            assert_eq!(found.unwrap(), coefficients(&file[..*at]).unwrap());
        }
    }
}

/// Gives a number of bytes of a file, then an error.
struct Breaking<'a>(&'a [u8]);

impl Read for Breaking<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        match self.0.read(target)? {
            0 => Err(io::ErrorKind::ConnectionReset.into()),
            count => Ok(count),
        }
    }
}

#[test]
fn failing_reader_is_never_taken_for_damage() {
    for seed in 0..80 {
        let Some((picture, writing)) = any(seed) else { continue };
        if writing.dnl {
            continue;
        }
        let file = writer::write(&picture, &writing);
        let (scale, _) = SCALES[seed as usize % 8];
        let (_, expected) = read(&file, scale).unwrap();
        let mut random = Random::new(seed);
        for _ in 0..20 {
            let length = random.below(file.len());
            let mut reader = BufReader::with_capacity(1 + random.below(500), Breaking(&file[..length]));
            let mut pixels = Vec::new();
            let result = Head::read(&mut reader).and_then(|head| {
                head.decode(reader, Wanted::all(scale), |row| {
                    pixels.extend_from_slice(row);
                    Ok(())
                })
            });
            match result {
                // Enough came before.
                Ok(summary) => assert!(summary.lost == 0.0 && pixels == expected, "seed {seed} {length}"),
                Err(error) => assert!(matches!(error, Error::Read(_)), "seed {seed} {length}: {error:?}"),
            }
        }
    }
}

/// Gives a file and counts its bytes.
struct Counting<'a>(&'a [u8], usize);

impl Read for Counting<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(target)?;
        self.1 += count;
        Ok(count)
    }
}

/// A scan of a few bytes costs a visit to every block. The position at which reading ends tells how many were read.
#[test]
fn scans_are_read_only_as_far_as_the_size_of_the_picture_and_the_file_warrant() {
    let picture = Picture::grey(1600, 1600, &[(1, 1)], vec![[1; 64]]);
    let mut scans = writer::successive_progression(&picture, 0);
    let first = scans.remove(0);
    let bands = (1..64).map(|at| writer::Scan { ss: at, se: at, ..scans[0].clone() });
    let scans: Vec<_> = std::iter::once(first).chain(bands).collect();
    let writing = Writing { huffman: writer::Huffman::Optimal, ..Writing::new(Process::Progressive, scans) };
    let file = writer::write(&picture, &writing);
    let mut source = BufReader::with_capacity(1, Counting(&file, 0));
    let head = Head::read(&mut source).unwrap();
    let refusal = head.coefficients(&mut source, Scale::Half).unwrap_err().to_string();
    assert_eq!(refusal, "a damaged JPEG: it has more scans than a picture of its size can need");
    let read = source.get_ref().1;
    let scans = places(&file[..read], 0xda..=0xda).len();
    // The bytes of the DC scan, one bit a block, pay for two more.
    assert_eq!(scans, 16 + 2 + 2, "{read} of {} bytes", file.len());
    // A small picture may have any number of scans.
    let small = Picture { width: 30, height: 30, ..Picture::grey(30, 30, &[(1, 1)], vec![[1; 64]]) };
    let file = writer::write(&small, &writing);
    assert_eq!(coefficients(&file).unwrap().lost, 0.0);
}
