//! Commands of the function's program: `check`, `policy` and `triggers`.
//!
//! The page shows what they print, so that nothing here has to know the settings.

use std::path::Path;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use crate::playground::configuration::Configuration;
use crate::playground::error::ApiError;

/// Time limit of a command, seconds. The first start of a large program may have to read it from a slow disk.
const TIME_LIMIT: u64 = 20;

/// The program of the function, as its commands are run.
#[derive(Clone)]
pub(super) struct Program {
    pub(super) path: PathBuf,
    /// Variables besides those of the configuration.
    pub(super) environment: Vec<(String, String)>,
}

/// Output of a command.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) succeeded: bool,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Program {
    /// A command without settings, which is killed when it is dropped.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.path);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .kill_on_drop(true);
        command
    }

    /// Runs a command in `folder`, which is where the program looks for `thumbnails.json`.
    pub(super) async fn run(
        &self,
        arguments: &[&str],
        configuration: &Configuration,
        folder: &Path,
    ) -> Result<Output, ApiError> {
        let mut command = self.command(arguments);
        command
            .current_dir(folder)
            .env("USER_CODE_ROOT", folder)
            .envs(configuration.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        let finished = timeout(Duration::from_secs(TIME_LIMIT), command.output()).await;
        let output =
            finished.map_err(|_| ApiError::ProgramTimeout(TIME_LIMIT))?.map_err(ApiError::Program)?;
        Ok(Output {
            succeeded: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}
