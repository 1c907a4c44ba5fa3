//! Processor time of encoding a thumbnail, without decoding and resizing.
//!
//! `cargo bench --bench encode -- FILES` prints a table of PNG filters and compression levels for PNG files. With
//! `--serve` instead of files it answers jobs on standard input, so that `scripts/bench encode` can measure ours beside
//! others: `{"src","dst","format","options","q","rounds"}` a line, where src is a PNG and options those of the syntax of
//! thumbnails (`effort/fast`), is answered with `{"err","cpu_ms"}`, processor time, the shortest of the rounds.

#![allow(clippy::print_stdout, reason = "the table is the purpose")]

use std::io::{self, BufRead as _, Cursor, Write as _};
use std::num::NonZeroUsize;
use std::time::Duration;

use cos_thumbnailer::config::{Config, Environment};
use cos_thumbnailer::imaging::{Cancel, Limits, Thumbnail, Tolerance, Upright, render};
use cos_thumbnailer::recipe::Recipe;
use png::{DeflateCompression, Filter};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// Times that the table writes each picture; the shortest counts, which other programs disturbed least.
const ROUNDS: usize = 15;

/// Thumbnails of one decode that are written in a round: what more of them take is what writing takes, and laying
/// out a picture that is not scaled.
const COPIES: usize = 4;

#[derive(Deserialize)]
struct Job {
    src: String,
    dst: String,
    format: String,
    options: String,
    q: u8,
    /// Times that the picture is written; 0 writes it once, and measures nothing.
    rounds: usize,
}

#[derive(Serialize)]
struct Answer {
    err: Option<String>,
    cpu_ms: f64,
}

fn main() -> io::Result<()> {
    // Cargo adds --bench.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.as_slice() {
        [only] if only == "--serve" => serve(),
        [] => {
            println!("cargo bench --bench encode -- FILES");
            Ok(())
        }
        files => table(files),
    }
}

fn serve() -> io::Result<()> {
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
    let slash = if job.options.is_empty() { "" } else { "/" };
    let settings = [
        ("THUMBNAILS", format!("9999x9999{slash}{}", job.options)),
        ("FORMAT", job.format.clone()),
        ("QUALITY", job.q.to_string()),
    ];
    let config =
        Config::load(&Environment::from_pairs(settings), None).map_err(|mistakes| mistakes.to_string())?;
    let rule = config.rules().first().ok_or("no rule")?;
    let recipe: &Recipe = &rule.thumbnails().first().ok_or("no thumbnail")?.recipe;
    let (thumbnail, _) = encode(&bytes, &[recipe])?;
    std::fs::write(&job.dst, &thumbnail.bytes).map_err(|error| format!("{}: {error}", job.dst))?;
    let mut shortest = Duration::MAX;
    for _ in 0..job.rounds {
        let (_, one) = encode(&bytes, &[recipe])?;
        let (_, all) = encode(&bytes, &[recipe; 1 + COPIES])?;
        shortest = shortest.min(all.saturating_sub(one) / u32::try_from(COPIES).unwrap_or(1));
    }
    Ok(if job.rounds == 0 { Duration::ZERO } else { shortest })
}

/// The first thumbnail, and the processor time of all.
fn encode(bytes: &[u8], recipes: &[&Recipe]) -> Result<(Thumbnail, Duration), String> {
    let limits = Limits {
        max_pixels: 250_000_000,
        memory: u64::MAX,
        damage: Tolerance::Nothing,
        threads: NonZeroUsize::MIN,
    };
    let length = u64::try_from(bytes.len()).ok();
    let before = cpu_time();
    let rendering = render(Cursor::new(bytes), length, recipes, Upright::ByExif, &limits, &Cancel::default())
        .map_err(|error| error.to_string())?;
    let time = cpu_time().saturating_sub(before);
    let thumbnail = rendering.thumbnails.into_iter().next().ok_or("no thumbnail")?;
    Ok((thumbnail.map_err(|error| error.to_string())?, time))
}

fn cpu_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}

/// Every filter with every level, by the crate that writes our PNG.
fn table(files: &[String]) -> io::Result<()> {
    let filters =
        [Filter::NoFilter, Filter::Sub, Filter::Up, Filter::Paeth, Filter::Adaptive, Filter::MinEntropy];
    let fdeflate = ("fdeflate".to_owned(), DeflateCompression::FdeflateUltraFast);
    let levels = [1, 2, 3, 4, 6, 9].map(|level| (level.to_string(), DeflateCompression::Level(level)));
    println!("| file | filter | level | ms | bytes |\n|---|---|--:|--:|--:|");
    for file in files {
        let mut reader = png::Decoder::new(Cursor::new(std::fs::read(file)?)).read_info()?;
        let mut samples = vec![0; reader.output_buffer_size().unwrap_or_default()];
        reader.next_frame(&mut samples)?;
        let info = reader.info();
        for (filter, (name, level)) in filters
            .iter()
            .flat_map(|filter| std::iter::once(&fdeflate).chain(&levels).map(move |level| (filter, level)))
        {
            let (mut shortest, mut length) = (Duration::MAX, 0);
            for _ in 0..ROUNDS {
                let start = cpu_time();
                let mut bytes = Vec::new();
                let mut encoder = png::Encoder::new(&mut bytes, info.width, info.height);
                encoder.set_color(info.color_type);
                encoder.set_depth(info.bit_depth);
                encoder.set_deflate_compression(*level);
                encoder.set_filter(*filter);
                encoder.write_header()?.write_image_data(&samples)?;
                (shortest, length) = (shortest.min(cpu_time().saturating_sub(start)), bytes.len());
            }
            println!("| {file} | {filter:?} | {name} | {:.2} | {length} |", shortest.as_secs_f64() * 1e3);
        }
    }
    Ok(())
}
