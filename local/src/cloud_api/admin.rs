//! Unsigned paths below `/-/`, for programs in other languages: faults, counters, and the end of a process.

use bytes::Bytes;
use hyper::{Response, StatusCode};
use serde::Deserialize;

use crate::cloud_api::fault::{ApiFault, ApiFaults};
use crate::cloud_api::request::ApiRequest;
use crate::http::ScriptedBody;
use crate::pool::FunctionPool;

/// Beginning of the paths.
pub(super) const PREFIX: &str = "/-/";

#[derive(Deserialize)]
#[serde(untagged)]
enum FaultList {
    Many(Vec<ApiFault>),
    One(Box<ApiFault>),
}

/// Handles a request to one of the paths. `counters` is the response of `GET /-/counters`.
pub(super) async fn respond(
    request: &ApiRequest,
    faults: &ApiFaults,
    pool: &FunctionPool,
    counters: String,
) -> Response<ScriptedBody> {
    let (status, text) = match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/-/faults") => match serde_json::from_slice(&request.body) {
            Ok(FaultList::One(fault)) => {
                faults.add(*fault);
                (StatusCode::NO_CONTENT, String::new())
            }
            Ok(FaultList::Many(list)) => {
                list.into_iter().for_each(|fault| faults.add(fault));
                (StatusCode::NO_CONTENT, String::new())
            }
            Err(error) => {
                let text = format!("the body is neither a fault nor a list of faults: {error}\n");
                (StatusCode::BAD_REQUEST, text)
            }
        },
        ("DELETE", "/-/faults") => {
            faults.clear();
            (StatusCode::NO_CONTENT, String::new())
        }
        ("GET", "/-/counters") => (StatusCode::OK, counters),
        ("POST", "/-/kill") => match pool.kill_one().await {
            Some(id) => (StatusCode::OK, format!("{id}\n")),
            None => (StatusCode::CONFLICT, "no process runs\n".to_owned()),
        },
        _ => {
            let text = "unknown path; this port has /, /-/faults, /-/counters and /-/kill\n".to_owned();
            (StatusCode::NOT_FOUND, text)
        }
    };
    let mut response = Response::new(ScriptedBody::whole(Bytes::from(text)));
    *response.status_mut() = status;
    response
}
