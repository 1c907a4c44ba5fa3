//! The response of the thumbnail function as a table.
//!
//! Every member of the JSON is optional, because the table must also show incomplete responses of a function under
//! development.

use std::path::PathBuf;

use serde::Deserialize;

/// Response of the thumbnail function.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct FunctionReport {
    outcomes: Vec<RecordOutcome>,
}

/// Outcome of one record.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RecordOutcome {
    bucket: String,
    key: String,
    outcome: String,
    code: Option<String>,
    reason: Option<String>,
    source: Option<ImageInfo>,
    thumbnails: Vec<ImageInfo>,
    /// Number of thumbnails that were current already.
    kept: u64,
    /// Keys of the thumbnails that were removed.
    removed: Vec<String>,
    ms: Option<Milliseconds>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ImageInfo {
    bucket: Option<String>,
    key: Option<String>,
    width: Option<u64>,
    height: Option<u64>,
    bytes: Option<u64>,
    format: Option<String>,
    /// Percentage of the source that is damaged.
    damaged: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Milliseconds {
    total: Option<f64>,
}

/// Titles of the columns.
const TITLES: [&str; 6] = ["source", "thumbnail", "size", "bytes", "ms", "outcome"];

impl FunctionReport {
    /// Reads a response; returns `None` for responses of other functions.
    #[must_use]
    pub(crate) fn read(text: &str) -> Option<Self> {
        let value: serde_json::Value = serde_json::from_str(text).ok()?;
        value.get("outcomes")?;
        serde_json::from_value(value).ok()
    }

    /// Returns whether any record failed.
    #[must_use]
    pub(crate) fn has_failure(&self) -> bool {
        self.outcomes.iter().any(|outcome| outcome.outcome == "failed")
    }

    /// Returns bucket and key of every thumbnail, in order.
    #[must_use]
    pub(crate) fn thumbnails(&self) -> Vec<(&str, &str)> {
        let pictures = self.outcomes.iter().flat_map(|outcome| &outcome.thumbnails);
        pictures.filter_map(|picture| Some((picture.bucket.as_deref()?, picture.key.as_deref()?))).collect()
    }

    /// Returns whether thumbnails were current already.
    #[must_use]
    pub(crate) fn has_current(&self) -> bool {
        self.outcomes.iter().any(|outcome| outcome.kept > 0)
    }

    /// Returns bucket and key of the sources and of the thumbnails that were stored.
    #[must_use]
    pub(crate) fn known_objects(&self) -> Vec<(String, String)> {
        let sources = self.outcomes.iter().map(|outcome| (outcome.bucket.as_str(), outcome.key.as_str()));
        let known = sources.chain(self.thumbnails());
        known.map(|(bucket, key)| (bucket.to_owned(), key.to_owned())).collect()
    }

    /// Returns the table, and below it the paths of the thumbnails that `file` returns.
    #[must_use]
    pub(crate) fn table(&self, file: impl Fn(&str, &str) -> Option<PathBuf>) -> String {
        let mut rows = vec![TITLES.map(str::to_owned)];
        rows.extend(self.outcomes.iter().flat_map(RecordOutcome::rows));
        let mut text = align(&rows);
        for (bucket, key) in self.thumbnails() {
            if let Some(path) = file(bucket, key) {
                text.push_str(&format!("{}\n", path.display()));
            }
        }
        text
    }
}

impl RecordOutcome {
    /// Returns a row for the source, then one for each thumbnail that was stored or removed.
    fn rows(&self) -> Vec<[String; 6]> {
        let ms = self.ms.as_ref().and_then(|ms| ms.total).map(|total| format!("{total:.0}"));
        let source = self.source.as_ref();
        let mut rows = vec![[
            format!("{}/{}", self.bucket, self.key),
            String::new(),
            source.map(ImageInfo::size_text).unwrap_or_default(),
            source.map(ImageInfo::bytes_text).unwrap_or_default(),
            ms.unwrap_or_default(),
            self.outcome_text(),
        ]];
        for picture in &self.thumbnails {
            let target = [picture.bucket.as_deref(), picture.key.as_deref()];
            let target: Vec<&str> = target.into_iter().flatten().collect();
            let (size, bytes_text) = (picture.size_text(), picture.bytes_text());
            rows.push([String::new(), target.join("/"), size, bytes_text, String::new(), String::new()]);
        }
        for key in &self.removed {
            let [empty, size, bytes, ms] = std::array::from_fn(|_| String::new());
            rows.push([empty, key.clone(), size, bytes, ms, "removed".to_owned()]);
        }
        rows
    }

    fn outcome_text(&self) -> String {
        let mut text = self.outcome.clone();
        for part in [&self.code, &self.reason].into_iter().flatten().filter(|part| !part.is_empty()) {
            text.push_str(if text == self.outcome { " " } else { ": " });
            text.push_str(part);
        }
        if let Some(percent) = self.source.as_ref().and_then(|source| source.damaged) {
            text.push_str(&format!(", {percent} % damaged"));
        }
        text
    }
}

impl ImageInfo {
    fn size_text(&self) -> String {
        let format = self.format.clone().unwrap_or_default();
        match (self.width, self.height) {
            (Some(width), Some(height)) => format!("{width}x{height} {format}").trim_end().to_owned(),
            _ => format,
        }
    }

    fn bytes_text(&self) -> String {
        self.bytes.map(|bytes| bytes.to_string()).unwrap_or_default()
    }
}

/// Aligns the columns, two spaces apart, with numbers to the right.
fn align(rows: &[[String; 6]]) -> String {
    let mut widths = [0_usize; 6];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(widths).zip(TITLES).map(|((cell, width), title)| match title {
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

    const RESPONSE: &str = r#"{"outcomes":[
        {"bucket":"in-1","key":"cat.jpg","event":"cos:ObjectCreated:Put","outcome":"stored",
         "source":{"format":"jpeg","width":4000,"height":3000,"bytes":2500000},
         "thumbnails":[{"bucket":"out-1","key":"cat.webp","width":200,"height":150,"bytes":9876,"format":"webp"}],
         "ms":{"total":41.6}},
        {"bucket":"in-1","key":"x.txt","outcome":"failed","code":"source.format","reason":"not a picture"}]}"#;

    #[test]
    fn every_record_and_thumbnail_has_a_row() {
        let report = FunctionReport::read(RESPONSE).unwrap();
        let table = report.table(|bucket, key| Some(PathBuf::from(format!("/r/{bucket}/{key}"))));
        let expected = "\
source        thumbnail       size            bytes  ms  outcome
in-1/cat.jpg                  4000x3000 jpeg  2500000  42  stored
";
        assert_eq!(table.lines().count(), 5, "{table}");
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let lines: Vec<&str> = table.lines().collect();
        let expected: Vec<&str> = expected.lines().collect();
        assert_eq!(words(lines[0]), words(expected[0]));
        assert_eq!(words(lines[1]), words(expected[1]));
        assert_eq!(lines[2].trim(), "out-1/cat.webp  200x150 webp       9876");
        assert!(lines[3].ends_with("failed source.format: not a picture"), "{table}");
        assert_eq!(lines[4], "/r/out-1/cat.webp");
        assert_eq!(lines[0].find("outcome"), lines[1].find("stored"));
        assert!(report.has_failure());
    }

    #[test]
    fn damage_and_removals_are_shown() {
        let response = r#"{"outcomes":[
            {"bucket":"in-1","key":"a.jpg","outcome":"stored","source":{"format":"jpeg","damaged":7}},
            {"bucket":"in-1","key":"b.jpg","outcome":"removed","removed":["s/b.jpg","l/b.jpg"]},
            {"bucket":"in-1","key":"c.jpg","outcome":"failed","code":"image.damaged","reason":"mostly lost",
             "source":{"damaged":80}}]}"#;
        let report = FunctionReport::read(response).unwrap();
        let table = report.table(|_, _| None);
        let ends: Vec<&str> = table.lines().map(|line| line.rsplit("  ").next().unwrap().trim()).collect();
        let expected = [
            "outcome",
            "stored, 7 % damaged",
            "removed",
            "removed",
            "removed",
            "failed image.damaged: mostly lost, 80 % damaged",
        ];
        assert_eq!(ends, expected, "{table}");
        assert!(table.contains("s/b.jpg") && table.contains("l/b.jpg"), "{table}");
        assert!(!report.has_current());
    }

    #[test]
    fn missing_members_are_blank_and_other_responses_are_no_report() {
        let report = FunctionReport::read(r#"{"outcomes":[{"outcome":"skipped"}]}"#).unwrap();
        assert!(report.table(|_, _| None).contains("skipped"));
        assert!(!report.has_failure());
        assert!(FunctionReport::read("done").is_none());
        assert!(FunctionReport::read("{}").is_none());
    }
}
