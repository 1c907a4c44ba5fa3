//! One function instance as SCF runs it: the runtime API, the process behind it, and its limits.
//!
//! One instance runs, one event at a time. As on the platform, a process that exceeds a limit is killed, a dead process
//! is replaced, and failed asynchronous events are retried. [`FunctionPool`](crate::FunctionPool) has several instances.

mod api;
mod fault;
mod instance;
mod options;
mod outcome;
mod process;
pub(crate) mod request_id;
mod supervisor;

pub use self::fault::RuntimeFault;
pub use self::options::{HeaderCase, LogSink, ScfOptions};
pub use self::outcome::{Invocation, Outcome};
pub use self::supervisor::Scf;
