//! From a request on the wire to an answer, with everything in between.
//!
//! Order: read, fault, signature, operation. Operations are plain blocking code on the folder; they run on
//! tokio's blocking threads.

use std::future::pending;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::Response;
use hyper::body::Incoming;
use tokio::time::sleep;

use crate::cos::fault::FaultKind;
use crate::cos::service::Service;
use crate::cos::storage::ids;
use crate::cos::wire::dates::http_date;
use crate::cos::wire::error::{Code, Error};
use crate::cos::wire::reply::Reply;
use crate::cos::wire::request::{Request, is_processed};
use crate::cos::wire::signature::Caller;
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

/// Carries out one request.
pub(crate) async fn handle(service: Arc<Service>, http: hyper::Request<Incoming>) -> Verdict {
    let (parts, incoming) = http.into_parts();
    // A body that ends early has nobody left to answer to.
    let Ok(body) = http_body_util::Limited::new(incoming, usize::try_from(BODY_MAX).unwrap_or(usize::MAX))
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
            return Verdict::Answer(finish(&service, reply, parts.method == "HEAD", &request_id, None));
        }
    };
    let fault = service.faults.strike(&request);
    match &fault {
        Some(FaultKind::Reset) => {
            service.journal.write(&request, 0);
            return Verdict::Close;
        }
        Some(FaultKind::Stall) => {
            service.journal.write(&request, 0);
            return pending().await;
        }
        Some(kind) => sleep(kind.delay()).await,
        None => {}
    }
    respond(service, request, fault, request_id).await
}

async fn respond(
    service: Arc<Service>,
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
            let (shared, request) = (Arc::clone(&service), Arc::clone(&request));
            let id = request_id.clone();
            let work = move || answer(&shared, &request, &id);
            let answered = tokio::task::spawn_blocking(work).await;
            let result = answered.unwrap_or_else(|_| Err(Code::INTERNAL_ERROR.into()));
            result.unwrap_or_else(|error| Reply::error(&error, &resource, &request_id))
        }
    };
    let lost = matches!(fault, Some(FaultKind::LostAnswer));
    service.journal.write(&request, if lost { 0 } else { reply.status });
    if lost {
        return Verdict::Close;
    }
    let last = matches!(fault, Some(FaultKind::CloseAfterAnswer));
    let answer = finish(&service, reply, request.method == "HEAD", &request_id, fault.as_ref());
    if last { Verdict::Last(answer) } else { Verdict::Answer(answer) }
}

/// Checks the signature and carries out the operation.
fn answer(service: &Service, request: &Request, request_id: &str) -> Result<Reply, Error> {
    let now = i64::try_from(service.now()).unwrap_or(i64::MAX);
    let gate = service.gate.lock().unwrap_or_else(PoisonError::into_inner).clone();
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
        on_bucket(service, request, sub)
    } else {
        on_object(service, request, sub, caller, request_id)
    }
}

fn on_bucket(service: &Service, request: &Request, sub: &str) -> Result<Reply, Error> {
    match (request.method.as_str(), sub) {
        ("HEAD", "") => service.head_bucket(request),
        ("GET", "") => service.list_objects(request),
        ("GET", "uploads") => service.list_uploads(request),
        ("GET", "versioning") => service.get_versioning(request),
        ("PUT", "versioning") => service.put_versioning(request),
        ("PUT", "") => service.store.create(&request.bucket).map(|()| Reply::new(200)),
        ("POST", "delete") => service.delete_objects(request),
        _ => Err(Code::NOT_IMPLEMENTED.into()),
    }
}

fn on_object(
    service: &Service,
    request: &Request,
    sub: &str,
    caller: Caller,
    request_id: &str,
) -> Result<Reply, Error> {
    let upload = request.parameter("uploadId").unwrap_or_default();
    let copy = request.header("x-cos-copy-source").is_some();
    match (request.method.as_str(), sub) {
        ("GET", "") if is_processed(request) => service.get_processed(request, caller),
        ("GET" | "HEAD", "") => service.get_object(request, caller),
        ("PUT", "") if copy => service.copy_object(request, request_id),
        ("PUT", "") => service.put_object(request, request_id),
        ("DELETE", "") => service.delete_object(request),
        ("POST", "restore") => service.restore_object(request),
        ("POST", "uploads") => service.initiate_upload(request),
        ("PUT", "uploadId") if !copy => service.upload_part(request, upload),
        ("POST", "uploadId") => service.complete_upload(request, upload, request_id),
        ("DELETE", "uploadId") => service.abort_upload(request, upload),
        ("GET", "uploadId") => service.list_parts(request, upload),
        _ => Err(Code::NOT_IMPLEMENTED.into()),
    }
}

/// Puts the common headers on an answer and its body on the wire as the fault wants it.
fn finish(
    service: &Service,
    reply: Reply,
    head: bool,
    request_id: &str,
    fault: Option<&FaultKind>,
) -> Response<Outgoing> {
    let mut builder = Response::builder()
        .status(reply.status)
        .header("Server", "tencent-cos")
        .header("Date", http_date(service.now()))
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
