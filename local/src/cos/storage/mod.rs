//! Storage of a COS: objects in a folder; uploads and renditions in memory.

pub(crate) mod bucket;
pub(crate) mod checksum;
mod folder;
mod folder_changes;
pub(crate) mod ids;
mod path;
pub(crate) mod renditions;
pub(crate) mod store;
pub(crate) mod uploads;
pub(crate) mod version;
