//! Thumbnails of changed settings before the function has made them.

use std::time::Instant;

use serde::Serialize;

use crate::playground::configuration::Configuration;
use crate::playground::cos_client::Place;
use crate::playground::error::ApiError;
use crate::playground::rendering::picture_service::PictureService;
use crate::playground::rendering::renderer::{Job, RenderedThumbnail};
use crate::playground::report::milliseconds;

/// Threads of a preview: one more than the core that the function usually has, because nothing is measured.
const THREADS: usize = 2;

/// Thumbnails of settings that are being tried.
#[derive(Debug, Default, Serialize)]
pub(in crate::playground) struct PreviewReport {
    /// None if the photo is not prepared yet, or the settings are wrong.
    pub(super) thumbnails: Vec<PreviewedThumbnail>,
    /// Time that it took, ms.
    pub(super) ms: f64,
}

/// A thumbnail as the program renders it from the pixels of the photo.
#[derive(Debug, Serialize)]
pub(super) struct PreviewedThumbnail {
    name: String,
    bucket: String,
    key: String,
    format: String,
    quality: Option<u8>,
    width: u32,
    height: u32,
    bytes: usize,
    /// What it shows, as parts of the photo: left, top, width and height.
    part: Option<[f64; 4]>,
    /// Number of its picture.
    picture: u64,
}

impl PictureService {
    /// Renders the thumbnails of a configuration from the pixels of a photo. Without these pixels, or with mistakes in the
    /// configuration, there are none: a preview is no run, and its reasons are told by others.
    pub(in crate::playground) async fn preview(
        &self,
        configuration: &Configuration,
        place: &Place,
    ) -> Result<PreviewReport, ApiError> {
        let begin = Instant::now();
        let Some(source) = self.written_source(place) else { return Ok(PreviewReport::default()) };
        let folder = tempfile::tempdir().map_err(ApiError::Folder)?;
        let job = Job {
            dst: folder.path().join("preview"),
            threads: THREADS,
            ..Job::new(source.pixels.clone(), place).configured(configuration)
        };
        let rendered = match self.previews.render(&job).await {
            Err(ApiError::Rendering(_)) => return Ok(PreviewReport::default()),
            other => other?,
        };
        let size = [source.width, source.height];
        let thumbnails =
            rendered.thumbnails.into_iter().filter_map(|one| self.previewed(one, size).transpose());
        let thumbnails = thumbnails.collect::<Result<_, _>>()?;
        Ok(PreviewReport { thumbnails, ms: milliseconds(begin.elapsed()) })
    }

    fn previewed(
        &self,
        rendered: RenderedThumbnail,
        size: [u32; 2],
    ) -> Result<Option<PreviewedThumbnail>, ApiError> {
        let Ok(file) = rendered.file() else { return Ok(None) };
        let file = file.clone();
        let picture = self.shown.keep(&file.dst, &file.format)?;
        let RenderedThumbnail { name, quality, target_bucket: bucket, target_key: key, .. } = rendered;
        let part = file.part_of(size);
        let (format, width, height, bytes) = (file.format, file.width, file.height, file.bytes);
        Ok(Some(PreviewedThumbnail {
            name,
            bucket,
            key,
            format,
            quality,
            width,
            height,
            bytes,
            part,
            picture,
        }))
    }
}
