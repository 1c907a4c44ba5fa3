//! The file outside of entropy-coded data: markers, segments, and what they define.

mod default_tables;
pub(crate) mod frame;
pub(crate) mod head;
pub(crate) mod huffman;
pub(crate) mod input;
pub(crate) mod metadata;
pub(crate) mod tables;
