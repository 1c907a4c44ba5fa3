//! The writer and the reference reader agree on every coefficient.

use crate::reference;
use crate::writer::{self, Huffman, Picture, Process, Random, Writing};

/// Any picture: 1, 3 or 4 components (seldom 2), any sampling factors, seldom larger than 60 pixels a side.
fn any_picture(seed: u64, random: &mut Random) -> Picture {
    let side = if random.one_in(12) { 200 } else { 60 };
    let (width, height) = (1 + random.below(side), 1 + random.below(side));
    let count = [1, 3, 3, 3, 4, 2][random.below(6)];
    let factors = |random: &mut Random| match random.below(3) {
        0 => (1, 1),
        1 => (1 + random.below(2) as u8, 1 + random.below(2) as u8),
        _ => (1 + random.below(4) as u8, 1 + random.below(4) as u8),
    };
    let mut sampling: Vec<(u8, u8)> = (0..count).map(|_| factors(random)).collect();
    if count == 3 && random.one_in(2) {
        sampling = vec![[(1, 1), (2, 1), (2, 2), (1, 2), (4, 1), (4, 2)][random.below(6)], (1, 1), (1, 1)];
    }
    let mut picture = match random.below(12) {
        0 => Picture::extreme(seed, width, height, &sampling),
        n => Picture::random(seed, width, height, &sampling, n as f64 / 11.0),
    };
    if random.one_in(6) {
        for component in &mut picture.components {
            component.id = component.id.wrapping_mul(0x53).wrapping_sub(0x53);
        }
    }
    picture
}

fn assert_same(seed: u64, found: &reference::Frame, expected: &Picture) {
    assert_eq!((found.width, found.height), (expected.width, expected.height), "seed {seed}");
    assert_eq!(found.components.len(), expected.components.len(), "seed {seed}");
    for (c, (found, expected)) in found.components.iter().zip(&expected.components).enumerate() {
        assert_eq!((found.id, found.h, found.v), (expected.id, expected.h, expected.v), "seed {seed}");
        assert_eq!((found.width, found.height), (expected.width, expected.height), "seed {seed}");
        let blocks = (expected.blocks_wide, expected.blocks_high);
        assert_eq!((found.blocks_wide, found.blocks_high), blocks, "seed {seed}");
        for (index, (found, expected)) in found.blocks.iter().zip(&expected.blocks).enumerate() {
            assert_eq!(found, expected, "seed {seed}, component {c}, block {index}");
        }
    }
}

fn round_trips(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let mut random = Random::new(seed);
        let picture = any_picture(seed, &mut random);
        let writing = Writing::random(&picture, seed % 4 != 0, &mut random);
        let file = writer::write(&picture, &writing);
        let frame =
            reference::read(&file).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{writing:?}"));
        assert_eq!(frame.ended, writing.eoi, "seed {seed}");
        let expected = writer::expected(&picture, &writing);
        assert_same(seed, &frame, &expected);
        for (found, component) in frame.components.iter().zip(&picture.components) {
            assert_eq!(found.table, picture.tables[usize::from(component.table)], "seed {seed}");
            if writing.complete(&picture) {
                for y in 0..component.visible_high {
                    let row = y * component.blocks_wide..y * component.blocks_wide + component.visible_wide;
                    assert_eq!(found.blocks[row.clone()], component.blocks[row], "seed {seed}");
                }
            }
        }
    }
}

#[test]
fn random_files_give_their_coefficients_back_first_half() {
    round_trips(0..1000);
}

#[test]
fn random_files_give_their_coefficients_back_second_half() {
    round_trips(1000..2000);
}

/// 40 000 blocks without AC: a run must be cut at 32767.
#[test]
fn longest_end_of_band_run_is_written_and_read() {
    let mut picture = Picture::random(7, 1600, 1600, &[(1, 1)], 0.0);
    let last = picture.components[0].blocks.len() - 1;
    picture.components[0].blocks[last][63] = 5;
    for al in [0, 1] {
        let scans = writer::successive_progression(&picture, al);
        let writing = Writing { huffman: Huffman::Optimal, ..Writing::new(Process::Progressive, scans) };
        let file = writer::write(&picture, &writing);
        assert_same(7, &reference::read(&file).unwrap(), &picture);
    }
}

#[test]
fn samples_come_back_within_quantisation() {
    let sample = |c: usize, x: usize, y: usize| {
        128.0 + 90.0 * (x as f64 / 9.0 + c as f64).sin() * (y as f64 / 14.0).cos()
    };
    let picture = Picture::from_samples(77, 51, &[(2, 2), (1, 1), (1, 2)], vec![[1; 64]], sample);
    let writing = Writing::new(Process::Baseline, writer::together(&picture));
    let frame = reference::read(&writer::write(&picture, &writing)).unwrap();
    for (c, component) in frame.components.iter().enumerate() {
        let plane = component.plane(8, 8);
        for y in 0..component.height {
            for x in 0..component.width {
                let error = plane.at(x, y) - sample(c, x, y);
                assert!(error.abs() < 1.5, "component {c} at {x}, {y}: {error}");
            }
        }
    }
}

