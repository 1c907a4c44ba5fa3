//! The SCF custom runtime contract (583/38129): take an event, answer it, take the next.
//!
//! The loop never gives up: a runtime API that is away or talks nonsense is asked again with growing pauses,
//! and a panic in the handler is answered like any other failure. Exactly one answer is posted per event, and
//! nothing of an invocation runs on after it.

mod client;
mod context;
mod panic;

use std::future::Future;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use bytes::Bytes;

pub use self::client::{Api, Error};
pub use self::context::Context;
pub use self::panic::{Panic, catch_panic, install_panic_hook};

/// What the platform is told about an invocation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum InvocationResult {
    /// Posted as the response: the event is done with.
    Response(String),
    /// Posted as an error: the platform tries again, twice by default.
    Error(String),
    /// Posted as an error, after which the process ends so that a new instance is started.
    ErrorThenExit(String),
}

/// Says that the instance can take events, until that is heard. What only events need is made after it.
pub async fn signal_ready(api: &Api) {
    let mut delays = retry_delays();
    while let Err(error) = api.ready().await {
        back_off(&mut delays, "ready", &error).await;
    }
}

/// Serves events until an answer asks for the end of the process.
///
/// `handler` is called with one event at a time.
pub async fn serve<H, F>(api: &Api, mut handler: H)
where
    H: FnMut(Context, Bytes) -> F,
    F: Future<Output = InvocationResult>,
{
    let mut delays = retry_delays();
    loop {
        let (context, event) = match api.next().await {
            Ok(invocation) => invocation,
            // Asked again, the API would give the same event.
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

/// Pauses between attempts to reach the runtime API: 20 ms, doubling to 1 s, for ever.
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

/// Tells on standard error, which is not part of any invocation's log.
fn log_error(call: &str, error: &Error) {
    eprintln!("runtime API, {call}: {error:#}");
}
