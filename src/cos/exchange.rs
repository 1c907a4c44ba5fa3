//! One request until it is answered: signed, sent, judged and, where that helps, sent again.

use std::borrow::Cow;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Response, Url};
use tokio::time::Instant;

use crate::cos::answer::Answer;
use crate::cos::client::Session;
use crate::cos::clock::now;
use crate::cos::endpoint::Route;
use crate::cos::error::{Error, Fault};
use crate::cos::operation::{Method, Operation};
use crate::cos::retry::{Attempts, Cause};
use crate::cos::sign::{Canonical, KeyTime, is_signed};
use crate::cos::text;
use crate::object::percent_encode;

/// A request before it is signed.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) operation: Operation,
    /// Headers besides those that every request has.
    pub(super) headers: Vec<(Cow<'static, str>, String)>,
    pub(super) body: Option<Bytes>,
    /// The answers that are the one asked for.
    pub(super) expected: &'static [u16],
}

/// A failed attempt.
#[derive(Debug)]
struct Failure {
    error: Error,
    cause: Cause,
}

impl Failure {
    fn last(error: Error) -> Self {
        Self { error, cause: Cause::Final }
    }
}

impl Session {
    /// Sends a request until it has the answer asked for.
    pub(super) async fn exchange(
        &self,
        request: &Request,
        attempts: &mut Attempts,
    ) -> Result<Response, Error> {
        let mut last = None;
        loop {
            let Failure { error, cause } = match self.attempt(request, attempts).await {
                Ok(response) => return Ok(response),
                Err(failure) => failure,
            };
            if matches!(error, Error::Deadline { .. }) {
                return Err(Error::deadline(&request.operation, last));
            }
            last = Some(self.pause(&request.operation, attempts, cause, error).await?);
        }
    }

    /// Waits before the next attempt and hands back what failed the last one.
    ///
    /// # Errors
    /// `error` when there is no further attempt; [`Error::Deadline`] when it would come too late.
    pub(super) async fn pause(
        &self,
        operation: &Operation,
        attempts: &mut Attempts,
        cause: Cause,
        error: Error,
    ) -> Result<Error, Error> {
        let Some(pause) = attempts.pause_after(cause) else { return Err(error) };
        let wake = Instant::now() + pause;
        if wake >= self.deadline {
            return Err(Error::deadline(operation, Some(error)));
        }
        tokio::time::sleep_until(wake).await;
        self.counters.retries.fetch_add(1, Ordering::Relaxed);
        Ok(error)
    }

