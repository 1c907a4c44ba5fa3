//! The SCF custom runtime contract (583/38129): take an event, answer it, take the next.
//!
//! The loop never gives up: a runtime API that is away or talks nonsense is asked again with growing pauses,
//! and a panic in the handler is answered like any other failure. Exactly one answer is posted per event, and
//! nothing of an invocation runs on after it.

mod client;
mod context;
mod fence;

use std::future::Future;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use bytes::Bytes;

pub use self::client::{Api, Error};
pub use self::context::Context;
pub use self::fence::{Panic, fenced, install_panic_hook};

/// What the platform is told about an invocation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// Posted as the response: the event is done with.
    Response(String),
    /// Posted as an error: the platform tries again, twice by default.
    Error(String),
    /// Posted as an error, after which the process ends so that a new instance is started.
    ErrorThenExit(String),
}

/// Says that the instance can take events, until that is heard. What only events need is made after it.
pub async fn announce(api: &Api) {
    let mut pauses = pauses();
    while let Err(error) = api.ready().await {
        pause(&mut pauses, "ready", &error).await;
    }
}

/// Serves events until an answer asks for the end of the process.
///
/// `handler` is called with one event at a time.
pub async fn serve<H, F>(api: &Api, mut handler: H)
where
    H: FnMut(Context, Bytes) -> F,
    F: Future<Output = Answer>,
{
    let mut failures = pauses();
    loop {
        let (context, event) = match api.next().await {
            Ok(invocation) => invocation,
            // Asked again, the API would give the same event.
            Err(error @ Error::EventTooLarge) => {
                post(api, &Answer::Error(error.to_string())).await;
                continue;
            }
            Err(error) => {
                pause(&mut failures, "next", &error).await;
                continue;
            }
        };
        failures = pauses();
        let answer = fenced(handler(context, event)).await.unwrap_or_else(|panic| {
            Answer::Error(format!(
                "the function panicked: {panic}; please report this together with the event"
            ))
        });
        post(api, &answer).await;
        if matches!(answer, Answer::ErrorThenExit(_)) {
            return;
        }
    }
}

async fn post(api: &Api, answer: &Answer) {
    if let Err(error) = api.answer(answer).await {
        complain("answer", &error);
    }
}

/// Pauses between attempts to reach the runtime API: 20 ms, doubling to 1 s, for ever.
fn pauses() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(20))
        .with_max_delay(Duration::from_secs(1))
        .without_max_times()
        .with_jitter()
        .build()
}

async fn pause(pauses: &mut impl Iterator<Item = Duration>, call: &str, error: &Error) {
    complain(call, error);
    tokio::time::sleep(pauses.next().unwrap_or(Duration::from_secs(1))).await;
}

/// Tells on standard error, which is not part of any invocation's log.
fn complain(call: &str, error: &Error) {
    eprintln!("runtime API, {call}: {error:#}");
}
