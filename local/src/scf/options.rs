//! What a function is run with: program, limits, environment.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The spelling of the three headers of `next`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum HeaderCase {
    /// `request_id`, as in the table of 583/38129.
    #[default]
    Lower,
    /// `Request_Id`, as in the example of the same page.
    Mixed,
}

/// How to start an [`Scf`](crate::Scf).
#[derive(Clone, Debug)]
pub struct ScfOptions {
    /// The program, usually `bootstrap`.
    pub program: PathBuf,
    /// Its arguments; SCF gives none.
    pub args: Vec<String>,
    /// Variables of the user, and those that shall differ from the usual ones.
    pub environment: Vec<(String, String)>,
    /// Folder of the code: working directory and `USER_CODE_ROOT`.
    pub code_root: Option<PathBuf>,
    /// Memory limit, in MB.
    pub memory_mb: u64,
    /// Whether a process over its memory limit is killed (434).
    pub enforce_memory: bool,
    /// Time limit of one invocation.
    pub time_limit: Duration,
    /// Time limit from the start of the process to `ready`.
    pub init_limit: Duration,
    /// Spelling of the headers of `next`.
    pub header_case: HeaderCase,
    /// Retries of a failed event in [`Scf::deliver`](crate::Scf::deliver); SCF makes 2 (583/41138).
    pub retries: u32,
    /// Pause before a retry; SCF waits a minute.
    pub retry_delay: Duration,
    /// Whether the process is stopped between invocations, as the platform may do: whatever is not finished when the
    /// answer is posted waits for the next event, and idle connections grow old unnoticed.
    pub freeze: bool,
    /// Whether the process's lines are printed as they come.
    pub echo: bool,
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
            echo: false,
        }
    }
}

impl ScfOptions {
    /// The variables of the process: what SCF sets (583/30228), then what the options say. Nothing else is inherited but `PATH`.
    pub(super) fn environment(&self, address: SocketAddr) -> Vec<(String, String)> {
        let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut all = vec![
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
            all.push(set("USER_CODE_ROOT", &format!("{}/", folder.display())));
        }
        all.extend(self.environment.iter().cloned());
        all
    }
}
