//! The queue of asynchronous events, first in, first out.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{Notify, oneshot};

use crate::pool::counters::DroppedEvents;
use crate::scf::Invocation;

/// Asynchronous event, from its acceptance to its last invocation.
#[derive(Debug)]
pub(super) struct QueuedEvent {
    pub(super) request_id: String,
    pub(super) text: String,
    /// Time of its acceptance.
    pub(super) since: Instant,
    /// Invocations that failed in the function.
    pub(super) failures: u32,
    /// Invocations so far, if somebody waits for them.
    pub(super) invocations: Vec<Invocation>,
    pub(super) reply: Option<oneshot::Sender<Vec<Invocation>>>,
}

impl QueuedEvent {
    /// Hands the invocations to the one who waits for them.
    pub(super) fn finish(self) {
        if let Some(reply) = self.reply {
            // Fails when nobody waits any more.
            let _ = reply.send(self.invocations);
        }
    }
}

/// Numbers of events.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct QueueCounters {
    /// Events that were accepted or dropped.
    pub(super) events: u64,
    /// Events that wait, including those that wait for a retry.
    pub(super) waiting: usize,
    pub(super) retries: u64,
    pub(super) dropped: DroppedEvents,
}

/// Events in the order of their delivery.
#[derive(Debug)]
pub(super) struct EventQueue {
    state: Mutex<QueueState>,
    /// Notified when an event is appended.
    appended: Notify,
    capacity: usize,
}

#[derive(Debug, Default)]
struct QueueState {
    events: VecDeque<QueuedEvent>,
    counters: QueueCounters,
}

impl EventQueue {
    pub(super) fn new(capacity: usize) -> Self {
        Self { state: Mutex::default(), appended: Notify::new(), capacity }
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn counters(&self) -> QueueCounters {
        self.lock().counters
    }

    /// Accepts a new event, or drops it if the queue is full.
    pub(super) fn accept(&self, event: QueuedEvent) {
        let mut state = self.lock();
        state.counters.events = state.counters.events.saturating_add(1);
        if state.counters.waiting >= self.capacity {
            let full = &mut state.counters.dropped.queue_full;
            *full = full.saturating_add(1);
            drop(state);
            event.finish();
            return;
        }
        state.counters.waiting = state.counters.waiting.saturating_add(1);
        state.events.push_back(event);
        drop(state);
        self.appended.notify_one();
    }

    /// Counts a failed or refused event as waiting, before its pause.
    pub(super) fn begin_pause(&self) {
        let waiting = &mut self.lock().counters.waiting;
        *waiting = waiting.saturating_add(1);
    }

    /// Appends an event after its pause.
    pub(super) fn end_pause(&self, event: QueuedEvent) {
        self.lock().events.push_back(event);
        self.appended.notify_one();
    }

    /// Removes the oldest event; waits for one if there is none. One task at a time may call it.
    pub(super) async fn next(&self) -> QueuedEvent {
        loop {
            if let Some(event) = self.lock().events.pop_front() {
                return event;
            }
            self.appended.notified().await;
        }
    }

    /// Counts an event as no longer waiting.
    pub(super) fn begin_invocation(&self) {
        let waiting = &mut self.lock().counters.waiting;
        *waiting = waiting.saturating_sub(1);
    }

    pub(super) fn count_retry(&self) {
        let retries = &mut self.lock().counters.retries;
        *retries = retries.saturating_add(1);
    }

    pub(super) fn count_failed(&self) {
        let failed = &mut self.lock().counters.dropped.failed;
        *failed = failed.saturating_add(1);
    }

    pub(super) fn count_too_old(&self) {
        let too_old = &mut self.lock().counters.dropped.too_old;
        *too_old = too_old.saturating_add(1);
    }
}
