//! The service: from a request on the wire to an answer, with everything in between.
//!
//! Order: read, fault, signature, operation. Operations are plain blocking code on the folder; they run on
//! tokio's blocking threads.

use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::Response;
use hyper::body::Incoming;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::sleep;

use super::error::{Code, Error};
use super::fault::{FaultKind, Faults};
use super::journal::Journal;
use super::notice::{Notice, Object};
use super::processing::{Renditions, is_processed};
use super::reply::Reply;
use super::request::Request;
use super::signature::{Caller, Gate};
use super::store::{Store, Version, Versioning};
use super::{http_date, ids};
use crate::http::{Outgoing, Verdict};

/// Largest body of one request, in bytes: the twin keeps bodies in memory.
const BODY_MAX: u64 = 1 << 30;

/// Parameters that choose an operation of their own.
const SUBRESOURCES: [&str; 18] = [
    "acl",
    "append",
    "cors",
    "delete",
    "domain",
    "inventory",
    "lifecycle",
    "notification",
    "object-lock",
    "policy",
    "replication",
    "restore",
    "select",
    "tagging",
    "uploadId",
    "uploads",
    "versioning",
    "versions",
];

/// What all connections share.
pub(crate) struct Service {
    pub(super) store: Store,
    pub(super) gate: Mutex<Gate>,
    pub(super) faults: Faults,
    pub(super) journal: Journal,
    pub(super) renditions: Renditions,
    pub(super) listeners: Mutex<Vec<UnboundedSender<Notice>>>,
    /// For hosts that name no region.
    pub(super) region: String,
    /// Seconds by which the clock of the twin is ahead of this machine's.
    pub(super) clock_offset: i64,
}

impl Service {
    /// Carries out one request.
    pub(crate) async fn handle(self: Arc<Self>, http: hyper::Request<Incoming>) -> Verdict {
        let (parts, incoming) = http.into_parts();
        // A body that ends early has nobody left to answer to.
        let Ok(body) =
            http_body_util::Limited::new(incoming, usize::try_from(BODY_MAX).unwrap_or(usize::MAX))
                .collect()
                .await
        else {
            return Verdict::Close;
        };
        let request_id = ids::request();
        let request = match Request::read(&parts, body.to_bytes()) {
            Ok(request) => request,
            Err(error) => {
                let host = parts.headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
                let resource = format!("{host}{}", parts.uri.path());
                let reply = Reply::error(&error, &resource, &request_id);
                return Verdict::Answer(self.finish(reply, parts.method == "HEAD", &request_id, None));
            }
        };
        let fault = self.faults.strike(&request);
        match &fault {
            Some(FaultKind::Reset) => {
                self.journal.write(&request, 0);
                return Verdict::Close;
            }
            Some(FaultKind::Stall) => {
                self.journal.write(&request, 0);
                return pending().await;
            }
            Some(kind) => sleep(kind.delay()).await,
            None => {}
        }
        self.respond(request, fault, request_id).await
    }

    async fn respond(
        self: Arc<Self>,
        request: Request,
        fault: Option<FaultKind>,
        request_id: String,
    ) -> Verdict {
        let injected = match &fault {
            Some(FaultKind::ExpiredToken) => Some(Error::from(Code::EXPIRED_TOKEN)),
            Some(FaultKind::Status { status, code }) => Some(Error::injected(*status, code)),
            _ => None,
        };
        let resource = request.resource();
        let request = Arc::new(request);
        let reply = match injected {
            Some(error) => Reply::error(&error, &resource, &request_id),
            None => {
                let (service, request) = (Arc::clone(&self), Arc::clone(&request));
                let id = request_id.clone();
                let work = move || service.answer(&request, &id);
                let answered = tokio::task::spawn_blocking(work).await;
                let result = answered.unwrap_or_else(|_| Err(Code::INTERNAL_ERROR.into()));
                result.unwrap_or_else(|error| Reply::error(&error, &resource, &request_id))
            }
        };
        let lost = matches!(fault, Some(FaultKind::LostAnswer));
        self.journal.write(&request, if lost { 0 } else { reply.status });
        if lost {
            return Verdict::Close;
        }
        let last = matches!(fault, Some(FaultKind::CloseAfterAnswer));
        let answer = self.finish(reply, request.method == "HEAD", &request_id, fault.as_ref());
        if last { Verdict::Last(answer) } else { Verdict::Answer(answer) }
    }

    /// Checks the signature and carries out the operation.
    fn answer(&self, request: &Request, request_id: &str) -> Result<Reply, Error> {
        let now = i64::try_from(self.now()).unwrap_or(i64::MAX);
        let gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let caller = gate.check(request, now)?;
        let reading = matches!(request.method.as_str(), "GET" | "HEAD");
        if caller == Caller::Anonymous && (request.key.is_empty() || !reading) {
            return Err(Code::ACCESS_DENIED.into());
        }
        if request.bucket.is_empty() {
            return Err(Code::NOT_IMPLEMENTED.into());
        }
        let found = SUBRESOURCES.into_iter().find(|name| request.parameter(name).is_some());
        let sub = found.unwrap_or_default();
        if request.key.is_empty() {
            self.on_bucket(request, sub)
        } else {
            self.on_object(request, sub, caller, request_id)
        }
    }

