//! Every interleaving of two handlers with up to three changes of the source.
//!
//! A state is the part of COS that belongs to one source, the knowledge of each handler, and the pending events. From
//! each state the explorer tries every next step:
//!
//! - a change of the source,
//! - the start of a handler on any pending event,
//! - the next request of either handler,
//! - a crash of either handler, after which its event is pending again.
//!
//! In each final state, without handlers and pending events, the thumbnails and the manifest must be those of the source.
//!
//! A manifest must never name a thumbnail that is missing, or that shows another content: in no state at all while one
//! handler works at a time, and with two, in no state without handlers, unless one crashed that had worked beside another.

use std::collections::HashSet;
use std::hash::{Hash as _, Hasher as _};

use cos_thumbnailer::recipe::RecipeHash;
use cos_thumbnailer::reconcile::{OnForeign, SeenThumbnail};

use crate::handler::{Event, Handler, Mistake, Progress};
use crate::model::{Content, Model, manifest_hash};

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct State {
    cos: Model,
    changes_left: u8,
    crashes_left: u8,
    duplicates_left: u8,
    /// Pending events, sorted: states that differ only by their order are one.
    events: Vec<Event>,
    handlers: [Option<Handler>; 2],
    /// True if a handler at work has worked beside another.
    is_overlapped: bool,
    /// True if such a handler crashed, and events are pending since.
    is_torn: bool,
}

/// The bounds of an exploration.
#[derive(Clone, Copy, Debug)]
struct Scope {
    thumbnails: usize,
    changes: u8,
    crashes: u8,
    duplicates: u8,
    obeys_forbid: bool,
    has_manifest: bool,
    /// Handlers at work at a time.
    instances: usize,
    mistake: Mistake,
}

/// The result of an exploration.
#[derive(Debug, Default)]
struct Exploration {
    states: usize,
    /// Final states: no handler at work, no event pending.
    finals: usize,
    wrong: Option<String>,
}

impl Scope {
    fn recipes(self) -> Vec<RecipeHash> {
        (0..self.thumbnails).map(|number| RecipeHash::from_stamp(&format!("r{number}"))).collect()
    }

    /// The initial states: no source, and an image with its thumbnails.
    fn initial_states(self) -> Vec<State> {
        let mut nothing = State {
            cos: Model::empty(self.thumbnails, self.obeys_forbid),
            changes_left: self.changes,
            crashes_left: self.crashes,
            duplicates_left: self.duplicates,
            events: Vec::new(),
            handlers: [None, None],
            is_overlapped: false,
            is_torn: false,
        };
        nothing.cos.manifest = self.has_manifest.then_some(SeenThumbnail::Absent);
        let mut settled = nothing.clone();
        let first = Content::Image(1);
        settled.cos.source = Some(first);
        let ours = |recipe| SeenThumbnail::Ours { content: Some(first.id()), recipe };
        settled.cos.thumbnails = self.recipes().into_iter().map(ours).collect();
        settled.cos.manifest = self.has_manifest.then(|| ours(manifest_hash()));
        vec![nothing, settled]
    }

    fn explore(self) -> Exploration {
        let mut pending = self.initial_states();
        let mut known: HashSet<u128> = pending.iter().map(State::fingerprint).collect();
        let mut found = Exploration::default();
        while let Some(state) = pending.pop() {
            found.states += 1;
            let is_idle = state.handlers == [None, None];
            if self.instances == 1 || (is_idle && !state.is_torn) {
                found.wrong = state.cos.misleads(&self.recipes());
            }
            if state.events.is_empty() && is_idle {
                found.finals += 1;
                found.wrong = found.wrong.or_else(|| state.cos.wrong(&self.recipes()));
            }
            if found.wrong.is_some() {
                break;
            }
            for next in self.successors(&state) {
                if known.insert(next.fingerprint()) {
                    pending.push(next);
                }
            }
        }
        found
    }

    fn successors(self, state: &State) -> Vec<State> {
        let mut next = changes(state);
        for slot in 0..self.instances {
            match &state.handlers[slot] {
                None => next.extend(self.starts(state, slot)),
                Some(handler) => {
                    next.push(advanced(state, slot, false));
                    if handler.has_choice(&state.cos) {
                        next.push(advanced(state, slot, true));
                    }
                    next.extend(crashed(state, slot, handler));
                }
            }
        }
        next
    }

    /// Starts a handler on each event. As a duplicate, the event stays pending as well.
    fn starts(self, state: &State, slot: usize) -> Vec<State> {
        // The handlers are interchangeable: the second starts only while the first is at work.
        if slot == 1 && state.handlers[0].is_none() {
            return Vec::new();
        }
        let mut started = Vec::new();
        for index in 0..state.events.len() {
            if index > 0 && state.events[index] == state.events[index - 1] {
                continue;
            }
            let event = state.events[index].clone();
            let mut next = state.clone();
            // Without a manifest nothing depends on it, and there would be twice the states.
            next.is_overlapped = self.has_manifest && slot == 1;
            next.handlers[slot] =
                Some(Handler::new(event, self.recipes(), self.has_manifest, OnForeign::Skip, self.mistake));
            if let Some(left) = state.duplicates_left.checked_sub(1) {
                started.push(State { duplicates_left: left, ..next.clone() });
            }
            next.events.remove(index);
            started.push(next);
        }
        started
    }
}

