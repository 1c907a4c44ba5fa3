//! Download of an object through COS's own image processing (Cloud Infinite, 1045/33713).
//!
//! Tencent does not document if such a response has a length, an ETag, or ranges. So the whole body is read,
//! and a failure starts again from its beginning.

use std::sync::atomic::Ordering;

use bytes::{Bytes, BytesMut};
use reqwest::Response;

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
            process: Some(process.to_owned()),
            ..Operation::new(Method::Get, location, key, version)
        };
        let request = Request { operation, headers: Vec::new(), body: None, expected: &[200] };
        let mut attempts = self.attempts();
        loop {
            let response = self.send(&request, &mut attempts).await?;
            let (fault, kind) = match self.read_body(&request.operation, response, &attempts).await? {
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
    async fn read_body(
        &self,
        operation: &Operation,
        mut response: Response,
        attempts: &Attempts,
    ) -> Result<Result<Bytes, (NetworkFault, FailureKind)>, Error> {
        let mut body = BytesMut::new();
        loop {
            let chunk = match self.read_chunk(operation, &mut response, attempts, true).await? {
                Ok(Some(chunk)) => chunk,
                Ok(None) => return Ok(Ok(body.freeze())),
                Err(failed) => return Ok(Err(failed)),
            };
            if body.len().saturating_add(chunk.len()) > LONGEST {
                return Err(Error::protocol(operation, "with more than 32 MB"));
            }
            self.counters.bytes_in.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            body.extend_from_slice(&chunk);
        }
    }
}
