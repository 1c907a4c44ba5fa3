//! Handling of requests: parse, apply faults, carry out the operation, build the response.
//!
//! Operations block on the file system. They run on the blocking threads of tokio.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::Response;
use hyper::body::Incoming;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::sleep;

use crate::cos::fault::FaultKind;
use crate::cos::refusal::Refusal;
use crate::cos::router;
use crate::cos::service::Service;
use crate::cos::storage::ids;
use crate::cos::wire::error::{CosError, ErrorCode};
use crate::cos::wire::request::CosRequest;
use crate::cos::wire::response::CosResponse;
use crate::dates::http_date;
use crate::http::{HttpAction, ScriptedBody};

/// Largest body of one request, in bytes. Bodies are held in memory.
const BODY_MAX: u64 = 1 << 30;

/// Handles one request.
pub(crate) async fn handle(service: Arc<Service>, http: hyper::Request<Incoming>) -> HttpAction {
    let (parts, incoming) = http.into_parts();
    // The client has disconnected, or the body is too large.
    let Ok(body) = http_body_util::Limited::new(incoming, usize::try_from(BODY_MAX).unwrap_or(usize::MAX))
        .collect()
        .await
    else {
        return HttpAction::Close;
    };
    let request_id = ids::request();
    let mut request = match CosRequest::read(&parts, body.to_bytes(), &service.host_suffixes) {
        Ok(request) => request,
        Err(error) => {
            let host = parts.headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
            let resource = format!("{host}{}", parts.uri.path());
            let response = CosResponse::error(&error, &resource, &request_id);
            return HttpAction::Respond(finish(
                &service,
                response,
                parts.method == "HEAD",
                &request_id,
                None,
            ));
        }
    };
    if request.method == "CONNECT" {
        return refuse_tunnel(&service, &request, &request_id);
    }
    let fault = service.faults.take(&request);
    match &fault {
        Some(FaultKind::Reset) => {
            service.journal.write(&request, 0);
            return HttpAction::Close;
        }
        Some(FaultKind::Stall) => {
            service.journal.write(&request, 0);
            return pending().await;
        }
        Some(FaultKind::PreviousVersion) => {
            request.stale_version = service.store.previous_version(&request.bucket, &request.key);
        }
        Some(kind) => sleep(kind.delay()).await,
        None => {}
    }
    respond(service, request, fault, request_id).await
}

/// Refuses to be a proxy for HTTPS.
fn refuse_tunnel(service: &Service, request: &CosRequest, request_id: &str) -> HttpAction {
    let message = "The local COS is a proxy for http only; tell the client to use http instead of https.";
    let error = CosError::with_message(ErrorCode::NOT_IMPLEMENTED, message);
    if let Some(refusal) = Refusal::new(request, &error) {
        service.refusals.send(&refusal);
    }
    let response = CosResponse::error(&error, &request.resource(), request_id);
    HttpAction::Respond(finish(service, response, false, request_id, None))
}

/// Carries out a request, unless the fault replaces its response.
async fn respond(
    service: Arc<Service>,
    request: CosRequest,
    fault: Option<FaultKind>,
    request_id: String,
) -> HttpAction {
    let injected = match &fault {
        Some(FaultKind::ExpiredToken) => Some(CosError::from(ErrorCode::EXPIRED_TOKEN)),
        Some(FaultKind::Redirect(to)) => {
            Some(CosError::injected(307, "TemporaryRedirect").header("Location", to))
        }
        Some(FaultKind::Status { status, code }) => Some(CosError::injected(*status, code)),
        _ => None,
    };
    let resource = request.resource();
    let request = Arc::new(request);
    let mut response = match injected {
        Some(error) => CosResponse::error(&error, &resource, &request_id),
        None => {
            let asked = Arc::clone(&request);
            let (shared, request) = (Arc::clone(&service), Arc::clone(&request));
            let id = request_id.clone();
            let work = move || router::execute(&shared, &request, &id);
            let joined = tokio::task::spawn_blocking(work).await;
            let result = joined.unwrap_or_else(|_| Err(ErrorCode::INTERNAL_ERROR.into()));
            result.unwrap_or_else(|error| {
                if let Some(refusal) = Refusal::new(&asked, &error) {
                    service.refusals.send(&refusal);
                }
                CosResponse::error(&error, &resource, &request_id)
            })
        }
    };
    service.add_cors(&request, &mut response);
    let is_lost = matches!(fault, Some(FaultKind::LostAnswer | FaultKind::Unanswered));
    service.journal.write(&request, if is_lost { 0 } else { response.status });
    if matches!(fault, Some(FaultKind::Unanswered)) {
        return pending().await;
    }
    if is_lost {
        return HttpAction::Close;
    }
    let closes = matches!(fault, Some(FaultKind::CloseAfterAnswer));
    let response = finish(&service, response, request.method == "HEAD", &request_id, fault.as_ref());
    if closes { HttpAction::RespondThenClose(response) } else { HttpAction::Respond(response) }
}

