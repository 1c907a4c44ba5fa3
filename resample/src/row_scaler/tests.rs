//! Results against the kernel in floating point, and of vectors against arrays.

use super::*;
use crate::lanes::Plain;

fn axis(source: u32, target: u32) -> Axis {
    Axis { source, start: 0.0, length: source.into(), target, sharpening: 0.0 }
}

fn noise(count: u32) -> impl Iterator<Item = u32> {
    (1..=count).map(|number| {
        let mixed = number.wrapping_mul(0x9e37_79b9);
        (mixed ^ mixed >> 15).wrapping_mul(0x85eb_ca6b) >> 16
    })
}

/// A picture whose samples are noise, or at an end of the range.
fn picture<S: RowSample + From<u8>>(width: u32, height: u32, channels: usize, wide: fn(u32) -> S) -> Vec<S> {
    noise(width * height * u32::try_from(channels).unwrap()).map(wide).collect()
}

fn byte(noise: u32) -> u8 {
    let [low, high, ..] = noise.to_le_bytes();
    [0, 255, low, high][(noise >> 5) as usize % 4]
}

fn word(noise: u32) -> u16 {
    let [low, high, ..] = noise.to_le_bytes();
    let word = u16::from_le_bytes([low, high]);
    [0, u16::MAX, word, word][(noise >> 5) as usize % 4]
}

fn scaled<S: RowSample>(samples: &[S], across: &Axis, down: &Axis, channels: usize) -> Vec<S> {
    let mut scaler = RowScaler::new(across, down, channels);
    samples.chunks(across.source as usize * channels).for_each(|row| scaler.push(row));
    scaler.finish()
}

/// The same without vectors of the processor.
fn plain<S: RowSample>(samples: &[S], across: &Axis, down: &Axis, channels: usize) -> Vec<S> {
    let mut scaler = RowScaler::new(across, down, channels);
    for (number, row) in (0..).zip(samples.chunks(across.source as usize * channels)) {
        if (scaler.down.first..scaler.down.first + scaler.down.count).contains(&number) {
            scaler.take(Plain, SourceRow::Pixels(row), number - scaler.down.first);
        }
    }
    scaler.finish()
}

fn kernel(x: f64) -> f64 {
    let sinc = |x: f64| {
        if x == 0.0 { 1.0 } else { (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x) }
    };
    if x.abs() < 3.0 { sinc(x) * sinc(x / 3.0) } else { 0.0 }
}

/// One axis in floating point, from the definition.
fn exact_axis(samples: &[f64], axis: &Axis) -> Vec<f64> {
    let scale = (axis.length / f64::from(axis.target)).max(1.0);
    let value = |target: u32| {
        let center = axis.start + (f64::from(target) + 0.5) * axis.length / f64::from(axis.target);
        let weights: Vec<f64> =
            (0..samples.len()).map(|at| kernel((at as f64 + 0.5 - center) / scale)).collect();
        let sum: f64 = weights.iter().sum();
        weights.iter().zip(samples).map(|(weight, sample)| weight * sample).sum::<f64>() / sum
    };
    (0..axis.target).map(value).collect()
}

fn exact(samples: &[f64], across: &Axis, down: &Axis) -> Vec<f64> {
    let width = across.source as usize;
    let columns: Vec<Vec<f64>> = (0..width)
        .map(|x| exact_axis(&samples.iter().skip(x).step_by(width).copied().collect::<Vec<_>>(), down))
        .collect();
    (0..down.target as usize)
        .flat_map(|y| exact_axis(&columns.iter().map(|column| column[y]).collect::<Vec<_>>(), across))
        .collect()
}

/// Sizes that fill chunks and bands, and that do not; parts; enlarged pictures.
fn axes() -> Vec<(Axis, Axis)> {
    let part = |source, start, length, target| Axis { start, length, ..axis(source, target) };
    vec![
        (axis(200, 53), axis(90, 24)),
        (axis(129, 40), axis(67, 33)),
        (axis(64, 64), axis(16, 16)),
        (axis(7, 31), axis(5, 22)),
        (part(150, 20.3, 77.7, 19), part(120, 41.0, 30.5, 8)),
        (axis(1, 3), axis(1, 1)),
        (axis(300, 1), axis(3, 2)),
        (axis(3, 9), axis(400, 2)),
    ]
}

