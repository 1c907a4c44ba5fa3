//! The log: one JSON object a line on standard output, each under the 8 KB that the platform keeps of a line
//! (583/52644). The lines of one message are bounded, too.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Entry, Outcome, Outcomes};
use crate::config::LogLevel;
use crate::runtime::peak_memory_kib;
use crate::text::json;

/// Longest line, bytes; the platform cuts at 8 KB.
const MAX_LINE: usize = 8000;

/// Most bytes of lines about the failed records of a message, and of lines about its other records. CLS bills by the
/// byte; a COS trigger sends up to 128 KB, which is some 100 records or 60 KB of lines.
const MAX_LINES: usize = 1024 * 1024;

/// The printer of lines about one invocation.
#[derive(Debug)]
pub(crate) struct Log {
    /// `None` for a log without lines.
    level: Option<LogLevel>,
    request_id: String,
    room: Mutex<Room>,
}

/// Bytes that are left for lines about records.
#[derive(Debug)]
struct Room {
    failures: usize,
    others: usize,
    /// Number of lines that did not fit.
    left_out: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { failures: MAX_LINES, others: MAX_LINES, left_out: 0 }
    }
}

impl Room {
    /// Returns the line that `write` makes, if there is room for it. After the first that does not fit there is none.
    fn take(&mut self, failed: bool, write: impl FnOnce() -> String) -> Option<String> {
        let room = if failed { &mut self.failures } else { &mut self.others };
        let line = if *room > 0 { Some(write()) } else { None };
        *room = line.as_ref().and_then(|line| room.checked_sub(line.len())).unwrap_or(0);
        if *room == 0 {
            self.left_out = self.left_out.saturating_add(1);
            return None;
        }
        line
    }
}

#[derive(Serialize)]
struct Line<'a> {
    level: &'static str,
    request_id: &'a str,
    function: &'static str,
    #[serde(flatten)]
    entry: &'a Entry,
    /// Repeats the total of the entry, because CLS makes fields only of members of the first level (583/18032).
    total_ms: f64,
    peak_memory_mb: Option<u64>,
}

impl Log {
    /// A log for the invocation `request_id`.
    #[must_use]
    pub(crate) fn new(level: LogLevel, request_id: &str) -> Self {
        Self { level: Some(level), request_id: request_id.to_owned(), room: Mutex::default() }
    }

    /// A log without lines.
    #[must_use]
    pub(crate) fn silent() -> Self {
        Self { level: None, request_id: String::new(), room: Mutex::default() }
    }

    /// Writes the line of one record.
    pub(crate) fn entry(&self, entry: &Entry) {
        let failed = matches!(entry.outcome, Outcome::Failed { .. });
        let least = if failed { LogLevel::Error } else { LogLevel::Info };
        if self.level < Some(least) {
            return;
        }
        let write = || {
            let line = Line {
                level: if failed { "error" } else { "info" },
                request_id: &self.request_id,
                function: VERSION,
                entry,
                total_ms: entry.ms.total,
                peak_memory_mb: peak_memory_kib().map(|kib| kib.div_ceil(1024)),
            };
            bounded(serde_json::to_value(line).unwrap_or_default())
        };
        let line = self.room.lock().unwrap_or_else(PoisonError::into_inner).take(failed, write);
        if let Some(line) = line {
            print(&line);
        }
    }

    /// Counts all records of the message, if some have no line.
    pub(crate) fn finish(&self, outcomes: &Outcomes) {
        let left_out = self.room.lock().unwrap_or_else(PoisonError::into_inner).left_out;
        if left_out > 0 {
            let counts: Vec<_> =
                outcomes.counts().iter().map(|(code, count)| format!("{count} {code}")).collect();
            let text = format!(
                "{left_out} of {} records have no line of their own; all: {}",
                outcomes.total(),
                counts.join(", ")
            );
            self.message(LogLevel::Error, &text);
        }
    }

