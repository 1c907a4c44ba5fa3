//! Days in one process: thousands of events of every kind, for images of every format, damaged ones and large ones.
//!
//! Each quarter of a run has the same events in another order. What the process holds at rest in the last quarter is
//! compared with the second; the first fills what stays: caches, connections, the heap of the decoders. Every outcome and
//! every thumbnail is compared with that of a new process. `scripts/soak` runs the long forms.

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
const SHORT_SOURCES: usize = 60;

/// Events of a run, and whether it is the long form of `scripts/soak`.
fn events() -> (usize, bool) {
    std::env::var("SOAK_EVENTS").map_or((SHORT, false), |events| (events.parse().unwrap(), true))
}

/// The sources of a run, and what becomes of them in a function of `memory_mb`.
async fn catalog(memory_mb: u64) -> Catalog {
    let most = if events().1 { usize::MAX } else { SHORT_SOURCES };
    Catalog::new(memory_mb, sources::sources(most)).await
}

#[tokio::test]
async fn events_of_all_formats_leave_nothing_behind() {
    let catalog = catalog(512).await;
    Function::start(&catalog, 512).await.endure("all formats", events().0).await;
}

#[tokio::test]
async fn faults_leave_nothing_behind() {
    let catalog = catalog(512).await;
    Function::start(&catalog, 512).await.endure_faults(events().0).await;
}
