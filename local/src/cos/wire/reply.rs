//! One answer before it meets the wire.

use bytes::Bytes;

use crate::cos::wire::error::Error;

/// Status, headers, body.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

impl Reply {
    /// An answer without headers and body.
    pub(crate) fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new() }
    }

    /// A document with status 200.
    pub(crate) fn xml(document: String) -> Self {
        let mut reply = Self::new(200).header("Content-Type", "application/xml");
        reply.body = Bytes::from(document);
        reply
    }

    /// An error document; 304 has none.
    pub(crate) fn error(error: &Error, resource: &str, request_id: &str) -> Self {
        let mut reply = Self::new(error.status);
        if error.status != 304 {
            reply.set("Content-Type", "application/xml");
            reply.body = Bytes::from(error.document(resource, request_id));
        }
        for (name, value) in &error.headers {
            reply.set(name, value);
        }
        reply
    }

    /// Adds a header while building.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    /// Sets a header; an earlier value goes.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.headers.retain(|(have, _)| !have.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// The headers in the order they were set.
    pub(crate) fn headers(&self) -> &[(String, String)] {
        &self.headers
    }
}
