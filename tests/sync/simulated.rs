//! The real driver in the model of the platform, in virtual time.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use cos_thumbnailer::config::{Config, Environment};
use cos_thumbnailer::object::{Bucket, Region};
use cos_thumbnailer::sync::{
    Answer, Batch, Checkpoint, CheckpointError, Checkpoints, Driver, End, Failure, FunctionSize, Invoker,
    Job, Limits, Listing, Orphans, Planner, Prices, QueuedFunction, Report, Selection, Snapshot, SourcePage,
    Sources, StoreError, Verify,
};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{Instant, timeout};

use crate::ALLOCATOR;
use crate::platform::{Options, Platform};
use crate::setup::{REGION, SOURCE};
use crate::store::ModelStore;

/// The latest checkpoint, which outlives drivers.
#[derive(Clone, Default)]
struct Memory(Rc<RefCell<Option<Vec<u8>>>>);

impl Checkpoints for Memory {
    async fn save(&self, checkpoint: &Checkpoint) -> Result<(), CheckpointError> {
        *self.0.borrow_mut() = Some(checkpoint.to_json("memory")?);
        Ok(())
    }
}

impl Memory {
    fn load(&self, job: &Job) -> Checkpoint {
        let name = job.fingerprint();
        let text = self.0.borrow();
        text.as_ref().map_or_else(
            || Checkpoint::start(name.clone()),
            |text| Checkpoint::parse(text, "m", &name).unwrap(),
        )
    }
}

fn job() -> Job {
    let config = Config::load(&Environment::default(), None).unwrap();
    let (region, source) = (Region::parse(REGION).unwrap(), Bucket::parse(SOURCE).unwrap());
    Job::new(config, region, source, Selection::default()).unwrap()
}

fn size(platform: &Platform) -> FunctionSize {
    FunctionSize { memory_mb: platform.options.memory_mb, time_limit: platform.options.time_limit }
}

fn limits(platform: &Platform) -> Limits {
    Limits::for_function(REGION, platform.options.memory_mb, platform.options.time_limit)
}

struct Run<'a> {
    job: &'a Job,
    platform: &'a Platform,
    limits: Limits,
    memory: Memory,
}

impl Run<'_> {
    async fn once(&self, invoker: &impl Invoker) -> (End, Snapshot) {
        let checkpoint = self.memory.load(self.job);
        self.of(Listing::new(self.job, &self.platform.store, &checkpoint.end), invoker).await
    }

    async fn of(&self, sources: impl Sources, invoker: &impl Invoker) -> (End, Snapshot) {
        let driver = Driver {
            job: self.job,
            store: &self.platform.store,
            invoker,
            checkpoints: &self.memory,
            limits: self.limits.clone(),
            size: size(self.platform),
            prices: Prices::default(),
            verify: Verify::Listing,
            orphans: Orphans::Remove,
        };
        let checkpoint = self.memory.load(self.job);
        let mut report = Report::default();
        driver.run(checkpoint, sources, &mut report, std::future::pending(), &mut |_| {}).await
    }
}

/// Runs `work` in virtual time.
fn simulate<F: Future<Output = ()>>(work: F) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(LocalSet::new().run_until(work));
}

fn minutes(duration: Duration) -> f64 {
    duration.as_secs_f64() / 60.0
}

/// A run without faults, and its time.
async fn undisturbed(platform: &Platform, uploads: f64, queued: bool) -> (Duration, Snapshot) {
    let job = job();
    let live = platform.clone();
    let uploads = (uploads > 0.0).then(|| spawn_local(async move { live.live_uploads(uploads).await }));
    let began = Instant::now();
    let run_limits = limits(platform);
    let run_limits = if queued { run_limits.queued() } else { run_limits };
    let run = Run { job: &job, platform, limits: run_limits, memory: Memory::default() };
    let (end, snapshot) = if queued {
        let function = QueuedFunction::new(&job, platform, &platform.store, platform.options.time_limit);
        run.once(&function).await
    } else {
        run.once(platform).await
    };
    assert_eq!(end, End::Done);
    if let Some(uploads) = uploads {
        uploads.abort();
    }
    assert_eq!(platform.store.wrong(), 0, "{snapshot:?}");
    (began.elapsed(), snapshot)
}

