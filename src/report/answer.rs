//! The answer to the platform.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Entry, Outcome, Outcomes};
use crate::config::OnFailure;
use crate::error::Disposition;
use crate::runtime::InvocationResult;
use crate::text::{self, Printable};

/// Longest sentence posted as an error, bytes: it fits in one log line (583/52644).
const MAX_SENTENCE: usize = 7 * 1024;

/// Most bytes of entries in a response. The platform takes 6 MB (583/11637), which nobody reads.
const MAX_ENTRIES: usize = 960 * 1024;

#[derive(Serialize)]
struct Body<'a> {
    outcomes: Vec<Box<RawValue>>,
    /// Number of records that are not among the outcomes.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcomes_not_shown: Option<usize>,
    /// Number of records by code or outcome, all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<&'a BTreeMap<&'static str, usize>>,
}

/// Who repeats records that failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RepeatedBy {
    /// The platform, after an error.
    Platform,
    /// The sender, who reads the outcome of every record.
    Sender,
}

/// Turns the outcomes of an invocation into its one answer. Transient failures make it an error, after all
/// records are done, unless the sender repeats them; permanent ones only when `on_failure` says so.
#[must_use]
pub(crate) fn answer(
    outcomes: &Outcomes,
    on_failure: OnFailure,
    repeated_by: RepeatedBy,
) -> InvocationResult {
    let is_for_platform = repeated_by == RepeatedBy::Platform;
    match outcomes.worst() {
        Some(Disposition::Fatal) => InvocationResult::ErrorThenExit(sentence(outcomes)),
        Some(Disposition::Transient) if is_for_platform => InvocationResult::Error(sentence(outcomes)),
        Some(Disposition::Permanent) if is_for_platform && on_failure == OnFailure::Error => {
            InvocationResult::Error(sentence(outcomes))
        }
        Some(Disposition::Permanent | Disposition::Transient) | None => match response(outcomes) {
            Ok(body) => InvocationResult::Response(body),
            Err(error) => InvocationResult::Error(format!("the outcomes cannot be written as JSON: {error}")),
        },
    }
}

/// Writes the entries in the order of their records. If they are too many, failures come first, and the rest is counted.
fn response(outcomes: &Outcomes) -> serde_json::Result<String> {
    if let Some(entries) = outcomes.in_order() {
        let shown = fitting(entries.into_iter())?;
        if shown.len() == outcomes.total() {
            return text::json(&Body { outcomes: shown, outcomes_not_shown: None, counts: None });
        }
    }
    let shown = fitting(outcomes.failures_first())?;
    text::json(&Body {
        outcomes_not_shown: Some(outcomes.total().saturating_sub(shown.len())),
        outcomes: shown,
        counts: Some(outcomes.counts()),
    })
}

/// Writes the first entries, as many as fit.
fn fitting<'a>(entries: impl Iterator<Item = &'a Entry>) -> serde_json::Result<Vec<Box<RawValue>>> {
    let (mut shown, mut bytes) = (Vec::new(), 0_usize);
    for entry in entries {
        let entry = RawValue::from_string(text::json(entry)?)?;
        bytes = bytes.saturating_add(entry.get().len()).saturating_add(1);
        if bytes > MAX_ENTRIES {
            break;
        }
        shown.push(entry);
    }
    Ok(shown)
}

/// One line per failed record, the most urgent first.
fn sentence(outcomes: &Outcomes) -> String {
    let mut text = String::new();
    if outcomes.total() > 1 {
        text = format!("{} of {} records failed", outcomes.failed(), outcomes.total());
    }
    for (shown, entry) in outcomes.failures().enumerate() {
        let Outcome::Failed { code, reason, .. } = &entry.outcome else { continue };
        let note = entry.note.as_ref().map_or_else(String::new, |note| format!("; {note}"));
        let line = format!("{}/{}: {reason}{note} ({code})", Printable(&entry.bucket), Printable(&entry.key));
        if shown > 0 && text.len().saturating_add(line.len()) > MAX_SENTENCE {
            let rest = outcomes.failed().saturating_sub(shown);
            text.push_str(&format!("\n… and {rest} more"));
            break;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&line);
    }
    text::first(&text, MAX_SENTENCE)
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

    fn answer(entries: &[Entry], on_failure: OnFailure) -> InvocationResult {
        let mut outcomes = Outcomes::default();
        entries.iter().cloned().for_each(|entry| outcomes.push(entry));
        super::answer(&outcomes, on_failure, RepeatedBy::Platform)
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
    fn a_sender_who_repeats_failures_gets_every_outcome() {
        let mut outcomes = Outcomes::default();
        [failed(Disposition::Transient), failed(Disposition::Permanent), skipped()]
            .into_iter()
            .for_each(|entry| outcomes.push(entry));
        let answer = super::answer(&outcomes, OnFailure::Error, RepeatedBy::Sender);
        let InvocationResult::Response(text) = answer else { panic!("{answer:?}") };
        let body: serde_json::Value = serde_json::from_str(&text).unwrap();
        let kinds: Vec<_> =
            body["outcomes"].as_array().unwrap().iter().map(|entry| entry["kind"].clone()).collect();
        assert_eq!(kinds, ["transient".into(), "permanent".into(), serde_json::Value::Null]);
        outcomes.push(failed(Disposition::Fatal));
        let answer = super::answer(&outcomes, OnFailure::Response, RepeatedBy::Sender);
        assert!(matches!(answer, InvocationResult::ErrorThenExit(_)), "the process is unusable all the same");
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
        assert!(text.starts_with("90 of 90 records failed\n") && text.ends_with("\n… and 82 more"), "{text}");
    }

    fn body(entries: &[Entry]) -> (String, serde_json::Value) {
        let InvocationResult::Response(text) = answer(entries, OnFailure::Response) else {
            panic!("an error")
        };
        let value = serde_json::from_str(&text).unwrap();
        (text, value)
    }

    #[test]
    fn few_outcomes_are_in_order_and_not_counted() {
        let (_, body) = body(&[skipped(), failed(Disposition::Permanent), skipped()]);
        let outcomes: Vec<_> =
            body["outcomes"].as_array().unwrap().iter().map(|entry| &entry["outcome"]).collect();
        assert_eq!(outcomes, ["skipped", "failed", "skipped"]);
        assert_eq!(body.as_object().unwrap().len(), 1);
    }

    #[test]
    fn a_response_stays_under_a_megabyte_and_tells_failures_first() {
        let mut long = skipped();
        long.key = "\u{1}\u{202e}".repeat(200);
        for fill in [skipped(), long] {
            let mut entries = vec![fill; 30_000];
            entries.push(failed(Disposition::Permanent));
            let (text, body) = body(&entries);
            assert!(text.len() < 1_000_000, "{}", text.len());
            assert_eq!(body["counts"], serde_json::json!({"c": 1, "skip.no_rule": 30_000}));
            let shown = body["outcomes"].as_array().unwrap();
            assert_eq!(shown[0]["outcome"], "failed");
            assert!(shown.len() > 300);
            assert_eq!(body["outcomes_not_shown"], 30_001 - shown.len());
        }
    }
}
