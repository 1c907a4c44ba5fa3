//! What the platform is told.

use serde::Serialize;

use super::{Entry, Outcome};
use crate::config::OnFailure;
use crate::runtime::InvocationResult;

/// Longest sentence posted as an error, bytes: what one log line holds (583/52644).
const MAX_SENTENCE: usize = 7 * 1024;

#[derive(Serialize)]
struct Body<'a> {
    outcomes: &'a [Entry],
}

/// Turns the entries of an invocation into its one answer. Transient failures make it an error, after all
/// records are done; permanent ones only when `on_failure` says so.
#[must_use]
pub fn answer(entries: &[Entry], on_failure: OnFailure) -> InvocationResult {
    let failed = |wanted: &'static str| {
        entries
            .iter()
            .filter(move |entry| matches!(&entry.outcome, Outcome::Failed { kind, .. } if *kind == wanted))
    };
    let permanent_counts = on_failure == OnFailure::Error;
    let mut relevant: Vec<&Entry> = failed("fatal").chain(failed("transient")).collect();
    let fatal = failed("fatal").next().is_some();
    if permanent_counts {
        relevant.extend(failed("permanent"));
    }
    if relevant.is_empty() {
        return match serde_json::to_string(&Body { outcomes: entries }) {
            Ok(body) => InvocationResult::Response(body),
            Err(error) => InvocationResult::Error(format!("the outcomes cannot be written as JSON: {error}")),
        };
    }
    let sentence = sentence(&relevant, entries.len());
    if fatal { InvocationResult::ErrorThenExit(sentence) } else { InvocationResult::Error(sentence) }
}

/// One line per failed record, the most telling first.
fn sentence(failed: &[&Entry], records: usize) -> String {
    let mut text = String::new();
    if records > 1 {
        text = format!("{} of {records} records failed", failed.len());
    }
    for entry in failed {
        let Outcome::Failed { code, reason, .. } = &entry.outcome else { continue };
        let line = format!("{}/{}: {reason} ({code})", entry.bucket, entry.key);
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

    fn failed(kind: &'static str) -> Entry {
        let outcome = Outcome::Failed { code: "c", reason: format!("{kind} reason"), kind };
        Entry::new("p-1", "a.jpg", "x", outcome)
    }

    fn skipped() -> Entry {
        Entry::new("p-1", "b.jpg", "x", Skip::NoRule.into())
    }

    #[test]
    fn only_transient_failures_are_tried_again() {
        let is_response = |entries: &[Entry], on_failure| {
            matches!(answer(entries, on_failure), InvocationResult::Response(_))
        };
        assert!(is_response(&[], OnFailure::Response));
        assert!(is_response(&[skipped(), failed("permanent")], OnFailure::Response));
        assert!(!is_response(&[skipped(), failed("permanent")], OnFailure::Error));
        assert!(!is_response(&[skipped(), failed("transient")], OnFailure::Response));
        assert!(is_response(&[skipped()], OnFailure::Error));
    }

    #[test]
    fn fatal_failures_end_the_process() {
        let answer = answer(&[failed("transient"), failed("fatal")], OnFailure::Response);
        assert_eq!(
            answer,
            InvocationResult::ErrorThenExit(
                "2 of 2 records failed\np-1/a.jpg: fatal reason (c)\np-1/a.jpg: transient reason (c)"
                    .to_owned()
            )
        );
    }

    #[test]
    fn error_text_stays_within_a_log_line() {
        let entries: Vec<Entry> = (0..90)
            .map(|_| {
                let mut entry = failed("transient");
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
