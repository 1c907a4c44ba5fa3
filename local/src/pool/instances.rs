//! The instances of a pool, and the limits on their number.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::pool::counters::InstanceCounters;
use crate::rate_window::RateWindow;
use crate::scf::{Outcome, Scf};

/// Instances, in the order of their first start.
#[derive(Debug)]
pub(super) struct Instances {
    slots: Vec<Slot>,
    memory_mb: u64,
    /// Concurrency quota in MB; `None` for no limit.
    pub(super) quota_mb: Option<u64>,
    starts: RateWindow,
    pub(super) peak_concurrency: usize,
}

#[derive(Debug, Default)]
struct Slot {
    /// `None` until the runtime API of the instance listens.
    scf: Option<Arc<Scf>>,
    busy: bool,
    invocations: u64,
}

impl Slot {
    fn is_running(&self) -> bool {
        self.scf.as_ref().is_some_and(|scf| scf.is_running())
    }
}

/// Instance that an invocation has taken.
#[derive(Debug)]
pub(super) struct Taken {
    /// Position in [`Instances`].
    pub(super) position: usize,
    /// `None` if the instance has never run.
    pub(super) scf: Option<Arc<Scf>>,
}

/// Instance to kill, preferably one that works on an event.
#[derive(Debug)]
pub(super) enum KillTarget {
    /// An instance is busy, but has not fetched its event.
    Later,
    /// No process runs.
    None,
    Now(Arc<Scf>),
}

impl Instances {
    pub(super) fn new(memory_mb: u64, quota_mb: Option<u64>, burst_per_minute: Option<u32>) -> Self {
        let starts = RateWindow::new(burst_per_minute, Duration::from_secs(60));
        Self { slots: Vec::new(), memory_mb, quota_mb, starts, peak_concurrency: 0 }
    }

    /// Takes a free instance, preferably one whose process runs, or a new one.
    ///
    /// # Errors
    /// The outcome of the invocation, when a limit forbids it.
    pub(super) fn take(&mut self, now: Instant) -> Result<Taken, Outcome> {
        let concurrency = self.slots.iter().filter(|slot| slot.busy).count().saturating_add(1);
        let needed = u64::try_from(concurrency).unwrap_or(u64::MAX).saturating_mul(self.memory_mb);
        if self.quota_mb.is_some_and(|quota| needed > quota) {
            return Err(Outcome::ConcurrencyExceeded);
        }
        let warm = self.slots.iter().position(|slot| !slot.busy && slot.is_running());
        let position = match warm {
            Some(position) => position,
            None if !self.starts.admit(now) => return Err(Outcome::BurstExceeded),
            None => self.slots.iter().position(|slot| !slot.busy).unwrap_or(self.slots.len()),
        };
        if position == self.slots.len() {
            self.slots.push(Slot::default());
        }
        self.peak_concurrency = self.peak_concurrency.max(concurrency);
        let slot = self.slots.get_mut(position);
        let scf = slot.and_then(|slot| {
            slot.busy = true;
            slot.invocations = slot.invocations.saturating_add(1);
            slot.scf.clone()
        });
        Ok(Taken { position, scf })
    }

    /// Keeps the instance that was started at a position.
    pub(super) fn started(&mut self, position: usize, scf: Arc<Scf>) {
        if let Some(slot) = self.slots.get_mut(position) {
            slot.scf = Some(scf);
        }
    }

    /// Returns an instance after an invocation.
    pub(super) fn release(&mut self, position: usize) {
        if let Some(slot) = self.slots.get_mut(position) {
            slot.busy = false;
        }
    }

    /// Returns the instance to kill.
    pub(super) fn target(&self) -> KillTarget {
        let find = |is_target: fn(&Scf) -> bool| {
            self.slots.iter().filter_map(|slot| slot.scf.as_ref()).find(|scf| is_target(scf)).map(Arc::clone)
        };
        match find(Scf::is_working) {
            Some(working) => KillTarget::Now(working),
            None if self.slots.iter().any(|slot| slot.busy) => KillTarget::Later,
            None => find(Scf::is_running).map_or(KillTarget::None, KillTarget::Now),
        }
    }

    /// Returns the instances without an invocation.
    pub(super) fn idle(&self) -> Vec<Arc<Scf>> {
        let idle = self.slots.iter().filter(|slot| !slot.busy);
        idle.filter_map(|slot| slot.scf.as_ref().map(Arc::clone)).collect()
    }

    pub(super) fn counters(&self) -> Vec<InstanceCounters> {
        let counters = |slot: &Slot| InstanceCounters {
            starts: slot.scf.as_ref().map_or(0, |scf| scf.starts()),
            invocations: slot.invocations,
            busy: slot.busy,
            process_id: slot.scf.as_ref().and_then(|scf| scf.process_id()),
        };
        self.slots.iter().map(counters).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_refuse_what_exceeds_them() {
        let now = Instant::now();
        let mut instances = Instances::new(512, Some(1200), Some(3));
        assert_eq!(instances.take(now).unwrap().position, 0);
        assert_eq!(instances.take(now).unwrap().position, 1);
        assert_eq!(instances.take(now).unwrap_err(), Outcome::ConcurrencyExceeded);
        instances.release(0);
        // No process runs here, so that every invocation starts one.
        assert_eq!(instances.take(now).unwrap().position, 0);
        instances.release(0);
        assert_eq!(instances.take(now).unwrap_err(), Outcome::BurstExceeded);
        assert!(instances.take(now + Duration::from_secs(60)).is_ok());
        instances.quota_mb = Some(0);
        instances.release(0);
        assert_eq!(instances.take(now + Duration::from_secs(60)).unwrap_err(), Outcome::ConcurrencyExceeded);
        assert_eq!(instances.peak_concurrency, 2);
        let invocations: Vec<u64> =
            instances.counters().iter().map(|counters| counters.invocations).collect();
        assert_eq!(invocations, [3, 1]);
    }
}
