//! The playground: a page on which people choose their thumbnails, served on loopback.
//!
//! A photo goes the way that it goes in the cloud: a signed PUT into the local COS, the event of that upload, the function
//! as a process, its thumbnails in the target bucket. The page shows requests, times, memory, log and thumbnails. The
//! program of the function itself checks the configuration and writes the policy and the triggers.
//!
//! The events tab sends events twice, late, in another order and with faults, and shows the buckets: [`events`].
//!
//! [`rendering`] shows previews before that, and scores after it. [`guard`] keeps other sites away from the page,
//! [`assets`] has its files, [`api`] answers its calls, [`service`] does the work.

mod api;
mod assets;
mod configuration;
mod cos_client;
mod error;
mod events;
mod function;
mod guard;
mod program;
mod rendering;
mod reply;
mod report;
mod server;
mod service;

pub use self::server::{Playground, PlaygroundOptions};
