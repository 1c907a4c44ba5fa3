//! Parts of a sync that follow from the options: clients, size of the function, prices, limits.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use cos_thumbnailer::config::{Config, Environment};
use cos_thumbnailer::cos::{self, ClientSettings, Credential, RetryPolicy};
use cos_thumbnailer::object::Endpoint;
use cos_thumbnailer::scf;
use cos_thumbnailer::sync::{CosStore, FunctionSize, Limits, Prices};

use super::options::{Mode, Options};

/// Size of the function on this machine, unless the options say otherwise.
const LOCAL: FunctionSize = FunctionSize { memory_mb: 1024, time_limit: Duration::from_secs(60) };

pub(super) fn store(config: &Config, options: &Options, credential: Credential) -> Result<CosStore> {
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

pub(super) fn scf_client(
    options: &Options,
    environment: &Environment,
    credential: Credential,
) -> Result<scf::Client> {
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
pub(super) async fn size(options: &Options, client: Option<&scf::Client>) -> Result<FunctionSize> {
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

pub(super) fn prices(options: &Options) -> Result<Prices> {
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

pub(super) fn limits(options: &Options, size: FunctionSize) -> Limits {
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
