//! The COS triggers of the function (583/9707).
//!
//! They have no suffix: COS compares suffixes with regard to case and takes one for each trigger, the function takes
//! several and compares them without. What a trigger brings in vain ends as `skip.no_rule`, with no request.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use super::{Deployment, Error, prefixes};
use crate::object::{Bucket, Region};

/// COS triggers that a function can have (583/11637).
pub(super) const MOST: usize = 10;

/// The events that thumbnails follow.
const EVENTS: [&str; 3] = ["cos:ObjectCreated:*", "cos:ObjectRemove:*", "cos:ObjectRestore:Completed"];

/// The triggers of a function, by bucket, prefix and event.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Triggers {
    triggers: Vec<Trigger>,
}

/// One trigger: one kind of event of the objects of a bucket whose keys begin so.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Trigger {
    /// Full name of the bucket.
    pub bucket: String,
    /// Its region, and that of the function.
    pub region: String,
    /// The kind of event.
    pub event: &'static str,
    /// How the keys begin; empty is any way.
    pub prefix: String,
}

impl Triggers {
    pub(super) fn new(deployment: &Deployment<'_>) -> Result<Self, Error> {
        let mut sources: BTreeMap<&Bucket, BTreeSet<&str>> = BTreeMap::new();
        for (rule, bucket) in &deployment.uses {
            sources.entry(bucket).or_default().insert(rule.source().prefix());
        }
        for prefixes in sources.values_mut() {
            // COS refuses rules of one event that overlap.
            *prefixes = prefixes::shortest(prefixes);
        }
        // The bucket with the most prefixes gives way first.
        while needed(sources.values().map(BTreeSet::len).sum()) > MOST {
            let widest = sources.values_mut().max_by_key(|prefixes| prefixes.len());
            let Some(prefixes) = widest.filter(|prefixes| prefixes.len() > 1) else {
                return Err(Error::TooManyTriggers(sources.len()));
            };
            *prefixes = BTreeSet::from([prefixes::common(prefixes)]);
        }
        let rows = sources.into_iter().flat_map(|(bucket, prefixes)| {
            prefixes.into_iter().flat_map(move |prefix| EVENTS.map(|event| (bucket, prefix, event)))
        });
        let trigger = |(bucket, prefix, event)| Trigger::new(bucket, &deployment.region, event, prefix);
        Ok(Self { triggers: rows.map(trigger).collect() })
    }
}

/// The triggers that so many prefixes need.
pub(super) fn needed(prefixes: usize) -> usize {
    prefixes.saturating_mul(EVENTS.len())
}

impl Trigger {
    fn new(bucket: &Bucket, region: &Region, event: &'static str, prefix: &str) -> Self {
        let (bucket, region) = (bucket.to_string(), region.to_string());
        Self { bucket, region, event, prefix: prefix.to_owned() }
    }
}

/// The triggers as JSON, one a line, the same for the same configuration.
impl fmt::Display for Triggers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines =
            self.triggers.iter().map(|trigger| serde_json::to_string(trigger).map_err(|_| fmt::Error));
        let lines = lines.collect::<Result<Vec<_>, _>>()?;
        writeln!(f, "{{\"triggers\": [\n  {}\n]}}", lines.join(",\n  "))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{config, deployment};
    use super::*;
    use crate::config::Config;

    /// The places that events come from; each has all three events.
    fn places(config: &Config, sources: &[&str]) -> Result<Vec<String>, Error> {
        let text = deployment(config, sources).unwrap().triggers()?.to_string();
        let parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
        let triggers = parsed["triggers"].as_array().unwrap();
        assert!(triggers.len() <= MOST && triggers.len().is_multiple_of(3), "{text}");
        let place = |row: &[serde_json::Value]| {
            let events: Vec<_> = row.iter().map(|trigger| trigger["event"].as_str().unwrap()).collect();
            assert_eq!(events, EVENTS);
            let text = |name: &str| row[0][name].as_str().unwrap().to_owned();
            assert_eq!(text("region"), "ap-guangzhou");
            format!("{}/{}", text("bucket"), text("prefix"))
        };
        Ok(triggers.chunks(3).map(place).collect())
    }

    /// A configuration with a rule for each source.
    fn rules(sources: &[(&str, &str)]) -> Config {
        let rule = |(bucket, prefix): &(&str, &str)| {
            format!(r#"{{"source":{{"bucket":"{bucket}","prefix":"{prefix}"}}}}"#)
        };
        let rules: Vec<String> = sources.iter().map(rule).collect();
        config(&[("TARGET_BUCKET", "t-125")], Some(&format!(r#"{{"rules":[{}]}}"#, rules.join(","))))
    }

    #[test]
    fn every_source_has_three_events() {
        assert_eq!(places(&config(&[("SOURCE_PREFIX", "up/")], None), &["p-125"]).unwrap(), ["p-125/up/"]);
        assert_eq!(places(&config(&[], None), &["q-125", "p-125", "q-125"]).unwrap(), ["p-125/", "q-125/"]);
    }

    #[test]
    fn overlapping_prefixes_become_the_shorter_one() {
        let overlapping = rules(&[("p-125", "in/x/"), ("p-125", "in/"), ("p-125", "of/")]);
        assert_eq!(places(&overlapping, &[]).unwrap(), ["p-125/in/", "p-125/of/"]);
    }

    #[test]
    fn too_many_prefixes_become_what_they_have_in_common() {
        let three = [("p-125", "in/a/"), ("p-125", "in/b/"), ("p-125", "in/c/")];
        assert_eq!(places(&rules(&three), &[]).unwrap().len(), 3);
        let mut four = three.to_vec();
        four.push(("q-125", "x/"));
        assert_eq!(places(&rules(&four), &[]).unwrap(), ["p-125/in/", "q-125/x/"]);
    }

    #[test]
    fn more_buckets_than_a_function_can_follow_are_refused_with_the_remedy() {
        let refusal =
            places(&config(&[], None), &["a-125", "b-125", "c-125", "d-125"]).unwrap_err().to_string();
        assert_eq!(
            refusal,
            "4 source buckets need 12 COS triggers, and a function has at most 10 (583/11637); deploy a second \
             function, under another name, for some of the buckets"
        );
    }
}
