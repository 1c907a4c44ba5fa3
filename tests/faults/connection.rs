//! Connections to COS that break, stall or damage what they carry.

use std::time::Duration;

use scf_local::{Fault, FaultKind};

use crate::row::Expected::{self, Removed, Stored, Transient};
use crate::row::{Change, Group, Injection, Row};
use crate::setup::SOURCE;

/// As often as a fault may be met.
const ALWAYS: u32 = 99;

/// Time limit of functions whose requests stall. Of the first seconds each attempt gets one.
const SHORT: Duration = Duration::from_secs(4);

pub fn rows() -> Vec<Row> {
    let mut rows = breaks();
    rows.extend(stalls());
    rows.extend(removals());
    rows.push(row("GET: one byte of the source is wrong", once("GET", FaultKind::Corrupt), Stored));
    let always = Fault::new(FaultKind::Corrupt).method("GET").times(ALWAYS);
    rows.push(row("every GET: one byte of the source is wrong", always, Transient("cos.network")));
    rows
}

fn breaks() -> Vec<Row> {
    let mut rows = Vec::new();
    for (request, fault) in [
        ("HEAD of the thumbnail", once("HEAD", FaultKind::Reset)),
        ("GET", once("GET", FaultKind::Reset)),
        ("PUT", once("PUT", FaultKind::Reset)),
        ("HEAD of the source", once("HEAD", FaultKind::Reset).bucket(SOURCE)),
    ] {
        rows.push(row(format!("{request}: the connection closes"), fault, Stored));
    }
    rows.push(row("every request: the connection closes", all(FaultKind::Reset), Transient("cos.network")));
    for method in ["HEAD", "GET", "PUT"] {
        let fault = format!("{method}: carried out, and its answer is lost");
        rows.push(row(fault, once(method, FaultKind::LostAnswer), Stored));
    }
    let lost = all(FaultKind::LostAnswer).method("PUT");
    rows.push(row("every PUT: carried out, and its answer is lost", lost, Transient("cos.network")));
    for (words, bytes) in [
        ("before the first byte of the source", 0),
        ("after one byte", 1),
        ("after 1,000 bytes", 1000),
        ("after 100,000 bytes", 100_000),
        ("before the last byte", 449_747),
    ] {
        let fault = format!("GET: the connection closes {words}");
        rows.push(row(fault, once("GET", FaultKind::Truncate(bytes)), Stored));
    }
    let cut = all(FaultKind::Truncate(1000)).method("GET");
    rows.push(row("every GET: the connection closes after 1,000 bytes", cut, Transient("cos.network")));
    let closed = all(FaultKind::CloseAfterAnswer);
    rows.push(row("every connection closes after its first answer, unannounced", closed, Stored));
    rows
}

fn stalls() -> Vec<Row> {
    let slow = |before_ms, chunk, pause_ms| FaultKind::Slow { before_ms, chunk, pause_ms };
    let table = [
        ("HEAD of the thumbnail: no answer", once("HEAD", FaultKind::Stall), Stored),
        ("GET: no answer", once("GET", FaultKind::Stall), Stored),
        ("PUT: no answer", once("PUT", FaultKind::Stall), Stored),
        ("PUT: carried out, and no answer", once("PUT", FaultKind::Unanswered), Stored),
        ("GET: nothing comes after 50,000 bytes", once("GET", FaultKind::StallAfter(50_000)), Stored),
        ("every request: no answer", all(FaultKind::Stall), Transient("deadline")),
        ("every GET: no answer", all(FaultKind::Stall).method("GET"), Transient("deadline")),
        ("every PUT: no answer", all(FaultKind::Stall).method("PUT"), Transient("deadline")),
        (
            "every PUT: carried out, and no answer",
            all(FaultKind::Unanswered).method("PUT"),
            Transient("deadline"),
        ),
        (
            "every GET: nothing comes after 50,000 bytes",
            all(FaultKind::StallAfter(50_000)).method("GET"),
            Transient("deadline"),
        ),
        ("GET: 5,000 bytes every 5 ms", once("GET", slow(0, 5000, 5)), Stored),
        ("every GET: 100 bytes every 20 ms", all(slow(0, 100, 20)).method("GET"), Transient("deadline")),
        ("every answer: 300 ms late", all(slow(300, 0, 0)), Stored),
    ];
    table.map(|(fault, injected, expected)| row(fault, injected, expected).time_limit(SHORT)).into()
}

fn removals() -> Vec<Row> {
    let table = [
        ("DELETE: the connection closes", once("DELETE", FaultKind::Reset), Removed),
        ("DELETE: carried out, and its answer is lost", once("DELETE", FaultKind::LostAnswer), Removed),
        ("DELETE: carried out, and no answer", once("DELETE", FaultKind::Unanswered), Removed),
        ("every DELETE: no answer", all(FaultKind::Stall).method("DELETE"), Transient("deadline")),
        (
            "every DELETE: carried out, and its answer is lost",
            all(FaultKind::LostAnswer).method("DELETE"),
            Transient("cos.network"),
        ),
    ];
    let row = |(fault, injected, expected)| {
        row(fault, injected, expected).time_limit(SHORT).change(Change::Removal)
    };
    table.map(row).into()
}

fn row(fault: impl Into<String>, injected: Fault, expected: Expected) -> Row {
    Row::new(Group::Connection, fault, Injection::Cos(vec![injected]), expected)
}

fn all(kind: FaultKind) -> Fault {
    Fault::new(kind).times(ALWAYS)
}

fn once(method: &str, kind: FaultKind) -> Fault {
    Fault::new(kind).method(method)
}