    /// Writes a sentence about the invocation as a whole.
    pub(crate) fn message(&self, level: LogLevel, text: &str) {
        if self.level < Some(level) {
            return;
        }
        let line = serde_json::json!({
            "level": level.name(), "request_id": self.request_id, "function": VERSION, "message": text,
        });
        print(&bounded(line));
    }
}

const VERSION: &str = concat!("cos-thumbnailer ", env!("CARGO_PKG_VERSION"));

/// Writes one line. Errors are ignored: a function has no other output for them.
fn print(line: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

/// The lists of a line, with the bytes that each may keep in a line that is too long.
const LISTS: [(&str, usize); 3] =
    [("thumbnails", MAX_LINE / 2), ("removed", MAX_LINE / 8), ("foreign", MAX_LINE / 8)];

/// The line, shortened to fit: first lists, whose missing items are counted, then long texts.
fn bounded(line: Value) -> String {
    let text = json(&line).unwrap_or_default();
    let Value::Object(mut members) = line else { return text };
    if text.len() <= MAX_LINE {
        return text;
    }
    for (name, room) in LISTS {
        shorten(&mut members, name, room);
    }
    let text = json(&members).unwrap_or_default();
    if text.len() <= MAX_LINE {
        return text;
    }
    for value in members.values_mut() {
        if let Value::String(text) = value {
            *text = text.chars().take(250).collect();
        }
    }
    for (name, _) in LISTS {
        members.remove(name);
    }
    json(&members).unwrap_or_default()
}

fn shorten(members: &mut Map<String, Value>, name: &str, mut room: usize) {
    let Some(Value::Array(list)) = members.get_mut(name) else { return };
    let all = list.len();
    let kept = list
        .iter()
        .take_while(|item| {
            let length = json(item).map_or(0, |text| text.len());
            let fits = length <= room;
            room = room.saturating_sub(length);
            fits
        })
        .count();
    list.truncate(kept);
    members.insert(format!("{name}_not_shown"), Value::from(all.saturating_sub(kept)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Disposition;
    use crate::report::Stored;

    #[test]
    fn a_line_stays_under_eight_kilobytes() {
        let mut entry = Entry::new("p-1", &"键".repeat(283), "x", Outcome::Stored);
        for _ in 0..100 {
            entry.thumbnails.push(Stored {
                bucket: "pr-1".to_owned(),
                key: "\u{1}".repeat(850),
                format: "jpeg",
                width: 1,
                height: 1,
                bytes: 1,
                quality: Some(100),
                score: Some(88.8),
                frames: None,
                still: None,
            });
        }
        entry.removed = vec!["k".repeat(850); 100];
        entry.foreign.clone_from(&entry.removed);
        entry.outcome = Outcome::Failed { code: "c", reason: "r".repeat(9000), kind: Disposition::Transient };
        let line = bounded(serde_json::to_value(&entry).unwrap());
        assert!(line.len() <= MAX_LINE, "{}", line.len());
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["thumbnails_not_shown"], 100);
        assert_eq!(line["removed_not_shown"], 99);
        assert_eq!(line["code"], "c");
    }

    #[test]
    fn lines_about_records_are_bounded_by_class() {
        let mut room = Room::default();
        let line = "x".repeat(1000);
        let taken = (0..60_000).filter(|_| room.take(false, || line.clone()).is_some()).count();
        assert_eq!((taken, room.left_out), (1048, 60_000 - 1048));
        assert!(room.take(true, || line.clone()).is_some(), "failures have room of their own");
    }

    #[test]
    fn an_ordinary_line_is_left_alone() {
        let entry = Entry::new("p-1", "a.jpg", "x", Outcome::Stored);
        let line = bounded(serde_json::to_value(&entry).unwrap());
        assert!(line.contains(r#""outcome":"stored""#) && line.contains(r#""key":"a.jpg""#), "{line}");
    }
}
