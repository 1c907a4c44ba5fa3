//! Ledger: what has been used, and what may be used before the next checkpoint.
//!
//! Limits hold even if the driver is killed, because a checkpoint counts as used what may be sent before the next one is
//! written. A run that ends orderly gives the unused part back.

use crate::sync::money::{FunctionSize, Usage};
use crate::sync::{Limits, Prices};

/// Most invocations between two checkpoints of a run with limits.
const MOST_GRANTED: u64 = 32;

/// Answer to the question whether another invocation may begin.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Permission {
    /// Yes.
    Granted,
    /// Not before a checkpoint is written.
    AfterSave,
    /// Not before another one has ended, whose real cost is less than the most it can be.
    AfterAnother,
    /// No: the limit of invocations is reached.
    NoInvocations,
    /// No: the budget is reached.
    NoMoney,
}

#[derive(Debug)]
pub(super) struct Ledger {
    invocations: Option<u64>,
    budget: Option<f64>,
    prices: Prices,
    size: FunctionSize,
    /// The most that one invocation can use.
    worst: Usage,
    used: Usage,
    in_flight: u64,
    /// Invocations that may begin before the next checkpoint.
    granted: u64,
}

impl Ledger {
    /// `requests` is the most that one invocation can send.
    pub(super) fn new(
        limits: &Limits,
        prices: &Prices,
        size: FunctionSize,
        requests: u64,
        used: Usage,
    ) -> Self {
        let billed_ms = u64::try_from(size.time_limit.as_millis()).unwrap_or(u64::MAX);
        let worst = Usage { invocations: 1, billed_ms, requests };
        let (invocations, budget) = (limits.invocations, limits.budget);
        Self { invocations, budget, prices: prices.clone(), size, worst, used, in_flight: 0, granted: 0 }
    }

    /// May another invocation begin?
    pub(super) fn permission(&self) -> Permission {
        if self.invocations.is_none() && self.budget.is_none() {
            return Permission::Granted;
        }
        let begun = self.used.invocations.saturating_add(self.in_flight);
        if self.invocations.is_some_and(|most| begun >= most) {
            return if self.in_flight > 0 { Permission::AfterAnother } else { Permission::NoInvocations };
        }
        let next = self.used.plus(self.worst.times(self.in_flight.saturating_add(1)));
        if self.budget.is_some_and(|budget| self.cost(&next) > budget) {
            return if self.in_flight > 0 { Permission::AfterAnother } else { Permission::NoMoney };
        }
        if self.granted == 0 { Permission::AfterSave } else { Permission::Granted }
    }

    /// Notes that an invocation begins.
    pub(super) fn begin(&mut self) {
        self.in_flight = self.in_flight.saturating_add(1);
        self.granted = self.granted.saturating_sub(1);
    }

    /// Notes the end of an invocation, and its use; `None` if it never ran.
    pub(super) fn end(&mut self, usage: Option<Usage>) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.used = self.used.plus(usage.unwrap_or_default());
    }

    /// The most that an invocation can have used whose use is not known.
    pub(super) fn worst(&self) -> Usage {
        self.worst
    }

    /// What has been used so far.
    pub(super) fn used(&self) -> Usage {
        self.used
    }

    pub(super) fn cost(&self, usage: &Usage) -> f64 {
        self.prices.cost(usage, self.size.memory_mb)
    }

    /// Grants invocations until the next checkpoint, and returns the use to be written into this one.
    pub(super) fn grant(&mut self) -> Usage {
        self.granted = 0;
        if self.invocations.is_some() || self.budget.is_some() {
            let left = self.invocations.map_or(u64::MAX, |most| {
                most.saturating_sub(self.used.invocations.saturating_add(self.in_flight))
            });
            self.granted = (left / 8).clamp(1, MOST_GRANTED).min(left);
            if let Some(budget) = self.budget {
                let open =
                    |granted: u64| self.used.plus(self.worst.times(self.in_flight.saturating_add(granted)));
                while self.granted > 1 && self.cost(&open(self.granted)) > budget {
                    self.granted /= 2;
                }
            }
        }
        self.used.plus(self.worst.times(self.in_flight.saturating_add(self.granted)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn ledger(limits: &Limits) -> Ledger {
        let size = FunctionSize { memory_mb: 1024, time_limit: Duration::from_secs(10) };
        let prices = Prices { gb_second: 1.0, invocations_10k: 0.0, requests_10k: 0.0, ..Prices::default() };
        Ledger::new(limits, &prices, size, 100, Usage::default())
    }

    fn limits() -> Limits {
        Limits::for_function("ap-guangzhou", 1024, Duration::from_secs(10))
    }

    /// Begins as many invocations as are granted, with a checkpoint whenever one is asked for.
    fn begin_all(ledger: &mut Ledger) -> (u64, Permission) {
        let mut begun = 0;
        loop {
            match ledger.permission() {
                Permission::Granted => {
                    ledger.begin();
                    begun += 1;
                }
                Permission::AfterSave => {
                    let written = ledger.grant();
                    assert!(written.invocations > ledger.used().invocations, "it counts what may be sent");
                }
                permission => return (begun, permission),
            }
        }
    }

    #[test]
    fn a_limit_of_invocations_is_reached_and_not_exceeded() {
        let mut ledger = ledger(&Limits { invocations: Some(20), ..limits() });
        assert_eq!(begin_all(&mut ledger), (20, Permission::AfterAnother));
        for _ in 0..19 {
            ledger.end(Some(Usage { invocations: 1, billed_ms: 5, requests: 1 }));
        }
        ledger.end(None);
        assert_eq!(begin_all(&mut ledger), (1, Permission::AfterAnother), "one was refused, and never ran");
        ledger.end(Some(ledger.worst()));
        assert_eq!(ledger.permission(), Permission::NoInvocations);
    }

    #[test]
    fn a_budget_is_kept_whatever_the_running_invocations_cost() {
        let mut ledger = ledger(&Limits { budget: Some(35.0), ..limits() });
        assert_eq!(begin_all(&mut ledger), (3, Permission::AfterAnother), "each may cost 10");
        (0..3).for_each(|_| ledger.end(Some(Usage { invocations: 1, billed_ms: 1000, requests: 0 })));
        assert_eq!(begin_all(&mut ledger), (3, Permission::AfterAnother));
        (0..3).for_each(|_| ledger.end(Some(ledger.worst())));
        assert_eq!(ledger.permission(), Permission::NoMoney);
        assert!(ledger.cost(&ledger.used()) <= 35.0);
    }

    #[test]
    fn without_limits_a_checkpoint_counts_only_what_has_begun() {
        let mut ledger = ledger(&limits());
        assert_eq!(ledger.permission(), Permission::Granted);
        ledger.begin();
        assert_eq!(ledger.grant(), ledger.worst());
    }
}
