//! Deliveries of events to the function, with faults.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cos::Fault;
use crate::playground::configuration::{Configuration, RawConfiguration};
use crate::playground::error::ApiError;
use crate::playground::events::fault::{FaultSwitch, Injection};
use crate::playground::report::{RequestReport, answer, milliseconds};
use crate::playground::service::{Service, since_epoch};
use crate::scf::{Invocation, RuntimeFault};

/// Call that delivers an event.
#[derive(Deserialize)]
pub(in crate::playground) struct DeliveryCall {
    configuration: RawConfiguration,
    /// Source bucket, from which the names of the target buckets follow.
    bucket: String,
    event: Value,
    #[serde(default)]
    faults: Vec<FaultSwitch>,
}

/// A delivery: its invocations, of which all but the last failed.
#[derive(Debug, Serialize)]
pub(in crate::playground) struct DeliveryReport {
    attempts: Vec<AttemptReport>,
    requests: Vec<RequestReport>,
    /// Faults that did not apply yet.
    faults: Vec<FaultSwitch>,
}

/// One invocation.
#[derive(Debug, Serialize)]
struct AttemptReport {
    /// Status that the platform logs.
    status: u16,
    succeeded: bool,
    /// Response or error of the function: JSON if it is JSON, else text.
    answer: Value,
    log: Vec<String>,
    elapsed_ms: f64,
}

impl AttemptReport {
    fn new(invocation: Invocation) -> Self {
        let Invocation { outcome, elapsed, log, .. } = invocation;
        Self {
            status: outcome.status(),
            succeeded: outcome.is_success(),
            answer: answer(outcome),
            log,
            elapsed_ms: milliseconds(elapsed),
        }
    }
}

impl Service {
    /// Delivers an event to the function with a configuration, as the platform does: a failed invocation is repeated.
    pub(in crate::playground) async fn deliver_event(
        &self,
        call: DeliveryCall,
    ) -> Result<DeliveryReport, ApiError> {
        let DeliveryCall { configuration, bucket, event, faults } = call;
        let configuration = Configuration::try_from(configuration)?;
        let mut held = self.function.lock().await;
        let (function, _) = self.start(&mut held, configuration, &bucket).await?;
        if self.clears_journal {
            self.cos.clear_journal();
        }
        let (of_cos, of_runtime) = split(&faults);
        // Faults apply to the function only, and not to what the page itself does between deliveries.
        let others = self.cos.replace_faults(of_cos);
        let begin = since_epoch();
        let (invocations, runtime_left) = function.deliver(&event.to_string(), of_runtime).await;
        let cos_left = self.cos.replace_faults(others);
        let requests = self.cos.journal().into_iter().filter(|request| request.at >= begin);
        Ok(DeliveryReport {
            attempts: invocations.into_iter().map(AttemptReport::new).collect(),
            requests: requests.map(|request| RequestReport::new(request, begin)).collect(),
            faults: left(&faults, &cos_left, &runtime_left),
        })
    }
}

/// The faults of the COS and of the runtime API, each in the order of the switches.
fn split(switches: &[FaultSwitch]) -> (Vec<Fault>, Vec<RuntimeFault>) {
    let (mut of_cos, mut of_runtime) = (Vec::new(), Vec::new());
    for switch in switches {
        match switch.injection() {
            Injection::Cos(fault) => of_cos.push(fault),
            Injection::Runtime(fault) => of_runtime.push(fault),
        }
    }
    (of_cos, of_runtime)
}

/// The switches that are left, by the faults that are left, which kept their order.
fn left(switches: &[FaultSwitch], of_cos: &[Fault], of_runtime: &[RuntimeFault]) -> Vec<FaultSwitch> {
    let mut of_cos = of_cos.iter().map(|fault| fault.times);
    let mut of_runtime = of_runtime.iter().map(RuntimeFault::times);
    let counted = switches.iter().map(|switch| {
        let times = match switch.injection() {
            Injection::Cos(_) => of_cos.next(),
            Injection::Runtime(_) => of_runtime.next(),
        };
        FaultSwitch { times: times.unwrap_or_default(), ..*switch }
    });
    counted.filter(|switch| switch.times > 0).collect()
}
