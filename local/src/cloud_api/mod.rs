//! The cloud API of SCF (`scf.tencentcloudapi.com`, version 2018-04-16): invocations and queries of one function.
//!
//! Clients send `POST /` to [`ScfApi::endpoint`] with any host name, signed with TC3-HMAC-SHA256. The verifier in
//! `signature` was written from the document and shares no code with a signer. Errors have status 200, as on the platform.
//!
//! | action | purpose |
//! |---|---|
//! | `Invoke` | synchronous and asynchronous (583/17243) |
//! | `InvokeFunction` | synchronous (583/58400) |
//! | `GetFunction` | memory, time limit, environment (583/18584) |
//! | `GetReservedConcurrencyConfig`, `PutReservedConcurrencyConfig` | the quota of the function (583/51246) |

mod admin;
mod counters;
mod error;
mod fault;
mod function;
mod invoke;
mod options;
mod request;
mod result;
mod server;
mod service;
mod signature;

pub use self::counters::ScfApiCounters;
pub use self::fault::{ApiFault, ApiFaultKind};
pub use self::options::{InvokeResult, ScfApiOptions, ThrottleReport};
pub use self::server::ScfApi;