/// Batches that a run without faults would need.
fn batches(platform: &Platform, tasks: u64) -> u64 {
    let per_batch = (10.0 / platform.options.per_source.as_secs_f64()) as u64;
    tasks.div_ceil(per_batch.clamp(1, 500))
}

#[test]
fn a_run_makes_everything_once_with_few_invocations() {
    simulate(async {
        let platform = Platform::new(Options::default(), ModelStore::new(60_000, 500));
        let (_, snapshot) = undisturbed(&platform, 0.0, false).await;
        let tally = &snapshot.tally;
        // Of 60,000 sources, one in 200 is no image, and a tenth of the others had its thumbnail.
        assert_eq!((tally.sources, tally.current, tally.orphans), (60_000, 6_000, 500));
        assert_eq!((tally.outcomes["stored"], tally.outcomes["removed"]), (53_700, 500));
        assert_eq!(tally.outcomes["image.not_an_image"], 300);
        let counters = platform.counters();
        let needed = batches(&platform, tally.to_visit());
        println!("{} invocations, {needed} batches", counters.invocations);
        assert!(counters.invocations <= needed * 2, "{} invocations, {needed} batches", counters.invocations);
        assert_eq!(snapshot.usage.invocations, counters.invocations);
    });
}

/// Kills of the driver and of functions, lost answers, errors and duplicates, with many seeds.
#[test]
fn killed_drivers_and_functions_end_in_the_right_state() {
    for seed in 0..12 {
        simulate(async move {
            let options = Options { fault_in: 20, seed, ..Options::default() };
            let platform = Platform::new(options, ModelStore::new(20_000, 100));
            worst_case(&platform, seed, Duration::from_secs(40)).await;
        });
    }
}

/// Runs to the end, although drivers are killed, and returns the number of kills.
async fn worst_case(platform: &Platform, seed: u64, longest_life: Duration) -> u64 {
    let mut random = fastrand::Rng::with_seed(seed);
    let needed = batches(platform, platform.store.wrong() as u64);
    let job = job();
    let run = Run { job: &job, platform, limits: limits(platform), memory: Memory::default() };
    let mut kills = 0;
    let snapshot = loop {
        let life = longest_life.mul_f64(0.2 + random.f64());
        match timeout(life, run.once(platform)).await {
            Ok((end, snapshot)) => {
                assert_eq!(end, End::Done, "seed {seed}");
                break snapshot;
            }
            Err(_) => kills += 1,
        }
        assert!(kills < 10_000, "seed {seed}: no progress");
    };
    // Runs of killed drivers go on, and end.
    tokio::time::sleep(Duration::from_secs(120)).await;
    // Of millions, a few fail in every attempt; they are reported, and the next run makes them.
    let reported = ["cos.unavailable", "deadline"].map(|code| snapshot.tally.outcomes.get(code).copied());
    let reported = reported.into_iter().flatten().sum::<u64>();
    let wrong = platform.store.wrong() as u64;
    assert!(wrong <= reported, "seed {seed}: {wrong} are wrong, {reported} failed");
    println!("seed {seed}: {reported} failed in every attempt");
    assert_eq!(snapshot.tally.sources, platform.store.0.borrow().count as u64, "seed {seed}");
    let counters = platform.counters();
    println!(
        "seed {seed}: {kills} kills, {} faults, {} invocations, {needed} batches",
        counters.faults, counters.invocations
    );
    assert!(
        counters.invocations <= 3 * needed,
        "seed {seed}: {} invocations, {needed} batches",
        counters.invocations
    );
    if wrong > 0 {
        assert_eq!(run.once(platform).await.0, End::Done, "seed {seed}");
        tokio::time::sleep(Duration::from_secs(120)).await;
    }
    assert_eq!(platform.store.wrong(), 0, "seed {seed}");
    kills
}

#[test]
fn a_crowded_region_slows_the_run_down_and_does_not_stop_it() {
    simulate(async {
        // Others use most of the region: of 250 instances, 60 are left.
        let options = Options { quota_mb: 30_720, ..Options::default() };
        let platform = Platform::new(options, ModelStore::new(30_000, 0));
        let (time, _) = undisturbed(&platform, 0.0, false).await;
        let counters = platform.counters();
        let ideal = Duration::from_millis(150) * 27_000 / 60;
        println!(
            "{:.1} minutes, ideal {:.1}, {} throttled",
            minutes(time),
            minutes(ideal),
            counters.throttled
        );
        assert!(counters.throttled > 0 && counters.throttled < counters.invocations, "{counters:?}");
        assert!(time < ideal * 4, "{time:?}");
    });
}

