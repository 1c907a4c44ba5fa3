//! One process of the function through all quarters of a run.

use std::time::Duration;

use fastrand::Rng;
use scf_local::event;
use serde_json::Value;
use tokio::time::sleep;

use super::catalog::{Catalog, RULES, Subject, comparable};
use super::scenario::{Effect, MOST_STEPS, Scenario};
use crate::setup::{Options, Response, SOURCE, Setup, TARGET, small_jpeg};
use crate::usage::{Figures, Quarters, processor_ms, resident_kib};

/// Records of one message, at most. Each is of another key.
pub(super) const MOST_RECORDS: usize = 6;

/// Messages between two looks at the memory at rest.
const SAMPLE_EVERY: usize = 4;

/// Events of a run whose bounds are narrow. Of fewer, what the allocator and the pools of connections hold by chance is more.
const LONG: usize = 10_000;

/// Idle connections by which two quarters may differ.
const CONNECTIONS: usize = 2;

/// Longer than idle connections are kept: five seconds, and as long again until the pool looks for them.
const IDLE: Duration = Duration::from_secs(11);

/// A process of the function, and what was seen of it.
pub(super) struct Function<'a> {
    pub(super) setup: Setup,
    pub(super) catalog: &'a Catalog,
    memory_mb: u64,
    quarters: Quarters,
    peak_mb: f64,
    messages: usize,
    /// Outcomes and thumbnails that were compared.
    pub(super) right: usize,
}

impl<'a> Function<'a> {
    pub(super) async fn start(catalog: &'a Catalog, memory_mb: u64) -> Self {
        let setup = Setup::with(Options { memory_mb, rules: Some(RULES), ..Options::default() }).await;
        let quarters = Quarters::default();
        Self { setup, catalog, memory_mb, quarters, peak_mb: 0.0, messages: 0, right: 0 }
    }

    /// Handles `events` records of all scenarios, in four quarters with the same events in orders of their own.
    pub(super) async fn endure(mut self, run: &str, events: usize) {
        let mut random = Rng::with_seed(self.memory_mb);
        let mut deck = Scenario::deck(self.catalog, events / 4, &mut random);
        let events = deck.iter().map(Scenario::events).sum::<usize>() * 4;
        for quarter in 0..4 {
            random.shuffle(&mut deck);
            self.play_all(quarter, &deck, &mut random).await;
            self.rest(quarter, events).await;
        }
        self.judge(run, events);
    }

    /// Handles `events` records of all scenarios within the memory of the function.
    pub(super) async fn stay_within_memory(mut self, events: usize) {
        let mut random = Rng::with_seed(self.memory_mb);
        let deck = Scenario::deck(self.catalog, events, &mut random);
        self.play_all(0, &deck, &mut random).await;
        self.judge_process();
    }

    /// Plays scenarios, several in a message.
    async fn play_all(&mut self, quarter: usize, mut deck: &[Scenario], random: &mut Rng) {
        while !deck.is_empty() {
            let (now, later) = deck.split_at(random.usize(1..=MOST_RECORDS).min(deck.len()));
            let name = |(number, scenario): (usize, &Scenario)| (format!("n{quarter}{number:06}"), *scenario);
            let named: Vec<(String, Scenario)> = (later.len()..).zip(now).map(name).collect();
            self.play(&named).await;
            self.sample(quarter).await;
            deck = later;
        }
    }

    /// Plays scenarios side by side, and removes what they leave.
    async fn play(&mut self, named: &[(String, Scenario)]) {
        let key = |name: &str, scenario: &Scenario| format!("{}/{name}", scenario.folder());
        for step in 0..MOST_STEPS {
            let (mut messages, mut effects) = (Vec::new(), Vec::new());
            for (name, scenario) in named {
                for step in scenario.step(&self.setup, self.catalog, &key(name, scenario), step).await {
                    messages.push(step.message);
                    effects.push((name, step.effect));
                }
            }
            if messages.is_empty() {
                break;
            }
            let response = self.setup.invoke(&event::merged(&messages)).await;
            self.look(&response);
            let outcomes = response.outcomes();
            assert_eq!(outcomes.len(), effects.len(), "{outcomes:#?}");
            for (outcome, (name, effect)) in outcomes.iter().zip(effects) {
                self.check(outcome, name, effect);
            }
            let last = |scenario: &Scenario| scenario.subject(step.min(scenario.steps() - 1));
            let there = named.iter().map(|(name, scenario)| (name.clone(), last(scenario)));
            self.right += self.catalog.assert_target(&self.setup, there);
        }
        named.iter().for_each(|(name, scenario)| self.setup.cos.delete(SOURCE, &key(name, scenario)));
        self.setup.cos.keys(TARGET).iter().for_each(|key| self.setup.cos.delete(TARGET, key));
        self.setup.cos.clear_journal();
    }

