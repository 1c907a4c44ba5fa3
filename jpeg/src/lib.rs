//! The JPEG reader: as much of a file as a picture of a reduced size needs, and no more.
//!
//! Nearly all the time of a thumbnail goes into Huffman codes. At 1/8 only the mean of each block matters, at
//! 1/4 and 1/2 its lowest coefficients: the codes of all others are passed over several at a time (`steps`,
//! `lookup`), at several places of the stream in turns (`lanes`, `sequential`) and on several threads (`team`), and of
//! a progressive file only the scans are read that carry what is wanted to the precision that shows (`precision`).
//!
//! The way through: `input` finds markers and segments, `head` what stands before the first scan (with the codes
//! of `standard` where a file has none); `window` holds entropy-coded data; scans go through `sequential` to
//! `strips`, which turns blocks into `rows` a `line` at a time (`transform`, `small`), or, where there are several
//! (`scans`, `progressive`), are kept in `store` until enough is there, and what damage took of them in `gaps`;
//! rows are `upsample`d and turned into pixels (`color`). [`Coefficients`] are what is kept, as numbers.
//!
//! Memory: for sequential files of one scan some rows of blocks, whatever the height; for others the
//! coefficients that the scale needs, of all blocks. Work: each byte once, and each block once for each scan, of
//! which no more are read than the size of the picture and of the file warrant.

#![forbid(unsafe_code)]

mod decode;
mod entropy;
mod error;
mod samples;
mod scale;
mod scans;
mod syntax;

pub use crate::decode::decode;
pub use crate::error::Error;
pub use crate::scale::{Scale, Summary, Wanted};
pub use crate::scans::coefficients::{Blocks, Coefficients};
pub use crate::syntax::frame::{Component, Frame, Process};
pub use crate::syntax::head::{Head, height_at_end};
pub use crate::syntax::metadata::Metadata;
