//! `cos-thumbnailer doctor`: whether the function can do its work, asked from the user's own machine.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use cos_thumbnailer::config::Environment;
use cos_thumbnailer::doctor::Request;
use cos_thumbnailer::function::Function;
use cos_thumbnailer::runtime::Context;
use lexopt::prelude::*;
use tokio::time::Instant;

use super::settings::{CommandSettings, file};

const HELP: &str = "\
cos-thumbnailer doctor - says whether the function can do its work, or what keeps it from that

USAGE
  cos-thumbnailer doctor [--region REGION] [--source BUCKET]... [--config FILE] [--memory MB] [--json]

  --region REGION    region of the buckets, such as ap-guangzhou (default: TENCENTCLOUD_REGION)
  --source BUCKET    full name of a source bucket, for rules that name none; repeatable
  --config FILE      thumbnails.json to read (default: the one in the folder USER_CODE_ROOT, or else beside the program)
  --memory MB        memory of the function: says which images it can take
  --json             findings as JSON, as the function answers them; the settings that were read go to standard error

  Keys are COS_SECRET_ID and COS_SECRET_KEY, or TENCENTCLOUD_SECRETID, TENCENTCLOUD_SECRETKEY and
  TENCENTCLOUD_SESSIONTOKEN. Rights are tried on objects that do not exist; a small object is stored under the key of
  each thumbnail of one, and deleted. docs/doctor.md has the details.

  Exit status: 0 when nothing is wrong, 1 otherwise.
";

/// Time for all checks, for which the user waits.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the command.
pub(crate) fn run(mut arguments: lexopt::Parser) -> Result<ExitCode> {
    let mut request = Request::default();
    let mut as_json = false;
    let mut config = None;
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("config") => config = Some(file(&mut arguments)?),
            Long("help") | Short('h') => return crate::print(HELP),
            Long("json") => as_json = true,
            Long("memory") => request.memory_mb = Some(arguments.value()?.parse()?),
            Long("region") => request.region = Some(arguments.value()?.string()?),
            Long("source") => request.sources.push(arguments.value()?.string()?),
            other => return Err(other.unexpected()).context("see cos-thumbnailer doctor --help"),
        }
    }
    let environment = Environment::of_process();
    let settings = CommandSettings::load(&environment, config.as_deref());
    let provenance = settings.lines();
    let function = Function::new(settings.installation);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the async runtime cannot start")?;
    let report = runtime.block_on(async {
        function.examine(request, &Context::default(), &environment, Instant::now() + PATIENCE).await
    });
    if as_json {
        eprint!("{provenance}");
        crate::print(&format!("{}\n", report.to_json()))?;
    } else {
        crate::print(&format!("{provenance}{report}"))?;
    }
    Ok(if report.is_healthy() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
