//! Streamed download of one object, resumed after network failures.
//!
//! It yields either all bytes that were asked for or an error: a body that ends early is never taken for the
//! end of the object. Each resumed request carries `If-Match`, and its response must name the same content, so two
//! states of an object are never mixed.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use reqwest::Response;

use crate::cos::client::Session;
use crate::cos::error::{Error, NetworkFault};
use crate::cos::exchange::Request;
use crate::cos::operation::Operation;
use crate::cos::retry::{Attempts, FailureKind};
use crate::cos::{Head, content_length, header_text};
use crate::object::Crc64Digest;

/// Object that is being downloaded.
#[derive(Debug)]
pub struct Download {
    /// Metadata of the object from the first response.
    pub head: Head,
    session: Session,
    operation: Operation,
    attempts: Attempts,
    /// Bytes still to come, as a range of the object.
    rest: Range<u64>,
    /// `true` if the whole object was asked for, so that resumed requests leave the end open.
    open_end: bool,
    /// Bytes received since the attempts were last reset.
    progress: u64,
    /// Response being read; `None` after a failure.
    response: Option<Response>,
    /// Checksum of the bytes received.
    checksum: Crc64Digest,
}

impl Download {
    /// Bytes of progress after which the attempts start anew. A weak link can then carry a large object, and
    /// a server that sends a few bytes at a time cannot keep the function busy.
    const RESET_AFTER: u64 = 1 << 20;

    /// Most remaining bytes that are read to keep a connection. At 100 MB/s they take 2.6 ms. A new
    /// connection takes about as long: its handshakes need two round trips and a millisecond of CPU.
    const MAX_DRAINED: u64 = 256 * 1024;

    /// Sends the first request and checks the length or the range of its response.
    pub(super) async fn begin(
        session: &Session,
        operation: Operation,
        range: Option<Range<u64>>,
    ) -> Result<Self, Error> {
        let mut attempts = session.attempts();
        let (headers, expected): (_, &[u16]) = match &range {
            Some(range) if range.is_empty() => {
                return Err(Error::unsendable(&operation, "the range asked for is empty"));
            }
            Some(range) => (vec![range_header(range.start, Some(range.end))], &[206]),
            None => (Vec::new(), &[200]),
        };
        let request = Request { operation, headers, query: Vec::new(), body: None, expected };
        let response = session.send(&request, &mut attempts).await?;
        attempts.reset();
        let operation = request.operation;
        let (length, rest) = match &range {
            Some(range) => {
                let part = ContentRange::of(&response)
                    .filter(|part| part.bytes.start == range.start && part.bytes.end <= range.end)
                    .ok_or_else(|| Error::protocol(&operation, "with a range that was not asked for"))?;
                (part.total, part.bytes)
            }
            None => {
                let length = content_length(&response, &operation)?;
                (length, 0..length)
            }
        };
        Ok(Self {
            head: Head::from_headers(response.headers(), length),
            session: session.clone(),
            operation,
            attempts,
            open_end: range.is_none(),
            rest,
            progress: 0,
            response: Some(response),
            checksum: Crc64Digest::default(),
        })
    }

    /// Number of bytes still to come.
    #[must_use]
    pub fn remaining(&self) -> u64 {
        self.rest.end.saturating_sub(self.rest.start)
    }

    /// Abandons the download.
    ///
    /// A short rest is read so that the connection can be reused. Nothing is retried, and a failure costs
    /// only the connection. [`Self::remaining`] still counts the bytes that never came.
    pub async fn drain(&mut self) {
        while (1..=Self::MAX_DRAINED).contains(&self.remaining()) {
            let Ok(Ok(_)) = self.receive().await else { break };
        }
        self.response = None;
    }