    fn check(&mut self, outcome: &Value, name: &str, effect: Effect) {
        let stored = |subject| self.catalog.expected[&subject].is_stored();
        let (word, code) = match effect {
            Effect::Made(subject) => return self.check_made(outcome, name, subject),
            Effect::Repeated(subject) if !stored(subject) => {
                return self.check_failed_again(outcome, name, subject);
            }
            Effect::Repeated(_) => ("unchanged", Value::Null),
            Effect::Removed(subject) if self.catalog.expected[&subject].has_thumbnails() => {
                ("removed", Value::Null)
            }
            Effect::Removed(_) => ("skipped", "skip.source_gone".into()),
            Effect::Skipped(code) => ("skipped", code.into()),
        };
        assert_eq!((&outcome["outcome"], &outcome["code"]), (&word.into(), &code), "{effect:?}: {outcome:#}");
        self.right += 1;
    }

    /// Of a source that fails in part, the other thumbnails are kept.
    fn check_failed_again(&mut self, outcome: &Value, name: &str, subject: Subject) {
        let mut expected = self.catalog.expected[&subject].outcome.clone();
        let kept = expected["thumbnails"].as_array_mut().map_or(0, |made| made.drain(..).count());
        let source = &self.catalog.sources[subject.0].0;
        assert_eq!(comparable(outcome, name), expected, "{source} in {}: {outcome:#}", subject.1);
        assert_eq!(outcome["kept"].as_u64().unwrap_or(0), kept as u64, "{outcome:#}");
        self.right += 1;
    }

    fn check_made(&mut self, outcome: &Value, name: &str, subject: Subject) {
        let expected = &self.catalog.expected[&subject].outcome;
        let source = &self.catalog.sources[subject.0].0;
        assert_eq!(comparable(outcome, name), *expected, "{source} in {}: {outcome:#}", subject.1);
        self.right += 1;
    }

    /// Notes the peak of an invocation.
    pub(super) fn look(&mut self, response: &Response) {
        let peak = response.0.peak_rss.expect("the process has ended") as f64 / 1024.0 / 1024.0;
        self.peak_mb = self.peak_mb.max(peak);
    }

    fn id(&self) -> u32 {
        self.setup.scf.process_id().unwrap()
    }

    /// Notes the memory at rest after some messages: after a small image, so that it is not that of the last message.
    pub(super) async fn sample(&mut self, quarter: usize) {
        self.messages += 1;
        if self.messages.is_multiple_of(SAMPLE_EVERY) {
            let message = self.setup.upload("one/sample.jpg", small_jpeg()).await;
            self.setup.scf.deliver(&message.to_string()).await;
            self.setup.cos.delete(TARGET, "one/sample.jpg");
            self.quarters.sample(quarter, resident_kib(self.id()).unwrap());
            self.quarters.note(quarter, self.id());
        }
    }

    /// Ends a quarter of a run.
    pub(super) async fn rest(&mut self, quarter: usize, events: usize) {
        let spent: u64 = (0..quarter).map(|earlier| self.quarters.spent_ms(earlier)).sum();
        let handled = u64::try_from(events / 4).unwrap();
        self.quarters.spend(quarter, processor_ms(self.id()).unwrap() - spent, handled);
        if events >= LONG {
            sleep(IDLE).await;
            self.quarters.forget_counts(quarter);
            self.quarters.note(quarter, self.id());
        }
    }

    /// Asserts that one process was enough, and its memory.
    fn judge_process(&self) {
        let Self { memory_mb, peak_mb, .. } = self;
        assert_eq!(self.setup.scf.starts(), 1, "processes");
        assert!(*peak_mb <= *memory_mb as f64, "{peak_mb:.1} MB in a function of {memory_mb} MB");
    }

    /// Asserts that the process was the same all the time, and has kept nothing.
    pub(super) fn judge(&self, run: &str, events: usize) {
        let Self { quarters, peak_mb, right, .. } = self;
        Figures { run, events, quarters, peak_mb: Some(*peak_mb), right: *right }.publish();
        self.judge_process();
        let growth = quarters.median_mb(3) - quarters.median_mb(1);
        if events >= LONG {
            assert!(quarters.memory_ratio() <= 1.03, "{growth:.2} MB more: {quarters:?}");
            assert!(quarters.event_ms(3) <= quarters.event_ms(1) * 1.25, "more processor time: {quarters:?}");
            assert_eq!(quarters.last_counts(3), quarters.last_counts(1));
        } else {
            assert!(growth < 1.0, "{growth:.2} MB more: {quarters:?}");
            assert_eq!(quarters.median_threads(3), quarters.median_threads(1), "threads");
            let [second, last] = [1, 3].map(|quarter| quarters.median_descriptors(quarter));
            assert!(last <= second + CONNECTIONS, "{last} descriptors, and {second} in the second quarter");
        }
    }
}
