//! A burst of failures, which stops a run instead of paying for more of them.

use std::collections::{BTreeMap, VecDeque};

/// Number of latest outcomes that are looked at.
const LATEST: usize = 200;

/// Most failures among these.
const MOST: usize = LATEST / 5;

/// The latest outcomes.
#[derive(Debug, Default)]
pub(super) struct Failures {
    /// Code and reason of each failure, `None` for each success.
    latest: VecDeque<Option<(String, String)>>,
    failed: usize,
}

impl Failures {
    /// Notes an outcome; `failure` is its code and reason.
    pub(super) fn note(&mut self, failure: Option<(&str, &str)>) {
        if self.latest.len() >= LATEST && self.latest.pop_front().flatten().is_some() {
            self.failed = self.failed.saturating_sub(1);
        }
        self.failed = self.failed.saturating_add(usize::from(failure.is_some()));
        self.latest.push_back(failure.map(|(code, reason)| (code.to_owned(), reason.to_owned())));
    }

    /// Notes sources that are right.
    pub(super) fn note_successes(&mut self, count: u64) {
        (0..count).take(LATEST).for_each(|_| self.note(None));
    }

    /// The most frequent code with a reason, if too many of the latest outcomes are failures.
    pub(super) fn burst(&self) -> Option<String> {
        if self.latest.len() < LATEST || self.failed <= MOST {
            return None;
        }
        let mut counts: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
        for (code, reason) in self.latest.iter().flatten() {
            let count = counts.entry(code).or_insert((0, reason));
            count.0 = count.0.saturating_add(1);
        }
        let (code, (count, reason)) = counts.into_iter().max_by_key(|(_, (count, _))| *count)?;
        Some(format!(
            "{} of the last {LATEST} sources failed, {count} of them by {code}: {reason}",
            self.failed
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_a_fifth_of_the_latest_is_a_burst_and_is_told_by_its_reason() {
        let mut failures = Failures::default();
        (0..100).for_each(|_| failures.note(Some(("early", "e"))));
        assert_eq!(failures.burst(), None, "too few to judge");
        (0..200).for_each(|_| failures.note(None));
        (0..30).for_each(|_| failures.note(Some(("cos.denied", "grant it"))));
        (0..10).for_each(|_| failures.note(Some(("deadline", "slow"))));
        assert_eq!(failures.burst(), None, "a fifth");
        failures.note(Some(("deadline", "slow")));
        let told = failures.burst().unwrap();
        assert_eq!(told, "41 of the last 200 sources failed, 30 of them by cos.denied: grant it");
    }
}
