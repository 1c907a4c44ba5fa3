//! The outcome of one record.

use std::num::{NonZeroU8, NonZeroU64};
use std::time::Duration;

use serde::Serialize;

use crate::error::{Disposition, Error};
use crate::imaging::Timings;
use crate::text::sentence;

/// The result of one record. Serialised, it is the record's log line and its part of the answer.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Entry {
    /// Full name of the source's bucket; as in the event if it is not valid.
    pub bucket: String,
    /// Key of the source; as in the event if it is not valid.
    pub key: String,
    /// Version of the source, if the event names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Event name without white space.
    pub event: String,
    /// The outcome.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Oddities of the event that did not keep the record from being handled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The source, as far as it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceReport>,
    /// Thumbnails that were stored, even if others failed.
    pub thumbnails: Vec<Stored>,
    /// The manifest, if it was stored, or is missing although the rule has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest: Option<ManifestReport>,
    /// Number of thumbnails that were current already.
    #[serde(skip_serializing_if = "is_zero")]
    pub kept: usize,
    /// Keys of thumbnails that were removed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
    /// Keys of thumbnails under which a foreign object was left alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub foreign: Vec<String>,
    /// Time taken.
    pub ms: Milliseconds,
    /// Requests sent to COS, attempts included.
    pub requests: u64,
    /// Number of repeated attempts among them.
    pub retries: u64,
}

impl Entry {
    /// An entry about an object before anything was done.
    #[must_use]
    pub(crate) fn new(bucket: &str, key: &str, event: &str, outcome: Outcome) -> Self {
        Self {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            version: None,
            event: event.to_owned(),
            outcome,
            note: None,
            source: None,
            thumbnails: Vec::new(),
            manifest: None,
            kept: 0,
            removed: Vec::new(),
            foreign: Vec::new(),
            ms: Milliseconds::default(),
            requests: 0,
            retries: 0,
        }
    }

    /// Takes back that an object was stored.
    pub(crate) fn not_stored(&mut self, key: &str) {
        self.thumbnails.retain(|stored| stored.key != key);
        self.manifest.take_if(|manifest| manifest.key == key);
    }

    /// True if a manifest was stored.
    pub(crate) fn has_stored_manifest(&self) -> bool {
        self.manifest.as_ref().is_some_and(|manifest| manifest.bytes.is_some())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// The outcome of a record.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// Some thumbnails are not stored.
    Failed {
        /// Stable code of the reason.
        code: &'static str,
        /// One sentence.
        reason: String,
        /// The treatment of the failure.
        kind: Disposition,
    },
    /// Stale thumbnails were removed: the source is gone, or no longer an image.
    Removed,
    /// There was nothing to do.
    Skipped {
        /// Stable code of the reason.
        code: &'static str,
        /// One sentence.
        reason: String,
    },
    /// Thumbnails were stored, and now all are current.
    Stored,
    /// All thumbnails were current already.
    Unchanged,
}

impl Outcome {
    /// Returns the stable code, or the name of an outcome that has no code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Failed { code, .. } | Self::Skipped { code, .. } => code,
            Self::Removed => "removed",
            Self::Stored => "stored",
            Self::Unchanged => "unchanged",
        }
    }
}

impl From<&Error> for Outcome {
    fn from(error: &Error) -> Self {
        Self::Failed { code: error.code(), reason: sentence(error), kind: error.disposition() }
    }
}

/// The reason why there was nothing to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Skip {
    /// The source has no bytes.
    Empty,
    /// An event that needs no thumbnails.
    Event,
    /// Foreign objects occupy the keys of all thumbnails.
    Foreign,
    /// A key that ends in a slash.
    FolderMarker,
    /// No rule covers the key.
    NoRule,
    /// The source is a thumbnail made by this program.
    OwnThumbnail,
    /// The source is still being restored from the archive.
    RestoreStarted,
    /// The source no longer exists.
    SourceGone,
    /// A newer record of the same message is about the same object.
    Superseded,
}

