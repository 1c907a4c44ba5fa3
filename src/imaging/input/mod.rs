//! Source bytes: detection of the format from the first bytes, and forward reading.
//!
//! The source arrives once, in order, while it is downloaded. Decoders therefore read forward, or ask for the whole
//! file within the memory budget.

pub(crate) mod cancellable;
pub(crate) mod forward;
pub(crate) mod heif;
pub(crate) mod known_formats;
mod plausible_header;
pub(crate) mod probe;
pub(crate) mod source;
