//! Checks without requests of their own: configuration, region, credentials, clock, triggers and time limit.

use std::time::Duration;

use super::finding::{Check, Finding, Status};
use super::rights::Rights;
use crate::config::{Config, Heic, Rule};
use crate::cos::CLOCK_TOLERANCE;
use crate::credential_source::CredentialOrigin;
use crate::deployment::trigger_places;
use crate::object::{Bucket, Region};

/// Seconds of difference that come close to the 900 that COS allows (436/7730).
const CLOCK_LIMIT: u64 = 600;

/// The platform's default time limit (583/11637).
const DEFAULT_TIME: Duration = Duration::from_secs(3);

/// A shorter limit may not do for a large photograph while COS is busy: a failed request is tried four times, with
/// pauses of up to 1.4 s in all.
const SHORT_TIME: Duration = Duration::from_secs(10);

/// Factor of the time for a real photograph over that for one colour: two to five to 300 px, less to larger sizes.
const REAL_PHOTO: u32 = 4;

/// Each rule with each of the buckets of its sources; `None` where they are not known.
pub(super) fn cases<'a>(config: &'a Config, sources: &'a [Bucket]) -> Vec<(&'a Rule, Option<&'a Bucket>)> {
    let of_rule = |rule: &'a Rule| -> Vec<_> {
        if let Some(bucket) = rule.source().bucket() {
            return vec![(rule, Some(bucket))];
        }
        let given: Vec<_> = sources.iter().map(|bucket| (rule, Some(bucket))).collect();
        if given.is_empty() { vec![(rule, None)] } else { given }
    };
    config.rules().iter().flat_map(of_rule).collect()
}

pub(super) fn configuration(config: &Config, sources: &[Bucket], findings: &mut Vec<Finding>) {
    let mut say =
        |status, text: String| findings.push(Finding::of_sentence(Check::Configuration, status, &text));
    let count = config.rules().len();
    say(
        Status::Ok,
        format!(
            "{count} {}; cos-thumbnailer check says what it means",
            if count == 1 { "rule" } else { "rules" }
        ),
    );
    for bucket in sources {
        if !config.rules().iter().any(|rule| rule.source().takes_bucket(bucket)) {
            say(
                Status::Warning,
                format!("no rule takes sources from {bucket}; correct the name of the bucket, or the rules"),
            );
        }
    }
    let mut buckets: Vec<&Bucket> =
        cases(config, sources).into_iter().filter_map(|(_, source)| source).collect();
    buckets.sort();
    buckets.dedup();
    for bucket in buckets {
        if let Some(found) = config.loop_in(bucket) {
            say(Status::Wrong, found.to_string());
        }
    }
    for (rule, _) in cases(config, sources).into_iter().filter(|(_, source)| source.is_none()) {
        say(
            Status::Warning,
            format!(
                "{} takes sources from every bucket, so that none was checked; name one with --source, or as \
                 \"sources\" in events/doctor.json",
                rule.label()
            ),
        );
    }
}

/// Notes what only a source could show.
pub(super) fn heic(config: &Config, findings: &mut Vec<Finding>) {
    for rule in config.rules().iter().filter(|rule| rule.heic() == Heic::CloudInfinite) {
        let sentence = format!(
            "{} has HEIC images processed by Cloud Infinite; the first of them shows whether that is enabled for \
             the bucket",
            rule.label()
        );
        findings.push(Finding::note(Check::Configuration, sentence));
    }
}

pub(super) fn region(
    ordered: Option<&str>,
    of_function: Option<&str>,
    findings: &mut Vec<Finding>,
) -> Option<Region> {
    let text = ordered.or(of_function);
    let (finding, region) = match text.map(Region::parse) {
        None => {
            let text = "TENCENTCLOUD_REGION is not set; give the region with --region, or as \"region\" in \
                        events/doctor.json";
            (Finding::of_sentence(Check::Region, Status::Wrong, text), None)
        }
        Some(Err(error)) => (Finding::of_sentence(Check::Region, Status::Wrong, &error.to_string()), None),
        Some(Ok(region)) => {
            let sentence = format!("buckets are expected in {region}");
            (Finding::ok(Check::Region, sentence), Some(region))
        }
    };
    findings.push(finding);
    region
}

