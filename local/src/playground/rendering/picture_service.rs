//! The pictures of the latest photo, and the processes that render them.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use crate::playground::cos_client::Place;
use crate::playground::error::ApiError;
use crate::playground::program::Program;
use crate::playground::rendering::compared::Compared;
use crate::playground::rendering::renderer::Renderer;
use crate::playground::rendering::shown_pictures::ShownPictures;
use crate::playground::rendering::source_files::SourceFiles;

/// Renders pictures of the latest photo.
pub(in crate::playground) struct PictureService {
    /// Two processes, so that no preview waits for a score.
    pub(super) previews: Renderer,
    pub(super) measures: Renderer,
    source: Mutex<Option<Arc<SourceFiles>>>,
    /// The latest thumbnails that have scores.
    pub(super) compared: Mutex<Option<Arc<Compared>>>,
    pub(super) shown: ShownPictures,
}

impl PictureService {
    /// Creates the service. No process is started before it is needed.
    pub(in crate::playground) fn new(program: &Program) -> Self {
        Self {
            previews: Renderer::new(program.clone()),
            measures: Renderer::new(program.clone()),
            source: Mutex::default(),
            compared: Mutex::default(),
            shown: ShownPictures::default(),
        }
    }

    /// Forgets a photo, because another one was uploaded in its place.
    pub(in crate::playground) fn forget(&self, place: &Place) {
        lock(&self.source).take_if(|source| source.place == *place);
        lock(&self.compared).take_if(|compared| compared.place == *place);
    }

    /// Returns content type and bytes of a picture that a report names.
    pub(in crate::playground) fn picture(&self, number: u64) -> Option<(String, Bytes)> {
        self.shown.find(number)
    }

    /// The files of a photo, if it is the latest that was written.
    pub(super) fn written_source(&self, place: &Place) -> Option<Arc<SourceFiles>> {
        lock(&self.source).clone().filter(|source| source.place == *place)
    }

    /// The files of a photo, which are written if they do not exist.
    pub(super) async fn source(&self, place: &Place, content: &Bytes) -> Result<Arc<SourceFiles>, ApiError> {
        if let Some(source) = self.written_source(place) {
            return Ok(source);
        }
        let source = Arc::new(SourceFiles::write(&self.measures, place.clone(), content).await?);
        *lock(&self.source) = Some(Arc::clone(&source));
        Ok(source)
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
