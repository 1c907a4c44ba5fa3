//! What the doctor has to say: one sentence for each thing that was looked at.

use std::fmt;

use serde::{Serialize, Serializer};

/// What was looked at, in the order in which it is told.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Check {
    /// Variables and `thumbnails.json`.
    Configuration,
    /// The keys that requests are signed with.
    Credentials,
    /// Whether buckets are there, and where.
    Region,
    /// The difference between the clocks of this machine and COS.
    Clock,
    /// What the role may do in the buckets.
    Rights,
    /// What starts the function.
    Triggers,
    /// The memory of the function, and the pictures that it takes.
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

/// How bad it is. Ordered from best to worst.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Status {
    /// It is right.
    Ok,
    /// It could not be looked at, or is only told.
    Note,
    /// It works, and may not always.
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

/// One thing that was looked at.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Finding {
    /// What.
    pub check: Check,
    /// How bad it is.
    pub status: Status,
    /// What was found.
    pub sentence: String,
    /// What to do about it.
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

    /// Takes a sentence of this program apart, which ends in its remedy behind a semicolon.
    pub(super) fn told(check: Check, status: Status, text: &str) -> Self {
        let (sentence, remedy) =
            text.rsplit_once("; ").map_or((text, None), |(sentence, remedy)| (sentence, Some(remedy)));
        Self { check, status, sentence: sentence.to_owned(), remedy: remedy.map(str::to_owned) }
    }
}

/// The sentence, and the remedy behind a semicolon.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)?;
        self.remedy.as_ref().map_or(Ok(()), |remedy| write!(f, "; {remedy}"))
    }
}

/// Everything that was looked at.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Report {
    /// In the order of their checks.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.findings.iter().all(|finding| finding.status < Status::Wrong)
    }

    /// `{"findings":[…],"healthy":true}`.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::json!({ "healthy": self.is_healthy(), "findings": self.findings }).to_string()
    }
}

/// A line for each finding, and one for its remedy.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { check, status, sentence, remedy } in &self.findings {
            writeln!(f, "{:<8} {:<14} {sentence}", status.name(), check.name())?;
            if let Some(remedy) = remedy {
                writeln!(f, "{:<23} -> {remedy}", "")?;
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
        let told = Finding::told(Check::Rights, Status::Wrong, "COS denied a; b; grant it");
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
