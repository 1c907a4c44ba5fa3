//! Calls as they arrive, and their parameters.

use bytes::Bytes;
use hyper::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::cloud_api::error::ApiError;

/// Call of an action.
#[derive(Clone, Debug)]
pub(super) struct ApiRequest {
    /// Method in upper case.
    pub(super) method: String,
    pub(super) path: String,
    /// Query without its question mark, not decoded.
    pub(super) query: String,
    /// Headers in the order of the request, with lower-case names.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

impl ApiRequest {
    pub(super) fn read(parts: &Parts, body: Bytes) -> Self {
        let headers = parts.headers.iter().map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        });
        Self {
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: headers.collect(),
            body,
        }
    }

    /// Returns the value of a header by its lower-case name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    /// Returns the action, or an empty text.
    pub(super) fn action(&self) -> &str {
        self.header("x-tc-action").unwrap_or_default()
    }

    /// Reads the parameters of an action from the body.
    pub(super) fn parameters<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let message = error.to_string();
            let code = if message.starts_with("unknown field") {
                "UnknownParameter"
            } else if message.starts_with("missing field") {
                "MissingParameter"
            } else {
                "InvalidParameter"
            };
            ApiError::new(code, format!("The parameters of {} are invalid: {message}.", self.action()))
        })
    }
}
