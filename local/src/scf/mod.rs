//! One function instance as SCF runs it: the runtime API, the process behind it, and its limits.
//!
//! One instance runs, one event at a time. The limits of initialisation, time and memory are those of the platform; so
//! are the replacement of a dead process and the retries of asynchronous events.

mod api;
mod fault;
mod instance;
mod options;
mod outcome;
mod process;
mod supervisor;

pub use self::fault::RuntimeFault;
pub use self::options::{HeaderCase, LogSink, ScfOptions};
pub use self::outcome::{Invocation, Outcome};
pub use self::supervisor::Scf;
