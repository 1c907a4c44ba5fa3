//! The function on this machine: the same code, without SCF.

use std::num::NonZeroUsize;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::config::Environment;
use crate::function::Function;
use crate::runtime::{Context, InvocationResult};
use crate::sync::money::FunctionSize;
use crate::sync::outcome::read_response;
use crate::sync::send::invoker::{Answer, Failure, Invoker};
use crate::sync::{Batch, Job, Mark};

/// Instances of the function in this process, each of which takes one event at a time.
#[derive(Debug)]
pub struct LocalFunction<'a> {
    job: &'a Job,
    environment: &'a Environment,
    size: FunctionSize,
    instances: Vec<Mutex<Function>>,
}

impl<'a> LocalFunction<'a> {
    /// A function with this many instances, each of the given size.
    #[must_use]
    pub fn new(
        job: &'a Job,
        environment: &'a Environment,
        size: FunctionSize,
        instances: NonZeroUsize,
        make: impl Fn() -> Function,
    ) -> Self {
        let instances = (0..instances.get()).map(|_| Mutex::new(make())).collect();
        Self { job, environment, size, instances }
    }
}

impl Invoker for LocalFunction<'_> {
    async fn invoke(&self, batch: &Batch) -> Answer {
        let failed = |failure| Answer { outcomes: Err(failure), billed: None };
        let event = match batch.event(self.job, Mark::Answered) {
            Ok(event) => event,
            Err(error) => return failed(Failure::Refused(error.to_string())),
        };
        let waits: Vec<_> = self.instances.iter().map(|instance| Box::pin(instance.lock())).collect();
        if waits.is_empty() {
            return failed(Failure::Refused("there is no instance of the function".to_owned()));
        }
        let (function, ..) = futures_util::future::select_all(waits).await;
        let began = Instant::now();
        let context = Context::with_limits("sync", self.size.memory_mb, self.size.time_limit);
        let result = function.handle(context, event.as_bytes(), self.environment).await;
        let billed = Some(began.elapsed().max(Duration::from_millis(1)));
        let outcomes = match result {
            InvocationResult::Response(text) => read_response(&text).ok_or_else(|| {
                Failure::Failed("sync.answer".to_owned(), "the answer has no outcomes".to_owned())
            }),
            InvocationResult::Error(reason) => Err(Failure::Failed("scf.430".to_owned(), reason)),
            // The process is not replaced here, so what made it unusable stays.
            InvocationResult::ErrorThenExit(reason) => Err(Failure::Refused(reason)),
        };
        Answer { outcomes, billed }
    }
}
