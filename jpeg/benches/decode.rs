//! Processor time of decoding a JPEG at each scale.
//!
//! `cargo bench --package thumbnail-jpeg --bench decode -- FILES` prints a table. With `--serve` instead of files it
//! answers jobs on standard input, so that `scripts/bench jpeg` can measure it beside other decoders in one run: a
//! line `{"src","scale"}`, where scale is 1, 2, 4 or 8 and stands for 1, 1/2, 1/4 or 1/8, is answered with
//! `{"err","cpu_ms","bytes_read","width","height","rss_kb"}`.

#![allow(clippy::print_stdout, reason = "the table is the purpose")]

use std::collections::HashMap;
use std::hint::black_box;
use std::io::{self, BufRead, Write as _};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use thumbnail_jpeg::{Scale, decode};

/// Times that each file is decoded at each scale for the table; the median counts.
const ROUNDS: usize = 9;

#[derive(Deserialize)]
struct Job {
    src: String,
    scale: u8,
}

#[derive(Default, Serialize)]
struct Measurement {
    err: Option<String>,
    cpu_ms: f64,
    bytes_read: u64,
    width: u32,
    height: u32,
    rss_kb: u64,
}

fn main() -> io::Result<()> {
    // Cargo adds --bench.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.as_slice() {
        [only] if only == "--serve" => serve(),
        [] => {
            println!("cargo bench --package thumbnail-jpeg --bench decode -- FILES");
            Ok(())
        }
        files => table(files),
    }
}

/// Answers jobs until standard input ends. Files stay in memory, so that reading them is not measured.
fn serve() -> io::Result<()> {
    let mut files = HashMap::new();
    let mut stdout = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let measured = match serde_json::from_str::<Job>(&line?) {
            Err(error) => Measurement { err: Some(format!("not a job: {error}")), ..Measurement::default() },
            Ok(job) => measure_job(&mut files, &job),
        };
        writeln!(stdout, "{}", serde_json::to_string(&Measurement { rss_kb: peak_rss_kb(), ..measured })?)?;
        stdout.flush()?;
    }
    Ok(())
}

fn measure_job(files: &mut HashMap<String, Vec<u8>>, job: &Job) -> Measurement {
    if !files.contains_key(&job.src) {
        match std::fs::read(&job.src) {
            Ok(bytes) => files.insert(job.src.clone(), bytes),
            Err(error) => {
                return Measurement { err: Some(format!("{}: {error}", job.src)), ..Measurement::default() };
            }
        };
    }
    let bytes = files.get(&job.src).map(Vec::as_slice).unwrap_or_default();
    let scale = match job.scale {
        8 => Scale::Eighth,
        4 => Scale::Quarter,
        2 => Scale::Half,
        1 => Scale::Full,
        _ => return Measurement { err: Some("scale is 1, 2, 4 or 8".to_owned()), ..Measurement::default() },
    };
    measure(bytes, scale)
}

/// Decodes once and drops the rows.
fn measure(bytes: &[u8], scale: Scale) -> Measurement {
    let before = cpu_time();
    let result = decode(bytes, scale, |row| {
        black_box(row);
    });
    let cpu_ms = cpu_time().saturating_sub(before).as_secs_f64() * 1e3;
    match result {
        Err(error) => Measurement { err: Some(error.to_string()), cpu_ms, ..Measurement::default() },
        Ok(summary) => Measurement {
            cpu_ms,
            bytes_read: summary.bytes_read,
            width: summary.width,
            height: summary.height,
            ..Measurement::default()
        },
    }
}

fn table(files: &[String]) -> io::Result<()> {
    println!("| file | scale | pixels out | CPU ms | bytes read |\n|---|--:|--:|--:|--:|");
    for file in files {
        let bytes = std::fs::read(file)?;
        for scale in Scale::ALL {
            let mut rounds: Vec<Measurement> = (0..ROUNDS).map(|_| measure(&bytes, scale)).collect();
            rounds.sort_by(|a, b| a.cpu_ms.total_cmp(&b.cpu_ms));
            let Some(median) = rounds.get(ROUNDS / 2) else { continue };
            let Measurement { err, cpu_ms, bytes_read, width, height, .. } = median;
            let eighths = scale.samples();
            match err {
                Some(error) => println!("| {file} | {eighths}/8 | {error} | | |"),
                None => println!("| {file} | {eighths}/8 | {width}x{height} | {cpu_ms:.2} | {bytes_read} |"),
            }
        }
    }
    Ok(())
}

/// Processor time of this process, all threads.
fn cpu_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}

/// Highest resident memory of this process so far, KiB.
fn peak_rss_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok()).unwrap_or_default()
}
