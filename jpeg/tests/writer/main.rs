//! Tests of the writer: what it writes, its own reader and two others read alike.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "a test may panic, and the reference reader can do more than each test needs"
)]

mod accuracy;
mod files;
mod metadata;
mod pictures;
#[path = "../reader/reference/mod.rs"]
mod reference;
mod sharpness;

use thumbnail_jpeg::{Channels, Effort, Order, Pixels, Sampling, Transformed, WriteOptions};

const SAMPLINGS: [Sampling; 3] = [Sampling::Full, Sampling::Half, Sampling::Quarter];
const EFFORTS: [Effort; 3] = [Effort::Fast, Effort::Usual, Effort::Most];
const ORDERS: [Order; 3] = [Order::Baseline, Order::Progressive, Order::Smallest];

/// A picture in memory.
#[derive(Clone, Debug)]
struct Picture {
    width: u16,
    height: u16,
    channels: Channels,
    samples: Vec<u8>,
}

impl Picture {
    /// A picture of the levels at each place, by channel.
    fn of(size: (u16, u16), channels: Channels, mut level: impl FnMut(usize, usize, usize) -> u8) -> Self {
        let (width, height) = (usize::from(size.0), usize::from(size.1));
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let samples = places.flat_map(|(x, y)| (0..channels.count()).map(move |channel| (x, y, channel)));
        let samples = samples.map(|(x, y, channel)| level(x, y, channel)).collect();
        Self { width: size.0, height: size.1, channels, samples }
    }

    fn transformed(&self, sampling: Sampling) -> Transformed {
        let Self { width, height, channels, .. } = *self;
        Transformed::new(&Pixels { width, height, samples: &self.samples, channels }, sampling).unwrap()
    }

    fn write(&self, sampling: Sampling, quality: u8, effort: Effort, order: Order) -> Vec<u8> {
        let options = WriteOptions { effort, order, ..WriteOptions::of_quality(quality) };
        self.transformed(sampling).into_file(&options).unwrap()
    }
}

/// Pixels by the crate `jpeg-decoder`.
fn decoded(file: &[u8]) -> Vec<u8> {
    jpeg_decoder::Decoder::new(file).decode().unwrap()
}

/// Noise from a seed, level by level.
fn noise(seed: u64) -> impl FnMut(usize, usize, usize) -> u8 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move |_, _, _| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[0]
    }
}
