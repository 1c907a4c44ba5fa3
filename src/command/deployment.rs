//! `cos-thumbnailer policy` and `cos-thumbnailer triggers`: what the function needs of the cloud.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use cos_thumbnailer::config::{Config, Environment};
use cos_thumbnailer::deployment::{Deployment, Error};
use cos_thumbnailer::object::{Bucket, Region};
use lexopt::prelude::*;

/// Runs a command that prints `what` of the deployment, as JSON.
pub(crate) fn run(
    mut arguments: lexopt::Parser,
    what: fn(&Deployment<'_>) -> Result<String, Error>,
) -> Result<ExitCode> {
    let environment = Environment::of_process();
    let mut region = environment.get("TENCENTCLOUD_REGION").map(str::to_owned);
    let mut sources = Vec::new();
    let mut allows_listing = false;
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("region") => region = Some(arguments.value()?.string()?),
            Long("source") => sources.push(Bucket::parse(&arguments.value()?.string()?)?),
            Long("allow-listing") => allows_listing = true,
            other => return Err(other.unexpected()).context("see cos-thumbnailer --help"),
        }
    }
    let Some(region) = region else {
        bail!("the region is missing: name it with --region, as in --region ap-guangzhou");
    };
    let config = match Config::of_installation(&environment) {
        Ok(config) => config,
        Err(mistakes) => bail!("{mistakes}"),
    };
    let mut deployment = Deployment::new(&config, Region::parse(&region)?, &sources)?;
    if allows_listing {
        deployment = deployment.allowing_listing();
    }
    crate::print(&what(&deployment)?)
}
