//! One call of the cloud API: its action, the function it is about, and its parameters.

use std::fmt;

use serde::Serialize;

use crate::object::Region;
use crate::scf::function_name::FunctionName;

/// Version of the API.
pub(super) const VERSION: &str = "2018-04-16";

/// Alias that triggers invoke, and the default of `InvokeFunction`. The default of `Invoke` is `$LATEST`.
const DEFAULT_ALIAS: &str = "$DEFAULT";

/// Action of the API.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Action {
    /// Reads the configuration of a function.
    GetFunction,
    /// Invokes a function, with or without waiting for its result (583/17243).
    Invoke,
    /// Invokes a function and waits for its result, at a higher rate limit (583/58400).
    InvokeFunction,
}

impl Action {
    /// Name in `X-TC-Action`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::GetFunction => "GetFunction",
            Self::Invoke => "Invoke",
            Self::InvokeFunction => "InvokeFunction",
        }
    }

    /// Name of the right that CAM checks. `scf:InvokeFunction` covers both actions that invoke (583/18014).
    #[must_use]
    pub fn right(self) -> &'static str {
        match self {
            Self::GetFunction => "scf:GetFunction",
            Self::Invoke | Self::InvokeFunction => "scf:InvokeFunction",
        }
    }
}

/// Action on a function.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Call {
    /// Action.
    pub action: Action,
    /// Function.
    pub function: FunctionName,
    /// Region of the function.
    pub region: Region,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} in {}", self.action.name(), self.function, self.region)
    }
}

/// Parameters of a call, which are the body of its request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Parameters<'a> {
    function_name: &'a str,
    namespace: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    qualifier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invocation_type: Option<&'static str>,
    /// Event of `InvokeFunction`, a JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a str>,
    /// Event of `Invoke`, a JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_context: Option<&'a str>,
}

impl<'a> Parameters<'a> {
    /// Parameters of `GetFunction`. It takes versions; an alias is left out, because no document names it.
    pub(super) fn get_function(name: &'a FunctionName) -> Self {
        let is_version = |text: &&str| *text == "$LATEST" || text.bytes().all(|byte| byte.is_ascii_digit());
        Self { qualifier: name.qualifier().filter(is_version), ..Self::named(name) }
    }

    /// Parameters of `InvokeFunction`.
    pub(super) fn invoke_function(name: &'a FunctionName, event: &'a str) -> Self {
        Self { event: Some(event), ..Self::named(name) }
    }

    /// Parameters of `Invoke` that waits for the result.
    pub(super) fn invoke(name: &'a FunctionName, event: &'a str) -> Self {
        Self {
            qualifier: Some(name.qualifier().unwrap_or(DEFAULT_ALIAS)),
            invocation_type: Some("RequestResponse"),
            client_context: Some(event),
            ..Self::named(name)
        }
    }

    /// Parameters of `Invoke` that only queues the event.
    pub(super) fn enqueue(name: &'a FunctionName, event: &'a str) -> Self {
        Self { invocation_type: Some("Event"), ..Self::invoke(name, event) }
    }

    fn named(name: &'a FunctionName) -> Self {
        Self {
            function_name: name.function(),
            namespace: name.namespace(),
            qualifier: name.qualifier(),
            invocation_type: None,
            event: None,
            client_context: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_every_action() {
        let name = FunctionName::parse("images/thumbnails").unwrap();
        let version = FunctionName::parse("thumbnails:3").unwrap();
        let alias = FunctionName::parse("thumbnails:live").unwrap();
        let table = [
            (
                Parameters::invoke_function(&name, "{\"a\":1}"),
                r#"{"FunctionName":"thumbnails","Namespace":"images","Event":"{\"a\":1}"}"#,
            ),
            (
                Parameters::invoke(&name, "{}"),
                r#"{"FunctionName":"thumbnails","Namespace":"images","Qualifier":"$DEFAULT","InvocationType":"RequestResponse","ClientContext":"{}"}"#,
            ),
            (
                Parameters::enqueue(&version, "{}"),
                r#"{"FunctionName":"thumbnails","Namespace":"default","Qualifier":"3","InvocationType":"Event","ClientContext":"{}"}"#,
            ),
            (
                Parameters::get_function(&version),
                r#"{"FunctionName":"thumbnails","Namespace":"default","Qualifier":"3"}"#,
            ),
            (Parameters::get_function(&alias), r#"{"FunctionName":"thumbnails","Namespace":"default"}"#),
        ];
        for (parameters, body) in table {
            assert_eq!(serde_json::to_string(&parameters).unwrap(), body);
        }
    }
}
