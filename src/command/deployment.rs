//! `cos-thumbnailer policy` and `cos-thumbnailer triggers`: the rights and triggers that the function needs.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use cos_thumbnailer::config::{Config, Environment};
use cos_thumbnailer::deployment::{Deployment, SyncPlaces};
use cos_thumbnailer::object::{Bucket, Key, Region};
use cos_thumbnailer::scf::FunctionName;
use lexopt::prelude::*;

use super::settings::{CommandSettings, file};

const HELP: &str = "\
cos-thumbnailer policy   - prints the CAM policy that the role of the function needs, as JSON
cos-thumbnailer triggers - prints the COS triggers that the function needs, as JSON

USAGE
  cos-thumbnailer policy|triggers --region REGION [--source BUCKET]... [--config FILE]
  cos-thumbnailer policy --sync --region REGION [--source BUCKET]... [--config FILE]
                         [--function NAME] [--inventory PLACE] [--checkpoint PLACE]

  --region REGION    region of the buckets, such as ap-guangzhou (default: TENCENTCLOUD_REGION)
  --source BUCKET    full name of a source bucket, for rules that name none; repeatable
  --config FILE      thumbnails.json to read (default: the one in the folder USER_CODE_ROOT, or else beside the program)
  --allow-listing    the right to list the buckets as well, should COS answer 403 for objects that do not exist

RIGHTS OF sync (policy only)
  --sync             the policy of the keys that run cos-thumbnailer sync and verify, instead of the function's
  --function NAME    function that sync invokes, [NAMESPACE/]NAME (default: cos-thumbnailer)
  --inventory PLACE  report that sync reads, cos://BUCKET/.../manifest.json
  --checkpoint PLACE object that sync keeps its checkpoint in, cos://BUCKET/KEY

  With --mode local, sync does the work of the function: its keys then need the policy of the function as well.

  Standard error says which settings were read. cos-thumbnailer check --help lists them.
";

/// Name that `scripts/deploy` gives the function.
const FUNCTION: &str = "cos-thumbnailer";

/// Runs `policy`.
pub(crate) fn policy(arguments: lexopt::Parser) -> Result<ExitCode> {
    let Some(options) = Options::read(arguments, true)? else { return crate::print(HELP) };
    let config = options.config()?;
    let deployment = options.deployment(&config)?;
    match options.sync_places()? {
        Some(places) => crate::print(&deployment.sync_policy(&places)?),
        None => crate::print(&deployment.policy()?),
    }
}

/// Runs `triggers`.
pub(crate) fn triggers(arguments: lexopt::Parser) -> Result<ExitCode> {
    let Some(options) = Options::read(arguments, false)? else { return crate::print(HELP) };
    let config = options.config()?;
    crate::print(&options.deployment(&config)?.triggers()?)
}

/// Options of both commands, as they are written.
struct Options {
    environment: Environment,
    region: Option<String>,
    sources: Vec<Bucket>,
    config: Option<PathBuf>,
    allows_listing: bool,
    is_of_sync: bool,
    function: Option<String>,
    inventory: Option<(Bucket, Key)>,
    checkpoint: Option<(Bucket, Key)>,
}

impl Options {
    /// Reads the options. `None` when help was asked for.
    fn read(mut arguments: lexopt::Parser, is_policy: bool) -> Result<Option<Self>> {
        let environment = Environment::of_process();
        let mut options = Self {
            region: environment.get("TENCENTCLOUD_REGION").map(str::to_owned),
            environment,
            sources: Vec::new(),
            config: None,
            allows_listing: false,
            is_of_sync: false,
            function: None,
            inventory: None,
            checkpoint: None,
        };
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("region") => options.region = Some(arguments.value()?.string()?),
                Long("source") => options.sources.push(Bucket::parse(&arguments.value()?.string()?)?),
                Long("config") => options.config = Some(file(&mut arguments)?),
                Long("allow-listing") => options.allows_listing = true,
                Long("sync") if is_policy => options.is_of_sync = true,
                Long("function") if is_policy => options.function = Some(arguments.value()?.string()?),
                Long("inventory") if is_policy => {
                    options.inventory = Some(place(&arguments.value()?.string()?)?)
                }
                Long("checkpoint") if is_policy => {
                    options.checkpoint = Some(place(&arguments.value()?.string()?)?)
                }
                Long("help") | Short('h') => return Ok(None),
                other => return Err(other.unexpected()).context("see cos-thumbnailer policy --help"),
            }
        }
        Ok(Some(options))
    }

    fn config(&self) -> Result<Config> {
        if self.region.is_none() {
            bail!("the region is missing: name it with --region, as in --region ap-guangzhou");
        }
        match CommandSettings::load(&self.environment, self.config.as_deref()).into_config() {
            Ok(config) => Ok(config),
            Err(mistakes) => bail!("{mistakes}"),
        }
    }

    fn deployment<'a>(&self, config: &'a Config) -> Result<Deployment<'a>> {
        let region = Region::parse(self.region.as_deref().unwrap_or_default())?;
        let deployment = Deployment::new(config, region, &self.sources)?;
        Ok(if self.allows_listing { deployment.allowing_listing() } else { deployment })
    }

    /// What `sync` uses; `None` if it is not asked for.
    fn sync_places(&self) -> Result<Option<SyncPlaces>> {
        let Self { is_of_sync, function, inventory, checkpoint, .. } = self;
        if *is_of_sync {
            let function = FunctionName::parse(function.as_deref().unwrap_or(FUNCTION))?;
            return Ok(Some(SyncPlaces {
                function,
                inventory: inventory.clone(),
                checkpoint: checkpoint.clone(),
            }));
        }
        if function.is_some() || inventory.is_some() || checkpoint.is_some() {
            bail!("--function, --inventory and --checkpoint are for the policy of sync; add --sync");
        }
        Ok(None)
    }
}

/// Reads the place of an object. Files need no rights.
fn place(text: &str) -> Result<(Bucket, Key)> {
    let parts = text.strip_prefix("cos://").and_then(|rest| rest.split_once('/'));
    let (bucket, key) =
        parts.with_context(|| format!("{text} is no object of COS; write cos://BUCKET/KEY"))?;
    Ok((Bucket::parse(bucket)?, Key::parse(key)?))
}
