//! Another format at the quality at which it looks like a thumbnail.

use std::sync::Arc;
use std::time::Instant;

use anyhow::anyhow;
use serde::Serialize;

use crate::playground::configuration::Configuration;
use crate::playground::cos_client::Place;
use crate::playground::error::ApiError;
use crate::playground::rendering::compared::{Compared, ComparedThumbnail};
use crate::playground::rendering::picture_service::{PictureService, lock};
use crate::playground::rendering::quality_search::QualitySearch;
use crate::playground::rendering::renderer::{EncodedForm, Job, RenderedFile};
use crate::playground::rendering::score::Reference;
use crate::playground::rendering::source_files::blocking;
use crate::playground::report::milliseconds;

/// Formats that have no quality.
const LOSSLESS: [&str; 2] = ["gif", "png"];

/// Another format of a thumbnail, if the settings allow a file in it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(in crate::playground) enum Look {
    Found(LookReport),
    /// The sentence of the program, such as that no file is within the limit of bytes.
    Refused {
        reason: String,
    },
}

/// A thumbnail in another format.
#[derive(Debug, Serialize)]
pub(in crate::playground) struct LookReport {
    /// `None` for a format that has none.
    quality: Option<u8>,
    /// Most bytes that the settings allow. If a file of `quality` has more, this one is of a lower quality, as the function's is.
    max_bytes: Option<u64>,
    bytes: usize,
    width: u32,
    height: u32,
    /// SSIMULACRA2.
    score: f64,
    /// Whether the format has taken away transparency.
    flattened: bool,
    /// Number of its picture.
    picture: u64,
    /// Number of qualities that were tried.
    trials: usize,
    /// Time that it took, ms.
    ms: f64,
}

/// A file that was tried.
struct Trial {
    quality: Option<u8>,
    max_bytes: Option<u64>,
    score: f64,
    flattened: bool,
    file: RenderedFile,
}

impl PictureService {
    /// Finds the quality at which a format comes nearest to a score, for the thumbnail with this index of the latest scores.
    pub(in crate::playground) async fn same_look(
        &self,
        configuration: &Configuration,
        place: &Place,
        index: usize,
        format: &str,
        wanted: f64,
    ) -> Result<Look, ApiError> {
        match self.searched(configuration, place, index, format, wanted).await {
            Ok(report) => Ok(Look::Found(report)),
            Err(ApiError::Rendering(reason)) => Ok(Look::Refused { reason }),
            Err(error) => Err(error),
        }
    }

    async fn searched(
        &self,
        configuration: &Configuration,
        place: &Place,
        index: usize,
        format: &str,
        wanted: f64,
    ) -> Result<LookReport, ApiError> {
        let begin = Instant::now();
        let compared = lock(&self.compared).clone();
        let compared = compared.filter(|one| one.place == *place && one.configuration == *configuration);
        let thumbnail =
            compared.as_ref().and_then(|one| one.thumbnails.iter().find(|one| one.index == index));
        let (Some(compared), Some(thumbnail)) = (&compared, thumbnail) else {
            return Err(ApiError::Rendering("the thumbnails have no scores yet".to_owned()));
        };
        let exact = Arc::clone(&thumbnail.exact);
        let reference = blocking(move || Reference::new(&exact).map_err(|reason| anyhow!(reason))).await?;
        let reference = Arc::new(reference);
        let mut trials = Vec::new();
        let mut search = QualitySearch::new(wanted);
        if LOSSLESS.contains(&format) {
            let form = EncodedForm { format, quality: None };
            trials.push(self.tried(compared, thumbnail, form, &reference).await?);
            search.tell(100, 100.0);
        } else {
            while let Some(quality) = search.next() {
                let form = EncodedForm { format, quality: Some(quality) };
                let trial = self.tried(compared, thumbnail, form, &reference).await?;
                search.tell(quality, trial.score);
                trials.push(trial);
            }
        }
        let count = trials.len();
        let best = search.best().and_then(|best| trials.into_iter().nth(best));
        let Trial { quality, max_bytes, score, flattened, file } =
            best.ok_or_else(ApiError::nothing_rendered)?;
        let picture = self.shown.keep(&file.dst, &file.format)?;
        let RenderedFile { bytes, width, height, .. } = file;
        let ms = milliseconds(begin.elapsed());
        Ok(LookReport {
            quality,
            max_bytes,
            bytes,
            width,
            height,
            score,
            flattened,
            picture,
            trials: count,
            ms,
        })
    }

    /// Encodes the pixels of a thumbnail in a form, and scores the result.
    async fn tried(
        &self,
        compared: &Compared,
        thumbnail: &ComparedThumbnail,
        form: EncodedForm<'_>,
        reference: &Arc<Reference>,
    ) -> Result<Trial, ApiError> {
        let quality = form.quality;
        let name = format!("tried-{}-{}-", form.format, quality.unwrap_or_default());
        let place = &compared.place;
        let job = Job {
            dst: thumbnail.drawn.with_file_name(name),
            encode: Some(form),
            only: Some([thumbnail.index]),
            ..Job::new(thumbnail.drawn.clone(), place).configured(&compared.configuration)
        };
        let rendered = self.measures.render(&job).await?;
        let thumbnail_of_form = rendered.thumbnails.first().ok_or_else(ApiError::nothing_rendered)?;
        let max_bytes = thumbnail_of_form.max_bytes;
        let file = thumbnail_of_form.file().map_err(ApiError::Rendering)?.clone();
        let decoded = self.decode(&file.dst, place).await?;
        let flattened = thumbnail.exact.is_transparent && !decoded.is_transparent;
        let reference = Arc::clone(reference);
        let score = blocking(move || reference.score(&decoded).map_err(|reason| anyhow!(reason))).await?;
        Ok(Trial { quality, max_bytes, score, flattened, file })
    }
}
