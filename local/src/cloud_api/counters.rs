//! Counters of a cloud API.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::pool::PoolCounters;

/// Counters of a cloud API and of its pool.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct ScfApiCounters {
    /// Calls by action, including failed ones.
    pub calls: BTreeMap<String, u64>,
    /// Calls over the limit of their action.
    pub rate_limited: u64,
    /// Counters of the pool, which also has the events of triggers.
    pub pool: PoolCounters,
}
