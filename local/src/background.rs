//! Threads of their own for the servers, so that a test may block its own thread.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

/// Longest wait for tasks that cannot be interrupted.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// A runtime whose tasks end when it is dropped.
#[derive(Debug)]
pub(crate) struct BackgroundRuntime(Option<Runtime>);

impl BackgroundRuntime {
    /// Starts a runtime of two threads with this name.
    pub(crate) fn new(name: &str) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(2).thread_name(name).enable_all().build()?;
        Ok(Self(Some(runtime)))
    }

    /// Spawns a task.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.0 {
            runtime.spawn(task);
        }
    }

    /// Runs code whose tasks and processes belong to this runtime.
    pub(crate) fn enter<T>(&self, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let _guard = self.runtime()?.enter();
        work()
    }

    /// Binds a listener that belongs to this runtime.
    pub(crate) async fn listen(&self, address: SocketAddr) -> io::Result<TcpListener> {
        self.runtime()?.spawn(TcpListener::bind(address)).await.map_err(|_| stopped())?
    }

    fn runtime(&self) -> io::Result<&Runtime> {
        self.0.as_ref().ok_or_else(stopped)
    }
}

fn stopped() -> io::Error {
    io::Error::other("the threads have stopped")
}

impl Drop for BackgroundRuntime {
    /// Returns when ports are closed and processes killed, or after [`SHUTDOWN_TIMEOUT`].
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // tokio panics when a runtime shuts down on a thread that drives another runtime.
            let stopped = thread::spawn(move || runtime.shutdown_timeout(SHUTDOWN_TIMEOUT)).join();
            debug_assert!(stopped.is_ok(), "shutting down does not panic");
        }
    }
}