/// Changes of the source to another image, the first image, one with the ETag of the first, a text, and nothing.
fn changes(state: &State) -> Vec<State> {
    let Some(left) = state.changes_left.checked_sub(1) else { return Vec::new() };
    let fresh = 9 - left;
    let contents = [Content::Image(fresh), Content::Image(1), Content::Twin(1), Content::Text(fresh)];
    contents
        .into_iter()
        .map(Some)
        .chain([None])
        .filter(|content| *content != state.cos.source)
        .map(|content| {
            let mut next = State { changes_left: left, ..state.clone() };
            next.cos.source = content;
            next.deliver(Event {
                created: content.is_some(),
                etag: content.map(|content| content.id().etag.to_string()),
            });
            next
        })
        .collect()
}

fn advanced(state: &State, slot: usize, source_first: bool) -> State {
    let mut next = state.clone();
    let Some(mut handler) = next.handlers[slot].take() else { return next };
    match handler.advance(&mut next.cos, source_first) {
        Progress::Done => {}
        Progress::Going => next.handlers[slot] = Some(handler),
        Progress::Unsettled => next.deliver(handler.event),
    }
    next.normalized()
}

fn crashed(state: &State, slot: usize, handler: &Handler) -> Option<State> {
    let left = state.crashes_left.checked_sub(1)?;
    let mut next = State { crashes_left: left, ..state.clone() };
    next.is_torn |= next.is_overlapped;
    next.handlers[slot] = None;
    next.deliver(handler.event.clone());
    Some(next.normalized())
}

impl State {
    /// 128 bits: among a million states two have the same with a probability of about 10^-27.
    fn fingerprint(&self) -> u128 {
        let half = |salt: u8| {
            let mut hasher = std::hash::DefaultHasher::new();
            (salt, self).hash(&mut hasher);
            u128::from(hasher.finish())
        };
        (half(0) << 64) | half(1)
    }

    fn deliver(&mut self, event: Event) {
        let place = self.events.partition_point(|other| *other < event);
        self.events.insert(place, event);
    }

    /// The same state with a lone handler in the first slot, since handlers are interchangeable.
    fn normalized(mut self) -> Self {
        if self.handlers[0].is_none() {
            self.handlers.swap(0, 1);
        }
        let is_idle = self.handlers == [None, None];
        self.is_overlapped &= !is_idle;
        self.is_torn &= !is_idle || !self.events.is_empty();
        self
    }
}

const ONE: Scope = Scope {
    thumbnails: 1,
    changes: 3,
    crashes: 1,
    duplicates: 1,
    obeys_forbid: true,
    has_manifest: false,
    instances: 2,
    mistake: Mistake::None,
};

const MANIFEST: Scope = Scope { has_manifest: true, ..ONE };

#[track_caller]
fn assert_converges(scope: Scope) {
    let found = scope.explore();
    println!("{} states, {} of them final: {scope:?}", found.states, found.finals);
    assert_eq!(found.wrong, None, "{scope:?}");
    assert!(found.finals >= 10, "{found:?}");
}

#[test]
fn two_handlers_converge_over_one_thumbnail() {
    assert_converges(ONE);
}

#[test]
fn two_handlers_converge_where_versions_are_kept() {
    assert_converges(Scope { obeys_forbid: false, duplicates: 0, ..ONE });
}

#[test]
fn two_handlers_converge_over_two_thumbnails() {
    assert_converges(Scope { thumbnails: 2, changes: 2, duplicates: 0, ..ONE });
}

#[test]
#[ignore = "takes a minute"]
fn two_handlers_converge_over_two_thumbnails_and_three_changes() {
    assert_converges(Scope { thumbnails: 2, duplicates: 0, ..ONE });
}

#[test]
fn two_handlers_converge_over_one_thumbnail_and_its_manifest() {
    assert_converges(Scope { changes: 2, duplicates: 0, ..MANIFEST });
}

#[test]
fn two_handlers_converge_over_a_manifest_where_versions_are_kept() {
    assert_converges(Scope { obeys_forbid: false, changes: 2, duplicates: 0, ..MANIFEST });
}

#[test]
fn manifest_names_no_missing_or_stale_thumbnail_at_any_moment_of_one_handler() {
    for thumbnails in [1, 2] {
        assert_converges(Scope { thumbnails, instances: 1, crashes: 2, ..MANIFEST });
    }
}

#[test]
#[ignore = "takes minutes"]
fn two_handlers_converge_over_two_thumbnails_and_their_manifest() {
    assert_converges(Scope { thumbnails: 2, changes: 2, duplicates: 0, ..MANIFEST });
}

#[test]
fn handler_that_keeps_the_manifest_while_it_writes_is_noticed() {
    let found = Scope { instances: 1, mistake: Mistake::KeepsManifest, ..MANIFEST }.explore();
    assert!(found.wrong.is_some(), "{found:?}");
}

#[test]
fn handler_that_ends_without_a_head_of_the_source_leaves_a_wrong_manifest() {
    let found = Scope { mistake: Mistake::SkipsLastHead, changes: 2, ..MANIFEST }.explore();
    assert!(found.wrong.is_some(), "{found:?}");
}

#[test]
fn handler_that_ends_without_a_head_of_the_source_does_not_converge() {
    let found = Scope { mistake: Mistake::SkipsLastHead, ..ONE }.explore();
    assert!(found.wrong.is_some(), "{found:?}");
}

#[test]
fn handler_that_ignores_the_crc64_does_not_converge() {
    let found = Scope { mistake: Mistake::IgnoresCrc64, ..ONE }.explore();
    assert!(found.wrong.is_some(), "{found:?}");
}

#[test]
fn handler_that_trusts_the_event_does_not_converge() {
    let found = Scope { mistake: Mistake::TrustsTheEvent, ..ONE }.explore();
    assert!(found.wrong.is_some(), "{found:?}");
}
