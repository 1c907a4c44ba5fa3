//! The outcome of one record.

use std::num::{NonZeroU8, NonZeroU64};
use std::time::Duration;

use serde::Serialize;

use crate::error::{Disposition, Error};
use crate::imaging::Timings;
use crate::text::sentence;

/// What became of one record. Serialised, it is the record's log line and its part of the answer.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Full name of the source's bucket; as the event has it when it cannot be read.
    pub bucket: String,
    /// Key of the source; as the event has it when it cannot be read.
    pub key: String,
    /// Version of the source, when the event names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Event name without white space.
    pub event: String,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The source, as far as it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Thumbnails that were stored, also when others failed.
    pub thumbnails: Vec<Stored>,
    /// Thumbnails that were there already, as they should be.
    #[serde(skip_serializing_if = "is_zero")]
    pub kept: usize,
    /// Keys of thumbnails that were taken away.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
    /// Keys of thumbnails under which an object of somebody else lies, which was left alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub foreign: Vec<String>,
    /// Time taken.
    pub ms: Milliseconds,
    /// Requests sent to COS, attempts included.
    pub requests: u64,
    /// How many of them were repeated attempts.
    pub retries: u64,
}

impl Entry {
    /// An entry about an object for which nothing was done yet.
    #[must_use]
    pub fn new(bucket: &str, key: &str, event: &str, outcome: Outcome) -> Self {
        Self {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            version: None,
            event: event.to_owned(),
            outcome,
            source: None,
            thumbnails: Vec::new(),
            kept: 0,
            removed: Vec::new(),
            foreign: Vec::new(),
            ms: Milliseconds::default(),
            requests: 0,
            retries: 0,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// How a record ended.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum Outcome {
    /// Not all thumbnails are stored.
    Failed {
        /// Stable code of the reason.
        code: &'static str,
        /// One sentence.
        reason: String,
        /// `permanent`, `transient` or `fatal`.
        kind: Disposition,
    },
    /// The thumbnails of a source that is gone were taken away, or those of what it was before.
    Removed,
    /// There was nothing to do.
    Skipped {
        /// Stable code of the reason.
        code: &'static str,
        /// One sentence.
        reason: String,
    },
    /// Thumbnails were stored, and now all are there.
    Stored,
    /// All thumbnails were there already.
    Unchanged,
}

impl From<&Error> for Outcome {
    fn from(error: &Error) -> Self {
        Self::Failed { code: error.code(), reason: sentence(error), kind: error.disposition() }
    }
}

/// Why there was nothing to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Skip {
    /// The source has no bytes.
    Empty,
    /// An event this program does nothing about.
    Event,
    /// Objects of somebody else lie under the keys of all thumbnails.
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
                "objects that this function did not make lie where its thumbnails would; they were left alone; \
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
pub struct Source {
    /// The picture in it, if it is one that could be read.
    #[serde(flatten)]
    pub picture: Option<Picture>,
    /// Size of the object, bytes.
    pub bytes: u64,
    /// Bytes at its end that were not needed, and so not fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unfetched: Option<NonZeroU64>,
    /// Percent of the picture that are damaged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damaged: Option<NonZeroU8>,
    /// What turned it into a JPEG before it was decoded: `ci`. Width and height are those of that JPEG.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub through: Option<&'static str>,
}

/// The picture in a source.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Picture {
    /// Its format, by content.
    pub format: &'static str,
    /// Width, pixels after orientation.
    pub width: u32,
    /// Height, pixels after orientation.
    pub height: u32,
}

/// A thumbnail that was stored.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Stored {
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
    /// How many frames it shows, when it moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frames: Option<u32>,
    /// Why it shows the first frame alone although the animation was to be kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub still: Option<String>,
}

/// Time per stage, ms. Decoding goes on while the source arrives, so the stages do not add up to the total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Milliseconds {
    /// First request to last byte of the source.
    pub fetch: f64,
    /// Decoding, waiting for bytes included.
    pub decode: f64,
    /// Turning, colour and resizing.
    pub resize: f64,
    /// Encoding.
    pub encode: f64,
    /// Uploading.
    pub store: f64,
    /// The whole record.
    pub total: f64,
}

impl Milliseconds {
    /// Takes over where the time of a rendering went.
    pub fn take_over(&mut self, timings: &Timings) {
        self.decode = milliseconds(timings.decode);
        self.resize = milliseconds(timings.resize);
        self.encode = milliseconds(timings.encode);
    }
}

/// To a tenth of a millisecond.
#[must_use]
pub fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_of_a_source_is_not_told() {
        let mut source = Source { picture: None, bytes: 100, unfetched: None, damaged: None, through: None };
        assert_eq!(serde_json::to_string(&source).unwrap(), r#"{"bytes":100}"#);
        source.picture = Some(Picture { format: "jpeg", width: 4, height: 3 });
        let members = r#"{"format":"jpeg","width":4,"height":3,"bytes":100"#;
        assert_eq!(serde_json::to_string(&source).unwrap(), format!("{members}}}"));
        source.unfetched = NonZeroU64::new(40);
        source.damaged = NonZeroU8::new(2);
        let told = format!(r#"{members},"unfetched":40,"damaged":2}}"#);
        assert_eq!(serde_json::to_string(&source).unwrap(), told);
    }
}
