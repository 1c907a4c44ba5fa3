//! Client of the SCF runtime API: ready, next, response and error.
//!
//! It makes the requests only. Retries of `ready` and `next` are in the loop.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::{Response, StatusCode};

use crate::http_client::client_builder;
use crate::runtime::InvocationResult;
use crate::runtime::context::Context;
use crate::text::sentence;

/// Largest event accepted, bytes: the limit of the platform for a synchronous one (583/11637).
const MAX_EVENT: usize = 6 * 1024 * 1024;

/// Most attempts to post a result.
const POST_ATTEMPTS: u32 = 3;

/// Failure of a call to the runtime API.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The HTTP client cannot be built.
    #[error("the HTTP client cannot be built: {0}")]
    Client(#[from] rustls::Error),
    /// The event is larger than the platform allows.
    #[error("the event is larger than {MAX_EVENT} bytes")]
    EventTooLarge,
    /// The response is not 2xx.
    #[error("the answer is {0}")]
    Status(StatusCode),
    /// The connection failed.
    #[error("{}", sentence(.0))]
    Transport(#[from] reqwest::Error),
}

/// Runtime API of this instance.
#[derive(Clone, Debug)]
pub struct Api {
    http: reqwest::Client,
    base: String,
}

impl Api {
    /// Creates a client of the API on `host` and `port`, the values of `SCF_RUNTIME_API` and
    /// `SCF_RUNTIME_API_PORT`.
    ///
    /// # Errors
    /// [`Error::Client`] or [`Error::Transport`] when the HTTP client cannot be built.
    pub fn new(host: &str, port: &str) -> Result<Self, Error> {
        let http = client_builder()?.connect_timeout(Duration::from_secs(1)).build()?;
        Ok(Self { http, base: format!("http://{host}:{port}/runtime") })
    }

    /// Reports that initialisation is complete. The body is one space, as in the official sample, because
    /// some editions of the platform refuse an empty one.
    pub(super) async fn ready(&self) -> Result<(), Error> {
        self.post("init/ready", Bytes::from_static(b" ")).await
    }

    /// Long-polls for the next event, without a timeout.
    ///
    /// # Errors
    /// [`Error::EventTooLarge`], or those of every call.
    pub async fn next(&self) -> Result<(Context, Bytes), Error> {
        let request = self.http.get(format!("{}/invocation/next", self.base));
        let mut response = require_success(request.send().await?)?;
        let context = Context::from_headers(response.headers());
        let mut event = BytesMut::new();
        while let Some(chunk) = response.chunk().await? {
            if event.len().saturating_add(chunk.len()) > MAX_EVENT {
                return Err(Error::EventTooLarge);
            }
            event.extend_from_slice(&chunk);
        }
        Ok((context, event.freeze()))
    }

    /// Posts the result of the current event. Posting is idempotent, so a post that may have been lost is
    /// retried.
    pub(super) async fn respond(&self, result: &InvocationResult) -> Result<(), Error> {
        let (path, body) = match result {
            InvocationResult::Response(body) => ("invocation/response", body),
            InvocationResult::Error(body) | InvocationResult::ErrorThenExit(body) => {
                ("invocation/error", body)
            }
        };
        let body = Bytes::copy_from_slice(body.as_bytes());
        let mut attempt = 1;
        loop {
            match self.post(path, body.clone()).await {
                Err(Error::Transport(_)) if attempt < POST_ATTEMPTS => {
                    tokio::time::sleep(Duration::from_millis(20) * attempt).await;
                    attempt = attempt.saturating_add(1);
                }
                posted => return posted,
            }
        }
    }

    async fn post(&self, path: &str, body: Bytes) -> Result<(), Error> {
        let request = self.http.post(format!("{}/{path}", self.base)).body(body);
        require_success(request.timeout(Duration::from_secs(10)).send().await?)?;
        Ok(())
    }
}

fn require_success(response: Response) -> Result<Response, Error> {
    if response.status().is_success() { Ok(response) } else { Err(Error::Status(response.status())) }
}
