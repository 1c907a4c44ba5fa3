//! A running cloud API, and what tests do with it without the network.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};

use tokio::net::TcpListener;

use crate::background::BackgroundRuntime;
use crate::cloud_api::counters::ScfApiCounters;
use crate::cloud_api::fault::ApiFault;
use crate::cloud_api::options::ScfApiOptions;
use crate::cloud_api::service::{self, Service};
use crate::http;
use crate::pool::FunctionPool;
use crate::scf::Invocation;

/// A running cloud API with the pool of its function. Dropping it closes the port and kills the processes.
pub struct ScfApi {
    // Dropped first, so that no task holds the pool when it is dropped.
    _background: BackgroundRuntime,
    service: Arc<Service>,
    pool: Arc<FunctionPool>,
    address: SocketAddr,
}

impl std::fmt::Debug for ScfApi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScfApi").field("address", &self.address).finish_non_exhaustive()
    }
}

impl ScfApi {
    /// Starts the API on threads of its own. Invocations start the processes of the function.
    ///
    /// # Errors
    /// When the address cannot be bound or the threads cannot be started.
    pub async fn start(options: ScfApiOptions) -> io::Result<Self> {
        let background = BackgroundRuntime::new("scf-api")?;
        let listener = background.listen(options.address).await?;
        let address = listener.local_addr()?;
        let pool = Arc::new(FunctionPool::start(options.pool())?);
        let service = Arc::new(Service::new(Arc::clone(&pool), options));
        background.spawn(serve(listener, Arc::clone(&service)));
        Ok(Self { _background: background, service, pool, address })
    }

    /// Returns the address to connect to, `http://127.0.0.1:<port>`. Requests may carry any host name. Unsigned requests may
    /// use `POST` and `DELETE /-/faults`, `GET /-/counters`, and `POST /-/kill`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the address of [`Self::endpoint`].
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the pool. Triggers that deliver to it share its instances with the calls.
    #[must_use]
    pub fn pool(&self) -> &FunctionPool {
        &self.pool
    }

    /// Invokes the function once, synchronously and without the network. See [`FunctionPool::invoke`].
    pub async fn invoke(&self, event: &str) -> Invocation {
        self.pool.invoke(event).await
    }

    /// Delivers an event as a trigger does, and waits for its last invocation. See [`FunctionPool::deliver`].
    pub async fn deliver(&self, event: &str) -> Vec<Invocation> {
        self.pool.deliver(event).await
    }

    /// Kills the process of an instance, preferably of a busy one. See [`FunctionPool::kill_one`].
    pub async fn kill_one(&self) -> Option<u32> {
        self.pool.kill_one().await
    }

    /// Injects a fault. If several match a call, the oldest applies.
    pub fn fail(&self, fault: ApiFault) {
        self.service.faults.add(fault);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.service.faults.clear();
    }

    /// Returns the counters.
    #[must_use]
    pub fn counters(&self) -> ScfApiCounters {
        self.service.counters()
    }

    /// Replaces the credentials, as when those of a role are renewed.
    pub fn set_credentials(&self, secret_id: &str, secret_key: &str, session_token: Option<&str>) {
        let mut authenticator = self.service.authenticator.lock().unwrap_or_else(PoisonError::into_inner);
        secret_id.clone_into(&mut authenticator.secret_id);
        secret_key.clone_into(&mut authenticator.secret_key);
        authenticator.session_token = session_token.map(str::to_owned);
    }
}

/// Serves the API until the future is dropped.
async fn serve(listener: TcpListener, service: Arc<Service>) {
    let handler = move |request| service::handle(Arc::clone(&service), request);
    http::serve(&listener, handler, |socket| socket).await;
}
