//! Conversion of panics to values, so that a panic in one invocation does not stop the next.
//!
//! A panic hook notes the location instead of printing a trace.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};

use futures_util::FutureExt;

/// Location of the newest panic. The hook stores it, because the unwound value does not have it.
static LAST_LOCATION: Mutex<Option<String>> = Mutex::new(None);

/// Caught panic: its message and location.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Panic {
    message: String,
    location: Option<String>,
}

impl Panic {
    /// Reads the value that [`std::panic::catch_unwind`] or [`std::thread::JoinHandle::join`] returned.
    #[must_use]
    pub fn from_payload(payload: &(dyn Any + Send)) -> Self {
        let message = payload
            .downcast_ref::<&str>()
            .map(|message| (*message).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_owned());
        let location = LAST_LOCATION.lock().unwrap_or_else(PoisonError::into_inner).take();
        Self { message, location }
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.location.as_ref().map_or(Ok(()), |location| write!(f, " at {location}"))
    }
}

/// Installs a hook that notes the location of each panic instead of printing a trace, which would break the
/// log lines.
pub fn install_panic_hook() {
    panic::set_hook(Box::new(|info| {
        let location = info.location().map(|location| format!("{}:{}", location.file(), location.line()));
        *LAST_LOCATION.lock().unwrap_or_else(PoisonError::into_inner) = location;
    }));
}

/// Runs a future to its end or to its panic.
///
/// # Errors
/// The panic. State that the future shared with other code may be half changed, so share none that matters.
pub async fn catch_panic<F: Future>(future: F) -> Result<F::Output, Panic> {
    AssertUnwindSafe(future).catch_unwind().await.map_err(|payload| Panic::from_payload(payload.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_a_sentence() {
        let caught = catch_panic(async { panic!("row {} is missing", 7) }).await.map(|(): ()| ());
        assert!(caught.unwrap_err().to_string().starts_with("row 7 is missing"));
        assert_eq!(catch_panic(async { 5 }).await, Ok(5));
    }
}
