//! Sending of tasks to the function, in batches, within limits.

pub(super) mod batch;
pub(super) mod deployed;
pub(super) mod driver;
mod failures;
pub(super) mod invoker;
mod ledger;
pub(super) mod limits;
pub(super) mod local;
mod pace;
pub(super) mod queue;
mod run;
mod sizer;
mod start;
mod window;
