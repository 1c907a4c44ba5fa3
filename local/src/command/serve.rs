//! `scf-local serve`: runs a COS and a function until Ctrl-C.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use scf_local::{Cos, CosOptions, EventNotification, Invocation, Scf, Trigger};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::command::function::FunctionOptions;
use crate::command::{connection, outcome, print};

/// Serve a local COS, and run the function for every event of the source bucket.
///
/// Upload with any COS tool or SDK; the address and the code for the Python SDK are printed at the start. Faults are
/// injected through the admin port: POST /-/faults with {"method": "GET", "times": 2, "kind": {"status": {"status": 503,
/// "code": "SlowDown"}}}.
#[derive(Args, Debug)]
pub(crate) struct ServeOptions {
    #[command(flatten)]
    function: FunctionOptions,
    /// Bucket whose events fire the trigger
    #[arg(long, value_name = "BUCKET", default_value = "photos-1250000000")]
    source: String,
    /// Event, or family of events, that fires the trigger
    #[arg(long, value_name = "NAME", default_value = "cos:*")]
    event: String,
    /// Prefix of the keys that fire the trigger
    #[arg(long, default_value = "")]
    prefix: String,
    /// Suffix of the keys that fire the trigger
    #[arg(long, default_value = "")]
    suffix: String,
    /// Deliveries of each event; COS may deliver an event twice
    #[arg(long, value_name = "N", default_value_t = 1)]
    copies: u32,
    /// Port of the COS; 0 chooses a free one
    #[arg(long, default_value_t = 8090)]
    port: u16,
    /// Region of the bucket
    #[arg(long, default_value = "ap-guangzhou")]
    region: String,
    /// Require that every header and parameter is signed, as in buckets with strict signature mode
    #[arg(long)]
    strict: bool,
    /// Serve the COS without a function
    #[arg(long)]
    no_function: bool,
}

/// Runs the command until Ctrl-C.
pub(crate) async fn run(options: ServeOptions) -> Result<ExitCode> {
    let cos_options = CosOptions {
        root: options.function.root.clone(),
        strict: options.strict,
        region: options.region.clone(),
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, options.port)),
        ..CosOptions::default()
    };
    let cos = Cos::start(cos_options.clone()).await.with_context(|| {
        format!("the local COS cannot be started on port {}; choose another with --port", options.port)
    })?;
    // Subscribed before the address is printed: a reader of the address may upload at once.
    let notifications = cos.notifications();
    print::line(&connection::instructions(&options.source, &cos, &cos_options));
    if options.no_function {
        ctrl_c().await?;
        return Ok(ExitCode::SUCCESS);
    }
    let scf = options.function.start(&cos, &options.region, true).await?;
    print::line(&format!("runtime API   {}\n", scf.endpoint()));
    let trigger = Trigger {
        bucket: options.source.clone(),
        event: options.event.clone(),
        prefix: options.prefix.clone(),
        suffix: options.suffix.clone(),
        copies: options.copies,
    };
    run_trigger(&trigger, notifications, &cos, &scf).await?;
    scf.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Invokes the function for every event that fires the trigger, until Ctrl-C.
pub(super) async fn run_trigger(
    trigger: &Trigger,
    notifications: UnboundedReceiver<EventNotification>,
    cos: &Cos,
    scf: &Scf,
) -> Result<()> {
    let delivery = trigger.deliver(notifications, scf, |event, invocations: &[Invocation]| {
        print::line(&format!("{} {}/{}", event.name, event.bucket, event.key));
        for invocation in invocations {
            outcome::print_outcome(cos, invocation);
        }
    });
    tokio::select! {
        stopped = ctrl_c() => stopped,
        () = delivery => bail!("the local COS has stopped"),
    }
}

async fn ctrl_c() -> Result<()> {
    tokio::signal::ctrl_c().await.context("the handler of Ctrl-C cannot be installed")
}
