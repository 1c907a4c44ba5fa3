//! Sending of one request: sign, send, classify the response, and retry.
//!
//! Each attempt is signed anew, because the time, the host or the clock skew may have changed. No attempt and
//! no back-off outlasts the deadline of the session.

use std::borrow::Cow;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Response, Url};
use tokio::time::Instant;

use crate::cos::client::Session;
use crate::cos::clock::now;
use crate::cos::endpoint::Route;
use crate::cos::error::{Error, NetworkFault};
use crate::cos::error_response::ErrorResponse;
use crate::cos::header_text;
use crate::cos::operation::{Method, Operation};
use crate::cos::retry::{Attempts, FailureKind};
use crate::cos::sign::{CanonicalRequest, KeyTime, is_signed};
use crate::object::{Key, percent_encode};

/// Request before it is signed.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) operation: Operation,
    /// Headers in addition to those of every request.
    pub(super) headers: Vec<(Cow<'static, str>, String)>,
    /// Parameters in addition to those of the operation, decoded.
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Bytes>,
    /// Statuses that count as success.
    pub(super) expected: &'static [u16],
}

/// Failed attempt, and how to go on after it.
#[derive(Debug)]
struct FailedAttempt {
    error: Error,
    kind: FailureKind,
}

impl FailedAttempt {
    fn not_retryable(error: Error) -> Self {
        Self { error, kind: FailureKind::Final }
    }
}

impl Session {
    /// Sends a request, with retries, until it gets an expected response.
    pub(super) async fn send(&self, request: &Request, attempts: &mut Attempts) -> Result<Response, Error> {
        let mut last = None;
        loop {
            let FailedAttempt { error, kind } = match self.send_once(request, attempts).await {
                Ok(response) => return Ok(response),
                Err(failure) => failure,
            };
            if matches!(error, Error::Deadline { .. }) {
                return Err(Error::deadline(&request.operation, last));
            }
            last = Some(self.back_off(&request.operation, attempts, kind, error).await?);
        }
    }

    /// Waits before the next attempt and returns the error of the last one.
    ///
    /// # Errors
    /// `error` when no attempt is left; [`Error::Deadline`] when the next one would come too late.
    pub(super) async fn back_off(
        &self,
        operation: &Operation,
        attempts: &mut Attempts,
        kind: FailureKind,
        error: Error,
    ) -> Result<Error, Error> {
        let Some(delay) = attempts.next_delay(kind) else { return Err(error) };
        let wake = Instant::now() + delay;
        if wake >= self.deadline {
            return Err(Error::deadline(operation, Some(error)));
        }
        tokio::time::sleep_until(wake).await;
        self.counters.retries.fetch_add(1, Ordering::Relaxed);
        Ok(error)
    }

