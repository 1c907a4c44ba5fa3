//! The response to a doctor event as lines of text.

use std::fmt;

use serde::Deserialize;

/// Findings of the function's doctor.
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
    /// Reads a response; returns `None` for responses to other events.
    #[must_use]
    pub(crate) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Returns whether no finding is wrong.
    #[must_use]
    pub(crate) fn is_healthy(&self) -> bool {
        self.healthy
    }
}

/// Writes a line for each finding, and another for its remedy.
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
