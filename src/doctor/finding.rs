//! Findings of the doctor: one sentence for each.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::text;
use crate::text::Printable;

/// The check that a finding is from, in the order of the report.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Check {
    /// Variables and `thumbnails.json`.
    Configuration,
    /// The keys that requests are signed with.
    Credentials,
    /// The existence and region of the buckets.
    Region,
    /// The difference between the clocks of this machine and COS.
    Clock,
    /// The rights of the role in the buckets.
    Rights,
    /// The triggers of the function.
    Triggers,
    /// The memory of the function, and the images that fit.
    Memory,
    /// The time limit of the function.
    Time,
}

impl Check {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Clock => "clock",
            Self::Configuration => "configuration",
            Self::Credentials => "credentials",
            Self::Memory => "memory",
            Self::Region => "region",
            Self::Rights => "rights",
            Self::Time => "time",
            Self::Triggers => "triggers",
        }
    }
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// The severity of a finding, from best to worst.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Status {
    /// It is right.
    Ok,
    /// It could not be checked, or is only information.
    Note,
    /// It works, but may fail in some cases.
    Warning,
    /// It does not work.
    Wrong,
}

impl Status {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Wrong => "wrong",
        }
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// One finding.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Finding {
    /// The check that it is from.
    pub check: Check,
    /// Its severity.
    pub status: Status,
    /// The fact that was found.
    pub sentence: String,
    /// The action to take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Finding {
    pub(super) fn ok(check: Check, sentence: String) -> Self {
        Self { check, status: Status::Ok, sentence, remedy: None }
    }

    pub(super) fn note(check: Check, sentence: String) -> Self {
        Self { check, status: Status::Note, sentence, remedy: None }
    }

    /// Splits a sentence of this program, which ends in its remedy behind a semicolon.
    pub(super) fn of_sentence(check: Check, status: Status, text: &str) -> Self {
        let (sentence, remedy) =
            text.rsplit_once("; ").map_or((text, None), |(sentence, remedy)| (sentence, Some(remedy)));
        Self { check, status, sentence: sentence.to_owned(), remedy: remedy.map(str::to_owned) }
    }
}

/// The sentence, and the remedy behind a semicolon.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Printable(&self.sentence).fmt(f)?;
        self.remedy.as_ref().map_or(Ok(()), |remedy| write!(f, "; {}", Printable(remedy)))
    }
}

/// All findings.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Report {
    /// In the order of their checks.
    pub findings: Vec<Finding>,
}

impl Report {
    /// True if nothing is wrong.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.findings.iter().all(|finding| finding.status < Status::Wrong)
    }

    /// `{"findings":[…],"healthy":true}`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let value = serde_json::json!({ "healthy": self.is_healthy(), "findings": self.findings });
        text::json(&value).unwrap_or_default()
    }
}

/// A line for each finding, and one for its remedy.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { check, status, sentence, remedy } in &self.findings {
            writeln!(f, "{:<8} {:<14} {}", status.name(), check.name(), Printable(sentence))?;
            if let Some(remedy) = remedy {
                writeln!(f, "{:<23} -> {}", "", Printable(remedy))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_as_lines_and_as_json() {
        let told = Finding::of_sentence(Check::Rights, Status::Wrong, "COS denied a; b; grant it");
        assert_eq!((told.sentence.as_str(), told.remedy.as_deref()), ("COS denied a; b", Some("grant it")));
        let well = Report { findings: vec![Finding::note(Check::Triggers, "unseen".to_owned())] };
        assert_eq!(
            well.to_json(),
            r#"{"findings":[{"check":"triggers","sentence":"unseen","status":"note"}],"healthy":true}"#
        );
        let ill = Report { findings: vec![Finding::ok(Check::Clock, "right".to_owned()), told] };
        assert!(!ill.is_healthy() && well.is_healthy());
        let expected = "\
ok       clock          right
wrong    rights         COS denied a; b
                        -> grant it
";
        assert_eq!(ill.to_string(), expected);
    }
}
