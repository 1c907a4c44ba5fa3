//! Blocking threads that decode, resize and encode.
//!
//! The async thread only feeds them and awaits their result. A panic becomes an error, and a rendering that
//! outlives its deadline is cancelled before the next invocation.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::error::Error;
use crate::imaging;
use crate::imaging::{Cancel, Limits, Rendering, Upright};
use crate::pipeline::body;
use crate::pipeline::body::BodySender;
use crate::recipe::Recipe;
use crate::runtime::Panic;

/// Starts renderings and keeps track of those that are still running.
#[derive(Debug, Default)]
pub(crate) struct DecoderThreads {
    running: Mutex<Vec<RunningRendering>>,
}

#[derive(Debug)]
struct RunningRendering {
    cancel: Cancel,
    done: JoinHandle<()>,
}

impl DecoderThreads {
    /// Starts to render a source of `length` bytes, which the returned sender delivers.
    ///
    /// The future resolves when the rendering ends, even if the sender still has bytes.
    pub(super) fn start(
        &self,
        length: u64,
        recipes: Vec<Recipe>,
        limits: Limits,
        upright: Upright,
    ) -> (BodySender, impl Future<Output = Result<Rendering, Error>>) {
        let (chunks, body) = body::channel();
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let cancel = Cancel::default();
        let thread_cancel = cancel.clone();
        let done = tokio::task::spawn_blocking(move || {
            let recipes: Vec<&Recipe> = recipes.iter().collect();
            let render = || imaging::render(body, Some(length), &recipes, upright, &limits, &thread_cancel);
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(render))
                .map_err(|payload| Error::Panicked(Panic::from_payload(payload.as_ref())))
                .and_then(|result| result.map_err(Error::from));
            // After a deadline the receiver is gone.
            let _ = sender.send(result);
        });
        let mut running = self.running();
        running.retain(|other| !other.done.is_finished());
        running.push(RunningRendering { cancel, done });
        drop(running);
        // The sender is dropped without a result only when the runtime shuts down.
        let result = async { receiver.await.unwrap_or(Err(Error::Imaging(imaging::Error::Cancelled))) };
        (chunks, result)
    }

    /// Cancels the running renderings, and waits until they have ended or `patience` is over. Decoders check
    /// for cancellation at every read, and between rows and stages.
    pub(crate) async fn stop(&self, patience: Duration) {
        let mut running = std::mem::take(&mut *self.running());
        for rendering in &running {
            rendering.cancel.cancel();
        }
        let all = async {
            for rendering in &mut running {
                // Panics are caught inside the task.
                let _ = (&mut rendering.done).await;
            }
        };
        if tokio::time::timeout(patience, all).await.is_err() {
            running.retain(|rendering| !rendering.done.is_finished());
            self.running().append(&mut running);
        }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Vec<RunningRendering>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
