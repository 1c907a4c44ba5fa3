//! Files of one uploaded photo, from which the program renders without the network.

use std::path::PathBuf;

use bytes::Bytes;
use tempfile::TempDir;

use crate::playground::cos_client::Place;
use crate::playground::error::ApiError;
use crate::playground::rendering::pixels::write_pam;
use crate::playground::rendering::renderer::{Job, Renderer};

/// A size that no photo exceeds but by the limit of the function.
pub(super) const WHOLE: &str = "10000x10000";

/// A photo as it was uploaded, and all its pixels.
pub(super) struct SourceFiles {
    pub(super) place: Place,
    /// The object.
    pub(super) original: PathBuf,
    /// All pixels, upright and in sRGB, as PAM.
    pub(super) pixels: PathBuf,
    pub(super) width: u32,
    pub(super) height: u32,
    // Removed when it is dropped.
    _folder: TempDir,
}

impl SourceFiles {
    /// Writes the files of a photo. The program decodes it at full size.
    pub(super) async fn write(renderer: &Renderer, place: Place, content: &Bytes) -> Result<Self, ApiError> {
        let folder = tempfile::tempdir().map_err(ApiError::Folder)?;
        let original = folder.path().join("original");
        std::fs::write(&original, content).map_err(ApiError::Folder)?;
        let job = Job {
            dst: folder.path().join("whole"),
            settings: vec![("THUMBNAILS", WHOLE)],
            lossless: true,
            ..Job::new(original.clone(), &place)
        };
        let rendered = renderer.render(&job).await?;
        let whole = rendered.thumbnails.first().ok_or_else(ApiError::nothing_rendered)?;
        let png = whole.file().map_err(ApiError::Rendering)?.dst.clone();
        let pixels = folder.path().join("whole.pam");
        let target = pixels.clone();
        blocking(move || {
            write_pam(&png, &target)?;
            // Only the pixels are needed, and both are large.
            std::fs::remove_file(&png)?;
            Ok(())
        })
        .await?;
        let (width, height) = (rendered.width, rendered.height);
        Ok(Self { place, original, pixels, width, height, _folder: folder })
    }
}

/// Does work that would keep a thread of the server from answering.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    let result = done.map_err(|error| ApiError::Rendering(error.to_string()))?;
    result.map_err(|error| ApiError::Rendering(format!("{error:#}")))
}
