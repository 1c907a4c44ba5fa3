//! What happens to one key: an upload, and what may follow it.

use fastrand::Rng;
use scf_local::event;
use serde_json::Value;

use super::catalog::{Catalog, Subject};
use crate::setup::{REGION, SOURCE, Setup};

/// Steps of the longest scenario.
pub(super) const MOST_STEPS: usize = 2;

/// One scenario in so many waits for a source that is gone, which takes the function a second.
const GONE_EVERY: usize = 200;

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// The event of an upload comes when the source is gone.
    Gone,
    /// The event of an upload comes when the key has another source, whose event comes last.
    Late,
    /// An upload, and the removal of the source.
    Removal,
    /// An upload, and its event again.
    Repetition,
    /// An upload, and another source under the same key.
    Replacement,
    /// An upload with two records in one message.
    Superseded,
    Upload,
}

/// Kinds that take turns.
const KINDS: [Kind; 6] =
    [Kind::Upload, Kind::Late, Kind::Removal, Kind::Repetition, Kind::Replacement, Kind::Superseded];

/// What a record must lead to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Effect {
    /// The outcome of this source.
    Made(Subject),
    /// Nothing, as all is there, or the same failure again.
    Repeated(Subject),
    /// The removal of the thumbnails of this source, if it had any.
    Removed(Subject),
    /// A skipped record with this code.
    Skipped(&'static str),
}

/// A record for a message, and its effect.
pub(super) struct Step {
    pub(super) message: Value,
    pub(super) effect: Effect,
}

/// A scenario of a source, and of one more that thumbnails are made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scenario {
    kind: Kind,
    first: Subject,
    second: Subject,
}

impl Scenario {
    /// Scenarios with this many events, each kind and each source as often as the others.
    pub(super) fn deck(catalog: &Catalog, events: usize, random: &mut Rng) -> Vec<Self> {
        let mut subjects = catalog.subjects();
        random.shuffle(&mut subjects);
        let stored: Vec<Subject> =
            subjects.iter().copied().filter(|subject| catalog.expected[subject].is_stored()).collect();
        let mut deck = Vec::new();
        let mut count = 0;
        while count < events {
            let number = deck.len();
            let kind =
                if number % GONE_EVERY == GONE_EVERY - 1 { Kind::Gone } else { KINDS[number % KINDS.len()] };
            // One more at each turn, so that every source meets every kind.
            let turn = number / subjects.len();
            let first = subjects[(number + turn) % subjects.len()];
            let same_rule = |second: &&Subject| second.1 == first.1;
            let second = *stored[number % stored.len()..].iter().chain(&stored).find(same_rule).unwrap();
            let scenario = Self { kind, first, second };
            count += scenario.events();
            deck.push(scenario);
        }
        deck
    }

    /// Number of records.
    pub(super) fn events(&self) -> usize {
        match self.kind {
            Kind::Gone | Kind::Upload => 1,
            Kind::Late | Kind::Removal | Kind::Repetition | Kind::Replacement | Kind::Superseded => 2,
        }
    }

    /// Number of messages.
    pub(super) fn steps(&self) -> usize {
        match self.kind {
            Kind::Gone | Kind::Superseded | Kind::Upload => 1,
            Kind::Late | Kind::Removal | Kind::Repetition | Kind::Replacement => 2,
        }
    }

    /// Folder of the rule.
    pub(super) fn folder(&self) -> &'static str {
        self.first.1
    }

    /// The source whose thumbnails are there after a step.
    pub(super) fn subject(&self, step: usize) -> Option<Subject> {
        match (self.kind, step) {
            (Kind::Gone, _) | (Kind::Removal, 1) => None,
            (Kind::Late, _) | (Kind::Replacement, 1) => Some(self.second),
            _ => Some(self.first),
        }
    }

    /// Prepares the source bucket for a step, and returns its records.
    pub(super) async fn step(&self, setup: &Setup, catalog: &Catalog, key: &str, step: usize) -> Vec<Step> {
        let upload =
            async |subject, effect| Step { message: setup.upload(key, catalog.bytes(subject)).await, effect };
        let Self { kind, first, second } = *self;
        match (kind, step) {
            (Kind::Gone, 0) => {
                let late = upload(first, Effect::Skipped("skip.source_gone")).await;
                setup.cos.delete(SOURCE, key);
                vec![late]
            }
            (Kind::Late, 0) => {
                let late = upload(first, Effect::Made(second)).await;
                upload(second, Effect::Made(second)).await;
                vec![late]
            }
            (Kind::Superseded, 0) => {
                let earlier = upload(first, Effect::Skipped("skip.superseded")).await;
                vec![earlier, upload(first, Effect::Made(first)).await]
            }
            (Kind::Removal | Kind::Repetition | Kind::Replacement | Kind::Upload, 0) => {
                vec![upload(first, Effect::Made(first)).await]
            }
            (Kind::Late, 1) => vec![upload(second, Effect::Repeated(second)).await],
            (Kind::Repetition, 1) => vec![upload(first, Effect::Repeated(first)).await],
            (Kind::Replacement, 1) if catalog.bytes(first) == catalog.bytes(second) => {
                vec![upload(second, Effect::Repeated(second)).await]
            }
            (Kind::Replacement, 1) => vec![upload(second, Effect::Made(second)).await],
            (Kind::Removal, 1) => {
                setup.cos.delete(SOURCE, key);
                let message = event::removed("cos:ObjectRemove:Delete", SOURCE, REGION, key);
                vec![Step { message, effect: Effect::Removed(first) }]
            }
            _ => Vec::new(),
        }
    }
}
