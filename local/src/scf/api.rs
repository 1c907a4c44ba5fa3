//! The runtime API of SCF's custom runtime (583/38129), as four handlers over the state of one instance.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};

use crate::http::{Outgoing, Verdict};
use crate::scf::fault::RuntimeFault;
use crate::scf::instance::{Instance, Taken};
use crate::scf::outcome::Outcome;

/// Largest answer of a function, in bytes (583/11637).
const ANSWER_MAX: usize = 6 << 20;

/// Carries out one call of the function's process.
pub(super) async fn handle(instance: Arc<Instance>, request: Request<Incoming>) -> Verdict {
    let (parts, body) = request.into_parts();
    let call = (parts.method.as_str(), parts.uri.path());
    match instance.strike(call.1) {
        Some(RuntimeFault::Garbage { .. }) => return plain(StatusCode::OK, "\u{fffd}{not json"),
        Some(RuntimeFault::Reset { .. }) => return Verdict::Close,
        Some(RuntimeFault::Status { status, .. }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            return plain(status, "injected");
        }
        None => {}
    }
    if call == ("GET", "/runtime/invocation/next") {
        return next(&instance).await;
    }
    let body = match Limited::new(body, ANSWER_MAX).collect().await {
        Ok(body) => String::from_utf8_lossy(&body.to_bytes()).into_owned(),
        Err(_) if call.1.starts_with("/runtime/invocation/") => {
            return taken(instance.answer(Outcome::AnswerTooLarge));
        }
        Err(_) => return plain(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long"),
    };
    match call {
        ("POST", "/runtime/init/ready") if body.is_empty() => {
            // An observation of the tencent_scf crate's author; the sample in the documents posts one space.
            plain(StatusCode::BAD_REQUEST, "the body is empty")
        }
        ("POST", "/runtime/init/ready") => {
            instance.make_ready();
            plain(StatusCode::OK, "")
        }
        ("POST", "/runtime/invocation/response") => taken(instance.answer(Outcome::Response(body))),
        ("POST", "/runtime/invocation/error") => taken(instance.answer(Outcome::Error(body))),
        _ => plain(StatusCode::NOT_FOUND, "no such call"),
    }
}

/// Waits for an event. It stays the same until it is answered.
async fn next(instance: &Instance) -> Verdict {
    let event = instance.next_event().await;
    let response = Response::builder()
        .header("request_id", event.request_id)
        .header("memory_limit_in_mb", event.memory_mb)
        .header("time_limit_in_ms", u64::try_from(event.time_limit.as_millis()).unwrap_or(u64::MAX))
        .header("Content-Type", "application/json")
        .body(Outgoing::whole(Bytes::from(event.text)));
    // The header values are ids and numbers made by the twin.
    response.map_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR, ""), Verdict::Answer)
}

fn taken(taken: Taken) -> Verdict {
    match taken {
        // A later answer is accepted and changes nothing.
        Taken::First | Taken::Late => plain(StatusCode::OK, ""),
        Taken::NoEvent => plain(StatusCode::BAD_REQUEST, "no event was fetched"),
    }
}

fn plain(status: StatusCode, text: &'static str) -> Verdict {
    let mut response = Response::new(Outgoing::whole(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    Verdict::Answer(response)
}
