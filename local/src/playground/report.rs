//! What the page is told, as JSON.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::cos::RecordedRequest;
use crate::playground::cos_client::Place;
use crate::scf::{Invocation, Outcome};

/// State of the server when the page opens.
#[derive(Debug, Serialize)]
pub(super) struct StateReport {
    pub(super) version: &'static str,
    /// Settings that the program was started with.
    pub(super) variables: Vec<(String, String)>,
    pub(super) memory_mb: u64,
    pub(super) samples: Vec<Sample>,
    /// Formats of thumbnails that the program can write.
    pub(super) formats: Vec<String>,
}

/// A photo that comes with the page.
#[derive(Debug, Serialize)]
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) bytes: u64,
}

/// What the program says about a configuration.
#[derive(Debug, Default, Serialize)]
pub(super) struct ConfigurationReport {
    /// Explanation by `check`; empty if there are mistakes.
    pub(super) meaning: String,
    pub(super) mistakes: Vec<Mistake>,
    /// CAM policy, JSON, and triggers, JSON.
    pub(super) policy: String,
    pub(super) triggers: String,
    /// Reason why there is no policy although the settings are right, such as an invalid region.
    pub(super) deployment_error: Option<String>,
    /// Buckets that the policy names.
    pub(super) buckets: BTreeSet<String>,
    /// Time that the program took.
    pub(super) ms: f64,
}

/// One sentence of `check`.
#[derive(Debug, Eq, PartialEq, Serialize)]
pub(super) struct Mistake {
    /// The setting: the first word of the sentence, `QUALITY` or `rules[0].quality`.
    pub(super) setting: String,
    pub(super) sentence: String,
}

impl Mistake {
    /// Finds the setting in a sentence, which begins with it or with `thumbnails.json has no member`.
    pub(super) fn read(sentence: &str) -> Self {
        let text = sentence.strip_prefix("thumbnails.json has no member ").unwrap_or(sentence);
        let setting = text.split([' ', ';']).next().unwrap_or_default().to_owned();
        Self { setting, sentence: sentence.to_owned() }
    }
}

/// An upload.
#[derive(Debug, Serialize)]
pub(super) struct UploadReport {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) bytes: usize,
    /// Time of the PUT, ms.
    pub(super) put_ms: f64,
    /// Event that COS sent.
    pub(super) event: Value,
}

/// An invocation of the function for a photo.
#[derive(Debug, Serialize)]
pub(super) struct RunReport {
    /// Status that the platform logs.
    pub(super) status: u16,
    pub(super) succeeded: bool,
    /// Response or error of the function: JSON if it is JSON, else text.
    pub(super) answer: Value,
    pub(super) log: Vec<String>,
    /// Time of the invocation, ms.
    pub(super) elapsed_ms: f64,
    /// Time from the start of the process until it was ready, if it was started for this configuration, ms.
    pub(super) start_ms: Option<f64>,
    /// Peak resident memory, bytes.
    pub(super) peak_bytes: Option<u64>,
    pub(super) memory_mb: u64,
    pub(super) requests: Vec<RequestReport>,
}

impl RunReport {
    /// Combines an invocation and the requests that it sent.
    pub(super) fn new(invocation: Invocation, memory_mb: u64, requests: Vec<RequestReport>) -> Self {
        let Invocation { outcome, elapsed, log, peak_rss, .. } = invocation;
        let (status, succeeded) = (outcome.status(), outcome.is_success());
        Self {
            status,
            succeeded,
            answer: answer(outcome),
            log,
            elapsed_ms: milliseconds(elapsed),
            start_ms: None,
            peak_bytes: peak_rss,
            memory_mb,
            requests,
        }
    }

    /// Returns the places of thumbnails that the function found current and did not make again. Its answer only counts them;
    /// it asked for each by a HEAD.
    pub(super) fn kept_thumbnails(&self, source: &Place) -> Vec<Place> {
        let outcomes = self.answer.get("outcomes").and_then(Value::as_array);
        let is_kept = |outcome: &Value| {
            outcome.get("kept").and_then(Value::as_u64).is_some_and(|count| count > 0)
                || outcome.get("outcome").and_then(Value::as_str) == Some("unchanged")
        };
        if !outcomes.into_iter().flatten().any(is_kept) {
            return Vec::new();
        }
        let found = self.requests.iter().filter(|request| request.method == "HEAD" && request.status == 200);
        let places =
            found.map(|RequestReport { bucket, key, .. }| Place { bucket: bucket.clone(), key: key.clone() });
        places.filter(|place| place != source).collect()
    }