#[test]
fn live_uploads_keep_their_latency() {
    let mean =
        |latencies: &[Duration]| latencies.iter().sum::<Duration>() / u32::try_from(latencies.len()).unwrap();
    simulate(async move {
        let alone = Platform::new(Options::default(), ModelStore::new(0, 0));
        let live = alone.clone();
        let _ = timeout(Duration::from_secs(300), live.live_uploads(40.0)).await;
        let platform = Platform::new(Options::default(), ModelStore::new(200_000, 0));
        undisturbed(&platform, 40.0, false).await;
        let (without, with) = (mean(&alone.counters().latencies), mean(&platform.counters().latencies));
        println!("live uploads: {without:?} alone, {with:?} beside a run");
        assert!(with < without.mul_f64(1.1), "{with:?} beside a run, {without:?} alone");
    });
}

#[test]
fn asynchronous_events_stay_few_in_the_queue_and_are_all_confirmed() {
    simulate(async {
        let options = Options { calls: 100, fault_in: 50, ..Options::default() };
        let platform = Platform::new(options, ModelStore::new(20_000, 100));
        let (time, snapshot) = undisturbed(&platform, 0.0, true).await;
        let counters = platform.counters();
        println!("{:.1} minutes, {counters:?}", minutes(time));
        assert!(counters.most_queued < 1000, "{}", counters.most_queued);
        assert_eq!(snapshot.tally.outcomes["sync.not_confirmed"], 100, "those that are no images");
    });
}

#[test]
fn a_plan_costs_what_the_run_costs() {
    simulate(async {
        let platform = Platform::new(Options::default(), ModelStore::new(50_000, 0));
        let job = job();
        let planner = Planner {
            job: &job,
            store: &platform.store,
            limits: limits(&platform),
            size: size(&platform),
            prices: Prices::default(),
            verify: Verify::Listing,
            orphans: Orphans::Ignore,
            sample: 20,
            first: 0,
        };
        let sources = Listing::new(&job, &platform.store, "");
        let plan = planner.plan(sources, |_| {}, |_| {}).await.unwrap();
        let (estimate, _) = planner.estimate(&plan, &platform).await;
        let estimate = estimate.unwrap();
        let (time, snapshot) = undisturbed(&platform, 0.0, false).await;
        let cost = Prices::default().cost(&snapshot.usage, 512);
        println!("estimate {estimate:?}, cost {cost}, time {time:?}");
        assert!((estimate.cost / cost - 1.0).abs() < 0.15, "{} and {cost}", estimate.cost);
    });
}

#[test]
fn limits_hold_although_drivers_are_killed() {
    simulate(async {
        let platform =
            Platform::new(Options { fault_in: 30, ..Options::default() }, ModelStore::new(20_000, 0));
        let job = job();
        let limits = Limits { invocations: Some(150), ..limits(&platform) };
        let run = Run { job: &job, platform: &platform, limits, memory: Memory::default() };
        let mut random = fastrand::Rng::with_seed(3);
        let end = loop {
            if let Ok((end, _)) = timeout(Duration::from_secs(random.u64(1..30)), run.once(&platform)).await {
                break end;
            }
        };
        tokio::time::sleep(Duration::from_secs(120)).await;
        let counters = platform.counters();
        println!("{} invocations", counters.invocations);
        assert_eq!(end, End::Invocations);
        // The platform itself delivers some twice.
        assert!(counters.invocations <= 150 + counters.faults, "{counters:?}");
        assert!(counters.invocations > 50, "{counters:?}");
    });
}

/// Sources that come after half an hour, as in a bucket of which nearly everything is right.
struct LateSources<S>(S, bool);

impl<S: Sources> Sources for LateSources<S> {
    async fn next_page(&mut self) -> Result<Option<SourcePage>, StoreError> {
        if !std::mem::replace(&mut self.1, true) {
            tokio::time::sleep(Duration::from_secs(1800)).await;
        }
        self.0.next_page().await
    }
}

