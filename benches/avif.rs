//! AVIF of PNG files at every speed, for `scripts/bench avif`.
//!
//! It answers jobs on standard input: `{"src","dst","encoder","q","rounds"}` a line, where src is a PNG and encoder is
//! `small`, `medium`, `quick` or `quickest`, is answered with `{"err","cpu_ms"}`, processor time, the shortest of the
//! rounds.

#![allow(clippy::print_stdout, reason = "a bench without jobs says what it is for")]

use std::io::{self, BufRead as _, Cursor, Write as _};
use std::num::NonZeroUsize;
use std::time::Duration;

use cos_thumbnailer::imaging::{Cancel, DraftThumbnail, Limits, Speed, Tolerance, Upright, draft};
use cos_thumbnailer::recipe::{Format, Quality, Recipe};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Job {
    src: String,
    dst: String,
    encoder: String,
    q: u8,
    /// Times that the picture is written, at least once.
    rounds: usize,
}

#[derive(Serialize)]
struct Answer {
    err: Option<String>,
    cpu_ms: f64,
}

fn main() -> io::Result<()> {
    if !std::env::args().any(|argument| argument == "--serve") {
        println!("scripts/bench avif PICTURES");
        return Ok(());
    }
    let mut stdout = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let result = serde_json::from_str::<Job>(&line).map_err(|error| error.to_string());
        let answer = match result.and_then(|job| answer(&job)) {
            Ok(time) => Answer { err: None, cpu_ms: time.as_secs_f64() * 1e3 },
            Err(error) => Answer { err: Some(error), cpu_ms: 0.0 },
        };
        writeln!(stdout, "{}", serde_json::to_string(&answer)?)?;
        stdout.flush()?;
    }
    Ok(())
}

/// Writes the picture as it is, one pixel for each.
fn answer(job: &Job) -> Result<Duration, String> {
    let bytes = std::fs::read(&job.src).map_err(|error| format!("{}: {error}", job.src))?;
    let speed = match job.encoder.as_str() {
        "small" => Speed::Small,
        "medium" => Speed::Medium,
        "quick" => Speed::Quick,
        "quickest" => Speed::Quickest,
        other => return Err(format!("{other} is no speed")),
    };
    let recipe = Recipe { format: Some(Format::Avif), quality: Quality::Fixed(job.q), ..Recipe::default() };
    let limits = Limits {
        max_pixels: 250_000_000,
        memory: u64::MAX,
        damage: Tolerance::Nothing,
        threads: NonZeroUsize::MIN,
    };
    let mut shortest = Duration::MAX;
    for _ in 0..job.rounds.max(1) {
        let length = u64::try_from(bytes.len()).ok();
        let source = Cursor::new(bytes.as_slice());
        let drawn = draft(source, length, &[&recipe], Upright::ByExif, None, &limits, &Cancel::default())
            .map_err(|error| error.to_string())?;
        let Some(Ok(DraftThumbnail::Drawn(drawn))) = drawn.thumbnails.into_iter().next() else {
            return Err("no thumbnail is waiting".to_owned());
        };
        let before = cpu_time();
        let thumbnail = drawn.encode(speed, &Cancel::default()).0.map_err(|error| error.to_string())?;
        shortest = shortest.min(cpu_time().saturating_sub(before));
        std::fs::write(&job.dst, &thumbnail.bytes).map_err(|error| format!("{}: {error}", job.dst))?;
    }
    Ok(shortest)
}

fn cpu_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}
