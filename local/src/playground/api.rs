//! The addresses of the server: files of the page, and the calls that the page makes.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::http::request::Parts;
use hyper::{Request, Response};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::http::{HttpAction, ScriptedBody};
use crate::playground::configuration::RawConfiguration;
use crate::playground::cos_client::Place;
use crate::playground::error::ApiError;
use crate::playground::guard::{self, API};
use crate::playground::service::Service;
use crate::playground::{assets, events, reply};

/// Largest photo, MB.
const MAX_PHOTO_MB: usize = 256;

/// Largest JSON document of a call, MB.
const MAX_JSON_MB: usize = 4;

/// Content type of calls. A form of another site cannot send it.
const JSON: &str = "application/json";

/// Call about a configuration.
#[derive(Deserialize)]
struct ConfigurationCall {
    configuration: RawConfiguration,
    region: String,
    source: String,
}

/// Call that runs the function for a photo.
#[derive(Deserialize)]
struct RunCall {
    configuration: RawConfiguration,
    bucket: String,
    key: String,
}

/// Call about one thumbnail of the latest scores, in another format.
#[derive(Deserialize)]
struct LookCall {
    #[serde(flatten)]
    run: RunCall,
    index: usize,
    format: String,
    score: f64,
}

/// Answers one request to this port.
pub(super) async fn handle(service: Arc<Service>, port: u16, request: Request<Incoming>) -> HttpAction {
    let (parts, body) = request.into_parts();
    if let Err(refusal) = guard::check(&parts, port) {
        return HttpAction::RespondThenClose(reply::json::<()>(Err(refusal.into())));
    }
    let path = parts.uri.path().to_owned();
    let response = match (parts.method.as_str(), path.strip_prefix(API)) {
        ("GET" | "HEAD", None) => match assets::find(&path) {
            Some((content_type, bytes)) => reply::asset(content_type, bytes),
            None => reply::json::<()>(Err(ApiError::NotFound)),
        },
        ("GET", Some(call)) => read(&service, call, &parts).await,
        ("POST", Some(call)) => change(&service, call, &parts, body).await,
        (_, None) => reply::method_not_allowed("GET, HEAD"),
        (_, Some(_)) => reply::method_not_allowed("GET, POST"),
    };
    HttpAction::Respond(response)
}

/// Answers a call that changes nothing.
async fn read(service: &Service, call: &str, parts: &Parts) -> Response<ScriptedBody> {
    let (name, rest) = call.split_once('/').unwrap_or((call, ""));
    let found = match (name, rest) {
        ("state", "") => return reply::json(service.state().await),
        ("kinds", "") => return reply::json(Ok(events::kinds())),
        ("buckets", "") => {
            let seen = parameters(parts, "seen").next().and_then(|revision| revision.parse().ok());
            return reply::json(Ok(service.buckets(parameters(parts, "bucket").collect(), seen).await));
        }
        ("samples", name) => decode(name)
            .and_then(|name| service.sample(&name))
            .map(|(content_type, bytes)| reply::object(content_type, bytes)),
        ("objects", path) => object(service, path),
        ("pictures", number) => {
            let picture = number.parse().ok().and_then(|number| service.pictures.picture(number));
            picture.map(|(content_type, bytes)| reply::object(&content_type, bytes))
        }
        _ => None,
    };
    found.unwrap_or_else(|| reply::json::<()>(Err(ApiError::NotFound)))
}

/// The object at `BUCKET/KEY`, whose slashes may be encoded.
fn object(service: &Service, path: &str) -> Option<Response<ScriptedBody>> {
    let (bucket, key) = path.split_once('/')?;
    let object = service.cos.object(&decode(bucket)?, &decode(key)?)?;
    let content_type = object.headers.get("content-type").map_or("", String::as_str);
    Some(reply::object(content_type, object.bytes))
}

