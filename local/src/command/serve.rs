//! `scf-local serve`: runs a COS, a function and the cloud API until Ctrl-C.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Args;
use scf_local::{
    Cos, CosOptions, EventNotification, FunctionPool, Invocation, Scf, ScfApi, ScfApiOptions, Trigger,
};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::command::cos_access::{CosAccess, print_refusals, start_cos};
use crate::command::function::FunctionOptions;
use crate::command::{connection, outcome, playground, print};

/// Serve a local COS and the cloud API of SCF, and run the function for every event of the source bucket.
///
/// Upload with any COS tool or SDK; the address and the code for the Python SDK are printed at the start. Calls of the
/// cloud API and events of the bucket share the instances. Faults are injected through the admin port: POST /-/faults with
/// {"method": "GET", "times": 2, "kind": {"status": {"status": 503, "code": "SlowDown"}}}.
#[derive(Args, Debug)]
pub(crate) struct ServeOptions {
    #[command(flatten)]
    pub(super) function: FunctionOptions,
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
    /// Processes of the function that run at once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    instances: u16,
    /// Port of the cloud API; 0 chooses a free one
    #[arg(long, value_name = "PORT", default_value_t = 8091)]
    scf_port: u16,
    /// Name of the function in the cloud API
    #[arg(long, value_name = "NAME", default_value = "cos-thumbnailer")]
    function_name: String,
    /// Region of bucket and function
    #[arg(long, default_value = "ap-guangzhou")]
    region: String,
    #[command(flatten)]
    access: CosAccess,
    /// Port of the page for choosing thumbnails; 0 chooses a free one
    #[arg(long, value_name = "PORT", default_value_t = 8092)]
    page_port: u16,
    /// Serve the COS without a function, without the cloud API and without the page
    #[arg(long)]
    no_function: bool,
}

/// Runs the command until Ctrl-C.
pub(crate) async fn run(options: ServeOptions) -> Result<ExitCode> {
    run_beside(options, async |_| std::future::pending().await).await
}

/// Serves until Ctrl-C, and runs a task that has the instances beside it.
pub(super) async fn run_beside(
    options: ServeOptions,
    task: impl AsyncFnOnce(&FunctionPool),
) -> Result<ExitCode> {
    let cos_options = CosOptions {
        root: options.function.root.clone(),
        region: options.region.clone(),
        buckets: options.function.buckets([options.source.as_str()]),
        ..options.access.options()
    };
    let cos = Arc::new(start_cos(&cos_options).await?);
    print_refusals(&cos);
    // Subscribed before the address is printed: a reader of the address may upload at once.
    let notifications = cos.notifications();
    print::line(&connection::instructions(&options.source, &cos, &cos_options));
    if options.no_function {
        ctrl_c().await?;
        return Ok(ExitCode::SUCCESS);
    }
    let api = start_api(&options, &cos, &cos_options).await?;
    print::line(&connection::endpoints(&cos, &api, &options.function_name));
    let _page = playground::serve_beside(&cos, &options.function, &options.region, options.page_port).await?;
    let trigger = Trigger {
        bucket: options.source.clone(),
        event: options.event.clone(),
        prefix: options.prefix.clone(),
        suffix: options.suffix.clone(),
        copies: options.copies,
    };
    let delivery = trigger.deliver_to(notifications, api.pool(), |event, invocations: &[Invocation]| {
        print_delivery(&cos, event, invocations);
    });
    tokio::select! {
        ended = until_ctrl_c(delivery) => ended?,
        () = task(api.pool()) => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// Starts the cloud API with the credentials of the COS.
async fn start_api(options: &ServeOptions, cos: &Cos, cos_options: &CosOptions) -> Result<ScfApi> {
    let api_options = ScfApiOptions {
        function: options.function.instance(cos, &options.region, true)?,
        name: options.function_name.clone(),
        secret_id: cos_options.secret_id.clone(),
        secret_key: cos_options.secret_key.clone(),
        region: options.region.clone(),
        instances: Some(options.instances.into()),
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, options.scf_port)),
        ..ScfApiOptions::default()
    };
    ScfApi::start(api_options).await.with_context(|| {
        let port = options.scf_port;
        format!("the cloud API cannot be started on port {port}; choose another with --scf-port")
    })
}

/// Invokes the function for every event that fires the trigger, until Ctrl-C.
pub(super) async fn run_trigger(
    trigger: &Trigger,
    notifications: UnboundedReceiver<EventNotification>,
    cos: &Cos,
    scf: &Scf,
) -> Result<()> {
    let delivery = trigger.deliver(notifications, scf, |event, invocations: &[Invocation]| {
        print_delivery(cos, event, invocations);
    });
    until_ctrl_c(delivery).await
}

fn print_delivery(cos: &Cos, event: &EventNotification, invocations: &[Invocation]) {
    print::line(&format!("{} {}/{}", event.name, event.bucket, event.key));
    for invocation in invocations {
        outcome::print_outcome(cos, invocation);
    }
}

async fn until_ctrl_c(delivery: impl Future<Output = ()>) -> Result<()> {
    tokio::select! {
        stopped = ctrl_c() => stopped,
        () = delivery => bail!("the local COS has stopped"),
    }
}

async fn ctrl_c() -> Result<()> {
    tokio::signal::ctrl_c().await.context("the handler of Ctrl-C cannot be installed")
}
