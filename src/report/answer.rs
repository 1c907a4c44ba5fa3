//! The answer to the platform.

use serde::Serialize;

use super::{Entry, Outcome};
use crate::config::OnFailure;
use crate::error::Disposition;
use crate::runtime::InvocationResult;
use crate::text;
use crate::text::Printable;

/// Longest sentence posted as an error, bytes: it fits in one log line (583/52644).
const MAX_SENTENCE: usize = 7 * 1024;

#[derive(Serialize)]
struct Body<'a> {
    outcomes: &'a [Entry],
}

/// Turns the entries of an invocation into its one answer. Transient failures make it an error, after all
/// records are done; permanent ones only when `on_failure` says so.
#[must_use]
pub(crate) fn answer(entries: &[Entry], on_failure: OnFailure) -> InvocationResult {
    let mut failures: Vec<Failure<'_>> = entries.iter().filter_map(Failure::of).collect();
    failures.sort_by_key(|failure| failure.kind);
    match failures.first().map(|failure| failure.kind) {
        Some(Disposition::Fatal) => InvocationResult::ErrorThenExit(sentence(&failures, entries.len())),
        Some(Disposition::Transient) => InvocationResult::Error(sentence(&failures, entries.len())),
        Some(Disposition::Permanent) if on_failure == OnFailure::Error => {
            InvocationResult::Error(sentence(&failures, entries.len()))
        }
        Some(Disposition::Permanent) | None => match text::json(&Body { outcomes: entries }) {
            Ok(body) => InvocationResult::Response(body),
            Err(error) => InvocationResult::Error(format!("the outcomes cannot be written as JSON: {error}")),
        },
    }
}

/// A record that failed.
struct Failure<'a> {
    entry: &'a Entry,
    code: &'static str,
    reason: &'a str,
    kind: Disposition,
}

impl<'a> Failure<'a> {
    fn of(entry: &'a Entry) -> Option<Self> {
        match &entry.outcome {
            Outcome::Failed { code, reason, kind } => Some(Self { entry, code, reason, kind: *kind }),
            Outcome::Removed | Outcome::Skipped { .. } | Outcome::Stored | Outcome::Unchanged => None,
        }
    }
}

/// One line per failed record, the most urgent first.
fn sentence(failures: &[Failure<'_>], records: usize) -> String {
    let mut text = String::new();
    if records > 1 {
        text = format!("{} of {records} records failed", failures.len());
    }
    for Failure { entry, code, reason, .. } in failures {
        let line = format!("{}/{}: {reason} ({code})", Printable(&entry.bucket), Printable(&entry.key));
        if text.len().saturating_add(line.len()) > MAX_SENTENCE {
            text.push_str("\n…");
            break;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&line);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Skip;

    fn failed(kind: Disposition) -> Entry {
        let outcome = Outcome::Failed { code: "c", reason: format!("{kind:?} reason"), kind };
        Entry::new("p-1", "a.jpg", "x", outcome)
    }

    fn skipped() -> Entry {
        Entry::new("p-1", "b.jpg", "x", Skip::NoRule.into())
    }

    #[test]
    fn only_transient_failures_are_retried() {
        let is_response = |entries: &[Entry], on_failure| {
            matches!(answer(entries, on_failure), InvocationResult::Response(_))
        };
        assert!(is_response(&[], OnFailure::Response));
        assert!(is_response(&[skipped(), failed(Disposition::Permanent)], OnFailure::Response));
        assert!(!is_response(&[skipped(), failed(Disposition::Permanent)], OnFailure::Error));
        assert!(!is_response(&[skipped(), failed(Disposition::Transient)], OnFailure::Response));
        assert!(is_response(&[skipped()], OnFailure::Error));
    }

    #[test]
    fn fatal_failures_end_the_process() {
        let answer =
            answer(&[failed(Disposition::Transient), failed(Disposition::Fatal)], OnFailure::Response);
        assert_eq!(
            answer,
            InvocationResult::ErrorThenExit(
                "2 of 2 records failed\np-1/a.jpg: Fatal reason (c)\np-1/a.jpg: Transient reason (c)"
                    .to_owned()
            )
        );
    }

    #[test]
    fn every_record_that_failed_is_counted_and_named() {
        let entries = [failed(Disposition::Permanent), skipped(), failed(Disposition::Transient)];
        let sentence =
            "2 of 3 records failed\np-1/a.jpg: Transient reason (c)\np-1/a.jpg: Permanent reason (c)";
        for on_failure in [OnFailure::Response, OnFailure::Error] {
            assert_eq!(answer(&entries, on_failure), InvocationResult::Error(sentence.to_owned()));
        }
    }

    #[test]
    fn error_text_stays_within_a_log_line() {
        let entries: Vec<Entry> = (0..90)
            .map(|_| {
                let mut entry = failed(Disposition::Transient);
                entry.key = "k".repeat(850);
                entry
            })
            .collect();
        let InvocationResult::Error(text) = answer(&entries, OnFailure::Response) else {
            panic!("not an error")
        };
        assert!(text.len() < 8 * 1024, "{}", text.len());
    }
}