pub(super) fn credentials(
    origin: CredentialOrigin,
    has_token: bool,
    rights: Option<&Rights>,
    findings: &mut Vec<Finding>,
) {
    let place = match origin {
        CredentialOrigin::Event => "headers of the event",
        CredentialOrigin::Fixed => "COS_SECRET_ID and COS_SECRET_KEY",
        CredentialOrigin::Role => {
            "TENCENTCLOUD_SECRETID and TENCENTCLOUD_SECRETKEY, as an execution role sets them"
        }
    };
    let rejected = rights.and_then(|rights| rights.rejected.as_ref());
    let is_answered = rights.is_some_and(|rights| rights.clock_ahead().is_some());
    let mut say =
        |status, text: String| findings.push(Finding::of_sentence(Check::Credentials, status, &text));
    match rejected {
        Some(error) => {
            let code = error.refusal().and_then(|refusal| refusal.response.code.as_deref());
            let fault = match code {
                Some("ExpiredToken") => "they have expired: ",
                Some("InvalidAccessKeyId") if !has_token => {
                    "COS does not know them, as it does not know temporary keys without their session token: "
                }
                _ => "",
            };
            say(Status::Wrong, format!("keys come from {place}; {fault}{error}"));
        }
        None if is_answered => say(Status::Ok, format!("keys come from {place}, and COS knows them")),
        None => say(Status::Note, format!("keys come from {place}, and were not tried")),
    }
    if origin != CredentialOrigin::Fixed && !has_token {
        say(
            if rejected.is_none() && is_answered { Status::Note } else { Status::Warning },
            "no session token came with them, without which keys of a role are refused; set TENCENTCLOUD_SESSIONTOKEN \
             beside them, unless they are fixed keys"
                .to_owned(),
        );
    }
}

pub(super) fn clock(ahead: Option<i64>) -> Option<Finding> {
    let ahead = ahead?;
    let off = ahead.unsigned_abs();
    let direction = if ahead > 0 { "behind" } else { "ahead of" };
    Some(match off {
        0..CLOCK_TOLERANCE => Finding::ok(
            Check::Clock,
            format!("the clock of this machine is within {} s of that of COS", off + 1),
        ),
        _ => {
            let text = format!(
                "the clock of this machine is {off} s {direction} that of COS, which refuses requests that are 900 s \
                 off; set it (until then requests are signed anew by the date of COS)"
            );
            let status = if off < CLOCK_LIMIT { Status::Warning } else { Status::Wrong };
            Finding::of_sentence(Check::Clock, status, &text)
        }
    })
}

/// Lists the triggers, which the rights of a function do not let it see.
pub(super) fn triggers(config: &Config, sources: &[Bucket], findings: &mut Vec<Finding>) {
    let cases = cases(config, sources);
    let places = match trigger_places(cases.into_iter().filter_map(|(rule, source)| Some((rule, source?)))) {
        Ok(places) => places,
        Err(error) => {
            findings.push(Finding::of_sentence(Check::Triggers, Status::Warning, &error.to_string()));
            return;
        }
    };
    findings.extend(places.into_iter().map(|(bucket, prefix)| {
        let filter =
            if prefix.is_empty() { "no prefix".to_owned() } else { format!("the prefix {prefix} or none") };
        let sentence = format!(
            "{bucket} needs a COS trigger of this function for cos:ObjectCreated:*, one for cos:ObjectRemove:* and, where \
             sources are archived, one for cos:ObjectRestore:Completed, each with {filter} and no suffix; whether they \
             are there cannot be seen from here"
        );
        Finding::note(Check::Triggers, sentence)
    }));
}