    /// Time limit of one step; `None` after the deadline.
    ///
    /// As long as retries are left, a step gets a third of the remaining time, to save time for them. It gets
    /// at least one second, because less would break connections that are merely slow.
    pub(super) fn timeout(&self, attempts: &Attempts, allowance: Duration) -> Option<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let share = if attempts.is_last() { left } else { (left / 3).max(Duration::from_secs(1)) };
        let stall = self.client.settings().retry.stall.saturating_add(allowance);
        let timeout = share.min(stall).min(left);
        (!timeout.is_zero()).then_some(timeout)
    }

    /// Waits for the next bytes of a body; `None` at its end. The outer error is final; the inner one can be
    /// retried. `from_cos` tells if COS itself sent the response.
    pub(super) async fn read_chunk(
        &self,
        operation: &Operation,
        response: &mut Response,
        attempts: &Attempts,
        from_cos: bool,
    ) -> Result<Result<Option<Bytes>, (NetworkFault, FailureKind)>, Error> {
        let Some(timeout) = self.timeout(attempts, Duration::ZERO) else {
            return Err(Error::deadline(operation, None));
        };
        match tokio::time::timeout(timeout, response.chunk()).await {
            Ok(Ok(chunk)) => Ok(Ok(chunk)),
            Ok(Err(error)) => {
                let kind = FailureKind::ConnectionLost { from_cos };
                Ok(Err((NetworkFault::Http(error.without_url()), kind)))
            }
            Err(_) if Instant::now() >= self.deadline => Err(Error::deadline(operation, None)),
            Err(_) => Ok(Err((NetworkFault::Stalled(timeout), FailureKind::Busy { from_cos: true }))),
        }
    }

    async fn send_once(&self, request: &Request, attempts: &Attempts) -> Result<Response, FailedAttempt> {
        let operation = &request.operation;
        let size = request.body.as_ref().map_or(0, |body| body.len() as u64);
        // COS reads an upload to its end before it responds: one more second for each 256 KiB.
        let allowance = Duration::from_millis(size / 256);
        let Some(timeout) = self.timeout(attempts, allowance) else {
            return Err(FailedAttempt::not_retryable(Error::deadline(operation, None)));
        };
        let offset = self.client.clock().offset();
        let signed = self.sign(request, attempts, offset).map_err(FailedAttempt::not_retryable)?;
        self.counters.requests.fetch_add(1, Ordering::Relaxed);
        self.counters.bytes_out.fetch_add(size, Ordering::Relaxed);
        let result = tokio::time::timeout(timeout, self.client.http().execute(signed)).await;
        if let Ok(Ok(response)) = &result {
            self.client.clock().observe(header_text(response.headers(), "date"));
        }
        match result {
            Ok(Ok(response)) if request.expected.contains(&response.status().as_u16()) => Ok(response),
            Ok(Ok(response)) => {
                let timeout = timeout.min(self.deadline.saturating_duration_since(Instant::now()));
                let response = ErrorResponse::read(response, &self.credential, timeout).await;
                Err(self.classify(operation.clone(), response, offset))
            }
            Ok(Err(error)) => Err(transport_failure(operation, error)),
            Err(_) if Instant::now() >= self.deadline => {
                Err(FailedAttempt::not_retryable(Error::deadline(operation, None)))
            }
            Err(_) => Err(FailedAttempt {
                error: Error::transport(operation, NetworkFault::Stalled(timeout)),
                kind: FailureKind::Busy { from_cos: false },
            }),
        }
    }

    /// Decides how to go on after an unexpected response.
    fn classify(&self, operation: Operation, response: ErrorResponse, offset: i64) -> FailedAttempt {
        let from_cos = response.is_from_cos();
        // HEAD has no error code. A skewed date is reason enough to sign once more by the clock of COS.
        let headless = operation.method == Method::Head && response.status == 403;
        let date = response.date;
        let error = Error::from_response(operation, response);
        let kind = match error {
            Error::Clock(_) if self.client.clock().correct(date, offset) => FailureKind::ClockSkew,
            Error::Denied(_) if headless && self.client.clock().correct(date, offset) => {
                FailureKind::ClockSkew
            }
            Error::Redirected(_) if !from_cos => FailureKind::Redirected,
            Error::Service(_) => FailureKind::Busy { from_cos },
            _ => FailureKind::Final,
        };
        FailedAttempt { error, kind }
    }

    /// Builds and signs the HTTP request.
    fn sign(&self, request: &Request, attempts: &Attempts, offset: i64) -> Result<reqwest::Request, Error> {
        let operation = &request.operation;
        let settings = self.client.settings();
        let route =
            Route::new(&settings.domain, settings.endpoint.as_ref(), &operation.location, attempts.host);
        let mut headers = request.headers.clone();
        headers.push((Cow::Borrowed("host"), route.host));
        if let Some(token) = &self.credential.session_token {
            headers.push((Cow::Borrowed("x-cos-security-token"), token.reveal().to_owned()));
        }
        if attempts.retrying {
            headers.push((Cow::Borrowed("x-cos-sdk-retry"), "true".to_owned()));
        }
        let path = operation.key.as_ref().map_or_else(|| "/".to_owned(), Key::request_path);
        let mut target = format!("{}{path}", route.origin);
        let mut query = Vec::new();
        if let Some(process) = &operation.process {
            // The whole text is the name of one parameter without a value (1045/33713).
            query.push((process.as_str(), ""));
            target = format!("{target}?{}", percent_encode(process).replace("%2F", "/"));
        }
        let version = operation.version.as_ref().map(|version| ("versionId", version.as_str()));
        let parameters = request.query.iter().map(|(name, value)| (*name, value.as_str()));
        for (name, value) in version.into_iter().chain(parameters) {
            let joint = if query.is_empty() { '?' } else { '&' };
            query.push((name, value));
            target = format!("{target}{joint}{name}={}", percent_encode(value));
        }
        let signed: Vec<_> = headers
            .iter()
            .filter(|(name, _)| is_signed(name))
            .map(|(name, value)| (name.as_ref(), value.as_str()))
            .collect();
        let canonical = CanonicalRequest::new(
            operation.method.name(),
            &format!("/{}", operation.key.as_ref().map_or("", Key::as_str)),
            &query,
            &signed,
        );
        let window = KeyTime::around(now(offset));
        let authorization = canonical.authorization(&self.credential, window);

        let not_ascii = |part: &str| Error::unsendable(operation, format!("{part} must be printable ASCII"));
        let url =
            Url::parse(&target).map_err(|_| Error::unsendable(operation, "its host is no host name"))?;
        let mut ready = reqwest::Request::new(http_method(operation.method), url);
        insert_headers(ready.headers_mut(), &headers)
            .map_err(|name| not_ascii(&format!("the header {name}")))?;
        let mut value = header_value(&authorization).ok_or_else(|| not_ascii("the secret id"))?;
        value.set_sensitive(true);
        ready.headers_mut().insert(AUTHORIZATION, value);
        *ready.body_mut() = request.body.clone().map(Into::into);
        Ok(ready)
    }
}

fn http_method(method: Method) -> reqwest::Method {
    match method {
        Method::Delete => reqwest::Method::DELETE,
        Method::Get | Method::List => reqwest::Method::GET,
        Method::Head => reqwest::Method::HEAD,
        Method::Put => reqwest::Method::PUT,
    }
}

/// Adds headers to a request. The error is the name of a header that cannot be sent.
fn insert_headers<'a>(
    target: &mut HeaderMap,
    headers: &'a [(Cow<'static, str>, String)],
) -> Result<(), &'a str> {
    for (name, value) in headers {
        let (Ok(header), Some(mut content)) = (HeaderName::from_bytes(name.as_bytes()), header_value(value))
        else {
            return Err(name);
        };
        content.set_sensitive(header == "x-cos-security-token");
        target.insert(header, content);
    }
    Ok(())
}

/// Converts printable ASCII to a header value. The HTTP client would send other bytes, but COS reads them
/// differently from how they are signed.
fn header_value(text: &str) -> Option<HeaderValue> {
    let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    HeaderValue::from_str(text).ok().filter(|_| printable)
}

/// Classifies a failure of the HTTP client. Only a failure after connecting can be a stale kept-alive
/// connection.
fn transport_failure(operation: &Operation, error: reqwest::Error) -> FailedAttempt {
    let kind = if error.is_builder() {
        FailureKind::Final
    } else if error.is_connect() || error.is_timeout() {
        FailureKind::Busy { from_cos: false }
    } else {
        FailureKind::ConnectionLost { from_cos: false }
    };
    FailedAttempt { error: Error::transport(operation, NetworkFault::Http(error.without_url())), kind }
}
