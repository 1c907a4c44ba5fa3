//! The clock of COS, read from the `Date` header of its responses.
//!
//! COS refuses signatures whose time is far from its own. A machine whose clock is wrong therefore signs by
//! the time of COS.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Smallest difference between the clocks of COS and of this machine that is corrected, in seconds. The
/// official SDK for Node uses the same value.
pub const CLOCK_TOLERANCE: u64 = 30;

/// Clock skew between COS and this machine, as learned from responses.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// Seconds that signatures add to the clock of this machine.
    offset: AtomicI64,
    /// Seconds by which the clock of COS was ahead at the latest response.
    ahead: Mutex<Option<i64>>,
}

impl Clock {
    pub(super) fn offset(&self) -> i64 {
        self.offset.load(Ordering::Relaxed)
    }

    /// Notes the clock skew that a response shows, without correcting anything.
    pub(super) fn observe(&self, date: Option<&str>) {
        let date = date.and_then(|date| httpdate::parse_http_date(date).ok());
        if let Some(cos_time) = date.and_then(|date| date.duration_since(UNIX_EPOCH).ok()) {
            let ahead = i128::from(cos_time.as_secs()) - i128::from(now(0));
            *self.ahead.lock().unwrap_or_else(PoisonError::into_inner) = i64::try_from(ahead).ok();
        }
    }

    /// Clock skew at the latest response; see [`Session::clock_ahead`](crate::cos::Session::clock_ahead).
    pub(super) fn ahead(&self) -> Option<i64> {
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adopts the time of COS if the clock skew is large enough to matter.
    ///
    /// Returns `true` if the request may succeed with a new signature: `used`, the offset that it was signed
    /// with, is wrong by [`CLOCK_TOLERANCE`] or more.
    pub(super) fn correct(&self, date: Option<SystemTime>, used: i64) -> bool {
        let Some(cos_time) = date.and_then(|date| date.duration_since(UNIX_EPOCH).ok()) else { return false };
        let wrong = cos_time.as_secs().abs_diff(now(used)) >= CLOCK_TOLERANCE;
        if wrong {
            let offset = i128::from(cos_time.as_secs()) - i128::from(now(0));
            self.offset.store(i64::try_from(offset).unwrap_or_default(), Ordering::Relaxed);
        }
        wrong
    }
}

/// Seconds since the epoch by the clock of this machine plus `offset`.
pub(super) fn now(offset: i64) -> u64 {
    let local_time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    local_time.saturating_add_signed(offset)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn clock_is_corrected_only_beyond_the_tolerance() {
        let clock = Clock::default();
        assert!(!clock.correct(None, 0));
        assert!(!clock.correct(Some(SystemTime::now() + Duration::from_secs(20)), 0));
        assert_eq!(clock.offset(), 0);

        let behind = SystemTime::now() - Duration::from_secs(7200);
        assert!(clock.correct(Some(behind), 0));
        assert!(clock.offset().abs_diff(-7200) <= 2, "{}", clock.offset());
        assert!(clock.correct(Some(behind), 0), "a request signed before the correction may be signed again");
        assert!(!clock.correct(Some(behind), clock.offset()), "one signed after it not");

        assert!(clock.correct(Some(SystemTime::now()), clock.offset()), "and back, when the clock is set");
        assert!(clock.offset().abs_diff(0) <= 2);
    }
}
