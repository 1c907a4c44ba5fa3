//! COS events: trigger messages decoded to typed records.
//!
//! A message may merge several records, and every field of the published payloads has been seen in more than
//! one form. So only four members are required: bucket name, app id, key and event name (583/9707).
//!
//! A record that cannot be read is rejected with its reason, and never stops the others. The `url` of an
//! event tells the encoding of the key and the region; it is never fetched.

mod coalesce;
mod decode;
mod key;
mod member;
mod message;
mod region;
mod remark;
mod sender;
mod top;

use std::collections::BTreeMap;

pub use self::coalesce::{CoalescedRecord, CoalescedRecords};
pub use self::decode::decode;
pub use self::remark::Remark;

use crate::object;
use crate::object::{Bucket, ContentId, ETag, Key, Region, VersionId};

/// `eventSource` of records that a sync sends and repeats itself.
pub const SYNC_ANSWERED: &str = "cos-thumbnailer:sync";

/// `eventSource` of records that a sync sends as asynchronous events, which the platform repeats.
pub const SYNC_QUEUED: &str = "cos-thumbnailer:sync-queued";

/// Name of the events by which a sync has sources visited of whose thumbnails it knows nothing.
pub const SYNC_UNVERIFIED: &str = "cos:ObjectCreated:SyncUnverified";

/// Region and account of the function.
#[derive(Clone, Debug, Default)]
pub struct Home {
    /// Region of buckets whose events name none.
    pub region: Option<Region>,
    /// App id, digits.
    pub app_id: Option<String>,
}

/// One change of one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Kind of change.
    pub kind: EventKind,
    /// Event name without white space, such as `cos:ObjectCreated:Put`.
    pub name: String,
    /// Bucket of the object.
    pub bucket: Bucket,
    /// Raw key of the object.
    pub key: Key,
    /// Region of the bucket.
    pub region: Region,
    /// Version of the object, in buckets with versioning.
    pub version: Option<VersionId>,
    /// Size of the object, bytes, if the event has it.
    pub size: Option<u64>,
    /// ETag of the object, if the event has it (since 2022).
    pub etag: Option<ETag>,
    /// Time of the change, seconds since the epoch, if the event has it.
    pub time: Option<u64>,
    /// `x-cos-meta-*` headers of the object, lower case, without that prefix.
    pub meta: BTreeMap<String, String>,
    /// `true` if its sender reads the outcome of every record, and repeats what failed itself.
    pub wants_outcomes: bool,
    /// Oddities that do not keep the record from being handled.
    pub remarks: Vec<Remark>,
}

impl Record {
    /// Returns what is odd about the record, in one sentence; `None` for an ordinary one.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let remarks: Vec<_> = self.remarks.iter().map(ToString::to_string).collect();
        (!remarks.is_empty()).then(|| remarks.join("; "))
    }

    fn with(mut self, remark: Remark) -> Self {
        self.remarks.push(remark);
        self
    }

    /// Returns the content that the event names; `None` if it has no ETag.
    #[must_use]
    pub fn content(&self) -> Option<ContentId> {
        Some(ContentId { etag: self.etag.clone()?, length: self.size, crc64: None })
    }
}

/// Kind of change of an object.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EventKind {
    /// Created or overwritten, by any kind of upload or copy.
    Created,
    /// Unknown event.
    Other,
    /// Deleted, or hidden by a delete marker.
    Removed,
    /// Restore from an archive class requested.
    RestoreStarted,
    /// Restore from an archive class complete: the object can be read.
    Restored,
}

impl EventKind {
    /// Returns `true` if thumbnails may have to change.
    #[must_use]
    pub fn affects_thumbnails(self) -> bool {
        match self {
            Self::Created | Self::Removed | Self::Restored => true,
            Self::Other | Self::RestoreStarted => false,
        }
    }
}

/// Record that cannot be read.
#[derive(Clone, Debug, PartialEq)]
pub struct RejectedRecord {
    /// Bucket name as sent, for the log; at most 100 characters.
    pub bucket: String,
    /// Key as sent, for the log; at most 100 characters.
    pub key: String,
    /// Event name as sent, for the log; at most 100 characters.
    pub name: String,
    /// Reason.
    pub error: Error,
}

/// Message or record that is not a COS event.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// Bucket and key, or bucket and url, name different accounts; the text names both.
    #[error("the event contradicts itself: {0}; correct one of them")]
    Contradiction(String),
    /// List of records without any.
    #[error("the Records list of the event is empty; send at least one record, as events/put.json does")]
    EmptyRecords,
    /// Event of another product.
    #[error(
        "this is {0}, not a COS trigger event; bind a COS trigger to the function, or send an event like events/put.json"
    )]
    Foreign(&'static str),
    /// JSON text as a JSON string.
    #[error(
        "the event is a JSON text within a string; send the JSON object itself, without quotes and backslashes"
    )]
    InAString,
    /// List of records without the object around it.
    #[error(
        "the event is a list of records; send it as the member Records of an object: {{\"Records\": [...]}}"
    )]
    ListOfRecords,
    /// A required member is missing or not text.
    #[error("the event record has no {0}; send a COS trigger event as in events/put.json")]
    Missing(&'static str),
    /// Object without `Records`; the text lists its first members.
    #[error("this is not a COS trigger event: it has no Records list{}; send one like events/put.json", but(.0))]
    NoRecords(String),
    /// JSON value that is not an object.
    #[error(
        "this is not a COS trigger event: it is {0}, not an object with a Records list; send one like events/put.json"
    )]
    NotAnObject(&'static str),
    /// Record that is not an object.
    #[error("the event record is not an object; send a COS trigger event as in events/put.json")]
    NotARecord,
    /// Not JSON; the text names the line and column.
    #[error("the event is not JSON: {0}; correct it there")]
    NotJson(String),
    /// Not even a text, or one of another kind; the text has the remedy.
    #[error("the event is {0}")]
    NotText(&'static str),
    /// A bucket, key or version that cannot exist.
    #[error(transparent)]
    Object(#[from] object::Error),
    /// Record of COS without the list around it.
    #[error("the event is one record of COS without its list; send it in a list: {{\"Records\": [...]}}")]
    RecordWithoutList,
    /// `Records` of another type.
    #[error("the Records of the event are not a list; put the records into square brackets")]
    RecordsNotAList,
    /// The event names no region, and neither does the environment.
    #[error("the region of bucket {0} is unknown; set TENCENTCLOUD_REGION, for example to ap-guangzhou")]
    Region(Bucket),
    /// Record that is longer than any event of COS.
    #[error(
        "the event record has {0} bytes, more than a whole event of COS; send a COS trigger event as in events/put.json"
    )]
    TooLong(usize),
}

fn but(names: &str) -> String {
    if names.is_empty() { String::new() } else { format!(", but {names}") }
}
