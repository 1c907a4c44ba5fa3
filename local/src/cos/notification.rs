//! What others learn of objects: their content, and that something happened to them.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::cos::storage::store::Version;

/// An object as it lies in a bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// The content.
    pub bytes: Bytes,
    /// Stored headers by lower-case name: `content-type`, `x-cos-meta-…`, `x-cos-storage-class`, …
    pub headers: BTreeMap<String, String>,
    /// With its quotes, as in the `ETag` header.
    pub etag: String,
    /// The version id, in buckets with versions.
    pub version: Option<String>,
    /// The request that stored it.
    pub request_id: String,
}

impl Object {
    pub(crate) fn new(version: &Version, bytes: Bytes, kept: bool) -> Self {
        Self {
            bytes,
            headers: version.headers.clone(),
            etag: version.etag.clone(),
            version: kept.then(|| version.id.clone()),
            request_id: version.request_id.clone(),
        }
    }
}

/// One thing that happened in a bucket and that COS would send an event for.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The concrete event name, such as `cos:ObjectCreated:Put`.
    pub name: &'static str,
    /// Full bucket name.
    pub bucket: String,
    /// Long region.
    pub region: String,
    /// Raw key.
    pub key: String,
    /// The new object; none when one was removed.
    pub object: Option<Object>,
}
