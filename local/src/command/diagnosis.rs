//! The answer of the function's doctor as lines for people.

use std::fmt;

use serde::Deserialize;

/// What the doctor of a function found.
#[derive(Debug, Deserialize)]
pub(crate) struct Diagnosis {
    healthy: bool,
    findings: Vec<Finding>,
}

#[derive(Debug, Deserialize)]
struct Finding {
    check: String,
    status: String,
    sentence: String,
    remedy: Option<String>,
}

impl Diagnosis {
    /// Reads an answer; none when it is not one of a doctor.
    #[must_use]
    pub(crate) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub(crate) fn is_healthy(&self) -> bool {
        self.healthy
    }
}

/// A line for each finding, and one for what to do about it.
impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { check, status, sentence, remedy } in &self.findings {
            writeln!(f, "{status:<8} {check:<14} {sentence}")?;
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
    fn every_finding_has_a_line_and_its_remedy_another() {
        let text = r#"{"healthy":false,"findings":[{"check":"clock","status":"ok","sentence":"it is right"},
            {"check":"rights","status":"wrong","sentence":"COS denied it","remedy":"grant it"}]}"#;
        let diagnosis = Diagnosis::read(text).unwrap();
        assert!(!diagnosis.is_healthy());
        let expected = "\
ok       clock          it is right
wrong    rights         COS denied it
                        -> grant it
";
        assert_eq!(diagnosis.to_string(), expected);
        assert!(Diagnosis::read(r#"{"outcomes":[]}"#).is_none() && Diagnosis::read("done").is_none());
    }
}
