//! `render --serve`: jobs on standard input, one JSON object a line, so that a running program can be measured beside
//! others.

use std::io::{BufRead, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use cos_thumbnailer::runtime::peak_memory_kib;
use cos_thumbnailer::text::json;
use rustix::time::{ClockId, clock_gettime};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::configured::{ConfiguredJob, ConfiguredResult};
use super::files::{SourceFile, is_standard_stream, refuse_same_files, write};
use super::options::recipe;
use super::render_source;
use super::resources::Resources;

/// Boxes of the mode `multi`, pixels.
const MULTI: [u32; 4] = [1600, 800, 400, 150];

#[derive(Deserialize)]
struct RenderJob {
    src: PathBuf,
    dst: PathBuf,
    #[serde(rename = "box")]
    side: u32,
    /// Options after the box, such as `fit/cover`.
    #[serde(default)]
    options: String,
    fmt: String,
    q: u8,
    #[serde(default)]
    mode: String,
    #[serde(flatten)]
    resources: Resources,
}

/// The member that only jobs with a whole configuration have.
#[derive(Deserialize)]
struct JobKind {
    settings: Option<IgnoredAny>,
}

#[derive(Serialize)]
struct JobResult {
    err: Option<String>,
    /// Result of a job with a whole configuration.
    #[serde(flatten)]
    configured: Option<ConfiguredResult>,
    wall_ms: f64,
    cpu_ms: f64,
    rss_kb: u64,
}

/// Answers jobs until standard input ends.
pub(super) fn run() -> Result<ExitCode> {
    let mut stdout = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line.context("standard input")?;
        let (wall, cpu) = (Instant::now(), cpu_time());
        let (configured, err) = match render_line(&line) {
            Ok(configured) => (configured, None),
            Err(error) => (None, Some(format!("{error:#}"))),
        };
        let answer = JobResult {
            err,
            configured,
            wall_ms: wall.elapsed().as_secs_f64() * 1e3,
            cpu_ms: cpu_time().saturating_sub(cpu).as_secs_f64() * 1e3,
            rss_kb: peak_memory_kib().unwrap_or_default(),
        };
        writeln!(stdout, "{}", json(&answer)?)?;
        stdout.flush()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Does the job of a line. One with a whole configuration has a result besides its files.
fn render_line(line: &str) -> Result<Option<ConfiguredResult>> {
    let kind: JobKind = serde_json::from_str(line).context("not a job")?;
    if kind.settings.is_some() {
        let job: ConfiguredJob = serde_json::from_str(line).context("not a job")?;
        return job.render().map(Some);
    }
    let job = serde_json::from_str(line).context("not a job")?;
    render_job(&job).map(|()| None)
}

fn render_job(job: &RenderJob) -> Result<()> {
    let (sides, files): (Vec<u32>, Vec<PathBuf>) = match job.mode.as_str() {
        "" | "anim" | "default" => (vec![job.side], vec![job.dst.clone()]),
        "multi" | "cascade" => {
            let name = |side| PathBuf::from(format!("{}.{side}.{}", job.dst.display(), job.fmt));
            (MULTI.into(), MULTI.map(name).into())
        }
        other => bail!("there is no mode {other}; default, anim, multi and cascade exist"),
    };
    let recipes = sides
        .into_iter()
        .map(|side| {
            let animation = if job.mode == "anim" { "/animation/keep" } else { "" };
            let slash = if job.options.is_empty() { "" } else { "/" };
            let thumbnail = format!("{side}x{side}{animation}{slash}{}", job.options);
            recipe(&thumbnail, Some(job.fmt.clone()), &job.q.to_string())
        })
        .collect::<Result<Vec<_>>>()?;
    let (memory, threads) = (job.resources.memory(), job.resources.threads());
    if is_standard_stream(&job.src) || is_standard_stream(&job.dst) {
        bail!("src and dst must be files, because jobs and answers use the standard streams");
    }
    let source = SourceFile::open(&job.src)?;
    refuse_same_files(&source, &files)?;
    for (file, thumbnail) in files.iter().zip(render_source(source, &recipes, memory, threads)?.thumbnails) {
        write(file, &thumbnail?.bytes)?;
    }
    Ok(())
}

/// Processor time of this process, all threads.
fn cpu_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}
