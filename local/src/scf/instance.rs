//! State of a function instance, shared by the runtime API and the supervisor.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::scf::fault::RuntimeFault;
use crate::scf::outcome::Outcome;

/// Event that waits for the function, with the values of the headers of `next`.
#[derive(Clone, Debug)]
pub(super) struct PendingEvent {
    pub(super) request_id: String,
    pub(super) text: String,
    pub(super) memory_mb: u64,
    pub(super) time_limit: Duration,
}

/// Result of posting a response or an error.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Acceptance {
    /// It is the outcome of the event.
    First,
    /// The event already had an outcome.
    Duplicate,
    /// The process has not fetched an event.
    NoEvent,
}

/// State behind the lock of an instance.
#[derive(Debug, Default)]
struct InstanceState {
    ready: bool,
    event: Option<PendingEvent>,
    /// Set when the process has fetched the event.
    fetched: bool,
    outcome: Option<Outcome>,
    /// Set when a fault has taken the outcome of the event.
    is_lost: bool,
    /// Set when the process has posted the outcome of any event.
    has_outcomes: bool,
    faults: Vec<RuntimeFault>,
}

/// A function instance.
#[derive(Debug, Default)]
pub(super) struct Instance {
    state: Mutex<InstanceState>,
    /// Notified on every change of the state.
    changed: Notify,
}

impl Instance {
    fn lock(&self) -> MutexGuard<'_, InstanceState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and notifies all waiting tasks.
    fn change<T>(&self, work: impl FnOnce(&mut InstanceState) -> T) -> T {
        let result = work(&mut self.lock());
        self.changed.notify_waiters();
        result
    }

    /// Waits until `look` finds something in the state.
    async fn wait<T>(&self, look: impl Fn(&mut InstanceState) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before `look` runs, so that no change between the two is missed.
            changed.as_mut().enable();
            if let Some(found) = look(&mut self.lock()) {
                return found;
            }
            changed.await;
        }
    }

    /// Resets the state for a new process.
    pub(super) fn begin(&self) {
        self.change(|state| {
            state.ready = false;
            state.event = None;
            state.fetched = false;
            state.has_outcomes = false;
        });
    }

    /// Records the call of `ready`.
    pub(super) fn make_ready(&self) {
        self.change(|state| state.ready = true);
    }

    /// Waits until the process is ready.
    pub(super) async fn wait_ready(&self) {
        self.wait(|state| state.ready.then_some(())).await;
    }

    /// Makes an event available to the process.
    pub(super) fn issue(&self, event: PendingEvent) {
        self.change(|state| {
            state.event = Some(event);
            state.fetched = false;
            state.outcome = None;
            state.is_lost = false;
        });
    }

    /// Waits for an event without an outcome, and returns it.
    pub(super) async fn next_event(&self) -> PendingEvent {
        self.wait(|state| {
            let event = state.event.clone().filter(|_| state.outcome.is_none());
            state.fetched |= event.is_some();
            event
        })
        .await
    }

    /// Records an outcome. Only the first outcome of an event counts.
    pub(super) fn record(&self, outcome: Outcome) -> Acceptance {
        self.change(|state| match (&state.event, state.fetched, &state.outcome) {
            (Some(_), true, None) => {
                state.outcome = Some(outcome);
                state.has_outcomes = true;
                Acceptance::First
            }
            _ if state.has_outcomes => Acceptance::Duplicate,
            _ => Acceptance::NoEvent,
        })
    }

    /// Waits for the outcome of the event.
    pub(super) async fn wait_outcome(&self) -> Outcome {
        self.wait(|state| state.outcome.clone()).await
    }

    /// Loses the outcome that the process posts.
    pub(super) fn lose_outcome(&self) {
        self.change(|state| state.is_lost = true);
    }

    /// Waits until an outcome is lost.
    pub(super) async fn wait_loss(&self) {
        self.wait(|state| state.is_lost.then_some(())).await;
    }

    /// Withdraws the event, and returns whether the process had fetched it.
    pub(super) fn withdraw(&self) -> bool {
        self.change(|state| {
            state.event = None;
            state.fetched
        })
    }

    /// Returns whether an event has not been withdrawn.
    pub(super) fn is_busy(&self) -> bool {
        self.lock().event.is_some()
    }

    /// Returns whether the process has fetched an event that has no outcome.
    pub(super) fn is_working(&self) -> bool {
        let state = self.lock();
        state.event.is_some() && state.fetched && state.outcome.is_none()
    }

    /// Adds a fault.
    pub(super) fn fail(&self, fault: RuntimeFault) {
        self.lock().faults.push(fault);
    }

    /// Removes all faults and returns them.
    pub(super) fn take_faults(&self) -> Vec<RuntimeFault> {
        std::mem::take(&mut self.lock().faults)
    }

    /// Takes one application of the first fault that applies to this path.
    pub(super) fn take_fault(&self, path: &str) -> Option<RuntimeFault> {
        let mut state = self.lock();
        let fault = state.faults.iter_mut().find(|fault| fault.applies_to(path))?;
        let applied = fault.clone();
        fault.count_down();
        Some(applied)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str) -> PendingEvent {
        PendingEvent {
            request_id: id.to_owned(),
            text: "{}".to_owned(),
            memory_mb: 128,
            time_limit: Duration::from_secs(3),
        }
    }

    #[tokio::test]
    async fn an_event_stays_until_its_first_outcome_which_counts() {
        let instance = Instance::default();
        assert_eq!(instance.record(Outcome::Response("early".to_owned())), Acceptance::NoEvent);
        instance.issue(event("one"));
        assert_eq!(instance.record(Outcome::Response("unfetched".to_owned())), Acceptance::NoEvent);
        assert_eq!(instance.next_event().await.request_id, "one");
        assert_eq!(instance.next_event().await.request_id, "one");
        assert_eq!(instance.record(Outcome::Response("first".to_owned())), Acceptance::First);
        assert_eq!(instance.record(Outcome::Error("second".to_owned())), Acceptance::Duplicate);
        assert_eq!(instance.wait_outcome().await, Outcome::Response("first".to_owned()));
        let nothing = tokio::time::timeout(Duration::from_millis(20), instance.next_event()).await;
        assert!(nothing.is_err(), "an event with an outcome is not returned again");
        instance.issue(event("two"));
        assert_eq!(instance.next_event().await.request_id, "two");
    }
}
