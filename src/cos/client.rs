//! HTTP client of COS, and the sessions that share it.
//!
//! A [`Client`] lives as long as the process, a [`Session`] as long as an invocation. The requests are in
//! `requests`, their retries in `exchange`.

use std::error::Error as StdError;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::cos::clock::Clock;
use crate::cos::error::Error;
use crate::cos::retry::Attempts;
use crate::cos::{ClientSettings, Counters};
use crate::credential::Credential;
use crate::http_client::client_builder;
use crate::object::Domain;

/// Connections, settings and clock correction, which outlive an invocation. Cheap to clone; clones share all
/// of it.
#[derive(Clone, Debug)]
pub struct Client(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    http: reqwest::Client,
    settings: ClientSettings,
    clock: Clock,
}

impl Client {
    /// Builds a client. It resolves and connects nothing before the first request.
    ///
    /// # Errors
    /// [`Error::Setup`] when TLS cannot be set up.
    pub fn new(settings: ClientSettings) -> Result<Self, Error> {
        let http = http_client(settings.more_connections).map_err(Error::Setup)?;
        Ok(Self(Arc::new(Shared { http, settings, clock: Clock::default() })))
    }

    /// Starts the session of an invocation. None of its requests waits beyond `deadline`.
    #[must_use]
    pub fn session(&self, credential: Credential, deadline: Instant) -> Session {
        Session {
            client: self.clone(),
            credential: Arc::new(credential),
            deadline,
            counters: Arc::new(SessionCounters::default()),
        }
    }

    pub(super) fn http(&self) -> &reqwest::Client {
        &self.0.http
    }

    pub(super) fn settings(&self) -> &ClientSettings {
        &self.0.settings
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.0.clock
    }
}

/// Builds the HTTP client of COS requests.
fn http_client(more_connections: usize) -> Result<reqwest::Client, Box<dyn StdError + Send + Sync>> {
    let builder = client_builder()?
        .connect_timeout(Duration::from_secs(3))
        // A frozen instance keeps connections that COS has long closed. Few and young ones make that rare;
        // the retry makes it harmless.
        .pool_idle_timeout(Duration::from_secs(5))
        .pool_max_idle_per_host(Attempts::IDLE_CONNECTIONS.saturating_add(more_connections));
    // A connection whose packets are lost fails after this time instead of the kernel's 15 minutes.
    #[cfg(target_os = "linux")]
    let builder = builder.tcp_user_timeout(Duration::from_secs(2));
    Ok(builder.build()?)
}

/// Credentials, deadline and counters of one invocation. Clones count together.
#[derive(Clone, Debug)]
pub struct Session {
    pub(super) client: Client,
    pub(super) credential: Arc<Credential>,
    pub(super) deadline: Instant,
    pub(super) counters: Arc<SessionCounters>,
}

/// Live values of [`Counters`].
#[derive(Debug, Default)]
pub(super) struct SessionCounters {
    pub(super) requests: AtomicU64,
    pub(super) retries: AtomicU64,
    pub(super) bytes_in: AtomicU64,
    pub(super) bytes_out: AtomicU64,
}

impl Session {
    /// Returns the same session with counters of its own.
    #[must_use]
    pub fn with_own_counters(&self) -> Self {
        Self { counters: Arc::new(SessionCounters::default()), ..self.clone() }
    }

    /// Returns the same session, counted together with another one.
    #[must_use]
    pub fn with_counters_of(self, other: &Self) -> Self {
        Self { counters: Arc::clone(&other.counters), ..self }
    }

    /// Traffic of the session and its clones so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters {
            requests: self.counters.requests.load(Ordering::Relaxed),
            retries: self.counters.retries.load(Ordering::Relaxed),
            bytes_in: self.counters.bytes_in.load(Ordering::Relaxed),
            bytes_out: self.counters.bytes_out.load(Ordering::Relaxed),
        }
    }

    /// Seconds by which the clock of COS was ahead of this machine at the latest response, to the second;
    /// `None` before a response had a date.
    #[must_use]
    pub fn clock_ahead(&self) -> Option<i64> {
        self.client.clock().ahead()
    }

    pub(super) fn attempts(&self) -> Attempts {
        let settings = self.client.settings();
        Attempts::new(&settings.retry, settings.domain == Domain::Public)
    }
}
