//! Thumbnails that have scores.

use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;

use crate::playground::configuration::Configuration;
use crate::playground::cos_client::Place;
use crate::playground::rendering::pixels::Pixels;

/// Thumbnails with scores, and what is needed to try other formats.
pub(super) struct Compared {
    pub(super) place: Place,
    pub(super) configuration: Configuration,
    pub(super) thumbnails: Vec<ComparedThumbnail>,
    // Removed when it is dropped.
    pub(super) _folder: TempDir,
}

/// A thumbnail with a score.
pub(super) struct ComparedThumbnail {
    pub(super) index: usize,
    /// PNG with the pixels that the function encodes.
    pub(super) drawn: PathBuf,
    pub(super) exact: Arc<Pixels>,
}
