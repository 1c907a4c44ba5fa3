//! Job: the sources and the configuration that a sync is about.

use std::time::SystemTime;

use sha1::{Digest, Sha1};

use crate::config::{Collisions, Config, Rule, TargetBucket, ThumbnailRule};
use crate::deployment::Error as DeploymentError;
use crate::object::{Bucket, Key, Region};
use crate::recipe::{Recipe, RecipeHash};
use crate::reconcile::OnForeign;
use crate::sync::{RecordOutcome, Selection, Source, StoredThumbnail};

/// Code of a source that the function has no rule for.
const NO_RULE: &str = "skip.no_rule";

/// Code of a source whose key another source has.
pub(super) const TAKEN: &str = "target.taken";

/// Sources, their thumbnails by the configuration, and their region.
#[derive(Clone, Debug)]
pub struct Job {
    pub(super) config: Config,
    pub(super) region: Region,
    pub(super) source: Bucket,
    pub(super) selection: Selection,
    /// For each rule of the configuration: the bucket of its thumbnails, and the hash of each recipe.
    rules: Vec<Option<(TargetBucket, Vec<RecipeHash>)>>,
}

/// A configuration that cannot be synced for this source.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// No rule, no possible target, or thumbnails that would start the function again.
    #[error(transparent)]
    Deployment(#[from] DeploymentError),
    /// No rule takes its sources from the bucket.
    #[error("no rule takes its sources from {0}; correct --source, or the rule that names another bucket")]
    NoRule(Bucket),
}

impl Job {
    /// A job for the sources in one bucket.
    ///
    /// # Errors
    /// [`JobError`].
    pub fn new(
        config: Config,
        region: Region,
        source: Bucket,
        selection: Selection,
    ) -> Result<Self, JobError> {
        if !config.rules().iter().any(|rule| rule.source().takes_bucket(&source)) {
            return Err(JobError::NoRule(source));
        }
        if let Some(found) = config.loop_in(&source) {
            return Err(DeploymentError::Loop(found.to_string()).into());
        }
        let of_rule = |rule: &Rule| {
            if !rule.source().takes_bucket(&source) {
                return Ok(None);
            }
            let target = rule
                .target_bucket(&source)
                .map_err(|error| DeploymentError::Target(source.clone(), error))?;
            let recipes: Vec<&Recipe> = rule.thumbnails().iter().map(|thumbnail| &thumbnail.recipe).collect();
            let hashes = recipes.iter().map(|recipe| recipe.hash_among(&recipes)).collect();
            Ok(Some((target, hashes)))
        };
        let rules = config.rules().iter().map(of_rule).collect::<Result<_, JobError>>()?;
        Ok(Self { config, region, source, selection, rules })
    }

    /// Bucket of the sources.
    #[must_use]
    pub fn source(&self) -> &Bucket {
        &self.source
    }

    /// Region of all buckets.
    #[must_use]
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// Name of the job: the same for the same source, selection and recipes. A checkpoint belongs to one job.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let Self { config, region, source, selection, .. } = self;
        hex::encode(Sha1::digest(format!("{region} {source}\n{selection}\n{config}")))
    }

    /// Sets the time at which the job began, from which the ages of its selection count back.
    pub fn begin_at(&mut self, began: SystemTime) {
        self.selection.begin_at(began);
    }

    /// Returns `true` if events of this object start a visit.
    #[must_use]
    pub fn is_source(&self, bucket: &Bucket, key: &Key) -> bool {
        *bucket == self.source && self.rule_for(key).is_some()
    }

    /// The treatment of foreign objects.
    pub(super) fn on_foreign(&self) -> OnForeign {
        self.config.settings().on_foreign
    }

    /// Returns `true` for an object that the job is about.
    pub(super) fn takes(&self, source: &Source) -> bool {
        !source.key.is_folder_marker() && self.rule_for(&source.key).is_some() && self.selection.takes(source)
    }

    /// The rule of a source, with its number.
    pub(super) fn rule_for(&self, key: &Key) -> Option<(usize, &Rule)> {
        self.config.rules().iter().enumerate().find(|(_, rule)| rule.takes(&self.source, key))
    }

    /// The way in which an outcome of the function contradicts this configuration: it has no rule for the source, or
    /// stored other thumbnails than those that the rule names.
    pub(super) fn contradiction(&self, source: &Key, outcome: &RecordOutcome) -> Option<String> {
        let (_, rule) = self.rule_for(source)?;
        if outcome.code == NO_RULE {
            return Some(format!(
                "the function has no rule for {source}, as the configuration of this sync has; give sync the settings of \
                 the function, with --config and the same variables"
            ));
        }
        let bucket = rule.target_bucket_of(&self.source, source).ok()?;
        let is_expected = |stored: &&StoredThumbnail| {
            let mut keys = rule.thumbnails().iter().filter_map(|one| rule.target_key(source, one).ok());
            stored.bucket == bucket.as_str() && keys.any(|key| key.as_str() == stored.key)
        };
        let other = outcome.stored.iter().find(|stored| !is_expected(stored))?;
        Some(format!(
            "the function stored {}/{} for {source}, which the configuration of this sync does not name; give sync the \
             settings of the function, with --config and the same variables",
            other.bucket, other.key
        ))
    }

    /// Returns `true` if an outcome is what `COLLISIONS=first` of the rule says: another source has the key.
    #[must_use]
    pub fn is_accepted(&self, source: &str, code: &str) -> bool {
        let is_first =
            |key| self.rule_for(&key).is_some_and(|(_, rule)| rule.collisions() == Collisions::First);
        code == TAKEN && Key::parse(source).is_ok_and(is_first)
    }

    /// The hash of each recipe of a rule.
    pub(super) fn hashes_of(&self, number: usize) -> &[RecipeHash] {
        self.rules.get(number).and_then(Option::as_ref).map_or(&[], |(_, hashes)| hashes)
    }

    /// Thumbnails that sources of the bucket can have, with their buckets.
    pub(super) fn thumbnails(&self) -> impl Iterator<Item = (&Rule, &ThumbnailRule, &TargetBucket)> {
        self.config.rules().iter().zip(&self.rules).flat_map(|(rule, targets)| {
            let targets = targets.as_ref();
            targets
                .into_iter()
                .flat_map(move |(bucket, _)| rule.thumbnails().iter().map(move |one| (rule, one, bucket)))
        })
    }

    /// Rules whose sources have manifests, with the buckets of those.
    pub(super) fn manifests(&self) -> impl Iterator<Item = (&Rule, &TargetBucket)> {
        let rules = self.config.rules().iter().zip(&self.rules);
        rules.filter(|(rule, _)| rule.has_manifest()).filter_map(|(rule, targets)| {
            let (bucket, _) = targets.as_ref()?;
            Some((rule, bucket))
        })
    }

    /// Beginnings of the keys of all selected sources, in order; none begins with another.
    pub(super) fn prefixes(&self) -> Vec<String> {
        let selected = self.selection.prefix.as_str();
        let mut prefixes: Vec<&str> = self
            .config
            .rules()
            .iter()
            .filter(|rule| rule.source().takes_bucket(&self.source))
            .filter_map(|rule| narrower(rule.source().prefix().known(), selected))
            .collect();
        prefixes.sort_unstable();
        let mut kept: Vec<String> = Vec::new();
        for prefix in prefixes {
            if !kept.last().is_some_and(|last| prefix.starts_with(last.as_str())) {
                kept.push(prefix.to_owned());
            }
        }
        kept
    }
}

