//! The time that a picture will take, from what this process has measured.
//!
//! It is the time that the picture would take on one machine, a part for each frame and one for each pixel, times how slow
//! this process is compared with that. A process that has encoded nothing in the last minute measures itself with a small
//! picture first.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::imaging::encode::avif::planes::Channels;
use crate::imaging::encode::avif::speed::Speed;
use crate::imaging::encode::avif::{frame, quality};
use crate::imaging::picture::geometry::Size;
use crate::imaging::picture::{Depth, Layout, Picture};

/// What this process has measured.
static MEASURED: Mutex<Measured> = Mutex::new(Measured::NOTHING);

/// Most that a picture may take longer than those before it, as a ratio. Noise takes 1.4 times as long as photographs.
const SPREAD: u64 = 2;

/// Time that the smallest frame takes beside that of its pixels, nanoseconds on the machine of docs/performance.md: 0.1 ms,
/// and what pixels of the smallest pictures take more, which have more detail each.
const FRAME: u64 = 300_000;

/// Time of a comparison of pixels with the picture, nanoseconds per pixel on that machine; with a third of what the picture
/// itself takes, which is prepared once for three files.
const COMPARISON: u64 = 72;

/// Nanoseconds on that machine that are remembered: newer pictures displace older ones.
const REMEMBERED: u64 = 100_000_000;

/// How long a measurement holds.
const LIFETIME: Duration = Duration::from_secs(60);

/// The picture with which a process measures itself: its side, quality, and how often it is encoded.
const PROBE_SIDE: u32 = 96;
const PROBE_QUALITY: u8 = 80;
const PROBES: u32 = 3;

/// Times of the last pictures.
struct Measured {
    /// Nanoseconds that they took, and those that they would take on the machine of docs/performance.md.
    time: u64,
    reference: u64,
    /// When the last one was finished.
    last: Option<Instant>,
}

impl Measured {
    const NOTHING: Self = Self { time: 0, reference: 0, last: None };

    /// Adds a picture. One that took less time than those before it counts an eighth, because the next may be harder.
    /// Pictures count by their time, so that an interruption of a small one does not make all others look slow.
    fn add(&mut self, time: u64, reference: u64) {
        let is_quicker = self.expected(reference) > time;
        let (time, reference) = if is_quicker { (time / 8, reference / 8) } else { (time, reference) };
        let reference = reference.max(1);
        let kept = REMEMBERED.saturating_sub(reference).min(self.reference);
        self.time = scaled(self.time, kept, self.reference).saturating_add(time);
        self.reference = kept.saturating_add(reference);
    }

    /// Nanoseconds that work of this reference takes.
    fn expected(&self, reference: u64) -> u64 {
        scaled(reference, self.time, self.reference)
    }

    fn is_current(&self) -> bool {
        self.last.is_some_and(|last| last.elapsed() < LIFETIME)
    }
}

/// Longest time that a picture is expected to take at a quality of 1 to 100.
pub(crate) fn estimate(speed: Speed, size: Size, layout: Layout, quality: u8) -> Duration {
    expected(reference(speed, size, layout, quality))
}

/// Longest time that comparing a file with its picture is expected to take.
pub(crate) fn comparison(size: Size) -> Duration {
    expected(size.pixels().saturating_mul(COMPARISON))
}

/// Longest time of this process for work that takes so many nanoseconds on the machine of docs/performance.md.
fn expected(reference: u64) -> Duration {
    if measured().last.is_none() {
        measure();
    }
    Duration::from_nanos(measured().expected(reference).saturating_mul(SPREAD))
}

/// Takes the time of a picture into account.
pub(super) fn note(speed: Speed, size: Size, layout: Layout, quality: u8, time: Duration) {
    let time = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let mut measured = measured();
    measured.add(time, reference(speed, size, layout, quality));
    measured.last = Some(Instant::now());
}

