//! From the event queue to instances: retries, and events that are given up (583/39851).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

use crate::pool::counters::PoolCounters;
use crate::pool::instances::Instances;
use crate::pool::options::PoolOptions;
use crate::pool::queue::{EventQueue, QueuedEvent};
use crate::scf::{Invocation, Outcome, Scf};

/// State that all invocations of a pool share.
#[derive(Debug)]
pub(super) struct Dispatcher {
    options: PoolOptions,
    instances: Mutex<Instances>,
    /// One permit for each process that this machine may run. Waiting invocations get them in order.
    processes: Arc<Semaphore>,
    pub(super) queue: EventQueue,
    refusals: Mutex<Refusals>,
}

#[derive(Debug, Default)]
struct Refusals {
    burst: u64,
    concurrency: u64,
}

impl Dispatcher {
    pub(super) fn new(options: PoolOptions) -> Self {
        let processes = options.instances.unwrap_or(Semaphore::MAX_PERMITS).clamp(1, Semaphore::MAX_PERMITS);
        let instances =
            Instances::new(options.function.memory_mb, options.quota_mb, options.burst_per_minute);
        Self {
            instances: Mutex::new(instances),
            processes: Arc::new(Semaphore::new(processes)),
            queue: EventQueue::new(options.queue_capacity),
            refusals: Mutex::default(),
            options,
        }
    }

    pub(super) fn instances(&self) -> MutexGuard<'_, Instances> {
        self.instances.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn counters(&self) -> PoolCounters {
        let queue = self.queue.counters();
        let (instances, peak_concurrency) = {
            let locked = self.instances();
            (locked.counters(), locked.peak_concurrency)
        };
        let refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        PoolCounters {
            invocations: instances.iter().map(|instance| instance.invocations).sum(),
            peak_concurrency,
            burst_exceeded: refusals.burst,
            concurrency_exceeded: refusals.concurrency,
            events: queue.events,
            waiting: queue.waiting,
            retries: queue.retries,
            dropped: queue.dropped,
            instances,
        }
    }

    /// Invokes the function once, as soon as this machine may run a further process.
    pub(super) async fn invoke(&self, event: &str, request_id: String) -> Invocation {
        let permit = Arc::clone(&self.processes).acquire_owned().await;
        self.run(event, request_id, permit.ok()).await
    }

    /// Delivers queued events until the future is dropped.
    pub(super) async fn deliver_all(self: Arc<Self>) {
        loop {
            let event = self.queue.next().await;
            let permit = Arc::clone(&self.processes).acquire_owned().await.ok();
            self.queue.begin_invocation();
            tokio::spawn(Arc::clone(&self).deliver(event, permit));
        }
    }

    /// Runs one invocation of a queued event, and appends the event again if it is to be repeated.
    async fn deliver(self: Arc<Self>, mut event: QueuedEvent, permit: Option<OwnedSemaphorePermit>) {
        if event.since.elapsed() > self.options.max_event_age {
            self.queue.count_too_old();
            event.finish();
            return;
        }
        let invocation = self.run(&event.text, event.request_id.clone(), permit).await;
        let (succeeded, throttled) = (invocation.outcome.is_success(), invocation.outcome.is_throttled());
        if event.reply.is_some() {
            event.invocations.push(invocation);
        }
        if succeeded {
            event.finish();
            return;
        }
        if !throttled {
            event.failures = event.failures.saturating_add(1);
            if event.failures > self.options.function.retries {
                self.queue.count_failed();
                event.finish();
                return;
            }
        }
        self.queue.begin_pause();
        sleep(self.options.function.retry_delay).await;
        if !throttled {
            self.queue.count_retry();
        }
        self.queue.end_pause(event);
    }

    /// Runs one invocation on an instance.
    async fn run(
        &self,
        event: &str,
        request_id: String,
        _permit: Option<OwnedSemaphorePermit>,
    ) -> Invocation {
        let taken = self.instances().take(Instant::now());
        let taken = match taken {
            Ok(taken) => taken,
            Err(refusal) => return self.refuse(refusal, request_id),
        };
        let _release = Release { dispatcher: self, position: taken.position };
        let scf = match taken.scf {
            Some(scf) => scf,
            None => match Scf::start_api(self.options.function.clone()).await {
                Ok(scf) => {
                    let scf = Arc::new(scf);
                    self.instances().started(taken.position, Arc::clone(&scf));
                    scf
                }
                Err(error) => {
                    let mut invocation = Invocation::new(request_id);
                    invocation.outcome =
                        Outcome::StartFailed(format!("the runtime API cannot be started: {error}"));
                    return invocation;
                }
            },
        };
        scf.attempt(event, request_id).await
    }

    fn refuse(&self, refusal: Outcome, request_id: String) -> Invocation {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        let count = match refusal {
            Outcome::BurstExceeded => &mut refusals.burst,
            _ => &mut refusals.concurrency,
        };
        *count = count.saturating_add(1);
        let mut invocation = Invocation::new(request_id);
        invocation.outcome = refusal;
        invocation
    }
}

/// Returns the instance when the invocation ends or its future is dropped.
struct Release<'a> {
    dispatcher: &'a Dispatcher,
    position: usize,
}

impl Drop for Release<'_> {
    fn drop(&mut self) {
        self.dispatcher.instances().release(self.position);
    }
}
