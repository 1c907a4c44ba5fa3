//! A process of the function's program that renders files: `render --serve`.
//!
//! It stays between jobs, so that a change of the settings waits for pixels alone.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::playground::configuration::Configuration;
use crate::playground::cos_client::Place;
use crate::playground::error::ApiError;
use crate::playground::program::Program;

/// Time limit of a job, seconds.
const TIME_LIMIT: u64 = 60;

/// Most memory for the pixels of a job, MB.
const MEMORY_MB: u64 = 2048;

/// A job for the program, in the form that `cos-thumbnailer render --help` describes.
#[derive(Debug, Serialize)]
pub(super) struct Job<'a> {
    pub(super) src: PathBuf,
    /// Path before the index of each thumbnail and the extension of its format.
    pub(super) dst: PathBuf,
    pub(super) settings: Vec<(&'a str, &'a str)>,
    pub(super) file: Option<&'a str>,
    pub(super) bucket: &'a str,
    pub(super) key: &'a str,
    /// Whether thumbnails are PNG, before their formats take something away.
    pub(super) lossless: bool,
    /// The form in which a PNG of a lossless job is only encoded.
    pub(super) encode: Option<EncodedForm<'a>>,
    /// Indices of the thumbnails to make; `None` makes all.
    pub(super) only: Option<[usize; 1]>,
    pub(super) threads: usize,
}

/// A format, with a quality if it has one.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct EncodedForm<'a> {
    pub(super) format: &'a str,
    pub(super) quality: Option<u8>,
}

impl<'a> Job<'a> {
    /// A job for a file that is the object at `place`, without settings and without a target.
    pub(super) fn new(src: PathBuf, place: &'a Place) -> Self {
        Self {
            src,
            dst: PathBuf::new(),
            settings: Vec::new(),
            file: None,
            bucket: &place.bucket,
            key: &place.key,
            lossless: false,
            encode: None,
            only: None,
            threads: 1,
        }
    }

    /// The same job with the settings of a configuration.
    pub(super) fn configured(self, configuration: &'a Configuration) -> Self {
        let settings =
            configuration.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Self { settings, file: configuration.file.as_deref(), ..self }
    }
}

#[derive(Serialize)]
struct LimitedJob<'a> {
    #[serde(flatten)]
    job: &'a Job<'a>,
    memory: u64,
}

/// Answer to a job.
#[derive(Debug, Deserialize)]
pub(super) struct Rendered {
    err: Option<String>,
    /// Size of the upright source, pixels.
    #[serde(default)]
    pub(super) width: u32,
    #[serde(default)]
    pub(super) height: u32,
    #[serde(default)]
    pub(super) thumbnails: Vec<RenderedThumbnail>,
}

/// A thumbnail of an answer.
#[derive(Debug, Deserialize)]
pub(super) struct RenderedThumbnail {
    pub(super) index: usize,
    pub(super) name: String,
    /// Quality that the settings fix, in a format that has one.
    pub(super) quality: Option<u8>,
    /// Most bytes that the settings allow.
    pub(super) max_bytes: Option<u64>,
    pub(super) target_bucket: String,
    pub(super) target_key: String,
    err: Option<String>,
    #[serde(flatten)]
    file: Option<RenderedFile>,
}

/// The file of a thumbnail.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct RenderedFile {
    pub(super) dst: PathBuf,
    pub(super) format: String,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) bytes: usize,
    /// Left, top, width and height of what it shows, pixels of the source.
    pub(super) part: Option<[f64; 4]>,
}

impl RenderedThumbnail {
    /// Returns the file, or the sentence of the program that says why there is none.
    pub(super) fn file(&self) -> Result<&RenderedFile, String> {
        let reason = || self.err.clone().unwrap_or_else(|| "the program wrote no file".to_owned());
        self.file.as_ref().ok_or_else(reason)
    }
}

impl RenderedFile {
    /// Returns what it shows as parts of a photo of this width and height.
    pub(super) fn part_of(&self, [width, height]: [u32; 2]) -> Option<[f64; 4]> {
        let (across, down) = (f64::from(width.max(1)), f64::from(height.max(1)));
        self.part.map(|[x, y, width, height]| [x / across, y / down, width / across, height / down])
    }
}

/// Sends jobs to one process, one at a time, and starts it when it is needed.
pub(super) struct Renderer {
    program: Program,
    /// The process between two jobs. A job whose caller goes away ends the process, because its answer would be taken for
    /// that of the next one.
    idle: Mutex<Option<Process>>,
}

struct Process {
    stdin: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    // Killed when it is dropped.
    _child: Child,
}

impl Renderer {
    pub(super) fn new(program: Program) -> Self {
        Self { program, idle: Mutex::default() }
    }

    /// Renders the thumbnails of a configuration.
    pub(super) async fn render(&self, job: &Job<'_>) -> Result<Rendered, ApiError> {
        let limited = LimitedJob { job, memory: MEMORY_MB };
        let mut line = serde_json::to_string(&limited).map_err(|error| ApiError::Call(error.to_string()))?;
        line.push('\n');
        let mut idle = self.idle.lock().await;
        let mut process = match idle.take() {
            Some(process) => process,
            None => self.start()?,
        };
        let answered = timeout(Duration::from_secs(TIME_LIMIT), process.exchange(&line)).await;
        let answer =
            answered.map_err(|_| ApiError::ProgramTimeout(TIME_LIMIT))?.map_err(ApiError::Program)?;
        *idle = Some(process);
        let rendered: Rendered = serde_json::from_str(&answer)
            .map_err(|error| ApiError::Rendering(format!("its answer cannot be read: {error}")))?;
        match rendered.err {
            Some(reason) => Err(ApiError::Rendering(reason)),
            None => Ok(rendered),
        }
    }

    fn start(&self) -> Result<Process, ApiError> {
        let mut command = self.program.command(&["render", "--serve"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(ApiError::Program)?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(ApiError::Rendering("its streams are closed".to_owned()));
        };
        Ok(Process { stdin, answers: BufReader::new(stdout).lines(), _child: child })
    }
}

impl Process {
    async fn exchange(&mut self, line: &str) -> std::io::Result<String> {
        self.stdin.write_all(line.as_bytes()).await?;
        let ended = || std::io::Error::other("it ended during a job");
        self.answers.next_line().await?.ok_or_else(ended)
    }
}
