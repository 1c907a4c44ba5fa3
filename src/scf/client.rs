//! HTTP client of the cloud API: one signed POST request for each call.

use std::error::Error as StdError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HOST, HeaderName, HeaderValue};
use reqwest::{Method, Response, Url};
use serde_json::Value;

use crate::credential::Credential;
use crate::http_client::client_builder;
use crate::object::{Endpoint, Region};
use crate::scf::answer::{ErrorDocument, FunctionInfo, Invocation};
use crate::scf::call::{Action, Call, Parameters, VERSION};
use crate::scf::error::Error;
use crate::scf::function_name::FunctionName;
use crate::scf::sign::{self, Signature};

/// Time for an answer of a call that waits for a run: the longest run, 900 s, and a margin for its start.
const LONGEST_RUN: Duration = Duration::from_secs(960);

/// Time for an answer of other calls.
const SHORT_CALL: Duration = Duration::from_secs(30);

/// Longest answer that is read, bytes: a response of 6 MB, which JSON may escape.
const MAX_ANSWER: usize = 32 * 1024 * 1024;

/// Smallest clock skew that is corrected, seconds. Signatures may be 300 s off.
const CLOCK_TOLERANCE: u64 = 30;

/// Where calls go.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// Region of the functions.
    pub region: Region,
    /// Origin to connect to instead, for a local SCF. Host and signature stay those of the real one.
    pub endpoint: Option<Endpoint>,
}

/// Connections, keys and clock correction. Cheap to clone; clones share all of it. Hundreds of calls may be
/// on their way at once.
#[derive(Clone, Debug)]
pub struct Client {
    shared: Arc<Shared>,
    /// Time for an answer of a call that waits for a run.
    timeout: Duration,
}

#[derive(Debug)]
struct Shared {
    http: reqwest::Client,
    settings: ClientSettings,
    credential: Credential,
    /// `Host` header, which is signed.
    host: String,
    /// Seconds that signatures add to the clock of this machine.
    clock_offset: AtomicI64,
    /// `true` once the API did not know `InvokeFunction`.
    lacks_invoke_function: AtomicBool,
}

/// Answer of the API that reports success: its member `Response`.
type Answer = Value;

impl Client {
    /// Builds a client. It resolves and connects nothing before the first call.
    ///
    /// # Errors
    /// [`Error::Setup`] when TLS cannot be set up.
    pub fn new(settings: ClientSettings, credential: Credential) -> Result<Self, Error> {
        let http = http_client().map_err(Error::Setup)?;
        let host = host(&settings.region);
        let (clock_offset, lacks_invoke_function) = (AtomicI64::new(0), AtomicBool::new(false));
        let shared = Shared { http, settings, credential, host, clock_offset, lacks_invoke_function };
        Ok(Self { shared: Arc::new(shared), timeout: LONGEST_RUN })
    }

