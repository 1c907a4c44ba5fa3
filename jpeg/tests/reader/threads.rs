//! The result does not depend on the number of threads.

use std::num::NonZeroUsize;

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use thumbnail_jpeg::{Error, Head, Scale, Summary, Wanted};

use crate::SCALES;
use crate::writer::Random;

/// A file of some MB, of noise and slopes, so that its stretches are worth a thread.
fn file(interval: Option<u16>) -> Vec<u8> {
    let (width, height) = (1600, 1200);
    let mut random = Random::new(7);
    let mut pixels = Vec::with_capacity(usize::from(width) * usize::from(height) * 3);
    for y in 0..usize::from(height) {
        for x in 0..usize::from(width) {
            let noise = random.below(96);
            pixels.extend([x / 8 + noise, y / 6 + noise, (x + y) / 16 + noise].map(|value| value as u8));
        }
    }
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 90);
    encoder.set_sampling_factor(SamplingFactor::R_4_2_0);
    if let Some(interval) = interval {
        encoder.set_restart_interval(interval);
    }
    encoder.encode(&pixels, width, height, ColorType::Rgb).unwrap();
    bytes
}

fn read(file: &[u8], scale: Scale, threads: usize) -> Result<(Summary, Vec<u8>), Error> {
    let mut reader = file;
    let head = Head::read(&mut reader)?;
    let wanted = Wanted { threads: NonZeroUsize::new(threads).unwrap(), ..Wanted::all(scale) };
    let mut pixels = Vec::new();
    let summary = head.decode(reader, wanted, |row| {
        pixels.extend_from_slice(row);
        Ok(())
    })?;
    Ok((summary, pixels))
}

#[track_caller]
fn compare(name: &str, file: &[u8]) {
    for (scale, _) in SCALES {
        let (summary, pixels) = read(file, scale, 1).unwrap();
        for threads in [2, 4, 9] {
            let (other_summary, other_pixels) = read(file, scale, threads).unwrap();
            assert_eq!(summary, other_summary, "{name}, {scale:?}, {threads} threads");
            assert!(pixels == other_pixels, "{name}, {scale:?}, {threads} threads: other pixels");
        }
    }
}

#[test]
fn threads_change_nothing_with_and_without_restart_markers() {
    for interval in [None, Some(1), Some(100), Some(1000)] {
        let file = file(interval);
        assert!(file.len() > 1_000_000, "{} bytes", file.len());
        compare(&format!("interval {interval:?}"), &file);
    }
}

/// True when this process has threads of the reader.
fn has_threads() -> bool {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    tasks.flatten().any(|task| std::fs::read(task.path().join("comm")).is_ok_and(|name| name == b"jpeg\n"))
}

#[test]
fn a_second_thread_is_there_while_a_large_scan_is_read() {
    for interval in [None, Some(1000)] {
        let file = file(interval);
        let mut reader = file.as_slice();
        let head = Head::read(&mut reader).unwrap();
        let wanted = Wanted { threads: NonZeroUsize::new(2).unwrap(), ..Wanted::all(Scale::Eighth) };
        let mut seen = 0;
        head.decode(reader, wanted, |_| {
            seen += usize::from(has_threads());
            Ok(())
        })
        .unwrap();
        assert!(seen > 50, "{seen} rows, interval {interval:?}");
    }
}

#[test]
fn threads_change_nothing_about_damage() {
    for interval in [None, Some(100)] {
        let whole = file(interval);
        let mut random = Random::new(11);
        for case in 0..4 {
            let mut damaged = whole.clone();
            for _ in 0..=case {
                let at = 2000 + random.below(damaged.len() - 2000);
                damaged[at] ^= 1 << random.below(8);
            }
            if case == 3 {
                damaged.truncate(damaged.len() / 2);
            }
            compare(&format!("interval {interval:?}, damage {case}"), &damaged);
        }
    }
}
