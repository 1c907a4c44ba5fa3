//! Outcomes of records, as the function answers them.

use serde::Deserialize;

/// Outcome of one record, from the answer of the function.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RecordOutcome {
    /// Key of the source.
    pub key: String,
    /// Code of docs/outcomes.md, or `stored`, `unchanged` or `removed`.
    pub code: String,
    /// One sentence; empty for success.
    pub reason: String,
    /// How it ended.
    pub kind: RecordKind,
    /// Requests to COS.
    pub requests: u64,
    /// Thumbnails that were stored.
    pub stored: Vec<StoredThumbnail>,
}

/// Place of a thumbnail that the function stored.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub struct StoredThumbnail {
    /// Full name of its bucket.
    pub bucket: String,
    /// Key.
    pub key: String,
}

impl RecordOutcome {
    /// Outcome of a record that nothing more is known of, for the record under this key.
    #[must_use]
    pub fn new(key: &str, code: &str, reason: &str, kind: RecordKind) -> Self {
        let (key, code, reason) = (key.to_owned(), code.to_owned(), reason.to_owned());
        Self { key, code, reason, kind, requests: 0, stored: Vec::new() }
    }
}

/// Ends of a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RecordKind {
    /// The thumbnails are as they should be, or there is nothing to do.
    Done,
    /// A repetition would fail the same way.
    Permanent,
    /// A repetition may succeed.
    Transient,
}

#[derive(Deserialize)]
struct Body {
    outcomes: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    key: String,
    outcome: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    requests: u64,
    #[serde(default)]
    thumbnails: Vec<StoredThumbnail>,
}

/// Reads the response of the function; `None` when it is not one of this program.
#[must_use]
pub(crate) fn read_response(text: &str) -> Option<Vec<RecordOutcome>> {
    // A response that is a JSON text may come as a JSON string.
    let body: Body = match serde_json::from_str(text) {
        Ok(body) => body,
        Err(_) => serde_json::from_str(&serde_json::from_str::<String>(text).ok()?).ok()?,
    };
    let outcome = |entry: Entry| {
        let kind = match (entry.outcome.as_str(), entry.kind.as_str()) {
            ("failed", "permanent") => RecordKind::Permanent,
            ("failed", _) => RecordKind::Transient,
            _ => RecordKind::Done,
        };
        let code = if entry.code.is_empty() { entry.outcome } else { entry.code };
        let Entry { key, reason, requests, thumbnails: stored, .. } = entry;
        RecordOutcome { key, code, reason, kind, requests, stored }
    };
    Some(body.outcomes.into_iter().map(outcome).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_read_from_the_answer_of_the_function() {
        let text = r#"{"outcomes":[
            {"bucket":"p-1","key":"a","event":"x","outcome":"stored","thumbnails":[{"bucket":"t-1","key":"a","format":"jpeg","width":1,"height":1,"bytes":9}],"ms":{"total":1.5},"requests":4,"retries":0},
            {"bucket":"p-1","key":"b","event":"x","outcome":"skipped","code":"skip.empty","reason":"r","requests":1},
            {"bucket":"p-1","key":"c","event":"x","outcome":"failed","code":"image.damaged","reason":"r","kind":"permanent"},
            {"bucket":"p-1","key":"d","event":"x","outcome":"failed","code":"deadline","reason":"r","kind":"transient"}]}"#;
        let read = read_response(text).unwrap();
        let codes: Vec<_> = read.iter().map(|one| (one.key.as_str(), one.code.as_str(), one.kind)).collect();
        assert_eq!(
            codes,
            [
                ("a", "stored", RecordKind::Done),
                ("b", "skip.empty", RecordKind::Done),
                ("c", "image.damaged", RecordKind::Permanent),
                ("d", "deadline", RecordKind::Transient)
            ]
        );
        assert_eq!((read[0].requests, read[0].stored[0].bucket.as_str()), (4, "t-1"));
        assert_eq!(read_response(&serde_json::to_string(text).unwrap()), Some(read));
        assert_eq!(read_response("hello"), None);
        assert_eq!(read_response(r#"{"findings":[]}"#), None);
    }
}
