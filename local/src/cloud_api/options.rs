//! Options of the cloud API.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::cos::CosOptions;
use crate::pool::PoolOptions;
use crate::scf::ScfOptions;

/// Place where a refused synchronous invocation (429, 432) is reported. It is not documented.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ThrottleReport {
    /// As an error of the call: `LimitExceeded.Burst` or `ResourceLimitReached`. Both are assumptions.
    ErrorCode,
    /// As the result of a failed run.
    #[default]
    Result,
}

/// Content of `InvokeResult` after a failed run. The documents do not maintain it any more.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum InvokeResult {
    /// The status of the run, such as 433.
    #[default]
    Status,
    /// 0. The failure is visible in `ErrMsg` only.
    Zero,
}

/// Options of [`ScfApi::start`](crate::ScfApi::start).
#[derive(Clone)]
pub struct ScfApiOptions {
    /// Options of each instance.
    pub function: ScfOptions,
    /// Name of the function. `scripts/deploy` uses this default.
    pub name: String,
    /// Namespace of the function.
    pub namespace: String,
    /// Secret id of the only known key; by default that of [`CosOptions`].
    pub secret_id: String,
    /// Secret key of the only known key.
    pub secret_key: String,
    /// Session token that every call must carry; `None` for permanent credentials.
    pub session_token: Option<String>,
    /// Region of the function.
    pub region: String,
    /// See [`PoolOptions::instances`].
    pub instances: Option<usize>,
    /// See [`PoolOptions::quota_mb`].
    pub quota_mb: Option<u64>,
    /// See [`PoolOptions::burst_per_minute`].
    pub burst_per_minute: Option<u32>,
    /// See [`PoolOptions::queue_capacity`].
    pub queue_capacity: usize,
    /// See [`PoolOptions::max_event_age`].
    pub max_event_age: Duration,
    /// Calls of `Invoke` per second (583/17243); `None` removes the limit.
    pub invoke_per_second: Option<u32>,
    /// Calls of `InvokeFunction` per second (583/58400); `None` removes the limit.
    pub invoke_function_per_second: Option<u32>,
    /// Report of refused synchronous invocations.
    pub throttle_report: ThrottleReport,
    /// Content of `InvokeResult` after a failed run.
    pub invoke_result: InvokeResult,
    /// Seconds by which the clock of this API is ahead of that of the machine.
    pub clock_offset: i64,
    /// Address to listen on; port 0 chooses a free port.
    pub address: SocketAddr,
}

impl Default for ScfApiOptions {
    fn default() -> Self {
        let cos = CosOptions::default();
        let pool = PoolOptions::default();
        Self {
            function: pool.function,
            name: "cos-thumbnailer".to_owned(),
            namespace: "default".to_owned(),
            secret_id: cos.secret_id,
            secret_key: cos.secret_key,
            session_token: None,
            region: cos.region,
            instances: pool.instances,
            quota_mb: pool.quota_mb,
            burst_per_minute: pool.burst_per_minute,
            queue_capacity: pool.queue_capacity,
            max_event_age: pool.max_event_age,
            invoke_per_second: Some(100),
            invoke_function_per_second: Some(10_000),
            throttle_report: ThrottleReport::default(),
            invoke_result: InvokeResult::default(),
            clock_offset: 0,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        }
    }
}

impl ScfApiOptions {
    /// Returns the options of the pool. The function gets its name and region as variables of the platform.
    pub(super) fn pool(&self) -> PoolOptions {
        let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut function = self.function.clone();
        // In front: variables of the options override them.
        function.environment.splice(
            0..0,
            [
                set("SCF_FUNCTIONNAME", &self.name),
                set("SCF_NAMESPACE", &self.namespace),
                set("TENCENTCLOUD_REGION", &self.region),
            ],
        );
        PoolOptions {
            function,
            instances: self.instances,
            quota_mb: self.quota_mb,
            burst_per_minute: self.burst_per_minute,
            queue_capacity: self.queue_capacity,
            max_event_age: self.max_event_age,
        }
    }
}

impl std::fmt::Debug for ScfApiOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScfApiOptions")
            .field("name", &self.name)
            .field("namespace", &self.namespace)
            .field("secret_id", &self.secret_id)
            .field("region", &self.region)
            .field("instances", &self.instances)
            .field("quota_mb", &self.quota_mb)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