/// The longer of two prefixes, if it begins with the other.
fn narrower<'a>(one: &'a str, other: &'a str) -> Option<&'a str> {
    if one.starts_with(other) {
        Some(one)
    } else if other.starts_with(one) {
        Some(other)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Environment;
    use crate::sync::RecordKind;

    fn job(file: &str, prefix: &str) -> Result<Job, JobError> {
        let config = Config::load(&Environment::default(), Some(file)).unwrap();
        let selection = Selection { prefix: prefix.to_owned(), ..Selection::default() };
        let region = Region::parse("ap-guangzhou").unwrap();
        Job::new(config, region, Bucket::parse("photos-125").unwrap(), selection)
    }

    const RULES: &str = r#"{"rules": [
        {"source": {"bucket": "photos-125", "prefix": "b/"}, "target": {"bucket": "t-125"}},
        {"source": {"bucket": "photos-125", "prefix": "a/"}, "target": {"bucket": "t-125"}},
        {"source": {"bucket": "photos-125", "prefix": "b/c/", "suffix": [".x"]}, "target": {"bucket": "u-125"}},
        {"source": {"bucket": "other-125"}, "target": {"bucket": "t-125"}}]}"#;

    #[test]
    fn only_the_prefixes_of_rules_are_listed() {
        let rules = RULES.replace(r#""prefix": "b/c/""#, r#""prefix": "c/""#);
        for (selected, prefixes) in [("", vec!["a/", "b/", "c/"]), ("b/x", vec!["b/x"]), ("d", vec![])] {
            assert_eq!(job(&rules, selected).unwrap().prefixes(), prefixes, "{selected}");
        }
    }

    #[test]
    fn the_same_job_has_the_same_name_and_another_selection_another() {
        let rules = RULES.replace(r#""prefix": "b/c/""#, r#""prefix": "c/""#);
        let name = |prefix| job(&rules, prefix).unwrap().fingerprint();
        assert_eq!(name("b"), name("b"));
        assert_ne!(name("b"), name("a"));
    }

    #[test]
    fn a_function_with_other_settings_is_noticed_by_what_it_stores() {
        let rules = RULES.replace(r#""prefix": "b/c/""#, r#""prefix": "c/""#);
        let job = job(&rules, "").unwrap();
        let at = |bucket: &str, key: &str| StoredThumbnail { bucket: bucket.to_owned(), key: key.to_owned() };
        let source = Key::parse("a/x.jpg").unwrap();
        let outcome = |code: &str, stored: &[StoredThumbnail]| RecordOutcome {
            stored: stored.to_vec(),
            ..RecordOutcome::new("a/x.jpg", code, "", RecordKind::Done)
        };
        assert_eq!(job.contradiction(&source, &outcome("stored", &[at("t-125", "a/x.jpg")])), None);
        for other in [at("t-125", "300x300/a/x.jpg"), at("photosresized-125", "a/x.jpg")] {
            assert!(job.contradiction(&source, &outcome("stored", &[other])).unwrap().contains("--config"));
        }
        assert!(job.contradiction(&source, &outcome("skip.no_rule", &[])).unwrap().contains("--config"));
        let elsewhere = Key::parse("elsewhere.jpg").unwrap();
        assert_eq!(job.contradiction(&elsewhere, &outcome("skip.no_rule", &[])), None);
    }

    #[test]
    fn a_bucket_without_rule_and_a_loop_are_refused() {
        let other = r#"{"rules": [{"source": {"bucket": "other-125"}}]}"#;
        assert!(matches!(job(other, ""), Err(JobError::NoRule(_))));
        let looping = r#"{"rules": [{"target": {"bucket": "photos-125"}}]}"#;
        assert!(matches!(job(looping, ""), Err(JobError::Deployment(DeploymentError::Loop(_)))));
    }
}
