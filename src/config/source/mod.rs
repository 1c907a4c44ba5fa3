//! Where settings are written: variables, and `thumbnails.json`. Both become the same text form.

pub(super) mod environment;
pub(super) mod file;
mod installation;
mod members;
pub(super) mod written;
