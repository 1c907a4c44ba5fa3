//! Days in one process: thousands of events of every kind, for images of every format, damaged ones and large ones.
//!
//! Each quarter of a run has the same events in another order. What the process holds at rest in the last quarter is
//! compared with the second; the first fills what stays: caches, connections, the heap of the decoders. Every outcome and
//! every thumbnail is compared with that of another process. `scripts/soak` runs the long forms.

mod catalog;
mod faults;
mod function;
mod scenario;
mod sources;

use self::catalog::Catalog;
use self::function::Function;

/// Events of the short form.
const SHORT: usize = 1000;

/// Sources of the short form, besides the large ones.
const SHORT_SOURCES: usize = 30;

/// Events of the long form, which `scripts/soak` sets.
fn long_events() -> Option<usize> {
    std::env::var("SOAK_EVENTS").ok().map(|events| events.parse().unwrap())
}

/// The sources of a run, and what becomes of them in a function of `memory_mb`.
async fn catalog(memory_mb: u64) -> Catalog {
    let most = if long_events().is_some() { usize::MAX } else { SHORT_SOURCES };
    Catalog::new(memory_mb, sources::sources(most)).await
}

#[tokio::test]
async fn events_of_all_formats_leave_nothing_behind() {
    let catalog = catalog(512).await;
    Function::start(&catalog, 512).await.endure("all formats", long_events().unwrap_or(SHORT)).await;
}

#[tokio::test]
async fn faults_leave_nothing_behind() {
    let catalog = catalog(512).await;
    Function::start(&catalog, 512).await.endure_faults(long_events().unwrap_or(SHORT * 3 / 10)).await;
}

async fn stays_within(memory_mb: u64) {
    let catalog = catalog(memory_mb).await;
    let events = long_events().map_or(SHORT / 20, |events| events / 10);
    Function::start(&catalog, memory_mb).await.stay_within_memory(events).await;
}

#[tokio::test]
async fn function_of_64_mb_stays_within_its_memory() {
    stays_within(64).await;
}

#[tokio::test]
async fn function_of_128_mb_stays_within_its_memory() {
    stays_within(128).await;
}

#[tokio::test]
async fn function_of_256_mb_stays_within_its_memory() {
    stays_within(256).await;
}
