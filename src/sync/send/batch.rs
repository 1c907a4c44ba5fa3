//! Batch: the tasks of one invocation, as a COS event.
//!
//! The event is what a trigger would send (583/9707), with the members that the function reads. Its `eventSource` says who
//! sent it, and so how failures are to be answered.

use std::time::UNIX_EPOCH;

use serde::Serialize;

use crate::event::{SYNC_ANSWERED, SYNC_QUEUED, SYNC_UNVERIFIED};
use crate::sync::{Job, Need, Task};
use crate::text;

/// Who repeats what failed, which is written as `eventSource`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mark {
    /// The driver: the function answers with the outcome of every record.
    Answered,
    /// The platform, for asynchronous events: the function answers failures that may pass with an error.
    Queued,
}

/// Tasks that are sent together.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Batch {
    /// Tasks, each of another source.
    pub tasks: Vec<Task>,
}

#[derive(Serialize)]
struct Message<'a> {
    #[serde(rename = "Records")]
    records: Vec<Record<'a>>,
}

#[derive(Serialize)]
struct Record<'a> {
    cos: Cos<'a>,
    event: Event,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cos<'a> {
    cos_schema_version: &'static str,
    cos_bucket: CosBucket<'a>,
    cos_object: CosObject<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CosBucket<'a> {
    appid: &'a str,
    cos_region: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct CosObject<'a> {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    meta: Meta<'a>,
}

#[derive(Serialize)]
struct Meta<'a> {
    #[serde(rename = "ETag", skip_serializing_if = "Option::is_none")]
    etag: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    event_name: &'static str,
    event_source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_time: Option<u64>,
    event_version: &'static str,
}

impl Batch {
    /// The event of the batch, JSON.
    ///
    /// # Errors
    /// Those of the serializer; no task causes any.
    pub fn event(&self, job: &Job, mark: Mark) -> serde_json::Result<String> {
        let (bucket, region) = (job.source(), job.region().as_str());
        let event_source = match mark {
            Mark::Answered => SYNC_ANSWERED,
            Mark::Queued => SYNC_QUEUED,
        };
        let record = |Task { source, need }: &'_ Task| Record {
            cos: Cos {
                cos_schema_version: "1.0",
                cos_bucket: CosBucket { appid: bucket.app_id(), cos_region: region, name: bucket.name() },
                cos_object: CosObject {
                    key: format!("/{}/{}/{}", bucket.app_id(), bucket.name(), source.key.as_str()),
                    size: source.length,
                    meta: Meta { etag: None },
                },
            },
            event: Event {
                event_name: match need {
                    Need::Missing | Need::Stale => "cos:ObjectCreated:Put",
                    Need::Unverified => SYNC_UNVERIFIED,
                    Need::Orphan => "cos:ObjectRemove:Delete",
                },
                event_source,
                event_time: source
                    .last_modified
                    .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
                    .map(|since| since.as_secs()),
                event_version: "1.0",
            },
        };
        let mut records: Vec<Record<'_>> = self.tasks.iter().map(record).collect();
        for (record, task) in records.iter_mut().zip(&self.tasks) {
            record.cos.cos_object.meta.etag = task.source.etag.as_ref().map(|etag| etag.as_str());
        }
        text::json(&Message { records })
    }

    /// Bytes of all sources, as far as they are known.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.tasks.iter().filter_map(|task| task.source.length).fold(0, u64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::config::{Config, Environment};
    use crate::event::{self, EventKind, Home};
    use crate::object::{Bucket, ETag, Key, Region};
    use crate::sync::{Selection, Source};

    #[test]
    fn the_function_reads_every_record_as_it_was_meant() {
        let config = Config::load(&Environment::default(), None).unwrap();
        let region = Region::parse("ap-guangzhou").unwrap();
        let bucket = Bucket::parse("my-photos-1250000000").unwrap();
        let job = Job::new(config, region.clone(), bucket.clone(), Selection::default()).unwrap();
        let task = |key: &str, need| Task {
            source: Source {
                key: Key::parse(key).unwrap(),
                length: Some(7),
                etag: ETag::parse("\"9b2c-2\"").ok(),
                last_modified: Some(UNIX_EPOCH + Duration::from_secs(1_700_000_000)),
                is_archived: false,
            },
            need,
        };
        let keys = ["图/a b+c%25.jpg", "1250000000/my-photos/x", "a\u{1}\u{202e}\"\\b.jpg"];
        let tasks = keys
            .iter()
            .zip([Need::Missing, Need::Unverified, Need::Stale])
            .map(|(key, need)| task(key, need));
        let tasks = tasks.chain([task("gone.jpg", Need::Orphan)]).collect();
        let batch = Batch { tasks };
        let text = batch.event(&job, Mark::Answered).unwrap();
        let bound: usize = batch.tasks.iter().map(Task::event_bytes).sum();
        assert!(text.len() < bound && bound < text.len() * 2, "{} {bound}", text.len());
        let mut records = Vec::new();
        event::decode(text.as_bytes(), &Home::default(), &mut |record| records.push(record.unwrap()))
            .unwrap();
        for (record, key) in records.iter().zip(keys.iter().chain(&["gone.jpg"])) {
            assert_eq!((record.key.as_str(), &record.bucket, &record.region), (*key, &bucket, &region));
            assert_eq!((record.size, record.time, record.note()), (Some(7), Some(1_700_000_000), None));
            assert_eq!(record.etag.as_ref().unwrap().as_str(), "9b2c-2");
            assert!(record.wants_outcomes);
        }
        let kinds: Vec<EventKind> = records.iter().map(|record| record.kind).collect();
        assert_eq!(kinds, [[EventKind::Created; 3].as_slice(), &[EventKind::Removed]].concat());
        assert_eq!(records[1].name, SYNC_UNVERIFIED);
    }
}
