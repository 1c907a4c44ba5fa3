//! Retries: the policy as data, and the attempts of one request.
//!
//! This module counts and computes back-offs only. Sleeping, and the deadline, are in `exchange`.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use crate::cos::endpoint::HostChoice;

/// Number of attempts of a request, and the pauses between them.
///
/// Retried are lost and stalled connections, truncated bodies, 429, 5xx except 501, and the COS errors for
/// load or a damaged transfer. Other 4xx responses are final.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RetryPolicy {
    /// Most attempts of one request, the first included. The official SDKs make four as well.
    pub attempts: u32,
    /// First pause. Each following one is twice as long, and up to as much again is added at random. The
    /// jitter keeps instances that one burst of uploads started from returning together. 100 ms, because an
    /// overload of COS rarely ends sooner.
    pub first_delay: Duration,
    /// Longest pause. 2 s, because events have deadlines of seconds.
    pub max_delay: Duration,
    /// Longest wait for a response, or for the next bytes of a body: 10 s. Less when the deadline is near, so
    /// that a retry is possible.
    pub stall: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 4,
            first_delay: Duration::from_millis(100),
            max_delay: Duration::from_secs(2),
            stall: Duration::from_secs(10),
        }
    }
}

/// Reason of a failed attempt, as far as retries depend on it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum FailureKind {
    /// COS or the network is busy or broken.
    Busy {
        /// `true` if COS itself responded.
        from_cos: bool,
    },
    /// A retry would not help.
    Final,
    /// An open connection broke before the end of the response, as kept-alive ones do in a frozen instance.
    ConnectionLost {
        /// `true` if COS itself had begun to respond.
        from_cos: bool,
    },
    /// A proxy in front of COS redirects the request.
    Redirected,
    /// The clock skew was too large, and is corrected now.
    ClockSkew,
}

/// Attempts of one request so far.
#[derive(Debug)]
pub(super) struct Attempts {
    policy: RetryPolicy,
    delays: ExponentialBackoff,
    failures: u32,
    /// Lost connections that are still retried without a pause.
    free_reconnects: u32,
    clock_corrected: bool,
    /// `true` if the primary host has a backup.
    can_switch: bool,
    /// Host of the next attempt.
    pub(super) host: HostChoice,
    /// `true` if the next attempt is a retry.
    pub(super) retrying: bool,
}

impl Attempts {
    /// Idle connections kept for each host: of a source, and of two of its thumbnails in the same bucket.
    pub(super) const IDLE_CONNECTIONS: usize = 3;

    /// Lost connections that are retried without a pause. A freeze can break all that are idle, but a host that is down
    /// must not use up all attempts at once.
    const FREE_RECONNECTS: u32 = 2;

    pub(super) fn new(policy: &RetryPolicy, can_switch: bool) -> Self {
        Self {
            policy: policy.clone(),
            delays: delays(policy),
            failures: 0,
            free_reconnects: Self::FREE_RECONNECTS,
            clock_corrected: false,
            can_switch,
            host: HostChoice::Primary,
            retrying: false,
        }
    }

    /// Returns `true` if the next attempt is the last.
    pub(super) fn is_last(&self) -> bool {
        self.failures.saturating_add(1) >= self.policy.attempts
    }