/// A platform that has no room for the first invocations.
struct Crowded<'a>(&'a Platform, Cell<usize>);

impl Invoker for Crowded<'_> {
    async fn invoke(&self, batch: &Batch) -> Answer {
        match self.1.get().checked_sub(1) {
            None => self.0.invoke(batch).await,
            Some(left) => {
                self.1.set(left);
                Answer { outcomes: Err(Failure::Throttled("432".to_owned())), billed: None }
            }
        }
    }
}

#[test]
fn only_refusals_that_last_end_a_run_and_not_one_after_a_long_survey() {
    for (refusals, expected) in [(5, End::Done), (usize::MAX, End::Throttled("432".to_owned()))] {
        simulate(async move {
            let platform = Platform::new(Options::default(), ModelStore::new(1000, 0));
            let (job, began) = (job(), Instant::now());
            let run =
                Run { job: &job, platform: &platform, limits: limits(&platform), memory: Memory::default() };
            let sources = LateSources(Listing::new(&job, &platform.store, ""), false);
            let (end, _) = run.of(sources, &Crowded(&platform, Cell::new(refusals))).await;
            assert_eq!(end, expected);
            assert!(end == End::Done || began.elapsed() > Duration::from_secs(1800 + 1200));
        });
    }
}

/// A function whose answers are all lost.
struct Lost;

impl Invoker for Lost {
    async fn invoke(&self, _: &Batch) -> Answer {
        Answer { outcomes: Err(Failure::Lost("reset".to_owned())), billed: None }
    }
}

#[test]
fn what_lost_invocations_may_have_cost_counts() {
    simulate(async {
        let platform = Platform::new(Options::default(), ModelStore::new(10, 0));
        let job = job();
        let limits = Limits { batch: Some(1), ..limits(&platform) };
        let run = Run { job: &job, platform: &platform, limits, memory: Memory::default() };
        let (end, snapshot) = run.once(&Lost).await;
        let usage = snapshot.usage;
        assert_eq!((end, snapshot.tally.failed, usage.invocations), (End::Done, 9, 36));
        assert_eq!((usage.billed_ms, usage.requests), (36 * 60_000, 36 * 20));
    });
}

/// The table of docs/performance.md: `cargo test --release --test sync simulated -- --ignored --nocapture`.
#[test]
#[ignore = "takes minutes"]
fn ten_million_sources() {
    let peak = |count, faults, longest_life: Option<Duration>| {
        ALLOCATOR.reset_peak_usage();
        let began = std::time::Instant::now();
        simulate(async move {
            let options = Options { fault_in: faults, ..Options::default() };
            let platform = Platform::new(options, ModelStore::new(count, count / 100));
            let start = Instant::now();
            match longest_life {
                Some(life) => {
                    worst_case(&platform, 5, life).await;
                }
                None => {
                    undisturbed(&platform, 20.0, false).await;
                }
            }
            let counters = platform.counters();
            println!(
                "{count} sources: {:.1} min, {} invocations, {} throttled, {} at once at most, {} lists",
                minutes(start.elapsed()),
                counters.invocations,
                counters.throttled,
                counters.most_running,
                platform.store.0.borrow().lists
            );
        });
        println!(
            "  peak {:.0} MB, {:.0} s of real time",
            ALLOCATOR.peak_usage_as_mb(),
            began.elapsed().as_secs_f64()
        );
        ALLOCATOR.peak_usage_as_mb()
    };
    let million = peak(1_000_000, 0, None);
    let ten = peak(10_000_000, 0, None);
    peak(10_000_000, 20, Some(Duration::from_secs(600)));
    assert!(ten < 64.0 && ten < million * 1.5, "{million} MB for a million, {ten} MB for ten");
}

/// The row of the table for asynchronous events.
#[test]
#[ignore = "takes a minute"]
fn a_million_sources_by_asynchronous_events() {
    simulate(async {
        let options = Options { calls: 100, ..Options::default() };
        let platform = Platform::new(options, ModelStore::new(1_000_000, 0));
        let (time, _) = undisturbed(&platform, 20.0, true).await;
        println!(
            "1000000 sources by asynchronous events: {:.1} min, {:?} queued at most",
            minutes(time),
            platform.counters().most_queued
        );
    });
}
