//! What came of an invocation, for people.

use scf_local::{Answer, Cos, Outcome, print};

use crate::command::diagnosis::Diagnosis;
use crate::command::table::Report;

/// Prints the outcome; whether it is a good one.
pub(super) fn show(cos: &Cos, answer: &Answer) -> bool {
    let rss = answer.peak_rss.map(|bytes| format!(", {} MB at most", bytes >> 20)).unwrap_or_default();
    let milliseconds = answer.elapsed.as_millis();
    let status = answer.outcome.status();
    let mut good = answer.outcome.is_success();
    match &answer.outcome {
        Outcome::Response(text) => match (Report::read(text), Diagnosis::read(text)) {
            (Some(report), _) => {
                print::line(report.table(|bucket, key| cos.file(bucket, key)).trim_end());
                good = !report.has_failure();
            }
            (None, Some(diagnosis)) => {
                print::line(diagnosis.to_string().trim_end());
                good = diagnosis.is_healthy();
            }
            (None, None) => print::line(text),
        },
        Outcome::Error(text) => print::line(&format!("the function answered with an error: {text}")),
        other => print::line(&ending(other)),
    }
    print::line(&format!("{status} in {milliseconds} ms{rss}"));
    good
}

fn ending(outcome: &Outcome) -> String {
    let code = |code: &Option<i32>| {
        code.map_or_else(|| "by a signal".to_owned(), |code| format!("with code {code}"))
    };
    match outcome {
        Outcome::AnswerTooLarge => "the answer is over 6 MB".to_owned(),
        Outcome::Error(text) | Outcome::Response(text) | Outcome::StartFailed(text) => text.clone(),
        Outcome::Exited { code: exit } => format!("the process ended during the invocation, {}", code(exit)),
        Outcome::InitFailed { code: None } => "the process was not ready in time".to_owned(),
        Outcome::InitFailed { code: exit } => {
            format!("the process ended before it was ready, {}", code(exit))
        }
        Outcome::OutOfMemory => "the process was over its memory limit and was killed".to_owned(),
        Outcome::TimedOut => "the time limit was over and the process was killed".to_owned(),
    }
}