    /// Returns a client that waits so long for the end of a run, instead of 960 s. It shares everything else.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { shared: Arc::clone(&self.shared), timeout }
    }

    /// Invokes a function with an event, a JSON text of at most 6 MB, and waits for its result.
    ///
    /// An account or region without the action `InvokeFunction` gets `Invoke` from then on, which waits for
    /// 300 s at most (583/17243).
    ///
    /// # Errors
    /// [`Error`] when SCF did not carry the run out. A run that failed is an [`Invocation`] with a
    /// [`failure`](Invocation::failure).
    pub async fn invoke(&self, function: &FunctionName, event: &str) -> Result<Invocation, Error> {
        if !self.shared.lacks_invoke_function.load(Ordering::Relaxed) {
            let call = self.prepare(Action::InvokeFunction, function);
            let parameters = Parameters::invoke_function(function, event);
            match self.send(&call, &parameters, self.timeout).await {
                Err(error) if error.is_unknown_action() => {}
                result => return self.invocation(&call, &result?),
            }
        }
        let call = self.prepare(Action::Invoke, function);
        let answer = self.send(&call, &Parameters::invoke(function, event), self.timeout).await?;
        // Only now it is the action that was refused, and not the event.
        self.shared.lacks_invoke_function.store(true, Ordering::Relaxed);
        self.invocation(&call, &answer)
    }

    /// Queues an event, a JSON text of at most 128 KB, and returns the id of the run. Its result and its
    /// failure are not reported.
    ///
    /// # Errors
    /// [`Error`] when the event was not queued.
    pub async fn enqueue(&self, function: &FunctionName, event: &str) -> Result<String, Error> {
        let call = self.prepare(Action::Invoke, function);
        let answer = self.send(&call, &Parameters::enqueue(function, event), SHORT_CALL).await?;
        let Invocation { request_id, function_request_id, .. } = self.invocation(&call, &answer)?;
        Ok(if function_request_id.is_empty() { request_id } else { function_request_id })
    }

    /// Reads memory, time limit and state of a function.
    ///
    /// # Errors
    /// [`Error`] when SCF does not tell them.
    pub async fn function(&self, function: &FunctionName) -> Result<FunctionInfo, Error> {
        let call = self.prepare(Action::GetFunction, function);
        let answer = self.send(&call, &Parameters::get_function(function), SHORT_CALL).await?;
        FunctionInfo::read(&answer).map_err(|fact| Error::protocol(&call, fact))
    }

    fn prepare(&self, action: Action, function: &FunctionName) -> Call {
        Call { action, function: function.clone(), region: self.shared.settings.region.clone() }
    }

    fn invocation(&self, call: &Call, answer: &Answer) -> Result<Invocation, Error> {
        Invocation::read(answer, &self.shared.credential).map_err(|fact| Error::protocol(call, fact))
    }

    /// Sends a call, and a second time if only the clock of its signature was wrong.
    async fn send(
        &self,
        call: &Call,
        parameters: &Parameters<'_>,
        timeout: Duration,
    ) -> Result<Answer, Error> {
        let body = serde_json::to_vec(parameters)
            .map(Bytes::from)
            .map_err(|_| Error::unsendable(call, "its parameters are not JSON"))?;
        let offset = self.shared.clock_offset.load(Ordering::Relaxed);
        match self.send_once(call, body.clone(), offset, timeout).await {
            Err(Error::Clock(refusal)) => match self.shared.correct_clock(refusal.date, offset) {
                Some(offset) => self.send_once(call, body, offset, timeout).await,
                None => Err(Error::Clock(refusal)),
            },
            result => result,
        }
    }

    async fn send_once(
        &self,
        call: &Call,
        body: Bytes,
        offset: i64,
        timeout: Duration,
    ) -> Result<Answer, Error> {
        let mut request = self.shared.sign(call, body, offset)?;
        *request.timeout_mut() = Some(timeout);
        let sent = self.shared.http.execute(request).await;
        let response = sent.map_err(|fault| Error::transport(call, fault, timeout))?;
        let status = response.status().as_u16();
        let date =
            response.headers().get(DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
        let body = read_body(call, response, timeout).await?;
        let mut document: Value = serde_json::from_slice(&body).unwrap_or_default();
        let answer = document.get_mut("Response").map(Value::take).filter(Value::is_object);
        match answer {
            Some(answer) => match ErrorDocument::read(&answer, &self.shared.credential) {
                Some(error) => Err(Error::refused(call, status, Some(error), date)),
                None if status == 200 => Ok(answer),
                None => Err(Error::refused(call, status, None, date)),
            },
            None => Err(Error::refused(call, status, None, date)),
        }
    }
}

