//! Several instances of a function, started on demand, with the limits and the event queue of the platform (583/37040,
//! 583/39851).
//!
//! Every instance is an [`Scf`](crate::Scf) with a process of its own. An invocation takes a free instance whose process
//! runs, or starts one. [`FunctionPool::invoke`] is a synchronous invocation, [`FunctionPool::deliver`] an asynchronous one.

mod counters;
mod dispatcher;
mod function_pool;
mod instances;
mod options;
mod queue;

pub use self::counters::{DroppedEvents, InstanceCounters, PoolCounters};
pub use self::function_pool::FunctionPool;
pub use self::options::PoolOptions;
