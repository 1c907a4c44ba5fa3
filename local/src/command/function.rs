//! Options of the function, which both commands have.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use scf_local::{Cos, LogSink, Scf, ScfOptions};

use crate::command::print;

/// Program, limits and environment of the function.
#[derive(Args, Debug)]
pub(super) struct FunctionOptions {
    /// Program to run, as in the deployment package
    #[arg(long, value_name = "PATH", default_value = "./bootstrap")]
    bootstrap: PathBuf,
    /// Folder of the buckets; objects are ordinary files at <DIR>/<bucket>/<key>
    #[arg(long, value_name = "DIR", default_value = ".local/cos")]
    pub(super) root: PathBuf,
    /// Memory limit in MB; a process over the limit is killed, as on the platform
    #[arg(long, value_name = "MB", default_value_t = 1024, value_parser = parse_memory)]
    memory: u64,
    /// Time limit of one invocation, in seconds
    #[arg(long, value_name = "S", default_value_t = 60, value_parser = parse_timeout)]
    timeout: u64,
    /// Environment variable of the function; repeatable. Of this shell's variables only PATH is passed on
    #[arg(long = "env", value_name = "K=V", value_parser = parse_variable)]
    environment: Vec<(String, String)>,
    /// Bucket that thumbnails go to, which is created; repeatable. One alone becomes TARGET_BUCKET. The default is
    /// <source name>resized-<appid>
    #[arg(long = "target", value_name = "BUCKET")]
    targets: Vec<String>,
    /// Variable that contains the address of the local COS, to which the function connects instead of the real hosts
    #[arg(long, value_name = "NAME", default_value = "COS_ENDPOINT")]
    endpoint_variable: String,
}

fn parse_variable(text: &str) -> Result<(String, String)> {
    let (name, value) = text.split_once('=').ok_or_else(|| anyhow!("the form is NAME=value"))?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Parses a memory size that the platform offers (583/11637).
fn parse_memory(text: &str) -> Result<u64> {
    let sizes = std::iter::once(64).chain((128..=3072).step_by(128));
    let size = text.parse().ok().filter(|size| sizes.clone().any(|known| known == *size));
    size.ok_or_else(|| anyhow!("as on the platform, it must be 64, or 128 to 3072 in steps of 128 (MB)"))
}

/// Parses a time limit that the platform offers (583/11637).
fn parse_timeout(text: &str) -> Result<u64> {
    let seconds = text.parse().ok().filter(|seconds| (1..=900).contains(seconds));
    seconds.ok_or_else(|| anyhow!("as on the platform, it must be 1 to 900 seconds"))
}

impl FunctionOptions {
    /// Returns the buckets to create: the sources, and those of their thumbnails.
    pub(super) fn buckets<'a>(&self, sources: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let mut buckets = Vec::new();
        for source in sources {
            buckets.push(source.to_owned());
            if let Some((name, app_id)) = source.rsplit_once('-').filter(|_| self.targets.is_empty()) {
                buckets.push(format!("{name}resized-{app_id}"));
            }
        }
        buckets.extend(self.targets.iter().cloned());
        buckets
    }

    /// Returns the folder of the program.
    ///
    /// # Errors
    /// When the program does not exist.
    pub(super) fn code_root(&self) -> Result<PathBuf> {
        let program = self.program()?;
        program.parent().map(PathBuf::from).context("the program is in no folder")
    }

    /// Sets a variable of the function that the options do not name.
    pub(super) fn set_default(&mut self, name: &str, path: PathBuf) {
        let value = path.into_os_string().into_string();
        if let (Ok(value), false) = (value, self.environment.iter().any(|(other, _)| other == name)) {
            self.environment.push((name.to_owned(), value));
        }
    }

    fn program(&self) -> Result<PathBuf> {
        self.bootstrap.canonicalize().with_context(|| {
            format!("there is no program at {}; build it, or pass --bootstrap", self.bootstrap.display())
        })
    }

    /// Starts one instance of the function, with access to the local COS.
    ///
    /// # Errors
    /// When the program does not exist, or the runtime API cannot listen.
    pub(super) async fn start(&self, cos: &Cos, region: &str, prints_log: bool) -> Result<Scf> {
        let options = self.instance(cos, region, prints_log)?;
        Scf::start(options).await.context("the runtime API cannot be started")
    }

    /// Returns the options of an instance with access to the local COS.
    ///
    /// # Errors
    /// When the program does not exist.
    pub(super) fn instance(&self, cos: &Cos, region: &str, prints_log: bool) -> Result<ScfOptions> {
        let program = self.program()?;
        let mut environment = cos.environment();
        environment.push(("TENCENTCLOUD_REGION".to_owned(), region.to_owned()));
        environment.push((self.endpoint_variable.clone(), cos.endpoint()));
        if let [target] = self.targets.as_slice() {
            environment.push(("TARGET_BUCKET".to_owned(), target.clone()));
        }
        environment.extend(self.environment.iter().cloned());
        Ok(ScfOptions {
            code_root: program.parent().map(PathBuf::from),
            program,
            environment,
            memory_mb: self.memory,
            enforce_memory: true,
            time_limit: Duration::from_secs(self.timeout),
            log_sink: prints_log.then(|| LogSink::new(print::log_line)),
            ..ScfOptions::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_and_time_limit_are_those_of_the_platform() {
        for text in ["64", "128", "1024", "3072"] {
            assert!(parse_memory(text).is_ok(), "{text}");
        }
        for text in ["0", "16", "63", "100", "192", "3200", "-128", "128MB", ""] {
            assert!(parse_memory(text).is_err(), "{text}");
        }
        assert_eq!((parse_timeout("1").unwrap(), parse_timeout("900").unwrap()), (1, 900));
        for text in ["0", "901", "-1", "3s", ""] {
            assert!(parse_timeout(text).is_err(), "{text}");
        }
    }
}
