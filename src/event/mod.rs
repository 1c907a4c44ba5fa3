//! COS events: what a trigger message says, as typed records.
//!
//! A message may merge several records, and every field of the published payloads has been met in more than
//! one shape, so only what a record cannot do without is required: bucket name, app id, key and event name
//! (583/9707). A record that cannot be read is refused with its reason and never stops the others. The
//! event's `url` settles how the key is encoded and in which region it lies; it is never fetched.

mod coalesce;
mod decode;
mod key;
mod member;
mod region;

use std::collections::BTreeMap;

pub use self::coalesce::{CoalescedRecord, coalesce};
pub use self::decode::decode;

use crate::object;
use crate::object::{Bucket, ETag, Key, Region, VersionId};

/// One thing that happened to one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// What happened.
    pub kind: EventKind,
    /// The event name without white space, such as `cos:ObjectCreated:Put`.
    pub name: String,
    /// The bucket of the object.
    pub bucket: Bucket,
    /// The raw key of the object.
    pub key: Key,
    /// The region of the bucket.
    pub region: Region,
    /// The version the event is about, when the bucket keeps versions.
    pub version: Option<VersionId>,
    /// Size of the object, bytes, when the event tells.
    pub size: Option<u64>,
    /// ETag of the object, when the event tells (it does since 2022).
    pub etag: Option<ETag>,
    /// When it happened, seconds since the epoch, when the event tells.
    pub time: Option<u64>,
    /// The object's `x-cos-meta-*` headers, lower case, without that prefix.
    pub meta: BTreeMap<String, String>,
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EventKind {
    /// Created, in whatever way, or overwritten.
    Created,
    /// An event this program knows nothing of.
    Other,
    /// Deleted, or hidden by a delete marker.
    Removed,
    /// A restore from the archive was asked for.
    RestoreStarted,
    /// A restore from the archive is complete: the object can be read.
    Restored,
}

impl EventKind {
    /// Whether thumbnails may have to change because of it.
    #[must_use]
    pub fn affects_thumbnails(self) -> bool {
        match self {
            Self::Created | Self::Removed | Self::Restored => true,
            Self::Other | Self::RestoreStarted => false,
        }
    }
}

/// A record that cannot be read.
#[derive(Clone, Debug, PartialEq)]
pub struct RejectedRecord {
    /// The bucket name as far as it can be told, for the log.
    pub bucket: String,
    /// The key as it came, for the log.
    pub key: String,
    /// The event name as it came, for the log.
    pub name: String,
    /// Why it cannot be read.
    pub error: Error,
}

/// A message or record that is no COS event.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// A member that a record cannot do without is absent or no text.
    #[error("the event record has no {0}; send a COS trigger event as in events/put.json")]
    Missing(&'static str),
    /// JSON, but not a COS message.
    #[error("this is not a COS trigger event: it has no Records list; send one like events/put.json")]
    NotCos,
    /// Not JSON at all.
    #[error("the event is not JSON: {0}")]
    NotJson(String),
    /// A bucket, key or version that cannot exist.
    #[error(transparent)]
    Object(#[from] object::Error),
    /// The region is in no field and the environment names none.
    #[error("the region of bucket {0} is unknown; set TENCENTCLOUD_REGION, for example to ap-guangzhou")]
    Region(Bucket),
}
