//! Record of the requests, for tests and the admin port.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::cos::wire::request::CosRequest;

/// Request as it arrived, with the status of its response.
#[derive(Clone, Debug, Serialize)]
pub struct RecordedRequest {
    /// Method in upper case.
    pub method: String,
    /// Full bucket name.
    pub bucket: String,
    /// Decoded key; empty for operations on the bucket.
    pub key: String,
    /// Decoded parameters in the order of the request.
    pub query: Vec<(String, String)>,
    /// HTTP status; 0 when the connection ended without a response.
    pub status: u16,
    /// Headers of the request by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// Length of the request body, in bytes.
    pub body_len: usize,
    /// Number of the connection. Requests of one connection have the same number.
    pub connection: u64,
    /// Time when the response was ready, since the Unix epoch.
    pub at: Duration,
}

/// Requests since the start or the last clearing.
#[derive(Debug, Default)]
pub(crate) struct Journal(Mutex<Vec<RecordedRequest>>);

impl Journal {
    /// Locks the list of requests.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Vec<RecordedRequest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends a request with the status of its response.
    pub(crate) fn write(&self, request: &CosRequest, status: u16) {
        self.lock().push(RecordedRequest {
            method: request.method.clone(),
            bucket: request.bucket.clone(),
            key: request.key.clone(),
            query: request.query.clone(),
            status,
            headers: request.headers.iter().cloned().collect(),
            body_len: request.body.len(),
            connection: request.connection,
            at: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
        });
    }
}
