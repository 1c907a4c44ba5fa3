//! `cos-thumbnailer sync` and `cos-thumbnailer verify`: all sources of a bucket.

mod either;
mod options;
mod parts;
mod planning;
mod running;
mod terminal;
mod verify;

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use cos_thumbnailer::config::{Environment, Installation};
use cos_thumbnailer::function::Function;
use cos_thumbnailer::sync::{
    CosStore, DeployedFunction, FunctionSize, Job, Limits, Listing, LocalFunction, Prices, Report,
};
use cos_thumbnailer::{credential_source, scf};

use self::either::{AnyInvoker, AnySources};
use self::options::{Mode, Options};
use super::settings::CommandSettings;

const HELP: &str = include_str!("help.txt");

/// Runs `sync`.
pub(crate) fn run(arguments: lexopt::Parser) -> Result<ExitCode> {
    start(arguments, false)
}

/// Runs `verify`: a plan by the stamps, without a sample.
pub(crate) fn verify(arguments: lexopt::Parser) -> Result<ExitCode> {
    start(arguments, true)
}

fn start(arguments: lexopt::Parser, verifies: bool) -> Result<ExitCode> {
    let environment = Environment::of_process();
    let Some(options) = Options::read(arguments, &environment, verifies)? else { return crate::print(HELP) };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the async runtime cannot start")?;
    runtime.block_on(async {
        let mut sync = Sync::new(options, environment).await?;
        if sync.options.runs { sync.run().await } else { sync.plan(verifies).await }
    })
}

/// Everything that the options and the environment name.
struct Sync {
    options: Options,
    environment: Environment,
    job: Job,
    store: CosStore,
    /// Client of the cloud API; `None` for this machine.
    client: Option<scf::Client>,
    size: FunctionSize,
    limits: Limits,
    prices: Prices,
}

impl Sync {
    async fn new(options: Options, environment: Environment) -> Result<Self> {
        let config = match CommandSettings::load(&environment, options.config.as_deref()).into_config() {
            Ok(config) => config,
            Err(mistakes) => bail!("{mistakes}"),
        };
        let credential = credential_source::of_environment(&environment)?;
        let store = parts::store(&config, &options, credential.clone())?;
        let job =
            Job::new(config, options.region.clone(), options.source.clone(), options.selection.clone())?;
        let client = match options.mode {
            Mode::Local => None,
            Mode::Invoke | Mode::InvokeAsync => Some(parts::scf_client(&options, &environment, credential)?),
        };
        let size = parts::size(&options, client.as_ref()).await?;
        let prices = parts::prices(&options)?;
        let limits = parts::limits(&options, size);
        Ok(Self { options, environment, job, store, client, size, limits, prices })
    }

    /// The function, or `None` behind a queue, whose events are not answered.
    fn function(&self) -> AnyInvoker<'_> {
        match &self.client {
            Some(client) => AnyInvoker::Deployed(self.deployed(client)),
            None => AnyInvoker::Local(self.on_this_machine(self.size, Function::without_log)),
        }
    }

    /// The function on this machine.
    fn on_this_machine(&self, size: FunctionSize, make: fn(Installation) -> Function) -> LocalFunction<'_> {
        let instances = available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let install = || match &self.options.config {
            Some(file) => Installation::of_file(&self.environment, file),
            None => Installation::of_environment(&self.environment),
        };
        LocalFunction::new(&self.job, &self.environment, size, instances, || make(install()))
    }

    fn deployed(&self, client: &scf::Client) -> DeployedFunction<'_> {
        // The platform ends a run after its time limit; what takes longer is lost on the way.
        let patience = self.size.time_limit.saturating_add(Duration::from_secs(60));
        DeployedFunction::new(&self.job, client.with_timeout(patience), self.options.function.clone())
    }

    async fn sources(&self, after: &str) -> Result<AnySources<'_>> {
        match &self.options.inventory {
            None => Ok(AnySources::Listing(Listing::new(&self.job, &self.store, after))),
            Some(place) => Ok(either::inventory(place, &self.job, &self.store, after).await?),
        }
    }

    fn report(&self) -> Result<Report> {
        match &self.options.report {
            None => Ok(Report::default()),
            Some(path) => {
                Report::open(path).with_context(|| format!("the report {} cannot be opened", path.display()))
            }
        }
    }
}
