//! Versions of objects.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::cos::storage::ids;

/// Id of versions that were stored before versioning was enabled or while it was suspended (436/19883).
pub(crate) const NULL_VERSION_ID: &str = "null";

/// Versioning state of a bucket.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Versioning {
    Enabled,
    #[default]
    Off,
    Suspended,
}

/// One version of an object, or a delete marker.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Version {
    pub(crate) id: String,
    /// Path below the root; `None` for a delete marker.
    pub(super) file: Option<PathBuf>,
    /// Size in bytes.
    pub(crate) size: u64,
    /// ETag with its quotes.
    pub(crate) etag: String,
    pub(crate) crc64: u64,
    /// Time of storage, in seconds since the Unix epoch.
    pub(crate) modified: u64,
    /// Stored headers by lower-case name.
    pub(crate) headers: BTreeMap<String, String>,
    /// Id of the request that created it.
    pub(crate) request_id: String,
    /// End of the restored period of an archived object, in seconds since the Unix epoch.
    pub(crate) restored_until: Option<u64>,
}

impl Version {
    /// Creates a delete marker.
    pub(super) fn marker(id: String, modified: u64) -> Self {
        Self {
            id,
            file: None,
            size: 0,
            etag: String::new(),
            crc64: 0,
            modified,
            headers: BTreeMap::new(),
            request_id: ids::request(),
            restored_until: None,
        }
    }

    /// Returns whether this is a delete marker.
    pub(crate) fn is_marker(&self) -> bool {
        self.file.is_none()
    }

    /// Returns the storage class, which is STANDARD by default.
    pub(crate) fn storage_class(&self) -> &str {
        self.headers.get("x-cos-storage-class").map_or("STANDARD", String::as_str)
    }
}

/// Content and metadata of a version to store.
#[derive(Debug)]
pub(crate) struct NewVersion {
    pub(crate) bytes: Bytes,
    pub(crate) headers: BTreeMap<String, String>,
    /// Version id in buckets with versioning; `None` generates one.
    pub(crate) id: Option<String>,
    /// ETag of a multipart upload; `None` computes the MD5.
    pub(crate) etag: Option<String>,
    /// Makes an existing object an error.
    pub(crate) forbid_overwrite: bool,
    pub(crate) modified: u64,
    pub(crate) request_id: String,
}

/// Result of a deletion.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Deletion {
    /// True if a delete marker was created or removed.
    pub(crate) marker: bool,
    /// Id of the version that was created or removed, in buckets with versioning.
    pub(crate) version_id: Option<String>,
    /// True if there was something to delete.
    pub(crate) existed: bool,
}
