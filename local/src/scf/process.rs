//! Process of a function: start, log, memory, end.

use std::io::{self, PipeWriter, Write};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, Command};
use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

use crate::scf::options::LogSink;

/// Longest wait for the lines of a process, which may write faster than they are read.
const LINES_TIMEOUT: Duration = Duration::from_secs(2);

/// Beginning of a line that this program writes into the pipe. When it has been read, everything written before it has
/// been read too.
const MARKER: &str = "\u{1}\u{2}scf-local ";

/// Options of a process.
#[derive(Clone, Debug)]
pub(super) struct ProcessOptions {
    pub(super) path: PathBuf,
    pub(super) arguments: Vec<String>,
    pub(super) environment: Vec<(String, String)>,
    pub(super) folder: Option<PathBuf>,
    pub(super) log_sink: Option<LogSink>,
}

/// Lines that the process wrote and nobody has taken.
#[derive(Debug, Default)]
struct LogLines {
    lines: Vec<String>,
    /// Number of the latest marker that was read.
    marker: u64,
}

/// A process that runs or has ended.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) handle: ProcessHandle,
    lines: Arc<watch::Sender<LogLines>>,
    /// Writing end of the pipe, for markers.
    writer: Arc<PipeWriter>,
    reader: JoinHandle<()>,
}

/// End of a process: copies of the handle wait for it and bring it about.
#[derive(Clone, Debug)]
pub(super) struct ProcessHandle {
    id: u32,
    /// `None` while it runs.
    exit: watch::Receiver<Option<ExitStatus>>,
    kill: Arc<Notify>,
}

impl ProcessOptions {
    /// Starts the process on the current runtime, which kills it at shutdown.
    pub(super) fn start(&self) -> io::Result<Process> {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).env_clear().envs(self.environment.iter().cloned());
        // One pipe for both streams keeps their lines in order.
        let (reader, writer) = io::pipe()?;
        command
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer.try_clone()?)
            .kill_on_drop(true);
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        let child = command.spawn()?;
        let id = child.id().unwrap_or_default();
        let lines = Arc::new(watch::Sender::new(LogLines::default()));
        let pipe = Receiver::from_owned_fd(OwnedFd::from(reader))?;
        let reader = tokio::spawn(read_lines(pipe, Arc::clone(&lines), self.log_sink.clone()));
        let (sender, exit) = watch::channel(None);
        let kill = Arc::new(Notify::new());
        tokio::spawn(wait_for_exit(child, Arc::clone(&kill), sender));
        let handle = ProcessHandle { id, exit, kill };
        Ok(Process { handle, lines, writer: Arc::new(writer), reader })
    }
}

impl ProcessHandle {
    /// Returns the process id.
    pub(super) fn id(&self) -> u32 {
        self.id
    }

    /// Returns whether the process has not ended.
    pub(super) fn is_running(&self) -> bool {
        self.exit.borrow().is_none()
    }

    /// Waits for the end, and returns the exit code, or `None` when a signal ended the process.
    pub(super) async fn ended(&self) -> Option<i32> {
        let mut exit = self.exit.clone();
        // The sender is dropped without sending only when the runtime shuts down, which kills the process.
        let status = exit.wait_for(Option::is_some).await.ok().and_then(|status| *status);
        status.and_then(|status| status.code())
    }

    /// Kills the process and waits for its end.
    pub(super) async fn kill(&self) {
        self.kill.notify_one();
        self.ended().await;
    }
}

impl Process {
    /// Suspends the process.
    pub(super) async fn freeze(&self) {
        self.signal("-STOP").await;
    }

    /// Resumes the process.
    pub(super) async fn thaw(&self) {
        self.signal("-CONT").await;
    }

    async fn signal(&self, signal: &str) {
        // The standard library cannot send signals; every shell has `kill`. It fails when the process has ended.
        let text = format!("kill {signal} {}", self.handle.id);
        let kill = Command::new("sh").args(["-c", &text]).stderr(Stdio::null()).status();
        let _ = kill.await;
    }

    /// Takes all lines that the process wrote before this call.
    pub(super) async fn take_lines(&self) -> Vec<String> {
        let marker = self.lines.borrow().marker.saturating_add(1);
        let writer = Arc::clone(&self.writer);
        let written = spawn_blocking(move || (&*writer).write_all(format!("{MARKER}{marker}\n").as_bytes()));
        let mut read = self.lines.subscribe();
        // After the timeout, a process that writes without end has its lines so far taken.
        let _ = timeout(LINES_TIMEOUT, async {
            if matches!(written.await, Ok(Ok(()))) {
                let _ = read.wait_for(|lines| lines.marker >= marker).await;
            }
        })
        .await;
        let mut taken = Vec::new();
        self.lines.send_modify(|lines| taken = std::mem::take(&mut lines.lines));
        taken
    }

    /// Returns the current resident memory, in bytes.
    pub(super) fn resident(&self) -> Option<u64> {
        self.status("VmRSS:")
    }

    /// Returns the peak resident memory since [`Self::reset_peak`], in bytes.
    pub(super) fn peak(&self) -> Option<u64> {
        self.status("VmHWM:")
    }

    /// Restarts the measurement of the peak (proc(5), clear_refs).
    pub(super) fn reset_peak(&self) {
        // If this fails, the peak is that since the start of the process.
        let _ = std::fs::write(format!("/proc/{}/clear_refs", self.handle.id), "5");
    }

    fn status(&self, name: &str) -> Option<u64> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.handle.id)).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
    }
}

/// Waits for the end of the process, and kills it on request.
async fn wait_for_exit(mut child: Child, kill: Arc<Notify>, sender: watch::Sender<Option<ExitStatus>>) {
    let status = tokio::select! {
        status = child.wait() => status,
        () = kill.notified() => {
            // Fails when the process has just ended by itself.
            let _ = child.start_kill();
            child.wait().await
        }
    };
    sender.send_replace(Some(status.unwrap_or_default()));
}

impl Drop for Process {
    fn drop(&mut self) {
        // It would never see the end of the pipe, whose writing end this program holds.
        self.reader.abort();
    }
}

/// Reads lines until the task is aborted.
async fn read_lines(pipe: Receiver, lines: Arc<watch::Sender<LogLines>>, log_sink: Option<LogSink>) {
    let mut reader = BufReader::new(pipe);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).await.is_ok_and(|count| count > 0) {
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches(['\n', '\r']);
        // A marker may follow an unfinished line.
        let (text, marker) = match text.rsplit_once(MARKER) {
            Some((text, marker)) => (text, marker.parse().ok()),
            None => (text, None),
        };
        let is_line = marker.is_none() || !text.is_empty();
        if is_line && let Some(sink) = &log_sink {
            sink.receive(text);
        }
        lines.send_modify(|lines| {
            if is_line {
                lines.lines.push(text.to_owned());
            }
            lines.marker = marker.unwrap_or(lines.marker);
        });
        line.clear();
    }
}
