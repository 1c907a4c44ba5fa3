//! A model of SCF in virtual time: concurrency, bursts of new instances, the queue of asynchronous events, live traffic, and
//! everything that goes wrong (583/37040, 583/35311, 583/41138).

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use cos_thumbnailer::sync::{
    Answer, Batch, Failure, Invoker, Need, Queue, RecordKind, RecordOutcome, StoredThumbnail,
};
use serde_json::Value;
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep};

use crate::setup::TARGET;
use crate::store::{ModelStore, is_image, number};

/// Quotas and faults of a platform.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// MB of all instances of the region.
    pub(crate) quota_mb: u64,
    pub(crate) memory_mb: u64,
    /// New instances in a minute.
    pub(crate) burst: u32,
    /// Calls of the API in a second.
    pub(crate) calls: u32,
    /// Time that a source takes, with the mean size.
    pub(crate) per_source: Duration,
    pub(crate) time_limit: Duration,
    /// One invocation in so many fails in each of the ways; 0 for none.
    pub(crate) fault_in: u64,
    pub(crate) seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            quota_mb: 128_000,
            memory_mb: 512,
            burst: 500,
            calls: 10_000,
            per_source: Duration::from_millis(150),
            time_limit: Duration::from_secs(60),
            fault_in: 0,
            seed: 1,
        }
    }
}

/// What tests read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters {
    pub(crate) invocations: u64,
    pub(crate) throttled: u64,
    pub(crate) faults: u64,
    pub(crate) billed: Duration,
    pub(crate) most_running: u64,
    pub(crate) largest_event: usize,
    pub(crate) latencies: Vec<Duration>,
    pub(crate) most_queued: usize,
}

struct State {
    running: u64,
    /// Ends of idle times of instances that are warm.
    idle: u64,
    /// Times at which instances were created in the last minute.
    created: VecDeque<Instant>,
    /// Times of the calls in the last second.
    calls: VecDeque<Instant>,
    random: fastrand::Rng,
    counters: Counters,
}

#[derive(Clone)]
pub(crate) struct Platform {
    pub(crate) options: Options,
    pub(crate) store: ModelStore,
    state: Rc<RefCell<State>>,
    queue: Rc<RefCell<VecDeque<String>>>,
    has_workers: Rc<Cell<bool>>,
}

/// Ways in which an invocation can fail.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Fault {
    Killed,
    Lost,
    Error,
    Transient,
    Duplicate,
}

impl Platform {
    pub(crate) fn new(options: Options, store: ModelStore) -> Self {
        let state = State {
            running: 0,
            idle: 0,
            created: VecDeque::new(),
            calls: VecDeque::new(),
            random: fastrand::Rng::with_seed(options.seed),
            counters: Counters::default(),
        };
        Self {
            options,
            store,
            state: Rc::new(RefCell::new(state)),
            queue: Rc::default(),
            has_workers: Rc::default(),
        }
    }

    pub(crate) fn counters(&self) -> Counters {
        self.state.borrow().counters.clone()
    }

