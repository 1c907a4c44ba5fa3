//! Injected faults: the outcome that each must give, and the state that it must leave.
//!
//! Every row runs the real program on the local SCF and COS. What a row expects is derived from `docs/outcomes.md`. The
//! table of all rows is in `docs/trust.md`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test may panic, and `setup` is shared with other roots"
)]

mod connection;
mod cos;
mod input;
mod page;
#[allow(dead_code, reason = "the tests of long runs use the rest")]
#[path = "../support/usage.rs"]
mod proc;
mod process;
mod row;
mod runtime;
#[allow(dead_code, reason = "the tests of protocols use the rest")]
#[path = "../support/setup.rs"]
mod setup;
mod trial;
mod usage;

use futures_util::StreamExt as _;

use crate::process::FailingCalls;
use crate::row::Row;
use crate::trial::{Trial, Undisturbed};

/// Rows that run at once. Most of their time they wait.
const CONCURRENT: usize = 6;

#[tokio::test]
async fn every_fault_gives_its_outcome_and_leaves_what_was_there() {
    let failing_calls = FailingCalls::compile();
    let rows: Vec<Row> =
        [cos::rows(), connection::rows(), runtime::rows(), process::rows(&failing_calls), input::rows()]
            .into_iter()
            .flatten()
            .collect();
    let table = page::table(&rows);
    let undisturbed = &Undisturbed::record().await;
    let trials = rows.into_iter().map(|row| async move {
        let title = format!("{}: {}", row.group.name(), row.fault);
        Trial::run(row, undisturbed).await.err().map(|failure| format!("{title}: {failure}"))
    });
    let failures: Vec<Option<String>> =
        futures_util::stream::iter(trials).buffer_unordered(CONCURRENT).collect().await;
    let failures: Vec<String> = failures.into_iter().flatten().collect();
    assert!(failures.is_empty(), "{} rows failed:\n{}", failures.len(), failures.join("\n"));
    page::write_or_compare(&table);
}
