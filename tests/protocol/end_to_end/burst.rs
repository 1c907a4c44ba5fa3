//! The time of a message with many photographs over a network with a delay and a rate per connection.

use std::time::{Duration, Instant};

use scf_local::{Fault, FaultKind, event};

use crate::setup::{Options, Setup, photo};

/// Prints a measurement and asserts no time. `BOOTSTRAP` names the program, and `PHOTO` a photograph.
#[tokio::test]
#[ignore = "it measures: cargo test --test protocol burst -- --ignored --nocapture"]
async fn photographs_over_a_slow_network() {
    const ROUNDS: usize = 5;
    let photo = std::env::var_os("PHOTO").map_or_else(photo, |path| std::fs::read(path).unwrap());
    // About 20 MB/s.
    let slow = FaultKind::Slow { before_ms: 15, chunk: 64 * 1024, pause_ms: 3 };
    for memory_mb in [128, 512, 1536] {
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let limit = Duration::from_secs(120);
            let setup = Setup::with(Options { memory_mb, time_limit: limit, ..Options::default() }).await;
            setup.cos.fail(Fault::new(slow.clone()).method("GET").times(1000));
            let mut messages = Vec::new();
            for number in 0..20 {
                messages.push(setup.upload(&format!("{number}.jpg"), photo.clone()).await);
            }
            let start = Instant::now();
            let response = setup.invoke(&event::merged(&messages)).await;
            times.push(start.elapsed().as_millis());
            assert!(response.outcomes().iter().all(|outcome| outcome["outcome"] == "stored"));
        }
        times.sort_unstable();
        println!("{memory_mb} MB: {} ms, of {times:?}", times[ROUNDS / 2]);
    }
}