    /// Takes an instance. The number is the time that its start takes.
    fn start(&self) -> Result<Duration, &'static str> {
        let mut state = self.state.borrow_mut();
        let now = Instant::now();
        if (state.running + 1) * self.options.memory_mb > self.options.quota_mb {
            state.counters.throttled += 1;
            return Err("432 ResourceLimitReached");
        }
        let cold = if state.idle > 0 {
            state.idle -= 1;
            Duration::ZERO
        } else {
            while state.created.front().is_some_and(|created| now - *created >= Duration::from_secs(60)) {
                state.created.pop_front();
            }
            if state.created.len() >= self.options.burst as usize {
                state.counters.throttled += 1;
                return Err("429 ResourceLimit");
            }
            state.created.push_back(now);
            Duration::from_millis(300)
        };
        state.running += 1;
        state.counters.most_running = state.counters.most_running.max(state.running);
        Ok(cold)
    }

    fn stop(&self, is_killed: bool) {
        let mut state = self.state.borrow_mut();
        state.running -= 1;
        if !is_killed {
            state.idle += 1;
        }
    }

    /// Is the rate of calls of the API exceeded?
    fn is_too_fast(&self) -> bool {
        let mut state = self.state.borrow_mut();
        let now = Instant::now();
        while state.calls.front().is_some_and(|call| now - *call >= Duration::from_secs(1)) {
            state.calls.pop_front();
        }
        let is_too_fast = state.calls.len() >= self.options.calls as usize;
        if is_too_fast {
            state.counters.throttled += 1;
        } else {
            state.calls.push_back(now);
        }
        is_too_fast
    }

    fn fault(&self) -> Option<Fault> {
        let mut state = self.state.borrow_mut();
        if self.options.fault_in == 0 {
            return None;
        }
        let all = [Fault::Killed, Fault::Lost, Fault::Error, Fault::Transient, Fault::Duplicate];
        let fault = all.into_iter().find(|_| state.random.u64(0..self.options.fault_in) == 0);
        state.counters.faults += u64::from(fault.is_some());
        fault
    }

    /// Carries out an event on an instance, which takes its time whether or not anybody waits.
    async fn run(&self, records: Vec<(usize, bool)>, fault: Option<Fault>) -> Answer {
        let cold = match self.start() {
            Ok(cold) => cold,
            Err(code) => return Answer { outcomes: Err(Failure::Throttled(code.to_owned())), billed: None },
        };
        sleep(cold).await;
        self.state.borrow_mut().counters.invocations += 1;
        let work =
            |number: usize| self.options.per_source.mul_f64(crate::store::bytes(number) as f64 / 3_000_000.0);
        let (mut took, mut outcomes) = (Duration::ZERO, Vec::new());
        let killed_at = if fault == Some(Fault::Killed) {
            self.state.borrow_mut().random.usize(0..=records.len())
        } else {
            usize::MAX
        };
        for (at, (number, is_removal)) in records.into_iter().enumerate() {
            took += if is_removal { Duration::from_millis(20) } else { work(number) };
            let is_late = took > self.options.time_limit.mul_f64(0.9);
            if at >= killed_at {
                break;
            }
            let is_transient = fault == Some(Fault::Transient) && number % 3 == 0;
            outcomes.push(if is_late || is_transient {
                let code = if is_late { "deadline" } else { "cos.unavailable" };
                RecordOutcome::new(&crate::store::key(number), code, "later", RecordKind::Transient)
            } else {
                self.visit(number)
            });
        }
        took = took.min(self.options.time_limit);
        sleep(took).await;
        self.state.borrow_mut().counters.billed += took;
        self.stop(fault == Some(Fault::Killed));
        let outcomes = match fault {
            Some(Fault::Killed) => Err(Failure::Killed("scf.439".to_owned(), "exited".to_owned())),
            Some(Fault::Lost) => Err(Failure::Lost("reset".to_owned())),
            Some(Fault::Error) => Err(Failure::Failed("scf.430".to_owned(), "error".to_owned())),
            Some(Fault::Transient | Fault::Duplicate) | None => Ok(outcomes),
        };
        Answer { outcomes, billed: Some(took) }
    }

    /// The function brings one source up to date.
    fn visit(&self, number: usize) -> RecordOutcome {
        let key = crate::store::key(number);
        let is_source = number < self.store.0.borrow().count;
        let outcome =
            |code: &str, kind| RecordOutcome { requests: 4, ..RecordOutcome::new(&key, code, "", kind) };
        if !is_source {
            self.store.set(number, false);
            outcome("removed", RecordKind::Done)
        } else if is_image(number) {
            self.store.set(number, true);
            let stored = vec![StoredThumbnail { bucket: TARGET.to_owned(), key: key.clone() }];
            RecordOutcome { stored, ..outcome("stored", RecordKind::Done) }
        } else {
            outcome("image.not_an_image", RecordKind::Permanent)
        }
    }

    /// Uploads while a sync runs: so many a second, each of which takes as long as a source.
    pub(crate) async fn live_uploads(&self, per_second: f64) {
        loop {
            let platform = self.clone();
            spawn_local(async move {
                let began = Instant::now();
                let cold = loop {
                    match platform.start() {
                        Ok(cold) => break cold,
                        // The platform repeats an event that found no room every minute.
                        Err(_) => sleep(Duration::from_secs(60)).await,
                    }
                };
                sleep(cold + platform.options.per_source).await;
                platform.stop(false);
                platform.state.borrow_mut().counters.latencies.push(began.elapsed());
            });
            let pause = self.state.borrow_mut().random.f64() * 2.0 / per_second;
            sleep(Duration::from_secs_f64(pause)).await;
        }
    }

    /// Works off the queue: as many events at once as there is room for, three attempts for each.
    fn start_workers(&self) {
        if self.has_workers.replace(true) {
            return;
        }
        let platform = self.clone();
        spawn_local(async move {
            loop {
                let Some(event) = platform.queue.borrow_mut().pop_front() else {
                    sleep(Duration::from_millis(100)).await;
                    continue;
                };
                let cloned = platform.clone();
                let worker = spawn_local(async move { cloned.work_off(event).await });
                // Room is looked for before the next event is taken.
                while platform.is_full() {
                    sleep(Duration::from_millis(50)).await;
                }
                drop(worker);
                tokio::task::yield_now().await;
            }
        });
    }

    fn is_full(&self) -> bool {
        (self.state.borrow().running + 1) * self.options.memory_mb > self.options.quota_mb
    }

    async fn work_off(&self, event: String) {
        let message: Value = serde_json::from_str(&event).unwrap();
        let records: Vec<(usize, bool)> = message["Records"]
            .as_array()
            .unwrap()
            .iter()
            .map(|record| {
                let key = record["cos"]["cosObject"]["key"].as_str().unwrap();
                let name = record["event"]["eventName"].as_str().unwrap();
                (number(key.splitn(4, '/').nth(3).unwrap()), name.starts_with("cos:ObjectRemove"))
            })
            .collect();
        let mut attempts = 0;
        while attempts < 3 {
            let answer = self.run(records.clone(), self.fault()).await;
            // What found no room is repeated until it is too old.
            attempts += usize::from(!matches!(answer.outcomes, Err(Failure::Throttled(_))));
            let is_done = answer
                .outcomes
                .as_ref()
                .is_ok_and(|outcomes| outcomes.iter().all(|outcome| outcome.kind != RecordKind::Transient));
            if is_done {
                return;
            }
            sleep(Duration::from_secs(60)).await;
        }
    }
}

