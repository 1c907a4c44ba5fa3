//! Faults of the process: it is killed, or the system refuses it something.

use std::path::PathBuf;
use std::process::Command;

use scf_local::FaultKind;

use crate::row::Expected::{self, Ended, Fatal, NotStarted, Stored};
use crate::row::{Change, Group, Injection, Request, Row};
use crate::setup::{SOURCE, TARGET};

/// Requests of a visit to a new image.
const OF_UPLOAD: [(&str, Request); 4] = [
    ("HEAD of the thumbnail", first("HEAD", TARGET)),
    ("GET of the source", first("GET", SOURCE)),
    ("PUT of the thumbnail", first("PUT", TARGET)),
    ("HEAD of the source", first("HEAD", SOURCE)),
];

/// Requests of a visit to a removed source.
const OF_REMOVAL: [(&str, Request); 4] = [
    ("HEAD of the thumbnail", first("HEAD", TARGET)),
    ("HEAD of the removed source", first("HEAD", SOURCE)),
    ("DELETE of the thumbnail", first("DELETE", TARGET)),
    ("last HEAD of the removed source", Request { number: 2, ..first("HEAD", SOURCE) }),
];

const fn first(method: &'static str, bucket: &'static str) -> Request {
    Request { method, bucket, number: 1 }
}

/// A library that makes calls of the process fail.
pub struct FailingCalls {
    library: PathBuf,
    _folder: tempfile::TempDir,
}

impl FailingCalls {
    pub fn compile() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("failing_calls.so");
        let output = Command::new("cc")
            .args([
                "-shared",
                "-fPIC",
                "-O1",
                "-Wall",
                "-Werror",
                "tests/faults/failing_calls.c",
                "-ldl",
                "-o",
            ])
            .arg(&library)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self { library, _folder: folder }
    }

    /// Commands of a shell that preload the library. The settings of the allocator keep the program from starting itself
    /// again, which would count anew.
    fn preload(&self, settings: &str) -> Injection {
        let commands = format!("export MALLOC_ARENA_MAX=1 {settings} LD_PRELOAD={}", self.library.display());
        Injection::Start { commands, evidence: Some("failed") }
    }
}

pub fn rows(failing_calls: &FailingCalls) -> Vec<Row> {
    let mut rows = Vec::new();
    for (change, requests) in
        [(Change::Upload, OF_UPLOAD), (Change::Replacement, OF_UPLOAD), (Change::Removal, OF_REMOVAL)]
    {
        let what = if change == Change::Replacement { ", over an earlier one" } else { "" };
        for (name, request) in requests {
            let kill = |held| Injection::Signal { names: &["-KILL"], request, held };
            let before = format!("killed before COS carries out the {name}{what}");
            rows.push(row(before, kill(FaultKind::Stall), Ended).change(change));
            let after = format!("killed after COS has carried out the {name}{what}");
            rows.push(row(after, kill(FaultKind::Unanswered), Ended).change(change));
        }
    }
    let download = |names, held| Injection::Signal { names, request: first("GET", SOURCE), held };
    let half = FaultKind::StallAfter(50_000);
    rows.push(row("SIGTERM in the middle of the download", download(&["-TERM"], half), Ended));
    let slow = FaultKind::Slow { before_ms: 0, chunk: 20_000, pause_ms: 20 };
    let stopped = download(&["-STOP", "-CONT"], slow);
    rows.push(row("stopped and continued in the middle of the download", stopped, Stored));
    rows.extend(allocations(failing_calls));
    let no_thread = failing_calls.preload("FAIL_THREAD=1");
    rows.push(row("the system gives no thread", no_thread, Fatal("system.no_thread")));
    for (fault, commands, expected) in [
        ("no file can be written (`ulimit -f 0`)", "ulimit -f 0", Stored),
        ("no folder for temporary files", "export TMPDIR=/nonexistent", Stored),
        ("the log goes to a full disk", "exec >/dev/full 2>&1", Stored),
        ("the log is closed", "exec >&- 2>&-", Stored),
        ("standard input is closed", "exec <&-", Stored),
        ("16 descriptors (`ulimit -n 16`)", "ulimit -n 16", Stored),
        ("5 descriptors (`ulimit -n 5`)", "ulimit -n 5", NotStarted),
        ("400 MB of address space (`ulimit -v 400000`)", "ulimit -v 400000", Stored),
        ("8 MB of address space (`ulimit -v 8000`)", "ulimit -v 8000", NotStarted),
        ("512 KB of stack (`ulimit -s 512`)", "ulimit -s 512", Stored),
    ] {
        let commands = commands.to_owned();
        rows.push(row(fault, Injection::Start { commands, evidence: None }, expected));
    }
    rows
}

/// The program needs some 500 allocations until it is ready, and 4,000 more for the first thumbnail.
fn allocations(failing_calls: &FailingCalls) -> Vec<Row> {
    let one = [
        (50, NotStarted),
        (100, NotStarted),
        (200, NotStarted),
        (1000, Ended),
        (1500, Ended),
        (2000, Ended),
        (3000, Ended),
    ]
    .map(|(number, expected)| (format!("allocation {number} fails"), format!("FAIL_AT={number}"), expected));
    let on = [(100, NotStarted), (1000, Ended), (2000, Ended)].map(|(number, expected)| {
        let fault = format!("every allocation from number {number} on fails");
        (fault, format!("FAIL_AT={number} FAIL_ON=1"), expected)
    });
    let large = "the first allocation of 100 KB or more fails".to_owned();
    let large = (large, "FAIL_AT=1 FAIL_LEAST=100000".to_owned(), Ended);
    let all = one.into_iter().chain(on).chain([large]);
    all.map(|(fault, settings, expected)| row(fault, failing_calls.preload(&settings), expected)).collect()
}

fn row(fault: impl Into<String>, injection: Injection, expected: Expected) -> Row {
    Row::new(Group::Process, fault, injection, expected)
}