    /// Returns the place of every thumbnail that was stored.
    pub(super) fn thumbnails(&self) -> Vec<Place> {
        let outcomes = self.answer.get("outcomes").and_then(Value::as_array);
        let thumbnails =
            outcomes.into_iter().flatten().filter_map(|outcome| outcome.get("thumbnails")?.as_array());
        let text = |value: &Value, name: &str| value.get(name)?.as_str().map(str::to_owned);
        let place = |one| Some(Place { bucket: text(one, "bucket")?, key: text(one, "key")? });
        thumbnails.flatten().filter_map(place).collect()
    }
}

/// The response of the function, or the reason why there is none.
pub(super) fn answer(outcome: Outcome) -> Value {
    match outcome {
        Outcome::Response(text) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        Outcome::Error(text) | Outcome::StartFailed(text) => Value::String(text),
        Outcome::OutOfMemory => sentence("the process exceeded the memory limit and was killed"),
        Outcome::TimedOut => sentence("the process exceeded the time limit and was killed"),
        Outcome::Exited { .. } => sentence("the process ended during the invocation"),
        Outcome::InitFailed { .. } => sentence("the process ended before it was ready"),
        Outcome::ResponseTooLarge => sentence("the response is larger than 6 MB"),
        Outcome::BurstExceeded | Outcome::ConcurrencyExceeded => sentence("the quota is used up"),
    }
}

fn sentence(text: &str) -> Value {
    Value::String(text.to_owned())
}

/// A request of the function to COS.
#[derive(Debug, Serialize)]
pub(super) struct RequestReport {
    method: String,
    bucket: String,
    key: String,
    status: u16,
    /// Bytes of the body that was sent.
    bytes: usize,
    /// Time from the delivery of the event to the response, ms.
    at_ms: f64,
}

impl RequestReport {
    /// Creates the report of a request of an invocation that began at `begin`, since the Unix epoch.
    pub(super) fn new(request: RecordedRequest, begin: Duration) -> Self {
        let RecordedRequest { method, bucket, key, status, body_len, at, .. } = request;
        Self { method, bucket, key, status, bytes: body_len, at_ms: milliseconds(at.saturating_sub(begin)) }
    }
}

/// Milliseconds, rounded to a tenth.
pub(super) fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_of_a_mistake_is_found() {
        let cases = [
            ("QUALITY is \"101\"; it must be a whole number from 1 to 100", "QUALITY"),
            ("THUMBNAIL is not a setting; did you mean THUMBNAILS?", "THUMBNAIL"),
            ("rules[0].thumbnails.s.keep is \"gps\"; no", "rules[0].thumbnails.s.keep"),
            ("thumbnails.json has no member qualiy; it can have rules", "qualiy"),
            ("rules[1] never matches, because rules[0] before it", "rules[1]"),
        ];
        for (sentence, setting) in cases {
            assert_eq!(Mistake::read(sentence).setting, setting);
        }
    }

    #[test]
    fn kept_thumbnails_are_those_that_were_found() {
        let source = Place { bucket: "a-1".to_owned(), key: "a.jpg".to_owned() };
        let request = |method: &str, bucket: &str, status| RequestReport {
            method: method.to_owned(),
            bucket: bucket.to_owned(),
            key: "a.jpg".to_owned(),
            status,
            bytes: 0,
            at_ms: 0.0,
        };
        let kept = |answer: &str| {
            let mut invocation = Invocation::new("id".to_owned());
            invocation.outcome = Outcome::Response(answer.to_owned());
            let requests = vec![
                request("HEAD", "b-1", 200),
                request("HEAD", "c-1", 404),
                request("HEAD", "a-1", 200),
                request("PUT", "d-1", 200),
            ];
            RunReport::new(invocation, 512, requests).kept_thumbnails(&source)
        };
        let place = Place { bucket: "b-1".to_owned(), key: "a.jpg".to_owned() };
        assert_eq!(kept(r#"{"outcomes":[{"outcome":"unchanged"}]}"#), std::slice::from_ref(&place));
        assert_eq!(kept(r#"{"outcomes":[{"outcome":"stored","kept":1}]}"#), [place]);
        assert!(kept(r#"{"outcomes":[{"outcome":"stored"}]}"#).is_empty());
    }

    #[test]
    fn stored_thumbnails_are_listed() {
        let text = r#"{"outcomes":[{"thumbnails":[{"bucket":"b-1","key":"s/a.jpg"},{"bucket":"b-1","key":"l/a.jpg"}]},{}]}"#;
        let mut invocation = Invocation::new("id".to_owned());
        invocation.outcome = Outcome::Response(text.to_owned());
        let report = RunReport::new(invocation, 512, Vec::new());
        let places = report.thumbnails();
        assert_eq!(places.len(), 2);
        assert_eq!(places[1].name(), "b-1/l/a.jpg");
    }
}