/// One 8 by 8 block of these samples at each size.
fn reduced(sample: impl Fn(f64, f64) -> f64 + Copy) -> Vec<(usize, usize, reference::Plane)> {
    let picture = Picture::from_samples(8, 8, &[(1, 1)], vec![[1; 64]], |_, x, y| sample(x as f64, y as f64));
    let writing = Writing::new(Process::Baseline, writer::together(&picture));
    let frame = reference::read(&writer::write(&picture, &writing)).unwrap();
    let sizes = (1..=8).flat_map(|w| (1..=8).map(move |h| (w, h)));
    sizes.map(|(w, h)| (w, h, frame.components[0].plane(w, h))).collect()
}

#[test]
fn flat_block_keeps_its_level_at_each_size() {
    for level in [0.0, 1.0, 128.0, 200.0, 255.0] {
        for (w, h, plane) in reduced(|_, _| level) {
            assert_eq!((plane.width, plane.height), (w, h));
            assert!(plane.samples.iter().all(|sample| (sample - level).abs() < 1e-9), "{w}x{h}: {plane:?}");
        }
    }
}

/// Truncated spectra overshoot: a slope comes out at most 14 % steeper than it is in half a block.
#[test]
fn sloping_block_slopes_alike_at_each_size() {
    for (w, h, plane) in reduced(|x, y| 128.0 + (x - 3.5) * 14.0 + (y - 3.5) * 10.0) {
        for y in 0..h {
            for x in 0..w {
                let middle = |i: usize, n: usize| (i as f64 + 0.5) * 8.0 / n as f64 - 4.0;
                let (across, down) = (middle(x, w) * 14.0, middle(y, h) * 10.0);
                let error = plane.at(x, y) - 128.0 - across - down;
                let bound = 0.14 * (across.abs() + down.abs()) + 1.5;
                assert!(error.abs() <= bound, "{w}x{h} at {x}, {y}: {error}");
            }
        }
    }
}

/// Each basis function is one continuous cosine; a size only chooses where it is sampled.
#[test]
fn each_coefficient_is_the_same_wave_at_each_size() {
    for position in 0..64 {
        let (u, v) = (position % 8, position / 8);
        let mut picture = Picture::grey(8, 8, &[(1, 1)], vec![[2; 64]]);
        picture.components[0].blocks[0][position] = 100;
        let writing = Writing::new(Process::Baseline, writer::together(&picture));
        let frame = reference::read(&writer::write(&picture, &writing)).unwrap();
        for (w, h) in (1..=8).flat_map(|w| (1..=8).map(move |h| (w, h))) {
            let plane = frame.components[0].plane(w, h);
            for (x, y) in (0..w * h).map(|i| (i % w, i / w)) {
                let wave = |f: usize, i: usize, n: usize| {
                    let scale = if f == 0 { 0.5f64.sqrt() } else { 1.0 };
                    scale * (f as f64 * (i as f64 + 0.5) / n as f64 * std::f64::consts::PI).cos()
                };
                let level = if u < w && v < h { 200.0 / 4.0 * wave(u, x, w) * wave(v, y, h) } else { 0.0 };
                assert!((plane.at(x, y) - 128.0 - level).abs() < 1e-9, "({u}, {v}) at {w}x{h}");
            }
        }
    }
}

#[test]
fn box_of_one_is_the_mean_that_dc_says() {
    let picture = Picture::random(3, 64, 48, &[(1, 1)], 0.6);
    let writing = Writing::new(Process::Extended, writer::together(&picture));
    let frame = reference::read(&writer::write(&picture, &writing)).unwrap();
    let (boxes, dc) = (frame.components[0].box_plane(1), frame.components[0].plane(1, 1));
    assert!(boxes.samples.iter().zip(&dc.samples).all(|(a, b)| (a - b).abs() < 1e-6));
    assert_eq!(frame.components[0].box_plane(8), frame.components[0].plane(8, 8));
}

/// A reference reader that accepted anything would prove nothing.
#[test]
fn damaged_files_are_refused() {
    let picture = Picture::random(5, 70, 50, &[(2, 1), (1, 1), (1, 1)], 0.5);
    let writing =
        Writing { restarts: vec![3], ..Writing::new(Process::Baseline, writer::together(&picture)) };
    let file = writer::write(&picture, &writing);
    let restart = file.windows(2).position(|pair| pair == [0xff, 0xd1]).unwrap();
    let mut other = file.clone();
    other[restart + 1] = 0xd2;
    assert!(reference::read(&other).is_err());
    assert!(reference::read(&file[..restart + 2]).is_err());
}
