//! The events tab: changes of the source, events of every kind, deliveries with faults, and the buckets as they change.
//!
//! The page keeps the events and their order. Each delivery goes the real way: to the local SCF, which retries as the
//! platform does, and through the function to the local COS.

mod buckets;
mod delivery;
mod fault;
mod source;

pub(super) use self::source::kinds;