    /// Resets the failure count, after real progress.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
        self.free_reconnects = Self::FREE_RECONNECTS;
        self.delays = delays(&self.policy);
    }

    /// Pause before the next attempt; `None` when none is left.
    pub(super) fn next_delay(&mut self, kind: FailureKind) -> Option<Duration> {
        let delay = match kind {
            FailureKind::Busy { from_cos } => self.count(from_cos)?,
            FailureKind::Final => return None,
            FailureKind::ConnectionLost { from_cos } => {
                let delay = self.count(from_cos)?;
                match self.free_reconnects.checked_sub(1) {
                    Some(left) => {
                        self.free_reconnects = left;
                        Duration::ZERO
                    }
                    None => delay,
                }
            }
            FailureKind::Redirected => self.switch_host().then_some(Duration::ZERO)?,
            FailureKind::ClockSkew => {
                let first = !std::mem::replace(&mut self.clock_corrected, true);
                first.then_some(Duration::ZERO)?
            }
        };
        self.retrying = true;
        Some(delay)
    }

    /// Counts a failure. If COS itself never responded, the last attempt goes to the backup host, as in the
    /// official SDKs.
    fn count(&mut self, from_cos: bool) -> Option<Duration> {
        if self.is_last() {
            return None;
        }
        self.failures = self.failures.saturating_add(1);
        if self.is_last() && !from_cos {
            self.switch_host();
        }
        Some(self.delays.next().unwrap_or(self.policy.max_delay))
    }

    fn switch_host(&mut self) -> bool {
        let switched = self.can_switch && self.host == HostChoice::Primary;
        if switched {
            self.host = HostChoice::Backup;
        }
        switched
    }
}

fn delays(policy: &RetryPolicy) -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(policy.first_delay)
        .with_max_delay(policy.max_delay)
        .without_max_times()
        .with_jitter()
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempts() -> Attempts {
        Attempts::new(&RetryPolicy::default(), true)
    }

    #[test]
    fn pauses_double_with_jitter_until_the_attempts_are_used_up() {
        let mut attempts = attempts();
        for least in [100, 200, 400] {
            let pause = attempts.next_delay(FailureKind::Busy { from_cos: true }).unwrap().as_millis();
            assert!((least..=2 * least).contains(&pause), "{pause} ms");
        }
        assert_eq!(attempts.next_delay(FailureKind::Busy { from_cos: true }), None);
        assert_eq!(attempts.host, HostChoice::Primary, "COS answered, so its host is not in doubt");
    }

    #[test]
    fn lost_connections_of_the_pool_are_retried_without_a_pause() {
        let mut attempts = attempts();
        for _ in 0..Attempts::FREE_RECONNECTS {
            let delay = attempts.next_delay(FailureKind::ConnectionLost { from_cos: false });
            assert_eq!(delay, Some(Duration::ZERO));
        }
        assert!(
            attempts.next_delay(FailureKind::ConnectionLost { from_cos: false }).unwrap() > Duration::ZERO
        );
        assert_eq!(attempts.next_delay(FailureKind::ConnectionLost { from_cos: false }), None);
    }

    #[test]
    fn the_last_attempt_without_a_response_goes_to_the_backup_host() {
        let mut attempts = attempts();
        for host in [HostChoice::Primary, HostChoice::Primary, HostChoice::Backup] {
            assert!(attempts.next_delay(FailureKind::Busy { from_cos: false }).is_some());
            assert_eq!(attempts.host, host);
        }
    }

    #[test]
    fn a_redirect_switches_the_host_once() {
        let mut attempts = attempts();
        assert_eq!(attempts.next_delay(FailureKind::Redirected), Some(Duration::ZERO));
        assert_eq!(attempts.host, HostChoice::Backup);
        assert_eq!(attempts.next_delay(FailureKind::Redirected), None);
        assert_eq!(Attempts::new(&RetryPolicy::default(), false).next_delay(FailureKind::Redirected), None);
    }

    #[test]
    fn clock_skew_is_retried_once_and_a_final_response_never() {
        let mut attempts = attempts();
        assert_eq!(attempts.next_delay(FailureKind::ClockSkew), Some(Duration::ZERO));
        assert_eq!(attempts.next_delay(FailureKind::ClockSkew), None);
        assert_eq!(attempts.next_delay(FailureKind::Final), None);
    }

    #[test]
    fn progress_resets_the_attempts() {
        let mut attempts = attempts();
        while attempts.next_delay(FailureKind::ConnectionLost { from_cos: false }).is_some() {}
        attempts.reset();
        assert_eq!(
            attempts.next_delay(FailureKind::ConnectionLost { from_cos: false }),
            Some(Duration::ZERO)
        );
    }
}
