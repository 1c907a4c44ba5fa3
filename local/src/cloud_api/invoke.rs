//! `Invoke` (583/17243) and `InvokeFunction` (583/58400).

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cloud_api::error::ApiError;
use crate::cloud_api::fault::ApiFaultKind;
use crate::cloud_api::options::ThrottleReport;
use crate::cloud_api::request::ApiRequest;
use crate::cloud_api::result::{RunResult, description};
use crate::cloud_api::service::{FunctionName, Service};
use crate::scf::{Outcome, request_id};

/// Largest events, in bytes (583/11637).
const SYNC_EVENT_MAX: usize = 6 << 20;
const ASYNC_EVENT_MAX: usize = 128 << 10;

/// Parameters of `Invoke`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct InvokeParameters {
    function_name: String,
    namespace: Option<String>,
    qualifier: Option<String>,
    #[serde(default)]
    invocation_type: InvocationType,
    client_context: Option<String>,
    #[serde(default)]
    log_type: LogType,
    #[serde(rename = "RoutingKey")]
    _routing_key: Option<String>,
}

/// Parameters of `InvokeFunction`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct InvokeFunctionParameters {
    function_name: String,
    namespace: Option<String>,
    qualifier: Option<String>,
    event: Option<String>,
    #[serde(default)]
    log_type: LogType,
    #[serde(rename = "RoutingKey")]
    _routing_key: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
enum InvocationType {
    Event,
    #[default]
    RequestResponse,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
enum LogType {
    #[default]
    None,
    Tail,
}

impl Service {
    pub(super) async fn invoke(
        &self,
        request: &ApiRequest,
        fault: Option<&ApiFaultKind>,
    ) -> Result<Value, ApiError> {
        let parameters: InvokeParameters = request.parameters()?;
        self.check_function(
            request,
            &FunctionName {
                name: &parameters.function_name,
                namespace: parameters.namespace.as_deref(),
                qualifier: parameters.qualifier.as_deref(),
            },
        )?;
        let event = parameters.client_context.unwrap_or_else(|| "{}".to_owned());
        if parameters.invocation_type == InvocationType::Event {
            check_event(&event, ASYNC_EVENT_MAX)?;
            return Ok(json!({ "Result": RunResult::queued(self.pool.enqueue(&event)) }));
        }
        self.run(&event, parameters.log_type, fault).await
    }

    pub(super) async fn invoke_function(
        &self,
        request: &ApiRequest,
        fault: Option<&ApiFaultKind>,
    ) -> Result<Value, ApiError> {
        let parameters: InvokeFunctionParameters = request.parameters()?;
        self.check_function(
            request,
            &FunctionName {
                name: &parameters.function_name,
                namespace: parameters.namespace.as_deref(),
                qualifier: parameters.qualifier.as_deref(),
            },
        )?;
        let event = parameters.event.unwrap_or_else(|| "{}".to_owned());
        self.run(&event, parameters.log_type, fault).await
    }

    /// Invokes the function synchronously.
    async fn run(
        &self,
        event: &str,
        log_type: LogType,
        fault: Option<&ApiFaultKind>,
    ) -> Result<Value, ApiError> {
        check_event(event, SYNC_EVENT_MAX)?;
        if let Some(ApiFaultKind::RunStatus(status)) = fault {
            let result = RunResult::injected(request_id::next(), *status, self.options.invoke_result);
            return Ok(json!({ "Result": result }));
        }
        let invocation = self.pool.invoke(event).await;
        if self.options.throttle_report == ThrottleReport::ErrorCode {
            let code = match invocation.outcome {
                Outcome::BurstExceeded => Some("LimitExceeded.Burst"),
                Outcome::ConcurrencyExceeded => Some("ResourceLimitReached"),
                _ => None,
            };
            if let Some(code) = code {
                return Err(ApiError::new(code, description(&invocation.outcome)));
            }
        }
        let result = RunResult::of(invocation, self.options.invoke_result, log_type == LogType::Tail);
        Ok(json!({ "Result": result }))
    }
}

/// Checks that an event is JSON within the limit. The list of error codes has one for large events, which is used here; the
/// document of status codes calls it status 406.
fn check_event(event: &str, max: usize) -> Result<(), ApiError> {
    if event.len() > max {
        let message = format!("The event has {} bytes; the limit is {max} (status 406).", event.len());
        return Err(ApiError::new("InvalidParameter.RequestTooLarge", message));
    }
    match serde_json::from_str::<serde::de::IgnoredAny>(event) {
        Ok(_) => Ok(()),
        Err(error) => {
            let message = format!("The event is not JSON: {error}.");
            Err(ApiError::new("InvalidParameterValue.ClientContext", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_json_within_the_limit() {
        let code = |event: &str, max| check_event(event, max).map_err(|error| error.code);
        assert_eq!(code(r#"{"a":1}"#, 7), Ok(()));
        assert_eq!(code(r#"{"a":1}"#, 6), Err("InvalidParameter.RequestTooLarge".to_owned()));
        assert_eq!(code("{", 6), Err("InvalidParameterValue.ClientContext".to_owned()));
    }
}
