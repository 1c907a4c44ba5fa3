//! The admin port: faults, the journal and inventory jobs, for programs in other languages.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};
use serde::Deserialize;
use tokio::net::TcpListener;

use crate::cos::fault::Fault;
use crate::cos::service::Service;
use crate::http::{self, HttpAction, ScriptedBody};

/// Largest list of faults, in bytes.
const BODY_MAX: usize = 1 << 20;

/// Beginning of the paths of inventory jobs.
const INVENTORY: &str = "/-/inventory/";

#[derive(Deserialize)]
#[serde(untagged)]
enum Faults {
    One(Box<Fault>),
    Many(Vec<Fault>),
}

/// Serves the admin port until the future is dropped.
pub(crate) async fn serve(listener: TcpListener, service: Arc<Service>) {
    let handler = move |request| {
        let service = Arc::clone(&service);
        async move {
            let (status, text) = respond(&service, request).await;
            let mut response = Response::new(ScriptedBody::whole(Bytes::from(text)));
            *response.status_mut() = status;
            HttpAction::Respond(response)
        }
    };
    http::serve(&listener, handler, |socket| socket).await;
}

async fn respond(service: &Service, request: Request<Incoming>) -> (StatusCode, String) {
    let (parts, body) = request.into_parts();
    match (parts.method.as_str(), parts.uri.path()) {
        ("POST", "/-/faults") => {
            let Ok(body) = Limited::new(body, BODY_MAX).collect().await else {
                return (StatusCode::BAD_REQUEST, "the body is too large or incomplete\n".to_owned());
            };
            match serde_json::from_slice(&body.to_bytes()) {
                Ok(Faults::One(fault)) => service.faults.add(*fault),
                Ok(Faults::Many(faults)) => faults.into_iter().for_each(|fault| service.faults.add(fault)),
                Err(error) => {
                    return (
                        StatusCode::BAD_REQUEST,
                        format!("the body is neither a fault nor a list of faults: {error}\n"),
                    );
                }
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
        ("POST", path) if path.starts_with(INVENTORY) => run_inventory(service, path),
        _ => {
            let text = "unknown path; this port has /-/faults, /-/journal and /-/inventory/<bucket>/<id>\n";
            (StatusCode::NOT_FOUND, text.to_owned())
        }
    }
}

/// Runs the job that the path names, and returns the key of its manifest.
fn run_inventory(service: &Service, path: &str) -> (StatusCode, String) {
    let job = path.strip_prefix(INVENTORY).and_then(|names| names.split_once('/'));
    let Some((bucket, id)) = job else {
        return (StatusCode::NOT_FOUND, "the form is /-/inventory/<bucket>/<id>\n".to_owned());
    };
    match service.run_inventory(bucket, id) {
        Ok(manifest) => (StatusCode::OK, format!("{manifest}\n")),
        Err(error) => (StatusCode::CONFLICT, format!("{}: {}\n", error.code(), error.message())),
    }
}
