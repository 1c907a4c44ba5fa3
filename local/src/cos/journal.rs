//! The requests so far, for tests and the admin port.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::cos::wire::request;

/// One request as it arrived, and the status it was answered with.
#[derive(Clone, Debug, Serialize)]
pub struct Request {
    /// Upper case.
    pub method: String,
    /// Full bucket name.
    pub bucket: String,
    /// Raw key; empty for bucket operations.
    pub key: String,
    /// Decoded parameters in their order.
    pub query: Vec<(String, String)>,
    /// HTTP status; 0 when the connection ended without an answer.
    pub status: u16,
    /// Headers of the request by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// Bytes of the request's body.
    pub body_len: usize,
    /// The connection it came over: the same number for the same connection.
    pub connection: u64,
    /// Since the epoch, when the answer was ready.
    pub at: Duration,
}

/// The requests so far.
#[derive(Debug, Default)]
pub(crate) struct Journal(Mutex<Vec<Request>>);

impl Journal {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Vec<Request>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self, request: &request::Request, status: u16) {
        self.lock().push(Request {
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
