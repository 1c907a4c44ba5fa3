//! Report: one JSON line for each source, and a summary at the end.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Read as _, Seek as _, SeekFrom, Write};
use std::path::Path;

use serde::Serialize;

use crate::sync::{Need, Tally, Usage};
use crate::text;

/// Bytes that are searched for the last whole line of an older report. Lines are shorter.
const LONGEST_LINE: u64 = 64 * 1024;

/// Beginnings of lines.
const BEGINNINGS: [&[u8]; 2] = [b"{\"key\":", b"{\"end\":"];

/// A report, written to a file or nowhere.
#[derive(Debug, Default)]
pub struct Report {
    file: Option<BufWriter<File>>,
}

#[derive(Serialize)]
struct Line<'a> {
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    need: Option<&'static str>,
    outcome: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
}

#[derive(Serialize)]
struct Summary<'a> {
    end: &'a str,
    summary: &'a Tally,
    usage: &'a Usage,
}

impl Report {
    /// Opens a report, and adds to an older one. A line that a killed driver left unfinished is removed.
    ///
    /// # Errors
    /// When the file cannot be opened, or ends with something else than a line of a report.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
        let length = file.metadata()?.len();
        let from = length.saturating_sub(LONGEST_LINE);
        file.seek(SeekFrom::Start(from))?;
        let mut end = Vec::new();
        (&mut file).take(length.saturating_sub(from)).read_to_end(&mut end)?;
        let whole = end.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at.saturating_add(1));
        let unfinished = end.get(whole..).unwrap_or_default();
        let begins = |line: &[u8]| unfinished.starts_with(line) || line.starts_with(unfinished);
        if !BEGINNINGS.iter().any(|beginning| begins(beginning)) {
            let reason = "it is another file, whose last line would be lost; name a new one with --report";
            return Err(io::Error::new(ErrorKind::InvalidData, reason));
        }
        let whole = from.saturating_add(u64::try_from(whole).unwrap_or(0));
        if whole < length {
            file.set_len(whole)?;
        }
        file.seek(SeekFrom::Start(whole))?;
        Ok(Self { file: Some(BufWriter::new(file)) })
    }

    /// Writes the outcome of a source.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn outcome(&mut self, key: &str, need: Option<Need>, code: &str, reason: &str) -> io::Result<()> {
        let need = need.map(|need| match need {
            Need::Missing => "missing",
            Need::Orphan => "orphan",
            Need::Stale => "stale",
            Need::Unverified => "unverified",
        });
        self.line(&Line { key, need, outcome: code, reason })
    }

    /// Writes the summary.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn summary(&mut self, end: &str, summary: &Tally, usage: &Usage) -> io::Result<()> {
        self.line(&Summary { end, summary, usage })?;
        self.flush()
    }

    /// Hands all lines to the system, before a checkpoint counts them as written.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), BufWriter::flush)
    }

    fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        writeln!(file, "{}", text::json(line)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_report_is_continued_after_its_last_whole_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.jsonl");
        let mut report = Report::open(&path).unwrap();
        report.outcome("a\n", Some(Need::Missing), "stored", "").unwrap();
        report.flush().unwrap();
        drop(report);
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"key\":\"b").unwrap();
        let mut report = Report::open(&path).unwrap();
        report.outcome("c", None, "image.damaged", "why").unwrap();
        report.summary("done", &Tally::default(), &Usage::default()).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert_eq!((&lines[0]["key"], &lines[0]["need"]), (&"a\n".into(), &"missing".into()));
        assert_eq!((&lines[1]["outcome"], &lines[1]["reason"]), (&"image.damaged".into(), &"why".into()));
        assert_eq!(lines[2]["end"], "done");
    }

    #[test]
    fn a_file_that_is_no_report_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("thumbnails.json");
        for text in [r#"{"rules": [{}]}"#, "two\nlines", &"x".repeat(100_000)] {
            std::fs::write(&path, text).unwrap();
            let error = Report::open(&path).unwrap_err();
            assert!(error.to_string().contains("--report"), "{error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        for unfinished in ["", "{", r#"{"key":"#, r#"{"end":"do"#] {
            std::fs::write(&path, unfinished).unwrap();
            Report::open(&path).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), b"", "{unfinished}");
        }
    }
}
