//! A COS on a folder: the part of the XML API a function and its tools use, with real signature checks.
//!
//! Connect to [`Cos::endpoint`] and send the real host name (`<name>-<appid>.cos.<region>.myqcloud.com`), or use path
//! style (`/<name>-<appid>/<key>`) under the address itself. Objects are ordinary files; `path.rs` has the rules.
//! Not part of it: form uploads, ACL and policy evaluation, lifecycle, tagging operations, symlinks, append.

mod admin;
mod fault;
mod handler;
mod journal;
mod notification;
mod operations;
mod options;
mod server;
mod service;
mod storage;
mod wire;

pub use self::fault::{Fault, FaultKind};
pub use self::journal::Request;
pub use self::notification::{Notice, Object};
pub use self::options::CosOptions;
pub use self::server::Cos;
