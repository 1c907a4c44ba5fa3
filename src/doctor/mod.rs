//! `cos-thumbnailer doctor`: whether the function can do its work, in sentences, each with its remedy.
//!
//! On the user's machine it is a command, in the cloud it is asked by a test event. It looks at everything that can be
//! looked at with the function's own rights; one thing that is wrong does not keep it from the others. Of what Tencent
//! does not document it says that it seems so.

mod finding;
mod memory;
mod order;
mod rights;
mod specimen;
mod verdict;

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

pub use self::finding::{Check, Finding, Report, Status};
use self::memory::Scale;
pub use self::order::Order;
use self::rights::Rights;
use self::verdict::{clock, configuration, credentials, heic, time, triggers};
use crate::config::{Config, Mistakes, Rule};
use crate::cos::{Client, Credential, Error};
use crate::credentials::{CredentialOrigin, NoCredentials};
use crate::imaging::Cancel;
use crate::object::Bucket;

/// All that is looked at.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The configuration, or what is wrong with it.
    pub config: Result<&'a Config, &'a Mistakes>,
    /// Connections to COS by that configuration.
    pub client: Result<&'a Client, &'a Error>,
    /// The keys of the function.
    pub credential: Result<(Credential, CredentialOrigin), NoCredentials>,
    /// `TENCENTCLOUD_REGION`.
    pub region: Option<&'a str>,
    /// What the user asked for.
    pub order: Order,
    /// When all has to be done.
    pub deadline: Instant,
}

/// Looks at everything.
pub async fn examine(subject: Subject<'_>) -> Report {
    let Subject { config, client, credential, region, order, deadline } = subject;
    let mut findings = Vec::new();
    let sources = sources(&order, &mut findings);
    match config {
        Ok(config) => {
            configuration(config, &sources, &mut findings);
            heic(config, &mut findings);
        }
        Err(mistakes) => findings.extend(
            mistakes
                .as_slice()
                .iter()
                .map(|mistake| Finding::told(Check::Configuration, Status::Wrong, &mistake.to_string())),
        ),
    }
    let region = verdict::region(order.region.as_deref(), region, &mut findings);
    match (client, credential) {
        (Err(error), _) => {
            findings.push(Finding::told(Check::Configuration, Status::Wrong, &error.to_string()));
        }
        (_, Err(missing)) => {
            findings.push(Finding::told(Check::Credentials, Status::Wrong, &missing.to_string()));
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
                let sentence = "they cannot be tried before configuration and region are right";
                findings.push(Finding::note(Check::Rights, sentence.to_owned()));
            }
        }
    }
    let mut took = None;
    if let Ok(config) = config {
        triggers(config, &sources, &mut findings);
        if let Some(memory_mb) = order.memory_mb {
            took = memory(config, memory_mb, deadline, &mut findings).await;
        }
    }
    findings.extend(order.time_limit.map(|limit| time(limit, took)));
    findings.sort_by_key(|finding| finding.check);
    Report { findings }
}

/// The buckets that were asked for.
fn sources(order: &Order, findings: &mut Vec<Finding>) -> Vec<Bucket> {
    let parsed = order.sources.iter().map(|name| Bucket::parse(name));
    let wrong =
        |error: crate::object::Error| Finding::told(Check::Configuration, Status::Wrong, &error.to_string());
    parsed.filter_map(|bucket| bucket.map_err(|error| findings.push(wrong(error))).ok()).collect()
}

/// A rule with each of the buckets that its sources are in; `None` where that is not known.
fn cases<'a>(config: &'a Config, sources: &'a [Bucket]) -> Vec<(&'a Rule, Option<&'a Bucket>)> {
    let of_rule = |rule: &'a Rule| -> Vec<_> {
        if let Some(bucket) = rule.source().bucket() {
            return vec![(rule, Some(bucket))];
        }
        let given: Vec<_> = sources.iter().map(|bucket| (rule, Some(bucket))).collect();
        if given.is_empty() { vec![(rule, None)] } else { given }
    };
    config.rules().iter().flat_map(of_rule).collect()
}

async fn try_all(rights: &mut Rights, config: &Config, sources: &[Bucket]) {
    for (rule, source) in cases(config, sources) {
        if !rights.try_rule(rule, source).await {
            let sentence = "nothing further was asked of COS after what went wrong";
            rights.findings.push(Finding::note(Check::Rights, sentence.to_owned()));
            return;
        }
    }
}

/// Weighs pictures on a thread of their own. How long a large photograph took comes back.
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
        let rules = config.rules().iter();
        let took = rules.filter_map(|rule| {
            Scale::new(rule, memory_mb, max_pixels).weigh(rule.label(), &on_thread, &mut findings)
        });
        let took = took.max();
        (took, findings)
    });
    // Nothing may run on after the answer: it is told to stop, which it looks at at every row and stage, in time.
    let left = deadline.saturating_duration_since(Instant::now());
    let mut weighed = timeout_at(deadline - left / 4, &mut thread).await;
    if weighed.is_err() {
        cancel.cancel();
        weighed = timeout_at(deadline, thread).await;
    }
    if let Ok(Ok((took, told))) = weighed {
        findings.extend(told);
        return took;
    }
    let sentence = "there was no time to see which pictures it takes".to_owned();
    findings.push(Finding::note(Check::Memory, sentence));
    None
}
