//! Objects and events, as the public interface returns them.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::cos::storage::version::Version;

/// Version of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Content.
    pub bytes: Bytes,
    /// Stored headers by lower-case name: `content-type`, `x-cos-meta-…`, `x-cos-storage-class`, …
    pub headers: BTreeMap<String, String>,
    /// ETag with its quotes, as in the header.
    pub etag: String,
    /// Version id, in buckets with versioning.
    pub version: Option<String>,
    /// Id of the request that stored it.
    pub request_id: String,
}

impl Object {
    /// Combines the record and the content of a version.
    pub(crate) fn new(version: &Version, bytes: Bytes, has_versions: bool) -> Self {
        Self {
            bytes,
            headers: version.headers.clone(),
            etag: version.etag.clone(),
            version: has_versions.then(|| version.id.clone()),
            request_id: version.request_id.clone(),
        }
    }
}

/// Change in a bucket for which COS sends an event.
#[derive(Clone, Debug)]
pub struct EventNotification {
    /// Concrete event name, such as `cos:ObjectCreated:Put`.
    pub name: &'static str,
    /// Full bucket name.
    pub bucket: String,
    /// Region in its long form, such as `ap-guangzhou`.
    pub region: String,
    /// Key, not encoded.
    pub key: String,
    /// New object; `None` when an object was removed.
    pub object: Option<Object>,
}
