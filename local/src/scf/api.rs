//! The runtime API of custom runtimes (583/38129): four calls that read and change the state of one instance.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};

use crate::http::{HttpAction, ScriptedBody};
use crate::scf::fault::RuntimeFault;
use crate::scf::instance::{Acceptance, Instance};
use crate::scf::outcome::Outcome;

/// Largest response of a function, in bytes (583/11637).
const RESPONSE_MAX: usize = 6 << 20;

/// Carries out one call of the process.
pub(super) async fn handle(instance: Arc<Instance>, request: Request<Incoming>) -> HttpAction {
    let (parts, body) = request.into_parts();
    let call = (parts.method.as_str(), parts.uri.path());
    match instance.take_fault(call.1) {
        Some(RuntimeFault::Half { .. }) => return next(&instance, half).await,
        Some(RuntimeFault::Garbage { .. }) => return plain(StatusCode::OK, "\u{fffd}{not json"),
        Some(RuntimeFault::Kill { .. }) => {
            instance.lose_outcome();
            // The connection closes with the process.
            return std::future::pending().await;
        }
        Some(RuntimeFault::Reset { .. }) => return HttpAction::Close,
        Some(RuntimeFault::Status { status, .. }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            return plain(status, "injected");
        }
        None => {}
    }
    if call == ("GET", "/runtime/invocation/next") {
        return next(&instance, ScriptedBody::whole).await;
    }
    let body = match Limited::new(body, RESPONSE_MAX).collect().await {
        Ok(body) => String::from_utf8_lossy(&body.to_bytes()).into_owned(),
        Err(_) if call.1.starts_with("/runtime/invocation/") => {
            return acknowledge(instance.record(Outcome::ResponseTooLarge));
        }
        Err(_) => return plain(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"),
    };
    match call {
        ("POST", "/runtime/init/ready") if body.is_empty() => {
            // The author of the tencent_scf crate observed this; the sample in the documents posts one space.
            plain(StatusCode::BAD_REQUEST, "the body is empty")
        }
        ("POST", "/runtime/init/ready") => {
            instance.make_ready();
            plain(StatusCode::OK, "")
        }
        ("POST", "/runtime/invocation/response") => acknowledge(instance.record(Outcome::Response(body))),
        ("POST", "/runtime/invocation/error") => acknowledge(instance.record(Outcome::Error(body))),
        _ => plain(StatusCode::NOT_FOUND, "unknown call"),
    }
}

/// Waits for an event. Further calls return the same event until it has an outcome.
async fn next(instance: &Instance, body: fn(Bytes) -> ScriptedBody) -> HttpAction {
    let event = instance.next_event().await;
    let response = Response::builder()
        .header("request_id", event.request_id)
        .header("memory_limit_in_mb", event.memory_mb)
        .header("time_limit_in_ms", u64::try_from(event.time_limit.as_millis()).unwrap_or(u64::MAX))
        .header("Content-Type", "application/json")
        .header("Content-Length", event.text.len())
        .body(body(Bytes::from(event.text)));
    // Building cannot fail: the header values are ids and numbers of this program.
    response.map_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR, ""), HttpAction::Respond)
}

/// The first half of a body, after which the connection closes.
fn half(mut bytes: Bytes) -> ScriptedBody {
    bytes.truncate(bytes.len() / 2);
    ScriptedBody::truncated(bytes)
}

fn acknowledge(acceptance: Acceptance) -> HttpAction {
    match acceptance {
        // The platform accepts further outcomes and ignores them.
        Acceptance::First | Acceptance::Duplicate => plain(StatusCode::OK, ""),
        Acceptance::NoEvent => plain(StatusCode::BAD_REQUEST, "no event was fetched"),
    }
}

fn plain(status: StatusCode, text: &'static str) -> HttpAction {
    let mut response = Response::new(ScriptedBody::whole(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    HttpAction::Respond(response)
}
