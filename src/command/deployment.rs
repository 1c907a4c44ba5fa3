//! `cos-thumbnailer policy` and `cos-thumbnailer triggers`: the rights and triggers that the function needs.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use cos_thumbnailer::config::Environment;
use cos_thumbnailer::deployment::{Deployment, Error};
use cos_thumbnailer::object::{Bucket, Region};
use lexopt::prelude::*;

use super::settings::{CommandSettings, file};

const HELP: &str = "\
cos-thumbnailer policy   - prints the CAM policy that the role of the function needs, as JSON
cos-thumbnailer triggers - prints the COS triggers that the function needs, as JSON

USAGE
  cos-thumbnailer policy|triggers --region REGION [--source BUCKET]... [--config FILE]

  --region REGION    region of the buckets, such as ap-guangzhou (default: TENCENTCLOUD_REGION)
  --source BUCKET    full name of a source bucket, for rules that name none; repeatable
  --config FILE      thumbnails.json to read (default: the one in the folder USER_CODE_ROOT, or else beside the program)
  --allow-listing    the right to list the buckets as well, should COS answer 403 for objects that do not exist

  Standard error says which settings were read. cos-thumbnailer check --help lists them.
";

/// Runs a command that prints `part` of the deployment, as JSON.
pub(crate) fn run(
    mut arguments: lexopt::Parser,
    part: fn(&Deployment<'_>) -> Result<String, Error>,
) -> Result<ExitCode> {
    let environment = Environment::of_process();
    let mut region = environment.get("TENCENTCLOUD_REGION").map(str::to_owned);
    let mut sources = Vec::new();
    let mut config = None;
    let mut allows_listing = false;
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("region") => region = Some(arguments.value()?.string()?),
            Long("source") => sources.push(Bucket::parse(&arguments.value()?.string()?)?),
            Long("config") => config = Some(file(&mut arguments)?),
            Long("allow-listing") => allows_listing = true,
            Long("help") | Short('h') => return crate::print(HELP),
            other => return Err(other.unexpected()).context("see cos-thumbnailer policy --help"),
        }
    }
    let Some(region) = region else {
        bail!("the region is missing: name it with --region, as in --region ap-guangzhou");
    };
    let region = Region::parse(&region)?;
    let config = match CommandSettings::load(&environment, config.as_deref()).into_config() {
        Ok(config) => config,
        Err(mistakes) => bail!("{mistakes}"),
    };
    let mut deployment = Deployment::new(&config, region, &sources)?;
    if allows_listing {
        deployment = deployment.allowing_listing();
    }
    crate::print(&part(&deployment)?)
}
