//! Threads of the JPEG reader: as many as the limits of a rendering allow, for large images only.

use std::io::Read;
use std::num::NonZeroUsize;

use cos_thumbnailer::imaging::{Cancel, Limits, Tolerance, Upright, render};
use cos_thumbnailer::recipe::Recipe;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

/// Several MB of noise, so that each part of the file is worth a thread.
fn noise((width, height): (u16, u16)) -> Vec<u8> {
    let mut seed = 7_u32;
    let samples = std::iter::repeat_with(|| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [.., high] = seed.to_le_bytes();
        high / 2
    });
    let pixels: Vec<u8> = samples.take(usize::from(width) * usize::from(height) * 3).collect();
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 90);
    encoder.set_sampling_factor(SamplingFactor::R_4_2_0);
    encoder.encode(&pixels, width, height, ColorType::Rgb).unwrap();
    bytes
}

/// Looks for a thread of the reader in this process.
fn has_threads() -> bool {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    tasks.flatten().any(|task| std::fs::read(task.path().join("comm")).is_ok_and(|name| name == b"jpeg\n"))
}

/// Counts the reads during which the reader has threads.
struct ThreadCounter<'a> {
    rest: &'a [u8],
    seen: &'a mut usize,
}

impl Read for ThreadCounter<'_> {
    fn read(&mut self, target: &mut [u8]) -> std::io::Result<usize> {
        *self.seen += usize::from(has_threads());
        self.rest.read(target)
    }
}

#[test]
fn reader_has_as_many_threads_as_its_limits_allow() {
    let file = noise((5200, 3900));
    let recipe = Recipe::fit_inside(200, 200);
    let made = |threads| {
        let (max_pixels, memory, threads) = (1 << 25, 1 << 26, NonZeroUsize::new(threads).unwrap());
        let limits = Limits { max_pixels, memory, damage: Tolerance::Nothing, threads };
        let mut seen = 0;
        let source = ThreadCounter { rest: &file, seen: &mut seen };
        let rendering =
            render(source, None, &[&recipe], Upright::ByExif, &limits, &Cancel::default()).unwrap();
        (seen, rendering.thumbnails.into_iter().next().unwrap().unwrap().bytes)
    };
    let (seen, bytes) = made(2);
    assert!(seen > 2, "{seen} reads");
    assert_eq!(made(1).1, bytes);
}
