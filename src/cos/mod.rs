//! What the function asks of COS: read, look at, store and delete one object.
//!
//! A [`Client`] holds what outlives an invocation (connections, settings, the correction of the clock), a
//! [`Session`] what belongs to one (credentials, deadline, counters). Requests are signed anew at every
//! attempt, tried again where that can help, and never outlast the deadline. Pixels are not known here.

mod client;
mod clock;
mod credential;
mod download;
mod endpoint;
mod error;
mod error_response;
mod exchange;
mod operation;
mod processed;
mod requests;
mod retry;
mod sign;

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use reqwest::header::{self, HeaderMap};

use crate::object::{Acl, Bucket, Domain, ETag, Endpoint, Region, StorageClass, VersionId};

pub use self::client::{Client, Session};
pub use self::clock::CLOCK_TOLERANCE;
pub use self::credential::Credential;
pub use self::download::Download;
pub use self::error::{Error, MissingResource, NetworkFault, RefusedRequest};
pub use self::error_response::ErrorResponse;
pub use self::operation::{ACL_ACTION, LIST_ACTION, Method, Operation};
pub use self::retry::RetryPolicy;

/// What every session of a client shares.
#[derive(Clone, Debug, Default)]
pub struct ClientSettings {
    /// Which of COS's domains requests go to.
    pub domain: Domain,
    /// Where connections go instead, for a local COS.
    pub endpoint: Option<Endpoint>,
    /// How often and how patiently a request is tried.
    pub retry: RetryPolicy,
}

/// The region that a bucket is in.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct BucketLocation {
    /// The bucket.
    pub bucket: Bucket,
    /// Its region.
    pub region: Region,
}

impl BucketLocation {
    /// An object of the bucket, or a pattern of keys, as CAM policies name it (436/30580).
    #[must_use]
    pub fn resource(&self, key: &dyn fmt::Display) -> String {
        let Self { bucket, region } = self;
        format!("qcs::cos:{region}:uid/{}:{bucket}/{key}", bucket.app_id())
    }
}

/// What the headers of an answer say about an object.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Head {
    /// Bytes of the whole object, also where only a part of it was asked for.
    pub length: u64,
    /// The ETag; `None` when missing or weak.
    pub etag: Option<ETag>,
    /// The version, in buckets that keep versions.
    pub version: Option<VersionId>,
    /// `Content-Type` as it came.
    pub content_type: Option<String>,
    /// `x-cos-storage-class`; COS leaves it out for `STANDARD`.
    pub storage_class: Option<String>,
    /// The `x-cos-meta-*` headers: names in lower case without that prefix.
    pub meta: BTreeMap<String, String>,
    /// When the object was stored, to the second.
    pub last_modified: Option<SystemTime>,
    /// `x-cos-request-id`, for questions to Tencent.
    pub request_id: Option<String>,
}

impl Head {
    /// Reads everything but the length, which depends on the kind of answer.
    fn from_headers(headers: &HeaderMap, length: u64) -> Self {
        let meta = headers.iter().filter_map(|(name, value)| {
            let name = name.as_str().strip_prefix("x-cos-meta-")?;
            Some((name.to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        });
        Self {
            length,
            etag: header_text(headers, header::ETAG.as_str()).and_then(|etag| ETag::parse(etag).ok()),
            version: header_text(headers, "x-cos-version-id").and_then(|id| VersionId::parse(id).ok()),
            content_type: header_text(headers, header::CONTENT_TYPE.as_str()).map(str::to_owned),
            storage_class: header_text(headers, "x-cos-storage-class").map(str::to_owned),
            meta: meta.collect(),
            last_modified: header_text(headers, header::LAST_MODIFIED.as_str())
                .and_then(|date| httpdate::parse_http_date(date).ok()),
            request_id: header_text(headers, "x-cos-request-id").map(str::to_owned),
        }
    }
}

/// One header as text; `None` when missing or not printable ASCII.
fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// An object to store.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The content.
    pub body: Bytes,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// `Cache-Control`, printable ASCII.
    pub cache_control: Option<String>,
    /// `None` is the bucket's default, `STANDARD`.
    pub storage_class: Option<StorageClass>,
    /// `None` sends no ACL, so that the object inherits the bucket's.
    pub acl: Option<Acl>,
    /// Whether an object that is there already stays (`x-cos-forbid-overwrite`). Buckets that keep or kept versions
    /// take no notice of it.
    pub only_if_absent: bool,
    /// User metadata: names without `x-cos-meta-`, values in printable ASCII, 2 KB in all (436/7749).
    pub meta: Vec<(&'static str, String)>,
}

/// What COS answered to an upload.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct StoredObject {
    /// The ETag of what is stored now.
    pub etag: Option<ETag>,
    /// The version made, in buckets that keep versions.
    pub version: Option<VersionId>,
    /// `x-cos-request-id`, for questions to Tencent.
    pub request_id: Option<String>,
}

/// What a session has done so far.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counters {
    /// Requests sent, retries included.
    pub requests: u64,
    /// Requests sent because an earlier one failed.
    pub retries: u64,
    /// Bytes of objects received.
    pub bytes_in: u64,
    /// Bytes of objects sent, every attempt counted.
    pub bytes_out: u64,
}
