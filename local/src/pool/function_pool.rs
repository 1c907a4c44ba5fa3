//! A running pool.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::background::BackgroundRuntime;
use crate::pool::counters::PoolCounters;
use crate::pool::dispatcher::Dispatcher;
use crate::pool::instances::KillTarget;
use crate::pool::options::PoolOptions;
use crate::pool::queue::QueuedEvent;
use crate::scf::{Invocation, Outcome, request_id};

/// Interval at which a busy instance is checked before it is killed.
const POLL_INTERVAL: Duration = Duration::from_millis(2);

/// Instances of one function. Dropping the pool kills their processes.
#[derive(Debug)]
pub struct FunctionPool {
    // Dropped first, so that no task holds the instances when they are dropped.
    background: BackgroundRuntime,
    dispatcher: Arc<Dispatcher>,
}

impl FunctionPool {
    /// Creates a pool without instances. Invocations start them.
    ///
    /// # Errors
    /// When the threads cannot be started.
    pub fn start(options: PoolOptions) -> io::Result<Self> {
        let background = BackgroundRuntime::new("pool")?;
        let dispatcher = Arc::new(Dispatcher::new(options));
        background.spawn(Arc::clone(&dispatcher).deliver_all());
        Ok(Self { background, dispatcher })
    }

    /// Invokes the function once, synchronously. An invocation over a limit is refused: see
    /// [`Outcome::is_throttled`](crate::Outcome::is_throttled).
    ///
    /// Dropping the future does not end the invocation, as a lost connection does not on the platform.
    pub async fn invoke(&self, event: &str) -> Invocation {
        let (sender, receiver) = oneshot::channel();
        let (dispatcher, event, request_id) =
            (Arc::clone(&self.dispatcher), event.to_owned(), request_id::next());
        let id = request_id.clone();
        self.background.spawn(async move {
            // Fails when nobody waits any more.
            let _ = sender.send(dispatcher.invoke(&event, request_id).await);
        });
        receiver.await.unwrap_or_else(|_| {
            let mut invocation = Invocation::new(id);
            invocation.outcome = Outcome::StartFailed("the pool has stopped".to_owned());
            invocation
        })
    }

    /// Invokes the function asynchronously, as triggers do: the event is queued, and repeated when it fails or is refused.
    /// Waits for its last invocation, and returns all of them in order. They are none if the queue was full.
    pub async fn deliver(&self, event: &str) -> Vec<Invocation> {
        self.submit(event).await.unwrap_or_default()
    }

    /// Queues an event as [`Self::deliver`] does. The receiver gets its invocations.
    pub(crate) fn submit(&self, event: &str) -> oneshot::Receiver<Vec<Invocation>> {
        let (sender, receiver) = oneshot::channel();
        self.queue(event, Some(sender));
        receiver
    }

    /// Queues an event as [`Self::deliver`] does, and returns its request id without waiting.
    pub fn enqueue(&self, event: &str) -> String {
        self.queue(event, None)
    }

    fn queue(&self, event: &str, reply: Option<oneshot::Sender<Vec<Invocation>>>) -> String {
        let request_id = request_id::next();
        self.dispatcher.queue.accept(QueuedEvent {
            request_id: request_id.clone(),
            text: event.to_owned(),
            since: Instant::now(),
            failures: 0,
            invocations: Vec::new(),
            reply,
        });
        request_id
    }

    /// Kills the process of an instance that works on an event, whose invocation then ends with status 439. Waits for an
    /// instance that has not fetched its event yet. If none is busy, kills a process that runs. Returns its id, or `None`
    /// if no process runs.
    pub async fn kill_one(&self) -> Option<u32> {
        loop {
            let target = self.dispatcher.instances().target();
            match target {
                KillTarget::Later => sleep(POLL_INTERVAL).await,
                KillTarget::None => return None,
                KillTarget::Now(scf) => return scf.kill().await,
            }
        }
    }

    /// Kills all processes that are not busy, as the platform does after some idle minutes.
    pub async fn recycle_idle(&self) {
        let idle = self.dispatcher.instances().idle();
        for scf in idle {
            scf.kill().await;
        }
    }

    /// Returns the concurrency quota in MB; `None` for no limit.
    #[must_use]
    pub fn quota_mb(&self) -> Option<u64> {
        self.dispatcher.instances().quota_mb
    }

    /// Changes the concurrency quota. 0 refuses every invocation.
    pub fn set_quota_mb(&self, quota_mb: Option<u64>) {
        self.dispatcher.instances().quota_mb = quota_mb;
    }

    /// Returns the counters.
    #[must_use]
    pub fn counters(&self) -> PoolCounters {
        self.dispatcher.counters()
    }
}
