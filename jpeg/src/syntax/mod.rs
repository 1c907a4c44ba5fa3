//! The file outside of entropy-coded data: markers, segments, and what they define.
//!
//! An [`input`] finds markers and reads segments. The [`head`] of a file has its [`frame`], [`metadata`], and the
//! [`tables`] and scan header for the first scan; `default_tables` stand in for Huffman tables of [`huffman`] where a
//! file has none.

mod default_tables;
pub(crate) mod frame;
pub(crate) mod head;
pub(crate) mod huffman;
pub(crate) mod input;
pub(crate) mod metadata;
pub(crate) mod tables;
