//! The client, and the requests of a session.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::{Digest, Md5};
use tokio::time::Instant;

use super::download::Download;
use super::exchange::{Clock, Request};
use super::operation::{Method, Operation};
use super::retry::Attempts;
use super::{Counters, Credential, Error, Head, Place, Settings, Stored, Upload, text};
use crate::http::client_builder;
use crate::object::{ETag, Key, VersionId};
use crate::service::Domain;

/// What outlives an invocation. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct Client(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    http: reqwest::Client,
    settings: Settings,
    clock: Clock,
}

impl Client {
    /// Builds a client. Nothing is resolved or connected to before the first request.
    ///
    /// # Errors
    /// [`Error::Setup`] when TLS cannot be set up.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let http = http().map_err(Error::Setup)?;
        Ok(Self(Arc::new(Shared { http, settings, clock: Clock::default() })))
    }

    /// Begins an invocation. No request of the session waits beyond `deadline`.
    #[must_use]
    pub fn session(&self, credential: Credential, deadline: Instant) -> Session {
        Session {
            client: self.clone(),
            credential: Arc::new(credential),
            deadline,
            tally: Arc::new(Tally::default()),
        }
    }

    pub(super) fn http(&self) -> &reqwest::Client {
        &self.0.http
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.0.clock
    }
}

/// The HTTP client of COS requests.
fn http() -> Result<reqwest::Client, Box<dyn StdError + Send + Sync>> {
    let builder = client_builder()?
        .connect_timeout(Duration::from_secs(3))
        // A frozen instance keeps connections that the other side has long closed. Few and young ones make
        // that rare; the retry makes it harmless.
        .pool_idle_timeout(Duration::from_secs(5))
        .pool_max_idle_per_host(Attempts::IDLE_CONNECTIONS as usize);
    // A connection whose packets vanish fails after this, and not after the kernel's 15 minutes.
    #[cfg(target_os = "linux")]
    let builder = builder.tcp_user_timeout(Duration::from_secs(2));
    Ok(builder.build()?)
}

/// The requests of one invocation. Clones count together.
#[derive(Clone, Debug)]
pub struct Session {
    pub(super) client: Client,
    pub(super) credential: Arc<Credential>,
    pub(super) deadline: Instant,
    pub(super) tally: Arc<Tally>,
}

/// The counters while they run; see [`Counters`].
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) requests: AtomicU64,
    pub(super) retries: AtomicU64,
    pub(super) bytes_in: AtomicU64,
    pub(super) bytes_out: AtomicU64,
}

impl Session {
    /// Begins to read an object.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Archived`], [`Error::Denied`] and those of every request:
    /// credentials, network, deadline.
    pub async fn get(
        &self,
        place: &Place,
        key: &Key,
        version: Option<&VersionId>,
    ) -> Result<Download, Error> {
        Download::begin(self, operation(Method::Get, place, key, version), None).await
    }

    /// Begins to read the bytes of `range`, or as many of them as the object has.
    ///
    /// # Errors
    /// As [`get`](Self::get); [`Error::Unsendable`] when the range is empty, and [`Error::Refused`] with the
    /// code `InvalidRange` when it begins at or after the end of the object.
    pub async fn get_range(
        &self,
        place: &Place,
        key: &Key,
        version: Option<&VersionId>,
        range: Range<u64>,
    ) -> Result<Download, Error> {
        Download::begin(self, operation(Method::Get, place, key, version), Some(range)).await
    }

    /// Asks for the headers of an object.
    ///
    /// # Errors
    /// As [`get`](Self::get). COS sends no error document here: a missing bucket looks like a missing object.
    pub async fn head(&self, place: &Place, key: &Key, version: Option<&VersionId>) -> Result<Head, Error> {
        let operation = operation(Method::Head, place, key, version);
        let request = Request { operation, headers: Vec::new(), body: None, expected: &[200] };
        let response = self.exchange(&request, &mut self.attempts()).await?;
        let length = text(response.headers(), "content-length").and_then(|length| length.parse().ok());
        let length = length.ok_or_else(|| Error::protocol(&request.operation, "without a content length"))?;
        Ok(Head::from_headers(response.headers(), length))
    }

