//! The only place that prints.

use std::io::{IsTerminal, Write, stderr, stdout};

/// Prints a line of the function's log, dimmed on a terminal.
pub(crate) fn log_line(text: &str) {
    let mut out = stdout().lock();
    // A closed pipe is no reason to stop serving.
    let _ = if stdout().is_terminal() {
        writeln!(out, "\u{1b}[2m{text}\u{1b}[0m")
    } else {
        writeln!(out, "{text}")
    };
}

/// Prints text as it is, with a line feed.
pub fn line(text: &str) {
    let _ = writeln!(stdout().lock(), "{text}");
}

/// Prints a complaint.
pub fn complaint(text: &str) {
    let _ = writeln!(stderr().lock(), "scf-local: {text}");
}
