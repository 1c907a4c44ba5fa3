//! Client for the SCF cloud API (API 3.0): it invokes functions, and reads the limits of one.
//!
//! This is the API for callers of a function, at `scf.tencentcloudapi.com`. The API that serves the function
//! inside its container is in `runtime`.
//!
//! The client does not retry. Its [`Error`] says whether a repetition helps, whether the caller is too fast,
//! and whether the function may have run. An invocation that was carried out and failed is no error of the
//! call: [`Invocation::failure`] classifies it.

mod answer;
mod call;
mod cause;
mod client;
mod error;
mod function_name;
mod run_failure;
mod sign;

pub use self::answer::{FunctionInfo, Invocation};
pub use self::call::{Action, Call};
pub use self::client::{Client, ClientSettings};
pub use self::error::{Error, Refusal};
pub use self::function_name::{FunctionName, InvalidName};
pub use self::run_failure::RunFailure;
