//! `scf-local playground`: serves the page on which people choose their thumbnails, until Ctrl-C.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use scf_local::{Cos, CosOptions, Playground, PlaygroundOptions};

use crate::command::function::FunctionOptions;
use crate::command::print;

/// Serve a page on which photos become thumbnails while you change the settings.
///
/// Each photo goes the real way: a PUT into the local COS, its event, the function. The page shows the thumbnails, the
/// requests and times behind them, and what to deploy. It is for this machine only, and needs no network.
#[derive(Args, Debug)]
pub(crate) struct PlaygroundCommand {
    #[command(flatten)]
    function: FunctionOptions,
    /// Port of the page; 0 chooses a free one
    #[arg(long, default_value_t = 8092)]
    port: u16,
    /// Folder of photos that the page offers
    #[arg(long, value_name = "DIR", default_value = PHOTOS)]
    photos: PathBuf,
    /// Region of bucket and function
    #[arg(long, default_value = "ap-guangzhou")]
    region: String,
}

/// Folder of photos that the page offers, in a checkout.
const PHOTOS: &str = "events/photos";

/// Runs the command until Ctrl-C.
pub(crate) async fn run(command: PlaygroundCommand) -> Result<ExitCode> {
    let PlaygroundCommand { function, port, photos, region } = command;
    let cos_options =
        CosOptions { root: function.root.clone(), region: region.clone(), ..CosOptions::default() };
    let cos = Arc::new(Cos::start(cos_options).await.context("the local COS cannot be started")?);
    let function = function.instance(&cos, &region, false)?;
    let options = PlaygroundOptions { function, region, photos, port, clears_journal: true };
    let page = Playground::start(cos, options)
        .await
        .with_context(|| format!("the page cannot be served on port {port}; choose another with --port"))?;
    print::line(&format!("page          {}\n\nOpen it in a browser. Ctrl-C ends it.", page.endpoint()));
    tokio::signal::ctrl_c().await.context("the handler of Ctrl-C cannot be installed")?;
    Ok(ExitCode::SUCCESS)
}

/// Serves the page beside a COS that others use, and prints its address. A port that is taken is told and is no error.
///
/// # Errors
/// When the program of the function does not exist.
pub(super) async fn serve_beside(
    cos: &Arc<Cos>,
    function: &FunctionOptions,
    region: &str,
    port: u16,
) -> Result<Option<Playground>> {
    let options = PlaygroundOptions {
        function: function.instance(cos, region, false)?,
        region: region.to_owned(),
        photos: PathBuf::from(PHOTOS),
        port,
        clears_journal: false,
    };
    match Playground::start(Arc::clone(cos), options).await {
        Ok(page) => {
            print::line(&format!("page          {}", page.endpoint()));
            Ok(Some(page))
        }
        Err(error) => {
            print::line(&format!(
                "page          none: port {port}: {error}; choose another with --page-port"
            ));
            Ok(None)
        }
    }
}