impl Invoker for Platform {
    async fn invoke(&self, batch: &Batch) -> Answer {
        sleep(Duration::from_millis(40)).await;
        if self.is_too_fast() {
            return Answer {
                outcomes: Err(Failure::Throttled("RequestLimitExceeded".to_owned())),
                billed: None,
            };
        }
        let records: Vec<(usize, bool)> = batch
            .tasks
            .iter()
            .map(|task| (number(task.source.key.as_str()), task.need == Need::Orphan))
            .collect();
        let fault = self.fault();
        let platform = self.clone();
        if fault == Some(Fault::Duplicate) {
            // Delivery is at least once.
            let (again, records) = (self.clone(), records.clone());
            spawn_local(async move { again.run(records, None).await });
        }
        // A run goes on when its driver is gone.
        spawn_local(async move { platform.run(records, fault).await }).await.unwrap()
    }
}

impl Queue for Platform {
    async fn enqueue(&self, event: &str) -> Result<(), Failure> {
        sleep(Duration::from_millis(40)).await;
        assert!(event.len() <= 128 * 1024, "an event of {} bytes", event.len());
        if self.is_too_fast() {
            return Err(Failure::Throttled("RequestLimitExceeded".to_owned()));
        }
        self.start_workers();
        let mut queue = self.queue.borrow_mut();
        assert!(queue.len() < 100_000, "the queue is full, and drops events");
        queue.push_back(event.to_owned());
        let mut state = self.state.borrow_mut();
        state.counters.most_queued = state.counters.most_queued.max(queue.len());
        state.counters.largest_event = state.counters.largest_event.max(event.len());
        Ok(())
    }
}
