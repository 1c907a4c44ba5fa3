//! When a request is tried again: the policy as data, and the count of one request's attempts.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use crate::cos::endpoint::HostChoice;

/// How often and how patiently a request is tried.
///
/// Tried again are lost and stalled connections, short bodies, 429, 5xx but 501, and the errors of COS
/// that speak of load or a damaged transfer. Other answers of the 4xx kind are final.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RetryPolicy {
    /// Most attempts of one request, the first included. Four, as the official SDKs make.
    pub attempts: u32,
    /// The first pause; each following one is twice as long, and up to as much again is added at random,
    /// so that the instances woken by one burst of uploads do not come back together. 100 ms: an
    /// overload of COS rarely ends sooner.
    pub first_delay: Duration,
    /// Where the pauses stop growing. 2 s: events have deadlines of seconds.
    pub max_delay: Duration,
    /// How long an answer or the next bytes of a body may take, 10 s. Less when the deadline is near, so
    /// that another attempt is possible.
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

/// Why an attempt failed, as far as trying again is concerned.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum FailureKind {
    /// COS is busy or broken, or the network is.
    Busy {
        /// Whether COS itself answered.
        from_cos: bool,
    },
    /// It will not get better.
    Final,
    /// An open connection died before the end of its answer, as kept-alive ones do in a frozen instance.
    ConnectionLost {
        /// Whether COS itself had begun to answer.
        from_cos: bool,
    },
    /// Something in front of COS wants the request elsewhere.
    Redirected,
    /// The clock was wrong and is corrected now.
    ClockSkew,
}

/// The attempts of one request.
#[derive(Debug)]
pub(super) struct Attempts {
    policy: RetryPolicy,
    delays: ExponentialBackoff,
    failures: u32,
    /// Lost connections that cost no pause.
    free_reconnects: u32,
    clock_corrected: bool,
    /// Whether the usual host has an alternative to go to.
    can_switch: bool,
    /// The host of the next attempt.
    pub(super) host: HostChoice,
    /// Whether the next attempt is not the first.
    pub(super) retrying: bool,
}

impl Attempts {
    /// Idle connections kept for each host. All of them may be dead after a freeze, so as many losses are
    /// tried again without a pause.
    pub(super) const IDLE_CONNECTIONS: u32 = 2;

    pub(super) fn new(policy: &RetryPolicy, can_switch: bool) -> Self {
        Self {
            policy: policy.clone(),
            delays: delays(policy),
            failures: 0,
            free_reconnects: Self::IDLE_CONNECTIONS,
            clock_corrected: false,
            can_switch,
            host: HostChoice::Primary,
            retrying: false,
        }
    }

    /// Whether the next attempt has none after it.
    pub(super) fn is_last(&self) -> bool {
        self.failures.saturating_add(1) >= self.policy.attempts
    }

    /// Forgets the failures so far, after real progress.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
        self.free_reconnects = Self::IDLE_CONNECTIONS;
        self.delays = delays(&self.policy);
    }

    /// How long to wait before the next attempt; `None` when there is none.
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

    /// Counts a failure. The last attempt of a request that COS itself never answered goes to the
    /// alternative host, as the official SDKs do.
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
    fn as_many_dead_connections_as_the_pool_holds_cost_no_pause() {
        let mut attempts = attempts();
        assert_eq!(
            attempts.next_delay(FailureKind::ConnectionLost { from_cos: false }),
            Some(Duration::ZERO)
        );
        assert_eq!(
            attempts.next_delay(FailureKind::ConnectionLost { from_cos: false }),
            Some(Duration::ZERO)
        );
        assert!(
            attempts.next_delay(FailureKind::ConnectionLost { from_cos: false }).unwrap() > Duration::ZERO
        );
        assert_eq!(attempts.next_delay(FailureKind::ConnectionLost { from_cos: false }), None);
    }

    #[test]
    fn the_last_attempt_after_silence_goes_to_the_alternative_host() {
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
    fn a_wrong_clock_is_forgiven_once_and_a_final_answer_never() {
        let mut attempts = attempts();
        assert_eq!(attempts.next_delay(FailureKind::ClockSkew), Some(Duration::ZERO));
        assert_eq!(attempts.next_delay(FailureKind::ClockSkew), None);
        assert_eq!(attempts.next_delay(FailureKind::Final), None);
    }

    #[test]
    fn progress_renews_the_attempts() {
        let mut attempts = attempts();
        while attempts.next_delay(FailureKind::ConnectionLost { from_cos: false }).is_some() {}
        attempts.reset();
        assert_eq!(
            attempts.next_delay(FailureKind::ConnectionLost { from_cos: false }),
            Some(Duration::ZERO)
        );
    }
}
