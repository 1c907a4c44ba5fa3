//! Threads of their own for the servers, so that a test may block its thread as it likes.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

/// Longest wait for work that cannot be interrupted.
const PATIENCE: Duration = Duration::from_secs(2);

/// A runtime whose tasks end when it is dropped.
#[derive(Debug)]
pub(crate) struct BackgroundRuntime(Option<Runtime>);

impl BackgroundRuntime {
    /// Starts two threads with this name.
    pub(crate) fn new(name: &str) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(2).thread_name(name).enable_all().build()?;
        Ok(Self(Some(runtime)))
    }

    /// Runs a task on them.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.0 {
            runtime.spawn(task);
        }
    }

    /// Runs code that starts tasks and processes which shall belong to them.
    pub(crate) fn enter<T>(&self, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let runtime = self.0.as_ref().ok_or_else(|| io::Error::other("the threads have stopped"))?;
        let _guard = runtime.enter();
        work()
    }

    /// Binds a listener that belongs to them.
    pub(crate) async fn listen(&self, address: SocketAddr) -> io::Result<TcpListener> {
        let gone = || io::Error::other("the threads have stopped");
        let runtime = self.0.as_ref().ok_or_else(gone)?;
        runtime.spawn(TcpListener::bind(address)).await.map_err(|_| gone())?
    }
}

impl Drop for BackgroundRuntime {
    /// Returns when ports are closed and processes killed, or after [`PATIENCE`].
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // A runtime must not be waited for on a thread that drives another one.
            let stopped = thread::spawn(move || runtime.shutdown_timeout(PATIENCE)).join();
            debug_assert!(stopped.is_ok(), "shutting down does not panic");
        }
    }
}
