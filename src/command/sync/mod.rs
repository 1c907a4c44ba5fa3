//! `cos-thumbnailer sync` and `cos-thumbnailer verify`: all sources of a bucket.

mod either;
mod options;
mod terminal;
mod verify;

use std::cell::Cell;
use std::future::pending;
use std::io::IsTerminal as _;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::thread::available_parallelism;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};
use cos_thumbnailer::config::{Config, Environment, Installation};
use cos_thumbnailer::cos::{self, ClientSettings, Credential, RetryPolicy};
use cos_thumbnailer::function::Function;
use cos_thumbnailer::object::Endpoint;
use cos_thumbnailer::sync::{
    Checkpoint, CosStore, DeployedFunction, Driver, End, FunctionSize, Job, Limits, Listing, LocalFunction,
    Phase, Plan, Planner, Prices, QueuedFunction, Report, SampleFaults, Snapshot, count_sources,
};
use cos_thumbnailer::{credential_source, scf};

use self::either::{AnyInvoker, AnySources};
use self::options::{Mode, Options};
use self::terminal::Terminal;
use super::settings::CommandSettings;

const HELP: &str = include_str!("help.txt");

/// Size of the function on this machine, unless the options say otherwise.
const LOCAL: FunctionSize = FunctionSize { memory_mb: 1024, time_limit: Duration::from_secs(60) };

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
        let store = store(&config, &options, credential.clone())?;
        let job =
            Job::new(config, options.region.clone(), options.source.clone(), options.selection.clone())?;
        let client = match options.mode {
            Mode::Local => None,
            Mode::Invoke | Mode::InvokeAsync => Some(scf_client(&options, &environment, credential)?),
        };
        let size = size(&options, client.as_ref()).await?;
        let prices = prices(&options)?;
        let limits = limits(&options, size);
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

    async fn plan(&self, verifies: bool) -> Result<ExitCode> {
        tokio::select! {
            ended = self.plan_to_end(verifies) => ended,
            _ = tokio::signal::ctrl_c() => {
                if std::io::stderr().is_terminal() {
                    eprintln!();
                }
                bail!("stopped; a plan changes nothing, and begins anew")
            }
        }
    }

    async fn plan_to_end(&self, verifies: bool) -> Result<ExitCode> {
        let planner = Planner {
            job: &self.job,
            store: &self.store,
            limits: self.limits.clone(),
            size: self.size,
            prices: self.prices.clone(),
            verify: self.options.verify,
            orphans: self.options.orphans,
            sample: if verifies { 0 } else { self.options.sample },
            first: if verifies { verify::MOST } else { 0 },
        };
        let mut report = self.report()?;
        let mut written = Ok(());
        let mut terminal = Terminal::new(None);
        let plan = planner.plan(
            self.sources("").await?,
            |passed| {
                let line = report.outcome(&passed.key, None, passed.code, &passed.reason);
                written = std::mem::replace(&mut written, Ok(())).and(line);
            },
            |tally| terminal.surveyed(tally),
        );
        let plan = plan.await?;
        terminal.end_line();
        written.and_then(|()| report.flush()).context("the report cannot be written")?;
        crate::print(&plan.to_string())?;
        if verifies {
            return self.judge(plan).await;
        }
        self.print_estimate(&planner, &plan).await
    }

    async fn print_estimate(&self, planner: &Planner<'_, CosStore>, plan: &Plan) -> Result<ExitCode> {
        if plan.sample.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        eprintln!(
            "making the thumbnails of {} sources to measure them (--sample 0 makes none)",
            plan.sample.len()
        );
        let (estimate, answers) = planner.estimate(plan, &self.function()).await;
        let SampleFaults { failures, contradiction } = planner.faults(&answers);
        if let Some(reason) = contradiction {
            bail!("{reason}");
        }
        if let Some(failures) = failures {
            eprintln!("{failures}");
        }
        for reason in answers.into_iter().filter_map(|answer| answer.outcomes.err()).take(1) {
            eprintln!("the sample could not be measured: {reason}");
        }
        let Some(mut estimate) = estimate else { return Ok(ExitCode::FAILURE) };
        if self.options.mode == Mode::Local {
            estimate.cost = 0.0;
        }
        crate::print(&estimate.to_string())?;
        eprintln!("this is a plan; add --run to make the thumbnails");
        Ok(ExitCode::SUCCESS)
    }

    async fn run(&mut self) -> Result<ExitCode> {
        let place =
            self.options.checkpoint.clone().unwrap_or_else(|| either::default_place(&self.options.source));
        if let options::Place::Object(bucket, key) = &place
            && self.job.is_source(bucket, key)
        {
            bail!(
                "the checkpoint {} would be a source, and start the function whenever it is written; name another with \
                 --checkpoint",
                either::name(&place)
            );
        }
        let Options { verify, orphans, .. } = &self.options;
        let fingerprint = format!("{} {verify:?} {orphans:?}", self.job.fingerprint());
        let (checkpoints, mut checkpoint) = either::open(&place, &self.store, &fingerprint).await?;
        if checkpoint != Checkpoint::start(fingerprint) {
            eprintln!(
                "resuming after {} sources, by the checkpoint {}",
                checkpoint.tally.sources,
                either::name(&place)
            );
        }
        self.begin(&mut checkpoint);
        let function = self.function();
        let queued = match &function {
            AnyInvoker::Deployed(deployed) if self.options.mode == Mode::InvokeAsync => {
                Some(AnyInvoker::Queued(QueuedFunction::new(
                    &self.job,
                    deployed,
                    &self.store,
                    self.size.time_limit,
                )))
            }
            _ => None,
        };
        let driver = Driver {
            job: &self.job,
            store: &self.store,
            invoker: queued.as_ref().unwrap_or(&function),
            checkpoints: &checkpoints,
            limits: self.limits.clone(),
            size: self.size,
            prices: self.prices.clone(),
            verify: self.options.verify,
            orphans: self.options.orphans,
        };
        let sources = match checkpoint.phase {
            Phase::Sources => self.sources(&checkpoint.end).await?,
            // No source is left, so no report of them is read.
            Phase::Orphans | Phase::Done => {
                AnySources::Listing(Listing::new(&self.job, &self.store, &checkpoint.end))
            }
        };
        let mut report = self.report()?;
        let mut terminal = Terminal::new(Some(self.prices.clone()));
        let total = Cell::new(sources.total());
        let counted = async {
            if total.get().is_none() {
                total.set(count_sources(&self.job, &self.store).await.ok());
            }
            pending().await
        };
        let mut watch = |snapshot: &Snapshot| terminal.progress(snapshot, total.get());
        let run = driver.run(checkpoint, sources, &mut report, stopped(), &mut watch);
        let (end, snapshot) = tokio::select! {
            ended = run => ended,
            never = counted => never,
        };
        terminal.end_line();
        checkpoints.release().await;
        crate::print(&terminal::summary(&snapshot, &self.prices))?;
        self.tell_end(&end, snapshot.tally.failed, &place);
        let is_right = end == End::Done && snapshot.tally.failed == 0;
        Ok(if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Notes when a job begins. One that is resumed selects its sources as it did at its beginning.
    fn begin(&mut self, checkpoint: &mut Checkpoint) {
        if checkpoint.began == 0 {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            checkpoint.began = now.as_secs();
        }
        let began = UNIX_EPOCH.checked_add(Duration::from_secs(checkpoint.began));
        self.job.begin_at(began.unwrap_or(UNIX_EPOCH));
    }

    fn tell_end(&self, end: &End, failed: u64, place: &options::Place) {
        let reason = match end {
            End::Done if failed == 0 => return,
            End::Done => {
                let remedy = match &self.options.report {
                    Some(path) => format!("{} names them, with the reason of each", path.display()),
                    None => "--report FILE names them at the next run, with the reason of each".to_owned(),
                };
                return eprintln!("cos-thumbnailer: {failed} sources failed; {remedy}");
            }
            End::Budget => {
                "the budget is spent, or less is left of it than one invocation may cost; raise --budget"
                    .to_owned()
            }
            End::Burst(reason) => format!("{reason}; --keep-going goes on all the same"),
            End::Checkpoint(error) => error.to_string(),
            End::Interrupted => "stopped".to_owned(),
            End::Invocations => "the most invocations are made; raise --max-invocations".to_owned(),
            End::Refused(reason) => reason.clone(),
            End::Report(reason) => format!("the report cannot be written: {reason}"),
            End::Store(error) => error.to_string(),
            End::Throttled(reason) => format!("the platform has had no room for 20 minutes: {reason}"),
        };
        eprintln!(
            "cos-thumbnailer: {reason}\nthe same command resumes the run, by the checkpoint {}",
            either::name(place)
        );
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

/// Returns after Ctrl-C. A task of its own hears it, and the second one, whatever the run waits for.
fn stopped() -> impl Future<Output = ()> {
    let heard = tokio::spawn(terminal::stopped());
    async {
        let _ = heard.await;
    }
}

fn store(config: &Config, options: &Options, credential: Credential) -> Result<CosStore> {
    let settings = ClientSettings {
        domain: config.settings().domain.clone(),
        endpoint: config.settings().endpoint.clone(),
        // A survey may wait longer for COS than an event.
        retry: RetryPolicy { attempts: 10, max_delay: Duration::from_secs(30), ..RetryPolicy::default() },
        more_connections: 64,
        is_read_only: false,
    };
    Ok(CosStore::new(cos::Client::new(settings)?, credential, options.region.clone()))
}

fn scf_client(options: &Options, environment: &Environment, credential: Credential) -> Result<scf::Client> {
    let endpoint = match environment.get("SCF_ENDPOINT") {
        None => None,
        Some(text) => Some(Endpoint::parse(text).with_context(|| {
            format!("SCF_ENDPOINT is {text}; write an origin, such as http://127.0.0.1:8091, or remove the variable")
        })?),
    };
    let settings = scf::ClientSettings { region: options.region.clone(), endpoint };
    Ok(scf::Client::new(settings, credential)?)
}

/// Memory and time limit of the function, by the options or else by SCF.
async fn size(options: &Options, client: Option<&scf::Client>) -> Result<FunctionSize> {
    let (memory_mb, time_limit) = (options.memory_mb, options.time_limit);
    match (memory_mb.zip(time_limit), client) {
        (Some((memory_mb, time_limit)), _) => Ok(FunctionSize { memory_mb, time_limit }),
        (None, None) => Ok(FunctionSize {
            memory_mb: memory_mb.unwrap_or(LOCAL.memory_mb),
            time_limit: time_limit.unwrap_or(LOCAL.time_limit),
        }),
        (None, Some(client)) => {
            let info = match client.function(&options.function).await {
                Ok(info) => info,
                Err(error @ scf::Error::Denied(_)) => {
                    let remedy =
                        "the size of the function is unknown; name it with --memory MB and --timeout S";
                    return Err(error).context(remedy);
                }
                Err(error) => return Err(error.into()),
            };
            Ok(FunctionSize {
                memory_mb: memory_mb.unwrap_or(info.memory_mb),
                time_limit: time_limit.unwrap_or(info.time_limit).min(Duration::from_secs(86_400)),
            })
        }
    }
}

fn prices(options: &Options) -> Result<Prices> {
    let prices = match &options.prices {
        None => Prices::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("{} cannot be read", path.display()))?;
            Prices::parse(&text).with_context(|| path.display().to_string())?
        }
    };
    match &options.budget {
        Some((_, Some(currency))) if *currency != prices.currency => bail!(
            "the budget is in {currency}, and the prices are in {}; name a price list in {currency} with --prices FILE, as \
             docs/sync.md shows",
            prices.currency
        ),
        _ => Ok(prices),
    }
}

fn limits(options: &Options, size: FunctionSize) -> Limits {
    let mut limits = Limits::for_function(options.region.as_str(), size.memory_mb, size.time_limit);
    match options.mode {
        Mode::Invoke => {}
        Mode::InvokeAsync => limits = limits.queued(),
        Mode::Local => limits.concurrency = available_parallelism().map_or(1, NonZeroUsize::get),
    }
    Limits {
        rate: options.rate,
        concurrency: options.concurrency.unwrap_or(limits.concurrency),
        batch: options.batch.or(limits.batch),
        invocations: options.max_invocations,
        budget: options.budget.as_ref().map(|(amount, _)| *amount),
        keeps_going: options.keeps_going,
        ..limits
    }
}
