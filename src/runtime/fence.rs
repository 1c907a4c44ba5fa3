//! Panics become values: whatever panics inside an invocation, the next event is served.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};

use futures_util::FutureExt;

/// Where the newest panic happened, as the hook saw it: the unwound value no longer tells.
static LAST_PLACE: Mutex<Option<String>> = Mutex::new(None);

/// A panic that was caught: its message and place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Panic {
    message: String,
    place: Option<String>,
}

impl Panic {
    /// Reads the value that [`std::panic::catch_unwind`] or [`std::thread::JoinHandle::join`] gave.
    #[must_use]
    pub fn from_payload(payload: &(dyn Any + Send)) -> Self {
        let message = payload
            .downcast_ref::<&str>()
            .map(|message| (*message).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_owned());
        let place = LAST_PLACE.lock().unwrap_or_else(PoisonError::into_inner).take();
        Self { message, place }
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.place.as_ref().map_or(Ok(()), |place| write!(f, " at {place}"))
    }
}

/// Notes the place of each panic instead of printing a trace, which would tear the log apart.
pub fn install_panic_hook() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(|place| format!("{}:{}", place.file(), place.line()));
        *LAST_PLACE.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }));
}

/// Runs a future to its end, or to its panic.
///
/// # Errors
/// The panic. State the future shared with others may be half changed: share none that matters.
pub async fn fenced<F: Future>(future: F) -> Result<F::Output, Panic> {
    AssertUnwindSafe(future).catch_unwind().await.map_err(|payload| Panic::from_payload(payload.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_a_sentence() {
        let caught = fenced(async { panic!("row {} is missing", 7) }).await.map(|(): ()| ());
        assert!(caught.unwrap_err().to_string().starts_with("row 7 is missing"));
        assert_eq!(fenced(async { 5 }).await, Ok(5));
    }
}
