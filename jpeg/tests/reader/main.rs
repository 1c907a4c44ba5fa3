//! Tests of the reader on files that no camera writes, against a reference reader.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "a test may panic, and the writer can do more than each test needs"
)]

mod arithmetic;
mod conformance;
mod damage;
mod faults;
mod filler;
mod lenience;
mod polling;
mod reference;
mod round_trip;
mod skipped_codes;
mod threads;
mod writer;

use std::io::{BufRead, BufReader, Read};

use thumbnail_jpeg::{Error, Head, Scale, Summary, Wanted, height_at_end};

use self::writer::{Picture, Random, Writing};

/// All scales, and the samples that a block gives.
const SCALES: [(Scale, u32); 8] = [
    (Scale::Full, 8),
    (Scale::SevenEighths, 7),
    (Scale::ThreeQuarters, 6),
    (Scale::FiveEighths, 5),
    (Scale::Half, 4),
    (Scale::ThreeEighths, 3),
    (Scale::Quarter, 2),
    (Scale::Eighth, 1),
];

/// Reads a file to its end; gives all rows.
fn read(file: &[u8], scale: Scale) -> Result<(Summary, Vec<u8>), Error> {
    read_by(file, file, scale)
}

/// [`read`], through a reader of the file.
fn read_by(mut reader: impl BufRead, file: &[u8], scale: Scale) -> Result<(Summary, Vec<u8>), Error> {
    let mut head = Head::read(&mut reader)?;
    if head.frame.height == 0 {
        head.frame.height = height_at_end(file).unwrap_or(0);
    }
    let mut pixels = Vec::new();
    let summary = head.decode(reader, Wanted::all(scale), |row| {
        pixels.extend_from_slice(row);
        Ok(())
    })?;
    Ok((summary, pixels))
}

/// Samples that a block gives: doubled while the output has room for them, but eight at most.
fn grown(factor: u8, most: u8, samples: u32) -> u32 {
    let (factor, most) = (u32::from(factor), u32::from(most));
    let mut size = samples;
    while size < 8 && (most * samples).is_multiple_of(factor * size * 2) {
        size *= 2;
    }
    size.min(8)
}

/// Compares the planes that need no upsampling with the exact inverse transform; gives their number.
fn compare(name: &str, file: &[u8], expected: &reference::Frame) -> usize {
    let most =
        |factor: fn(&reference::Component) -> u8| expected.components.iter().map(factor).max().unwrap();
    let (most_h, most_v) = (most(|c| c.h), most(|c| c.v));
    let count = expected.components.len();
    let mut compared = 0;
    for (scale, samples) in SCALES {
        let (summary, pixels) = read(file, scale).unwrap_or_else(|error| panic!("{name} {scale:?}: {error}"));
        assert_eq!(summary.lost, 0.0, "{name} {scale:?}");
        let (width, height) = (summary.width as usize, summary.height as usize);
        assert_eq!(pixels.len(), width * height * count, "{name} {scale:?}");
        for (place, component) in expected.components.iter().enumerate() {
            let (w, h) = (grown(component.h, most_h, samples), grown(component.v, most_v, samples));
            let is_whole = u32::from(most_h) * samples == u32::from(component.h) * w
                && u32::from(most_v) * samples == u32::from(component.v) * h;
            if !is_whole {
                continue;
            }
            compared += 1;
            let plane = component.plane(w as usize, h as usize).clamped();
            for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
                let sample = pixels[(y * width + x) * count + place];
                // Inks come out as 0 for none, which is 255 in the file.
                let have = f64::from(if count == 4 { 255 - sample } else { sample });
                let want = plane.at(x, y);
                assert!(
                    (have - want).abs() <= 1.0,
                    "{name} {scale:?} component {place} at {x},{y}: {have} for {want}"
                );
            }
        }
    }
    compared
}

/// A random picture whose components come out without a matrix: grey, RGB marked by Adobe's segment, or inks.
fn any(seed: u64) -> Option<(Picture, Writing)> {
    let mut random = Random::new(seed);
    let (width, height) = (1 + random.below(70), 1 + random.below(70));
    let count = [1, 3, 3, 4][random.below(4)];
    let most = if random.one_in(2) { 2 } else { 4 };
    let sampling: Vec<(u8, u8)> =
        (0..count).map(|_| (1 + random.below(most) as u8, 1 + random.below(most) as u8)).collect();
    let picture = Picture::random(seed, width, height, &sampling, random.below(10) as f64 / 9.0);
    let mut writing = Writing::random(&picture, true, &mut random);
    writing.adobe = (count == 3).then_some(0);
    writing.jfif = false;
    // An MCU has ten blocks at most (section B.2.3).
    let blocks: u32 = sampling.iter().map(|(h, v)| u32::from(h * v)).sum();
    (blocks <= 10).then_some((picture, writing))
}

