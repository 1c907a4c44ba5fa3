//! The time that a picture will take, from what this process has measured.
//!
//! It is pixels times the time per pixel of a speed, measured once on one machine, times how slow this process has been
//! compared with that: [`SLOWNESS`]. A process that has encoded nothing yet encodes a small picture first.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::imaging::encode::avif::planes::Channels;
use crate::imaging::encode::avif::speed::Speed;
use crate::imaging::encode::avif::{frame, quality};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::{Depth, Layout, Picture};

/// Time of this process for its pictures, in 1024ths of the time that [`Speed::per_pixel`] tells; 0 before the first.
static SLOWNESS: AtomicU64 = AtomicU64::new(0);

/// Most that a picture may take longer than those before it, as a ratio. Noise takes 1.4 times as long as photographs.
const SPREAD: (u64, u64) = (2, 1);

/// Time of a picture that does not depend on its size, in pixels that take as long.
const FIXED_PIXELS: u64 = 4096;

/// Side of the picture with which a process measures itself.
const PROBE_SIDE: u32 = 96;
const PROBE_QUALITY: u8 = 80;

/// Longest time that a picture is expected to take at a quality of 1 to 100.
pub(crate) fn estimate(speed: Speed, size: Size, layout: Layout, quality: u8) -> Duration {
    measure();
    let slowness = SLOWNESS.load(Ordering::Relaxed).max(1);
    let (most, usual) = SPREAD;
    let nanoseconds =
        u128::from(reference(speed, size, layout, quality)) * u128::from(slowness) * u128::from(most);
    Duration::from_nanos(u64::try_from(nanoseconds / 1024 / u128::from(usual)).unwrap_or(u64::MAX))
}

/// Takes the time of a picture into account: at once if it took longer than those before it, slowly if less.
pub(super) fn note(speed: Speed, size: Size, layout: Layout, quality: u8, time: Duration) {
    let reference = u128::from(reference(speed, size, layout, quality).max(1));
    let measured = u64::try_from((time.as_nanos() * 1024).div_ceil(reference)).unwrap_or(u64::MAX).max(1);
    // A lost update of another thread does no harm.
    let before = SLOWNESS.load(Ordering::Relaxed);
    SLOWNESS.store(measured.max(before - before / 8), Ordering::Relaxed);
}

/// Nanoseconds on the machine of docs/performance.md.
fn reference(speed: Speed, size: Size, layout: Layout, quality: u8) -> u64 {
    let pixels = size.pixels().saturating_add(FIXED_PIXELS);
    // Grey has two thirds of the samples, and so has alpha; it is smoother.
    let planes = match layout {
        Layout::Grey => 2,
        Layout::Cmyk | Layout::Rgb => 3,
        Layout::GreyAlpha => 4,
        Layout::RgbAlpha => 5,
    };
    // Time falls with the quantiser: 1.85 at 17, 1 at 111, 0.57 at 189. In 1024ths.
    let quantizer = u64::from(quality::quantizer(quality));
    let effort =
        if quantizer <= 111 { 2048 - quantizer * 1024 / 111 } else { 1690_u64.saturating_sub(quantizer * 6) };
    let nanoseconds = pixels.saturating_mul(speed.per_pixel()).saturating_mul(planes) / 3;
    nanoseconds.saturating_mul(effort.max(512)) / 1024
}

/// Measures this process with a small picture, unless it has encoded one before: 5 ms of a whole core.
pub(crate) fn measure() {
    if SLOWNESS.load(Ordering::Relaxed) > 0 {
        return;
    }
    let size = Size { width: PROBE_SIDE, height: PROBE_SIDE };
    let mut picture = Picture::blank(size, Layout::Rgb, Depth::Eight);
    // Waves of 5 to 50 pixels: as much detail as a photograph.
    for (at, sample) in (0_u32..).zip(&mut picture.samples) {
        let (x, y) = ((at / 3) % PROBE_SIDE, at / 3 / PROBE_SIDE);
        let wave = (x * x / 7 + y * y / 11) ^ (x * y / 13);
        *sample = u8::try_from(wave % 256).unwrap_or_default();
    }
    let start = Instant::now();
    let quantizer = quality::quantizer(PROBE_QUALITY);
    if frame::encode(&picture, Channels::Colors, quantizer, Speed::Quickest, false).is_ok() {
        note(Speed::Quickest, size, Layout::Rgb, PROBE_QUALITY, start.elapsed());
    }
}