#[test]
fn results_are_the_kernel_rounded_once() {
    for (across, down) in axes() {
        let samples = picture(across.source, down.source, 1, byte);
        let wide: Vec<f64> = samples.iter().map(|sample| f64::from(*sample)).collect();
        let have = scaled(&samples, &across, &down, 1);
        for (have, exact) in have.iter().zip(exact(&wide, &across, &down)) {
            // Half a level, and what is lost of the weights: 2^-14 of each sample under the kernel, by turns.
            assert!((f64::from(*have) - exact.clamp(0.0, 255.0)).abs() < 0.75, "{across:?}: {have} {exact}");
        }
        let samples = picture(across.source, down.source, 1, word);
        let wide: Vec<f64> = samples.iter().map(|sample| f64::from(*sample)).collect();
        let have = scaled(&samples, &across, &down, 1);
        for (have, exact) in have.iter().zip(exact(&wide, &across, &down)) {
            assert!(
                (f64::from(*have) - exact.clamp(0.0, 65_535.0)).abs() < 60.0,
                "{across:?}: {have} {exact}"
            );
        }
    }
}

#[test]
fn vectors_and_arrays_agree_for_all_numbers_of_channels() {
    for (across, down) in axes() {
        for channels in 1..=4 {
            let samples = picture(across.source, down.source, channels, byte);
            let same =
                scaled(&samples, &across, &down, channels) == plain(&samples, &across, &down, channels);
            assert!(same, "bytes, {channels} channels, {across:?} {down:?}");
            let samples = picture(across.source, down.source, channels, word);
            let same =
                scaled(&samples, &across, &down, channels) == plain(&samples, &across, &down, channels);
            assert!(same, "words, {channels} channels, {across:?} {down:?}");
        }
    }
}

#[test]
fn channels_do_not_mix() {
    let (across, down) = (axis(40, 13), axis(30, 11));
    let samples = picture(40, 30, 3, byte);
    let together = scaled(&samples, &across, &down, 3);
    for channel in 0..3 {
        let one = |samples: &[u8]| samples.iter().skip(channel).step_by(3).copied().collect::<Vec<_>>();
        assert_eq!(one(&together), scaled(&one(&samples), &across, &down, 1));
    }
}

#[test]
fn planes_give_the_same_as_pixels() {
    for (across, down) in axes() {
        let samples = picture(across.source, down.source, 3, byte);
        let mut scaler = RowScaler::new(&across, &down, 3);
        for row in samples.chunks(across.source as usize * 3) {
            let plane = |channel: usize| row.iter().skip(channel).step_by(3).copied();
            scaler.push_planes(&(0..3).flat_map(plane).collect::<Vec<u8>>());
        }
        assert!(scaler.finish() == scaled(&samples, &across, &down, 3), "{across:?} {down:?}");
    }
}

#[test]
fn flat_pictures_keep_their_level() {
    for level in 0..=255_u8 {
        let scaled = scaled(&vec![level; 100 * 80], &axis(100, 30), &axis(80, 21), 1);
        assert_eq!(scaled, vec![level; 30 * 21]);
    }
    for level in [0, 1, 2, 999, 32_767, 32_768, 65_534, u16::MAX] {
        let scaled = scaled(&vec![level; 100 * 80], &axis(100, 30), &axis(80, 21), 1);
        // The pass down keeps fifteen bits.
        assert!(scaled.iter().all(|sample| sample.abs_diff(level) <= 1), "{level}: {scaled:?}");
    }
}

#[test]
fn memory_is_not_more_than_stated() {
    for (across, down) in axes() {
        let scaler = RowScaler::<u8>::new(&across, &down, 3);
        let bytes = scaler.first.len()
            + scaler.ring.len() * 2
            + scaler.band.len() * 2
            + scaler.columns.0.len() * 32
            + scaler.scaled.len()
            + scaler.samples.len();
        // Rows are padded, by 64 samples at most.
        assert!(bytes as u64 <= RowScaler::<u8>::bytes(&across, &down, 3), "{across:?} {down:?}: {bytes}");
    }
}

#[test]
fn rows_past_the_end_are_ignored() {
    let mut scaler = RowScaler::<u8>::new(&axis(2, 1), &axis(2, 1), 1);
    for _ in 0..5 {
        scaler.push(&[9, 9]);
    }
    assert_eq!(scaler.finish(), [9]);
}
