//! Outcomes of one message: all are counted, and as many are kept as an answer can show.

use std::collections::BTreeMap;

use super::{Entry, Outcome};
use crate::error::Disposition;

/// Most entries that are kept of each treatment of failures, and of records that did not fail. A COS trigger sends up to
/// 128 KB, which is some 100 records.
const MAX_KEPT: usize = 2000;

/// Outcomes of one message.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    total: usize,
    failed: usize,
    /// Number of records by code, or by outcome if that has no code.
    counts: BTreeMap<&'static str, usize>,
    /// Failures by their treatment, the most urgent first, each with its position among all entries.
    failures: BTreeMap<Disposition, Vec<(usize, Entry)>>,
    others: Vec<(usize, Entry)>,
}

impl Outcomes {
    /// Counts an entry, and keeps it if there is room.
    pub(crate) fn push(&mut self, entry: Entry) {
        let position = self.total;
        self.total = self.total.saturating_add(1);
        let count = self.counts.entry(entry.outcome.code()).or_default();
        *count = count.saturating_add(1);
        let kept = match entry.outcome {
            Outcome::Failed { kind, .. } => {
                self.failed = self.failed.saturating_add(1);
                self.failures.entry(kind).or_default()
            }
            Outcome::Removed | Outcome::Skipped { .. } | Outcome::Stored | Outcome::Unchanged => {
                &mut self.others
            }
        };
        if kept.len() < MAX_KEPT {
            kept.push((position, entry));
        }
    }

    /// Number of records.
    pub(super) fn total(&self) -> usize {
        self.total
    }

    /// Number of records that failed.
    pub(super) fn failed(&self) -> usize {
        self.failed
    }

    /// Number of records by code, or by outcome if that has no code. No record is missing.
    pub(super) fn counts(&self) -> &BTreeMap<&'static str, usize> {
        &self.counts
    }

    /// Treatment of the most urgent failure.
    pub(super) fn worst(&self) -> Option<Disposition> {
        self.failures.keys().next().copied()
    }

    /// Failures that were kept, the most urgent first.
    pub(super) fn failures(&self) -> impl Iterator<Item = &Entry> {
        self.failures.values().flatten().map(|(_, entry)| entry)
    }

    /// All entries that were kept, failures first.
    pub(super) fn failures_first(&self) -> impl Iterator<Item = &Entry> {
        self.failures().chain(self.others.iter().map(|(_, entry)| entry))
    }

    /// All entries in the order of their records; `None` if some were not kept.
    pub(super) fn in_order(&self) -> Option<Vec<&Entry>> {
        let mut entries: Vec<_> = self.failures.values().flatten().chain(&self.others).collect();
        entries.sort_by_key(|(position, _)| *position);
        (entries.len() == self.total).then(|| entries.into_iter().map(|(_, entry)| entry).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Skip;

    fn failed(kind: Disposition) -> Entry {
        Entry::new("p-1", "a", "x", Outcome::Failed { code: "c", reason: String::new(), kind })
    }

    #[test]
    fn counts_are_exact_and_urgent_failures_are_kept() {
        let mut outcomes = Outcomes::default();
        for _ in 0..60_000 {
            outcomes.push(failed(Disposition::Permanent));
            outcomes.push(Entry::new("p-1", "b", "x", Skip::NoRule.into()));
        }
        outcomes.push(failed(Disposition::Transient));
        assert_eq!((outcomes.total(), outcomes.failed()), (120_001, 60_001));
        assert_eq!(outcomes.counts(), &BTreeMap::from([("c", 60_001), ("skip.no_rule", 60_000)]));
        assert_eq!(outcomes.worst(), Some(Disposition::Transient));
        let first = outcomes.failures().next().unwrap();
        assert!(matches!(first.outcome, Outcome::Failed { kind: Disposition::Transient, .. }));
        assert_eq!(outcomes.failures_first().count(), 2 * MAX_KEPT + 1);
        assert!(outcomes.in_order().is_none());
    }
}
