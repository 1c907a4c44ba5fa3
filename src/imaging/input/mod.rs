//! The bytes of a source: reading them forward, and telling the format by the first of them.

pub(crate) mod forward;
pub(crate) mod probe;
pub(crate) mod source;
