//! The same under faults: COS and the runtime API fail throughout, and the process goes on.

use std::collections::BTreeMap;

use fastrand::Rng;
use scf_local::{Fault, FaultKind, Outcome, RuntimeFault, event};
use serde_json::Value;

use super::catalog::{FOLDERS, Subject};
use super::function::{Function, MOST_RECORDS};
use crate::setup::{REGION, Response, SOURCE};

/// Keys of a long run.
const MOST_KEYS: usize = 240;

/// The sources under the keys, by name.
type Sources = BTreeMap<String, Subject>;

fn cos_fault(random: &mut Rng) -> Fault {
    let busy = FaultKind::Status { status: 503, code: "SlowDown".to_owned() };
    let slow = FaultKind::Slow { before_ms: random.u64(1..30), chunk: 20_000, pause_ms: 1 };
    let kinds = [
        FaultKind::CloseAfterAnswer,
        FaultKind::LostAnswer,
        FaultKind::Reset,
        FaultKind::Truncate(random.usize(0..30_000)),
        busy,
        slow,
    ];
    let method = random.choice(["GET", "HEAD", "PUT"]).unwrap();
    let kind = random.choice(kinds).unwrap();
    // Twice in succession, and now and then so often that the attempt fails.
    let times = if random.u8(0..20) == 0 { 8 } else { random.u32(1..=2) };
    Fault::new(kind).method(method).after(random.u32(0..4)).times(times)
}

fn runtime_fault(random: &mut Rng) -> RuntimeFault {
    match random.u8(0..3) {
        0 => RuntimeFault::Garbage { times: 1 },
        1 => RuntimeFault::Reset { times: random.u32(1..=2) },
        _ => RuntimeFault::Status { status: 500, times: random.u32(1..=2) },
    }
}

fn name(number: usize) -> String {
    format!("k{number:04}")
}

fn key(number: usize) -> String {
    format!("{}/{}", FOLDERS[number % FOLDERS.len()], name(number))
}

impl Function<'_> {
    /// Handles `events` records while COS and the runtime API fail. In the end the event of every source comes again.
    pub(super) async fn endure_faults(mut self, events: usize) {
        let subjects = FOLDERS.map(|folder| {
            let with_folder = |subject: &Subject| subject.1 == folder;
            self.catalog.subjects().into_iter().filter(with_folder).collect::<Vec<Subject>>()
        });
        // Keys whose sources change all the time.
        let keys = (events / 20).min(MOST_KEYS);
        let (mut sources, mut faults) = (Sources::new(), 0);
        for quarter in 0..4 {
            // The same in each quarter, so that its times can be compared.
            let mut random = Rng::with_seed(1);
            let mut done = 0;
            while done < events / 4 {
                let mut messages = Vec::new();
                let first = random.usize(..keys);
                for number in first..first + random.usize(1..=MOST_RECORDS) {
                    let subject = random.choice(&subjects[number % FOLDERS.len()]).copied();
                    let number = number % keys;
                    messages.push(
                        self.change(&mut sources, number, subject.filter(|_| random.u8(0..6) > 0)).await,
                    );
                }
                self.setup.cos.clear_faults();
                for _ in 0..random.usize(0..=2) {
                    self.setup.cos.fail(cos_fault(&mut random));
                    faults += 1;
                }
                if random.u8(0..10) == 0 {
                    self.setup.scf.fail(runtime_fault(&mut random));
                    faults += 1;
                }
                done += messages.len();
                self.deliver(&event::merged(&messages), &sources).await;
                self.setup.cos.clear_journal();
                self.sample(quarter).await;
            }
            self.rest(quarter, events).await;
        }
        println!("{faults} faults");
        self.setup.cos.clear_faults();
        for number in 0..keys {
            let message = match sources.get(&name(number)) {
                Some(subject) => self.setup.upload(&key(number), self.catalog.bytes(*subject)).await,
                None => event::removed("cos:ObjectRemove:Delete", SOURCE, REGION, &key(number)),
            };
            let answers = self.setup.scf.deliver(&message.to_string()).await;
            assert!(answers.last().unwrap().outcome.is_success(), "{answers:#?}");
        }
        self.setup.cos.delete(crate::setup::TARGET, "one/sample.jpg");
        let names = (0..keys).map(|number| (name(number), sources.get(&name(number)).copied()));
        self.right += self.catalog.assert_target(&self.setup, names);
        self.judge("faults of COS and the runtime API", events);
    }

    /// Stores a source, or removes it, and returns the event.
    async fn change(&self, sources: &mut Sources, number: usize, subject: Option<Subject>) -> Value {
        match subject {
            Some(subject) => {
                sources.insert(name(number), subject);
                self.setup.upload(&key(number), self.catalog.bytes(subject)).await
            }
            None => {
                sources.remove(&name(number));
                self.setup.cos.delete(SOURCE, &key(number));
                event::removed("cos:ObjectRemove:Delete", SOURCE, REGION, &key(number))
            }
        }
    }

    /// Delivers a message as the platform does. What fails for another reason than a fault must fail as it always does.
    async fn deliver(&mut self, message: &Value, sources: &Sources) {
        for answer in self.setup.scf.deliver(&message.to_string()).await {
            let is_answered = matches!(answer.outcome, Outcome::Response(_));
            assert!(is_answered || matches!(answer.outcome, Outcome::Error(_)), "{:?}", answer.outcome);
            let response = Response(answer);
            self.look(&response);
            let outcomes = if is_answered { response.outcomes() } else { Vec::new() };
            for outcome in outcomes.iter().filter(|outcome| outcome["outcome"] == "failed") {
                let name = outcome["key"].as_str().unwrap().rsplit('/').next().unwrap();
                let expected = &self.catalog.expected[&sources[name]].outcome;
                assert_eq!(
                    (&outcome["code"], &outcome["kind"]),
                    (&expected["code"], &expected["kind"]),
                    "{outcome:#}"
                );
            }
            self.right += outcomes.len();
        }
    }
}