#[test]
fn every_size_sampling_process_and_scan_script_gives_the_exact_picture() {
    let mut compared = 0;
    for seed in 0..1500 {
        let Some((picture, writing)) = any(seed) else { continue };
        let file = writer::write(&picture, &writing);
        compared += compare(&format!("seed {seed}"), &file, &reference::read(&file).unwrap());
    }
    assert!(compared > 5000, "only {compared} planes were compared");
}

/// Gives a few bytes at a time.
struct Dribble<'a>(&'a [u8], Random);

impl Read for Dribble<'_> {
    fn read(&mut self, target: &mut [u8]) -> std::io::Result<usize> {
        let count = (1 + self.1.below(40)).min(target.len());
        self.0.read(&mut target[..count])
    }
}

#[test]
fn result_does_not_depend_on_how_the_bytes_arrive() {
    for seed in (0..400).chain(2000..2020) {
        let Some((picture, writing)) = any(seed) else { continue };
        let file = writer::write(&picture, &writing);
        let (scale, _) = SCALES[seed as usize % 8];
        let (_, whole) = read(&file, scale).unwrap();
        let (_, single) = read_by(BufReader::with_capacity(1, file.as_slice()), &file, scale).unwrap();
        assert!(single == whole, "seed {seed}, byte by byte");
        let (_, dribbled) = read_by(BufReader::new(Dribble(&file, Random::new(seed))), &file, scale).unwrap();
        assert!(dribbled == whole, "seed {seed}, in pieces");
    }
}

fn data(name: &str) -> Vec<u8> {
    std::fs::read(format!("../tests/data/{name}")).unwrap()
}

#[test]
fn photographs_are_read_exactly() {
    for name in ["grey.jpg", "photo-2048x1365.jpg", "photo-2048x878-progressive.jpg", "quality-35.jpg"] {
        let file = data(name);
        let expected = reference::read(&file).unwrap();
        let luma = expected.components[0].plane(8, 8).clamped();
        let (summary, pixels) = read(&file, Scale::Full).unwrap();
        let channels = pixels.len() / (summary.width * summary.height) as usize;
        if channels == 1 {
            assert!(compare(name, &file, &expected) > 0);
            continue;
        }
        // Luma can be computed back from RGB, except of clipped colours.
        let mut off = 0;
        for (at, pixel) in pixels.chunks_exact(3).enumerate() {
            let (x, y) = (at % summary.width as usize, at / summary.width as usize);
            let [r, g, b] = [0, 1, 2].map(|i| f64::from(pixel[i]));
            let is_clipped = pixel.iter().any(|sample| matches!(sample, 0 | 255));
            let difference = (0.299 * r + 0.587 * g + 0.114 * b - luma.at(x, y)).abs();
            off += usize::from(difference > 2.0 && !is_clipped);
        }
        assert_eq!(off, 0, "{name}");
    }
}

/// A file that is cut anywhere gives all rows and the share that is lost, or is refused.
#[test]
fn truncation_at_every_byte_gives_a_picture_or_an_error() {
    for seed in 0..15 {
        let Some((picture, writing)) = any(seed) else { continue };
        let file = writer::write(&picture, &writing);
        for length in 0..file.len().min(3000) {
            let (scale, _) = SCALES[length % 8];
            let Ok((summary, pixels)) = read(&file[..length], scale) else { continue };
            let expected = (summary.width * summary.height) as usize * picture.components.len();
            assert_eq!(pixels.len(), expected, "seed {seed} cut to {length}");
            assert!((0.0..=1.0).contains(&summary.lost), "seed {seed} cut to {length}");
        }
    }
}

#[test]
fn flipped_bits_are_survived() {
    for seed in 0..400_u64 {
        let Some((picture, writing)) = any(seed) else { continue };
        let mut file = writer::write(&picture, &writing);
        let mut random = Random::new(seed + 1);
        for _ in 0..20 {
            for _ in 0..=random.below(4) {
                let at = random.below(file.len());
                file[at] ^= 1 << random.below(8);
            }
            let Ok(head) = Head::read(file.as_slice()) else { continue };
            let height =
                if head.frame.height == 0 { height_at_end(&file).unwrap_or(0) } else { head.frame.height };
            if u64::from(head.frame.width) * u64::from(height) < 1 << 20 {
                let _ = read(&file, SCALES[seed as usize % 8].0);
            }
        }
    }
}

/// The DC scan comes first, and at 1/8 a grey picture needs nothing else.
#[test]
fn reading_stops_when_enough_is_known() {
    let picture = Picture::random(5, 200, 200, &[(1, 1)], 0.8);
    let scans = writer::spectral_progression(&picture);
    let file = writer::write(&picture, &Writing::new(writer::Process::Progressive, scans));
    let mut reader = BufReader::with_capacity(64, file.as_slice());
    let head = Head::read(&mut reader).unwrap();
    let summary =
        head.decode(reader, Wanted { reduction: 2.4, ..Wanted::all(Scale::Eighth) }, |_| Ok(())).unwrap();
    assert!(summary.bytes_read < file.len() as u64 / 4, "{} of {}", summary.bytes_read, file.len());
    assert_eq!(summary.lost, 0.0);
}
