//! The deployed function, through the cloud API of SCF.

use std::time::Duration;

use crate::scf::{Client, Error, FunctionName, Invocation, RunFailure};
use crate::sync::outcome::read_response;
use crate::sync::send::invoker::{Answer, Failure, Invoker};
use crate::sync::send::queue::Queue;
use crate::sync::{Batch, Job, Mark};
use crate::text::{first, sentence};

/// Longest text of a failed run that is repeated, characters.
const LONGEST_TEXT: usize = 500;

/// A deployed function.
#[derive(Debug)]
pub struct DeployedFunction<'a> {
    job: &'a Job,
    client: Client,
    function: FunctionName,
}

impl<'a> DeployedFunction<'a> {
    /// The function of this name.
    #[must_use]
    pub fn new(job: &'a Job, client: Client, function: FunctionName) -> Self {
        Self { job, client, function }
    }

    /// What came of a run that the platform carried out.
    fn read(&self, invocation: &Invocation) -> Answer {
        let text = first(&invocation.error, LONGEST_TEXT);
        let reason = if text.is_empty() { first(&invocation.response, LONGEST_TEXT) } else { text };
        let code = format!("scf.{}", invocation.status_code());
        let outcomes = match invocation.failure() {
            None => read_response(&invocation.response).ok_or_else(|| {
                Failure::Refused(format!(
                    "the function {} answers {:?}, which is no list of outcomes; deploy this version of the program, or \
                     name another function with --function",
                    self.function,
                    first(&invocation.response, 100)
                ))
            }),
            Some(RunFailure::Throttled) => Err(Failure::Throttled(format!("{code} {reason}"))),
            Some(RunFailure::Killed { .. } | RunFailure::TooLarge { .. }) => Err(Failure::Killed(code, reason)),
            Some(RunFailure::Configuration) => {
                Err(Failure::Refused(format!("the function {} cannot run ({code} {reason})", self.function)))
            }
            Some(RunFailure::Code | RunFailure::Platform) => Err(Failure::Failed(code, reason)),
        };
        Answer { outcomes, billed: Some(Duration::from_millis(invocation.billed_ms)) }
    }
}

impl Invoker for DeployedFunction<'_> {
    async fn invoke(&self, batch: &Batch) -> Answer {
        let failed = |failure| Answer { outcomes: Err(failure), billed: None };
        let event = match batch.event(self.job, Mark::Answered) {
            Ok(event) => event,
            Err(error) => return failed(Failure::Refused(error.to_string())),
        };
        match self.client.invoke(&self.function, &event).await {
            Ok(invocation) => self.read(&invocation),
            Err(error) => failed(failure_of(&error)),
        }
    }
}

impl Queue for DeployedFunction<'_> {
    async fn enqueue(&self, event: &str) -> Result<(), Failure> {
        self.client.enqueue(&self.function, event).await.map(drop).map_err(|error| failure_of(&error))
    }
}

/// The meaning of a call that failed.
fn failure_of(error: &Error) -> Failure {
    let reason = sentence(error);
    if error.is_too_large() {
        Failure::Killed(error.code().to_owned(), reason)
    } else if error.is_permanent() {
        Failure::Refused(reason)
    } else if error.may_have_run() {
        Failure::Lost(reason)
    } else {
        // Nothing ran, for lack of room or of a connection.
        Failure::Throttled(reason)
    }
}
