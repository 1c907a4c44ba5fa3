//! Pixels to a file.
//!
//! [`transformed`] makes coefficients of a [`picture`]: `color` converts its rows, `chroma` sharpens means of chroma,
//! `transform` is the cosine transform. [`write`](mod@write) makes files of them: `quantise` and `trellis` turn
//! coefficients into levels by the steps of [`tables`], `script` chooses scans, `sequential` and `progressive` turn levels
//! into `symbols`, `huffman` finds codes for these, and `file` writes the segments.

mod chroma;
mod color;
mod file;
mod huffman;
pub(crate) mod picture;
mod progressive;
mod quantise;
mod script;
mod sequential;
mod symbols;
pub(crate) mod tables;
mod transform;
pub(crate) mod transformed;
mod trellis;
pub(crate) mod write;
