//! Facts of stored thumbnails that a manifest tells, and the metadata that keep them.

use crate::cos::{Head, StoredObject};
use crate::imaging::Thumbnail;
use crate::object::ETag;
use crate::report::rounded_score;

/// `x-cos-meta-thumbhash`: ThumbHash of a thumbnail.
const THUMBHASH: &str = "thumbhash";
/// `x-cos-meta-thumbnail-quality` and `x-cos-meta-thumbnail-score`: those of the file. A later making of a slow format may
/// have others, so a manifest takes them from here.
const QUALITY: &str = "thumbnail-quality";
const SCORE: &str = "thumbnail-score";

/// What only the stored file of a thumbnail tells.
#[derive(Debug)]
pub(super) struct StoredFacts {
    /// ETag; `None` if COS did not tell it.
    pub(super) etag: Option<ETag>,
    /// Length, bytes.
    pub(super) bytes: u64,
    /// Quality and score with which it was encoded, as in the report.
    pub(super) quality: Option<u8>,
    pub(super) score: Option<f64>,
}

impl StoredFacts {
    /// Reads the headers of a thumbnail.
    pub(super) fn of_head(head: &Head) -> Self {
        Self {
            etag: head.etag.clone(),
            bytes: head.length,
            quality: head.meta.get(QUALITY).and_then(|text| text.parse().ok()),
            score: head
                .meta
                .get(SCORE)
                .and_then(|text| text.parse().ok())
                .filter(|score: &f64| score.is_finite()),
        }
    }

    /// The facts of a thumbnail that was just stored.
    pub(super) fn of_stored(thumbnail: &Thumbnail, stored: &StoredObject) -> Self {
        Self {
            etag: stored.etag.clone(),
            bytes: thumbnail.length(),
            quality: thumbnail.quality,
            score: thumbnail.score.map(rounded_score),
        }
    }
}

/// Metadata of a thumbnail that belongs to a manifest: names without `x-cos-meta-`, values in ASCII.
pub(super) fn manifest_metadata(thumbnail: &Thumbnail) -> impl Iterator<Item = (&'static str, String)> {
    let Thumbnail { placeholder, quality, score, .. } = thumbnail;
    let hash = placeholder.as_ref().map(|placeholder| (THUMBHASH, placeholder.thumbhash.clone()));
    let quality = quality.map(|quality| (QUALITY, quality.to_string()));
    let score = score.map(|score| (SCORE, rounded_score(score).to_string()));
    [hash, quality, score].into_iter().flatten()
}
