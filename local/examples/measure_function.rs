//! Runs one thumbnail function on the local SCF and COS, and measures it: for `scripts/bench functions`.
//!
//! The argument is a [`Function`] as JSON. Each line of standard input is a [`Job`], and is answered with a
//! [`Measurement`] on a line of standard output.

use std::collections::BTreeMap;
use std::io::{BufRead, Write, stdin, stdout};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use scf_local::{Cos, CosOptions, Network, Scf, ScfOptions, event};
use serde::{Deserialize, Serialize};

const REGION: &str = "ap-guangzhou";
const SOURCE: &str = "photos-1250000000";
const TARGET: &str = "thumbnails-1250000000";

/// Function to measure, and its surroundings.
#[derive(Deserialize)]
struct Function {
    program: PathBuf,
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
    /// Setting of the function, MB. A process over it is killed.
    memory_mb: u64,
    network: Option<NetworkShape>,
}

#[derive(Deserialize)]
struct NetworkShape {
    delay_ms: u64,
    mb_per_second: u64,
}

/// Invocations to make, one for each file and time.
#[derive(Deserialize)]
struct Job {
    /// Files to upload before the measurement. None repeats the events of the job before.
    files: Vec<PathBuf>,
    times: usize,
    /// Replaces the process first, so that the first invocation starts cold.
    #[serde(default)]
    is_cold: bool,
}

/// What the invocations of a job took together, but for the times of each.
#[derive(Default, Serialize)]
struct Measurement {
    /// First failure.
    err: Option<String>,
    /// From the delivery of each event to its outcome, ms.
    wall_ms: Vec<f64>,
    /// Start of the process, if it was started, ms.
    init_ms: Option<f64>,
    /// Processor time of the process, ms.
    cpu_ms: f64,
    /// Highest resident memory, bytes.
    peak: u64,
    /// Bytes that left the COS.
    fetched: u64,
    requests: usize,
    /// Objects that were written into the target bucket.
    stored: usize,
}

/// The function between its COS and its SCF.
struct Bench {
    cos: Cos,
    scf: Scf,
    /// Events of the last job.
    events: Vec<String>,
    uploads: usize,
    _folder: tempfile::TempDir,
}

#[tokio::main]
async fn main() -> Result<()> {
    let text = std::env::args().nth(1).context("the argument is the function as JSON")?;
    let mut bench = Bench::start(serde_json::from_str(&text)?).await?;
    for line in stdin().lock().lines() {
        let job: Job = serde_json::from_str(&line?)?;
        let measurement = bench.run(&job).await?;
        let mut stdout = stdout().lock();
        writeln!(stdout, "{}", serde_json::to_string(&measurement)?)?;
        stdout.flush()?;
    }
    bench.scf.stop().await;
    Ok(())
}

impl Bench {
    async fn start(function: Function) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let network = function.network.map(|shape| Network {
            delay: Duration::from_millis(shape.delay_ms),
            rate: shape.mb_per_second.saturating_mul(1_000_000),
        });
        let buckets = vec![SOURCE.to_owned(), TARGET.to_owned()];
        let cos =
            Cos::start(CosOptions { root: folder.path().into(), network, buckets, ..CosOptions::default() })
                .await?;
        let mut environment = cos.environment();
        environment.push(("COS_ENDPOINT".to_owned(), cos.endpoint()));
        environment.push(("TARGET_BUCKET".to_owned(), TARGET.to_owned()));
        environment.extend(function.environment);
        let scf = Scf::start(ScfOptions {
            program: function.program,
            args: function.arguments,
            environment,
            memory_mb: function.memory_mb,
            enforce_memory: true,
            time_limit: Duration::from_secs(120),
            ..ScfOptions::default()
        })
        .await?;
        Ok(Self { cos, scf, events: Vec::new(), uploads: 0, _folder: folder })
    }

    async fn run(&mut self, job: &Job) -> Result<Measurement> {
        if !job.files.is_empty() {
            self.events.clear();
            for _ in 0..job.times {
                for file in &job.files {
                    let event = self.upload(file).await?;
                    self.events.push(event);
                }
            }
        }
        if job.is_cold {
            self.scf.recycle().await;
        }
        self.cos.clear_journal();
        let sent = self.cos.traffic().sent;
        let cpu = if job.is_cold { 0.0 } else { self.processor_time() };
        let mut measurement = Measurement::default();
        for event in &self.events {
            let invocation = self.scf.invoke(event).await;
            measurement.wall_ms.push(invocation.elapsed.as_secs_f64() * 1e3);
            measurement.init_ms =
                measurement.init_ms.or_else(|| invocation.init.map(|time| time.as_secs_f64() * 1e3));
            measurement.peak = measurement.peak.max(invocation.peak_rss.unwrap_or_default());
            if !invocation.outcome.is_success() {
                measurement.err = Some(format!("{:?}", invocation.outcome));
                break;
            }
        }
        measurement.cpu_ms = (self.processor_time() - cpu).max(0.0);
        measurement.fetched = self.cos.traffic().sent.saturating_sub(sent);
        let journal = self.cos.journal();
        measurement.requests = journal.len();
        measurement.stored =
            journal.iter().filter(|request| request.method == "PUT" && request.status == 200).count();
        Ok(measurement)
    }

    /// Stores a file under a key of its own, and returns its event.
    async fn upload(&mut self, file: &Path) -> Result<String> {
        let name = file.file_name().and_then(|name| name.to_str());
        let Some(name) = name else { bail!("{} has no name", file.display()) };
        self.uploads += 1;
        let key = format!("{}/{name}", self.uploads);
        let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
        let object = self.cos.put(SOURCE, &key, bytes, &[]).await;
        Ok(event::created("cos:ObjectCreated:Put", SOURCE, REGION, &key, &object).to_string())
    }

    /// Processor time of the process so far, ms; 0 without a process. The kernel counts that of all threads in steps of
    /// 10 ms, and in nanoseconds only that of the threads that live (proc(5), stat and schedstat).
    fn processor_time(&self) -> f64 {
        let Some(process) = self.scf.process_id() else { return 0.0 };
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
        let ticks: f64 = fields.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
        let tasks = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
        let runtime = tasks.filter_map(|task| {
            let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse::<f64>().ok()
        });
        f64::max(ticks * 10.0, runtime.sum::<f64>() / 1e6)
    }
}
