//! A local COS on a folder: the part of the XML API that the function and its tools use, with signature verification.
//!
//! Connect to [`Cos::endpoint`] and send the real host name (`<name>-<appid>.cos.<region>.myqcloud.com`), or use path
//! style (`/<name>-<appid>/<key>`). It is also an HTTP proxy for clients that keep their usual settings. Objects are ordinary
//! files; `storage/path.rs` maps keys to paths. What is absent, such as bucket policies and lifecycle rules, is refused by
//! name ([`router`]).
//!
//! Inventory reports are written at once: a one-time job when it is posted, a periodic job on request
//! ([`Cos::run_inventory`]). `inventory_report` has their form.
//!
//! A request passes through [`handler`] to [`router`], which verifies its [`signature`] and chooses one of the
//! [`operations`]. These work on [`storage`]; [`wire`] has the forms of requests, responses and documents.

mod admin;
mod fault;
mod handler;
mod inventory_report;
mod journal;
mod listeners;
mod network;
mod notification;
mod operations;
mod options;
mod refusal;
mod router;
mod server;
mod service;
mod signature;
mod storage;
mod watch;
mod wire;

pub use self::fault::{Fault, FaultKind};
pub use self::journal::RecordedRequest;
pub use self::network::{Network, Traffic};
pub use self::notification::{EventNotification, Object};
pub use self::options::{CorsDefault, CosOptions, InventoryForm, PathStyle};
pub use self::refusal::Refusal;
pub use self::server::Cos;
pub use self::storage::bucket::is_bucket_name;
pub(crate) use self::storage::ids;
