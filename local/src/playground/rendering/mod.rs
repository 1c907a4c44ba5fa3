//! Pictures beside those of the function: previews, exact reductions, scores, and other formats at the same look.
//!
//! All of them are rendered by the function's own program, in processes that stay ([`renderer`]), from files of the latest
//! photo ([`source_files`]). Nothing here is stored in a bucket, and nothing replaces a run of the function: a preview is
//! shown until the run has ended, and the others come after it.
//!
//! - [`previews`]: thumbnails of changed settings within some tens of milliseconds;
//! - [`scores`]: SSIMULACRA2 of the thumbnails that the function stored, and the parts of the photo that they show;
//! - [`same_look`]: the quality at which another format has the same score.

mod pixels;
mod previews;
mod quality_search;
mod renderer;
mod same_look;
mod score;
mod scores;
mod shown_pictures;
mod source_files;

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

pub(super) use self::previews::PreviewReport;
use self::renderer::Renderer;
use self::scores::Compared;
pub(super) use self::scores::ScoresReport;
use self::shown_pictures::ShownPictures;
use self::source_files::SourceFiles;
use crate::playground::cos_client::Place;
use crate::playground::error::ApiError;
use crate::playground::program::Program;

/// Renders pictures of the latest photo.
pub(super) struct PictureService {
    /// Two processes, so that no preview waits for a score.
    previews: Renderer,
    measures: Renderer,
    source: Mutex<Option<Arc<SourceFiles>>>,
    /// The latest thumbnails that have scores.
    compared: Mutex<Option<Arc<Compared>>>,
    shown: ShownPictures,
}

impl PictureService {
    /// Creates the service. No process is started before it is needed.
    pub(super) fn new(program: &Program) -> Self {
        Self {
            previews: Renderer::new(program.clone()),
            measures: Renderer::new(program.clone()),
            source: Mutex::default(),
            compared: Mutex::default(),
            shown: ShownPictures::default(),
        }
    }

    /// Forgets a photo, because another one was uploaded in its place.
    pub(super) fn forget(&self, place: &Place) {
        lock(&self.source).take_if(|source| source.place == *place);
        lock(&self.compared).take_if(|compared| compared.place == *place);
    }

    /// Returns content type and bytes of a picture that a report names.
    pub(super) fn picture(&self, number: u64) -> Option<(String, Bytes)> {
        self.shown.find(number)
    }

    /// The files of a photo, if it is the latest that was written.
    fn written_source(&self, place: &Place) -> Option<Arc<SourceFiles>> {
        lock(&self.source).clone().filter(|source| source.place == *place)
    }

    /// The files of a photo, which are written if they do not exist.
    async fn source(&self, place: &Place, content: &Bytes) -> Result<Arc<SourceFiles>, ApiError> {
        if let Some(source) = self.written_source(place) {
            return Ok(source);
        }
        let source = Arc::new(SourceFiles::write(&self.measures, place.clone(), content).await?);
        *lock(&self.source) = Some(Arc::clone(&source));
        Ok(source)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
