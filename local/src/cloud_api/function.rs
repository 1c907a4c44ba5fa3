//! `GetFunction` (583/18584) and the reserved quota (583/51246).

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cloud_api::error::ApiError;
use crate::cloud_api::request::ApiRequest;
use crate::cloud_api::service::{FunctionName, Service};

/// Memory that stays for functions without a reserved quota, in MB (583/39464).
const UNRESERVED_MIN: u64 = 12_800;
/// Memory of a region, in MB (583/11637).
const REGION_QUOTA: u64 = 128_000;

/// Parameters of `GetFunction`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct GetFunctionParameters {
    function_name: String,
    namespace: Option<String>,
    qualifier: Option<String>,
    #[serde(rename = "ShowCode")]
    _show_code: Option<String>,
}

/// Parameters of `GetReservedConcurrencyConfig`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct GetReservedParameters {
    function_name: String,
    namespace: Option<String>,
}

/// Parameters of `PutReservedConcurrencyConfig`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct PutReservedParameters {
    function_name: String,
    namespace: Option<String>,
    reserved_concurrency_mem: u64,
}

impl Service {
    pub(super) fn get_function(&self, request: &ApiRequest) -> Result<Value, ApiError> {
        let parameters: GetFunctionParameters = request.parameters()?;
        let GetFunctionParameters { function_name, namespace, qualifier, .. } = &parameters;
        let qualifier = qualifier.as_deref();
        self.check_function(
            request,
            &FunctionName { name: function_name, namespace: namespace.as_deref(), qualifier },
        )?;
        let options = &self.options;
        let function = &options.function;
        // Credentials and other variables of the platform are no configuration.
        let configured = function
            .environment
            .iter()
            .filter(|(name, _)| !name.starts_with("TENCENTCLOUD_") && !name.starts_with("SCF_"));
        let variables: Vec<Value> =
            configured.map(|(name, value)| json!({ "Key": name, "Value": value })).collect();
        Ok(json!({
            "AddTime": "2024-01-01 00:00:00",
            "AsyncRunEnable": "FALSE",
            "AvailableStatus": "Available",
            "CodeSize": 0,
            "Description": "",
            "Environment": { "Variables": variables },
            "FunctionId": "lam-local000",
            "FunctionName": options.name,
            "FunctionVersion": "$LATEST",
            "Handler": "index.main_handler",
            "InitTimeout": function.init_limit.as_secs(),
            "MemorySize": function.memory_mb,
            "ModTime": "2024-01-01 00:00:00",
            "Namespace": options.namespace,
            "Qualifier": qualifier.unwrap_or("$LATEST"),
            "Runtime": "CustomRuntime",
            "Status": "Active",
            "StatusDesc": "",
            "StatusReasons": [],
            "Tags": [],
            "Timeout": function.time_limit.as_secs(),
            "Triggers": [],
            "Type": "Event",
        }))
    }

    pub(super) fn get_reserved(&self, request: &ApiRequest) -> Result<Value, ApiError> {
        let parameters: GetReservedParameters = request.parameters()?;
        self.check_function(
            request,
            &FunctionName {
                name: &parameters.function_name,
                namespace: parameters.namespace.as_deref(),
                qualifier: None,
            },
        )?;
        Ok(json!({ "ReservedMem": *self.reserved_mb() }))
    }

    /// A reserved quota replaces the limit of the options.
    pub(super) fn put_reserved(&self, request: &ApiRequest) -> Result<Value, ApiError> {
        let parameters: PutReservedParameters = request.parameters()?;
        self.check_function(
            request,
            &FunctionName {
                name: &parameters.function_name,
                namespace: parameters.namespace.as_deref(),
                qualifier: None,
            },
        )?;
        let reserved = parameters.reserved_concurrency_mem;
        if reserved > REGION_QUOTA.saturating_sub(UNRESERVED_MIN) {
            let message =
                format!("At most {} MB can be reserved.", REGION_QUOTA.saturating_sub(UNRESERVED_MIN));
            return Err(ApiError::new("LimitExceeded.FunctionReservedConcurrencyMemory", message));
        }
        *self.reserved_mb() = Some(reserved);
        self.pool.set_quota_mb(Some(reserved));
        Ok(json!({}))
    }
}
