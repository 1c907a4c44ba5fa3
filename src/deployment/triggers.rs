//! The COS triggers of the function (583/9707).
//!
//! They have no suffix: COS compares suffixes with regard to case and takes one per trigger, while the function takes
//! several in any case. Their prefix is known up to an open segment. Events of other objects end as `skip.no_rule`, without requests.

use serde_json::{Value, json};

use super::pairs::Pairs;
use super::{Deployment, Error};
use crate::config::Rule;
use crate::object::Bucket;

/// Most COS triggers of a function (583/11637).
pub(super) const MOST: usize = 10;

/// The events of a source that its thumbnails depend on.
const EVENTS: [&str; 3] = ["cos:ObjectCreated:*", "cos:ObjectRemove:*", "cos:ObjectRestore:Completed"];

/// The triggers as JSON, by bucket, prefix and event.
pub(super) fn triggers(deployment: &Deployment<'_>) -> Result<String, Error> {
    let places = places(deployment.rule_buckets.iter().map(|(rule, bucket)| (*rule, bucket)))?;
    let region = deployment.region.as_str();
    let of_place = |(bucket, prefix): &(String, String)| {
        EVENTS.map(|event| json!({ "bucket": bucket, "region": region, "event": event, "prefix": prefix }))
    };
    let triggers: Vec<Value> = places.iter().flat_map(of_place).collect();
    Ok(format!("{:#}\n", json!({ "triggers": triggers })))
}

/// Buckets and prefixes of the triggers.
pub(super) fn places<'a>(
    rule_buckets: impl Iterator<Item = (&'a Rule, &'a Bucket)>,
) -> Result<Vec<(String, String)>, Error> {
    let mut sources = Pairs::default();
    for (rule, bucket) in rule_buckets {
        sources.add(bucket.as_str(), rule.source().prefix().known().to_owned());
    }
    // COS refuses rules of one event that overlap.
    sources.keep_shortest();
    // The bucket with the most prefixes gives way first.
    while needed(sources.iter().len()) > MOST {
        let widest = sources.groups().max_by_key(|prefixes| prefixes.len());
        let Some([(bucket, _), _, ..]) = widest else {
            return Err(Error::TooManyTriggers(sources.groups().count()));
        };
        let bucket = bucket.clone();
        sources.merge(&bucket);
    }
    Ok(sources.into_vec())
}

/// The number of triggers for so many prefixes.
pub(super) fn needed(prefixes: usize) -> usize {
    prefixes.saturating_mul(EVENTS.len())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{config, deployment};
    use super::*;
    use crate::config::Config;

    /// Buckets and prefixes of the triggers; each has all three events.
    fn places(config: &Config, sources: &[&str]) -> Result<Vec<String>, Error> {
        let text = deployment(config, sources).unwrap().triggers()?;
        let parsed: Value = serde_json::from_str(&text).unwrap();
        let triggers = parsed["triggers"].as_array().unwrap();
        assert!(triggers.len() <= MOST && triggers.len().is_multiple_of(3), "{text}");
        let place = |row: &[Value]| {
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
    fn prefixes_end_at_an_open_segment() {
        let open = rules(&[("p-125", "in/{t}/up/"), ("q-125", "{t}/up/")]);
        assert_eq!(places(&open, &[]).unwrap(), ["p-125/in/", "q-125/"]);
    }

    #[test]
    fn too_many_prefixes_become_their_common_beginning() {
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
