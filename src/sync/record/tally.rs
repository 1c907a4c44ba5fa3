//! Numbers of sources by their state and outcome.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::sync::Need;

/// Numbers of sources.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Tally {
    /// Sources that a rule covers.
    pub sources: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// Sources whose thumbnails are as they should be.
    pub current: u64,
    /// Sources without some thumbnail.
    pub missing: u64,
    /// Sources with a thumbnail of another content or recipe.
    pub stale: u64,
    /// Thumbnails whose source is gone.
    pub orphans: u64,
    /// Sources that are sent without being looked at.
    pub unverified: u64,
    /// Bytes of the sources to visit.
    pub bytes_to_visit: u64,
    /// Sources that no visit can help.
    pub passed: u64,
    /// Objects whose keys no request can name.
    pub unusable: u64,
    /// Outcomes by code.
    pub outcomes: BTreeMap<String, u64>,
    /// Outcomes that are failures.
    pub failed: u64,
}

impl Tally {
    /// Counts a source.
    pub(crate) fn count_source(&mut self, length: Option<u64>) {
        self.sources = self.sources.saturating_add(1);
        self.bytes = self.bytes.saturating_add(length.unwrap_or(0));
    }

    /// Counts a source to visit.
    pub(crate) fn add(&mut self, need: Need, length: Option<u64>) {
        let count = match need {
            Need::Missing => &mut self.missing,
            Need::Orphan => &mut self.orphans,
            Need::Stale => &mut self.stale,
            Need::Unverified => &mut self.unverified,
        };
        *count = count.saturating_add(1);
        self.bytes_to_visit = self.bytes_to_visit.saturating_add(length.unwrap_or(0));
    }

    /// Counts an outcome.
    pub(crate) fn count_outcome(&mut self, code: &str, failed: bool) {
        let count = self.outcomes.entry(code.to_owned()).or_default();
        *count = count.saturating_add(1);
        self.failed = self.failed.saturating_add(u64::from(failed));
    }

    /// Sources to visit, orphans included.
    #[must_use]
    pub fn to_visit(&self) -> u64 {
        [self.missing, self.stale, self.orphans, self.unverified].into_iter().fold(0, u64::saturating_add)
    }

    /// Sources with an outcome.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.outcomes.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Adds the numbers of another tally.
    pub(crate) fn merge(&mut self, other: &Self) {
        let pairs = [
            (&mut self.sources, other.sources),
            (&mut self.bytes, other.bytes),
            (&mut self.current, other.current),
            (&mut self.missing, other.missing),
            (&mut self.stale, other.stale),
            (&mut self.orphans, other.orphans),
            (&mut self.unverified, other.unverified),
            (&mut self.bytes_to_visit, other.bytes_to_visit),
            (&mut self.passed, other.passed),
            (&mut self.unusable, other.unusable),
            (&mut self.failed, other.failed),
        ];
        for (sum, count) in pairs {
            *sum = sum.saturating_add(count);
        }
        for (code, count) in &other.outcomes {
            let sum = self.outcomes.entry(code.clone()).or_default();
            *sum = sum.saturating_add(*count);
        }
    }
}
