//! What a COS keeps: objects on a folder, uploads and renditions in memory.

pub(crate) mod checksum;
mod folder;
pub(crate) mod ids;
mod path;
pub(crate) mod renditions;
pub(crate) mod store;
pub(crate) mod uploads;
