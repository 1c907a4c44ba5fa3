//! SCF custom runtime contract (583/38129): take an event, post its result, take the next.
//!
//! The loop never gives up. It retries an unreachable or broken runtime API with growing delays, and posts a
//! panic of the handler like any other error. It knows nothing of COS.
//!
//! Exactly one result is posted per event, and no work of an invocation continues after it.

mod client;
mod context;
mod memory;
mod panic;

use std::future::Future;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use bytes::Bytes;

pub use self::client::{Api, Error};
pub use self::context::Context;
pub use self::memory::{peak_memory_kib, restart_with_small_heap};
pub use self::panic::{Panic, catch_panic, install_panic_hook};

/// Result of an invocation, as posted to the platform.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum InvocationResult {
    /// Response: the event is done.
    Response(String),
    /// Error: the platform retries the event, twice by default.
    Error(String),
    /// Error, after which the process exits so that the platform starts a new instance.
    ErrorThenExit(String),
}

/// Reports that the instance can take events, with retries until the API accepts it. Work that only events
/// need belongs after this call.
pub async fn signal_ready(api: &Api) {
    let mut delays = retry_delays();
    while let Err(error) = api.ready().await {
        back_off(&mut delays, "ready", &error).await;
    }
}

/// Serves events, one at a time, until a result asks the process to exit.
pub async fn serve<H, F>(api: &Api, mut handler: H)
where
    H: FnMut(Context, Bytes) -> F,
    F: Future<Output = InvocationResult>,
{
    let mut delays = retry_delays();
    loop {
        let (context, event) = match api.next().await {
            Ok(invocation) => invocation,
            // A retry would return the same event.
            Err(error @ Error::EventTooLarge) => {
                post(api, &InvocationResult::Error(error.to_string())).await;
                continue;
            }
            Err(error) => {
                back_off(&mut delays, "next", &error).await;
                continue;
            }
        };
        delays = retry_delays();
        let result = catch_panic(handler(context, event)).await.unwrap_or_else(|panic| {
            InvocationResult::Error(format!(
                "the function panicked: {panic}; please report this together with the event"
            ))
        });
        post(api, &result).await;
        if matches!(result, InvocationResult::ErrorThenExit(_)) {
            return;
        }
    }
}

async fn post(api: &Api, result: &InvocationResult) {
    if let Err(error) = api.respond(result).await {
        log_error("answer", &error);
    }
}

/// Endless delays between calls that failed: 20 ms, doubling to 1 s, with jitter.
fn retry_delays() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(20))
        .with_max_delay(Duration::from_secs(1))
        .without_max_times()
        .with_jitter()
        .build()
}

async fn back_off(delays: &mut impl Iterator<Item = Duration>, call: &str, error: &Error) {
    log_error(call, error);
    tokio::time::sleep(delays.next().unwrap_or(Duration::from_secs(1))).await;
}

/// Writes to standard error, which belongs to no invocation's log.
fn log_error(call: &str, error: &Error) {
    eprintln!("runtime API, {call}: {error:#}");
}
