//! Options of a function: program, limits, environment.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Case of the three response headers of `next`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum HeaderCase {
    /// `request_id`, as in the table of 583/38129.
    #[default]
    Lower,
    /// `Request_Id`, as in the example of the same page.
    Mixed,
}

/// Receiver of the lines that the process writes, called as they arrive.
#[derive(Clone)]
pub struct LogSink(Arc<dyn Fn(&str) + Send + Sync>);

impl LogSink {
    /// Wraps a function that is called with every line, without its line feed.
    #[must_use]
    pub fn new(receive: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(receive))
    }

    /// Passes on a line.
    pub(super) fn receive(&self, line: &str) {
        (self.0)(line);
    }
}

impl fmt::Debug for LogSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogSink").finish_non_exhaustive()
    }
}

/// Options of [`Scf::start`](crate::Scf::start).
#[derive(Clone, Debug)]
pub struct ScfOptions {
    /// Program, usually `bootstrap`.
    pub program: PathBuf,
    /// Arguments of the program; SCF passes none.
    pub args: Vec<String>,
    /// Environment variables of the function. They override those that SCF sets.
    pub environment: Vec<(String, String)>,
    /// Folder of the code: working directory and `USER_CODE_ROOT`.
    pub code_root: Option<PathBuf>,
    /// Memory limit, in MB.
    pub memory_mb: u64,
    /// Kills a process over its memory limit (434).
    pub enforce_memory: bool,
    /// Time limit of one invocation.
    pub time_limit: Duration,
    /// Time limit from the start of the process to `ready`.
    pub init_limit: Duration,
    /// Case of the response headers of `next`.
    pub header_case: HeaderCase,
    /// Retries of a failed event in [`Scf::deliver`](crate::Scf::deliver); SCF makes 2 (583/41138).
    pub retries: u32,
    /// Pause before a retry; SCF waits a minute.
    pub retry_delay: Duration,
    /// Stops the process between invocations, as the platform may do. Work that is unfinished when the
    /// response is posted then waits for the next event, and connections may expire unnoticed.
    pub freeze: bool,
    /// Receiver of the log, in addition to [`Invocation::log`](crate::Invocation::log).
    pub log_sink: Option<LogSink>,
}

impl Default for ScfOptions {
    fn default() -> Self {
        Self {
            program: PathBuf::from("./bootstrap"),
            args: Vec::new(),
            environment: Vec::new(),
            code_root: None,
            memory_mb: 1024,
            enforce_memory: false,
            time_limit: Duration::from_secs(60),
            init_limit: Duration::from_secs(60),
            header_case: HeaderCase::Lower,
            retries: 2,
            retry_delay: Duration::from_millis(50),
            freeze: false,
            log_sink: None,
        }
    }
}

impl ScfOptions {
    /// Returns the variables of the process: those that SCF sets (583/30228), then [`Self::environment`]. Only `PATH` is
    /// inherited.
    pub(super) fn environment(&self, address: SocketAddr) -> Vec<(String, String)> {
        let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut variables = vec![
            set("SCF_RUNTIME_API", &address.ip().to_string()),
            set("SCF_RUNTIME_API_PORT", &address.port().to_string()),
            set("_HANDLER", "index.main_handler"),
            set("PATH", &std::env::var("PATH").unwrap_or_default()),
            set("HOME", "/tmp"),
            set("LANG", "en_US.UTF8"),
            set("SCF_FUNCTIONNAME", "thumbnails"),
            set("SCF_FUNCTIONVERSION", "$LATEST"),
            set("SCF_NAMESPACE", "default"),
            set("SCF_RUNTIME", "CustomRuntime"),
            set("TENCENTCLOUD_APPID", "1250000000"),
            set("TENCENTCLOUD_REGION", "ap-guangzhou"),
            set("TENCENTCLOUD_RUNENV", "SCF"),
            set("TENCENTCLOUD_TZ", "UTC"),
            set("TENCENTCLOUD_UIN", "100000000001"),
        ];
        if let Some(folder) = &self.code_root {
            variables.push(set("USER_CODE_ROOT", &format!("{}/", folder.display())));
        }
        variables.extend(self.environment.iter().cloned());
        variables
    }
}
