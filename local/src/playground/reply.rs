//! Responses of the page's server, with the headers that keep other sites out.

use bytes::Bytes;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};
use serde::Serialize;
use serde_json::json;

use crate::http::ScriptedBody;
use crate::playground::error::ApiError;

/// Everything comes from the page's own address; nothing runs in the text of a page, and no site may frame it.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Uploaded objects can be documents with scripts. None of them runs.
const OBJECT_POLICY: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";

/// Creates the response with a file of the page.
pub(super) fn asset(content_type: &'static str, bytes: &'static [u8]) -> Response<ScriptedBody> {
    let content_type = HeaderValue::from_static(content_type);
    respond(StatusCode::OK, content_type, Bytes::from_static(bytes), PAGE_POLICY)
}

/// Creates the response with an object or a photo.
pub(super) fn object(content_type: &str, bytes: Bytes) -> Response<ScriptedBody> {
    let is_image = content_type.starts_with("image/") && !content_type.starts_with("image/svg");
    let content_type = HeaderValue::from_str(content_type).ok().filter(|_| is_image);
    let content_type = content_type.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    respond(StatusCode::OK, content_type, bytes, OBJECT_POLICY)
}

/// Creates the response with the result of a call.
pub(super) fn json<T: Serialize>(result: Result<T, ApiError>) -> Response<ScriptedBody> {
    let written = result
        .and_then(|value| serde_json::to_vec(&value).map_err(|error| ApiError::Call(error.to_string())));
    let (status, body) = match written {
        Ok(body) => (StatusCode::OK, body),
        Err(error) => (error.status(), json!({ "error": error.to_string() }).to_string().into_bytes()),
    };
    respond(status, HeaderValue::from_static("application/json"), Bytes::from(body), OBJECT_POLICY)
}

/// Creates the response to a method that an address does not have.
pub(super) fn method_not_allowed(allowed: &'static str) -> Response<ScriptedBody> {
    let text = HeaderValue::from_static("text/plain");
    let mut response = respond(StatusCode::METHOD_NOT_ALLOWED, text, Bytes::new(), OBJECT_POLICY);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

fn respond(
    status: StatusCode,
    content_type: HeaderValue,
    body: Bytes,
    policy: &'static str,
) -> Response<ScriptedBody> {
    let mut response = Response::new(ScriptedBody::whole(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    let others = [
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, policy),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    headers.extend(others.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}
