//! Output of the outcome of an invocation.

use scf_local::{Cos, Invocation, Outcome};

use crate::command::diagnosis::Diagnosis;
use crate::command::print;
use crate::command::table::FunctionReport;

/// Prints an outcome, and returns whether it is a success in which no record failed.
pub(super) fn print_outcome(cos: &Cos, invocation: &Invocation) -> bool {
    let memory =
        invocation.peak_rss.map(|bytes| format!(", peak memory {} MB", bytes >> 20)).unwrap_or_default();
    let milliseconds = invocation.elapsed.as_millis();
    let mut succeeded = invocation.outcome.is_success();
    match &invocation.outcome {
        Outcome::Response(text) => match (FunctionReport::read(text), Diagnosis::read(text)) {
            (Some(report), _) => {
                print::line(report.table(|bucket, key| cos.file(bucket, key)).trim_end());
                succeeded = !report.has_failure();
            }
            (None, Some(diagnosis)) => {
                print::line(diagnosis.to_string().trim_end());
                succeeded = diagnosis.is_healthy();
            }
            (None, None) => print::line(text),
        },
        failure => print::line(&description(failure)),
    }
    print::line(&format!("status {} after {milliseconds} ms{memory}", invocation.outcome.status()));
    succeeded
}

/// Prints the files of thumbnails that were current already: the response only counts them. The function asked COS for
/// each of them by HEAD.
pub(super) fn print_current(cos: &Cos, invocation: &Invocation) {
    let Outcome::Response(text) = &invocation.outcome else { return };
    let Some(report) = FunctionReport::read(text).filter(FunctionReport::has_current) else { return };
    let mut shown: Vec<(String, String)> = report.known_objects();
    for request in cos.journal() {
        let object = (request.bucket, request.key);
        if request.method != "HEAD" || request.status != 200 || shown.contains(&object) {
            continue;
        }
        if let Some(path) = cos.file(&object.0, &object.1) {
            print::line(&format!("{} (current)", path.display()));
        }
        shown.push(object);
    }
}

/// Describes an outcome in a sentence.
fn description(outcome: &Outcome) -> String {
    let exit = |code: &Option<i32>| {
        code.map_or_else(|| "by a signal".to_owned(), |code| format!("with exit code {code}"))
    };
    match outcome {
        Outcome::BurstExceeded => "too many instances were started within a minute".to_owned(),
        Outcome::ConcurrencyExceeded => "the invocations that run use up the concurrency quota".to_owned(),
        Outcome::Error(text) => format!("the function returned an error: {text}"),
        Outcome::Exited { code } => format!("the process ended during the invocation, {}", exit(code)),
        Outcome::InitFailed { code: None } => {
            "the process did not become ready: it exceeded the initialisation timeout, or a signal ended it"
                .to_owned()
        }
        Outcome::InitFailed { code } => format!("the process ended before it was ready, {}", exit(code)),
        Outcome::OutOfMemory => {
            "the process exceeded the memory limit and was killed; raise --memory".to_owned()
        }
        Outcome::Response(text) | Outcome::StartFailed(text) => text.clone(),
        Outcome::ResponseTooLarge => "the response is larger than 6 MB".to_owned(),
        Outcome::TimedOut => "the process exceeded the time limit and was killed; raise --timeout".to_owned(),
    }
}
