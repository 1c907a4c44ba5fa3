//! The process of a function: started with SCF's environment, watched, killed when its time is over.

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

/// Longest wait for the lines of a process, which may write faster than they are read.
const LINES_MAX: Duration = Duration::from_secs(2);

/// Begins a line the twin writes into the pipe itself: what stands before it has been read when it comes out.
const MARKER: &str = "\u{1}\u{2}scf-local ";

/// How to start the process.
#[derive(Clone, Debug)]
pub(super) struct ProcessOptions {
    pub(super) path: PathBuf,
    pub(super) arguments: Vec<String>,
    pub(super) environment: Vec<(String, String)>,
    pub(super) folder: Option<PathBuf>,
    pub(super) echo: bool,
}

/// What the process wrote, line by line.
#[derive(Debug, Default)]
struct LogLines {
    lines: Vec<String>,
    /// The latest mark that came out of the pipe.
    mark: u64,
}

/// A process that runs, or has run.
#[derive(Debug)]
pub(super) struct Process {
    id: u32,
    /// None while it runs.
    exit: watch::Receiver<Option<ExitStatus>>,
    kill: Arc<Notify>,
    lines: Arc<watch::Sender<LogLines>>,
    /// The end of the pipe the marks go into.
    writer: Arc<PipeWriter>,
    reader: JoinHandle<()>,
}

impl ProcessOptions {
    /// Starts the process on the current runtime, which kills it when it shuts down.
    pub(super) fn start(&self) -> io::Result<Process> {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).env_clear().envs(self.environment.iter().cloned());
        // One pipe for both, so that lines come in the order they were written.
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
        let reader = tokio::spawn(read_lines(pipe, Arc::clone(&lines), self.echo));
        let (sender, exit) = watch::channel(None);
        let kill = Arc::new(Notify::new());
        tokio::spawn(wait_for_exit(child, Arc::clone(&kill), sender));
        Ok(Process { id, exit, kill, lines, writer: Arc::new(writer), reader })
    }
}

impl Process {
    /// The id of the process.
    pub(super) fn id(&self) -> u32 {
        self.id
    }

    /// Whether it has not ended yet.
    pub(super) fn is_running(&self) -> bool {
        self.exit.borrow().is_none()
    }

    /// Waits for its end: the exit code, or none when a signal ended it.
    pub(super) async fn ended(&self) -> Option<i32> {
        let mut exit = self.exit.clone();
        // The sender lives until it has sent, or the runtime is gone and with it the process.
        let status = exit.wait_for(Option::is_some).await.ok().and_then(|status| *status);
        status.and_then(|status| status.code())
    }

    /// Ends it and waits until it is gone.
    pub(super) async fn kill(&self) {
        self.kill.notify_one();
        self.ended().await;
    }

    /// Stops it where it stands.
    pub(super) async fn freeze(&self) {
        self.signal("-STOP").await;
    }

    /// Lets it go on.
    pub(super) async fn thaw(&self) {
        self.signal("-CONT").await;
    }

    async fn signal(&self, signal: &str) {
        // Every shell has it built in; the standard library has not. It fails when the process is gone.
        let text = format!("kill {signal} {}", self.id);
        let kill = Command::new("sh").args(["-c", &text]).stderr(Stdio::null()).status();
        let _ = kill.await;
    }

    /// The lines since the last call: all that the process had written before this one.
    pub(super) async fn take_lines(&self) -> Vec<String> {
        let mark = self.lines.borrow().mark.saturating_add(1);
        let writer = Arc::clone(&self.writer);
        let written = spawn_blocking(move || (&*writer).write_all(format!("{MARKER}{mark}\n").as_bytes()));
        let mut read = self.lines.subscribe();
        // When the process writes without end, what is there must do.
        let _ = timeout(LINES_MAX, async {
            if matches!(written.await, Ok(Ok(()))) {
                let _ = read.wait_for(|lines| lines.mark >= mark).await;
            }
        })
        .await;
        let mut taken = Vec::new();
        self.lines.send_modify(|lines| taken = std::mem::take(&mut lines.lines));
        taken
    }

    /// Resident memory now, in bytes.
    pub(super) fn resident(&self) -> Option<u64> {
        self.status("VmRSS:")
    }

    /// The most resident memory since [`Self::reset_peak`], in bytes.
    pub(super) fn peak(&self) -> Option<u64> {
        self.status("VmHWM:")
    }

    /// Begins a new measurement of the peak (proc(5), clear_refs).
    pub(super) fn reset_peak(&self) {
        // Without it, as on systems other than Linux, the peak is that of the whole life.
        let _ = std::fs::write(format!("/proc/{}/clear_refs", self.id), "5");
    }

    fn status(&self, name: &str) -> Option<u64> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.id)).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
    }
}

/// Waits for the end of the process, which `kill` may hasten.
async fn wait_for_exit(mut child: Child, kill: Arc<Notify>, sender: watch::Sender<Option<ExitStatus>>) {
    let status = tokio::select! {
        status = child.wait() => status,
        () = kill.notified() => {
            // It fails when the process has just ended by itself.
            let _ = child.start_kill();
            child.wait().await
        }
    };
    sender.send_replace(Some(status.unwrap_or_default()));
}

impl Drop for Process {
    fn drop(&mut self) {
        // It would wait for ever: the twin holds the writing end itself.
        self.reader.abort();
    }
}

/// Reads lines for as long as the process is of interest.
async fn read_lines(pipe: Receiver, lines: Arc<watch::Sender<LogLines>>, echo: bool) {
    let mut reader = BufReader::new(pipe);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).await.is_ok_and(|count| count > 0) {
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches(['\n', '\r']);
        // A mark may stand behind a line that has no end yet.
        let (text, mark) = match text.rsplit_once(MARKER) {
            Some((text, mark)) => (text, mark.parse().ok()),
            None => (text, None),
        };
        let is_line = mark.is_none() || !text.is_empty();
        if is_line && echo {
            crate::print::log_line(text);
        }
        lines.send_modify(|lines| {
            if is_line {
                lines.lines.push(text.to_owned());
            }
            lines.mark = mark.unwrap_or(lines.mark);
        });
        line.clear();
    }
}