    /// How long a step may take; `None` when the deadline has come.
    ///
    /// As long as there are further attempts to save time for, a third of the time left, but not less than a
    /// second: that would break connections which are merely slow.
    pub(super) fn patience(&self, attempts: &Attempts, allowance: Duration) -> Option<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let share = if attempts.is_last() { left } else { (left / 3).max(Duration::from_secs(1)) };
        let stall = self.client.settings().retry.stall.saturating_add(allowance);
        let patience = share.min(stall).min(left);
        (!patience.is_zero()).then_some(patience)
    }

    async fn attempt(&self, request: &Request, attempts: &Attempts) -> Result<Response, Failure> {
        let operation = &request.operation;
        let size = request.body.as_ref().map_or(0, |body| body.len() as u64);
        // COS reads uploads to their end before it answers: a second more for each 256 KiB.
        let allowance = Duration::from_millis(size / 256);
        let Some(patience) = self.patience(attempts, allowance) else {
            return Err(Failure::last(Error::deadline(operation, None)));
        };
        let offset = self.client.clock().offset();
        let signed = self.sign(request, attempts, offset).map_err(Failure::last)?;
        self.counters.requests.fetch_add(1, Ordering::Relaxed);
        self.counters.bytes_out.fetch_add(size, Ordering::Relaxed);
        let answer = tokio::time::timeout(patience, self.client.http().execute(signed)).await;
        if let Ok(Ok(response)) = &answer {
            self.client.clock().compare(text(response.headers(), "date"));
        }
        match answer {
            Ok(Ok(response)) if request.expected.contains(&response.status().as_u16()) => Ok(response),
            Ok(Ok(response)) => {
                let patience = patience.min(self.deadline.saturating_duration_since(Instant::now()));
                let answer = Answer::read(response, &self.credential, patience).await;
                Err(self.judge(operation.clone(), answer, offset))
            }
            Ok(Err(error)) => Err(broken(operation, error)),
            Err(_) if Instant::now() >= self.deadline => Err(Failure::last(Error::deadline(operation, None))),
            Err(_) => Err(Failure {
                error: Error::transport(operation, Fault::Stalled(patience)),
                cause: Cause::Busy { from_cos: false },
            }),
        }
    }

    /// Decides what an answer that was not asked for means for the next attempt.
    fn judge(&self, operation: Operation, answer: Answer, offset: i64) -> Failure {
        let from_cos = answer.is_from_cos();
        // HEAD tells no code: a date that is off is reason enough to sign once more by the date of COS.
        let headless = operation.method == Method::Head && answer.status == 403;
        let date = answer.date;
        let error = Error::from_answer(operation, answer);
        let cause = match error {
            Error::Clock(_) if self.client.clock().correct(date, offset) => Cause::Skewed,
            Error::Denied(_) if headless && self.client.clock().correct(date, offset) => Cause::Skewed,
            Error::Redirected(_) if !from_cos => Cause::Moved,
            Error::Service(_) => Cause::Busy { from_cos },
            _ => Cause::Final,
        };
        Failure { error, cause }
    }

    /// Makes the request as it goes out.
    fn sign(&self, request: &Request, attempts: &Attempts, offset: i64) -> Result<reqwest::Request, Error> {
        let operation = &request.operation;
        let settings = self.client.settings();
        let route = Route::new(&settings.domain, settings.endpoint.as_ref(), &operation.place, attempts.host);
        let mut headers = request.headers.clone();
        headers.push((Cow::Borrowed("host"), route.host));
        if let Some(token) = &self.credential.session_token {
            headers.push((Cow::Borrowed("x-cos-security-token"), token.reveal().to_owned()));
        }
        if attempts.retrying {
            headers.push((Cow::Borrowed("x-cos-sdk-retry"), "true".to_owned()));
        }
        let mut target = format!("{}{}", route.origin, operation.key.wire_path());
        let mut query = Vec::new();
        if let Some(process) = &operation.process {
            // All of it is the name of one parameter, which has no value (1045/33713).
            query.push((process.as_str(), ""));
            target = format!("{target}?{}", percent_encode(process).replace("%2F", "/"));
        }
        if let Some(version) = &operation.version {
            let joint = if query.is_empty() { '?' } else { '&' };
            query.push(("versionId", version.as_str()));
            target = format!("{target}{joint}versionId={}", percent_encode(version.as_str()));
        }
        let signed: Vec<_> = headers
            .iter()
            .filter(|(name, _)| is_signed(name))
            .map(|(name, value)| (name.as_ref(), value.as_str()))
            .collect();
        let canonical =
            Canonical::new(operation.method.name(), &format!("/{}", operation.key), &query, &signed);
        let window = KeyTime::around(now(offset));
        let authorization = canonical.authorization(&self.credential, window);

        let not_ascii = |part: &str| Error::unsendable(operation, format!("{part} must be printable ASCII"));
        let url =
            Url::parse(&target).map_err(|_| Error::unsendable(operation, "its host is no host name"))?;
        let mut ready = reqwest::Request::new(method(operation.method), url);
        fill(ready.headers_mut(), &headers).map_err(|name| not_ascii(&format!("the header {name}")))?;
        let mut value = ascii(&authorization).ok_or_else(|| not_ascii("the secret id"))?;
        value.set_sensitive(true);
        ready.headers_mut().insert(AUTHORIZATION, value);
        *ready.body_mut() = request.body.clone().map(Into::into);
        Ok(ready)
    }
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Delete => reqwest::Method::DELETE,
        Method::Get => reqwest::Method::GET,
        Method::Head => reqwest::Method::HEAD,
        Method::Put => reqwest::Method::PUT,
    }
}

/// Copies headers; the name of the one that cannot be sent comes back.
fn fill<'a>(target: &mut HeaderMap, headers: &'a [(Cow<'static, str>, String)]) -> Result<(), &'a str> {
    for (name, value) in headers {
        let (Ok(header), Some(mut content)) = (HeaderName::from_bytes(name.as_bytes()), ascii(value)) else {
            return Err(name);
        };
        content.set_sensitive(header == "x-cos-security-token");
        target.insert(header, content);
    }
    Ok(())
}

/// A header value of printable ASCII. The HTTP client would let other bytes through, which COS reads otherwise
/// than they are signed.
fn ascii(text: &str) -> Option<HeaderValue> {
    let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    HeaderValue::from_str(text).ok().filter(|_| printable)
}

/// Reads a failure of the HTTP client. Only a connection that was open can have been a dead one.
fn broken(operation: &Operation, error: reqwest::Error) -> Failure {
    let cause = if error.is_builder() {
        Cause::Final
    } else if error.is_connect() || error.is_timeout() {
        Cause::Busy { from_cos: false }
    } else {
        Cause::Lost { from_cos: false }
    };
    Failure { error: Error::transport(operation, Fault::Http(error.without_url())), cause }
}