/// Adds the common headers, and applies the fault to the body.
fn finish(
    service: &Service,
    response: CosResponse,
    head: bool,
    request_id: &str,
    fault: Option<&FaultKind>,
) -> Response<ScriptedBody> {
    let mut builder = Response::builder()
        .status(response.status)
        .header("Server", "tencent-cos")
        .header("Date", http_date(service.now()))
        .header("x-cos-request-id", request_id);
    for (name, value) in response.headers() {
        // Metadata may contain bytes that are not ASCII; they are returned unchanged.
        builder = builder.header(name, value.as_bytes());
    }
    if !matches!(response.status, 204 | 304) {
        let has_document = response.status >= 300;
        let length = if head && has_document { 0 } else { response.body.len() };
        builder = builder.header("Content-Length", length);
    }
    let body = if head { ScriptedBody::default() } else { faulty_body(response.body, fault) };
    let built = builder.body(body).map_err(drop).and_then(|mut built| {
        if let Some(FaultKind::Header { name, value }) = fault {
            replace_header(built.headers_mut(), name, value).map_err(drop)?;
        }
        Ok(built)
    });
    built.unwrap_or_else(|()| {
        // Reached only by header values that HTTP forbids; requests cannot contain them.
        let mut plain = Response::new(ScriptedBody::default());
        *plain.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
        plain
    })
}

/// Gives a header another value, or removes it if that is empty.
fn replace_header(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), hyper::http::Error> {
    let name = HeaderName::from_bytes(name.as_bytes())?;
    if value.is_empty() {
        headers.remove(name);
    } else {
        headers.insert(name, HeaderValue::from_str(value)?);
    }
    Ok(())
}

/// Applies a fault to the body of a response.
fn faulty_body(mut bytes: Bytes, fault: Option<&FaultKind>) -> ScriptedBody {
    match fault {
        Some(FaultKind::Corrupt) => {
            let mut damaged = bytes.to_vec();
            let middle = damaged.len() / 2;
            if let Some(byte) = damaged.get_mut(middle) {
                *byte ^= 1;
            }
            ScriptedBody::whole(Bytes::from(damaged))
        }
        // A body without a known length, so that a wrong `Content-Length` decides how much of it is sent.
        Some(FaultKind::Header { .. }) => {
            let whole = bytes.len();
            ScriptedBody::paced(bytes, whole, Duration::ZERO)
        }
        Some(FaultKind::Slow { chunk, pause_ms, .. }) => {
            let chunk = if *chunk == 0 { bytes.len() } else { *chunk };
            ScriptedBody::paced(bytes, chunk, Duration::from_millis(*pause_ms))
        }
        Some(FaultKind::StallAfter(count)) => {
            bytes.truncate(*count);
            ScriptedBody::stalled(bytes)
        }
        Some(FaultKind::Truncate(count)) => {
            bytes.truncate(*count);
            ScriptedBody::truncated(bytes)
        }
        _ => ScriptedBody::whole(bytes),
    }
}
