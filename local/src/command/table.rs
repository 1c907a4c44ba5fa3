//! The answer of the function as a table for people.
//!
//! The function answers with JSON; every member is optional here, because the table must also show what a function
//! under development says.

use std::path::PathBuf;

use serde::Deserialize;

/// The function's answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Report {
    outcomes: Vec<Outcome>,
}

/// What happened to one record.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Outcome {
    bucket: String,
    key: String,
    outcome: String,
    code: Option<String>,
    reason: Option<String>,
    source: Option<Picture>,
    thumbnails: Vec<Picture>,
    ms: Option<Milliseconds>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Picture {
    bucket: Option<String>,
    key: Option<String>,
    width: Option<u64>,
    height: Option<u64>,
    bytes: Option<u64>,
    format: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Milliseconds {
    total: Option<f64>,
}

const HEAD: [&str; 6] = ["source", "thumbnail", "size", "bytes", "ms", "outcome"];

impl Report {
    /// Reads an answer; none when it is not one of the thumbnail function.
    #[must_use]
    pub(crate) fn read(text: &str) -> Option<Self> {
        let value: serde_json::Value = serde_json::from_str(text).ok()?;
        value.get("outcomes")?;
        serde_json::from_value(value).ok()
    }

    /// Whether any record failed.
    #[must_use]
    pub(crate) fn has_failure(&self) -> bool {
        self.outcomes.iter().any(|outcome| outcome.outcome == "failed")
    }

    /// Full bucket and key of every thumbnail, in order.
    #[must_use]
    pub(crate) fn thumbnails(&self) -> Vec<(&str, &str)> {
        let pictures = self.outcomes.iter().flat_map(|outcome| &outcome.thumbnails);
        pictures.filter_map(|picture| Some((picture.bucket.as_deref()?, picture.key.as_deref()?))).collect()
    }

    /// The table, then the files of the thumbnails as `file` knows them.
    #[must_use]
    pub(crate) fn table(&self, file: impl Fn(&str, &str) -> Option<PathBuf>) -> String {
        let mut rows = vec![HEAD.map(str::to_owned)];
        rows.extend(self.outcomes.iter().flat_map(Outcome::rows));
        let mut text = aligned(&rows);
        for (bucket, key) in self.thumbnails() {
            if let Some(path) = file(bucket, key) {
                text.push_str(&format!("{}\n", path.display()));
            }
        }
        text
    }
}

impl Outcome {
    /// A row for the source, then one for each thumbnail.
    fn rows(&self) -> Vec<[String; 6]> {
        let ms = self.ms.as_ref().and_then(|ms| ms.total).map(|total| format!("{total:.0}"));
        let source = self.source.as_ref();
        let mut rows = vec![[
            format!("{}/{}", self.bucket, self.key),
            String::new(),
            source.map(Picture::size).unwrap_or_default(),
            source.map(Picture::weight).unwrap_or_default(),
            ms.unwrap_or_default(),
            self.verdict(),
        ]];
        for picture in &self.thumbnails {
            let place = [picture.bucket.as_deref(), picture.key.as_deref()];
            let place: Vec<&str> = place.into_iter().flatten().collect();
            let (size, weight) = (picture.size(), picture.weight());
            rows.push([String::new(), place.join("/"), size, weight, String::new(), String::new()]);
        }
        rows
    }

    fn verdict(&self) -> String {
        let mut text = self.outcome.clone();
        for part in [&self.code, &self.reason].into_iter().flatten().filter(|part| !part.is_empty()) {
            text.push_str(if text == self.outcome { " " } else { ": " });
            text.push_str(part);
        }
        text
    }
}

impl Picture {
    fn size(&self) -> String {
        let format = self.format.clone().unwrap_or_default();
        match (self.width, self.height) {
            (Some(width), Some(height)) => format!("{width}x{height} {format}").trim_end().to_owned(),
            _ => format,
        }
    }

    fn weight(&self) -> String {
        self.bytes.map(|bytes| bytes.to_string()).unwrap_or_default()
    }
}

/// Columns two spaces apart; numbers to the right.
fn aligned(rows: &[[String; 6]]) -> String {
    let mut widths = [0_usize; 6];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(widths).zip(HEAD).map(|((cell, width), head)| match head {
            "bytes" | "ms" => format!("{cell:>width$}"),
            _ => format!("{cell:<width$}"),
        });
        let line = cells.collect::<Vec<_>>().join("  ");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{"outcomes":[
        {"bucket":"in-1","key":"cat.jpg","event":"cos:ObjectCreated:Put","outcome":"stored",
         "source":{"format":"jpeg","width":4000,"height":3000,"bytes":2500000},
         "thumbnails":[{"bucket":"out-1","key":"cat.webp","width":200,"height":150,"bytes":9876,"format":"webp"}],
         "ms":{"total":41.6}},
        {"bucket":"in-1","key":"x.txt","outcome":"failed","code":"source.format","reason":"not a picture"}]}"#;

    #[test]
    fn every_record_and_thumbnail_has_a_row() {
        let report = Report::read(ANSWER).unwrap();
        let table = report.table(|bucket, key| Some(PathBuf::from(format!("/r/{bucket}/{key}"))));
        let expected = "\
source        thumbnail       size            bytes  ms  outcome
in-1/cat.jpg                  4000x3000 jpeg  2500000  42  stored
";
        assert_eq!(table.lines().count(), 5, "{table}");
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let lines: Vec<&str> = table.lines().collect();
        let wanted: Vec<&str> = expected.lines().collect();
        assert_eq!(words(lines[0]), words(wanted[0]));
        assert_eq!(words(lines[1]), words(wanted[1]));
        assert_eq!(lines[2].trim(), "out-1/cat.webp  200x150 webp       9876");
        assert!(lines[3].ends_with("failed source.format: not a picture"), "{table}");
        assert_eq!(lines[4], "/r/out-1/cat.webp");
        assert_eq!(lines[0].find("outcome"), lines[1].find("stored"));
        assert!(report.has_failure());
    }

    #[test]
    fn missing_members_are_blanks_and_other_answers_are_no_report() {
        let report = Report::read(r#"{"outcomes":[{"outcome":"skipped"}]}"#).unwrap();
        assert!(report.table(|_, _| None).contains("skipped"));
        assert!(!report.has_failure());
        assert!(Report::read("done").is_none());
        assert!(Report::read("{}").is_none());
    }
}
