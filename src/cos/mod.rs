//! Client for COS requests: GET, HEAD, PUT and DELETE of one object, and the listing of a bucket.
//!
//! A [`Client`] outlives invocations: it holds connections, settings and the clock correction. A [`Session`]
//! belongs to one invocation: it holds credentials, deadline and counters. The client creates no buckets, and
//! knows nothing of images.
//!
//! Every attempt is signed anew and retried if that may help. No request outlasts the deadline of its
//! session.

mod client;
mod clock;
mod download;
mod endpoint;
mod error;
mod error_code;
mod error_response;
mod exchange;
mod list;
mod operation;
mod processed;
mod requests;
mod retry;
mod sign;

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use reqwest::Response;
use reqwest::header::{self, HeaderMap};

use crate::object::{Acl, Bucket, ContentId, Crc64, Domain, ETag, Endpoint, Region, StorageClass, VersionId};

pub use self::client::{Client, Session};
pub use self::clock::CLOCK_TOLERANCE;
pub use self::download::Download;
pub use self::error::{Error, MissingResource, NetworkFault, RefusedRequest};
pub use self::error_response::ErrorResponse;
pub use self::list::{ListPage, ListedObject, is_archive_class};
pub use self::operation::{ACL_ACTION, LIST_ACTION, Method, Operation};
pub use self::processed::ProcessedDownload;
pub use self::retry::RetryPolicy;
pub use crate::credential::Credential;

/// Settings that all sessions of a client share.
#[derive(Clone, Debug, Default)]
pub struct ClientSettings {
    /// Domain of COS that requests go to.
    pub domain: Domain,
    /// Origin to connect to instead, for a local COS.
    pub endpoint: Option<Endpoint>,
    /// Number of attempts and their pauses.
    pub retry: RetryPolicy,
    /// Idle connections kept beyond those of the function, for many requests at once.
    pub more_connections: usize,
    /// `true` refuses to upload and to delete, to find out whether anything would be.
    pub is_read_only: bool,
}

/// Bucket and its region.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct BucketLocation {
    /// Bucket.
    pub bucket: Bucket,
    /// Region of the bucket.
    pub region: Region,
}

impl BucketLocation {
    /// Resource name of an object, or of a pattern of keys, in CAM policies (436/30580).
    #[must_use]
    pub fn resource(&self, key: &dyn fmt::Display) -> String {
        let Self { bucket, region } = self;
        resource(region, bucket.app_id(), bucket.as_str(), key)
    }
}

/// Resource name of a pattern of keys in all buckets whose names match a pattern (436/30580).
#[must_use]
pub fn resource(region: &Region, app_id: &str, bucket: &str, key: &dyn fmt::Display) -> String {
    format!("qcs::cos:{region}:uid/{app_id}:{bucket}/{key}")
}

/// Metadata of an object, from the headers of a response.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Head {
    /// Bytes of the whole object, even if only a part was requested.
    pub length: u64,
    /// ETag; `None` when missing or weak.
    pub etag: Option<ETag>,
    /// CRC-64 of the whole object; `None` for objects from before COS computed it, and in other stores.
    pub crc64: Option<Crc64>,
    /// Version, in buckets with versioning.
    pub version: Option<VersionId>,
    /// `Content-Type` as sent.
    pub content_type: Option<String>,
    /// `x-cos-storage-class`; COS omits it for `STANDARD`.
    pub storage_class: Option<String>,
    /// `x-cos-meta-*` headers: names in lower case without that prefix.
    pub meta: BTreeMap<String, String>,
    /// Time of the upload, to the second.
    pub last_modified: Option<SystemTime>,
    /// `x-cos-request-id`, for questions to Tencent.
    pub request_id: Option<String>,
}

impl Head {
    /// Returns the identity of the content; `None` without an ETag.
    #[must_use]
    pub fn content(&self) -> Option<ContentId> {
        Some(ContentId { etag: self.etag.clone()?, length: Some(self.length), crc64: self.crc64 })
    }

    /// Reads all members except the length, which comes from different headers for GET, HEAD and ranges.
    fn from_headers(headers: &HeaderMap, length: u64) -> Self {
        let meta = headers.iter().filter_map(|(name, value)| {
            let name = name.as_str().strip_prefix("x-cos-meta-")?;
            Some((name.to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        });
        let StoredObject { etag, version, request_id } = StoredObject::from_headers(headers);
        Self {
            length,
            etag,
            crc64: header_text(headers, "x-cos-hash-crc64ecma").and_then(|text| Crc64::parse(text.trim())),
            version,
            content_type: header_text(headers, header::CONTENT_TYPE.as_str()).map(str::to_owned),
            storage_class: header_text(headers, "x-cos-storage-class").map(str::to_owned),
            meta: meta.collect(),
            last_modified: header_text(headers, header::LAST_MODIFIED.as_str())
                .and_then(|date| httpdate::parse_http_date(date).ok()),
            request_id,
        }
    }
}

/// Returns one header as text; `None` when missing or not printable ASCII.
fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Reads the content length of a response.
fn content_length(response: &Response, operation: &Operation) -> Result<u64, Error> {
    header_text(response.headers(), header::CONTENT_LENGTH.as_str())
        .and_then(|length| length.parse().ok())
        .ok_or_else(|| Error::protocol(operation, "without a content length"))
}

/// Object to upload.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Content.
    pub body: Bytes,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// `Cache-Control`, printable ASCII.
    pub cache_control: Option<String>,
    /// Storage class; `None` is the default of the bucket, `STANDARD`.
    pub storage_class: Option<StorageClass>,
    /// ACL; `None` sends none, so that the object inherits that of the bucket.
    pub acl: Option<Acl>,
    /// Conditional write: `true` keeps an existing object (`x-cos-forbid-overwrite`). Buckets that have or
    /// had versioning ignore it.
    pub only_if_absent: bool,
    /// User metadata: names without `x-cos-meta-`, values in printable ASCII, 2 KB in all (436/7749).
    pub meta: Vec<(&'static str, String)>,
}

/// Object that an upload created, from the headers of the response.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct StoredObject {
    /// ETag of the stored content.
    pub etag: Option<ETag>,
    /// Version that was created, in buckets with versioning.
    pub version: Option<VersionId>,
    /// `x-cos-request-id`, for questions to Tencent.
    pub request_id: Option<String>,
}

impl StoredObject {
    fn from_headers(headers: &HeaderMap) -> Self {
        Self {
            etag: header_text(headers, header::ETAG.as_str()).and_then(|etag| ETag::parse(etag).ok()),
            version: header_text(headers, "x-cos-version-id").and_then(|id| VersionId::parse(id).ok()),
            request_id: header_text(headers, "x-cos-request-id").map(str::to_owned),
        }
    }
}

/// Traffic of a session so far.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counters {
    /// Requests sent, retries included.
    pub requests: u64,
    /// Requests sent because an earlier one failed.
    pub retries: u64,
    /// Object bytes received.
    pub bytes_in: u64,
    /// Object bytes sent, every attempt counted.
    pub bytes_out: u64,
}