    /// Stores an object, over one that may be there unless the upload says otherwise. COS checks the MD5 of the content.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::Denied`], [`Error::NotFound`] for the bucket, [`Error::Unsendable`] when a header cannot be
    /// sent, and those of every request.
    pub async fn put(&self, place: &Place, key: &Key, upload: Upload) -> Result<Stored, Error> {
        let request = Request {
            operation: operation(Method::Put, place, key, None),
            headers: upload_headers(&upload),
            body: Some(upload.body),
            expected: &[200],
        };
        let response = self.exchange(&request, &mut self.attempts()).await?;
        let headers = response.headers();
        Ok(Stored {
            etag: text(headers, "etag").and_then(|etag| ETag::parse(etag).ok()),
            version: text(headers, "x-cos-version-id").and_then(|id| VersionId::parse(id).ok()),
            request_id: text(headers, "x-cos-request-id").map(str::to_owned),
        })
    }

    /// Deletes an object or one version of it. That there is none is a success (436/7743).
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::NotFound`] for the bucket, and those of every request.
    pub async fn delete(&self, place: &Place, key: &Key, version: Option<&VersionId>) -> Result<(), Error> {
        let operation = operation(Method::Delete, place, key, version);
        let request = Request { operation, headers: Vec::new(), body: None, expected: &[200, 204] };
        self.exchange(&request, &mut self.attempts()).await.map(drop)
    }

    /// The same session with counters of its own.
    #[must_use]
    pub fn counted_apart(&self) -> Self {
        Self { tally: Arc::new(Tally::default()), ..self.clone() }
    }

    /// What the session and its clones have done so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters {
            requests: self.tally.requests.load(Ordering::Relaxed),
            retries: self.tally.retries.load(Ordering::Relaxed),
            bytes_in: self.tally.bytes_in.load(Ordering::Relaxed),
            bytes_out: self.tally.bytes_out.load(Ordering::Relaxed),
        }
    }

    /// Seconds by which the clock of COS was ahead of that of this machine at the latest answer, to the second; `None`
    /// before one had a date.
    #[must_use]
    pub fn clock_ahead(&self) -> Option<i64> {
        self.client.clock().ahead()
    }

    pub(super) fn attempts(&self) -> Attempts {
        let settings = self.client.settings();
        Attempts::new(&settings.retry, settings.domain == Domain::Public)
    }
}

fn operation(method: Method, place: &Place, key: &Key, version: Option<&VersionId>) -> Operation {
    Operation { method, place: place.clone(), key: key.clone(), version: version.cloned(), process: None }
}

fn upload_headers(upload: &Upload) -> Vec<(Cow<'static, str>, String)> {
    let mut headers = vec![
        (Cow::Borrowed("content-length"), upload.body.len().to_string()),
        (Cow::Borrowed("content-type"), upload.content_type.to_owned()),
        (Cow::Borrowed("content-md5"), BASE64.encode(Md5::digest(&upload.body))),
    ];
    let optional = [
        ("cache-control", upload.cache_control.as_deref()),
        ("x-cos-storage-class", upload.storage_class.map(crate::service::StorageClass::as_str)),
        ("x-cos-acl", upload.acl.map(crate::service::Acl::as_str)),
    ];
    for (name, value) in optional {
        // White space around a value is not part of it (RFC 9110, 5.5), and so not of the signature.
        headers.extend(value.map(|value| (Cow::Borrowed(name), value.trim().to_owned())));
    }
    if upload.only_if_absent {
        headers.push((Cow::Borrowed("x-cos-forbid-overwrite"), "true".to_owned()));
    }
    for (name, value) in &upload.meta {
        headers.push((Cow::Owned(format!("x-cos-meta-{name}")), value.trim().to_owned()));
    }
    headers
}
