//! The thumbnail function for Tencent Cloud: an SCF custom runtime with a COS trigger.
//!
//! An upload to a COS bucket triggers the function, and the function stores the thumbnails of the image. There
//! is one way through the code, and [`function::Function::handle`] is its start:
//!
//! ```text
//! runtime loop → event → plan → visit: HEAD, GET (streamed) → decode → resize → encode → PUT, HEAD → report
//!   runtime      event   plan   reconcile   cos                       imaging               cos      report
//!                               \_____________________ pipeline joins them _____________________/
//! ```
//!
//! `imaging` knows nothing of the network, and `cos` nothing of images. The same function serves the platform,
//! the commands of the program, and the tests.
//!
//! # Examples
//!
//! A configuration is parsed once, with all mistakes reported together. It prints as an explanation, which is
//! what `cos-thumbnailer check` shows:
//!
//! ```
//! use cos_thumbnailer::config::{Config, Environment, Mistakes};
//!
//! # fn main() -> Result<(), Mistakes> {
//! let variables = [("THUMBNAILS", "300x300"), ("TARGET_BUCKET", "thumbnails-1250000000")];
//! let config = Config::load(&Environment::from_pairs(variables), None)?;
//! println!("{config}");
//! assert_eq!(config.rules().len(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! One call makes all thumbnails of a source, from one decode:
//!
//! ```
//! use std::fs::File;
//! use std::num::NonZeroUsize;
//!
//! use cos_thumbnailer::imaging::{Cancel, Limits, Tolerance, Upright, render};
//! use cos_thumbnailer::recipe::Recipe;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let source = File::open("events/photos/lake.jpg")?;
//! let (large, small) = (Recipe::fit_inside(300, 300), Recipe::fit_inside(60, 60));
//! let limits = Limits {
//!     max_pixels: 250_000_000,
//!     memory: 100 * 1024 * 1024,
//!     damage: Tolerance::MostlyGood,
//!     threads: NonZeroUsize::MIN,
//! };
//! let rendering = render(source, None, &[&large, &small], Upright::ByExif, &limits, &Cancel::default())?;
//! let sizes: Vec<_> = rendering.thumbnails.iter().flatten().map(|made| (made.width, made.height)).collect();
//! assert_eq!(sizes, [(300, 200), (60, 40)]);
//! # Ok(())
//! # }
//! ```
//!
//! # Modules
//!
//! A module uses only modules of lower levels. A test in `tests/project/` reads the imports and enforces this.
//!
//! | level, from the top | modules |
//! |---|---|
//! | program | `main`, `command` |
//! | all sources of a bucket | [`sync`] |
//! | one invocation | [`function`] |
//! | diagnosis | [`doctor`] |
//! | network and pixels together | `pipeline` |
//! | decisions | `plan`, [`deployment`] |
//! | log and result | `report` |
//! | errors and credentials | `error`, `credential_source` |
//! | independent parts | [`runtime`], [`event`], [`config`], [`cos`], [`scf`], [`inventory`], [`imaging`] |
//! | keys, decisions about thumbnails | `credential`, [`reconcile`] |
//! | names and recipes | [`object`], [`recipe`] |
//! | texts and HTTP | `text`, `http_client` |
//!
//! # Glossary
//!
//! - **message**: the JSON of one invocation. **record**: one change of one object; a message has any number.
//! - **source**: the object of a record. **target**: bucket and key of a thumbnail.
//! - **thumbnail**: image made from a source. **animation**: source or thumbnail with several frames.
//! - **recipe**: everything that decides the bytes of a thumbnail, apart from its source.
//! - **rule**: the sources it covers, and the recipes and targets of their thumbnails.
//! - **stamp**: metadata of a stored thumbnail that names its source and recipe.
//! - **current**, **stale**, **missing** thumbnail: its stamp matches source and recipe; it does not; there is
//!   none.
//! - **manifest**: JSON object that describes all thumbnails of a source, stored after them and withdrawn before them.
//! - **foreign object**: object without a stamp under the key of a thumbnail.
//! - **visit**: work on one source, after which its thumbnails match its present state.
//! - **outcome**: end of a record: stored, unchanged, removed, skipped or failed.
//! - **transient**, **permanent** failure: a retry may succeed, or would fail the same way.
//! - **result**: what is posted to the platform for a message: a response or an error.

pub mod config;
pub mod cos;
mod credential;
pub mod credential_source;
pub mod deployment;
pub mod doctor;
mod error;
pub mod event;
pub mod function;
mod http_client;
pub mod imaging;
pub mod inventory;
pub mod object;
mod pipeline;
mod plan;
pub mod recipe;
pub mod reconcile;
mod report;
pub mod runtime;
pub mod scf;
pub mod sync;
pub mod text;
