//! The commands beside the function.

pub(crate) mod check;
pub(crate) mod deployment;
pub(crate) mod doctor;
pub(crate) mod render;
pub(crate) mod schema;
mod settings;
pub(crate) mod sync;
