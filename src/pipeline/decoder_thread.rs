//! The thread that decodes, resizes and encodes: one, which lives as long as the process.
//!
//! One thread, because glibc keeps the free memory of each thread apart: several that take turns would each
//! keep what their largest picture took. Records take turns on it. The async thread only feeds it and awaits
//! its results. A panic becomes an error.
//!
//! A rendering that outlives its deadline is cancelled before the next invocation. If it does not hear of
//! that, inside of a decoder that cannot be interrupted, it is left behind with its thread, and the next
//! rendering gets a new thread. What it has reserved counts as taken until it has ended.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit, oneshot, watch};

use crate::error::Error;
use crate::imaging;
use crate::imaging::{Cancel, Draft, Limits, SourceFormat, Speed, Thumbnail, UnencodedThumbnail, Upright};
use crate::pipeline::body::BodyReader;
use crate::recipe::Recipe;
use crate::runtime::Panic;

/// Runs renderings one after the other, and keeps track of those that have not ended.
#[derive(Debug)]
pub(crate) struct DecoderThread {
    /// Held while a rendering runs.
    turn: Semaphore,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The thread; `None` before its first rendering, and after it was left behind.
    jobs: Option<mpsc::Sender<Job>>,
    unfinished: Vec<Unfinished>,
}

/// A rendering on the thread or on its way there.
#[derive(Debug)]
struct Unfinished {
    cancel: Cancel,
    /// Closed when the rendering has ended.
    ended: watch::Receiver<()>,
}

/// A thumbnail or the reason why it cannot be made, and the time that it took.
type EncodeResult = (Result<Thumbnail, imaging::Error>, Duration);

/// What the thread is to do.
struct Job(Box<dyn FnOnce() + Send>);

impl std::fmt::Debug for Job {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Job")
    }
}

/// The right to use the thread, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    thread: &'a DecoderThread,
    _permit: Option<SemaphorePermit<'a>>,
}

/// Cancels a rendering whose result nobody awaits any more.
struct CancelOnDrop(Cancel);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl Default for DecoderThread {
    fn default() -> Self {
        Self { turn: Semaphore::new(1), state: Mutex::default() }
    }
}

impl DecoderThread {
    /// Waits until the thread is free. Turns come in the order of the calls.
    pub(super) async fn turn(&self) -> Turn<'_> {
        // The semaphore is never closed.
        Turn { thread: self, _permit: self.turn.acquire().await.ok() }
    }

    /// Cancels the renderings that have not ended, and waits until they have or `patience` is over. Returns
    /// the bytes of memory that those left behind still hold.
    pub(crate) async fn stop(&self, patience: Duration) -> u64 {
        let ends: Vec<_> = {
            let state = self.state();
            state.unfinished.iter().for_each(|rendering| rendering.cancel.cancel());
            state.unfinished.iter().map(|rendering| rendering.ended.clone()).collect()
        };
        let all = async {
            for mut ended in ends {
                // Nothing is ever sent: this ends when the sender is dropped.
                while ended.changed().await.is_ok() {}
            }
        };
        let in_time = tokio::time::timeout(patience, all).await.is_ok();
        let mut state = self.state();
        if !in_time {
            // The thread ends by itself once its rendering does.
            state.jobs = None;
        }
        state.forget_ended();
        state.unfinished.iter().fold(0, |sum: u64, rendering| sum.saturating_add(rendering.cancel.reserved()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget_ended(&mut self) {
        self.unfinished.retain(|rendering| rendering.ended.has_changed().is_ok());
    }

    /// Sends a job to the thread, which is started if there is none.
    fn send(&mut self, job: Job) -> io::Result<()> {
        let job = match &self.jobs {
            Some(jobs) => match jobs.send(job) {
                Ok(()) => return Ok(()),
                // The thread is gone, which no job can cause.
                Err(mpsc::SendError(job)) => job,
            },
            None => job,
        };
        let (sender, receiver) = mpsc::channel::<Job>();
        std::thread::Builder::new().name("decoder".to_owned()).spawn(move || {
            receiver.into_iter().for_each(|Job(job)| job());
        })?;
        // The new thread holds the receiver.
        let _ = sender.send(job);
        self.jobs = Some(sender);
        Ok(())
    }
}

/// What is to be made of a source.
#[derive(Debug)]
pub(super) struct RenderingOrder {
    pub(super) recipes: Vec<Recipe>,
    pub(super) upright: Upright,
    /// Number that a propagator gives the source in its label.
    pub(super) propagate_id: String,
    /// A source that is HEIC fails with [`imaging::Error::Heic`].
    pub(super) refuses_heic: bool,
}

impl Turn<'_> {
    /// Starts to render a source of `length` bytes, if that is known, but for what takes long to encode.
    ///
    /// The future resolves when the rendering ends, even if `body` has more bytes. Dropping it cancels the
    /// rendering.
    ///
    /// # Errors
    /// [`Error::NoThread`] if the system gives no thread.
    pub(super) fn start(
        &self,
        body: BodyReader,
        length: Option<u64>,
        order: RenderingOrder,
        limits: Limits,
    ) -> Result<impl Future<Output = Result<Draft, Error>>, Error> {
        self.run(move |cancel| {
            let RenderingOrder { recipes, upright, propagate_id, refuses_heic } = order;
            let recipes: Vec<&Recipe> = recipes.iter().collect();
            let id = Some(propagate_id.as_str());
            if !refuses_heic {
                return Ok(imaging::draft(body, length, &recipes, upright, id, &limits, cancel)?);
            }
            let body = imaging::refuse_heic(body)?;
            let draft = imaging::draft(body, length, &recipes, upright, id, &limits, cancel)?;
            // The brands of a file may tell nothing, and then its items do.
            if draft.source.format == SourceFormat::Heic {
                Err(imaging::Error::Heic.into())
            } else {
                Ok(draft)
            }
        })
    }

    /// Starts to encode a thumbnail. The future is that of [`Self::start`]; it gives the time as well.
    ///
    /// # Errors
    /// [`Error::NoThread`] if the system gives no thread.
    pub(super) fn encode(
        &self,
        thumbnail: UnencodedThumbnail,
        speed: Speed,
    ) -> Result<impl Future<Output = Result<EncodeResult, Error>>, Error> {
        self.run(move |cancel| Ok(thumbnail.encode(speed, cancel)))
    }

    /// Runs work on the thread, which a panic does not end.
    fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Cancel) -> Result<T, Error> + Send + 'static,
    ) -> Result<impl Future<Output = Result<T, Error>>, Error> {
        let (sender, receiver) = oneshot::channel();
        let (end, ended) = watch::channel(());
        let cancel = Cancel::default();
        let thread_cancel = cancel.clone();
        let job = Job(Box::new(move || {
            let work = std::panic::AssertUnwindSafe(|| work(&thread_cancel));
            let result = std::panic::catch_unwind(work)
                .unwrap_or_else(|payload| Err(Error::Panicked(Panic::from_payload(payload.as_ref()))));
            drop(end);
            // After a deadline the receiver is gone.
            let _ = sender.send(result);
        }));
        let mut state = self.thread.state();
        state.forget_ended();
        state.send(job).map_err(Error::NoThread)?;
        state.unfinished.push(Unfinished { cancel: cancel.clone(), ended });
        drop(state);
        Ok(async move {
            let _cancel = CancelOnDrop(cancel);
            // The sender is dropped without a result only when the process ends.
            receiver.await.unwrap_or(Err(Error::Imaging(imaging::Error::Cancelled)))
        })
    }
}
