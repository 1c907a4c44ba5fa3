//! Asynchronous events: the platform answers before the function runs, so what came of an event is looked up in COS.
//!
//! An event counts as running until the thumbnails of its sources are there. This bounds the events in the queue of the
//! platform, which holds 100,000 of them for six hours and drops the rest (583/41138).

use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::sync::outcome::{RecordKind, RecordOutcome};
use crate::sync::send::invoker::{Answer, Failure, Invoker};
use crate::sync::{Batch, Job, Mark, Store, Survey, Verify};

/// Pause before the first look, and the longest between two. A batch takes ten seconds.
const FIRST_LOOK: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Time after which an event counts as failed: the platform makes three attempts, a minute apart.
const PATIENCE: Duration = Duration::from_secs(300);

/// Time for the rest of an event of which something was seen: two more attempts, a minute apart. What is no image never
/// comes, and would hold up others.
const PATIENCE_FOR_REST: Duration = Duration::from_secs(150);

/// Acceptance of asynchronous events.
pub trait Queue {
    /// Hands over an event.
    fn enqueue(&self, event: &str) -> impl Future<Output = Result<(), Failure>>;
}

/// A function that is sent asynchronous events.
#[derive(Debug)]
pub struct QueuedFunction<'a, Q, S> {
    job: &'a Job,
    queue: &'a Q,
    survey: Survey<'a, S>,
    patience: Duration,
}

impl<'a, Q: Queue, S: Store> QueuedFunction<'a, Q, S> {
    /// A function with this time limit behind a queue.
    #[must_use]
    pub fn new(job: &'a Job, queue: &'a Q, store: &'a S, time_limit: Duration) -> Self {
        let patience = PATIENCE.saturating_add(time_limit.saturating_mul(3));
        Self { job, queue, survey: Survey::new(job, store, Verify::Listing), patience }
    }
}

impl<Q: Queue, S: Store> Invoker for QueuedFunction<'_, Q, S> {
    async fn invoke(&self, batch: &Batch) -> Answer {
        let refused = |failure| Answer { outcomes: Err(failure), billed: None };
        let event = match batch.event(self.job, Mark::Queued) {
            Ok(event) => event,
            Err(error) => return refused(Failure::Refused(error.to_string())),
        };
        if let Err(failure) = self.queue.enqueue(&event).await {
            return refused(failure);
        }
        let mut given_up = Instant::now() + self.patience;
        let (mut open, mut pause) = (batch.tasks.clone(), FIRST_LOOK);
        while !open.is_empty() && Instant::now() < given_up {
            sleep(pause).await;
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
            match self.survey.unfinished(open.clone()).await {
                Ok(unfinished) => {
                    if open.len() == batch.tasks.len() && unfinished.len() < open.len() {
                        given_up = given_up.min(Instant::now() + PATIENCE_FOR_REST);
                    }
                    open = unfinished;
                }
                Err(error) => return refused(Failure::Lost(error.to_string())),
            }
        }
        let unfinished: BTreeSet<&str> = open.iter().map(|task| task.source.key.as_str()).collect();
        let outcome = |key: &str| {
            if unfinished.contains(key) {
                let reason = "its thumbnails did not appear after its event; look its key up in the log of the function";
                RecordOutcome::new(key, "sync.not_confirmed", reason, RecordKind::Permanent)
            } else {
                RecordOutcome::new(key, "confirmed", "", RecordKind::Done)
            }
        };
        let outcomes = batch.tasks.iter().map(|task| outcome(task.source.key.as_str())).collect();
        Answer { outcomes: Ok(outcomes), billed: None }
    }
}
