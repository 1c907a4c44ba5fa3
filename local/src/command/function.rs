//! What a command needs to run the function.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use scf_local::{Cos, Scf, ScfOptions};

/// What both commands need to run the function.
#[derive(Args, Debug)]
pub(crate) struct Function {
    /// Program to run, as in the deployment package
    #[arg(long, value_name = "PATH", default_value = "./bootstrap")]
    bootstrap: PathBuf,
    /// Folder of the buckets; objects are ordinary files at <DIR>/<bucket>/<key>
    #[arg(long, value_name = "DIR", default_value = ".local/cos")]
    pub(super) root: PathBuf,
    /// Memory limit the function is told, in MB; above it the process is killed, as on the platform
    #[arg(long, value_name = "MB", default_value_t = 1024)]
    memory: u64,
    /// Time limit of one invocation, in seconds
    #[arg(long, value_name = "S", default_value_t = 60)]
    timeout: u64,
    /// Environment variable of the function, repeatable; nothing is inherited from this shell but PATH
    #[arg(long = "env", value_name = "K=V", value_parser = variable)]
    environment: Vec<(String, String)>,
    /// Variable that tells the function where to connect to instead of the real COS hosts
    #[arg(long, value_name = "NAME", default_value = "COS_ENDPOINT")]
    endpoint_variable: String,
}

fn variable(text: &str) -> Result<(String, String)> {
    let (name, value) = text.split_once('=').ok_or_else(|| anyhow!("it must read NAME=value"))?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Function {
    /// Starts the function with its access to the local COS. `echo` is whether its log is printed.
    ///
    /// # Errors
    /// When there is no such program.
    pub(super) async fn start(&self, cos: &Cos, region: &str, echo: bool) -> Result<Scf> {
        let program = self.bootstrap.canonicalize().with_context(|| {
            format!("no program at {}; build it, or name it with --bootstrap", self.bootstrap.display())
        })?;
        let mut environment = cos.environment();
        environment.push(("TENCENTCLOUD_REGION".to_owned(), region.to_owned()));
        environment.push((self.endpoint_variable.clone(), cos.endpoint()));
        environment.extend(self.environment.iter().cloned());
        let options = ScfOptions {
            code_root: program.parent().map(PathBuf::from),
            program,
            environment,
            memory_mb: self.memory,
            enforce_memory: true,
            time_limit: Duration::from_secs(self.timeout),
            echo,
            ..ScfOptions::default()
        };
        Scf::start(options).await.context("the runtime API cannot be opened")
    }
}
