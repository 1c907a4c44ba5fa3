//! One instance of a function as SCF would run it: the runtime API, the process behind it, its limits.
//!
//! The twin runs one instance and one event at a time. What the platform does on top is here too: the limits of
//! initialisation, time and memory, the restart of a dead process, and the retries of asynchronous events.

mod api;
mod fault;
mod instance;
mod options;
mod outcome;
mod process;
mod supervisor;

pub use self::fault::RuntimeFault;
pub use self::options::{HeaderCase, ScfOptions};
pub use self::outcome::{Answer, Outcome};
pub use self::supervisor::Scf;