    /// Compares an object that has arrived as a whole with its checksum. What was not asked for, or has not come, cannot be
    /// compared.
    ///
    /// # Errors
    /// [`Error::Corrupted`] when a byte was damaged on its way.
    pub fn verify(&self) -> Result<(), Error> {
        let is_whole = self.open_end && self.rest.is_empty();
        match self.head.crc64.filter(|_| is_whole) {
            Some(named) if named != self.checksum.value() => {
                Err(Error::Corrupted(Box::new(self.operation.clone())))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Returns the next bytes as they arrive; `None` after the last.
    ///
    /// A network failure is followed by a request for the rest, conditional on the ETag. Dropping the future
    /// loses no bytes.
    ///
    /// # Errors
    /// [`Error::Changed`] when the object was overwritten; [`Error::Transport`] when the network keeps
    /// failing, or when the object has no ETag to resume by; [`Error::Deadline`]; and those of
    /// [`Session::get`].
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        while !self.rest.is_empty() {
            let (fault, kind) = match self.receive().await? {
                Ok(chunk) => return Ok(Some(chunk)),
                Err(failed) => failed,
            };
            // The connection of a broken response cannot be reused.
            self.response = None;
            let error = Error::transport(&self.operation, fault);
            if self.head.etag.is_none() {
                return Err(error);
            }
            self.session.back_off(&self.operation, &mut self.attempts, kind, error).await?;
            self.response = Some(self.resume().await?);
        }
        self.response = None;
        Ok(None)
    }

    /// Waits for bytes. The outer error is final; the inner one can be retried by resuming.
    async fn receive(&mut self) -> Result<Result<Bytes, (NetworkFault, FailureKind)>, Error> {
        let from_cos = self.head.request_id.is_some();
        let (received, left) = (self.rest.start, self.remaining());
        let truncated = || {
            let fault = NetworkFault::Truncated { expected: received + left, received };
            Ok(Err((fault, FailureKind::ConnectionLost { from_cos })))
        };
        let Some(response) = self.response.as_mut() else { return truncated() };
        match self.session.read_chunk(&self.operation, response, &self.attempts, from_cos).await? {
            Ok(Some(chunk)) if chunk.len() as u64 > left => {
                Err(Error::protocol(&self.operation, "with more bytes than announced"))
            }
            Ok(Some(chunk)) => {
                self.advance(&chunk);
                Ok(Ok(chunk))
            }
            Ok(None) => truncated(),
            Err(failed) => Ok(Err(failed)),
        }
    }

    fn advance(&mut self, chunk: &[u8]) {
        let bytes = chunk.len() as u64;
        self.checksum.update(chunk);
        self.session.counters.bytes_in.fetch_add(bytes, Ordering::Relaxed);
        self.rest.start = self.rest.start.saturating_add(bytes);
        self.progress = self.progress.saturating_add(bytes);
        if self.progress >= Self::RESET_AFTER {
            self.progress = 0;
            self.attempts.reset();
        }
    }

    /// Requests the rest of the same object.
    async fn resume(&mut self) -> Result<Response, Error> {
        let changed = || Error::Changed(Box::new(self.operation.clone()));
        let etag = self.head.etag.as_ref().ok_or_else(changed)?;
        let end = (!self.open_end).then_some(self.rest.end);
        let request = Request {
            operation: self.operation.clone(),
            headers: vec![range_header(self.rest.start, end), (Cow::Borrowed("if-match"), etag.quoted())],
            query: Vec::new(),
            body: None,
            expected: &[200, 206],
        };
        let response = match self.session.send(&request, &mut self.attempts).await {
            Err(Error::Refused(refusal)) if refusal.response.status == 416 => return Err(changed()),
            outcome => outcome?,
        };
        let now = Head::from_headers(response.headers(), self.head.length).content();
        let same = now.zip(self.head.content()).is_some_and(|(now, known)| now.agrees_with(&known))
            && ContentRange::of(&response)
                .is_some_and(|part| part.bytes == self.rest && part.total == self.head.length);
        if same { Ok(response) } else { Err(changed()) }
    }
}

/// Value of a `Content-Range` header (RFC 9110, 14.4).
#[derive(Debug, Eq, PartialEq)]
struct ContentRange {
    bytes: Range<u64>,
    /// Bytes of the whole object.
    total: u64,
}

impl ContentRange {
    /// Reads the range of a response; `None` unless it is a valid 206.
    fn of(response: &Response) -> Option<Self> {
        let range = header_text(response.headers(), "content-range").filter(|_| response.status() == 206)?;
        Self::parse(range)
    }

    fn parse(text: &str) -> Option<Self> {
        let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        let (end, total) = (last.checked_add(1)?, total.trim().parse().ok()?);
        (first < end && end <= total).then_some(Self { bytes: first..end, total })
    }
}

fn range_header(start: u64, end: Option<u64>) -> (Cow<'static, str>, String) {
    let last = end.map_or_else(String::new, |end| end.saturating_sub(1).to_string());
    (Cow::Borrowed("range"), format!("bytes={start}-{last}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_range_is_read_or_refused() {
        assert_eq!(ContentRange::parse("bytes 2-5/10"), Some(ContentRange { bytes: 2..6, total: 10 }));
        for text in [
            "",
            "bytes */10",
            "bytes 5-2/10",
            "bytes 0-10/10",
            "bytes 0-1/*",
            "items 0-1/2",
            "bytes 0-18446744073709551615/5",
        ] {
            assert_eq!(ContentRange::parse(text), None, "{text}");
        }
    }
}