impl From<Skip> for Outcome {
    fn from(skip: Skip) -> Self {
        let (code, reason) = match skip {
            Skip::Empty => ("skip.empty", "the object has no bytes"),
            Skip::Event => ("skip.event", "this kind of event needs no thumbnails"),
            Skip::Foreign => (
                "skip.foreign",
                "objects that this function did not make already occupy the keys of its thumbnails; they were left alone; \
                 move them, or set ON_FOREIGN=overwrite",
            ),
            Skip::FolderMarker => ("skip.folder", "the key is a folder marker"),
            Skip::NoRule => ("skip.no_rule", "no rule covers this key"),
            Skip::OwnThumbnail => ("skip.own_thumbnail", "the object is a thumbnail made by this function"),
            Skip::RestoreStarted => {
                ("skip.restore_started", "the restore is not complete; its completion makes the thumbnails")
            }
            Skip::SourceGone => {
                ("skip.source_gone", "the object no longer exists, and neither do thumbnails of it")
            }
            Skip::Superseded => {
                ("skip.superseded", "a newer record in the same message is about the same object")
            }
        };
        Self::Skipped { code, reason: reason.to_owned() }
    }
}

/// The object a record is about.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub(crate) struct SourceReport {
    /// The image in it, if it could be read.
    #[serde(flatten)]
    pub image: Option<ImageReport>,
    /// Size of the object, bytes.
    pub bytes: u64,
    /// Bytes at its end that were not needed, and so not fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unfetched: Option<NonZeroU64>,
    /// Percentage of the image that is damaged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damaged: Option<NonZeroU8>,
    /// It carries the label of AI-generated content of GB 45438-2025, whatever its thumbnails do.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub aigc: bool,
    /// `dropped`: it carries a manifest of C2PA, which its thumbnails cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub c2pa: Option<&'static str>,
    /// The service that converted it to JPEG before it was decoded: `ci`. Width and height are those of the JPEG.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub through: Option<&'static str>,
}

/// The image in a source.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub(crate) struct ImageReport {
    /// Its format, by content.
    pub format: &'static str,
    /// Width, pixels after orientation.
    pub width: u32,
    /// Height, pixels after orientation.
    pub height: u32,
}

/// A thumbnail that was stored.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Stored {
    /// Full name of its bucket.
    pub bucket: String,
    /// Its key.
    pub key: String,
    /// Its format.
    pub format: &'static str,
    /// Width, pixels.
    pub width: u32,
    /// Height, pixels.
    pub height: u32,
    /// Size, bytes.
    pub bytes: usize,
    /// Quality with which it was encoded, if the format has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality: Option<u8>,
    /// SSIMULACRA2 against its pixels before encoding, rounded to a tenth, if the quality was found by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// Number of frames of an animation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frames: Option<u32>,
    /// The reason why it is a still although the animation was to be kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub still: Option<String>,
}

/// The manifest of a source.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ManifestReport {
    /// Its key.
    pub key: String,
    /// Size of the one that was stored, bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<usize>,
    /// The reason why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withheld: Option<&'static str>,
}

/// A score, rounded to a tenth.
pub(crate) fn rounded_score(score: f64) -> f64 {
    (score * 10.0).round() / 10.0
}

/// Time per stage, ms. Decoding overlaps with fetching, so the stages do not add up to the total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Milliseconds {
    /// First request to last byte of the source.
    pub fetch: f64,
    /// Decoding and scaling of rows, including the wait for bytes.
    pub decode: f64,
    /// Smaller sizes, colours and turning of what was scaled.
    pub resize: f64,
    /// Encoding.
    pub encode: f64,
    /// Uploading.
    pub store: f64,
    /// The whole record.
    pub total: f64,
}

impl Milliseconds {
    /// Adds the times of a rendering.
    pub(crate) fn take_over(&mut self, timings: &Timings) {
        self.decode = milliseconds(timings.decode);
        self.resize = milliseconds(timings.resize);
        self.encode = milliseconds(timings.encode);
    }
}

/// Milliseconds, rounded to a tenth.
#[must_use]
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_facts_of_a_source_are_left_out() {
        let mut source = SourceReport {
            image: None,
            bytes: 100,
            unfetched: None,
            damaged: None,
            aigc: false,
            c2pa: None,
            through: None,
        };
        assert_eq!(serde_json::to_string(&source).unwrap(), r#"{"bytes":100}"#);
        source.image = Some(ImageReport { format: "jpeg", width: 4, height: 3 });
        let members = r#"{"format":"jpeg","width":4,"height":3,"bytes":100"#;
        assert_eq!(serde_json::to_string(&source).unwrap(), format!("{members}}}"));
        source.unfetched = NonZeroU64::new(40);
        source.damaged = NonZeroU8::new(2);
        source.aigc = true;
        source.c2pa = Some("dropped");
        let told = format!(r#"{members},"unfetched":40,"damaged":2,"aigc":true,"c2pa":"dropped"}}"#);
        assert_eq!(serde_json::to_string(&source).unwrap(), told);
    }
}
