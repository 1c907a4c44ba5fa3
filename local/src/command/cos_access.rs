//! Options of the local COS for its clients, which both commands have.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use scf_local::{CorsDefault, Cos, CosOptions, PathStyle};

use crate::command::print;

/// Port of the COS, unless another is chosen.
const DEFAULT_PORT: u16 = 8090;

/// How clients reach the COS, and what it demands of them.
#[derive(Args, Debug)]
pub(super) struct CosAccess {
    /// Port of the COS [default: 8090]; 0 chooses a free one
    #[arg(long)]
    pub(super) port: Option<u16>,
    /// Require that every header and parameter is signed, as in buckets with strict signature mode
    #[arg(long)]
    strict: bool,
    /// Accept /<bucket>/<key> on 127.0.0.1 and other names of this machine, on every host name (as buckets from before
    /// 2024 do), or nowhere
    #[arg(long, value_enum, default_value_t = PathStyleChoice::Local)]
    path_style: PathStyleChoice,
    /// Another name of this machine, such as that of a container: clients can use <bucket>.<SUFFIX>; repeatable
    #[arg(long = "host-suffix", value_name = "SUFFIX")]
    host_suffixes: Vec<String>,
    /// Take a file that is copied into the folder of a bucket as an upload, and one that is deleted there as a removal
    #[arg(long)]
    watch_folder: bool,
    /// CORS rules of buckets without rules of their own: every origin, or none as in new buckets of COS
    #[arg(long, value_enum, default_value_t = CorsChoice::Any)]
    cors: CorsChoice,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum CorsChoice {
    Any,
    None,
}

impl From<CorsChoice> for CorsDefault {
    fn from(choice: CorsChoice) -> Self {
        match choice {
            CorsChoice::Any => Self::AnyOrigin,
            CorsChoice::None => Self::None,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PathStyleChoice {
    Allow,
    Local,
    Refuse,
}

impl From<PathStyleChoice> for PathStyle {
    fn from(choice: PathStyleChoice) -> Self {
        match choice {
            PathStyleChoice::Allow => Self::Allowed,
            PathStyleChoice::Local => Self::Local,
            PathStyleChoice::Refuse => Self::Refused,
        }
    }
}

impl CosAccess {
    /// Returns the options of a COS with this access.
    pub(super) fn options(&self) -> CosOptions {
        CosOptions {
            strict: self.strict,
            path_style: self.path_style.into(),
            watch_folder: self.watch_folder,
            cors: self.cors.into(),
            host_suffixes: self.host_suffixes.clone(),
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, self.port.unwrap_or(DEFAULT_PORT))),
            ..CosOptions::default()
        }
    }
}

/// Starts the COS.
///
/// # Errors
/// When a bucket has an impossible name, the folder cannot be used, or the port is taken.
pub(super) async fn start_cos(options: &CosOptions) -> Result<Cos> {
    Cos::start(options.clone()).await.with_context(|| {
        let port = options.address.port();
        format!("the local COS cannot be started on port {port} (--port chooses another)")
    })
}

/// Prints every refused request, with the reason and the text that was to be signed.
pub(super) fn print_refusals(cos: &Cos) {
    let mut refusals = cos.refusals();
    tokio::spawn(async move {
        while let Some(refusal) = refusals.recv().await {
            print::line(&refusal.to_string());
        }
    });
}
