//! The two places where settings are written: variables and `thumbnails.json`. Both become the same text form.

pub(super) mod environment;
pub(super) mod file;
pub(super) mod installation;
mod json;
mod members;
pub(super) mod settings;
pub(super) mod table;
pub(super) mod watermark_files;
pub(super) mod written;
