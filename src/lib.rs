//! cos-thumbnailer: the thumbnail function for Tencent Cloud.
//!
//! A photo lands in a COS bucket, COS sends an event, and this program, an SCF custom runtime, makes its
//! thumbnails. There is one way through the code:
//!
//! ```text
//! runtime loop -> event -> plan -> visit: look, fetch (streamed) -> decode -> resize -> encode -> store, look -> report
//!    runtime      event     plan   reconcile    cos                     imaging                   cos        report
//!                                  \____________________ pipeline joins them ____________________/
//! ```
//!
//! Pixels know nothing of the network, and the network nothing of pixels. The modules stand on levels, and each
//! uses only those below its own (`tests/project/layering/`):
//!
//! | level | modules |
//! |---|---|
//! | names, and the rules among them | [`object`], [`recipe`], [`reconcile`], [`http_client`], [`text`] |
//! | islands, which do not know each other | [`runtime`], [`event`], [`config`], [`cos`], [`imaging`] |
//! | what a record comes to | [`error`], [`credentials`] |
//! | what is told of it | [`report`] |
//! | decisions | [`plan`], [`deployment`] |
//! | work | [`pipeline`] |
//! | whether it can be done | [`doctor`] |
//! | one invocation | [`function`] |
//!
//! # Glossary
//!
//! - **source**: the object that an event is about; **target**: the bucket and key a thumbnail is stored under.
//! - **record**: one thing that happened to one object; a trigger **message** holds any number.
//! - **thumbnail**: a picture derived from a source. **recipe**: all that decides its pixels and bytes.
//! - **rule**: which sources get which thumbnails, and where they go.
//! - **stamp**: metadata on a stored thumbnail that names its source and recipe.
//! - **visit**: the work on one source, which brings its thumbnails to what its present state asks for.
//! - **foreign**: an object under the key of a thumbnail that bears no stamp.
//! - **outcome**: how a record ended: stored, unchanged, removed, skipped or failed.
//! - **transient** and **permanent**: whether the same again could end better.

pub mod config;
pub mod cos;
pub mod credentials;
pub mod deployment;
pub mod doctor;
pub mod error;
pub mod event;
pub mod function;
pub mod http_client;
pub mod imaging;
pub mod object;
pub mod pipeline;
pub mod plan;
pub mod recipe;
pub mod reconcile;
pub mod report;
pub mod runtime;
pub mod text;
