//! Needs of the function in the cloud under its configuration: the rights of its role, and its triggers. And the rights
//! of whoever runs `sync`.

mod pairs;
mod policy;
mod sync_policy;
mod triggers;

use crate::config::{Config, Rule, TargetBucket};
use crate::cos;
use crate::object::{self, Bucket, Region};

pub use self::sync_policy::SyncPlaces;

/// A configuration, with the buckets of its sources.
#[derive(Clone, Debug)]
pub struct Deployment<'a> {
    region: Region,
    /// Every rule with each bucket of its sources, in the order of the rules.
    rule_buckets: Vec<(&'a Rule, Bucket)>,
    allows_listing: bool,
}

/// The reason why a configuration cannot be deployed so.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// Every event of a source bucket would be refused.
    #[error("{0}")]
    Loop(String),
    /// A rule takes every bucket, and none is known.
    #[error("{0} takes its sources from every bucket that sends events; name those with --source BUCKET")]
    NoSource(String),
    /// The conventional name of the target bucket is too long.
    #[error("the target bucket of {0} has no possible name: {1}")]
    Target(Bucket, object::Error),
    /// More triggers than a function can have, even with one prefix for each bucket.
    #[error(
        "{0} source buckets need {needed} COS triggers, and a function has at most {most} (583/11637); deploy a second \
         function, under another name, for some of the buckets",
        needed = triggers::needed(*.0), most = triggers::MOST
    )]
    TooManyTriggers(usize),
    /// No rule takes this bucket.
    #[error(
        "no rule takes its sources from {0}; leave out --source {0}, or correct the rule that names another bucket"
    )]
    Unused(Bucket),
}

impl<'a> Deployment<'a> {
    /// A configuration in a region. `sources` are the buckets of the rules that name none.
    ///
    /// # Errors
    /// When a rule lacks a bucket, a bucket a rule, or thumbnails could start the function again.
    pub fn new(config: &'a Config, region: Region, sources: &[Bucket]) -> Result<Self, Error> {
        let mut rule_buckets: Vec<(&Rule, Bucket)> = Vec::new();
        for rule in config.rules() {
            match rule.source().bucket() {
                Some(bucket) => rule_buckets.push((rule, bucket.clone())),
                None if sources.is_empty() => return Err(Error::NoSource(rule.label().to_owned())),
                None => rule_buckets.extend(sources.iter().map(|bucket| (rule, bucket.clone()))),
            }
        }
        if let Some(unused) =
            sources.iter().find(|source| !rule_buckets.iter().any(|(_, bucket)| bucket == *source))
        {
            return Err(Error::Unused(unused.clone()));
        }
        if let Some(found) = rule_buckets.iter().find_map(|(_, bucket)| config.loop_in(bucket)) {
            return Err(Error::Loop(found.to_string()));
        }
        Ok(Self { region, rule_buckets, allows_listing: false })
    }

    /// Lets the role list the buckets. The function never does so. But Tencent does not document whether COS answers 404 for
    /// a missing object, or 403, to a role that may not list the bucket.
    #[must_use]
    pub fn allowing_listing(self) -> Self {
        Self { allows_listing: true, ..self }
    }

    /// The CAM policy with the rights that the role of the function needs, and no others, as JSON.
    ///
    /// # Errors
    /// [`Error::Target`].
    pub fn policy(&self) -> Result<String, Error> {
        policy::policy(self)
    }

    /// The CAM policy with the rights that the keys of `sync` need to work through the function, and no others, as JSON.
    ///
    /// # Errors
    /// [`Error::Target`].
    pub fn sync_policy(&self, places: &SyncPlaces) -> Result<String, Error> {
        sync_policy::policy(self, places)
    }

    /// The COS triggers of the function, as JSON: `{"triggers": [{"bucket", "region", "event", "prefix"}]}`.
    ///
    /// # Errors
    /// [`Error::TooManyTriggers`].
    pub fn triggers(&self) -> Result<String, Error> {
        triggers::triggers(self)
    }

    /// The beginning of a resource: keys that begin so, in the buckets of this name.
    fn resource(&self, bucket: &TargetBucket, beginning: &str) -> String {
        let (name, app_id) = bucket.pattern();
        cos::resource(&self.region, app_id, &name, &beginning)
    }
}

/// Buckets and prefixes of the triggers for these rules, each with a bucket of its sources. No prefix begins with another
/// of its bucket, and there are no more than a function can have triggers for.
///
/// # Errors
/// [`Error::TooManyTriggers`].
pub fn trigger_places<'a>(
    rule_buckets: impl Iterator<Item = (&'a Rule, &'a Bucket)>,
) -> Result<Vec<(String, String)>, Error> {
    triggers::places(rule_buckets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Environment;

    /// The configuration of these variables or this file.
    pub(super) fn config(variables: &[(&str, &str)], file: Option<&str>) -> Config {
        Config::load(&Environment::from_pairs(variables.iter().copied()), file).unwrap()
    }

    pub(super) fn deployment<'a>(config: &'a Config, sources: &[&str]) -> Result<Deployment<'a>, Error> {
        let sources: Vec<Bucket> = sources.iter().map(|name| Bucket::parse(name).unwrap()).collect();
        Deployment::new(config, Region::parse("ap-guangzhou").unwrap(), &sources)
    }

    #[test]
    fn mistakes_are_named_with_their_remedy() {
        let any = config(&[], None);
        assert_eq!(
            deployment(&any, &[]).unwrap_err().to_string(),
            "the rule of the environment takes its sources from every bucket that sends events; name those with \
             --source BUCKET"
        );
        let named = config(&[], Some(r#"{"rules":[{"source":{"bucket":"photos-125"}}]}"#));
        assert!(deployment(&named, &[]).is_ok());
        assert_eq!(
            deployment(&named, &["phots-125"]).unwrap_err(),
            Error::Unused(Bucket::parse("phots-125").unwrap())
        );
        let loops = config(&[("TARGET_BUCKET", "photos-125")], None);
        assert!(matches!(deployment(&loops, &["photos-125"]), Err(Error::Loop(_))));
        let long = format!("{}-125", "a".repeat(56));
        assert!(matches!(deployment(&any, &[&long]).unwrap().policy(), Err(Error::Target(..))));
    }
}