/// Nanoseconds on the machine of docs/performance.md.
fn reference(speed: Speed, size: Size, layout: Layout, quality: u8) -> u64 {
    // Grey has two thirds of the samples, and so has alpha; it is smoother.
    let (planes, frames) = match layout {
        Layout::Grey => (2, 1),
        Layout::Cmyk | Layout::Rgb => (3, 1),
        Layout::GreyAlpha => (4, 2),
        Layout::RgbAlpha => (5, 2),
    };
    // Time falls with the quantiser: 1.85 at 17, 1 at 111, 0.57 at 189. In 1024ths.
    let quantizer = u64::from(quality::quantizer(quality));
    let effort =
        if quantizer <= 111 { 2048 - quantizer * 1024 / 111 } else { 1690_u64.saturating_sub(quantizer * 6) };
    let pixels = size.pixels().saturating_mul(speed.per_pixel()).saturating_mul(planes) / 3;
    (pixels.saturating_mul(effort.max(512)) / 1024).saturating_add(frames * FRAME)
}

/// Measures this process with a small picture, unless it has encoded one in the last minute: 15 ms of a whole core.
pub(crate) fn measure() {
    if measured().is_current() {
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
    let quantizer = quality::quantizer(PROBE_QUALITY);
    let start = Instant::now();
    let encoded = (0..PROBES)
        .filter(|_| frame::encode(&picture, Channels::Colors, quantizer, Speed::Quickest, false).is_ok());
    let encoded = u32::try_from(encoded.count()).unwrap_or_default();
    let Some(time) = start.elapsed().checked_div(encoded) else { return };
    *measured() = Measured::NOTHING;
    // Together, because a process with a part of a core stands still for most of each tenth of a second.
    for _ in 0..encoded {
        note(Speed::Quickest, size, Layout::Rgb, PROBE_QUALITY, time);
    }
}

fn measured() -> MutexGuard<'static, Measured> {
    MEASURED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `number * numerator / denominator`, 0 if there is nothing to divide by.
fn scaled(number: u64, numerator: u64, denominator: u64) -> u64 {
    let product = u128::from(number) * u128::from(numerator);
    product.checked_div(u128::from(denominator)).map_or(0, |ratio| u64::try_from(ratio).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// What a process expects of 100 ms of work, after pictures of these times and references, in milliseconds.
    fn expected_after(pictures: &[(u64, u64)]) -> u64 {
        let mut measured = Measured::NOTHING;
        pictures.iter().for_each(|(time, reference)| measured.add(time * MS, reference * MS));
        measured.expected(100 * MS) / MS
    }

    #[test]
    fn a_large_picture_that_is_slower_counts_at_once() {
        assert_eq!(expected_after(&[(15, 15), (600, 200)]), 300);
        assert_eq!(expected_after(&[(600, 200), (800, 200)]), 400);
    }

    #[test]
    fn an_interruption_of_a_small_picture_hardly_slows_a_large_one() {
        let usual = [(20, 20); 5];
        assert_eq!(expected_after(&usual), 100);
        let interrupted = expected_after(&[usual.as_slice(), &[(30, 2)]].concat());
        assert!((101..130).contains(&interrupted), "{interrupted}");
    }

    #[test]
    fn quicker_pictures_count_slowly() {
        let slow = (300, 100);
        let once = expected_after(&[slow, (100, 100)]);
        assert!((250..300).contains(&once), "{once}");
        let often = expected_after(&[&[slow][..], &[(100, 100); 60]].concat());
        assert!((100..110).contains(&often), "{often}");
    }

    #[test]
    fn more_pixels_planes_and_quality_take_longer() {
        let of = |side, layout, quality| {
            reference(Speed::Quick, Size { width: side, height: side }, layout, quality)
        };
        assert!(of(1, Layout::Grey, 80) >= FRAME);
        assert!(of(300, Layout::Rgb, 80) < of(301, Layout::Rgb, 80));
        assert!(of(300, Layout::Rgb, 80) < of(300, Layout::RgbAlpha, 80));
        assert!(of(300, Layout::Rgb, 80) < of(300, Layout::Rgb, 90));
        assert!(of(300, Layout::Rgb, 30) < of(300, Layout::Rgb, 80));
    }
}