pub(super) fn time(limit: Duration, took: Option<Duration>) -> Finding {
    let seconds = limit.as_secs_f64();
    let real = took.unwrap_or_default() * REAL_PHOTO;
    let text = if limit <= DEFAULT_TIME {
        format!(
            "the time limit is {seconds} s, the default of the platform; a large photograph, or a COS \
             that is busy, takes longer; set 30 s"
        )
    } else if real > limit / 2 {
        format!(
            "the time limit is {seconds} s, of which a photograph may take {:.1} s to be decoded here; set more, or more \
             memory, with which the processor grows",
            real.as_secs_f64()
        )
    } else if limit < SHORT_TIME {
        format!(
            "the time limit is {seconds} s, and retries while COS is busy alone may take that long; set 30 s"
        )
    } else {
        return Finding::ok(Check::Time, format!("the time limit is {seconds} s"));
    };
    Finding::of_sentence(Check::Time, Status::Warning, &text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Environment;

    fn bucket(name: &str) -> Bucket {
        Bucket::parse(name).unwrap()
    }

    #[test]
    fn clocks_are_checked_by_what_cos_accepts() {
        assert_eq!(clock(None), None);
        for (ahead, status, words) in [
            (0, Status::Ok, "within 1 s"),
            (-29, Status::Ok, "within 30 s"),
            (30, Status::Warning, "30 s behind that of COS"),
            (-599, Status::Warning, "599 s ahead of that of COS"),
            (600, Status::Wrong, "600 s behind"),
            (i64::MIN, Status::Wrong, "ahead of"),
        ] {
            let finding = clock(Some(ahead)).unwrap();
            assert_eq!(finding.status, status, "{ahead}: {finding}");
            assert!(finding.sentence.contains(words), "{ahead}: {finding}");
        }
    }

    #[test]
    fn the_time_limit_is_checked_by_the_default_the_retries_and_a_photograph() {
        let time = |limit, took| time(Duration::from_secs(limit), took);
        for (limit, took, words) in [
            (3, None, "the default of the platform"),
            (9, None, "retries"),
            (30, Some(Duration::from_secs(4)), "16.0 s to be decoded"),
        ] {
            let finding = time(limit, took);
            assert_eq!(finding.status, Status::Warning, "{finding}");
            assert!(finding.sentence.contains(words), "{finding}");
        }
        assert_eq!(time(30, Some(Duration::from_secs(3))).status, Status::Ok);
    }

    #[test]
    fn the_widest_prefix_of_a_bucket_is_the_trigger() {
        let file = r#"{"rules": [
            {"source": {"bucket": "p-1", "prefix": "a/b/"}, "target": {"bucket": "t-1"}},
            {"source": {"bucket": "p-1", "prefix": "a/"}, "target": {"bucket": "t-1"}},
            {"source": {"bucket": "p-1", "prefix": "c/"}, "target": {"bucket": "t-1"}},
            {"source": {"prefix": "d/"}, "target": {"bucket": "t-1"}}]}"#;
        let config = Config::load(&Environment::default(), Some(file)).unwrap();
        let mut findings = Vec::new();
        triggers(&config, &[bucket("q-1")], &mut findings);
        let told: Vec<&str> =
            findings.iter().map(|finding| finding.sentence.split(',').next().unwrap()).collect();
        assert_eq!(told.len(), 3, "{findings:#?}");
        for (number, words) in
            ["the prefix a/ or none", "the prefix c/ or none", "the prefix d/ or none"].iter().enumerate()
        {
            assert!(findings[number].sentence.contains(words), "{}", findings[number]);
        }
        assert!(told[2].starts_with("q-1 needs"), "{told:?}");
    }

    #[test]
    fn loops_and_strangers_among_the_sources_are_found() {
        let file = r#"{"rules": [{"source": {"bucket": "p-1"}, "target": {"bucket": "t-1"}}]}"#;
        let config = Config::load(&Environment::default(), Some(file)).unwrap();
        let mut findings = Vec::new();
        configuration(&config, &[bucket("q-1")], &mut findings);
        assert!(findings[1].sentence.contains("no rule takes sources from q-1"), "{findings:#?}");

        let anywhere = Config::load(&Environment::from_pairs([("TARGET_BUCKET", "t-1")]), None).unwrap();
        for (sources, status, words) in [
            (vec![bucket("t-1")], Status::Wrong, "start the function again"),
            (Vec::new(), Status::Warning, "takes sources from every bucket"),
        ] {
            let mut findings = Vec::new();
            configuration(&anywhere, &sources, &mut findings);
            assert_eq!((findings.len(), findings[1].status), (2, status), "{findings:#?}");
            assert!(findings[1].sentence.contains(words), "{findings:#?}");
        }
    }
}
