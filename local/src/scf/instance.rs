//! The state of one function instance, shared between the runtime API and whoever invokes.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::scf::fault::RuntimeFault;
use crate::scf::outcome::Outcome;

/// An event on its way into the function.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) request_id: String,
    pub(super) text: String,
    pub(super) memory_mb: u64,
    pub(super) time_limit: Duration,
}

/// What became of an answer that was posted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Taken {
    /// It is the answer.
    First,
    /// There was one already.
    Late,
    /// Nothing was asked.
    NoEvent,
}

#[derive(Debug, Default)]
struct State {
    ready: bool,
    event: Option<Event>,
    /// Whether the process has been given the event.
    fetched: bool,
    outcome: Option<Outcome>,
    /// Whether any event was ever answered.
    answered_before: bool,
    faults: Vec<RuntimeFault>,
}

/// One instance.
#[derive(Debug, Default)]
pub(super) struct Instance {
    state: Mutex<State>,
    /// Rings on every change of the state.
    changed: Notify,
}

impl Instance {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        let result = work(&mut self.lock());
        self.changed.notify_waiters();
        result
    }

    /// Waits until the state has what is looked for.
    async fn wait<T>(&self, look: impl Fn(&mut State) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before the look, so that no change slips between the two.
            changed.as_mut().enable();
            if let Some(found) = look(&mut self.lock()) {
                return found;
            }
            changed.await;
        }
    }

    /// A new process begins: not ready, with nothing to fetch.
    pub(super) fn begin(&self) {
        self.change(|state| {
            state.ready = false;
            state.event = None;
            state.fetched = false;
            state.answered_before = false;
        });
    }

    pub(super) fn make_ready(&self) {
        self.change(|state| state.ready = true);
    }

    pub(super) async fn wait_ready(&self) {
        self.wait(|state| state.ready.then_some(())).await;
    }

    /// Issues an event.
    pub(super) fn issue(&self, event: Event) {
        self.change(|state| {
            state.event = Some(event);
            state.fetched = false;
            state.outcome = None;
        });
    }

    /// The event, once there is one that was not answered.
    pub(super) async fn next_event(&self) -> Event {
        self.wait(|state| {
            let event = state.event.clone().filter(|_| state.outcome.is_none());
            state.fetched |= event.is_some();
            event
        })
        .await
    }

    /// Takes an answer; the first is final.
    pub(super) fn answer(&self, outcome: Outcome) -> Taken {
        self.change(|state| match (&state.event, state.fetched, &state.outcome) {
            (Some(_), true, None) => {
                state.outcome = Some(outcome);
                state.answered_before = true;
                Taken::First
            }
            _ if state.answered_before => Taken::Late,
            _ => Taken::NoEvent,
        })
    }

    pub(super) async fn wait_outcome(&self) -> Outcome {
        self.wait(|state| state.outcome.clone()).await
    }

    /// Takes the event back, answered or not; whether the process had fetched it.
    pub(super) fn withdraw(&self) -> bool {
        self.change(|state| {
            state.event = None;
            state.fetched
        })
    }

    /// Whether an event is out that nobody took back.
    pub(super) fn is_busy(&self) -> bool {
        self.lock().event.is_some()
    }

    pub(super) fn fail(&self, fault: RuntimeFault) {
        self.lock().faults.push(fault);
    }

    /// The fault that strikes a call of this path, used up by one.
    pub(super) fn strike(&self, path: &str) -> Option<RuntimeFault> {
        let mut state = self.lock();
        let fault = state.faults.iter_mut().find(|fault| fault.wants(path))?;
        let struck = fault.clone();
        fault.count_down();
        Some(struck)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str) -> Event {
        Event {
            request_id: id.to_owned(),
            text: "{}".to_owned(),
            memory_mb: 128,
            time_limit: Duration::from_secs(3),
        }
    }

    #[tokio::test]
    async fn an_event_stays_until_it_is_answered_and_the_first_answer_counts() {
        let instance = Instance::default();
        assert_eq!(instance.answer(Outcome::Response("early".to_owned())), Taken::NoEvent);
        instance.issue(event("one"));
        assert_eq!(instance.answer(Outcome::Response("unfetched".to_owned())), Taken::NoEvent);
        assert_eq!(instance.next_event().await.request_id, "one");
        assert_eq!(instance.next_event().await.request_id, "one");
        assert_eq!(instance.answer(Outcome::Response("first".to_owned())), Taken::First);
        assert_eq!(instance.answer(Outcome::Error("second".to_owned())), Taken::Late);
        assert_eq!(instance.wait_outcome().await, Outcome::Response("first".to_owned()));
        let nothing = tokio::time::timeout(Duration::from_millis(20), instance.next_event()).await;
        assert!(nothing.is_err(), "an answered event is not given out again");
        instance.issue(event("two"));
        assert_eq!(instance.next_event().await.request_id, "two");
    }
}
