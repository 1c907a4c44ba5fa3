//! The admin port: faults and the journal for programs that are not linked to the twin.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};
use serde::Deserialize;
use tokio::net::TcpListener;

use crate::cos::fault::Fault;
use crate::cos::service::Service;
use crate::http::{self, Outgoing, Verdict};

/// Largest list of faults, in bytes.
const BODY_MAX: usize = 1 << 20;

#[derive(Deserialize)]
#[serde(untagged)]
enum Faults {
    One(Box<Fault>),
    Many(Vec<Fault>),
}

pub(crate) async fn serve(listener: TcpListener, service: Arc<Service>) {
    let handler = move |request| {
        let service = Arc::clone(&service);
        async move {
            let (status, text) = answer(&service, request).await;
            let mut response = Response::new(Outgoing::whole(Bytes::from(text)));
            *response.status_mut() = status;
            Verdict::Answer(response)
        }
    };
    http::serve(&listener, handler, |socket| socket).await;
}

async fn answer(service: &Service, request: Request<Incoming>) -> (StatusCode, String) {
    let (parts, body) = request.into_parts();
    match (parts.method.as_str(), parts.uri.path()) {
        ("POST", "/-/faults") => {
            let Ok(body) = Limited::new(body, BODY_MAX).collect().await else {
                return (StatusCode::BAD_REQUEST, "the body is too long or broken\n".to_owned());
            };
            match serde_json::from_slice(&body.to_bytes()) {
                Ok(Faults::One(fault)) => service.faults.add(*fault),
                Ok(Faults::Many(faults)) => faults.into_iter().for_each(|fault| service.faults.add(fault)),
                Err(error) => return (StatusCode::BAD_REQUEST, format!("not a fault: {error}\n")),
            }
            (StatusCode::NO_CONTENT, String::new())
        }
        ("DELETE", "/-/faults") => {
            service.faults.clear();
            (StatusCode::NO_CONTENT, String::new())
        }
        ("GET", "/-/journal") => match serde_json::to_string_pretty(&*service.journal.lock()) {
            Ok(text) => (StatusCode::OK, text),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        },
        ("DELETE", "/-/journal") => {
            service.journal.lock().clear();
            (StatusCode::NO_CONTENT, String::new())
        }
        _ => (StatusCode::NOT_FOUND, "there are /-/faults and /-/journal\n".to_owned()),
    }
}