    fn on_bucket(&self, request: &Request, sub: &str) -> Result<Reply, Error> {
        match (request.method.as_str(), sub) {
            ("HEAD", "") => self.head_bucket(request),
            ("GET", "") => self.list_objects(request),
            ("GET", "uploads") => self.list_uploads(request),
            ("GET", "versioning") => self.get_versioning(request),
            ("PUT", "versioning") => self.put_versioning(request),
            ("PUT", "") => self.store.create(&request.bucket).map(|()| Reply::new(200)),
            ("POST", "delete") => self.delete_objects(request),
            _ => Err(Code::NOT_IMPLEMENTED.into()),
        }
    }

    fn on_object(
        &self,
        request: &Request,
        sub: &str,
        caller: Caller,
        request_id: &str,
    ) -> Result<Reply, Error> {
        let upload = request.parameter("uploadId").unwrap_or_default();
        let copy = request.header("x-cos-copy-source").is_some();
        match (request.method.as_str(), sub) {
            ("GET", "") if is_processed(request) => self.get_processed(request, caller),
            ("GET" | "HEAD", "") => self.get_object(request, caller),
            ("PUT", "") if copy => self.copy_object(request, request_id),
            ("PUT", "") => self.put_object(request, request_id),
            ("DELETE", "") => self.delete_object(request),
            ("POST", "restore") => self.restore_object(request),
            ("POST", "uploads") => self.initiate_upload(request),
            ("PUT", "uploadId") if !copy => self.upload_part(request, upload),
            ("POST", "uploadId") => self.complete_upload(request, upload, request_id),
            ("DELETE", "uploadId") => self.abort_upload(request, upload),
            ("GET", "uploadId") => self.list_parts(request, upload),
            _ => Err(Code::NOT_IMPLEMENTED.into()),
        }
    }

    /// Puts the common headers on an answer and its body on the wire as the fault wants it.
    fn finish(
        &self,
        reply: Reply,
        head: bool,
        request_id: &str,
        fault: Option<&FaultKind>,
    ) -> Response<Outgoing> {
        let mut builder = Response::builder()
            .status(reply.status)
            .header("Server", "tencent-cos")
            .header("Date", http_date(self.now()))
            .header("x-cos-request-id", request_id);
        for (name, value) in reply.headers() {
            // Values that came as raw bytes go back as such.
            builder = builder.header(name, value.as_bytes());
        }
        if !matches!(reply.status, 204 | 304) {
            let has_document = reply.status >= 300;
            let length = if head && has_document { 0 } else { reply.body.len() };
            builder = builder.header("Content-Length", length);
        }
        let body = if head { Outgoing::default() } else { shape(reply.body, fault) };
        builder.body(body).unwrap_or_else(|_| {
            // Only a header value that HTTP forbids gets here, and such a value never came in.
            let mut plain = Response::new(Outgoing::default());
            *plain.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
            plain
        })
    }

    /// The time of the twin, in seconds since the epoch.
    pub(super) fn now(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        since.saturating_add_signed(self.clock_offset)
    }

    pub(super) fn versioning(&self, bucket: &str) -> Result<Versioning, Error> {
        self.store.with(bucket, |bucket| Ok(bucket.versioning))
    }

    pub(super) fn region_of(&self, request: &Request) -> String {
        request.region.clone().unwrap_or_else(|| self.region.clone())
    }

    /// Tells everyone who listens that an object came into being.
    pub(super) fn created(&self, name: &'static str, request: &Request, version: &Version, bytes: &Bytes) {
        let kept = self.versioning(&request.bucket).is_ok_and(|versioning| versioning != Versioning::Off);
        let object = Object::new(version, bytes.clone(), kept);
        self.tell(&Notice {
            name,
            bucket: request.bucket.clone(),
            region: self.region_of(request),
            key: request.key.clone(),
            object: Some(object),
        });
    }

    /// Tells everyone who listens that an object went.
    pub(super) fn removed(&self, request: &Request, key: &str, marker: bool) {
        let name = if marker { "cos:ObjectRemove:DeleteMarkerCreated" } else { "cos:ObjectRemove:Delete" };
        self.tell(&Notice {
            name,
            bucket: request.bucket.clone(),
            region: self.region_of(request),
            key: key.to_owned(),
            object: None,
        });
    }

    fn tell(&self, notice: &Notice) {
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener.send(notice.clone()).is_ok());
    }
}

/// The body as the fault wants it.
fn shape(mut bytes: Bytes, fault: Option<&FaultKind>) -> Outgoing {
    match fault {
        Some(FaultKind::Corrupt) => {
            let mut damaged = bytes.to_vec();
            let middle = damaged.len() / 2;
            if let Some(byte) = damaged.get_mut(middle) {
                *byte ^= 1;
            }
            Outgoing::whole(Bytes::from(damaged))
        }
        Some(FaultKind::Slow { chunk, pause_ms, .. }) => {
            let chunk = if *chunk == 0 { bytes.len() } else { *chunk };
            Outgoing::paced(bytes, chunk, Duration::from_millis(*pause_ms))
        }
        Some(FaultKind::StallAfter(count)) => {
            bytes.truncate(*count);
            Outgoing::stalled(bytes)
        }
        Some(FaultKind::Truncate(count)) => {
            bytes.truncate(*count);
            Outgoing::cut(bytes)
        }
        _ => Outgoing::whole(bytes),
    }
}
