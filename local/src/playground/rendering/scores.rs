//! Scores of the thumbnails that the function stored, against exact reductions of their photo.
//!
//! The function may decode a photo at a reduced size. An exact reduction is made of all its pixels by the same recipe, and
//! is not encoded with a loss.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::anyhow;
use bytes::Bytes;
use serde::Serialize;

use crate::playground::configuration::Configuration;
use crate::playground::cos_client::Place;
use crate::playground::error::ApiError;
use crate::playground::rendering::compared::{Compared, ComparedThumbnail};
use crate::playground::rendering::picture_service::{PictureService, lock};
use crate::playground::rendering::pixels::Pixels;
use crate::playground::rendering::renderer::{Job, Rendered, RenderedFile, RenderedThumbnail};
use crate::playground::rendering::score::Reference;
use crate::playground::rendering::source_files::{SourceFiles, WHOLE, blocking};
use crate::playground::report::milliseconds;

/// Scores of a run's thumbnails.
#[derive(Debug, Serialize)]
pub(in crate::playground) struct ScoresReport {
    thumbnails: Vec<ThumbnailScore>,
    /// Time that it took, ms.
    ms: f64,
}

/// How one thumbnail looks.
#[derive(Debug, Serialize)]
struct ThumbnailScore {
    bucket: String,
    key: String,
    /// Index in the rule.
    index: usize,
    name: String,
    quality: Option<u8>,
    /// What it shows, as parts of the photo: left, top, width and height.
    part: Option<[f64; 4]>,
    /// Number of the picture of its exact reduction.
    exact: Option<u64>,
    /// SSIMULACRA2.
    score: Option<f64>,
    /// Whether it is scored over white, because it is transparent.
    over_white: bool,
    no_score: Option<NoScore>,
}

/// Reason why a thumbnail has no score.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum NoScore {
    /// Its format has no transparency, and its photo has.
    Flattened,
    /// In all pixels the subject is found at another place than by the function.
    OtherPart,
    /// Anything else, in a sentence.
    Other(String),
}

impl PictureService {
    /// Compares the thumbnails of a run. `stored` gives the object at a place.
    pub(in crate::playground) async fn scores(
        &self,
        configuration: &Configuration,
        place: &Place,
        stored: impl Fn(&str, &str) -> Option<Bytes>,
    ) -> Result<ScoresReport, ApiError> {
        let begin = Instant::now();
        let content = stored(&place.bucket, &place.key).ok_or_else(|| ApiError::NotUploaded(place.name()))?;
        let source = self.source(place, &content).await?;
        let folder = tempfile::tempdir().map_err(ApiError::Folder)?;
        let job = |src: &PathBuf, name: &str| Job {
            dst: folder.path().join(name),
            lossless: true,
            ..Job::new(src.clone(), place).configured(configuration)
        };
        let drawn = self.measures.render(&job(&source.original, "drawn")).await?;
        let exact = self.measures.render(&job(&source.pixels, "exact")).await?;
        let (mut reports, mut compared) = (Vec::new(), Vec::new());
        for one in &drawn.thumbnails {
            let Some(bytes) = stored(&one.target_bucket, &one.target_key) else { continue };
            let file = folder.path().join(format!("stored{}", one.index));
            std::fs::write(&file, bytes).map_err(ApiError::Folder)?;
            let (report, pixels) = self.score(&source, one, &exact, file).await?;
            if let (Some(exact), Ok(drawn)) = (pixels, one.file()) {
                compared.push(ComparedThumbnail { index: one.index, drawn: drawn.dst.clone(), exact });
            }
            reports.push(report);
        }
        let (place, configuration) = (place.clone(), configuration.clone());
        let compared = Compared { place, configuration, thumbnails: compared, _folder: folder };
        *lock(&self.compared) = Some(Arc::new(compared));
        Ok(ScoresReport { thumbnails: reports, ms: milliseconds(begin.elapsed()) })
    }

    /// The report about the stored thumbnail `file`, and the pixels of its exact reduction if it has a score.
    async fn score(
        &self,
        source: &SourceFiles,
        drawn: &RenderedThumbnail,
        exact: &Rendered,
        file: PathBuf,
    ) -> Result<(ThumbnailScore, Option<Arc<Pixels>>), ApiError> {
        let mut report = ThumbnailScore {
            bucket: drawn.target_bucket.clone(),
            key: drawn.target_key.clone(),
            index: drawn.index,
            name: drawn.name.clone(),
            quality: drawn.quality,
            part: None,
            exact: None,
            score: None,
            over_white: false,
            no_score: None,
        };
        let of_index = exact.thumbnails.iter().find(|one| one.index == drawn.index);
        let files = drawn.file().and_then(|drawn| {
            let exact = of_index.ok_or_else(|| "the exact reduction is missing".to_owned())?;
            Ok((drawn, exact.file()?))
        });
        let (drawn, exact) = match files {
            Ok(files) => files,
            Err(reason) => {
                report.no_score = Some(NoScore::Other(reason));
                return Ok((report, None));
            }
        };
        report.part = drawn.part_of([source.width, source.height]);
        report.exact = Some(self.shown.keep(&exact.dst, &exact.format)?);
        if !show_the_same_part(drawn, exact) {
            report.no_score = Some(NoScore::OtherPart);
            return Ok((report, None));
        }
        let decoded = self.decode(&file, &source.place).await?;
        let path = exact.dst.clone();
        let exact = Arc::new(blocking(move || Ok(Pixels::read(&path)?)).await?);
        report.over_white = exact.is_transparent;
        if exact.is_transparent && !decoded.is_transparent {
            report.no_score = Some(NoScore::Flattened);
            return Ok((report, Some(exact)));
        }
        let reference = Arc::clone(&exact);
        let score = blocking(move || {
            let reference = Reference::new(&reference).map_err(|reason| anyhow!(reason))?;
            Ok(reference.score(&decoded))
        });
        match score.await? {
            Ok(score) => report.score = Some(score),
            Err(reason) => report.no_score = Some(NoScore::Other(reason)),
        }
        Ok((report, Some(exact)))
    }

    /// Has the program decode a thumbnail. Of an animation it is the first frame.
    pub(super) async fn decode(&self, file: &Path, place: &Place) -> Result<Pixels, ApiError> {
        let job = Job {
            dst: file.with_extension("decoded"),
            settings: vec![("THUMBNAILS", WHOLE)],
            lossless: true,
            ..Job::new(file.to_owned(), place)
        };
        let rendered = self.measures.render(&job).await?;
        let png = rendered.thumbnails.first().ok_or_else(ApiError::nothing_rendered)?;
        let png = png.file().map_err(ApiError::Rendering)?.dst.clone();
        blocking(move || Ok(Pixels::read(&png)?)).await
    }
}

/// Returns whether two files show the same part of the photo, to half a pixel of theirs.
fn show_the_same_part(one: &RenderedFile, other: &RenderedFile) -> bool {
    let (Some(part), Some(other)) = (one.part, other.part) else { return one.part == other.part };
    let [_, _, width, height] = part;
    let pixel = [width / f64::from(one.width), height / f64::from(one.height)];
    let sides = part.iter().zip(other).zip(pixel.iter().cycle());
    sides.into_iter().all(|((one, other), pixel)| (one - other).abs() <= pixel / 2.0)
}
