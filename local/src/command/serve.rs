//! `scf-local serve`: a COS and a function that stay.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use scf_local::{Answer, Cos, CosOptions, Notice, Scf, Trigger, print};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::command::function::Function;
use crate::command::outcome;

/// Serve a COS on this machine and run the function for everything that happens in the source bucket.
///
/// Upload with any COS tool or SDK; the commands to copy are printed at the start. Faults can be ordered at the admin
/// port: POST /-/faults with {"method": "GET", "times": 2, "kind": {"status": {"status": 503, "code": "SlowDown"}}}.
#[derive(Args, Debug)]
pub(crate) struct Serve {
    #[command(flatten)]
    function: Function,
    /// Bucket whose events fire the function
    #[arg(long, value_name = "BUCKET", default_value = "photos-1250000000")]
    source: String,
    /// Event that fires it
    #[arg(long, value_name = "NAME", default_value = "cos:*")]
    event: String,
    /// Beginning of the keys that fire it
    #[arg(long, default_value = "")]
    prefix: String,
    /// End of the keys that fire it
    #[arg(long, default_value = "")]
    suffix: String,
    /// How often each event is delivered; COS may deliver twice
    #[arg(long, value_name = "N", default_value_t = 1)]
    copies: u32,
    /// Port of the COS; 0 takes a free one
    #[arg(long, default_value_t = 8090)]
    port: u16,
    /// Region of the bucket
    #[arg(long, default_value = "ap-guangzhou")]
    region: String,
    /// Demand that every header and parameter is signed, as buckets in strict signature mode do
    #[arg(long)]
    strict: bool,
    /// Serve the COS alone
    #[arg(long)]
    no_function: bool,
}

/// Runs the command until Ctrl-C.
pub(crate) async fn run(serve: Serve) -> Result<ExitCode> {
    let options = CosOptions {
        root: serve.function.root.clone(),
        strict: serve.strict,
        region: serve.region.clone(),
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, serve.port)),
        ..CosOptions::default()
    };
    let cos = Cos::start(options.clone())
        .await
        .with_context(|| format!("the local COS cannot start on port {}", serve.port))?;
    // From here on an upload may come at any time: whoever reads the address may use it.
    let notices = cos.notices();
    print::line(&welcome(&serve.source, &cos, &options));
    if serve.no_function {
        ctrl_c().await?;
        return Ok(ExitCode::SUCCESS);
    }
    let scf = serve.function.start(&cos, &serve.region, true).await?;
    print::line(&format!("runtime API   {}\n", scf.endpoint()));
    let trigger = Trigger {
        bucket: serve.source.clone(),
        event: serve.event.clone(),
        prefix: serve.prefix.clone(),
        suffix: serve.suffix.clone(),
        copies: serve.copies,
    };
    deliver(&trigger, notices, &cos, &scf).await?;
    scf.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Runs the function for everything that fires the trigger, until Ctrl-C.
pub(super) async fn deliver(
    trigger: &Trigger,
    notices: UnboundedReceiver<Notice>,
    cos: &Cos,
    scf: &Scf,
) -> Result<()> {
    let delivery = trigger.deliver(notices, scf, |notice, answers: &[Answer]| {
        print::line(&format!("{} {}/{}", notice.name, notice.bucket, notice.key));
        for answer in answers {
            outcome::show(cos, answer);
        }
    });
    tokio::select! {
        stopped = ctrl_c() => stopped,
        () = delivery => bail!("the local COS has stopped"),
    }
}

async fn ctrl_c() -> Result<()> {
    tokio::signal::ctrl_c().await.context("Ctrl-C cannot be watched")
}

/// Addresses, credentials and a snippet to copy.
pub(super) fn welcome(source: &str, cos: &Cos, options: &CosOptions) -> String {
    let CosOptions { root, secret_id, secret_key, region, .. } = options;
    let address = cos.address();
    let (ip, port) = (address.ip(), address.port());
    format!(
        "COS           {endpoint}, buckets below {root}
admin port    {admin}
SecretId      {secret_id}
SecretKey     {secret_key}

With the Python SDK (pip install cos-python-sdk-v5):
  from qcloud_cos import CosConfig, CosS3Client
  client = CosS3Client(CosConfig(Region='{region}', Scheme='http', IP='{ip}', Port={port},
                                 SecretId='{secret_id}', SecretKey='{secret_key}'))
  client.upload_file(Bucket='{source}', Key='cat.jpg', LocalFilePath='cat.jpg')
",
        endpoint = cos.endpoint(),
        admin = cos.admin_endpoint(),
        root = root.display(),
    )
}
