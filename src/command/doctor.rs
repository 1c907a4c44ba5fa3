//! `cos-thumbnailer doctor`: whether the function could do its work, asked from the user's own machine.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use cos_thumbnailer::config::{Config, Environment};
use cos_thumbnailer::doctor::Request;
use cos_thumbnailer::function::Function;
use cos_thumbnailer::runtime::Context;
use lexopt::prelude::*;
use tokio::time::Instant;

/// Time for all of it: the user waits.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the command.
pub(crate) fn run(mut arguments: lexopt::Parser) -> Result<ExitCode> {
    let mut request = Request::default();
    let mut as_json = false;
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("json") => as_json = true,
            Long("memory") => request.memory_mb = Some(arguments.value()?.parse()?),
            Long("region") => request.region = Some(arguments.value()?.string()?),
            Long("source") => request.sources.push(arguments.value()?.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let environment = Environment::of_process();
    let function = Function::new(Config::of_installation(&environment));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the async runtime cannot start")?;
    let report = runtime.block_on(async {
        function.examine(request, &Context::default(), &environment, Instant::now() + PATIENCE).await
    });
    let text = if as_json { format!("{}\n", report.to_json()) } else { report.to_string() };
    crate::print(&text)?;
    Ok(if report.is_healthy() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