impl Shared {
    /// Builds and signs the HTTP request.
    fn sign(&self, call: &Call, body: Bytes, offset: i64) -> Result<reqwest::Request, Error> {
        let origin = self
            .settings
            .endpoint
            .as_ref()
            .map_or_else(|| format!("https://{}/", self.host), |endpoint| format!("{endpoint}/"));
        let url = Url::parse(&origin).map_err(|_| Error::unsendable(call, "its host is no host name"))?;
        let timestamp = now(offset);
        let authorization = Signature::new(&self.host, &body, timestamp).authorization(&self.credential);
        let token = self.credential.session_token.as_ref();
        let headers = [
            (HOST, Some(self.host.as_str()), false),
            (CONTENT_TYPE, Some(sign::CONTENT_TYPE), false),
            (HeaderName::from_static("x-tc-action"), Some(call.action.name()), false),
            (HeaderName::from_static("x-tc-version"), Some(VERSION), false),
            (HeaderName::from_static("x-tc-region"), Some(call.region.as_str()), false),
            (HeaderName::from_static("x-tc-timestamp"), Some(&*timestamp.to_string()), false),
            (HeaderName::from_static("x-tc-language"), Some("en-US"), false),
            (HeaderName::from_static("x-tc-token"), token.map(|token| token.reveal()), true),
            (AUTHORIZATION, Some(&*authorization), true),
        ];
        let mut request = reqwest::Request::new(Method::POST, url);
        for (name, value, is_secret) in headers {
            let Some(value) = value else { continue };
            let mut value = HeaderValue::from_str(value)
                .map_err(|_| Error::unsendable(call, "its keys must be printable ASCII"))?;
            value.set_sensitive(is_secret);
            request.headers_mut().insert(name, value);
        }
        *request.body_mut() = Some(body.into());
        Ok(request)
    }

    /// Adopts the time of an answer. Returns the new offset of the clock if a signature made with `used` is
    /// wrong by it.
    fn correct_clock(&self, date: Option<SystemTime>, used: i64) -> Option<i64> {
        let time = date?.duration_since(UNIX_EPOCH).ok()?.as_secs();
        if time.abs_diff(now(used)) < CLOCK_TOLERANCE {
            return None;
        }
        let offset = i64::try_from(i128::from(time) - i128::from(now(0))).ok()?;
        self.clock_offset.store(offset, Ordering::Relaxed);
        Some(offset)
    }
}

/// Host name of the API. Finance regions have their own (583/17243).
fn host(region: &Region) -> String {
    match region.as_str() {
        finance if finance.ends_with("-fsi") => format!("scf.{finance}.tencentcloudapi.com"),
        _ => "scf.tencentcloudapi.com".to_owned(),
    }
}

/// Builds the HTTP client, for hundreds of calls at once of which most wait for a run.
fn http_client() -> Result<reqwest::Client, Box<dyn StdError + Send + Sync>> {
    let builder = client_builder()?
        .connect_timeout(Duration::from_secs(3))
        .pool_max_idle_per_host(1024)
        // A call on a connection that the server has just closed looks like a lost answer.
        .pool_idle_timeout(Duration::from_secs(10))
        // Probes keep a connection known to the gateways on its way while a run takes minutes.
        .tcp_keepalive(Duration::from_secs(15));
    // A connection whose packets are lost fails after this time instead of the kernel's 15 minutes.
    #[cfg(target_os = "linux")]
    let builder = builder.tcp_user_timeout(Duration::from_secs(20));
    Ok(builder.build()?)
}

async fn read_body(call: &Call, mut response: Response, timeout: Duration) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|fault| Error::transport(call, fault, timeout))? {
        if body.len().saturating_add(chunk.len()) > MAX_ANSWER {
            return Err(Error::protocol(call, "with more than 32 MB"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Seconds since the epoch by the clock of this machine plus `offset`.
fn now(offset: i64) -> u64 {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    time.saturating_add_signed(offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finance_regions_have_their_own_host() {
        let host = |region| host(&Region::parse(region).unwrap());
        assert_eq!(host("ap-guangzhou"), "scf.tencentcloudapi.com");
        assert_eq!(host("ap-shanghai-fsi"), "scf.ap-shanghai-fsi.tencentcloudapi.com");
    }
}
