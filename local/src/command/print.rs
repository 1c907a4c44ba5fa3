//! Output of the program.

use std::io::{IsTerminal, Write, stderr, stdout};

/// Prints a line of the function's log, dimmed on a terminal.
pub(super) fn log_line(text: &str) {
    let mut out = stdout().lock();
    // The result is ignored: a closed pipe must not stop the servers.
    let _ = if stdout().is_terminal() {
        writeln!(out, "\u{1b}[2m{text}\u{1b}[0m")
    } else {
        writeln!(out, "{text}")
    };
}

/// Prints text and a line feed.
pub(super) fn line(text: &str) {
    let _ = writeln!(stdout().lock(), "{text}");
}

/// Prints an error of the program to standard error.
pub(crate) fn error(text: &str) {
    let _ = writeln!(stderr().lock(), "scf-local: {text}");
}
