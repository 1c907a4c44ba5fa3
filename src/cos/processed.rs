//! Download of an object through COS's own image processing (Cloud Infinite, 1045/33713).
//!
//! Tencent does not document if such a response has a length, an ETag, or ranges. So a download that fails
//! cannot be resumed: it starts again from its beginning.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use reqwest::Response;

use crate::cos::BucketLocation;
use crate::cos::client::Session;
use crate::cos::error::Error;
use crate::cos::exchange::Request;
use crate::cos::operation::{Method, Operation};
use crate::cos::retry::{Attempts, FailureKind};
use crate::object::{Key, VersionId};

/// Longest response, bytes: the limit of Cloud Infinite (460/36620).
const LONGEST: usize = 32 * 1024 * 1024;

/// JPEG that Cloud Infinite makes of an object, while it is downloaded.
#[derive(Debug)]
pub struct ProcessedDownload {
    session: Session,
    request: Request,
    attempts: Attempts,
    /// Response being read; `None` after a failure.
    response: Option<Response>,
    /// Bytes received of it.
    received: usize,
    /// The failure after which the download can start again.
    failure: Option<FailureKind>,
}

impl Session {
    /// Starts to download an object that Cloud Infinite converts to JPEG by `process`, such as
    /// `imageMogr2/format/jpg`.
    ///
    /// # Errors
    /// As [`get`](Self::get); [`Error::Refused`] when Cloud Infinite is not enabled for the bucket or cannot
    /// read the object.
    pub async fn get_processed(
        &self,
        location: &BucketLocation,
        key: &Key,
        version: Option<&VersionId>,
        process: &str,
    ) -> Result<ProcessedDownload, Error> {
        let operation = Operation {
            process: Some(process.to_owned()),
            ..Operation::new(Method::Get, location, key, version)
        };
        let request =
            Request { operation, headers: Vec::new(), query: Vec::new(), body: None, expected: &[200] };
        let mut attempts = self.attempts();
        let response = Some(self.send(&request, &mut attempts).await?);
        Ok(ProcessedDownload {
            session: self.clone(),
            request,
            attempts,
            response,
            received: 0,
            failure: None,
        })
    }
}

impl ProcessedDownload {
    /// Returns the next bytes as they arrive; `None` after the last. Dropping the future loses no bytes.
    ///
    /// # Errors
    /// [`Error::Transport`] when the network fails, after which [`Self::restart`] may help;
    /// [`Error::Protocol`] when the response is no JPEG or is too long; [`Error::Deadline`].
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        let operation = &self.request.operation;
        let Some(response) = &mut self.response else { return Ok(None) };
        let chunk = match self.session.read_chunk(operation, response, &self.attempts, true).await? {
            Ok(Some(chunk)) => chunk,
            Ok(None) if self.received == 0 => {
                return Err(Error::protocol(operation, "with something else than a JPEG"));
            }
            Ok(None) => return Ok(None),
            Err((fault, kind)) => {
                self.response = None;
                self.failure = Some(kind);
                return Err(Error::transport(operation, fault));
            }
        };
        // SOI begins with 0xFF, which begins no text and no other format.
        if self.received == 0 && chunk.first() != Some(&0xff) {
            return Err(Error::protocol(operation, "with something else than a JPEG"));
        }
        self.received = self.received.saturating_add(chunk.len());
        if self.received > LONGEST {
            return Err(Error::protocol(operation, "with more than 32 MB"));
        }
        self.session.counters.bytes_in.fetch_add(chunk.len() as u64, Ordering::Relaxed);
        Ok(Some(chunk))
    }

    /// Starts again after `error`, which [`Self::chunk`] returned.
    ///
    /// # Errors
    /// `error` if a retry would not help or none is left; those of [`Session::get_processed`].
    pub async fn restart(&mut self, error: Error) -> Result<(), Error> {
        let Some(kind) = self.failure.take() else { return Err(error) };
        self.session.back_off(&self.request.operation, &mut self.attempts, kind, error).await?;
        self.response = Some(self.session.send(&self.request, &mut self.attempts).await?);
        self.received = 0;
        Ok(())
    }
}
