//! Download of an object through COS's own image processing (Cloud Infinite, 1045/33713).
//!
//! Tencent does not document if such a response has a length, an ETag, or ranges. So the whole body is read,
//! and a failure starts again from its beginning.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use tokio::time::Instant;

use crate::cos::BucketLocation;
use crate::cos::client::Session;
use crate::cos::error::{Error, NetworkFault};
use crate::cos::exchange::Request;
use crate::cos::operation::{Method, Operation};
use crate::cos::retry::{Attempts, FailureKind};
use crate::object::{Key, VersionId};

/// Longest response, bytes: the limit of Cloud Infinite (460/36620).
const LONGEST: usize = 32 * 1024 * 1024;

impl Session {
    /// Downloads an object that Cloud Infinite converts to JPEG by `process`, such as
    /// `imageMogr2/format/jpg`.
    ///
    /// # Errors
    /// As [`get`](Self::get); [`Error::Refused`] when Cloud Infinite is not enabled for the bucket or cannot
    /// read the object; [`Error::Protocol`] when the response is no JPEG.
    pub async fn get_processed(
        &self,
        location: &BucketLocation,
        key: &Key,
        version: Option<&VersionId>,
        process: &str,
    ) -> Result<Bytes, Error> {
        let operation = Operation {
            method: Method::Get,
            location: location.clone(),
            key: key.clone(),
            version: version.cloned(),
            process: Some(process.to_owned()),
        };
        let request = Request { operation, headers: Vec::new(), body: None, expected: &[200] };
        let mut attempts = self.attempts();
        loop {
            let response = self.send(&request, &mut attempts).await?;
            let (fault, kind) = match self.body(&request.operation, response, &attempts).await? {
                Ok(body) if body.starts_with(&[0xff, 0xd8]) => return Ok(body),
                Ok(_) => {
                    return Err(Error::protocol(&request.operation, "with something else than a JPEG"));
                }
                Err(failed) => failed,
            };
            let error = Error::transport(&request.operation, fault);
            self.back_off(&request.operation, &mut attempts, kind, error).await?;
        }
    }

    /// Reads a body to its end. The outer error is final; the inner one can be retried.
    async fn body(
        &self,
        operation: &Operation,
        mut response: Response,
        attempts: &Attempts,
    ) -> Result<Result<Bytes, (NetworkFault, FailureKind)>, Error> {
        let mut body = BytesMut::new();
        loop {
            let Some(timeout) = self.timeout(attempts, Duration::ZERO) else {
                return Err(Error::deadline(operation, None));
            };
            let chunk = match tokio::time::timeout(timeout, response.chunk()).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) => return Ok(Ok(body.freeze())),
                Ok(Err(error)) => {
                    let kind = FailureKind::ConnectionLost { from_cos: true };
                    return Ok(Err((NetworkFault::Http(error.without_url()), kind)));
                }
                Err(_) if Instant::now() >= self.deadline => return Err(Error::deadline(operation, None)),
                Err(_) => {
                    return Ok(Err((NetworkFault::Stalled(timeout), FailureKind::Busy { from_cos: true })));
                }
            };
            if body.len().saturating_add(chunk.len()) > LONGEST {
                return Err(Error::protocol(operation, "with more than 32 MB"));
            }
            self.counters.bytes_in.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            body.extend_from_slice(&chunk);
        }
    }
}
