//! Several instances of a function whose events name its behaviour.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use scf_local::{FunctionPool, Invocation, Outcome, PoolOptions, ScfOptions};

fn start(change: impl FnOnce(&mut PoolOptions)) -> Arc<FunctionPool> {
    let function = ScfOptions {
        program: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/bootstrap.py"),
        memory_mb: 512,
        time_limit: Duration::from_secs(10),
        ..ScfOptions::default()
    };
    let mut options = PoolOptions { function, ..PoolOptions::default() };
    change(&mut options);
    Arc::new(FunctionPool::start(options).unwrap())
}

fn action(name: &str) -> String {
    serde_json::json!({ "do": name }).to_string()
}

fn statuses(invocations: &[Invocation]) -> Vec<u16> {
    invocations.iter().map(|invocation| invocation.outcome.status()).collect()
}

/// Invokes the function several times at once, and returns the statuses in ascending order.
async fn invoke_at_once(pool: &Arc<FunctionPool>, event: &str, times: usize) -> Vec<u16> {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..times {
        let (pool, event) = (Arc::clone(pool), event.to_owned());
        tasks.spawn(async move { pool.invoke(&event).await.outcome.status() });
    }
    let mut statuses = tasks.join_all().await;
    statuses.sort_unstable();
    statuses
}

async fn wait_until(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(20), "nothing happened");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn instances_are_started_on_demand_and_used_again() {
    let pool = start(|_| {});
    assert!(pool.counters().instances.is_empty());
    let first = pool.invoke(&action("answer")).await;
    assert!(first.outcome.is_success() && first.init.is_some(), "{first:?}");
    let second = pool.invoke(&action("answer")).await;
    assert!(second.outcome.is_success() && second.init.is_none(), "{second:?}");
    assert_eq!(invoke_at_once(&pool, &action("pause"), 3).await, [200, 200, 200]);
    let counters = pool.counters();
    assert_eq!((counters.invocations, counters.peak_concurrency, counters.instances.len()), (5, 3, 3));
    assert!(counters.instances.iter().all(|instance| instance.starts == 1 && !instance.busy), "{counters:?}");
}

#[tokio::test]
async fn invocations_wait_for_a_process_of_this_machine() {
    let pool = start(|options| options.instances = Some(2));
    assert_eq!(invoke_at_once(&pool, &action("pause"), 5).await, [200; 5]);
    let counters = pool.counters();
    assert_eq!((counters.peak_concurrency, counters.instances.len()), (2, 2));
}

#[tokio::test]
async fn invocations_over_the_quota_are_refused() {
    let pool = start(|options| options.quota_mb = Some(1200));
    assert_eq!(invoke_at_once(&pool, &action("pause"), 4).await, [200, 200, 432, 432]);
    assert_eq!(pool.counters().concurrency_exceeded, 2);
    pool.set_quota_mb(Some(0));
    let refused = pool.invoke(&action("answer")).await;
    assert!(refused.outcome.is_throttled() && refused.log.is_empty(), "{refused:?}");
}

#[tokio::test]
async fn new_instances_over_the_burst_are_refused() {
    let pool = start(|options| options.burst_per_minute = Some(2));
    assert_eq!(invoke_at_once(&pool, &action("pause"), 3).await, [200, 200, 429]);
    assert_eq!(
        invoke_at_once(&pool, &action("pause"), 2).await,
        [200, 200],
        "instances that run are no burst"
    );
    pool.recycle_idle().await;
    assert_eq!(pool.invoke(&action("answer")).await.outcome, Outcome::BurstExceeded);
    assert_eq!(pool.counters().burst_exceeded, 2);
}

#[tokio::test]
async fn a_killed_instance_ends_its_invocation_and_is_replaced() {
    let pool = start(|_| {});
    let shared = Arc::clone(&pool);
    let sleeping = tokio::spawn(async move { shared.invoke(&action("sleep")).await });
    wait_until(|| pool.counters().invocations == 1).await;
    let killed = pool.kill_one().await;
    assert!(killed.is_some());
    assert_eq!(sleeping.await.unwrap().outcome, Outcome::Exited { code: None });
    assert!(pool.invoke(&action("answer")).await.outcome.is_success());
    let counters = pool.counters();
    assert_eq!((counters.instances.len(), counters.instances[0].starts), (1, 2));
    assert_ne!(counters.instances[0].process_id, killed);
}

#[tokio::test]
async fn failed_events_are_repeated_and_then_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let count = folder.path().join("count").display().to_string();
    let pool = start(|options| options.function.environment = vec![("COUNT_FILE".to_owned(), count)]);
    let delivered = pool.deliver(&action("fail twice")).await;
    assert_eq!(statuses(&delivered), [430, 430, 200]);
    assert!(delivered.windows(2).all(|pair| pair[0].request_id == pair[1].request_id));
    assert_eq!(statuses(&pool.deliver(&action("error")).await), [430, 430, 430]);
    assert_eq!(statuses(&pool.deliver(&action("answer")).await), [200]);
    let counters = pool.counters();
    assert_eq!((counters.events, counters.retries, counters.dropped.failed), (3, 4, 1));
    assert_eq!((counters.dropped.total(), counters.waiting), (1, 0));
}

#[tokio::test]
async fn refused_events_are_repeated_until_their_maximum_age() {
    let pool = start(|options| {
        options.quota_mb = Some(0);
        options.function.retry_delay = Duration::from_millis(10);
        options.max_event_age = Duration::from_millis(300);
    });
    let refused = statuses(&pool.deliver(&action("answer")).await);
    assert!(refused.len() > 3 && refused.iter().all(|status| *status == 432), "{refused:?}");
    assert_eq!((pool.counters().dropped.too_old, pool.counters().retries), (1, 0));
    let waiting = pool.enqueue(&action("answer"));
    wait_until(|| pool.counters().concurrency_exceeded > refused.len() as u64).await;
    pool.set_quota_mb(None);
    wait_until(|| pool.counters().invocations == 1).await;
    assert_eq!(waiting.len(), 36);
}

#[tokio::test]
async fn events_beyond_the_capacity_are_dropped_and_the_others_keep_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let order = folder.path().join("order");
    let pool = start(|options| {
        options.instances = Some(1);
        options.queue_capacity = 3;
        options.function.environment = vec![("ORDER_FILE".to_owned(), order.display().to_string())];
    });
    let note = |number: u32| serde_json::json!({ "do": "note", "number": number }).to_string();
    pool.enqueue(&note(0));
    wait_until(|| pool.counters().invocations == 1 && pool.counters().waiting == 0).await;
    for number in 1..=5 {
        pool.enqueue(&note(number));
    }
    wait_until(|| pool.counters().invocations == 4 && pool.counters().instances.iter().all(|one| !one.busy))
        .await;
    assert_eq!(std::fs::read_to_string(order).unwrap(), "0123");
    let counters = pool.counters();
    assert_eq!((counters.events, counters.dropped.queue_full, counters.waiting), (6, 2, 0));
}

#[tokio::test]
async fn an_abandoned_invocation_runs_to_its_end() {
    let pool = start(|options| options.instances = Some(1));
    assert!(pool.invoke(&action("answer")).await.outcome.is_success());
    let abandoned = tokio::time::timeout(Duration::from_millis(50), pool.invoke(&action("pause"))).await;
    assert!(abandoned.is_err());
    assert!(pool.invoke(&action("answer")).await.outcome.is_success());
    assert_eq!((pool.counters().invocations, pool.counters().instances[0].starts), (3, 1));
}
