//! Faults of the runtime API, and of the platform's deliveries.

use std::time::Duration;

use scf_local::RuntimeFault;

use crate::row::Expected::{self, Ended, Stored};
use crate::row::{Group, Injection, Row};

pub fn rows() -> Vec<Row> {
    let table = [
        ("`next`: an event that is not JSON, without headers", RuntimeFault::Garbage { times: 1 }, Stored),
        ("`next`: the same three times", RuntimeFault::Garbage { times: 3 }, Stored),
        ("`next`: half of an event", RuntimeFault::Half { times: 1 }, Stored),
        ("`next`: half of an event, three times", RuntimeFault::Half { times: 3 }, Stored),
        ("two calls: the connection closes", RuntimeFault::Reset { times: 2 }, Stored),
        ("five calls: the connection closes", RuntimeFault::Reset { times: 5 }, Stored),
        ("one call: 500", RuntimeFault::Status { status: 500, times: 1 }, Stored),
        ("three calls: 500", RuntimeFault::Status { status: 500, times: 3 }, Stored),
        ("the response is refused: 400", RuntimeFault::Status { status: 400, times: 1 }, Stored),
        (
            "the response is too large for the platform: 413",
            RuntimeFault::Status { status: 413, times: 1 },
            Stored,
        ),
        ("the process is killed while it posts its response", RuntimeFault::Kill { times: 1 }, Ended),
    ];
    let mut rows: Vec<Row> = table
        .into_iter()
        .map(|(fault, injected, expected)| row(fault, Injection::Runtime(injected), expected))
        .collect();
    let outage = Injection::RuntimeOutage(Duration::from_millis(700));
    rows.push(row("the API restarts: its port is closed for 0.7 s", outage, Stored));
    rows
}

fn row(fault: &str, injection: Injection, expected: Expected) -> Row {
    Row::new(Group::Runtime, fault, injection, expected)
}
