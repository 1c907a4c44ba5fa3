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
mod region;

use std::collections::BTreeMap;

pub use self::coalesce::{CoalescedRecord, coalesce};
pub use self::decode::decode;

use crate::object;
use crate::object::{Bucket, ContentId, ETag, Key, Region, VersionId};

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
}

impl Record {
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
    /// A required member is missing or not text.
    #[error("the event record has no {0}; send a COS trigger event as in events/put.json")]
    Missing(&'static str),
    /// JSON, but not a COS message.
    #[error("this is not a COS trigger event: it has no Records list; send one like events/put.json")]
    NotCos,
    /// Not JSON.
    #[error("the event is not JSON: {0}")]
    NotJson(String),
    /// A bucket, key or version that cannot exist.
    #[error(transparent)]
    Object(#[from] object::Error),
    /// The event names no region, and neither does the environment.
    #[error("the region of bucket {0} is unknown; set TENCENTCLOUD_REGION, for example to ap-guangzhou")]
    Region(Bucket),
}
