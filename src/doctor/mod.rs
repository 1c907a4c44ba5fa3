//! The doctor: checks whether the function can do its work, and reports in sentences, each with its remedy.
//!
//! On the user's machine it is a command, in the cloud it answers a test event. It checks everything that the function's
//! own rights allow; a check that fails does not prevent the others. Where Tencent does not document the behaviour of
//! COS, it reports that something seems to be so.

mod checks;
mod finding;
mod memory;
mod request;
mod rights;
mod sample_image;

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use self::checks::{cases, clock, configuration, credentials, heic, time, triggers};
pub use self::finding::{Check, Finding, Report, Status};
use self::memory::MemoryTrial;
pub use self::request::Request;
use self::rights::Rights;
use crate::config::{Config, Mistakes};
use crate::cos::{Client, Credential, Error};
use crate::credential_source::{CredentialOrigin, NoCredentials};
use crate::imaging::Cancel;
use crate::object::Bucket;

/// The inputs of all checks.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// The configuration, or its mistakes.
    pub config: Result<&'a Config, &'a Mistakes>,
    /// Connections to COS by that configuration.
    pub client: Result<&'a Client, &'a Error>,
    /// The keys of the function.
    pub credential: Result<(Credential, CredentialOrigin), NoCredentials>,
    /// `TENCENTCLOUD_REGION`.
    pub region: Option<&'a str>,
    /// The user's request.
    pub request: Request,
    /// The end of the time for all checks.
    pub deadline: Instant,
}

/// Runs all checks.
pub async fn examine(inputs: Inputs<'_>) -> Report {
    let Inputs { config, client, credential, region, request, deadline } = inputs;
    let mut findings = Vec::new();
    let sources = sources(&request, &mut findings);
    match config {
        Ok(config) => {
            configuration(config, &sources, &mut findings);
            heic(config, &mut findings);
        }
        Err(mistakes) => {
            findings.extend(mistakes.as_slice().iter().map(|mistake| {
                Finding::of_sentence(Check::Configuration, Status::Wrong, &mistake.to_string())
            }))
        }
    }
    let region = checks::region(request.region.as_deref(), region, &mut findings);
    match (client, credential) {
        (Err(error), _) => {
            findings.push(Finding::of_sentence(Check::Configuration, Status::Wrong, &error.to_string()));
        }
        (_, Err(missing)) => {
            findings.push(Finding::of_sentence(Check::Credentials, Status::Wrong, &missing.to_string()));
        }
        (Ok(client), Ok((credential, origin))) => {
            let has_token = credential.has_token();
            let rights = match (config, region) {
                (Ok(config), Some(region)) => {
                    let mut rights = Rights::new(client, credential, region, deadline);
                    try_all(&mut rights, config, &sources).await;
                    Some(rights)
                }
                _ => None,
            };
            credentials(origin, has_token, rights.as_ref(), &mut findings);
            if let Some(rights) = rights {
                findings.extend(clock(rights.clock_ahead().filter(|_| !rights.is_late)));
                findings.extend(rights.findings);
            } else {
                let sentence = "they cannot be tried until configuration and region are right";
                findings.push(Finding::note(Check::Rights, sentence.to_owned()));
            }
        }
    }
    let mut took = None;
    if let Ok(config) = config {
        triggers(config, &sources, &mut findings);
        if let Some(memory_mb) = request.memory_mb {
            took = memory(config, memory_mb, deadline, &mut findings).await;
        }
    }
    findings.extend(request.time_limit.map(|limit| time(limit, took)));
    findings.sort_by_key(|finding| finding.check);
    Report { findings }
}

/// The buckets of the request.
fn sources(request: &Request, findings: &mut Vec<Finding>) -> Vec<Bucket> {
    let parsed = request.sources.iter().map(|name| Bucket::parse(name));
    let wrong = |error: crate::object::Error| {
        Finding::of_sentence(Check::Configuration, Status::Wrong, &error.to_string())
    };
    parsed.filter_map(|bucket| bucket.map_err(|error| findings.push(wrong(error))).ok()).collect()
}

async fn try_all(rights: &mut Rights, config: &Config, sources: &[Bucket]) {
    for (rule, source) in cases(config, sources) {
        if !rights.try_rule(rule, source).await {
            let sentence = "no further requests were made after this failure";
            rights.findings.push(Finding::note(Check::Rights, sentence.to_owned()));
            return;
        }
    }
}

/// Tries images on a thread of their own. Returns the time that a large photograph took.
async fn memory(
    config: &Config,
    memory_mb: u64,
    deadline: Instant,
    findings: &mut Vec<Finding>,
) -> Option<Duration> {
    let cancel = Cancel::default();
    let (config, on_thread) = (config.clone(), cancel.clone());
    let mut thread = tokio::task::spawn_blocking(move || {
        let mut findings = Vec::new();
        let max_pixels = config.settings().max_pixels;
        let watermark_bytes = config.watermark_bytes();
        let rules = config.rules().iter();
        let took = rules.filter_map(|rule| {
            let trial = MemoryTrial::new(rule, memory_mb, max_pixels, watermark_bytes);
            trial.try_images(rule.label(), &on_thread, &mut findings)
        });
        let took = took.max();
        (took, findings)
    });
    // Nothing may run on after the answer: the thread checks for a stop at every row and stage.
    let left = deadline.saturating_duration_since(Instant::now());
    let mut tried = timeout_at(deadline - left / 4, &mut thread).await;
    if tried.is_err() {
        cancel.cancel();
        tried = timeout_at(deadline, thread).await;
    }
    if let Ok(Ok((took, told))) = tried {
        findings.extend(told);
        return took;
    }
    let sentence = "there was no time to find out which images it takes".to_owned();
    findings.push(Finding::note(Check::Memory, sentence));
    None
}