/// Answers a call that uploads, runs or checks.
async fn change(service: &Arc<Service>, call: &str, parts: &Parts, body: Incoming) -> Response<ScriptedBody> {
    match call {
        "configuration" => {
            let checked = async {
                let ConfigurationCall { configuration, region, source } = read_json(parts, body).await?;
                service.configuration(configuration, &region, &source).await
            };
            reply::json(checked.await)
        }
        "photos" => reply::json(upload(service, parts, body).await),
        "runs" => {
            let run = async {
                let RunCall { configuration, bucket, key } = read_json(parts, body).await?;
                service.run(configuration, &Place { bucket, key }).await
            };
            reply::json(run.await)
        }
        "removals" => {
            let removed = async { service.remove_object(read_json(parts, body).await?).await };
            reply::json(removed.await)
        }
        "messages" => reply::json(read_json(parts, body).await.and_then(|call| service.message(&call))),
        "deliveries" => {
            let delivered = async {
                let (service, call) = (Arc::clone(service), read_json(parts, body).await?);
                // Goes on when the page is closed, so that no fault outlives its delivery.
                let delivery = tokio::spawn(async move { service.deliver_event(call).await });
                delivery.await.map_err(|error| ApiError::Call(error.to_string()))?
            };
            reply::json(delivered.await)
        }
        "previews" => {
            let preview = async {
                let RunCall { configuration, bucket, key } = read_json(parts, body).await?;
                service.preview(configuration, &Place { bucket, key }).await
            };
            reply::json(preview.await)
        }
        "scores" => {
            let scores = async {
                let RunCall { configuration, bucket, key } = read_json(parts, body).await?;
                service.scores(configuration, &Place { bucket, key }).await
            };
            reply::json(scores.await)
        }
        "looks" => {
            let look = async {
                let LookCall { run, index, format, score } = read_json(parts, body).await?;
                let RunCall { configuration, bucket, key } = run;
                let (configuration, place) = (configuration.try_into()?, Place { bucket, key });
                service.pictures.same_look(&configuration, &place, index, &format, score).await
            };
            reply::json(look.await)
        }
        _ => reply::json::<()>(Err(ApiError::NotFound)),
    }
}

/// Uploads the body under `?bucket=…&key=…`.
async fn upload(
    service: &Service,
    parts: &Parts,
    body: Incoming,
) -> Result<impl serde::Serialize + use<>, ApiError> {
    let parameter = |wanted| {
        let found = parameters(parts, wanted).next().filter(|value| !value.is_empty());
        found.ok_or_else(|| ApiError::Call(format!("{wanted} is missing")))
    };
    let place = Place { bucket: parameter("bucket")?, key: parameter("key")? };
    if !is_bucket(&place.bucket) {
        return Err(ApiError::Call(format!("{} is no full bucket name, <name>-<appid>", place.bucket)));
    }
    let content_type = header(parts, CONTENT_TYPE.as_str()).to_owned();
    let bytes = collect(body, MAX_PHOTO_MB).await?;
    service.upload(place, &content_type, bytes).await
}

/// Returns whether a text is a full bucket name (436/13312), which becomes part of a host name.
fn is_bucket(text: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.len() <= 60
        && text.bytes().all(is_name)
        && text.rsplit_once('-').is_some_and(|(name, app_id)| {
            let is_bare = name.starts_with('-') || name.ends_with('-') || name.is_empty();
            !is_bare && !app_id.is_empty() && app_id.bytes().all(|byte| byte.is_ascii_digit())
        })
}

/// Returns the decoded values of a parameter of the query.
fn parameters<'a>(parts: &'a Parts, wanted: &'a str) -> impl Iterator<Item = String> + 'a {
    let pairs = parts.uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(move |(name, _)| *name == wanted).filter_map(|(_, value)| decode(value))
}

async fn read_json<T: DeserializeOwned>(parts: &Parts, body: Incoming) -> Result<T, ApiError> {
    if header(parts, CONTENT_TYPE.as_str()) != JSON {
        return Err(ApiError::Call(format!("its content type is not {JSON}")));
    }
    let bytes = collect(body, MAX_JSON_MB).await?;
    serde_json::from_slice(&bytes).map_err(|error| ApiError::Call(error.to_string()))
}

async fn collect(body: Incoming, most_mb: usize) -> Result<Bytes, ApiError> {
    let limited = Limited::new(body, most_mb << 20);
    let collected = limited.collect().await.map_err(|_| ApiError::TooLarge(most_mb))?;
    Ok(collected.to_bytes())
}

fn header<'a>(parts: &'a Parts, name: &str) -> &'a str {
    parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn decode(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(|text| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_full_bucket_names_become_host_names() {
        for name in ["example-1250000000", "a-1", "my-photos-1250000000"] {
            assert!(is_bucket(name), "{name}");
        }
        let long = format!("{}-1250000000", "a".repeat(60));
        for name in ["", "photos", "photos-", "-1250000000", "a.b-1", "A-1", "a b-1", "a/b-1", "..-1", &long]
        {
            assert!(!is_bucket(name), "{name}");
        }
    }
}
