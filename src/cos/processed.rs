//! An object as COS's own image processing (Cloud Infinite, 1045/33713) gives it out.
//!
//! It is not known whether such an answer has a length or an ETag of its own, or whether a part of it can be asked
//! for. So it is taken whole, as long as it is, and a failure begins anew.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use tokio::time::Instant;

use crate::cos::Place;
use crate::cos::client::Session;
use crate::cos::error::{Error, Fault};
use crate::cos::exchange::Request;
use crate::cos::operation::{Method, Operation};
use crate::cos::retry::{Attempts, Cause};
use crate::object::{Key, VersionId};

/// Longest answer, bytes: the limit of Cloud Infinite (460/36620).
const LONGEST: usize = 32 * 1024 * 1024;

impl Session {
    /// Asks for an object turned into a JPEG by `process`, a text such as `imageMogr2/format/jpg`.
    ///
    /// # Errors
    /// As [`get`](Self::get); [`Error::Refused`] when Cloud Infinite is not enabled for the bucket or cannot read the
    /// object; [`Error::Protocol`] when the answer is no JPEG.
    pub async fn get_processed(
        &self,
        place: &Place,
        key: &Key,
        version: Option<&VersionId>,
        process: &str,
    ) -> Result<Bytes, Error> {
        let operation = Operation {
            method: Method::Get,
            place: place.clone(),
            key: key.clone(),
            version: version.cloned(),
            process: Some(process.to_owned()),
        };
        let request = Request { operation, headers: Vec::new(), body: None, expected: &[200] };
        let mut attempts = self.attempts();
        loop {
            let response = self.exchange(&request, &mut attempts).await?;
            let (fault, cause) = match self.body(&request.operation, response, &attempts).await? {
                Ok(body) if body.starts_with(&[0xff, 0xd8]) => return Ok(body),
                Ok(_) => {
                    return Err(Error::protocol(&request.operation, "with something else than a JPEG"));
                }
                Err(failed) => failed,
            };
            let error = Error::transport(&request.operation, fault);
            self.pause(&request.operation, &mut attempts, cause, error).await?;
        }
    }

    /// Reads an answer to its end. The outer error is final, the inner one may be healed by asking again.
    async fn body(
        &self,
        operation: &Operation,
        mut response: Response,
        attempts: &Attempts,
    ) -> Result<Result<Bytes, (Fault, Cause)>, Error> {
        let mut body = BytesMut::new();
        loop {
            let Some(patience) = self.patience(attempts, Duration::ZERO) else {
                return Err(Error::deadline(operation, None));
            };
            let chunk = match tokio::time::timeout(patience, response.chunk()).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) => return Ok(Ok(body.freeze())),
                Ok(Err(error)) => {
                    let cause = Cause::Lost { from_cos: true };
                    return Ok(Err((Fault::Http(error.without_url()), cause)));
                }
                Err(_) if Instant::now() >= self.deadline => return Err(Error::deadline(operation, None)),
                Err(_) => return Ok(Err((Fault::Stalled(patience), Cause::Busy { from_cos: true }))),
            };
            if body.len().saturating_add(chunk.len()) > LONGEST {
                return Err(Error::protocol(operation, "with more than 32 MB"));
            }
            self.counters.bytes_in.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            body.extend_from_slice(&chunk);
        }
    }
}
